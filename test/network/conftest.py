"""A Mix Transformer that is small enough for many trainings in a second."""

import pytest

from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize


@pytest.fixture(scope="module")
def tiny_backbone():
    """Give the name of a backbone of 8 to 64 channels with one or two blocks a stage."""
    BACKBONES["mit_tiny"] = MixTransformerSize((8, 16, 40, 64), (1, 2, 1, 1))
    yield "mit_tiny"
    del BACKBONES["mit_tiny"]
