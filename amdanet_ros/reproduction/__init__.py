"""Reproduction of the tables and figures of the paper's supplement. Knows no ROS."""
