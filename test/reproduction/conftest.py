"""Reproductions that are small enough for a test: one step a run, scenes of 32 x 48 pixels."""

import importlib.util

import pytest

from amdanet_ros.cli.main import main
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize

if importlib.util.find_spec("torchvision") is None:  # the extra "train" brings it
    collect_ignore_glob = ["test_reproduce_command.py"]

MICRO = (
    "optimization.steps=1",
    "optimization.warmup_steps=0",
    "optimization.batch_size=2",
    "augmentation.crop=[32,32]",
    "augmentation.scales=[1.0]",
    "data.size=[32,48]",
    "data.train_seed=2000170",  # all in the file of the test scenes: one to draw
    "data.train_count=8",
    "data.validation_seed=2000180",
    "data.validation_count=2",
    "data.workers=0",
    "network.backbone=mit_micro",
    "network.embed_dim=16",
)


@pytest.fixture(autouse=True, scope="module")
def micro_backbone():
    """Know the backbone ``mit_micro``, with a hundredth of MiT-B0's parameters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "mit_micro", MixTransformerSize((8, 16, 40, 64), (1, 1, 1, 1)))
        yield


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Return a folder whose runs and scenes the tests of one file share."""
    return tmp_path_factory.mktemp("reproduction")


@pytest.fixture
def reproduce(work):
    """Return a call of the command with the micro changes, into the shared folder."""

    def call(*words, preset="tiny", data=None, out=None, seeds="0"):
        arguments = ["reproduce", *words, "--preset", preset, "--limit", "2", "--seeds", seeds]
        arguments += ["--data", str(data or work / "scenes"), "--out", str(out or work / "out")]
        for change in MICRO:
            arguments += ["--set", change]
        return main(arguments)

    return call
