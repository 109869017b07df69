"""Networks that tests of inference share."""

import functools
import sys

import pytest


@pytest.fixture(scope="module")
def shallow_encoder():
    """Let ``mit_b0`` have one block a stage in the tests of a file."""
    from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize

    shallow = MixTransformerSize(BACKBONES["mit_b0"].channels, (1, 1, 1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "mit_b0", shallow)
        yield


@pytest.fixture(scope="module")
def shallow_network():
    """A function that makes an AMDANet of one block a stage: all operations, few of each.

    Its arguments are other settings of the network.
    """
    from amdanet_ros.network import AMDANet
    from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize

    def make(**settings):
        shallow = MixTransformerSize(BACKBONES["mit_b0"].channels, (1, 1, 1, 1))
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(BACKBONES, "mit_b0", shallow)
            return AMDANet(backbone="mit_b0", num_classes=5, embed_dim=16, **settings).eval()

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


@pytest.fixture(scope="module")
def golden_case(shared):
    """A function that gives a case of the release's golden numbers and a network with its weights.

    Cases: ../shared/golden. Parameters that several cases have in common are made once.
    """
    import numpy as np
    import torch

    from amdanet_ros.network import AMDANet

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(shared / "golden"))
        patch.delitem(sys.modules, "golden", raising=False)
        import golden
    golden.parameter = functools.cache(golden.parameter)

    def find(tag):
        cases = golden.cases(shared / "golden" / "network_open.npz")
        case = next(each for each in cases if each.tag == tag)
        with torch.device("meta"):
            network = AMDANet(backbone=case.backbone, num_classes=case.classes, bn_eps=case.bn_eps)
        shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
        state = {
            key: torch.from_numpy(np.asarray(value))
            for key, value in golden.parameters(case, shapes).items()
        }
        network.load_state_dict(state, assign=True)
        return case, network.eval()

    return find


@pytest.fixture(scope="session")
def golden_errors():
    """A function that gives the relative errors of logits and fused, and the equal labels."""
    import numpy as np

    def relative(got, expected):
        return np.linalg.norm(got - expected) / np.linalg.norm(expected)

    def compare(case, logits, fused):
        if case.sampled:
            logits, fused = logits[..., 1::4, 2::4], fused[..., 1::4, 2::4]
        labels = np.mean(logits.argmax(1) == case.logits.argmax(1))
        return relative(logits, case.logits), relative(fused, case.fused), labels

    return compare
