"""OpenVINO as an engine: its numbers, its cache, new sizes while running, what it refuses."""

import copy
import sys
import threading
import types

import numpy as np
import pytest
import torch

from amdanet_ros.graphs import openvino_core, read_ahead
from amdanet_ros.graphs.graph_cache import GraphCache
from amdanet_ros.inference import InferenceError, Predictor, engine_choice
from amdanet_ros.inference import openvino_engine as engine_module
from amdanet_ros.inference import openvino_runtime as runtime
from amdanet_ros.inference.engine_choice import choose_engine
from amdanet_ros.inference.folded import FoldedAMDANet
from amdanet_ros.inference.openvino_engine import OpenVinoEngine
from amdanet_ros.inference.precision import PrecisionChoice
from amdanet_ros.inference.shared_conversion import SharedConversion
from amdanet_ros.network import AMDANet

CPU = torch.device("cpu")
SIZE = (64, 96)


@pytest.fixture(scope="module", autouse=True)
def found():
    """OpenVINO can be imported; see conftest.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "openvino", raising=False)
        if not runtime.is_installed():
            pytest.skip("OpenVINO is not installed")
        yield


@pytest.fixture(scope="module")
def network(shallow_network, randomized):
    torch.manual_seed(3)
    return randomized(shallow_network(thermal_standardisation=True))


@pytest.fixture(scope="module")
def folded(network):
    return FoldedAMDANet(network)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(scope="module")
def conversion(folded):
    """What engines of several precisions have in common, as at the first start of "auto"."""
    conversion = SharedConversion(folded)
    with conversion.kept():
        yield conversion


@pytest.fixture(scope="module")
def engine(conversion, folder):
    engine = OpenVinoEngine(conversion, "CPU", "fp32", GraphCache(folder))
    with torch.inference_mode():
        engine(*images())
    return engine


def images(size=SIZE, batch=1):
    generator = torch.Generator().manual_seed(size[1])
    return (
        torch.rand(batch, 3, *size, generator=generator),
        torch.rand(batch, 1, *size, generator=generator),
    )


def relative(got, expected):
    return ((got - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize("batch", [1, 2])
def test_fp32_gives_the_networks_numbers(network, engine, batch):
    rgb, thermal = images(batch=batch)
    with torch.inference_mode():
        expected = network(rgb, thermal.expand(-1, 3, -1, -1))
        logits, fused = engine(rgb, thermal)
    assert relative(logits, expected.logits) < 3e-5
    assert relative(fused, expected.fused) < 1e-5
    assert torch.equal(logits.argmax(1), expected.logits.argmax(1))


def test_inputs_stay_and_what_is_not_wanted_is_none(engine):
    rgb, thermal = images()
    copies = rgb.clone(), thermal.clone()
    with torch.inference_mode():
        assert engine(rgb, thermal, want_logits=False).logits is None
        assert engine(rgb, thermal, want_fused=False).fused is None
    assert torch.equal(rgb, copies[0]) and torch.equal(thermal, copies[1])


def test_openvinos_telemetry_is_not_loaded(engine):
    assert sys.modules["openvino_telemetry"] is None
    assert not any(name.startswith("openvino_telemetry.") for name in sys.modules)


def test_the_graph_comes_from_the_cache_the_next_time(folded, folder, engine, monkeypatch):
    monkeypatch.setattr(runtime, "convert", lambda *_: pytest.fail("converted again"))
    again = OpenVinoEngine(SharedConversion(folded), "CPU", "fp32", GraphCache(folder))
    with torch.inference_mode():
        torch.testing.assert_close(again(*images()), engine(*images()))


def test_other_weights_are_another_graph(folded, folder, engine, monkeypatch):
    def convert(*_):
        raise RuntimeError("converted")

    monkeypatch.setattr(runtime, "convert", convert)
    other = copy.deepcopy(folded)
    other.fusion.last_bias += 1.0
    with pytest.raises(InferenceError, match="converted: set engine to torch"):
        OpenVinoEngine(SharedConversion(other), "CPU", "fp32", GraphCache(folder))(*images())


def test_what_openvino_cannot_read_is_made_again(folded, tmp_path, engine, monkeypatch):
    """Whole as an entry, but of another build of OpenVINO."""
    made = []

    def convert(network, size):
        made.append(size)
        raise RuntimeError("enough")

    class OfAnotherBuild(GraphCache):
        def get(self, key):
            self.put(key, b"of another build")
            return super().get(key)

    monkeypatch.setattr(runtime, "convert", convert)
    with pytest.raises(InferenceError):
        OpenVinoEngine(SharedConversion(folded), "CPU", "fp32", OfAnotherBuild(tmp_path))(*images())
    assert made == [SIZE]
    assert not list(tmp_path.iterdir())


def test_the_next_start_of_a_program_reads_its_graph_ahead(folded, folder, engine, monkeypatch):
    monkeypatch.setattr(read_ahead, "cache_folder", lambda: folder)
    monkeypatch.setattr(read_ahead, "_of_process", None)
    read_ahead.read_ahead("first")
    chosen = OpenVinoEngine(SharedConversion(folded), "CPU", "fp32", GraphCache(folder))
    chosen.is_chosen = True
    with torch.inference_mode():
        expected = chosen(*images())
    read_ahead.read_ahead("first")
    for each in threading.enumerate():
        if each.name == "read_ahead":
            each.join(30)
    # What is read already serves at once: no thread, no torch.
    monkeypatch.setattr(FoldedAMDANet, "forward", lambda *_: pytest.fail("torch serves"))
    beside = OpenVinoEngine(SharedConversion(folded), "CPU", "fp32", GraphCache(None))
    beside.in_background = True
    with torch.inference_mode():
        torch.testing.assert_close(beside(*images()), expected)


def test_the_precisions_that_are_measured_share_one_conversion(network, monkeypatch):
    """Only while they are measured: the model takes as much memory as the weights."""
    converted = []

    def measure(candidates, *_):
        for each in candidates:
            if each.name.startswith("OpenVINO"):
                with pytest.raises(InferenceError, match="compiled"):
                    each.build()(*images())
        return PrecisionChoice(candidates[1].build(), "fp32", "first", name=candidates[1].name)

    def compile_model(*_):
        raise RuntimeError("compiled")

    monkeypatch.setattr(runtime, "native_precisions", lambda _: ("fp32", "bf16"))
    monkeypatch.setattr(runtime, "convert", lambda _, size: converted.append(size))
    monkeypatch.setattr(engine_module.openvino_core, "compile_model", compile_model)
    monkeypatch.setattr(engine_choice, "measured_choice", measure)
    monkeypatch.setattr(engine_choice, "half_candidates", lambda *_: ([], []))
    monkeypatch.setattr(engine_choice, "cache_folder", lambda: None)
    chosen = choose_engine(network, CPU, "auto", "auto", SIZE)
    assert converted == [SIZE]
    with pytest.raises(InferenceError, match="compiled"):
        chosen.engine(*images())
    assert converted == [SIZE, SIZE]


def test_torch_serves_a_new_size_until_its_graph_is_ready(folded, folder, engine, monkeypatch):
    going, ready = threading.Event(), threading.Event()
    build = OpenVinoEngine._build

    def slow_build(self, size):
        going.wait(30)
        try:
            return build(self, size)
        finally:
            ready.set()

    monkeypatch.setattr(OpenVinoEngine, "_build", slow_build)
    beside = OpenVinoEngine(SharedConversion(folded), "CPU", "fp32", GraphCache(folder))
    beside.in_background = True
    with torch.inference_mode():
        expected = folded(*images())
        served = [beside(*images()) for _ in range(3)]
        assert all(torch.equal(each.logits, expected.logits) for each in served)
        assert sum(each.name == "openvino_graph" for each in threading.enumerate()) == 1
        going.set()
        assert ready.wait(30)
        for each in threading.enumerate():
            if each.name == "openvino_graph":
                each.join(30)
        monkeypatch.setattr(FoldedAMDANet, "forward", lambda *_: pytest.fail("torch serves still"))
        torch.testing.assert_close(beside(*images()), expected, rtol=1e-4, atol=1e-4)


def test_torch_serves_for_good_where_the_graph_cannot_be_made(folded, monkeypatch):
    def convert(*_):
        raise RuntimeError("Some check failed at source.cpp:1\nno such operation")

    monkeypatch.setattr(engine_module.runtime, "convert", convert)
    beside = OpenVinoEngine(SharedConversion(folded), "CPU", "fp32", GraphCache(None))
    beside.in_background = True
    with torch.inference_mode():
        expected = folded(*images())
        beside(*images())
        for each in threading.enumerate():
            if each.name == "openvino_graph":
                each.join(30)
        assert torch.equal(beside(*images()).logits, expected.logits)
    assert "torch instead" in beside.name and "no such operation" in beside.name
    assert "\n" not in beside.name


def test_bf16_keeps_the_labels(conversion, engine):
    if "bf16" not in runtime.native_precisions("CPU"):
        pytest.skip("this processor has no bf16 products")
    half = OpenVinoEngine(conversion, "CPU", "bf16", GraphCache(None))
    with torch.inference_mode():
        exact, near = engine(*images()), half(*images())
        assert (exact.fused - near.fused).abs().mean() < 0.02
        assert (exact.logits.argmax(1) == near.logits.argmax(1)).float().mean() > 0.9


def test_it_gives_the_releases_numbers(golden_case, golden_errors):
    case, network = golden_case("b2_70x90")
    engine = OpenVinoEngine(
        SharedConversion(FoldedAMDANet(network)), "CPU", "fp32", GraphCache(None)
    )
    with torch.inference_mode():
        logits, fused = engine(torch.from_numpy(case.rgb), torch.from_numpy(case.thermal[:, :1]))
    logits_error, fused_error, labels = golden_errors(case, logits.numpy(), fused.numpy())
    assert logits_error < 3e-5
    assert fused_error < 1e-5
    assert labels > 0.999


def test_a_predictor_runs_it_and_says_so(network, folder, engine, monkeypatch):
    monkeypatch.setattr(engine_choice, "cache_folder", lambda: folder)
    monkeypatch.setattr(runtime, "convert", lambda *_: pytest.fail("the cache is not used"))
    random = np.random.default_rng(3)
    pair = random.integers(0, 255, (*SIZE, 3), np.uint8), random.integers(0, 255, SIZE, np.uint8)
    ours = Predictor(network, device="cpu", precision="fp32", engine="torch")
    theirs = Predictor(network, device="cpu", precision="fp32", engine="openvino")
    expected, found = ours(*pair), theirs(*pair)
    assert "OpenVINO" in theirs.describe() and "OpenVINO" not in ours.describe()
    assert (found.labels == expected.labels).mean() > 0.999
    assert np.abs(found.fused.astype(int) - expected.fused.astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cpu", "onnxruntime", "auto"), "amdanet export"),
        (("cpu", "openvino", "fp16"), "does not compute fp16"),
        (("GPU", "torch", "auto"), "set engine to auto or openvino"),
        (("cuda", "openvino", "auto"), "set device to cpu"),
    ],
)
def test_what_does_not_go_together_is_refused_with_what_to_set(network, arguments, words):
    device, engine, precision = arguments
    device = device if device == "GPU" else torch.device(device)
    with pytest.raises(InferenceError, match=words):
        choose_engine(network, device, engine, precision)


def test_variants_without_a_folded_network_are_refused():
    network = AMDANet(backbone="mit_b0", num_classes=4, embed_dim=16, sfe=False)
    with pytest.raises(InferenceError, match="sfe.*set engine to torch"):
        choose_engine(network, CPU, "openvino", "fp32")


@pytest.mark.parametrize("name", ["openvino:TPU", "openvino:", "openvino:gpu", "openvino:CPU.7"])
def test_a_device_that_openvino_does_not_list_is_refused_with_those_that_it_lists(name):
    with pytest.raises(InferenceError, match=r"openvino:CPU.* here"):
        runtime.choose_openvino_device(name)


@pytest.mark.parametrize("precision", ["auto", "fp32"])
def test_auto_measures_once_and_starts_with_the_same_choice(
    network, tmp_path, folder, engine, monkeypatch, precision
):
    measured = []

    def measure(candidates, device, notes, size, reference):
        measured.append([each.name for each in candidates])
        chosen = candidates[1]
        return PrecisionChoice(chosen.build(), chosen.precision, "faster", 1e-6, chosen.name)

    monkeypatch.setattr(engine_choice, "measured_choice", measure)
    monkeypatch.setattr(engine_choice, "half_candidates", lambda *_: ([], []))
    monkeypatch.setattr(engine_choice, "cache_folder", lambda: tmp_path)
    first, second = (choose_engine(network, CPU, "auto", precision, SIZE) for _ in range(2))
    assert len(measured) == 1 and measured[0][:2] == ["torch fp32", "OpenVINO fp32"]
    assert isinstance(second.engine, OpenVinoEngine) and second.precision == first.precision
    assert "measured at an earlier start" in second.reason
    assert second.seconds_per_pixel == first.seconds_per_pixel
    choose_engine(network, CPU, "auto", precision, (96, 96))
    assert len(measured) == 2  # another size is another choice


def test_without_openvino_it_is_named_what_to_install(network, monkeypatch):
    monkeypatch.setattr(runtime, "is_installed", lambda: False)
    with pytest.raises(InferenceError, match="pip install"):
        choose_engine(network, CPU, "openvino", "fp32")
    with pytest.raises(InferenceError, match="pip install"):
        runtime.choose_openvino_device("openvino:CPU")
    assert choose_engine(network, CPU, "auto", "fp32").engine.name == "folded"


class _OtherCore:
    """Of an OpenVINO of another version, which takes other arguments."""

    available_devices = ("CPU",)

    def get_property(self, device, name):
        return ["FP32"] if name == "OPTIMIZATION_CAPABILITIES" else "a processor"

    def compile_model(self, *_):
        raise TypeError("compile_model(): incompatible function arguments")


@pytest.fixture
def other_openvino(monkeypatch):
    """A function that puts a module of some attributes in OpenVINO's place."""

    def put(**attributes):
        other = types.ModuleType("openvino")
        other.__file__ = __file__
        vars(other).update(attributes)
        monkeypatch.setitem(sys.modules, "openvino", other)

    monkeypatch.setattr(runtime, "is_installed", lambda: True)
    monkeypatch.setattr(engine_choice, "cache_folder", lambda: None)
    monkeypatch.setattr(engine_choice, "half_candidates", lambda *_: ([], []))
    known = openvino_core.core, openvino_core.openvino_module
    for each in known:
        each.cache_clear()
    yield put
    for each in known:
        each.cache_clear()


