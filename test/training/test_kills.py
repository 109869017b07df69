"""A training that is killed at critical moments leaves readable files and can be resumed."""

import json
import subprocess
import sys

import pytest
import yaml

from amdanet_ros.cli.main import main
from amdanet_ros.network.checkpoint import load_checkpoint
from amdanet_ros.training.saved_state import load_state
from amdanet_ros.training.trainer import BEST, LAST

CONFIG = {
    "network": {"backbone": "mit_micro", "embed_dim": 16},
    "data": {"source": "folder", "classes": "pst900", "validation_share": 0.2, "workers": 0},
    "augmentation": {"crop": [32, 32], "scales": [1.0]},
    "optimization": {"steps": 3, "warmup_steps": 1, "batch_size": 2, "learning_rate": 1e-3},
    "validate_every": 1,
    "save_every": 1,
    "log_every": 1,
    "threads": 1,
}

# A moment is an audit event of Python, the file that it is for, and how many times it occurs
# first. At a renaming the new file is complete and the old one still exists.
MOMENTS = {
    "amid_the_second_save": ("os.rename", LAST, 2),
    "amid_the_first_best": ("os.rename", BEST, 1),
    "after_a_step_before_its_save": ("open", "log.jsonl", 4),
}

# Children are forked from one process that has imported everything, so they start fast.
SCRIPT = """
import json, os, signal, sys
import amdanet_ros.training.trainer
from amdanet_ros.cli.main import main
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize

config, folder, moments = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
BACKBONES["mit_micro"] = MixTransformerSize(*map(tuple, json.loads(sys.argv[4])))
for name, (event, ending, count) in moments.items():
    child = os.fork()
    if child == 0:
        left = count
        def kill(happens, values):
            global left
            path = values[1 if event == "os.rename" else 0] if happens == event else ""
            if str(path) == os.path.join(folder, name, ending):
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(kill)
        main(["train", config, "--device", "cpu", "--out", os.path.join(folder, name)])
        os._exit(0)
    print(name, os.WTERMSIG(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture
def killed(tmp_path, data_set, child_environment, micro_backbone):
    """Kill a training at each moment; returns the configuration and the folder of the runs."""
    config = tmp_path / "tiny.yaml"
    root = str(data_set(count=5))
    config.write_text(yaml.safe_dump({**CONFIG, "data": {**CONFIG["data"], "root": root}}))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            SCRIPT,
            str(config),
            str(tmp_path),
            json.dumps(MOMENTS),
            micro_backbone,
        ],
        env=child_environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.split("\n")[:-1] == [f"{name} 9" for name in MOMENTS], done.stderr
    return config, tmp_path


def test_a_kill_costs_the_steps_since_the_last_save_and_no_readable_file(killed, log_of):
    config, folder = killed
    for name, step in (("amid_the_second_save", 1), ("after_a_step_before_its_save", 1)):
        state = load_state(folder / name / LAST)
        assert state["step"] == step
        load_checkpoint(folder / name / BEST).build()
    assert not (folder / "amid_the_first_best" / BEST).exists()  # not even an incomplete one

    resumed = folder / "amid_the_second_save"
    assert list(resumed.glob("*.partial"))  # of the interrupted save
    train = ["train", str(config), "--device", "cpu", "--out", str(resumed), "--resume"]
    assert main(train) == 0
    assert not list(resumed.glob("*.partial"))
    lines = [line["step"] for line in log_of(resumed) if line["kind"] == "train"]
    assert lines == [1, 2, 3]
    assert load_state(resumed / LAST)["step"] == 3
