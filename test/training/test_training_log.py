"""The log of a training: what a resume keeps of it, whatever else stands there."""

import json

import pytest

from amdanet_ros.training.training_log import TrainingLog


def steps(folder):
    return [json.loads(line)["step"] for line in (folder / "log.jsonl").open()]


@pytest.fixture
def written(tmp_path):
    log = TrainingLog(tmp_path, 0)
    for step in (1, 2, 3):
        log.write(step, "train", {"loss": 0.5})
    return tmp_path


def test_a_resume_keeps_the_lines_up_to_its_step_and_a_beginning_none(written):
    TrainingLog(written, 2).write(3, "train", {"loss": 0.25})
    assert steps(written) == [1, 2, 3]
    TrainingLog(written, 0)
    assert steps(written) == []


@pytest.mark.parametrize(
    "damage",
    [
        b'{"step": 2, "lo',
        b'{"loss": 1}\n',
        b"[1]\n",
        b"7\n\n",
        b'{"step": "two"}\n',
        b"\xff\xfe\x00\n",
        b"[" * 5000 + b"\n",
    ],
    ids=["cut", "no step", "list", "number", "word", "no text", "deep"],
)
@pytest.mark.parametrize("is_first", [False, True])
def test_what_is_no_line_of_a_log_is_left_out_and_the_others_stay(written, damage, is_first):
    path = written / "log.jsonl"
    path.write_bytes(damage + b"\n" + path.read_bytes() if is_first else path.read_bytes() + damage)
    TrainingLog(written, 3)
    assert steps(written) == [1, 2, 3]
