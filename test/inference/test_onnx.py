"""ONNX exports: equal to the predictor, for one size and for any, with the classes."""

import copy
import functools

import numpy as np
import pytest
import torch

from amdanet_ros.classes import class_table_of_size
from amdanet_ros.inference import Predictor, onnx_export
from amdanet_ros.inference.built_in_scene import built_in_scene

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from amdanet_ros.inference import onnx_model
from amdanet_ros.inference.onnx_check import HALF_TOLERANCE, TOLERANCE, check_export
from amdanet_ros.inference.onnx_export import ExportError, export_onnx
from amdanet_ros.inference.onnx_model import OnnxModel, OnnxModelError
from amdanet_ros.inference.onnx_modules import module_for_export

_SIZE = (64, 96)


@pytest.fixture(scope="module")
def network(shallow_network):
    # The time of an export grows with the number of operations.
    torch.manual_seed(0)
    return shallow_network()


@pytest.fixture(scope="module")
def networks(network, shallow_network):
    """What each file holds; "any" mixes luminances, it and "half" standardise thermal."""
    mixing = shallow_network(luminance_mixing=True, thermal_standardisation=True)
    return {"one": network, "any": mixing, "half": shallow_network(thermal_standardisation=True)}


@pytest.fixture(scope="module")
def exported(networks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    paths = {kind: folder / f"{kind}.onnx" for kind in ("one", "any", "half")}
    table = class_table_of_size(5)
    differences = {
        "one": export_onnx(networks["one"], paths["one"], table, _SIZE),
        "any": export_onnx(networks["any"], paths["any"], table, recommended_size=(240, 320)),
        "half": export_onnx(networks["half"], paths["half"], table, precision="fp16"),
    }
    return paths, differences


@pytest.fixture(scope="module")
def models(exported):
    """The exported files as they are read, each once."""
    return {kind: OnnxModel(path) for kind, path in exported[0].items()}


@pytest.fixture(scope="module")
def ours(networks):
    """A function that gives the predictor of a network, made once."""
    return functools.cache(lambda kind: Predictor(networks[kind], device="cpu", precision="fp32"))


@pytest.fixture(scope="module")
def theirs(models):
    """A function that gives the predictor of an exported file, made once."""
    return functools.cache(lambda kind: Predictor(models[kind], device="cpu"))


def _images(size):
    random = np.random.default_rng(3)
    rgb = random.integers(0, 255, (*size, 3), dtype=np.uint8)
    return rgb, random.integers(0, 255, size, dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "size"),
    [("one", _SIZE), ("any", _SIZE), ("any", (70, 90)), ("any", (32, 135)), ("any", (201, 33))],
)
def test_the_exported_network_predicts_as_the_torch_path_does(exported, ours, theirs, kind, size):
    assert exported[1][kind] <= TOLERANCE
    expected, found = (make(kind)(*_images(size)) for make in (ours, theirs))
    assert np.abs(found.confidence - expected.confidence).max() < 1e-4
    assert np.abs(found.fused.astype(int) - expected.fused.astype(int)).max() <= 1
    assert (found.labels == expected.labels).mean() > 0.999


def test_the_export_carries_its_classes_and_size(models):
    model = models["one"]
    assert model.classes.names == class_table_of_size(5).names
    assert model.size == _SIZE
    assert model.config.backbone == "mit_b0"
    assert models["any"].size is None


def test_an_export_for_one_size_refuses_another(exported):
    with pytest.raises(ValueError, match="64 x 96 alone"):
        Predictor.from_checkpoint(exported[0]["one"], device="cpu", inference_size=(96, 96))


@pytest.mark.parametrize(
    ("kind", "precision", "own"),
    [("any", "fp16", "fp32"), ("one", "bf16", "fp32"), ("half", "fp32", "fp16")],
)
def test_another_precision_than_the_files_is_refused_in_a_sentence(models, kind, precision, own):
    with pytest.raises(OnnxModelError, match=f"was exported in {own}.*not in {precision}: set"):
        models[kind].build_engine(torch.device("cpu"), precision)


@pytest.mark.parametrize("size", [_SIZE, (70, 90)])
def test_a_file_in_half_precision_is_smaller_and_keeps_the_labels(
    exported, models, ours, theirs, size
):
    paths, differences = exported
    assert models["half"].precision == "fp16"
    assert TOLERANCE < differences["half"] < HALF_TOLERANCE  # it is in half precision
    assert paths["half"].stat().st_size < 0.75 * paths["any"].stat().st_size
    expected, found = (make("half")(*built_in_scene(size)) for make in (ours, theirs))
    assert (found.labels == expected.labels).mean() >= 0.99
    assert np.abs(found.fused.astype(int) - expected.fused.astype(int)).max() <= 3


