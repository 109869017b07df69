"""Which trainings share a run."""

from dataclasses import dataclass

import pytest

from amdanet_ros.reproduction.presets import PRESETS, experiments
from amdanet_ros.reproduction.runner import run_name
from amdanet_ros.training import deciding_values
from amdanet_ros.training.config import TrainingConfig


@pytest.fixture
def name(tmp_path):
    """Return the name of a tiny run with changes, a seed and a folder of the scenes."""

    def of(*changes, seed=0, root=tmp_path):
        base = experiments(PRESETS["tiny"], ["scenes"], root)["scenes"]
        return run_name("scenes", base.config(changes, seed))

    return of


def test_what_changes_the_result_is_another_run(name):
    changes = ((), ("loss.alpha1=0.3",), ("network.local_alignment=cbam",), ("network.sfe=false",))
    names = [name(*c, seed=seed) for c in changes for seed in (0, 1)]
    assert len(set(names)) == 8
    assert all(n.startswith(f"scenes_s{i % 2}_") for i, n in enumerate(names))


def test_what_does_not_change_the_result_is_the_same_run(name, tmp_path):
    same = ("data.workers=2", "threads=2", "log_every=7", "save_every=9", "tensorboard=true")
    assert name(*same, root=tmp_path / "elsewhere") == name() == name("loss.alpha1=1")


def test_a_later_option_at_its_default_leaves_the_run_its_name(name, monkeypatch):
    @dataclass
    class LaterConfig(TrainingConfig):
        option: float = 0.5

    before = run_name("scenes", TrainingConfig())
    monkeypatch.setattr(deciding_values, "TrainingConfig", LaterConfig)
    assert run_name("scenes", LaterConfig()) == before
    assert run_name("scenes", LaterConfig(option=0.6)) != before
