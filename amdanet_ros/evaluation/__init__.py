"""Evaluation of segmentation and of fused images. Knows no ROS."""
