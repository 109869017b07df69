"""A drive's worth of small images, and a small network's parameters."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.writer import BagWriter, quality
from amdanet_ros.demo.recording import RGB_TOPIC, THERMAL_TOPIC

START = 1_700_000_000_000_000_000
IMAGE = "sensor_msgs/msg/Image"


def _image(stamp_ns, pixels, encoding):
    types = typestore().types
    time = types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 1_000_000_000))
    header = types["std_msgs/msg/Header"](time, "camera")
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)
    return types[IMAGE](header, height, width, encoding, 0, data.size // height, data)


@pytest.fixture(scope="session")
def make_drive(tmp_path_factory):
    """A function that makes a bag of RGB at 10 Hz and thermal at 9 Hz, with jitter; its path."""

    def make(seconds, height=96, width=128):
        numbers = np.random.default_rng(7)
        path = tmp_path_factory.mktemp("drive") / "bag"
        events = []
        for topic, rate, delay in ((RGB_TOPIC, 10.0, 0.0), (THERMAL_TOPIC, 9.0, 0.017)):
            times = np.arange(delay, seconds, 1 / rate)
            times = times + np.clip(numbers.normal(0, 0.002, len(times)), -0.01, 0.01)
            events += [(START + int(1e9 * max(time, 0.0)), topic) for time in times]
        rgb = numbers.integers(0, 256, (height, width, 3), np.uint8)
        thermal = numbers.integers(28000, 31000, (height // 2, width // 2)).astype(np.uint16)
        with BagWriter(path) as bag:
            for topic in (RGB_TOPIC, THERMAL_TOPIC):
                bag.add_topic(topic, IMAGE, [quality(reliable=True)])
            for index, (stamp, topic) in enumerate(sorted(events)):
                if topic == RGB_TOPIC:
                    message = _image(stamp, np.roll(rgb, index, axis=1), "rgb8")
                else:
                    message = _image(stamp, np.roll(thermal, index, axis=1), "mono16")
                bag.write_message(topic, stamp, message)
        return path

    return make


@pytest.fixture(scope="session")
def params_file(tmp_path_factory):
    """Parameters of a node with a small random AMDANet of the demo's classes."""
    import torch

    from amdanet_ros.classes import DEMO
    from amdanet_ros.network import AMDANet
    from amdanet_ros.network.checkpoint import save_checkpoint

    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("parameters")
    network = AMDANet(backbone="mit_b0", num_classes=len(DEMO), embed_dim=16)
    path = folder / "small.safetensors"
    save_checkpoint(path, network, classes=DEMO.names, palette=DEMO.palette)
    file = folder / "node.yaml"
    file.write_text(
        "/**:\n  ros__parameters:\n"
        f"    checkpoint: {path}\n    device: cpu\n    precision: fp32\n    engine: torch\n"
        "    inference_size: [48, 64]\n    sync.slop: 0.06\n    max_age: 2.0\n"
    )
    return file