@pytest.mark.parametrize(
    "core", [None, int, "Core", lambda: [][0]], ids=["none", "another", "text", "fails"]
)
def test_with_an_openvino_that_does_not_start_torch_runs_and_the_reason_says_so(
    network, other_openvino, core
):
    other_openvino(**({} if core is None else {"Core": core}))
    choice = choose_engine(network, CPU, "auto", "fp32")
    assert choice.engine.name == "folded"
    assert "OpenVINO does not start" in choice.reason and "pip install" in choice.reason
    with pytest.raises(InferenceError, match="does not start: .*pip install"):
        choose_engine(network, CPU, "openvino", "fp32")
    with pytest.raises(InferenceError, match="does not start: .*pip install"):
        runtime.choose_openvino_device("openvino:CPU")


def test_an_openvino_of_another_version_is_left_out_or_refused(
    network, other_openvino, monkeypatch
):
    other_openvino(Core=_OtherCore)
    monkeypatch.setattr(runtime, "_converted", lambda *_: "model")
    choice = choose_engine(network, CPU, "auto", "fp32")
    assert choice.engine.name == "folded"
    assert "OpenVINO fp32 does not run here" in choice.reason
    with pytest.raises(InferenceError, match="TypeError.*set engine to torch"):
        choose_engine(network, CPU, "openvino", "fp32").engine(*images())
