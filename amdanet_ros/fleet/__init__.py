"""Many inputs on one or many machines: each output once, whatever ends in between; no ROS."""
