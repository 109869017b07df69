"""From a pair of images to everything that an output needs, without ROS."""
