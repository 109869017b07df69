"""Damage of images acts like a camera's fault; the table has its numbers."""

import sys
from pathlib import Path

import numpy as np
import pytest

from amdanet_ros.evaluation.exposure import exposed
from amdanet_ros.synthetic import sample

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import damage as benchmark
from damages import CLEAN, DAMAGES, SENSOR_NOISE, Damaged, faded, recovered_share


@pytest.fixture(scope="module")
def pair():
    return sample(900_000, (60, 80), "day")


def test_exposure_is_in_stops_of_light():
    image = np.array([[[0, 10, 100]]], np.uint8)
    assert exposed(image, 2.2).tolist() == [[[0, 20, 200]]]
    assert exposed(image, 4.4).tolist() == [[[0, 40, 255]]]
    assert exposed(image, -4.4).tolist() == [[[0, 2, 25]]]


def test_fading_shrinks_the_scene_and_keeps_the_noise():
    scene = np.full((200, 200), 29_000, np.uint16)
    scene[:100] = 31_000
    half = faded(scene, 0.5, 1).astype(float)
    assert half[:100].mean() - half[100:].mean() == pytest.approx(1000, abs=1)
    assert half[:100].std() == pytest.approx(SENSOR_NOISE, rel=0.05)
    nothing = faded(scene, 0.0, 1).astype(float)
    assert nothing[:100].mean() == pytest.approx(nothing[100:].mean(), abs=0.3)
    assert np.array_equal(faded(scene, 0.5, 1), faded(scene, 0.5, 1))
    assert not np.array_equal(faded(scene, 0.5, 1), faded(scene, 0.5, 2))


def test_each_damage_touches_its_modality_alone(pair):
    for damage in DAMAGES:
        found = Damaged([pair], damage)[0]
        of_rgb = damage.kind.startswith("RGB")
        kept, hurt = ("thermal", "rgb") if of_rgb else ("rgb", "thermal")
        assert np.array_equal(getattr(found, kept), getattr(pair, kept)), damage.name
        assert not np.array_equal(getattr(found, hurt), getattr(pair, hurt)), damage.name
        assert getattr(found, hurt).dtype == getattr(pair, hurt).dtype
        assert found.labels is pair.labels
    clean = Damaged([pair], CLEAN)[0]
    assert np.array_equal(clean.rgb, pair.rgb)
    assert np.array_equal(clean.thermal, pair.thermal)


def test_strength_grows_within_a_kind(pair):
    assert len({damage.name for damage in DAMAGES}) == len(DAMAGES)
    for kind in {damage.kind for damage in DAMAGES}:
        of_kind = [damage for damage in DAMAGES if damage.kind == kind]
        name = "rgb" if kind.startswith("RGB") else "thermal"
        changes = [
            np.abs(getattr(Damaged([pair], d)[0], name).astype(float) - getattr(pair, name)).mean()
            for d in of_kind
        ]
        # Noise and one value are both a total loss: neither is stronger.
        steps = changes[:-1] if kind == "thermal flat" else changes
        assert steps == sorted(steps), kind


def test_lost_means_that_nothing_of_the_image_is_left(pair):
    other = sample(900_001, (60, 80), "night")
    lost = [damage for damage in DAMAGES if damage.lost]
    assert len(lost) == 4
    for damage in lost:
        name = "rgb" if damage.kind.startswith("RGB") else "thermal"
        found = (getattr(Damaged([p], damage)[0], name).astype(float) for p in (pair, other))
        first, second = (image - image.mean() for image in found)
        assert np.abs(first - second).max() <= 1, damage.name


def test_recovered_share():
    assert recovered_share(0.9, 0.5, 0.7) == pytest.approx(0.5)
    assert recovered_share(0.9, 0.5, 0.4) == pytest.approx(-0.25)
    assert np.isnan(recovered_share(0.9, 0.895, 0.9))


def test_table_has_a_line_for_each_damage():
    everything = (CLEAN, *DAMAGES)
    scores = {
        "plain": {d.name: 0.9 if d is CLEAN else 0.5 for d in everything},
        "adaptive": {d.name: 0.9 if d is CLEAN else 0.8 for d in everything},
    }
    lines = benchmark.table(scores, ["plain", "adaptive"]).splitlines()
    assert len(lines) == 2 + len(everything)
    assert lines[2] == "| clean |  | 90.0 | 90.0 |  |"
    assert lines[-1] == "| thermal flat | one value | 50.0 | 80.0 | 75 % |"
