"""A page in the browser: the images of a running node or a bag, classes, health. Knows no ROS."""
