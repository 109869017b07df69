"""Several lists in one training: shares, rare classes, lists without thermal, partial labels."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest

from amdanet_ros.training.batches import WeightedStepSampler, training_batches
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.experiment import build_pairs, none_of, sampling_weights
from amdanet_ros.training.lost_cameras import Lost
from amdanet_ros.training.plan import training_plan
from amdanet_ros.training.trainer import Trainer


@pytest.fixture
def lists_set(data_set):
    """Six pairs of 48 x 48: two of them in `first`, two in `second`, two to choose by."""
    root = data_set(count=6, classes=3)
    for name, numbers in (("first", (0, 1)), ("second", (2, 3)), ("choose", (4, 5))):
        (root / f"{name}.txt").write_text("".join(f"{i:03d}\n" for i in numbers))
    for name in ("004", "005"):
        labels = cv2.imread(str(root / "Label" / f"{name}.png"), 0)
        labels[:, :24] = 254
        cv2.imwrite(str(root / "Label" / f"{name}.png"), labels)
    (root / "choose_day.txt").write_text("004\n005\n")
    return root


@pytest.fixture
def on_lists(micro, lists_set):
    def build(**changes):
        lists = [{"name": "first", "share": 3.0}, {"name": "second", "lost": "thermal"}]
        values = {
            "data__source": "folder",
            "data__root": str(lists_set),
            "data__lists": lists,
            "data__validation_list": "choose",
            "data__none_of": ["Survivor", "BackPack"],
            "augmentation__modality_dropout": 0.5,
            "loss": {"alpha2": 0.0, "alpha3": 0.0},
        }
        return micro(**{**values, **changes})

    return build


def test_lists_come_by_their_shares_and_say_what_they_have_lost(on_lists):
    config = on_lists()
    pairs, _ = build_pairs(config)
    assert [pairs[i].lost for i in range(4)] == ["", "", "thermal", "thermal"]
    with pytest.raises(IndexError):
        pairs[4]
    weights = sampling_weights(config, pairs)
    assert weights[:2].sum() == pytest.approx(3 * weights[2:].sum())


def test_an_image_with_a_rare_class_is_drawn_more_often(on_lists, lists_set):
    labels = np.zeros((48, 48), np.uint8)
    cv2.imwrite(str(lists_set / "Label" / "000.png"), labels)
    labels[:8, :8] = 4
    cv2.imwrite(str(lists_set / "Label" / "001.png"), labels)
    config = on_lists(data__rare={"Survivor": 5.0})
    weights = sampling_weights(config, build_pairs(config)[0])
    assert weights[1] == pytest.approx(5 * weights[0])
    config = on_lists(data__rare={"Cat": 5.0})
    with pytest.raises(ConfigError, match="data.rare: Cat"):
        sampling_weights(config, build_pairs(config)[0])


def test_a_weighted_epoch_draws_each_pair_as_often_as_its_weight_says():
    sampler = WeightedStepSampler(np.array([1, 1, 2, 4.0]), 4, 20, seed=1)
    drawn = Counter(index for batch in sampler for _, index in batch)
    assert drawn[3] == 40 and drawn[2] == 20 and drawn[0] + drawn[1] == 20


def test_a_resumed_weighted_sampler_goes_on_with_the_same_batches():
    weights = np.arange(1, 8)
    whole = list(WeightedStepSampler(weights, 4, 6, seed=2))
    assert list(WeightedStepSampler(weights, 4, 4, seed=2, first_position=8)) == whole[2:]


def test_a_sample_without_a_thermal_camera_loses_nothing_else(on_lists):
    config = on_lists(augmentation__modality_dropout=1.0, augmentation__exposure=1.0)
    pairs, _ = build_pairs(config)
    augmentation = training_plan(config, 4).stretches[0].build_augmentation()
    sampler = WeightedStepSampler(np.array([0, 0, 1, 1.0]), 4, 6, seed=0)
    for batch in training_batches(pairs, augmentation, sampler):
        assert (batch["lost"] == Lost.THERMAL).all()
        assert (batch["rgb"].flatten(1).std(dim=1) > 0).all()


def test_a_training_on_lists_chooses_by_the_classes_that_the_map_knows(
    tmp_path, on_lists, here, log_of
):
    config = on_lists(optimization__steps=2, validate_every=2, save_every=2)
    trainer = Trainer(config, tmp_path / "run", *build_pairs(config), here)
    result = trainer.run()
    (line,) = [line for line in log_of(tmp_path / "run") if line["kind"] == "validation"]
    scores = line["objects"]["day"]
    assert set(scores) == {"Survivor", "BackPack", "mean_iou"}
    assert line["mIoU"] == scores["mean_iou"] == result.best_iou
    before = trainer.network.aux_head.CNN_fuse[1].num_batches_tracked
    assert before == 0  # a loss without the fused image does not compute it


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data__validation_list": ""}, "needs data.validation_list"),
        ({"data__validation_list": "first"}, r"both\s+name 000"),
        ({"data__lists": [{"name": "first", "share": 0.0}]}, "a share above 0"),
        ({"data__lists": [{"nam": "first"}]}, r"data\.lists\[0\]: unknown key nam"),
        ({"augmentation__modality_dropout": 0.0}, "second has lost its thermal"),
    ],
)
def test_what_is_wrong_with_lists_is_named(on_lists, changes, message):
    with pytest.raises(ConfigError, match=message):
        build_pairs(on_lists(**changes))


def test_a_class_to_exclude_that_does_not_exist_is_named(on_lists):
    with pytest.raises(ConfigError, match="data.none_of: no class 'Cat'"):
        none_of(on_lists(data__none_of=["Cat"]))


def test_lists_are_kept_in_the_folder_of_the_run(tmp_path, on_lists, here):
    config = on_lists(optimization__steps=1, optimization__warmup_steps=0)
    Trainer(config, tmp_path, *build_pairs(config), here).run()
    pairs = build_pairs(config)
    again = Trainer(config, tmp_path, *pairs, here, resume=True)
    assert again.step == 1
    assert json.dumps(config.as_dict()["data"]["lists"]).count("share") == 1
