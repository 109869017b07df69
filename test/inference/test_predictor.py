"""The predictor: sizes, types, what is needed, and that it says what is wrong."""

import numpy as np
import pytest
import torch

from amdanet_ros.classes import MFNET, ClassTable
from amdanet_ros.inference import (
    DemoWeightsMissingError,
    DeviceUnavailableError,
    OutOfMemoryError,
    Predictor,
    ThermalNormalizer,
    built_in_weights,
)
from amdanet_ros.inference.built_in_scene import built_in_scene
from amdanet_ros.inference.options import PredictOptions
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import save_checkpoint
from amdanet_ros.visualization import overlay


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(7)
    return AMDANet(backbone="mit_b0", num_classes=9, embed_dim=64).eval()


@pytest.fixture(scope="module")
def predictor(network):
    return Predictor(network, device="cpu", precision="fp32")


def direct(network, rgb, thermal):
    """The network's own forward on 8-bit images of one size."""
    with torch.inference_mode():
        first = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
        second = torch.from_numpy(thermal)[None, None].float() / 255
        return network(first, second.expand(-1, 3, -1, -1))


def test_eight_bit_pair_gives_what_the_network_gives(network, predictor):
    rgb, thermal = built_in_scene((64, 96))
    prediction = predictor(rgb, thermal)
    expected = direct(network, rgb, thermal)
    probabilities = expected.logits.softmax(1)[0].numpy()
    agreement = (prediction.labels == probabilities.argmax(0)).mean()
    assert agreement > 0.999
    np.testing.assert_allclose(prediction.confidence, probabilities.max(0), atol=1e-4)
    fused = expected.fused[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(prediction.fused.astype(float) - fused).max() <= 0.51
    assert prediction.labels.dtype == np.uint8
    assert prediction.confidence.dtype == np.float32
    assert prediction.fused.dtype == np.uint8


@pytest.mark.parametrize("size", [(32, 32), (45, 70), (64, 48), (75, 101)])
def test_outputs_have_the_rgb_size_whatever_it_is(predictor, size):
    rgb, _ = built_in_scene(size)
    _, thermal = built_in_scene((40, 52))
    prediction = predictor(rgb, thermal)
    assert prediction.labels.shape == size
    assert prediction.confidence.shape == size
    assert prediction.fused.shape == (*size, 3)


def test_inference_size_is_inside_only(network):
    predictor = Predictor(network, device="cpu", precision="fp32", inference_size=(64, 64))
    rgb, thermal = built_in_scene((90, 120))
    prediction = predictor(rgb, thermal)
    assert prediction.labels.shape == (90, 120)
    assert prediction.confidence.shape == (90, 120)
    assert prediction.fused.shape == (90, 120, 3)
    small = predictor(rgb, thermal, needed={"labels"}).labels
    assert set(np.unique(small)) <= set(range(9))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_every_thermal_type_is_taken(predictor, dtype):
    rgb, thermal = built_in_scene((48, 64))
    scaled = thermal.astype(np.float64) * (1 if dtype == np.uint8 else 10) + (
        0 if dtype == np.uint8 else 28000
    )
    prediction = predictor(rgb, scaled.astype(dtype))
    assert 0 < prediction.confidence.min() <= prediction.confidence.max() <= 1


@pytest.mark.parametrize(
    "needed", [set(), {"labels"}, {"confidence"}, {"fused"}, {"labels", "fused"}]
)
def test_what_is_not_needed_is_none(predictor, needed):
    prediction = predictor(*built_in_scene((32, 40)), needed=needed)
    for name in ("labels", "confidence", "fused"):
        assert (getattr(prediction, name) is not None) == (name in needed)


def test_an_unknown_output_is_refused(predictor):
    with pytest.raises(ValueError, match="depth"):
        predictor(*built_in_scene((32, 40)), needed={"depth"})


def test_a_homography_moves_the_thermal_image_into_the_rgb_pixels(network, predictor):
    rgb, thermal = built_in_scene((64, 96))
    shifted = np.zeros_like(thermal)
    shifted[:-8, :-12] = thermal[8:, 12:]
    expected = np.zeros_like(thermal)
    expected[8:, 12:] = thermal[8:, 12:]
    shift = np.array([[1, 0, 12], [0, 1, 8], [0, 0, 1]], float)
    moved = predictor(rgb, shifted, options=PredictOptions(homography=shift))
    straight = predictor(rgb, expected)
    assert (moved.labels == straight.labels).mean() > 0.995
    assert np.abs(moved.fused.astype(int) - straight.fused).mean() < 0.5


def test_a_homography_means_rgb_pixels_at_every_inference_size(network):
    predictor = Predictor(network, device="cpu", precision="fp32", inference_size=(64, 96))
    rgb, thermal = built_in_scene((128, 192))
    half = thermal[::2, ::2].copy()
    by_resizing = predictor(rgb, half)
    double = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]], float)
    by_homography = predictor(rgb, half, options=PredictOptions(homography=double))
    assert np.abs(by_resizing.fused.astype(int) - by_homography.fused).mean() < 0.5


