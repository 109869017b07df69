"""ONNX exports: equal to the predictor, for one size and for any, with the classes."""

import numpy as np
import pytest
import torch

from amdanet_ros.classes import class_table_of_size
from amdanet_ros.inference import Predictor
from amdanet_ros.network import AMDANet
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from amdanet_ros.inference.onnx_export import TOLERANCE, export_onnx
from amdanet_ros.inference.onnx_model import OnnxModel, OnnxModelError

_SIZE = (64, 96)


@pytest.fixture(scope="module")
def network():
    # The time of an export grows with the number of operations: one block a stage has all kinds.
    shallow = MixTransformerSize(BACKBONES["mit_b0"].channels, (1, 1, 1, 1))
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "mit_b0", shallow)
        yield AMDANet(backbone="mit_b0", num_classes=5, embed_dim=16).eval()


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    paths = {"one": folder / "one.onnx", "any": folder / "any.onnx"}
    table = class_table_of_size(5)
    differences = {
        "one": export_onnx(network, paths["one"], table, _SIZE),
        "any": export_onnx(network, paths["any"], table),
    }
    return paths, differences


def _images(size):
    random = np.random.default_rng(3)
    rgb = random.integers(0, 255, (*size, 3), dtype=np.uint8)
    return rgb, random.integers(0, 255, size, dtype=np.uint8)


@pytest.mark.parametrize(("kind", "size"), [("one", _SIZE), ("any", _SIZE), ("any", (70, 90))])
def test_the_exported_network_predicts_as_the_torch_path_does(network, exported, kind, size):
    paths, differences = exported
    assert differences[kind] <= TOLERANCE
    ours = Predictor(network, device="cpu", precision="fp32")(*_images(size))
    theirs = Predictor.from_checkpoint(paths[kind], device="cpu")(*_images(size))
    assert np.abs(theirs.confidence - ours.confidence).max() < 1e-4
    assert np.abs(theirs.fused.astype(int) - ours.fused.astype(int)).max() <= 1
    assert (theirs.labels == ours.labels).mean() > 0.999


def test_the_export_carries_its_classes_and_size(exported):
    model = OnnxModel(exported[0]["one"])
    assert model.classes.names == class_table_of_size(5).names
    assert model.size == _SIZE
    assert model.config.backbone == "mit_b0"
    assert OnnxModel(exported[0]["any"]).size is None


def test_an_export_for_one_size_refuses_another(exported):
    with pytest.raises(ValueError, match="64 x 96 alone"):
        Predictor.from_checkpoint(exported[0]["one"], device="cpu", inference_size=(96, 96))


def test_half_precision_on_the_cpu_is_refused_in_a_sentence(exported):
    with pytest.raises(OnnxModelError, match="fp32 on the CPU"):
        Predictor.from_checkpoint(exported[0]["any"], device="cpu", precision="fp16")


def test_a_file_that_is_no_export_is_refused(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(OnnxModelError, match=r"broken\.onnx"):
        OnnxModel(path)
    with pytest.raises(OnnxModelError, match="amdanet export"):
        OnnxModel(tmp_path / "missing.onnx")


def test_an_export_of_a_mixing_network_gives_the_share_and_its_recommended_size(
    network, tmp_path, monkeypatch
):
    shallow = MixTransformerSize(BACKBONES["mit_b0"].channels, (1, 1, 1, 1))
    monkeypatch.setitem(BACKBONES, "mit_b0", shallow)
    mixing = AMDANet(network.config, luminance_mixing=True).eval()
    path = tmp_path / "mixing.onnx"
    assert export_onnx(mixing, path, class_table_of_size(5), _SIZE, (240, 320)) <= TOLERANCE
    model = OnnxModel(path)
    assert model.gives_share and model.recommended_size == (240, 320)
    images = _images((128, 192))  # larger than the network's size: mixed at full size
    ours = Predictor(mixing, device="cpu", precision="fp32", inference_size=_SIZE)(*images)
    theirs = Predictor.from_checkpoint(path, device="cpu")(*images)
    assert np.abs(theirs.fused.astype(int) - ours.fused.astype(int)).max() <= 1
