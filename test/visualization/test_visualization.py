"""Colours, overlay, legend and contact sheet, pixel by pixel where possible."""

import numpy as np
import pytest

from amdanet_ros.classes import DEMO, MFNET
from amdanet_ros.visualization import (
    ContactRow,
    colorize_labels,
    colorize_thermal,
    contact_sheet,
    legend,
    overlay,
)


@pytest.fixture
def labels():
    labels = np.random.default_rng(0).integers(0, 9, (48, 64)).astype(np.uint8)
    labels[:6] = 255
    return labels


@pytest.fixture
def image():
    return np.random.default_rng(1).integers(0, 256, (48, 64, 3)).astype(np.uint8)


def test_each_class_has_its_colour_and_unlabelled_is_black(labels):
    colors = colorize_labels(labels, MFNET.palette)
    known = labels != 255
    np.testing.assert_array_equal(colors[known], MFNET.palette[labels[known]])
    assert not colors[~known].any()


def test_overlay_blends_by_alpha(labels, image):
    result = overlay(image, labels, MFNET.palette, alpha=0.3).astype(float)
    chosen = (labels != 255) & (labels != 0)
    expected = 0.7 * image + 0.3 * colorize_labels(labels, MFNET.palette)
    assert np.abs(result - expected)[chosen].max() <= 1


def test_overlay_leaves_unlabelled_pixels_and_a_black_background_as_they_are(labels, image):
    result = overlay(image, labels, MFNET.palette, alpha=0.9)
    clear = (labels == 255) | (labels == 0)
    np.testing.assert_array_equal(result[clear], image[clear])


def test_overlay_at_the_ends_of_alpha(labels, image):
    np.testing.assert_array_equal(overlay(image, labels, DEMO.palette, alpha=0.0), image)
    solid = overlay(image, labels, DEMO.palette, alpha=1.0)
    known = labels != 255
    np.testing.assert_array_equal(solid[known], DEMO.palette[labels[known]])


def test_overlay_does_not_change_its_inputs(labels, image):
    before = image.copy()
    overlay(image, labels, DEMO.palette)
    np.testing.assert_array_equal(image, before)


def test_thermal_false_colours_rise_in_brightness_and_bear_missing_pixels():
    thermal = np.tile(np.linspace(280, 320, 64, dtype=np.float32), (32, 1))
    thermal[3, 3] = np.nan
    colors = colorize_thermal(thermal).astype(int).sum(axis=2)
    assert colors[0, 0] < colors[0, 32] < colors[0, 63]
    assert colors[3, 3] <= colors[0, 0]
    assert not colorize_thermal(np.full((4, 4), np.nan, np.float32)).any()


@pytest.mark.parametrize("width", [120, 400, 2000])
def test_the_legend_shows_every_colour_within_the_width(width):
    image = legend(DEMO, width)
    assert image.shape[1] == width
    seen = {tuple(color) for color in image.reshape(-1, 3)}
    assert {tuple(color) for color in DEMO.palette} <= seen


def test_the_legend_shows_only_what_is_asked_for():
    image = legend(DEMO, 400, classes=[8])
    seen = {tuple(color) for color in image.reshape(-1, 3)}
    assert tuple(DEMO.palette[8]) in seen
    assert tuple(DEMO.palette[7]) not in seen


def test_the_contact_sheet_holds_each_image_at_its_place(labels, image):
    thermal = np.random.default_rng(2).integers(28000, 31000, (24, 32)).astype(np.uint16)
    labels = np.minimum(labels, 5)
    rows = [
        ContactRow("day", image, thermal, image[::-1].copy(), labels, labels),
        ContactRow("night", image, thermal, image, labels),
    ]
    sheet = contact_sheet(rows, DEMO, tile_width=64)
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == 6 + 5 * 70
    where = [
        y
        for y in range(sheet.shape[0] - 48)
        if np.array_equal(sheet[y : y + 48, 6 : 6 + 64], image)
    ]
    assert len(where) == 2
    top = where[0]
    np.testing.assert_array_equal(sheet[top : top + 48, 146 : 146 + 64], image[::-1])
    np.testing.assert_array_equal(
        sheet[top : top + 48, 286 : 286 + 64], colorize_labels(labels, DEMO.palette)
    )
    assert (sheet[where[1] : where[1] + 48, 286 : 286 + 64] == 255).all()


def test_images_of_several_sizes_share_a_sheet(image):
    small = ContactRow("a", image, image[..., 0], image, image[..., 0] % 10)
    large = np.kron(image, np.ones((3, 2, 1), np.uint8))
    big = ContactRow("b", large, large[..., 0], large, large[..., 0] % 10)
    assert contact_sheet([small, big], DEMO).shape[1] == 6 + 4 * 326


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: colorize_labels(np.zeros((2, 2), np.int64), MFNET.palette), "uint8"),
        (lambda: colorize_labels(np.zeros((2, 2), np.uint8), np.zeros((256, 3))), "255"),
        (
            lambda: overlay(
                np.zeros((4, 4, 3), np.uint8), np.zeros((2, 2), np.uint8), MFNET.palette
            ),
            "as the labels are",
        ),
        (
            lambda: overlay(
                np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8), MFNET.palette, 2.0
            ),
            "overlay_alpha",
        ),
        (lambda: colorize_thermal(np.zeros((2, 2, 3))), "height x width"),
        (lambda: contact_sheet([], DEMO), "at least one"),
        (lambda: legend(DEMO, 200, [10]), "0 to 9"),
        (lambda: legend(DEMO, 10), "narrow"),
    ],
)
def test_bad_input_is_refused_with_the_reason(action, words):
    with pytest.raises(ValueError, match=words):
        action()
