"""One minute of fuzzing over all targets, and the corpus of each."""

import pytest

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
