"""The adaptive demo weights on scenes never seen: a lost camera costs less, whole pairs little."""

import pytest
import torch

from amdanet_ros.classes import DEMO
from amdanet_ros.evaluation.damage import CLEAN, DAMAGES, Damaged, recovered_share
from amdanet_ros.evaluation.scoring import score_pairs
from amdanet_ros.inference import Predictor, ThermalNormalizer
from amdanet_ros.inference.checkpoint_file import read_checkpoint
from amdanet_ros.synthetic import sample

SEEDS = (900_000, 900_003, 900_006)  # the trainings' seeds are 1000 to 4599
LOST = {damage.name: damage for damage in DAMAGES if damage.lost}


@pytest.fixture(scope="module")
def scenes():
    conditions = ("day", "night", "glare")
    return [sample(s, (240, 320), c) for s, c in zip(SEEDS, conditions, strict=True)]


@pytest.fixture(scope="module")
def networks():
    found = {}
    for name in ("demo", "demo_adaptive"):
        checkpoint, classes = read_checkpoint(name)
        assert classes.names == DEMO.names
        found[name] = checkpoint.build()
    assert found["demo_adaptive"].config()["adaptive_weighting"]
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


def test_whole_pairs_lose_little(score):
    assert score("demo_adaptive", CLEAN) > score("demo", CLEAN) - 0.05


@pytest.mark.parametrize(
    ("name", "least"),
    [("RGB dark, black", 0.25), ("thermal flat, noise alone", 0.5)],
)
def test_a_lost_modality_is_partly_made_up_for(score, name, least):
    clean, plain = score("demo", CLEAN), score("demo", LOST[name])
    assert clean - plain > 0.3
    assert recovered_share(clean, plain, score("demo_adaptive", LOST[name])) > least


@pytest.mark.parametrize("name", sorted(LOST))
def test_the_lost_modality_has_lost_its_weight(networks, scenes, name):
    camera = 0 if name.startswith("RGB") else 1
    pair = Damaged(scenes, LOST[name])[0]
    rgb = torch.from_numpy(pair.rgb).permute(2, 0, 1)[None].float() / 255
    thermal = torch.from_numpy(ThermalNormalizer(smoothing=0.0)(pair.thermal)).expand_as(rgb)
    with torch.inference_mode():
        weights = networks["demo_adaptive"](rgb, thermal).reliability[0]
    assert (weights[:, camera] < 0.6).all()


def test_the_predictor_takes_them_by_name():
    predictor = Predictor.from_checkpoint("demo_adaptive", "cpu", "fp32")
    assert "plain path" in predictor.describe()
    assert predictor.classes.names == DEMO.names
