"""AMDANet reproduces the authors' release: every stage in float64, the outputs in float32."""

import functools
import sys

import numpy as np
import pytest
import torch

from amdanet_ros.network import AMDANet

FLOAT64_BOUND = 1e-6
FLOAT32_BOUNDS = {"logits": 3e-5, "fused": 1e-5}
LABELS_SHARE = 0.999


@pytest.fixture(scope="module")
def golden(shared):
    """The module of the golden numbers, which makes equal parameters of several cases once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(shared / "golden"))
        patch.delitem(sys.modules, "golden", raising=False)
        import golden

        patch.setattr(golden, "parameter", functools.cache(golden.parameter))
        yield golden


def build(golden, case):
    """Make the network of a case, with the parameters that its rule gives."""
    with torch.device("meta"):
        network = AMDANet(backbone=case.backbone, num_classes=case.classes, bn_eps=case.bn_eps)
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    state = golden.parameters(case, shapes)
    network.load_state_dict(
        {key: torch.from_numpy(np.asarray(value)) for key, value in state.items()}, assign=True
    )
    return network.eval()


def run(network, case, dtype):
    with torch.inference_mode():
        output = network.to(dtype)(
            torch.from_numpy(case.rgb).to(dtype), torch.from_numpy(case.thermal).to(dtype)
        )
    return output.logits.numpy(), output.fused.numpy()


def errors(case, logits, fused):
    """Give the relative L2 errors against the case."""
    if case.sampled:
        logits, fused = logits[..., 1::4, 2::4], fused[..., 1::4, 2::4]
    return {
        name: np.linalg.norm(got - expected) / np.linalg.norm(expected)
        for name, got, expected in (("logits", logits, case.logits), ("fused", fused, case.fused))
    }


class Statistics:
    """Per-channel mean and deviation at the points that the golden file names."""

    def __init__(self, network):
        self.found = {}
        backbone = network.backbone
        for index, stage in enumerate((1, 2, 3, 4)):
            for prefix in ("", "extra_"):
                for name in (f"{prefix}patch_embed{stage}", f"{prefix}norm{stage}"):
                    self._watch(getattr(backbone, name), [name])
                name = f"{prefix}block{stage}.0"
                self._watch(backbone.get_submodule(name), [name])
            self._watch(getattr(backbone, f"sci_{stage}"), [f"sci_{stage}.0", f"sci_{stage}.1"])
            vision = [f"outs_vision.{2 * index}", f"outs_vision.{2 * index + 1}"]
            self._watch(backbone.LEs[index], vision)
            self._watch(backbone.GEs[index], [f"outs_semantic.{index}"])

    def _watch(self, module, names):
        def keep(_module, _inputs, output):
            outputs = output if isinstance(output, tuple) else (output,)
            for name, value in zip(names, outputs, strict=False):
                assert name not in self.found, f"{name} is computed twice"
                over = (0, 2, 3) if value.ndim == 4 else (0, 1)
                mean, deviation = value.mean(over), value.std(over, correction=0)
                self.found[name] = torch.stack([mean, deviation]).numpy()

        module.register_forward_hook(keep)


@pytest.mark.parametrize("tag", ["b2_64x96", "b2_64x96_bneps", "b2_70x90", "b4_96x128"])
def test_outputs_and_every_stage_are_the_released_ones(golden, shared, tag):
    (case,) = (c for c in golden.cases(shared / "golden" / "network_open.npz") if c.tag == tag)
    network = build(golden, case)

    logits, fused = run(network, case, torch.float32)
    assert logits.shape == (*case.rgb.shape[:1], case.classes, *case.rgb.shape[2:])
    for name, error in errors(case, logits, fused).items():
        assert error < FLOAT32_BOUNDS[name], f"{name} in float32"
    assert (logits.argmax(1) == case.labels).mean() >= LABELS_SHARE

    statistics = Statistics(network)
    logits, fused = run(network, case, torch.float64)
    for name, expected in case.statistics.items():
        got = statistics.found[name]
        error = np.linalg.norm(got - expected) / np.linalg.norm(expected)
        assert error < FLOAT64_BOUND, f"the network departs from the release at {name}"
    for name, error in errors(case, logits, fused).items():
        assert error < FLOAT64_BOUND, f"{name} in float64"
    np.testing.assert_array_equal(logits.argmax(1), case.labels)


def test_golden_file_names_every_stage(golden, shared):
    case = next(iter(golden.cases(shared / "golden" / "network_open.npz")))
    expected = {f"outs_vision.{i}" for i in range(8)} | {f"outs_semantic.{i}" for i in range(4)}
    for stage in (1, 2, 3, 4):
        expected |= {f"sci_{stage}.0", f"sci_{stage}.1"}
        for prefix in ("", "extra_"):
            expected |= {f"{prefix}patch_embed{stage}", f"{prefix}norm{stage}"}
            expected.add(f"{prefix}block{stage}.0")
    assert expected == case.statistics.keys()


def test_parameters_have_the_released_names_and_shapes(shared):
    released = {}
    for line in (shared / "spec" / "checkpoint_keys_mit_b4.txt").read_text().splitlines():
        key, shape = line.split(" ", 1)
        released[key] = tuple(int(n) for n in shape.strip("()").split(",") if n.strip())
    with torch.device("meta"):
        network = AMDANet(backbone="mit_b4", num_classes=9)
    own = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert own == released
