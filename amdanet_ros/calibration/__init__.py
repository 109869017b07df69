"""Calibration of an RGB and a thermal camera by a board: lenses, and where the cameras stand."""
