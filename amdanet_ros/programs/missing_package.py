"""Which package is missing, and how it is installed."""

from __future__ import annotations

import os

_EXTRAS = {
    "train": ("tensorboard", "torchvision", "torchmetrics", "PIL", "kornia"),
    "fleet": ("ray",),
    "export": ("onnx", "onnxruntime", "onnxscript"),
}
_DISTRIBUTIONS = {
    "backports": "backports.zstd",
    "cv2": "opencv-python-headless",
    "google": "protobuf",
    "yaml": "pyyaml",
}
"""Where a package is distributed under another name than it is imported by."""
_NO_MEMORY = ("failed to map segment", "cannot allocate memory")
_OF_ROS = ("rclpy", "rcl_interfaces", "rosidl_runtime_py", "rpyutils", "rosgraph_msgs")
_OF_ROS_ENDS = ("_msgs", "_srvs", "_interfaces")


def missing_words(error: ImportError) -> str | None:
    """Return one line that names the package and the fix; None for a module of this package."""
    name = error.name or ""
    top = name.partition(".")[0]
    reason = " ".join(str(error).split())
    if name.startswith("amdanet_ros.msg"):
        return f"the package's messages are not built: pip install ., or colcon build ({reason})"
    if any(words in reason.lower() for words in _NO_MEMORY):
        return (
            f"the memory does not suffice to load {top or 'a package'}: end other programs, or "
            "raise the limit (ulimit -v)"
        )
    if top == "amdanet_ros" or not (top or reason):
        return None
    is_missing = isinstance(error, ModuleNotFoundError) and name == top
    what = f"{top} is not installed" if is_missing else f"{top or 'a package'} cannot be imported"
    why = "" if is_missing else f" ({reason})"
    for extra, packages in _EXTRAS.items():
        if top in packages:
            return f"{what}: pip install 'amdanet_ros[{extra}]'{why}"
    if top in _OF_ROS or top.endswith(_OF_ROS_ENDS) or top.startswith(("_rclpy", "rosidl_")):
        distribution = os.environ.get("ROS_DISTRO", "jazzy")
        return (
            f"{what}: source a ROS 2 for this version of Python "
            f"(. /opt/ros/{distribution}/setup.bash), or pip install amdanet_ros{why}"
        )
    return (
        f"{what}: pip install {_DISTRIBUTIONS.get(top, top)}{why}"
        if top
        else f"a package cannot be imported: {reason}"
    )
