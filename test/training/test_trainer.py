"""The training loop: learning, resuming, finishing steps, saved files."""

import errno
import os
import re
import shutil

import pytest
import torch

from amdanet_ros.network.checkpoint import load_checkpoint
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.experiment import build_loss, build_network
from amdanet_ros.training.saved_state import SavedStateError, load_state, save_state
from amdanet_ros.training.trainer import BEST, LAST, Trainer


def trained(config, folder, blobs, here, resume=False, stop_at=None):
    losses = {}
    trainer = Trainer(config, folder, blobs(6), blobs(2, first=100), here, resume)
    result = trainer.run(stop_at, on_step=lambda step, terms: losses.update({step: terms["total"]}))
    return trainer, result, losses


def assert_same_state(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


FINISH = {"share": 0.5, "crop": [48, 48], "batch_size": 1}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, micro, blobs, here):
    """A training from the first to the last step: its trainer, losses and saved state."""
    folder = tmp_path_factory.mktemp("whole")
    trainer, _, losses = trained(micro(finish=FINISH), folder, blobs, here)
    return trainer, losses, load_state(folder / LAST)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_resumed_training_equals_an_uninterrupted_one_bit_by_bit(
    tmp_path, micro, blobs, here, workers, uninterrupted
):
    whole, losses, saved = uninterrupted  # without workers, which change nothing either
    config = micro(finish=FINISH, data__workers=workers)
    for stop_at in (1, 3):
        folder = tmp_path / f"stopped_at_{stop_at}"
        _, result, before = trained(config, folder, blobs, here, stop_at=stop_at)
        assert not result.finished
        resumed, result, after = trained(config, folder, blobs, here, resume=True)
        assert result.finished
        assert before | after == losses
        assert_same_state(whole.network.state_dict(), resumed.network.state_dict())
        assert_same_state(whole.average.state, resumed.average.state)
        assert saved["best_iou"] == load_state(folder / LAST)["best_iou"]


@pytest.fixture(scope="module")
def stopped_once(tmp_path_factory, micro, blobs, here):
    """The folder of a training that was stopped at its first step; it stays as it is."""
    folder = tmp_path_factory.mktemp("stopped")
    trained(micro(), folder, blobs, here, stop_at=1)
    return folder


@pytest.fixture
def stopped(stopped_once, tmp_path):
    """A copy of that folder."""
    return shutil.copytree(stopped_once, tmp_path / "stopped")


def test_a_training_that_is_there_is_not_overwritten(stopped, micro, blobs, here):
    before = {path.name: path.read_bytes() for path in stopped.iterdir()}
    with pytest.raises(SavedStateError, match="holds a training already.*--resume"):
        Trainer(micro(seed=5), stopped, blobs(6), blobs(2), here)
    assert {path.name: path.read_bytes() for path in stopped.iterdir()} == before


@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_what_is_kept_can_be_a_mean_with_the_initial_weights(
    tmp_path, micro, blobs, here, ema_decay
):
    changes = {
        "optimization__ema_decay": ema_decay,
        "optimization__steps": 2,
        "validate_every": 100,
    }
    trained(micro(**changes), tmp_path / "start", blobs, here)
    initial = load_checkpoint(tmp_path / "start" / BEST).state
    changes |= {"seed": 3, "initial": str(tmp_path / "start" / BEST)}
    kept = {}
    for share in (0.0, 0.25):
        folder = tmp_path / f"share_{share}"
        _, result, _ = trained(micro(**changes, initial_share=share), folder, blobs, here)
        assert result.finished
        kept[share] = load_checkpoint(folder / BEST).state
    for name, learned in kept[0.0].items():
        if learned.is_floating_point():
            expected = 0.75 * learned + 0.25 * initial[name]
            torch.testing.assert_close(kept[0.25][name], expected)
    assert not torch.equal(kept[0.0]["backbone.norm1.weight"], initial["backbone.norm1.weight"])


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_mean_without_initial_weights_or_with_them_alone_is_refused(
    tmp_path, micro, blobs, here, share
):
    with pytest.raises(ConfigError, match=f"initial_share is {share}.*needs initial"):
        trained(micro(initial_share=share), tmp_path, blobs, here)


