"""The environment of a distributed training: numbers that go together, or one line."""

import pytest

from amdanet_ros.cli.errors import CommandError
from amdanet_ros.cli.fleet_workers import environments
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.processes import processes

_NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "SLURM_LOCALID", "MASTER_ADDR", "MASTER_PORT")


@pytest.fixture
def environment(monkeypatch):
    """A function that sets variables; those of torchrun and Slurm are not there before."""
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)
    return lambda **values: [monkeypatch.setenv(name, value) for name, value in values.items()]


@pytest.mark.parametrize("values", [{}, {"WORLD_SIZE": "1", "RANK": "0"}, {"WORLD_SIZE": " "}])
def test_without_torchrun_there_is_one_process(environment, values):
    environment(**values)
    with processes("cpu") as here:
        assert (here.rank, here.world, here.first) == (0, 1, True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is '0'"),
        ({"WORLD_SIZE": "-1"}, "WORLD_SIZE is '-1'"),
        ({"WORLD_SIZE": "1e3"}, "WORLD_SIZE is '1e3'"),
        ({"WORLD_SIZE": "9" * 40}, "WORLD_SIZE is '99"),
        ({"RANK": "x\ny"}, r"RANK is 'x\\ny'"),
        ({"RANK": "1"}, "RANK is 1 and WORLD_SIZE 1"),
        ({"WORLD_SIZE": "2", "RANK": "7"}, "RANK is 7 and WORLD_SIZE 2"),
        ({"WORLD_SIZE": "2"}, "do not meet.*MASTER_ADDR|do not meet.*RANK"),
        ({"WORLD_SIZE": "2", "RANK": "0"}, "do not meet.*MASTER_ADDR"),
        (
            {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "99999"},
            "do not meet.*port",
        ),
    ],
)
def test_what_does_not_go_together_is_one_line_with_the_fix(environment, values, words):
    environment(**values)
    with pytest.raises(ConfigError, match=f"({words}).*unset RANK") as caught, processes("cpu"):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["LOCAL_RANK", "SLURM_LOCALID"])
def test_a_fleets_rank_takes_its_gpu_or_names_what_is_no_number(environment, name):
    environment(**{name: "1"})
    (own,) = environments(None, 5, 1, ["0", "1"], is_rank=True)
    assert own["CUDA_VISIBLE_DEVICES"] == "1"
    environment(**{name: "first"})
    with pytest.raises(CommandError, match=f"{name} is 'first'.*unset it"):
        environments(None, 5, 1, ["0", "1"], is_rank=True)
