"""Fusion metrics for images with known values."""

import importlib.util

import numpy as np
import pytest

from amdanet_ros.evaluation import fusion_metrics as metrics

needs_torchmetrics = pytest.mark.skipif(
    importlib.util.find_spec("torchmetrics") is None, reason="torchmetrics is not installed"
)

EVERY_LEVEL = np.arange(256.0).reshape(16, 16)


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (64, 64)).astype(float) for _ in range(2)]


@pytest.fixture
def waves():
    """A fused image and its two sources, of waves, 64 x 80, whole grey levels."""
    y, x = np.mgrid[0:64, 0:80].astype(float)
    first = np.round(127.5 + 60 * np.sin(x / 5) + 50 * np.cos(y / 7 + x / 11))
    second = np.round(127.5 + 90 * np.sin(x * y / 300))
    return np.round(0.6 * first + 0.4 * second), first, second


def test_entropy_counts_bits():
    assert metrics.entropy(EVERY_LEVEL) == pytest.approx(8)
    assert metrics.entropy(np.full((4, 4), 7.0)) == 0
    assert metrics.entropy(np.array([[0.0, 255.0]])) == pytest.approx(1)


def test_gradients_of_a_ramp():
    ramp = np.tile(3.0 * np.arange(10), (8, 1))
    assert metrics.spatial_frequency(ramp) == pytest.approx(3)
    assert metrics.average_gradient(ramp) == pytest.approx(3 / np.sqrt(2))
    assert metrics.spatial_frequency(ramp + 4 * np.arange(8.0)[:, None]) == pytest.approx(5)


def test_mutual_information_of_an_image_with_itself_is_its_entropy():
    assert metrics.mutual_information(EVERY_LEVEL, EVERY_LEVEL) == pytest.approx(8)
    assert metrics.mutual_information(EVERY_LEVEL, 255 - EVERY_LEVEL) == pytest.approx(8)
    assert metrics.mutual_information(EVERY_LEVEL, np.zeros((16, 16))) == pytest.approx(0)


def test_mutual_information_of_four_pixels_computed_by_hand():
    """Pairs (0, 0) twice, (255, 0) and (255, 255): 1 bit + H(3/4, 1/4) - 1.5 bits."""
    source, fused = np.array([[0.0, 0.0, 255.0, 255.0]]), np.array([[0.0, 0.0, 0.0, 255.0]])
    expected = 1 - 0.75 * np.log2(0.75) - 0.25 * np.log2(0.25) - 1.5
    assert metrics.mutual_information(source, fused) == pytest.approx(expected)


def test_correlations_of_differences_computed_by_hand():
    """F = A: corr(A - B, A) of uncorrelated images of one norm is 1 / sqrt(2), corr(0, B) 0."""
    first = np.array([[9.0, 1.0], [9.0, 1.0]])
    second = np.array([[9.0, 9.0], [1.0, 1.0]])
    scd = metrics.sum_of_correlations_of_differences(first, first, second)
    assert scd == pytest.approx(1 / np.sqrt(2))


def test_kept_edges_of_ramps_computed_by_hand():
    """Of A's edges, twice as strong and alike in direction, and of B's, across, of the same sum.

    A's: strength 1/2, direction 1. B's: direction 0, nothing kept. A weighs twice what B does.
    """
    ramp = np.tile(np.arange(20.0), (20, 1))
    half = 0.9994 / (1 + np.exp(0.0)) * 0.9879 / (1 + np.exp(-22 * 0.2))
    found = metrics.edge_preservation(ramp, 2 * ramp, ramp.T)
    assert found == pytest.approx(half * 2 / 3, rel=1e-6)


def test_a_sum_keeps_both_differences(images):
    first, second = images
    scd = metrics.sum_of_correlations_of_differences(first + second, first, second)
    assert scd == pytest.approx(2)


def test_edges_of_identical_images_are_kept_up_to_the_papers_constants(images):
    first = images[0]
    strength = 0.9994 / (1 + np.exp(-15 * 0.5))
    orientation = 0.9879 / (1 + np.exp(-22 * 0.2))
    assert metrics.edge_preservation(first, first, first) == pytest.approx(strength * orientation)
    assert metrics.edge_preservation(np.zeros((64, 64)), *images) < 0.01


@needs_torchmetrics
def test_similarities_of_identical_images_are_one(images):
    first = images[0]
    assert metrics.structural_similarity(first, first) == pytest.approx(1)
    assert metrics.visual_information_fidelity(first, first) == pytest.approx(1, abs=1e-6)
    assert metrics.visual_information_fidelity(first, np.zeros((64, 64))) == 0


@needs_torchmetrics
def test_structural_similarity_of_flat_images_by_its_formula():
    flat = np.ones((32, 32))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert metrics.structural_similarity(100 * flat, 150 * flat) == pytest.approx(expected)


@needs_torchmetrics
def test_similarities_are_those_of_other_libraries(waves):
    """SSIM by piq 0.8.0 and scikit-image 0.26.0, VIF by piq and sewar 0.4.10."""
    fused, *sources = waves
    ssim = [metrics.structural_similarity(fused, source) for source in sources]
    assert ssim == pytest.approx([0.7880895388, 0.6128368696], abs=2e-6)
    vif = [metrics.visual_information_fidelity(fused, source) for source in sources]
    assert vif == pytest.approx([0.3077188466, 0.1656631495], abs=2e-6)
    with pytest.raises(ValueError, match="SSIM needs 11 x 11"):
        metrics.structural_similarity(fused[:10], sources[0][:10])


def test_entropy_is_that_of_another_library(waves):
    assert metrics.entropy(waves[0]) == pytest.approx(7.434674760, abs=1e-6)  # scikit-image


@needs_torchmetrics
def test_all_metrics_of_one_image(images):
    first, second = images
    rgb = np.repeat(first[..., None], 3, axis=2)
    found = metrics.fusion_metrics(np.maximum(first, second), rgb, second)
    assert list(found) == ["EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "SSIM"]
    assert all(np.isfinite(value) for value in found.values())
    assert found["SD"] == pytest.approx(np.maximum(first, second).std())
