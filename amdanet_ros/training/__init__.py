"""Training of AMDANet: losses, data sets, augmentation, optimiser and trainer. Knows no ROS."""
