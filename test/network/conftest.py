"""A Mix Transformer that is small enough for many trainings in a second."""

import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize


@pytest.fixture(scope="module")
def tiny_backbone():
    """Give the name of a backbone of 8 to 64 channels with one or two blocks a stage."""
    BACKBONES["mit_tiny"] = MixTransformerSize((8, 16, 40, 64), (1, 2, 1, 1))
    yield "mit_tiny"
    del BACKBONES["mit_tiny"]


@pytest.fixture(scope="module")
def state(tiny_backbone):
    """Give the state dict of a network of three classes with the tiny backbone."""
    torch.manual_seed(3)
    return AMDANet(backbone=tiny_backbone, num_classes=3, embed_dim=8).state_dict()
