"""The node and what it needs of ROS: messages, parameters, topics, diagnostics."""
