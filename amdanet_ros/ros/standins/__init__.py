"""Small stand-ins for ROS packages that are not on PyPI.

``amdanet_ros.ros.seam`` takes the real ones where they are installed.
"""
