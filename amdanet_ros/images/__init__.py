"""Image messages as arrays: any object with the fields of ``sensor_msgs/Image`` serves."""
