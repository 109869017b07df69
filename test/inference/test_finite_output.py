"""What is not finite is not published: whatever made it so, it has its error and its sentence."""

import numpy as np
import pytest
import torch

from amdanet_ros.inference import InferenceError, OutOfMemoryError, Predictor
from amdanet_ros.inference.built_in_scene import built_in_scene
from amdanet_ros.inference.device_images import DeviceImages
from amdanet_ros.inference.finite_output import NonFiniteOutputError, check_finite
from amdanet_ros.inference.graphed_engine import GraphedEngine
from amdanet_ros.inference.options import PredictOptions
from amdanet_ros.inference.plain_engine import EngineOutput
from amdanet_ros.inference.precision import choose_precision
from amdanet_ros.inference.transfer import Transfer
from amdanet_ros.network import AMDANet
from amdanet_ros.pipeline import FusionPipeline, ImagePair

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("shallow_encoder")


def network(**settings):
    torch.manual_seed(0)
    return AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16, **settings).eval()


@pytest.fixture(scope="module")
def predictor():
    return Predictor(network(), device="cpu", precision="fp32")


def spoilt(where, value, **settings):
    made = network(**settings)
    with torch.no_grad():
        dict(made.named_parameters())[where].reshape(-1)[0] = value
    return made


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("decode_head.linear_pred.weight", float("nan")),
        ("decode_head.linear_pred.bias", float("inf")),
        ("backbone.patch_embed1.proj.weight", float("nan")),
        ("backbone.block1.0.attn.q.weight", float("-inf")),
    ],
)
def test_weights_that_are_not_finite_give_no_prediction(where, value):
    bad = Predictor(spoilt(where, value), device="cpu", precision="fp32")
    bad.checkpoint = "/weights/mine.safetensors"
    with pytest.raises(NonFiniteOutputError, match="class scores") as caught:
        bad(*built_in_scene((32, 48)), {"labels"})
    assert "/weights/mine.safetensors" in str(caught.value)
    assert "another checkpoint" in str(caught.value)


def test_a_variant_without_a_folded_path_is_checked_too():
    bad = spoilt("decode_head.linear_pred.bias", float("nan"), adaptive_weighting=True)
    with pytest.raises(NonFiniteOutputError):
        Predictor(bad, device="cpu", precision="fp32")(*built_in_scene((32, 32)))


class Engine:
    """Gives what it is told."""

    name = "told"

    def __init__(self, logits=0.0, fused=0.5, error=None):
        self.values, self.error = (logits, fused), error

    def __call__(self, rgb, thermal, want_logits=True, want_fused=True):
        if self.error is not None:
            raise self.error
        height, width = rgb.shape[2:]
        logits = torch.zeros(1, 9, height, width)
        fused = torch.full((1, 3, height, width), 0.5)
        logits[0, 4, 7, 3], fused[0, 1, 5, 2] = self.values
        return EngineOutput(logits if want_logits else None, fused if want_fused else None)

    def size_dependent(self):
        return []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("needed", [{"labels"}, {"confidence"}, {"overlay"}, {"fused"}])
@pytest.mark.parametrize("backend", ["host", "device"])
def test_one_number_that_is_not_finite_is_enough(predictor, monkeypatch, value, needed, backend):
    engine = Engine(fused=value) if needed == {"fused"} else Engine(logits=value)
    monkeypatch.setattr(predictor, "_engine", engine)
    if backend == "device":
        monkeypatch.setattr(predictor, "_images", DeviceImages(CPU, Transfer(CPU)))
    with pytest.raises(NonFiniteOutputError):
        predictor(*built_in_scene((32, 48)), needed)
    monkeypatch.setattr(predictor, "_engine", Engine(logits=3.0e38))
    assert predictor(*built_in_scene((32, 48)), needed) is not None


def test_recorded_runs_are_checked_too(predictor, monkeypatch):
    def record(run):
        output = run()
        return output, lambda: None

    graphed = GraphedEngine(Engine(logits=float("nan")), record)
    monkeypatch.setattr(predictor, "_engine", graphed)
    with pytest.raises(NonFiniteOutputError):
        predictor(*built_in_scene((32, 48)))


def test_both_outputs_are_named_and_half_precision_is_suspected():
    bad = EngineOutput(torch.full((1, 2, 3, 4), torch.nan), torch.full((1, 3, 3, 4), torch.inf))
    with pytest.raises(NonFiniteOutputError, match="class scores and fused image") as caught:
        check_finite(bad, "fp16", "")
    assert "overflow at fp16" in str(caught.value) and "fp32" in str(caught.value)
    check_finite(EngineOutput(None, None), "fp32", "")


def test_a_pipeline_fails_and_goes_on(predictor, monkeypatch):
    pipeline = FusionPipeline(predictor)
    rgb, thermal = built_in_scene((32, 48))
    pair = ImagePair(rgb, thermal, 1, 0, 1)
    for engine, error in (
        (Engine(logits=float("nan")), NonFiniteOutputError),
        (Engine(error=RuntimeError("not implemented for 'Half'")), InferenceError),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(predictor, "_engine", engine)
            with pytest.raises(error):
                pipeline.process(pair)
    assert pipeline.process(pair).mask.shape == (32, 48)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError("Unable to allocate 3 GiB for an array"),
    ],
)
def test_too_little_memory_of_the_machine_says_what_to_do(predictor, monkeypatch, error):
    monkeypatch.setattr(predictor, "_engine", Engine(error=error))
    with pytest.raises(OutOfMemoryError, match="this machine has too little memory.*smaller"):
        predictor(*built_in_scene((32, 32)))


@pytest.mark.parametrize(
    "error", [RuntimeError("mkldnn: could not create\nmore"), RuntimeError("CUDA error: launch")]
)
def test_a_failure_of_the_device_is_one_line(predictor, monkeypatch, error):
    monkeypatch.setattr(predictor, "_engine", Engine(error=error))
    with pytest.raises(InferenceError, match="cpu failed at a pair at 32 x 32") as caught:
        predictor(*built_in_scene((32, 32)))
    assert "\n" not in str(caught.value)


def test_a_precision_that_the_device_lacks_is_refused_before_the_first_pair():
    lacking = Engine(error=RuntimeError("\"addmm\" not implemented for 'Half'"))
    with pytest.raises(InferenceError, match="precision fp16 does not run on cpu.*fp32"):
        choose_precision(lambda name: lacking, CPU, "fp16")


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cuda:-1", "", "cuda:", "mps", "CPU "])
def test_a_device_without_such_a_name_is_refused(device):
    with pytest.raises(ValueError, match="choose auto, cpu, cuda or cuda:N"):
        Predictor(network(), device=device, precision="fp32")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.5])
def test_a_threshold_that_is_no_share_is_refused(predictor, value):
    for options in ({"confidence_threshold": value}, {"overlay_alpha": value}):
        with pytest.raises(ValueError, match="between 0 and 1"):
            PredictOptions(**options)
    with pytest.raises(ValueError, match="between 0 and 1"):
        predictor(*built_in_scene((32, 32))).mask(value)
    assert np.isfinite(predictor(*built_in_scene((32, 32))).confidence).all()
