# The node on ROS 2 Jazzy and a CPU. Not built so far: no base image could be fetched here.
#   docker build -f docker/jazzy_cpu.Dockerfile -t amdanet_ros .
#   docker run --rm -it --network host --ipc host amdanet_ros ros2 launch amdanet_ros amdanet.launch.py
FROM ros:jazzy-ros-base

RUN apt-get update && apt-get install -y --no-install-recommends \
      python3-colcon-common-extensions python3-pip python3-venv \
      ros-jazzy-message-filters ros-jazzy-rosbag2-storage-mcap ros-jazzy-tf2-ros ros-jazzy-vision-msgs \
    && rm -rf /var/lib/apt/lists/*

# With --system-site-packages: rclpy and the messages are those of the image. numpy stays Ubuntu's version.
ARG TORCH="torch==2.13.0+cpu --extra-index-url https://download.pytorch.org/whl/cpu"
RUN python3 -m venv --system-site-packages /opt/amdanet \
    && /opt/amdanet/bin/pip install --no-cache-dir ${TORCH} "rosbags==0.11.9" "openvino>=2026.0"

WORKDIR /ws
COPY . src/amdanet_ros
RUN . /opt/ros/jazzy/setup.sh && . /opt/amdanet/bin/activate \
    && apt-get update && rosdep update \
    && rosdep install --from-paths src --ignore-src -y && rm -rf /var/lib/apt/lists/* \
    && python -m colcon build --packages-select amdanet_ros

COPY docker/entrypoint.sh /entrypoint.sh
ENTRYPOINT ["/entrypoint.sh"]
CMD ["ros2", "launch", "amdanet_ros", "amdanet.launch.py"]
