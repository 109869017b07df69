"""One minute of fuzzing over all targets, and the corpus of each."""

import pytest

from fuzz import campaign
from fuzz.campaign import CORPUS, default_engine, fuzz
from fuzz.target import Target
from fuzz.targets import TARGETS, target_of

SECONDS = 60.0

of_each_target = pytest.mark.parametrize("name", TARGETS)


@of_each_target
def test_fuzzed_reader_ends_in_documented_errors_alone(name, tmp_path):
    each = SECONDS / len(TARGETS)
    outcome = fuzz(target_of(name), each, default_engine(), tmp_path, keep=False, seed=1)
    assert outcome.fault == ""
    assert outcome.inputs > 20


@of_each_target
def test_inputs_that_were_kept_end_in_documented_errors_alone(name):
    target = target_of(name)
    for data in [*target.seeds(), *(path.read_bytes() for path in (CORPUS / name).glob("*"))]:
        target(data)


def test_error_that_is_not_documented_is_a_fault():
    def run(data):
        raise {b"a": KeyError("a"), b"b": ValueError("two\nlines"), b"c": ValueError("fine")}[data]

    target = Target("example", run, (ValueError,), list)
    target(b"c")
    with pytest.raises(KeyError):
        target(b"a")
    with pytest.raises(AssertionError, match="no sentence"):
        target(b"b")


def test_a_long_time_is_shared_by_processes_that_follow_each_other(tmp_path, monkeypatch):
    """Under atheris a process grows with its inputs, until its bound on memory ends it."""
    commands = []

    def run(command, root, environment, log, limit):
        commands.append(command)
        log.write("stat::number_of_executed_units: 7\n")
        return 0

    monkeypatch.setattr(campaign, "_status", run)
    target = Target("pairs", lambda data: None, (), list)
    outcome = fuzz(target, 200.0, "atheris", tmp_path, keep=False, seed=5)
    assert (outcome.inputs, outcome.seed) == (21, 5)
    assert [_option(each, "-max_total_time") for each in commands] == ["67"] * 3
    assert [_option(each, "-seed") for each in commands] == ["5", "6", "7"]
    assert len({tuple(each[-3:]) for each in commands}) == 1  # what one finds the next has


def _option(command, name):
    return next(word for word in command if word.startswith(name)).partition("=")[2]