@pytest.mark.parametrize("kind", ["one", "any", "half"])
def test_a_file_has_only_operators_that_tensorrt_knows_too(exported, kind):
    import onnx

    graph = onnx.load(exported[0][kind]).graph
    assert {node.domain for node in graph.node} == {""}
    kinds = {node.op_type for node in graph.node}
    assert not {each for each in kinds if "Sequence" in each or each in ("If", "Loop", "Scan")}


def test_an_export_that_departs_is_refused_and_leaves_the_file_that_was_there(
    network, tmp_path, monkeypatch
):
    path = tmp_path / "kept.onnx"
    path.write_bytes(b"an earlier export")

    def written_by_another(module, path, size, has_share):
        raise ExportError("the export differs from the network by 3.0e-01, more than 0.0001")

    monkeypatch.setattr(onnx_export, "_write_graph", written_by_another)
    with pytest.raises(ExportError, match="differs"):
        export_onnx(network, path, class_table_of_size(5), _SIZE)
    assert path.read_bytes() == b"an earlier export"
    assert list(tmp_path.iterdir()) == [path]


def test_the_check_names_a_difference_and_changed_labels(network, exported):
    module = module_for_export(network, _SIZE, torch.float32)

    def brighter(rgb, thermal):
        logits, fused = module(rgb, thermal)
        return logits, fused + 0.001

    def other_labels(rgb, thermal):
        logits, fused = module(rgb, thermal)
        moved = logits.clone()
        moved[:, :, :4] = moved[:, :, :4].roll(1, dims=1) * 1e-3 + logits[:, :, :4].mean()
        return logits.mean() + 1e-3 * (moved - logits.mean()), fused

    with pytest.raises(ExportError, match="more than 0.0001"):
        check_export(exported[0]["one"], brighter, [_SIZE], "fp32")
    with pytest.raises(ExportError, match="differs|labels stay equal"):
        check_export(exported[0]["half"], other_labels, [_SIZE], "fp16")


def test_a_precision_that_no_file_has_is_refused(network, tmp_path):
    with pytest.raises(ValueError, match="choose fp32 or fp16"):
        export_onnx(network, tmp_path / "b.onnx", class_table_of_size(5), _SIZE, precision="bf16")


def test_a_file_that_is_no_export_is_refused(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(OnnxModelError, match=r"broken\.onnx"):
        OnnxModel(path)
    with pytest.raises(OnnxModelError, match="amdanet export"):
        OnnxModel(tmp_path / "missing.onnx")


def test_an_export_of_a_mixing_network_gives_the_share_and_its_recommended_size(
    networks, models, exported
):
    model = models["any"]
    assert model.gives_share and model.recommended_size == (240, 320)
    assert not models["one"].gives_share
    images = _images((128, 192))  # larger than the network's size: mixed at full size
    ours = Predictor(networks["any"], device="cpu", precision="fp32", inference_size=_SIZE)(*images)
    theirs = Predictor.from_checkpoint(exported[0]["any"], device="cpu", inference_size=_SIZE)(
        *images
    )
    assert np.abs(theirs.fused.astype(int) - ours.fused.astype(int)).max() <= 1


@pytest.mark.parametrize("kind", ["no home", "a file", "a folder"])
def test_tensorrt_keeps_engines_where_there_is_a_folder_for_them(
    models, monkeypatch, tmp_path, kind
):
    asked = []

    def session(_, providers):
        asked.append(providers[0][1])
        return models["one"]._session(["CPUExecutionProvider"])

    folder = {"no home": None, "a file": tmp_path / "file/trt", "a folder": tmp_path / "trt"}[kind]
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(onnx_model, "cache_folder", lambda _: folder)
    providers = ["TensorrtExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: providers)
    model = copy.copy(models["one"])
    model._session = functools.partial(session, model)
    assert model.build_engine(torch.device("cuda"), "auto").name == "onnxruntime TensorRT"
    (options,) = asked
    assert options["trt_engine_cache_enable"] == (kind == "a folder")
    assert options.get("trt_engine_cache_path") == (str(folder) if kind == "a folder" else None)
