# The node on ROS 2 Jazzy and an NVIDIA GPU (x86). Not built so far: no base image could be
# fetched here. The wheel of torch brings CUDA's libraries; the host needs the driver and nvidia-container-toolkit.
#   docker build -f docker/jazzy_cuda.Dockerfile -t amdanet_ros:cuda .
#   docker run --rm -it --gpus all --network host --ipc host amdanet_ros:cuda
# Jetson: docs/robot.md says which torch; NVIDIA's images have it.
FROM ros:jazzy-ros-base

RUN apt-get update && apt-get install -y --no-install-recommends \
      python3-colcon-common-extensions python3-pip python3-venv \
      ros-jazzy-message-filters ros-jazzy-rosbag2-storage-mcap ros-jazzy-tf2-ros ros-jazzy-vision-msgs \
    && rm -rf /var/lib/apt/lists/*

ARG TORCH="torch==2.13.0"
RUN python3 -m venv --system-site-packages /opt/amdanet \
    && /opt/amdanet/bin/pip install --no-cache-dir ${TORCH} "rosbags==0.11.9"

WORKDIR /ws
COPY . src/amdanet_ros
RUN . /opt/ros/jazzy/setup.sh && . /opt/amdanet/bin/activate \
    && apt-get update && rosdep update \
    && rosdep install --from-paths src --ignore-src -y && rm -rf /var/lib/apt/lists/* \
    && python -m colcon build --packages-select amdanet_ros

ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY docker/entrypoint.sh /entrypoint.sh
ENTRYPOINT ["/entrypoint.sh"]
CMD ["ros2", "launch", "amdanet_ros", "amdanet.launch.py"]
