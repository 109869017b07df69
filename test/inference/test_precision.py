"""The choice of the number format by measurement, and the reason that it gives."""

import pytest
import torch

from amdanet_ros.inference import precision as precision_module
from amdanet_ros.inference.plain_engine import EngineOutput
from amdanet_ros.inference.precision import Candidate, choose_precision, measured_choice

CPU = torch.device("cpu")


class CountedEngine:
    """Gives labels with a chosen agreement and takes a chosen time on a fake clock."""

    name = "counted"

    def __init__(self, clock, seconds, agreement):
        self.clock, self.seconds, self.agreement = clock, seconds, agreement

    def __call__(self, rgb, thermal, want_logits=True, want_fused=True):
        self.clock[0] += self.seconds
        height, width = rgb.shape[2:]
        logits = torch.zeros(1, 2, height * width)
        logits[:, 0] = 1
        wrong = round((1 - self.agreement) * height * width)
        logits[:, 1, :wrong] = 2
        return EngineOutput(logits.view(1, 2, height, width), None)


@pytest.fixture
def choose(monkeypatch):
    def run(engines, gains, native=("fp16", "bf16")):
        clock = [0.0]
        monkeypatch.setattr(precision_module.time, "perf_counter", lambda: clock[0])
        monkeypatch.setattr(precision_module.time, "process_time", lambda: clock[0])
        monkeypatch.setattr(precision_module, "native_formats", lambda: native)
        monkeypatch.setattr(
            precision_module,
            "product_gain",
            lambda dtype, _: gains["fp16" if dtype == torch.float16 else "bf16"],
        )
        built = []

        def build(name):
            built.append(name)
            if engines[name] is None:
                raise RuntimeError("not implemented for 'Half'")
            return CountedEngine(clock, *engines[name])

        choice = choose_precision(build, CPU, "auto")
        return choice, built

    return run


def test_what_is_configured_is_built_unmeasured():
    built, sizes = [], []

    def engine(rgb, thermal):
        sizes.append(tuple(rgb.shape[2:]))

    choice = choose_precision(lambda name: built.append(name) or engine, CPU, "bf16")
    assert choice.precision == "bf16"
    assert choice.engine is engine
    assert built == ["bf16"]
    assert sizes == [(32, 32)]  # it runs at all


def test_emulated_formats_are_not_even_built(choose):
    engines = {"fp32": (0.1, 1), "fp16": (0.05, 1), "bf16": (0.05, 1)}
    choice, built = choose(engines, {"fp16": 0.1, "bf16": 0.5})
    assert choice.precision == "fp32"
    assert built == ["fp32"]
    assert "0.1 times" in choice.reason


def test_a_faster_format_with_the_same_labels_is_taken(choose):
    engines = {"fp32": (0.1, 1), "fp16": (0.05, 0.995), "bf16": (0.06, 1)}
    choice, _ = choose(engines, {"fp16": 3, "bf16": 3})
    assert choice.precision == "fp16"
    assert "2 times" in choice.reason
    assert "99.5" in choice.reason


def test_the_faster_of_two_is_taken(choose):
    engines = {"fp32": (0.1, 1), "fp16": (0.07, 1), "bf16": (0.03, 1)}
    assert choose(engines, {"fp16": 3, "bf16": 3})[0].precision == "bf16"


def test_a_format_that_changes_labels_is_not_taken(choose):
    engines = {"fp32": (0.1, 1), "fp16": (0.05, 0.98), "bf16": (0.05, 0.75)}
    choice, _ = choose(engines, {"fp16": 3, "bf16": 3})
    assert choice.precision == "fp32"
    assert "75" in choice.reason


def test_a_format_that_is_no_faster_is_not_taken(choose):
    engines = {"fp32": (0.1, 1), "fp16": (0.099, 1), "bf16": (0.2, 1)}
    assert choose(engines, {"fp16": 3, "bf16": 3})[0].precision == "fp32"


def test_a_format_that_does_not_run_is_named_and_passed_over(choose):
    engines = {"fp32": (0.1, 1), "fp16": None, "bf16": (0.05, 1)}
    choice, _ = choose(engines, {"fp16": 3, "bf16": 3})
    assert choice.precision == "bf16"
    assert "fp16 does not run here" in choice.reason


def test_the_measurement_is_bounded_in_time_and_fp32_is_kept_in_doubt(choose):
    engines = {"fp32": (9.0, 1), "fp16": (9.0, 1), "bf16": (4.0, 1)}
    choice, _ = choose(engines, {"fp16": 3, "bf16": 3})
    assert choice.precision == "fp32"
    assert "too long" in choice.reason


def test_a_format_that_the_processor_has_no_products_for_is_not_even_built(choose):
    engines = {"fp32": (0.1, 1), "fp16": (0.01, 1), "bf16": (0.05, 1)}
    choice, built = choose(engines, {"fp16": 3, "bf16": 3}, native=("bf16",))
    assert choice.precision == "bf16"
    assert "fp16" not in built
    assert "no fp16 products" in choice.reason


def test_load_that_falls_on_one_engine_does_not_change_the_choice(monkeypatch):
    """Beside other processes the wall time grows for each engine in turn; processor time stays."""
    wall, busy, runs = [0.0], [0.0], [0]
    monkeypatch.setattr(precision_module.time, "perf_counter", lambda: wall[0])
    monkeypatch.setattr(precision_module.time, "process_time", lambda: busy[0])
    for begin in range(12):
        chosen = []
        for seconds in ((0.1, 0.05), (0.1, 0.2)):
            engines = []
            for each in seconds:
                engine = CountedEngine(busy, each, 1)

                def loaded(*pair, engine=engine, each=each, begin=begin, **wants):
                    runs[0] += 1
                    wall[0] += each * (7.0 if (runs[0] + begin) % 3 == 0 else 1.0)
                    return engine(*pair, **wants)

                engines.append(loaded)
            candidates = [
                Candidate(name, name, lambda engine=engine: engine)
                for name, engine in zip(("fp32", "bf16"), engines, strict=True)
            ]
            chosen.append(measured_choice(candidates, CPU, size=(32, 32)).precision)
        assert chosen == ["bf16", "fp32"]
