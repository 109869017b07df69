"""Augmentation moves all pictures alike, and only there where it says."""

import numpy as np
import pytest
import torch

from amdanet_ros.training.augmentation import Augmentation, RandomScaleCrop
from amdanet_ros.training.labelled_pair import LabelledPair


@pytest.fixture
def pair():
    """Each pixel says in all four pictures where it came from."""
    ramp = np.tile(np.arange(40, dtype=np.uint8), (30, 1))
    return LabelledPair("ramp", np.stack([ramp] * 3, -1), ramp.copy(), ramp.copy())


@pytest.mark.parametrize("seed", range(8))
def test_pictures_and_labels_move_together(pair, seed):
    sample = Augmentation((20, 24), flip=0.5)(pair, seed)
    labels = sample["labels"].float()
    assert torch.allclose(sample["rgb"][0] * 255, labels)
    assert torch.allclose(sample["thermal"][0] * 255, labels)
    assert sample["valid"].all()


def test_a_seed_gives_one_sample_and_leaves_torchs_numbers_alone(pair):
    augmentation = Augmentation((20, 24), (0.5, 2.0), True, 0.5, 0.2, 0.5, 0.5)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = augmentation(pair, 3), augmentation(pair, 3)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[k], augmentation(pair, 4)[k]) for k in first)


def test_padding_is_black_without_label_and_not_valid(pair):
    sample = Augmentation((40, 50), thermal_stretch=0.3, exposure=1.0)(pair, 0)
    padding = torch.ones(40, 50, dtype=torch.bool)
    padding[5:35, 5:45] = False
    assert (sample["labels"][padding] == 255).all()
    assert torch.equal(sample["valid"] == 0, padding)
    assert (sample["rgb"][:, padding] == 0).all()
    assert (sample["thermal"][:, padding] == 0).all()


def test_a_small_scale_shows_the_whole_picture(pair):
    sample = Augmentation((30, 40), (0.5,), flip=0.0)(pair, 0)
    assert sample["valid"].sum() == 15 * 20
    shown = sample["labels"][8:22, 10:30]
    assert shown.min() <= 1 and shown.max() >= 38


def test_labels_are_never_mixed(pair):
    sample = Augmentation((64, 64), (1.7,))(pair, 1)
    assert set(sample["labels"].unique().tolist()) <= {*range(40), 255}


def test_dropout_takes_one_modality_and_not_the_labels(pair):
    lost = set()
    for seed in range(12):
        sample = Augmentation((30, 40), flip=0.0, modality_dropout=1.0)(pair, seed)
        flat = [name for name in ("rgb", "thermal") if sample[name].min() == sample[name].max()]
        assert len(flat) == 1
        lost.update(flat)
        assert torch.equal(sample["labels"], torch.from_numpy(pair.labels))
    assert lost == {"rgb", "thermal"}


def test_exposure_changes_rgb_alone_within_range(pair):
    plain = Augmentation((30, 40), flip=0.0)(pair, 2)
    changed = Augmentation((30, 40), flip=0.0, exposure=1.0)(pair, 2)
    assert torch.equal(plain["thermal"], changed["thermal"])
    assert not torch.equal(plain["rgb"], changed["rgb"])
    assert changed["rgb"].min() >= 0 and changed["rgb"].max() <= 1


def test_a_scale_of_zero_is_refused():
    with pytest.raises(ValueError, match="positive"):
        RandomScaleCrop((10, 10), (0.0,))
