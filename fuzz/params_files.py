"""ROS parameter files."""

from __future__ import annotations

import os

from amdanet_ros.params_file import ParameterFileError, read_params_file, read_value
from amdanet_ros.settings import settings_of

from .scratch import scratch_file
from .target import Target


def run(data: bytes) -> None:
    """Read a file, and its text as one value of ``-p``."""
    path = scratch_file("params.yaml", data)
    settings_of(read_params_file(path))
    read_value(os.fsdecode(data))


def seeds() -> list[bytes]:
    """Files as people write them."""
    return [
        b"/**:\n  ros__parameters:\n    checkpoint: demo\n    sync:\n      slop: 0.06\n",
        b"amdanet:\n  ros__parameters:\n    thermal.range: [1.0, 2.0]\n    max_wait: .nan\n",
        b"/ns:\n  amdanet:\n    ros__parameters: {inference_size: [480, 640], pairs: [a, b]}\n",
        b"a: &a [x, x]\nb: [*a, *a]\n",
    ]


TARGET = Target("params_files", run, (ParameterFileError,), seeds, longest=1024)
