"""Augmentation: equal geometry for all arrays, damage only of the chosen image."""

import numpy as np
import pytest
import torch

from amdanet_ros.training.augmentation import Augmentation, RandomScaleCrop, surviving_images
from amdanet_ros.training.config import AugmentationConfig
from amdanet_ros.training.labelled_pair import LabelledPair
from amdanet_ros.training.lost_cameras import Lost


def augmentation_of(crop, **settings):
    return Augmentation(AugmentationConfig(crop, **{"scales": (1.0,), **settings}))


@pytest.fixture
def pair():
    """In every array a pixel's value is its original column."""
    ramp = np.tile(np.arange(40, dtype=np.uint8), (30, 1))
    return LabelledPair("ramp", np.stack([ramp] * 3, -1), ramp.copy(), ramp.copy())


@pytest.mark.parametrize("seed", range(8))
def test_images_and_labels_move_together(pair, seed):
    sample = augmentation_of((20, 24), flip=0.5)(pair, seed)
    labels = sample["labels"].float()
    assert torch.allclose(sample["rgb"][0] * 255, labels)
    assert torch.allclose(sample["thermal"][0] * 255, labels)
    assert sample["valid"].all()


def test_a_seed_gives_one_sample_and_leaves_torchs_numbers_alone(pair):
    augmentation = augmentation_of(
        (20, 24),
        scales=(0.5, 2.0),
        continuous_scales=True,
        thermal_stretch=0.2,
        exposure=0.5,
        modality_dropout=0.5,
    )
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = augmentation(pair, 3), augmentation(pair, 3)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[k], augmentation(pair, 4)[k]) for k in first)


def test_padding_is_black_without_label_and_not_valid(pair):
    sample = augmentation_of((40, 50), thermal_stretch=0.3, exposure=1.0)(pair, 0)
    padding = torch.ones(40, 50, dtype=torch.bool)
    padding[5:35, 5:45] = False
    assert (sample["labels"][padding] == 255).all()
    assert torch.equal(sample["valid"] == 0, padding)
    assert (sample["rgb"][:, padding] == 0).all()
    assert (sample["thermal"][:, padding] == 0).all()


def test_a_small_scale_shows_the_whole_image(pair):
    sample = augmentation_of((30, 40), scales=(0.5,), flip=0.0)(pair, 0)
    assert sample["valid"].sum() == 15 * 20
    shown = sample["labels"][8:22, 10:30]
    assert shown.min() <= 1 and shown.max() >= 38


def test_labels_are_never_mixed(pair):
    sample = augmentation_of((64, 64), scales=(1.7,))(pair, 1)
    assert set(sample["labels"].unique().tolist()) <= {*range(40), 255}


def test_dropout_takes_one_modality_whole_and_not_the_labels(pair):
    whole = augmentation_of((30, 40), flip=0.0)(pair, 0)
    lost, levels = set(), set()
    for seed in range(24):
        sample = augmentation_of((30, 40), flip=0.0, modality_dropout=1.0)(pair, seed)
        code = int(sample["lost"])
        lost.add(code)
        gone, kept = ("rgb", "thermal") if code == Lost.RGB else ("thermal", "rgb")
        assert torch.equal(sample[kept], whole[kept])
        assert torch.equal(sample["labels"], torch.from_numpy(pair.labels))
        assert sample[gone].shape == whole[gone].shape
        if sample[gone].min() == sample[gone].max():
            levels.add((gone, float(sample[gone].min()) in (0.0, 1.0)))
        else:  # noise over the whole range, independent of the image
            levels.add((gone, "noise"))
            both = torch.stack([sample[gone].flatten(), whole[gone].flatten()])
            assert torch.corrcoef(both)[0, 1].abs() < 0.15
            assert sample[gone].min() == 0 and sample[gone].max() == 1
    assert lost == {Lost.RGB, Lost.THERMAL}
    assert levels == {("rgb", True), ("thermal", False), ("thermal", "noise")}


@pytest.mark.parametrize(("share", "code"), [(1.0, Lost.RGB), (0.0, Lost.THERMAL)])
def test_dropout_can_prefer_one_modality(pair, share, code):
    augmentation = augmentation_of((30, 40), modality_dropout=1.0, dropped_rgb=share)
    assert {int(augmentation(pair, seed)["lost"]) for seed in range(8)} == {code}