def test_the_number_of_classes_is_that_of_the_class_table(micro):
    assert build_network(micro(data__classes="pst900")).config.num_classes == 5
    with pytest.raises(ConfigError, match=r"network\.num_classes follows from data\.classes"):
        build_network(micro(network__num_classes=5))


def test_the_loss_falls(tmp_path, micro, blobs, here):
    # The same pair in each step, nothing random: the result holds on any CPU.
    still = {"dropout": 0.0, "drop_path_rate": 0.0, "masking_rate": 0.0}
    config = micro(
        network={"backbone": "mit_micro", "embed_dim": 16, **still},
        augmentation={"crop": [48, 48], "scales": [1.0], "flip": 0.0},
        optimization={"steps": 15, "warmup_steps": 2, "batch_size": 2, "learning_rate": 1e-3},
        validate_every=15,
        save_every=15,
    )
    losses = []
    trainer = Trainer(config, tmp_path, blobs(1), blobs(1), here)
    result = trainer.run(on_step=lambda _, terms: losses.append(terms["total"]))
    assert losses[-1] < 0.9 * losses[0]
    assert result.best_step == 15


def test_the_loss_is_the_one_that_the_yaml_asks_for(micro):
    pytest.importorskip("kornia")
    config = micro(loss={"alpha1": 0.3, "alpha3": 0.7, "dice_rule": "released", "lovasz": 0.5})
    loss = build_loss(config)
    assert (loss.config.alpha1, loss.config.alpha2, loss.config.alpha3) == (0.3, 0.5, 0.7)
    assert (loss.config.dice_rule, loss.config.lovasz) == ("released", 0.5)
    with pytest.raises(ConfigError, match="loss: dice rule"):
        build_loss(micro(loss__dice_rule="wrong"))


def test_the_best_weights_build_a_network_with_its_classes(tmp_path, micro, blobs, here):
    trainer, _, _ = trained(micro(), tmp_path, blobs, here)
    checkpoint = load_checkpoint(tmp_path / BEST)
    assert checkpoint.classes == trainer.validation.classes.names
    assert checkpoint.build().config.embed_dim == 16


def test_accumulated_parts_move_the_weights_as_often_as_whole_batches(tmp_path, micro, blobs, here):
    config = micro(optimization__accumulate=2, optimization__batch_size=4)
    trainer, result, _ = trained(config, tmp_path, blobs, here)
    moved = {int(state["step"]) for state in trainer.optimizer.state.values()}
    assert moved == {result.step}


@pytest.mark.parametrize("resume", [False, True])
def test_a_disk_without_room_for_the_states_is_said_before_the_first_step(
    resume, stopped, stopped_state, tmp_path, micro, blobs, here, monkeypatch
):
    folder, sizes = stopped if resume else tmp_path / "new", []

    def allocate(_file, _begin, size):
        sizes.append(size)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", allocate)
    monkeypatch.setattr(Trainer, "run", lambda *_: pytest.fail("begins"))
    words = rf"{re.escape(str(folder))} cannot take the saved states .* \d+ MB \(no space left"
    with pytest.raises(OSError, match=words):
        trained(micro(), folder, blobs, here, resume)
    weights = sum(4 * each.numel() for each in stopped_state["network"].values())
    assert 4 * weights < sizes[0] < 6 * weights  # two of the optimiser, the average, the best
    assert folder.exists() == resume


def test_a_write_that_fails_leaves_the_last_state_readable(tmp_path):
    path = tmp_path / LAST
    save_state(path, {"step": 1})
    with pytest.raises(Exception, match="pickle"):
        save_state(path, {"step": 2, "unpicklable": lambda: None})
    assert load_state(path) == {"step": 1}


