"""Every table and figure of the paper's supplement, made anew. No ROS here."""
