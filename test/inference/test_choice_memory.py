"""A choice of an engine is kept for the next start, unless it was in doubt or does not run."""

import pytest

from amdanet_ros.graphs.graph_cache import GraphCache
from amdanet_ros.inference.choice_memory import ChoiceMemory
from amdanet_ros.inference.errors import InferenceError
from amdanet_ros.inference.precision import Candidate, PrecisionChoice


def broken():
    raise InferenceError("no such device")


CANDIDATES = [
    Candidate("torch fp32", "fp32", lambda: "torch"),
    Candidate("OpenVINO bf16", "bf16", lambda: "OpenVINO"),
    Candidate("broken", "fp32", broken),
]


def choice(name="OpenVINO bf16", is_sure=True):
    return PrecisionChoice("measured", "bf16", "4 times faster", 2e-6, name, is_sure)


@pytest.fixture
def memory(tmp_path):
    return ChoiceMemory(GraphCache(tmp_path), "street 240x320")


def test_nothing_is_recalled_of_a_first_start(memory):
    assert memory.recall(CANDIDATES) is None


def test_the_engine_of_the_choice_is_built_with_its_reason_and_pace(memory):
    memory.keep(choice())
    found = memory.recall(CANDIDATES)
    assert (found.engine, found.precision) == ("OpenVINO", "bf16")
    assert found.reason == "4 times faster; measured at an earlier start"
    assert found.seconds_per_pixel == 2e-6


def test_another_key_is_another_choice(memory):
    memory.keep(choice())
    assert ChoiceMemory(memory.cache, "street 480x640").recall(CANDIDATES) is None


def test_a_choice_in_doubt_is_measured_again(memory):
    memory.keep(choice(is_sure=False))
    assert memory.recall(CANDIDATES) is None


@pytest.mark.parametrize("name", ["broken", "OpenVINO of another version"])
def test_an_engine_that_does_not_run_now_is_forgotten(memory, name, tmp_path):
    memory.keep(choice(name))
    assert memory.recall(CANDIDATES) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"name": "OpenVINO bf16"}', b"[" * 5000], ids=range(6)
)
def test_what_is_no_choice_is_forgotten(memory, content, tmp_path):
    memory.keep(choice())
    memory.cache.put("choice 1 street 240x320", content)
    assert memory.recall(CANDIDATES) is None
    assert not list(tmp_path.iterdir())


def test_without_a_folder_nothing_is_kept():
    memory = ChoiceMemory(GraphCache(None), "street 240x320")
    memory.keep(choice())
    assert memory.recall(CANDIDATES) is None