def test_a_share_beyond_one_is_refused():
    with pytest.raises(ValueError, match="dropped_rgb is 1.5"):
        augmentation_of((30, 40), modality_dropout=0.5, dropped_rgb=1.5)


def test_dropout_says_where_nothing_was_lost(pair):
    augmentation = augmentation_of((30, 40), flip=0.0, modality_dropout=0.5)
    whole = augmentation_of((30, 40), flip=0.0)(pair, 0)
    samples = [augmentation(pair, seed) for seed in range(16)]
    kept = [sample for sample in samples if sample["lost"] == Lost.NOTHING]
    assert 0 < len(kept) < 16
    for sample in kept:
        assert all(torch.equal(sample[name], whole[name]) for name in ("rgb", "thermal"))


@pytest.mark.parametrize(
    ("harm", "code"), [("exposure", Lost.RGB_HARMED), ("thermal_noise", Lost.THERMAL_HARMED)]
)
def test_a_sample_says_that_an_image_is_worse(pair, harm, code):
    augmentation = augmentation_of((30, 40), **{harm: 0.5}, modality_dropout=1e-9)
    found = {int(augmentation(pair, seed)["lost"]) for seed in range(12)}
    assert found == {Lost.NOTHING, code}
    assert "lost" not in augmentation_of((30, 40), **{harm: 0.5})(pair, 0)


def test_a_sample_says_that_both_images_are_worse(pair):
    augmentation = augmentation_of((30, 40), exposure=1.0, thermal_noise=1.0, modality_dropout=1e-9)
    assert augmentation(pair, 0)["lost"] == Lost.BOTH_HARMED


def test_a_lost_image_is_no_target_for_the_fused_one():
    rgb, thermal = torch.rand(3, 3, 4, 5), torch.rand(3, 3, 4, 5)
    lost = torch.tensor([Lost.NOTHING, Lost.RGB, Lost.THERMAL])
    first, second = surviving_images(rgb, thermal, lost)
    assert torch.equal(first, torch.stack([rgb[0], thermal[1], rgb[2]]))
    assert torch.equal(second, torch.stack([thermal[0], thermal[1], rgb[2]]))
    assert surviving_images(rgb, thermal, None) == (rgb, thermal)


def test_thermal_noise_leaves_the_rest_and_spans_the_range(pair):
    whole = augmentation_of((30, 40), flip=0.0)(pair, 0)
    likeness = []
    for seed in range(8):
        sample = augmentation_of((30, 40), flip=0.0, thermal_noise=1.0)(pair, seed)
        assert torch.equal(sample["rgb"], whole["rgb"])
        thermal = sample["thermal"]
        assert thermal.min() == 0 and thermal.max() == 1
        both = torch.stack([thermal.flatten(), whole["thermal"].flatten()])
        likeness.append(float(torch.corrcoef(both)[0, 1]))
    assert max(likeness) > 0.85 and min(likeness) < 0.3  # weak and strong noise


def test_a_dark_exposure_keeps_whole_grey_levels(pair):
    for seed in range(6):
        sample = augmentation_of((30, 40), flip=0.0, exposure=1.0, exposure_strongest=14.0)(
            pair, seed
        )
        values = 255 * sample["rgb"]
        torch.testing.assert_close(values, values.round())


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_exposure_can_prefer_too_much_light(pair, share):
    whole = augmentation_of((30, 40), flip=0.0)(pair, 0)["rgb"]
    augmentation = augmentation_of((30, 40), flip=0.0, exposure=1.0, overexposed=share)
    for seed in range(6):
        brighter = augmentation(pair, seed)["rgb"].mean() > whole.mean()
        assert bool(brighter) == bool(share)


def test_a_share_of_overexposed_ones_beyond_one_is_refused():
    with pytest.raises(ValueError, match="overexposed is -0.5"):
        augmentation_of((30, 40), exposure=1.0, overexposed=-0.5)


def test_exposure_changes_rgb_alone_within_range(pair):
    plain = augmentation_of((30, 40), flip=0.0)(pair, 2)
    changed = augmentation_of((30, 40), flip=0.0, exposure=1.0)(pair, 2)
    assert torch.equal(plain["thermal"], changed["thermal"])
    assert not torch.equal(plain["rgb"], changed["rgb"])
    assert changed["rgb"].min() >= 0 and changed["rgb"].max() <= 1


