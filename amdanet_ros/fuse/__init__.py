"""Fusing bags and image folders without a ROS graph."""