def test_the_identity_means_equal_field_of_view_at_any_resolution(predictor):
    rgb, thermal = built_in_scene((64, 96))
    half = thermal[::2, ::2].copy()
    identity = PredictOptions(homography=np.eye(3))
    plain, same = predictor(rgb, half), predictor(rgb, half, options=identity)
    np.testing.assert_array_equal(plain.fused, same.fused)


def test_stretching_the_fused_image_uses_the_whole_range(predictor):
    stretched = PredictOptions(fused_stretch=True)
    fused = predictor(*built_in_scene((64, 64)), needed={"fused"}, options=stretched).fused
    assert fused.min() == 0
    assert fused.max() == 255


def test_class_statistics_count_the_mask(predictor):
    prediction = predictor(*built_in_scene((48, 64)))
    statistics = prediction.class_statistics()
    assert statistics.areas.sum() == pytest.approx(1, abs=1e-6)
    for k in range(9):
        chosen = prediction.labels == k
        assert statistics.areas[k] == pytest.approx(chosen.mean(), abs=1e-6)
        mean = prediction.confidence[chosen].mean() if chosen.any() else 0.0
        assert statistics.confidences[k] == pytest.approx(mean, abs=0.5 / 255)


def test_pixels_below_the_threshold_are_unlabelled_and_belong_to_no_class(predictor):
    prediction = predictor(*built_in_scene((48, 64)))
    threshold = float(np.median(prediction.confidence))
    mask = prediction.mask(threshold)
    np.testing.assert_array_equal(mask == 255, prediction.confidence < threshold)
    np.testing.assert_array_equal(mask[mask != 255], prediction.labels[mask != 255])
    areas = prediction.class_statistics(threshold).areas
    assert areas.sum() == pytest.approx((mask != 255).mean(), abs=1e-6)


def test_statistics_need_what_they_count(predictor):
    prediction = predictor(*built_in_scene((32, 32)), needed={"labels"})
    with pytest.raises(ValueError, match="confidence"):
        prediction.class_statistics()


@pytest.mark.parametrize(
    ("rgb", "thermal", "words"),
    [
        (np.zeros((31, 64, 3), np.uint8), np.zeros((31, 64), np.uint8), "at least 32"),
        (np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8), "x 3"),
        (np.zeros((64, 64, 4), np.uint8), np.zeros((64, 64), np.uint8), "x 3"),
        (np.zeros((64, 64, 3), np.float32), np.zeros((64, 64), np.uint8), "uint8"),
        (np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64, 3), np.uint8), "one channel"),
        (np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.int64), "int64"),
    ],
)
def test_bad_images_are_refused_and_the_next_good_one_works(predictor, rgb, thermal, words):
    with pytest.raises(ValueError, match=words):
        predictor(rgb, thermal)
    assert predictor(*built_in_scene((32, 32))).labels.shape == (32, 32)