def test_a_scale_of_zero_is_refused():
    with pytest.raises(ValueError, match="positive"):
        RandomScaleCrop((10, 10), (0.0,))


def test_thermal_looks_like_the_cameras_own_video_or_like_stretched_counts(pair):
    whole = augmentation_of((30, 40), flip=0.0)(pair, 0)["thermal"]
    video = augmentation_of((30, 40), flip=0.0, thermal_looks=(1.0, 0.0))(pair, 0)["thermal"]
    assert torch.allclose(video * 255, 0.79 * whole * 255 + 52.6)
    counts = augmentation_of((30, 40), flip=0.0, thermal_looks=(0.0, 1.0))(pair, 0)["thermal"]
    assert counts.min() == 0 and counts.max() == 1
    assert torch.equal(counts.argsort(dim=-1, stable=True), whole.argsort(dim=-1, stable=True))
    with pytest.raises(ValueError, match="at most 1 together"):
        augmentation_of((30, 40), thermal_looks=(0.7, 0.6))


def test_a_thermal_gain_dims_or_clips_and_leaves_black_alone(pair):
    whole = augmentation_of((30, 40), flip=0.0)(pair, 0)["thermal"]
    dim = augmentation_of((30, 40), flip=0.0, thermal_gain=(0.5, 0.5))(pair, 0)["thermal"]
    assert torch.allclose(dim, 0.5 * whole)
    bright = augmentation_of((30, 40), flip=0.0, thermal_gain=(10.0, 10.0))(pair, 0)["thermal"]
    assert bright.max() == 1 and torch.allclose(bright, (10 * whole).clamp(max=1))
    drawn = augmentation_of((30, 40), flip=0.0, thermal_gain=(0.5, 2.0))
    gains = [float(drawn(pair, seed)["thermal"].max() / whole.max()) for seed in range(20)]
    assert 0.5 <= min(gains) < 0.8 and 1.3 < max(gains) <= 2.0
    for wrong in ((0.0, 1.0), (2.0, 1.0)):
        with pytest.raises(ValueError, match="smallest and the largest factor"):
            augmentation_of((30, 40), thermal_gain=wrong)


def test_a_look_is_of_the_whole_frame_not_of_the_crop(pair):
    look = augmentation_of((10, 10), flip=0.0, thermal_looks=(0.0, 1.0))
    ends = [(float(t.min()), float(t.max())) for t in (look(pair, s)["thermal"] for s in range(8))]
    assert len(set(ends)) > 1  # a crop's own stretch would always reach from 0 to 1


def test_noise_of_little_light_is_rgbs_alone(pair):
    whole = augmentation_of((30, 40), flip=0.0)(pair, 0)
    noisy = augmentation_of((30, 40), flip=0.0, rgb_noise=1.0)(pair, 0)
    assert torch.equal(noisy["thermal"], whole["thermal"])
    difference = noisy["rgb"] - whole["rgb"]
    assert 0.003 < difference.std() < 0.12
    assert not torch.equal(difference[0], difference[1])


def test_a_lost_picture_can_be_replaced_by_the_other_cameras(pair):
    seen = set()
    for seed in range(12):
        sample = augmentation_of((30, 40), flip=0.0, modality_dropout=1.0, substituted=1.0)(
            pair, seed
        )
        assert torch.allclose(sample["rgb"], sample["thermal"].expand(3, -1, -1), atol=1e-4)
        seen.add(int(sample["lost"]))
    assert seen == {Lost.RGB, Lost.THERMAL}


def test_a_border_hides_thermal_at_the_edges_alone(pair):
    shares = []
    for seed in range(20):
        plain = augmentation_of((30, 40), flip=0.0)(pair, seed)["thermal"]
        assert plain.min() >= 0
        sample = augmentation_of((30, 40), flip=0.0, thermal_border=1.0)(pair, seed)
        hidden = (sample["thermal"] == 0).all(dim=0)
        seen = ~hidden
        rows, columns = seen.any(dim=1).nonzero().flatten(), seen.any(dim=0).nonzero().flatten()
        assert rows[0] <= 6 and rows[-1] >= 23
        assert columns[0] <= 8 and columns[-1] >= 31
        shares.append(hidden.float().mean().item())
    assert max(shares) > 0.2
    assert len(set(shares)) > 10
