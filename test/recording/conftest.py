"""Small bags and checkpoints, and processes of the package."""

import os
from types import SimpleNamespace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

from amdanet_ros.recording.bag_writer import BagWriter, quality
from amdanet_ros.recording.message_types import typestore

RGB, THERMAL = "/rgb/image_raw", "/thermal/image_raw"
HEIGHT, WIDTH = 48, 64
START = 1_700_000_000_000_000_000
IMAGE = "sensor_msgs/msg/Image"


def header(stamp_ns, frame="camera"):
    types = typestore().types
    time = types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 1_000_000_000))
    return types["std_msgs/msg/Header"](time, frame)


def image(stamp_ns, picture, encoding, frame="camera"):
    height, width = picture.shape[:2]
    data = np.ascontiguousarray(picture).reshape(-1).view(np.uint8)
    make = typestore().types[IMAGE]
    return make(header(stamp_ns, frame), height, width, encoding, 0, data.size // height, data)


def pictures(index, height=HEIGHT, width=WIDTH):
    """An RGB and a thermal picture with something to see, other ones for each index."""
    numbers = np.random.default_rng(index)
    rgb = numbers.integers(0, 256, (height, width, 3), np.uint8)
    thermal = np.full((height // 2, width // 2), 29000, np.uint16)
    thermal[4:12, 4 + index % 8 : 12 + index % 8] = 31000
    return rgb, thermal + numbers.integers(0, 50, thermal.shape).astype(np.uint16)


def write_pairs(path, count=10, storage="mcap", period=0.1, thermal_delay=0.01, reliable=True):
    """A bag of pairs, ``period`` seconds apart; returns the RGB stamps."""
    stamps = [START + round(index * period * 1e9) for index in range(count)]
    with BagWriter(path, storage) as bag:
        for topic in (RGB, THERMAL):
            bag.add_topic(topic, IMAGE, [quality(reliable=reliable)])
        for index, stamp in enumerate(stamps):
            rgb, thermal = pictures(index)
            later = stamp + round(thermal_delay * 1e9)
            bag.write_message(RGB, stamp, image(stamp, rgb, "rgb8", "rgb_optical"))
            bag.write_message(THERMAL, later, image(later, thermal, "mono16", "thermal_optical"))
    return stamps


@pytest.fixture(scope="session")
def bags():
    """Functions and names for tests."""
    return SimpleNamespace(
        rgb=RGB,
        thermal=THERMAL,
        image_type=IMAGE,
        start_ns=START,
        image=image,
        pictures=pictures,
        write_pairs=write_pairs,
    )


@pytest.fixture
def pair_bag(tmp_path):
    """A bag of ten pairs at 10 Hz: its folder and the RGB stamps."""
    path = tmp_path / "pairs"
    return path, write_pairs(path)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Path of a small random AMDANet with MFNet's nine classes."""
    import torch

    from amdanet_ros.classes import MFNET
    from amdanet_ros.network import AMDANet
    from amdanet_ros.network.checkpoint import save_checkpoint

    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    network = AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16)
    # Random weights tell the classes apart by a hair; so that confidences spread:
    network.decode_head.linear_pred.weight.data.mul_(100)
    save_checkpoint(path, network, classes=MFNET.names, palette=MFNET.palette)
    return path


@pytest.fixture
def start(domain_id, tmp_path):
    """A function that starts a module of the package; what still runs at the end is ended."""
    from amdanet_ros.demo.processes import Process

    class Child(Process):
        def send(self, number):
            self._child.send_signal(number)

    started = []

    def make(module, *arguments):
        log = tmp_path / f"{module}_{len(started)}.log"
        name = module.rpartition(".")[2]
        process = Child(name, f"amdanet_ros.{module}", list(map(str, arguments)), domain_id, log)
        started.append(process)
        return process

    yield make
    for process in started:
        process.kill()