def test_a_small_thermal_image_and_a_strided_rgb_are_taken(predictor):
    rgb, _ = built_in_scene((64, 96))
    wide = np.zeros((64, 192, 3), np.uint8)
    wide[:, ::2] = rgb
    thermal = np.full((6, 8), 90, np.uint8)
    np.testing.assert_array_equal(
        predictor(wide[:, ::2], thermal).fused, predictor(rgb, thermal).fused
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"inference_size": (16, 64)}, "inference_size"),
        ({"precision": "int8"}, "fp32"),
        ({"device": "tpu"}, "cuda:N"),
        ({"classes": ClassTable("two", ("a", "b"), np.zeros((2, 3)))}, "9 classes"),
    ],
)
def test_wrong_settings_are_refused(network, arguments, words):
    with pytest.raises(ValueError, match=words):
        Predictor(network, **{"device": "cpu", "precision": "fp32", **arguments})


@pytest.mark.parametrize(
    ("homography", "words"), [(np.zeros((3, 3)), "inverted"), ([1, 2, 3], "nine")]
)
def test_a_wrong_homography_is_refused(predictor, homography, words):
    with pytest.raises(ValueError, match=words):
        predictor(*built_in_scene((32, 32)), options=PredictOptions(homography=homography))


def test_a_device_that_is_not_there_is_refused(network):
    missing = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(DeviceUnavailableError, match=missing):
        Predictor(network, device=missing)


def test_too_little_memory_has_its_own_error_and_the_predictor_survives(predictor, monkeypatch):
    engine = predictor._engine

    def exhausted(*_):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(predictor, "_engine", exhausted)
    with pytest.raises(OutOfMemoryError, match="inference_size"):
        predictor(*built_in_scene((32, 32)))
    monkeypatch.setattr(predictor, "_engine", engine)
    assert predictor(*built_in_scene((32, 32))).labels.shape == (32, 32)


