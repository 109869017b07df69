"""The logic around CUDA graphs, with a recorder that works on any device."""

import pytest
import torch

from amdanet_ros.inference.graphed_engine import GraphedEngine
from amdanet_ros.inference.plain_engine import EngineOutput


class CountingEngine:
    """Doubles and adds; counts its runs."""

    name = "counting"

    def __init__(self):
        self.runs = 0

    def __call__(self, rgb, thermal, want_logits=True, want_fused=True):
        self.runs += 1
        return EngineOutput(
            rgb * 2 + thermal if want_logits else None, rgb + thermal if want_fused else None
        )

    def size_dependent(self):
        return ["kept"]


class Recorder:
    """Records as a CUDA graph does: each replay writes into the same outputs."""

    def __init__(self, error=None, wrong=False):
        self.records, self.replays = 0, 0
        self.error, self.wrong = error, wrong

    def __call__(self, run):
        if self.error:
            raise self.error
        self.records += 1
        output = EngineOutput(*(None if part is None else part.clone() for part in run()))

        def replay():
            self.replays += 1
            for target, part in zip(output, run(), strict=True):
                if target is not None:
                    target.copy_(part + (1 if self.wrong else 0))

        return output, replay


def pair(height=4, width=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.rand(1, 3, height, width, generator=generator),
        torch.rand(1, 1, height, width, generator=generator),
    )


def test_each_frame_gets_its_own_result():
    engine, recorder = CountingEngine(), Recorder()
    graphed = GraphedEngine(engine, recorder)
    for seed in range(3):
        rgb, thermal = pair(seed=seed)
        output = graphed(rgb, thermal)
        torch.testing.assert_close(output.logits, rgb * 2 + thermal)
        torch.testing.assert_close(output.fused, rgb + thermal)
    assert recorder.records == 1
    assert recorder.replays == 1 + 3
    assert "CUDA graphs" in graphed.name


def test_inputs_are_left_as_they_are():
    graphed = GraphedEngine(CountingEngine(), Recorder())
    first, second = pair(seed=1), pair(seed=2)
    copy = first[0].clone()
    graphed(*first)
    graphed(*second)
    assert torch.equal(first[0], copy)


def test_each_size_and_choice_of_outputs_is_recorded_once():
    recorder = Recorder()
    graphed = GraphedEngine(CountingEngine(), recorder)
    for _ in range(2):
        graphed(*pair(4, 5))
        graphed(*pair(6, 5))
        only = graphed(*pair(4, 5), want_fused=False)
        assert only.fused is None
    assert recorder.records == 3


def test_the_recorded_sizes_stay_bounded():
    recorder = Recorder()
    graphed = GraphedEngine(CountingEngine(), recorder, kept=2)
    for height in (4, 5, 6, 4):
        rgb, thermal = pair(height)
        torch.testing.assert_close(graphed(rgb, thermal).fused, rgb + thermal)
    assert recorder.records == 4
    assert len(graphed._recordings) == 2


def test_what_depends_on_the_size_is_kept_alive_with_the_recording():
    graphed = GraphedEngine(CountingEngine(), Recorder())
    graphed(*pair())
    (recording,) = graphed._recordings._results.values()
    assert recording.kept_alive == ["kept"]


@pytest.mark.parametrize(
    ("recorder", "words"),
    [
        (Recorder(error=RuntimeError("operation not permitted\nmore")), "not permitted"),
        (Recorder(wrong=True), "departs"),
    ],
)
def test_a_recording_that_fails_or_departs_leaves_the_engine_as_it_is(recorder, words):
    graphed = GraphedEngine(CountingEngine(), recorder)
    for seed in range(2):
        rgb, thermal = pair(seed=seed)
        torch.testing.assert_close(graphed(rgb, thermal).logits, rgb * 2 + thermal)
    assert words in graphed.name
    assert "\n" not in graphed.name


def test_too_little_memory_is_not_hidden():
    graphed = GraphedEngine(CountingEngine(), Recorder(error=torch.OutOfMemoryError("no")))
    with pytest.raises(torch.OutOfMemoryError):
        graphed(*pair())
