"""What a program used is read at its next start, by the same call, and nothing else is."""

import pytest

from amdanet_ros.graphs import openvino_core
from amdanet_ros.graphs.graph_cache import GraphCache
from amdanet_ros.graphs.read_ahead import GraphUse, ReadAhead

USE = GraphUse("the key", "CPU", "bf16", 2)


@pytest.fixture
def compiled(monkeypatch):
    """The graphs that were read, in the place of OpenVINO."""
    found = []

    def compile_model(*arguments):
        found.append(arguments)
        return object()

    monkeypatch.setattr(openvino_core, "compile_model", compile_model)
    return found


@pytest.fixture
def cache(tmp_path):
    cache = GraphCache(tmp_path / "graphs")
    cache.put(USE.key, b"graph")
    return cache


def start(cache, program="node", words=()):
    ahead = ReadAhead(program, words, cache)
    if ahead._thread is not None:
        ahead._thread.join()
    return ahead


def test_the_second_start_has_what_the_first_used_once(cache, compiled):
    first = start(cache)
    assert first.take(USE.key) is None and not first.has(USE.key)
    first.note(USE)
    assert not compiled
    second = start(cache)
    assert compiled == [(b"graph", "CPU", "bf16", 2)]
    assert second.has(USE.key) and not second.has("another")
    assert second.take("another") is None
    assert second.take(USE.key) is not None
    assert second.take(USE.key) is None and not second.has(USE.key)


def test_another_program_and_another_call_read_nothing(cache, compiled):
    start(cache, "node", ["-p", "a:=1"]).note(USE)
    for program, words in [("fuse", ["-p", "a:=1"]), ("node", ["-p", "a:=2"]), ("node", [])]:
        assert start(cache, program, words).take(USE.key) is None
    assert not compiled
    assert start(cache, "node", ["-p", "a:=1"]).take(USE.key) is not None


def test_of_a_file_the_content_counts_and_not_its_name(cache, compiled, tmp_path):
    """Launch files write the parameters to a file of another name each time."""
    files = []
    for name, text in [("a.yaml", "size: 1"), ("b.yaml", "size: 1"), ("c.yaml", "size: 2")]:
        files.append(tmp_path / name)
        files[-1].write_text(text)
    start(cache, words=["--params-file", str(files[0])]).note(USE)
    assert start(cache, words=["--params-file", str(files[2])]).take(USE.key) is None
    assert start(cache, words=["--params-file", str(files[1])]).take(USE.key) is not None


def test_what_was_read_for_nothing_is_dropped_and_the_other_graph_noted(cache, compiled):
    start(cache).note(USE)
    cache.put("another", b"another graph")
    second = start(cache)
    second.note(GraphUse("another", "CPU", "fp32", 2))
    assert not second.has(USE.key) and second.take(USE.key) is None
    assert start(cache).take("another") is not None


def test_without_a_graph_in_use_the_next_start_reads_none(cache, compiled):
    start(cache).note(USE)
    start(cache).note(None)
    compiled.clear()
    assert start(cache).take(USE.key) is None
    assert not compiled


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"key": "a", "device": 1}',
        b'{"key": "the key", "device": "CPU", "precision": "fp32", "threads": Infinity}',
        b"\xff",
        b"[" * 5000,
    ],
    ids=["empty", "null", "list", "nothing", "half", "endless", "no text", "deep"],
)
def test_a_note_that_means_nothing_is_none(cache, compiled, kept):
    start(cache).note(USE)
    cache.put(start(cache)._entry, kept)
    compiled.clear()
    assert start(cache).take(USE.key) is None
    assert not compiled


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("error", [RuntimeError, ImportError, MemoryError, KeyError, TypeError])
def test_a_graph_that_cannot_be_read_is_left_to_the_engine(cache, monkeypatch, error):
    def compile_model(*_):
        raise error("broken")

    monkeypatch.setattr(openvino_core, "compile_model", compile_model)
    start(cache).note(USE)
    assert start(cache).take(USE.key) is None


def test_a_graph_that_is_gone_and_a_home_that_is_none_are_no_errors(cache, compiled):
    start(cache).note(USE)
    cache.remove(USE.key)
    assert start(cache).take(USE.key) is None
    nowhere = start(GraphCache(None))
    nowhere.note(USE)
    assert nowhere.take(USE.key) is None