def test_no_call_changes_the_predictor(predictor):
    """Whatever was predicted before, the same pair and options give the same to the bit."""
    rgb, thermal = built_in_scene((32, 48))
    counts = thermal.astype(np.uint16) * 10 + 28000
    before = dict(vars(predictor))
    first = predictor(rgb, counts)
    hotter = PredictOptions(np.diag([2.0, 2.0, 1.0]), True, 0.9, 0.7)
    predictor(rgb[::-1].copy(), counts + 9000, {"fused", "overlay"}, hotter)
    assert predictor.warm_up((32, 32)) > 0
    again = predictor(rgb, counts)
    for name in ("labels", "confidence", "fused"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert vars(predictor) == before


def test_a_bare_thermal_image_is_normalised_by_itself_and_a_frame_by_its_video(predictor):
    rgb, thermal = built_in_scene((32, 48))
    counts = thermal.astype(np.uint16) * 10 + 28000
    normalizer = ThermalNormalizer(smoothing=0.9)
    first = predictor(rgb, normalizer.frame(counts))
    np.testing.assert_array_equal(first.fused, predictor(rgb, counts).fused)
    warmer = (counts + 400).astype(np.uint16)
    second = predictor(rgb, normalizer.frame(warmer))
    assert (second.fused != predictor(rgb, warmer).fused).any()


def test_the_description_names_what_runs(predictor):
    line = predictor.describe()
    for word in ("mit_b0", "9 classes", "MFNet", "cpu", "fp32"):
        assert word in line
    assert "\n" not in line
    assert predictor.classes is MFNET


def test_the_given_network_stays_as_it_is(network):
    before = {key: value.clone() for key, value in network.state_dict().items()}
    Predictor(network, device="cpu", precision="bf16")(*built_in_scene((32, 32)))
    for key, value in network.state_dict().items():
        assert value.dtype == before[key].dtype
        assert torch.equal(value, before[key])


def test_bf16_stays_near_fp32(network, predictor):
    scene = built_in_scene((64, 64))
    half = Predictor(network, device="cpu", precision="bf16")(*scene)
    difference = np.abs(half.fused.astype(int) - predictor(*scene).fused).mean()
    assert difference < 4
    assert half.confidence.dtype == np.float32


@pytest.mark.parametrize(("alpha", "threshold"), [(0.5, 0.0), (0.8, 0.6)])
def test_the_overlay_shows_the_mask_over_the_fused_image(predictor, alpha, threshold):
    rgb, thermal = built_in_scene((64, 96))
    whole = predictor(rgb, thermal)
    options = PredictOptions(overlay_alpha=alpha, confidence_threshold=threshold)
    drawn = predictor(rgb, thermal, {"overlay"}, options)
    mask = whole.mask(threshold)
    expected = overlay(whole.fused, mask, predictor.classes.palette, alpha)
    np.testing.assert_array_equal(drawn.overlay, expected)
    assert whole.overlay is drawn.labels is drawn.fused is None
    assert threshold == 0.0 or (mask == 255).any()


@pytest.mark.filterwarnings("error")
def test_read_only_images_are_taken_without_a_warning(predictor):
    """As those of a bag are, which share the memory of its messages."""
    rgb, thermal = built_in_scene((32, 48))
    expected = predictor(rgb, thermal)
    rgb.setflags(write=False)
    thermal.setflags(write=False)
    np.testing.assert_array_equal(predictor(rgb, thermal).fused, expected.fused)


def test_timings_are_told(predictor):
    timings = predictor(*built_in_scene((32, 32))).timings
    assert set(timings) == {"prepare", "network", "finish", "draw"}
    assert all(seconds >= 0 for seconds in timings.values())


def test_demo_weights_that_are_missing_are_said_to_be(tmp_path, monkeypatch):
    monkeypatch.setattr(built_in_weights.resources, "files", lambda _: tmp_path)
    with pytest.raises(DemoWeightsMissingError, match="install"):
        Predictor.from_checkpoint("demo")


def test_a_checkpoint_brings_its_network_and_its_classes(network, predictor, tmp_path):
    names = tuple(f"thing_{i}" for i in range(9))
    palette = np.arange(27, dtype=np.uint8).reshape(9, 3)
    save_checkpoint(tmp_path / "w.safetensors", network, classes=names, palette=palette)
    loaded = Predictor.from_checkpoint(tmp_path / "w.safetensors", "cpu", "fp32")
    assert loaded.classes.names == names
    np.testing.assert_array_equal(loaded.classes.palette, palette)
    scene = built_in_scene((48, 64))
    np.testing.assert_array_equal(loaded(*scene).labels, predictor(*scene).labels)


def test_the_authors_files_have_the_published_classes(network, tmp_path):
    torch.save({"model": network.state_dict(), "epoch": 1}, tmp_path / "authors.pth")
    loaded = Predictor.from_checkpoint(tmp_path / "authors.pth", "cpu", "fp32")
    assert loaded.classes is MFNET
    assert loaded.backbone == "mit_b0"


@pytest.mark.parametrize(
    "arguments",
    [
        {"sfe": False},
        {"local_alignment": "cbam"},
        {"local_alignment": "danet"},
        {"adaptive_weighting": True},
    ],
)
def test_the_fast_path_is_taken_and_variants_fall_back_to_the_module(predictor, arguments):
    assert "folded path" in predictor.describe()
    variant = AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16, **arguments).eval()
    fallback = Predictor(variant, device="cpu", precision="fp32")
    assert "plain path" in fallback.describe()
    scene = built_in_scene((40, 48))
    expected = direct(variant, *scene).logits[0].argmax(0).numpy()
    assert (fallback(*scene).labels == expected).mean() > 0.999
