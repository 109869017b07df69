"""Objects of other images pasted into training pairs."""

import cv2
import numpy as np
import pytest

from amdanet_ros.training.batches import StepSampler, training_batches
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.experiment import build_pairs, object_pasting
from amdanet_ros.training.labelled_pair import LabelledPair
from amdanet_ros.training.object_pasting import Distance, with_objects_of
from amdanet_ros.training.plan import training_plan


def plain(value, labels):
    labels = np.array(labels, np.uint8)
    rgb = np.full((*labels.shape, 3), value, np.uint8)
    return LabelledPair("a", rgb, np.full(labels.shape, value + 1, np.uint8), labels)


@pytest.mark.parametrize("flipped", [False, True])
def test_an_object_comes_with_both_images_and_its_unknown_rim(flipped):
    other = np.full((100, 100), 1, np.uint8)
    other[40:60, 40:50] = 255
    other[42:58, 42:48] = 7
    other[0:5, 0:5] = 255  # unknown, but far from any object
    pasted = with_objects_of(plain(50, np.zeros((100, 100))), plain(200, other), [7, 8], flipped)
    wanted = other[:, ::-1] if flipped else other
    taken = pasted.labels != 0
    assert (pasted.labels[taken] == wanted[taken]).all() and (pasted.labels == 7).sum() == 96
    assert not taken[:10].any() and (pasted.labels == 255).sum() > 20
    assert (pasted.rgb[taken] == 200).all() and (pasted.rgb[~taken] == 50).all()
    assert (pasted.thermal[taken] == 201).all() and (pasted.thermal[~taken] == 51).all()


def test_another_size_is_brought_to_the_pairs_own():
    other = np.zeros((20, 20), np.uint8)
    other[5:10, 5:10] = 7
    thermal16 = plain(1, other)._replace(thermal=np.full((20, 20), 9000, np.uint16))
    target = plain(5, np.zeros((40, 40)))._replace(thermal=np.zeros((40, 40), np.uint16))
    pasted = with_objects_of(target, thermal16, [7], False)
    assert (pasted.labels == 7).sum() == 100
    assert pasted.thermal.dtype == np.uint16 and pasted.thermal.max() == 9000


@pytest.fixture
def by_day_and_night(micro, data_set):
    """Four pairs: 000 by day and 001 by night show class 4, 002 by day and 003 by night none."""
    root = data_set(count=5, classes=3)
    labels = np.zeros((48, 48), np.uint8)
    for number in range(4):
        shown = labels.copy()
        if number < 2:
            shown[:, :24] = 4
        cv2.imwrite(str(root / "Label" / f"{number:03d}.png"), shown)
        bright = np.full((48, 48, 3), 40 * (number + 1), np.uint8)
        cv2.imwrite(str(root / "Visible" / f"{number:03d}.png"), bright)
    (root / "first.txt").write_text("000\n001\n002\n003\n")
    (root / "first_day.txt").write_text("000\n002\n")
    (root / "first_night.txt").write_text("001\n003\n")
    (root / "choose.txt").write_text("004\n")

    def build(**changes):
        values = {
            "data__source": "folder",
            "data__root": str(root),
            "data__lists": [{"name": "first"}],
            "data__validation_list": "choose",
            "data__rare": {"Survivor": 3.0},
            "augmentation__pasted_objects": 1.0,
        }
        return micro(**{**values, **changes})

    return build


def test_objects_go_from_day_to_day_and_from_night_to_night(by_day_and_night):
    config = by_day_and_night()
    pairs, _ = build_pairs(config)
    pasting = object_pasting(config, pairs)
    for index, levels in ((2, {40, 120}), (3, {80, 160})):
        for seed in range(4):
            pair = pasting(index, seed)
            assert set(np.unique(pair.rgb)) == levels
            assert (pair.labels == 4).sum() == 48 * 24
            again = pasting(index, seed)
            assert (again.labels == pair.labels).all()


def test_a_share_of_the_pairs_stays_as_it_is(by_day_and_night):
    config = by_day_and_night(augmentation__pasted_objects=0.5)
    pairs, _ = build_pairs(config)
    pasting = object_pasting(config, pairs)
    changed = sum((pasting(2, seed).labels == 4).any() for seed in range(40))
    assert 8 < changed < 32


def test_batches_show_pasted_objects(by_day_and_night):
    config = by_day_and_night()
    pairs, _ = build_pairs(config)
    augmentation = training_plan(config, 4).stretches[0].build_augmentation()
    sampler = StepSampler(4, 4, 1, seed=0)
    pasting = object_pasting(config, pairs)
    (batch,) = training_batches(pairs, augmentation, sampler, pasting=pasting)
    (plain_batch,) = training_batches(pairs, augmentation, sampler)
    assert (batch["labels"] == 4).sum() > (plain_batch["labels"] == 4).sum()


def test_pasting_without_rare_classes_is_refused(by_day_and_night):
    config = by_day_and_night(data__rare={})
    with pytest.raises(ConfigError, match=r"pasted_objects needs data\.lists, and data\.rare"):
        object_pasting(config, build_pairs(config)[0])


def test_objects_move_away_towards_the_horizon():
    other = np.full((100, 100), 1, np.uint8)
    other[11:91, 40:60] = 7
    pair = plain(50, np.zeros((100, 100)))
    far = with_objects_of(pair, plain(200, other), [7], False, Distance(0.5, 0.5))
    rows, columns = np.nonzero(far.labels == 7)
    assert (len(rows), rows.min(), rows.max()) == (40 * 10, 32, 71)  # the whole, half as large
    assert (columns.min(), columns.max()) == (45, 54)
    assert (far.thermal == 201).sum() == 400 and (far.rgb[far.labels == 7] == 200).all()
    left = with_objects_of(pair, plain(200, other), [7], False, Distance(0.5, 0.0))
    assert np.nonzero(left.labels == 7)[1].min() == 20


def test_what_only_thermal_sees_is_not_pasted_into_rgb():
    other = np.zeros((20, 20), np.uint8)
    other[5:10, 5:10] = 7
    pair = plain(5, np.zeros((20, 20)))
    seen = with_objects_of(pair, plain(200, other), [7], False, unlit=True)
    assert (seen.rgb == 5).all() and (seen.thermal == 201).sum() == 25
    assert (seen.labels == 7).sum() == 25


def test_only_dark_images_get_objects_that_thermal_alone_sees(by_day_and_night):
    config = by_day_and_night(augmentation__pasted_unlit=1.0)
    pairs, _ = build_pairs(config)
    for path, bright in (("000", 200), ("001", 20), ("002", 120), ("003", 30)):
        image = np.full((48, 48, 3), bright, np.uint8)
        cv2.imwrite(f"{config.data.root}/Visible/{path}.png", image)
    pasting = object_pasting(config, pairs)
    assert set(np.unique(pasting(2, 0).rgb)) == {120, 200}
    night = pasting(3, 0)
    assert set(np.unique(night.rgb)) == {30} and (night.labels == 4).any()


def test_pasted_objects_have_the_scales_that_are_asked_for(by_day_and_night):
    config = by_day_and_night(augmentation__pasted_scales=(0.3, 0.6))
    pasting = object_pasting(config, build_pairs(config)[0])
    areas = [(pasting(2, seed).labels == 4).sum() / (48 * 24) for seed in range(20)]
    assert 0.08 < min(areas) < 0.2 < max(areas) < 0.4
    config = by_day_and_night(augmentation__pasted_scales=(0.6, 0.3))
    with pytest.raises(ConfigError, match="smallest, then the largest"):
        object_pasting(config, build_pairs(config)[0])
