"""Learning rates, averaged weights, precision, logged images and progress of a training."""

import contextlib
import io
import math
import re
from types import SimpleNamespace

import pytest
import torch

from amdanet_ros.network.checkpoint import load_checkpoint
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.experiment import build_network
from amdanet_ros.training.trainer import BEST, Trainer

STILL = {"dropout": 0.0, "drop_path_rate": 0.0, "masking_rate": 0.0}


@pytest.fixture(scope="module")
def run(tmp_path_factory, micro, blobs, here, log_of):
    """Train three steps with every option on; return the results."""
    folder = tmp_path_factory.mktemp("run")
    config = micro(
        tensorboard=True,
        validate_every=3,
        save_every=3,
        optimization__steps=3,
        optimization__warmup_steps=2,
    )
    screen = io.StringIO()
    with contextlib.redirect_stderr(screen):
        trainer = Trainer(config, folder, blobs(6), blobs(5, first=100), here)
        trainer.run()
    return SimpleNamespace(
        folder=folder, config=config, trainer=trainer, log=log_of(folder), screen=screen.getvalue()
    )


def one_step(config, folder, blobs, here, pairs=6):
    """Train one step; returns the trainer and the loss."""
    losses = []
    trainer = Trainer(config, folder, blobs(pairs), blobs(1), here)
    trainer.run(stop_at=1, on_step=lambda _, terms: losses.append(terms["total"]))
    return trainer, losses[0]


def test_the_rate_of_each_step_is_the_courses(run):
    rates = [line["rate"] for line in run.log if line["kind"] == "train"]
    assert rates == pytest.approx([0.5e-3, 1e-3, 1e-3 * (1 / 3) ** 0.9])


def test_the_averaged_weights_are_the_ones_validated_and_kept(run):
    kept = load_checkpoint(run.folder / BEST).state
    average, last = run.trainer.average.state, run.trainer.network.state_dict()
    assert all(torch.equal(kept[name], average[name]) for name in kept)
    moved = [name for name in kept if not torch.equal(kept[name], last[name])]
    assert len(moved) > 100  # the training continues with the weights that are not averaged


def test_tensorboard_gets_scalars_and_images(run):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    shown = events.EventAccumulator(str(run.folder / "tensorboard")).Reload()
    losses = [line["total"] for line in run.log if line["kind"] == "train"]
    assert [e.value for e in shown.Scalars("train/total")] == pytest.approx(losses)
    assert [e.step for e in shown.Scalars("train/total")] == [1, 2, 3]
    (validation,) = (line for line in run.log if line["kind"] == "validation")
    for tag, value in (
        ("validation/mIoU", validation["mIoU"]),
        ("validation/iou/Background", validation["iou"]["Background"]),
        ("validation/conditions/day", validation["conditions"]["day"]),
    ):
        assert shown.Scalars(tag)[0].value == pytest.approx(value)
    (image,) = shown.Images("validation")
    assert image.step == 3
    assert image.width > 5 * 320 and image.height > 4 * 320  # five columns, four pairs


def test_the_progress_bar_tells_the_time_left_and_the_loss(run):
    bars = re.findall(r"training: .*?(\d)/3 \[(\d\d:\d\d)<(\d\d:\d\d|\?), .*?\]", run.screen)
    assert {steps for steps, _, _ in bars} >= {"1", "3"}
    assert ("3", bars[-1][1], "00:00") == bars[-1]
    assert re.search(r"loss=\d\.\d{3}, mIoU=", run.screen)


def test_mixed_precision_computes_in_bf16_and_keeps_weights_in_float32(
    tmp_path, micro, blobs, here, monkeypatch
):
    seen = set()
    forward = torch.nn.Linear.forward
    monkeypatch.setattr(
        torch.nn.Linear,
        "forward",
        lambda self, x: (out := forward(self, x), seen.add(out.dtype))[0],
    )
    _, full = one_step(micro(optimization__precision="fp32"), tmp_path / "fp32", blobs, here)
    assert seen == {torch.float32}
    seen.clear()
    trainer, mixed = one_step(micro(optimization__precision="bf16"), tmp_path / "b", blobs, here)
    assert seen == {torch.bfloat16}
    assert {p.dtype for p in trainer.network.parameters()} == {torch.float32}
    assert mixed == pytest.approx(full, rel=0.03) and mixed != full
    with pytest.raises(ConfigError, match="auto, fp32, bf16"):
        Trainer(micro(optimization__precision="fp16"), tmp_path, blobs(6), blobs(1), here)


def test_the_gradient_of_accumulated_parts_is_their_mean(tmp_path, micro, blobs, here):
    """With one pair both parts of a batch are equal, and so is their mean."""
    still = {"backbone": "mit_micro", "embed_dim": 16, **STILL}
    crop = {"crop": [48, 48], "scales": [1.0], "flip": 0.0}
    moments = []
    for parts in (1, 2):
        config = micro(network=still, augmentation=crop, optimization__accumulate=parts)
        config.optimization.batch_size = 2 * parts
        trainer, _ = one_step(config, tmp_path / str(parts), blobs, here, pairs=1)
        states = trainer.optimizer.state.values()
        moments.append(torch.cat([state["exp_avg"].flatten() for state in states]))
    size = float(moments[0].norm())
    assert size > 0
    assert float((moments[0] - moments[1]).norm()) < 1e-3 * size


def test_the_seed_decides_weights_and_steps(tmp_path, micro, blobs, here):
    first, second = (one_step(micro(seed=s), tmp_path / str(s), blobs, here)[1] for s in (1, 2))
    assert math.isfinite(first) and first != second
    again = build_network(micro(seed=1)).state_dict()
    other = build_network(micro(seed=2)).state_dict()
    same = [torch.equal(again[k], v) for k, v in build_network(micro(seed=1)).state_dict().items()]
    assert all(same)
    assert any(not torch.equal(again[k], v) for k, v in other.items())


def test_imagenet_weights_start_both_branches(tmp_path, micro):
    state = build_network(micro(seed=5)).backbone.state_dict()
    mit = {k: v for k, v in state.items() if k.startswith(("patch_embed", "block", "norm"))}
    torch.save(mit, tmp_path / "mit_b0.pth")
    started = build_network(micro(imagenet=str(tmp_path / "mit_b0.pth"))).backbone.state_dict()
    for name, value in mit.items():
        assert torch.equal(started[name], value)
        assert torch.equal(started[f"extra_{name}"], value)
