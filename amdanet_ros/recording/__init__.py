"""Recordings without a ROS graph.

Bags read and written, and pairs of pictures from bags and folders.
"""
