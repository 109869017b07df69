"""Recordings without a ROS graph: bags read and written, and pairs of pictures from bags and folders."""
