"""Evaluation of segmentation and of fused pictures. Knows no ROS."""
