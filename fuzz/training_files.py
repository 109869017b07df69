"""Training configurations."""

from __future__ import annotations

from amdanet_ros.training.config import ConfigError, load_config

from .scratch import scratch_file
from .target import Target


def run(data: bytes) -> None:
    """Read a configuration."""
    load_config(scratch_file("training.yaml", data))


def seeds() -> list[bytes]:
    """Files as people write them."""
    return [
        b"data:\n  root: /data\n  classes: mfnet\n  train: train\noptimization:\n  steps: 10\n",
        b"base: other.yaml\naugmentation:\n  crop: [64, 96]\n  scale: [0.5, 2.0]\n",
        b"optimization: {learning_rate: .nan, batch_size: 0, epochs: .inf}\n",
        b"loss:\n  fusion_rule: luminance\nbackbone: mit_b0\nseed: 1\n",
        b"a: &a [x, x]\nb: [*a, *a]\n",
    ]


TARGET = Target("training_files", run, (ConfigError,), seeds, longest=1024)