def test_a_damaged_state_is_named(stopped, micro, blobs, here):
    (stopped / LAST).write_bytes(b"half of it")
    with pytest.raises(SavedStateError, match=r"last\.pt is damaged"):
        trained(micro(), stopped, blobs, here, resume=True)


class Calls:
    """Would run code in a reader that trusts the file."""

    def __reduce__(self):
        return os.system, ("touch called",)


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def without(state, key):
    return {name: value for name, value in state.items() if name != key}


SPOILED = {
    "no mapping": lambda state: [1, 2],
    "empty": lambda state: {},
    "code": lambda state: {**state, "extra": Calls()},
    "deep": lambda state: {**state, "extra": deep(100)},
    "wide": lambda state: {**state, "extra": torch.zeros(1).expand(2**40)},
    "no network": lambda state: without(state, "network"),
    "no average": lambda state: without(state, "average"),
    "other weights": lambda state: {**state, "network": {"weight": torch.zeros(3)}},
    "text for weights": lambda state: {**state, "network": "none"},
    "text for a step": lambda state: {**state, "step": "x"},
    "a step behind the end": lambda state: {**state, "step": 10**12},
    "no configuration": lambda state: {**state, "config": None},
    "no optimiser": lambda state: {**state, "optimizer": []},
    "another optimiser": lambda state: {
        **state, "optimizer": {**state["optimizer"], "param_groups": []},
    },
    "other shapes": lambda state: {
        **state,
        "optimizer": {
            **state["optimizer"],
            "state": {
                key: {**kept, "exp_avg": torch.zeros(1, 2, 3)}
                for key, kept in state["optimizer"]["state"].items()
            },
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def stopped_state(stopped_once):
    return load_state(stopped_once / LAST)


@pytest.mark.parametrize("kind", SPOILED)
def test_a_state_that_is_none_is_refused_by_name(
    kind, stopped_state, tmp_path, micro, blobs, here, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    torch.save(SPOILED[kind](stopped_state), tmp_path / LAST)
    with pytest.raises(SavedStateError, match=r"last\.pt .*delete it and start again"):
        trained(micro(), tmp_path, blobs, here, resume=True)
    assert not (tmp_path / "called").exists()


def test_resuming_with_another_configuration_is_refused(stopped, micro, blobs, here):
    with pytest.raises(SavedStateError, match=r"optimization\.learning_rate"):
        trained(micro(optimization__learning_rate=0.5), stopped, blobs, here, resume=True)


def test_a_state_of_before_an_option_existed_goes_on(stopped, micro, blobs, here):
    state = load_state(stopped / LAST)
    del state["config"]["loss"]["dice_rule"]  # at its default in this configuration
    save_state(stopped / LAST, state)
    assert trained(micro(), stopped, blobs, here, resume=True, stop_at=1)[0].step == 1
    with pytest.raises(SavedStateError, match=r"loss\.dice_rule"):
        trained(micro(loss__dice_rule="released"), stopped, blobs, here, resume=True)


def test_a_log_is_cut_back_to_the_step_of_a_resume(tmp_path, micro, blobs, here, log_of):
    trained(micro(save_every=2), tmp_path, blobs, here, stop_at=2)
    with (tmp_path / "log.jsonl").open("a") as stream:
        stream.write('{"step": 3, "kind": "train"}\n{"step": 4, "ki')  # killed after the save
    trained(micro(save_every=2), tmp_path, blobs, here, resume=True)
    assert [line["step"] for line in log_of(tmp_path) if line["kind"] == "train"] == [1, 2, 3, 4]


def test_a_batch_that_parts_do_not_divide_is_refused(tmp_path, micro, blobs, here):
    with pytest.raises(ConfigError, match="multiple of"):
        Trainer(micro(optimization__accumulate=3), tmp_path, blobs(6), blobs(2), here)


def test_a_loss_that_explodes_says_what_to_do(tmp_path, micro, blobs, here):
    config = micro(optimization__learning_rate=100.0)
    with pytest.raises(FloatingPointError, match=r"lower optimization\.learning_rate"):
        trained(config, tmp_path, blobs, here)
