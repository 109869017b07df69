"""The adaptive demo weights on unseen scenes: better with a lost camera, equal without."""

import sys
from pathlib import Path
from statistics import fmean

import pytest
import torch

from amdanet_ros.classes import DEMO
from amdanet_ros.evaluation.scoring import score_pairs
from amdanet_ros.inference import Predictor, ThermalNormalizer
from amdanet_ros.inference.checkpoint_file import read_checkpoint
from amdanet_ros.network.checkpoint import ADAPTIVE_PREFIXES
from amdanet_ros.synthetic import sample

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from damages import CLEAN, DAMAGES, Damaged, recovered_share

SEEDS = (900_000, 900_003, 900_006)  # the trainings' seeds are 1000 to 4599
BY_NAME = {damage.name: damage for damage in DAMAGES}
LOST = {name: damage for name, damage in BY_NAME.items() if damage.lost}


@pytest.fixture(scope="module")
def scenes():
    conditions = ("day", "night", "glare")
    return [sample(s, (180, 240), c) for s, c in zip(SEEDS, conditions, strict=True)]


@pytest.fixture(scope="module")
def networks():
    found = {}
    for name in ("demo", "demo_adaptive"):
        checkpoint, classes = read_checkpoint(name)
        assert classes.names == DEMO.names
        found[name] = checkpoint.build()
    assert found["demo_adaptive"].config.adaptive_weighting
    return found


@pytest.fixture(scope="module")
def score(networks, scenes):
    known = {}

    def of(name, damage):
        if (name, damage.name) not in known:
            report = score_pairs(
                networks[name], Damaged(scenes, damage), DEMO.names, torch.device("cpu")
            )
            known[name, damage.name] = report.total.scores().mean_iou()
        return known[name, damage.name]

    return of


def tensors(pair):
    rgb = torch.from_numpy(pair.rgb).permute(2, 0, 1)[None].float() / 255
    return rgb, torch.from_numpy(ThermalNormalizer(smoothing=0.0)(pair.thermal)).expand_as(rgb)


def test_it_is_the_demo_network_and_what_adaptive_weighting_adds(networks):
    plain, adaptive = (networks[n].state_dict() for n in ("demo", "demo_adaptive"))
    assert all(torch.equal(adaptive[name], value) for name, value in plain.items())
    assert all(name.startswith(ADAPTIVE_PREFIXES) for name in adaptive.keys() - plain.keys())


def test_whole_pairs_are_seen_as_the_plain_network_sees_them_to_the_bit(networks, scenes):
    for scene in scenes:
        with torch.inference_mode():
            found = networks["demo_adaptive"](*tensors(scene))
            expected = networks["demo"](*tensors(scene))
        assert torch.equal(found.logits, expected.logits)
        assert torch.equal(found.fused, expected.fused)


@pytest.mark.parametrize(
    ("name", "cost", "least"),
    [
        ("RGB overexposed, +2 stops", 0.03, 0.5),
        ("RGB overexposed, +4 stops", 0.25, 0.5),
        ("RGB overexposed, +6 stops", 0.3, 0.5),
        ("RGB dark, -8 stops", 0.1, 0.7),
        ("RGB dark, black", 0.3, 0.5),
        ("thermal flat, noise alone", 0.3, 0.6),
        ("thermal flat, one value", 0.3, 0.6),
    ],
)
def test_a_lost_modality_is_at_least_half_made_up_for(score, name, cost, least):
    clean, plain = score("demo", CLEAN), score("demo", BY_NAME[name])
    assert clean - plain > cost
    assert recovered_share(clean, plain, score("demo_adaptive", BY_NAME[name])) > least


def test_over_all_exposures_that_are_too_bright_half_of_the_loss_comes_back(score):
    bright = [damage for name, damage in BY_NAME.items() if name.startswith("RGB overexposed")]
    assert len(bright) == 4
    plain = fmean(score("demo", damage) for damage in bright)
    adaptive = fmean(score("demo_adaptive", damage) for damage in bright)
    assert recovered_share(score("demo", CLEAN), plain, adaptive) > 0.5


def test_what_a_white_image_does_not_show_comes_from_thermal(score):
    white = LOST["RGB overexposed, white"]
    assert score("demo_adaptive", white) > score("demo", white) + 0.1


@pytest.mark.parametrize("name", ["RGB dark, black", "RGB overexposed, white"])
def test_without_rgb_the_fused_image_has_no_colours_of_its_own(networks, scenes, name):
    for pair in Damaged(scenes, LOST[name]):
        with torch.inference_mode():
            fused = networks["demo_adaptive"](*tensors(pair)).fused[0]
        assert (fused.amax(0) - fused.amin(0)).mean() < 14 / 255


@pytest.mark.parametrize("name", sorted(LOST))
def test_the_lost_modality_has_lost_its_weight(networks, scenes, name):
    camera = 0 if name.startswith("RGB") else 1
    pair = Damaged(scenes, LOST[name])[0]
    with torch.inference_mode():
        weights = networks["demo_adaptive"](*tensors(pair)).reliability[0]
    assert (weights[:, camera] < 0.2).all()


def test_the_predictor_takes_them_by_name():
    predictor = Predictor.from_checkpoint("demo_adaptive", "cpu", "fp32")
    assert "plain path" in predictor.describe()
    assert predictor.classes.names == DEMO.names
