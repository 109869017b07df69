"""Networks that tests of inference share."""

import pytest


@pytest.fixture(scope="module")
def shallow_network():
    """A function that makes an AMDANet of one block a stage: all operations, few of each."""
    from amdanet_ros.network import AMDANet
    from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize

    def make():
        shallow = MixTransformerSize(BACKBONES["mit_b0"].channels, (1, 1, 1, 1))
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(BACKBONES, "mit_b0", shallow)
            return AMDANet(backbone="mit_b0", num_classes=5, embed_dim=16).eval()

    return make


@pytest.fixture(scope="session")
def randomized():
    """A function that puts random numbers into every parameter of a network; it returns it."""
    import torch

    def randomize(network):
        for parameter in network.parameters():
            if parameter.ndim < 2:
                parameter.data += 0.1 * torch.randn_like(parameter)
            else:
                parameter.data = torch.randn_like(parameter) / parameter[0].numel() ** 0.5
        return network

    return randomize
