"""Bags without a ROS graph: reading, writing, pairs, and the options of playing and recording."""
