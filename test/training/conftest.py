"""Trainings that run in a second."""

import importlib.util
import json

import cv2
import numpy as np
import pytest
import torch
import yaml

from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize
from amdanet_ros.training.config import load_config
from amdanet_ros.training.labelled_pair import LabelledPair
from amdanet_ros.training.processes import Processes

if importlib.util.find_spec("torchvision") is None:  # the extra "train" brings it
    collect_ignore_glob = ["test_a*.py", "test_b*.py", "test_k*.py", "test_t*.py"]

MICRO = MixTransformerSize((8, 16, 40, 64), (1, 1, 1, 1))
"""The same network as any other, with a hundredth of the parameters."""


@pytest.fixture(autouse=True, scope="module")
def micro_backbone():
    """Know the backbone ``mit_micro`` in these tests alone; gives its size for child processes."""
    BACKBONES["mit_micro"] = MICRO
    yield json.dumps([MICRO.channels, MICRO.depths])
    del BACKBONES["mit_micro"]


class BlobPairs:
    """A hot blob (class 1) on a cold ground (class 0), a bright one in RGB (class 2)."""

    def __init__(self, count=6, first=0, side=48):
        self.count, self.first, self.side = count, first, side

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if not 0 <= index < self.count:  # ends a loop over the pairs
            raise IndexError(index)
        random = np.random.default_rng([self.first + index])
        rgb = random.integers(0, 60, (self.side, self.side, 3), dtype=np.uint8)
        thermal = random.integers(29_000, 29_100, (self.side, self.side), dtype=np.uint16)
        labels = np.zeros((self.side, self.side), np.uint8)
        for label in (1, 2):
            top, left = random.integers(0, self.side - 16, 2)
            area = np.s_[top : top + 16, left : left + 16]
            labels[area] = label
            if label == 1:
                thermal[area] = 31_000
            else:
                rgb[area] = 240
        return LabelledPair(f"blob_{index}", rgb, thermal, labels, "day" if index % 2 else "night")


@pytest.fixture(scope="session")
def blobs():
    return BlobPairs


@pytest.fixture(scope="session")
def here():
    return Processes(0, 1, torch.device("cpu"))


@pytest.fixture(scope="session")
def micro(tmp_path_factory):
    """A configuration of a training of few tiny steps; keywords change it, dots as __."""

    def build(**changes):
        values = {
            "network": {"backbone": "mit_micro", "embed_dim": 16},
            "data": {"workers": 0, "classes": "pst900"},
            "augmentation": {"crop": [32, 32], "scales": [0.7, 1.2], "continuous_scales": True},
            "optimization": {
                "learning_rate": 1e-3,
                "steps": 4,
                "warmup_steps": 1,
                "batch_size": 2,
                "ema_decay": 0.9,
            },
            "validate_every": 2,
            "save_every": 4,  # the last step; a save takes longer than a step
            "log_every": 1,
        }
        for key, value in changes.items():
            section, _, name = key.partition("__")
            if name:
                values.setdefault(section, {})[name] = value
            else:
                values[section] = value
        path = tmp_path_factory.mktemp("config") / "micro.yaml"
        path.write_text(yaml.safe_dump(values))
        return load_config(path)

    return build


@pytest.fixture
def data_set(tmp_path):
    """Write a data set of the authors' layout; returns its folder."""

    def write(count=4, side=48, classes=5):
        root = tmp_path / "data_set"
        random = np.random.default_rng(0)
        for folder in ("Visible", "Infrared", "Label"):
            (root / folder).mkdir(parents=True)
        names = [f"{i:03d}" for i in range(count)]
        for name in names:
            cv2.imwrite(
                str(root / "Visible" / f"{name}.png"),
                random.integers(0, 256, (side, side, 3), np.uint8),
            )
            grey = random.integers(0, 256, (side, side), np.uint8)
            cv2.imwrite(str(root / "Infrared" / f"{name}.png"), cv2.merge([grey] * 3))
            labels = random.integers(0, classes, (side, side), np.uint8)
            labels[0, 0] = 255
            cv2.imwrite(str(root / "Label" / f"{name}.png"), labels)
        for split in ("train", "test"):
            (root / f"{split}.txt").write_text("\n".join(names) + "\n")
        return root

    return write


@pytest.fixture(scope="session")
def log_of():
    return lambda folder: [json.loads(line) for line in (folder / "log.jsonl").open()]
