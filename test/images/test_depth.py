"""Depth images of messages: millimetres and metres, and what is none."""

import struct
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from amdanet_ros.images.depth import check_depth_message, depth_from_message
from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.read_options import ReadOptions

METRES = np.array([[0.0, 1.5, 2.25], [0.001, 60.0, 3.0]], np.float32)


def message(pixels, encoding="16UC1", **fields):
    height, width = pixels.shape
    plain = {
        "height": height,
        "width": width,
        "encoding": encoding,
        "step": width * pixels.itemsize,
        "is_bigendian": pixels.dtype.byteorder == ">",
        "data": pixels.tobytes(),
    }
    return SimpleNamespace(**{**plain, **fields})


@pytest.mark.parametrize("encoding", ["16UC1", "mono16"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_millimetres_become_metres(encoding, order):
    counts = np.rint(METRES * 1000).astype(f"{order}u2")
    found = depth_from_message(message(counts, encoding))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, METRES, atol=1e-5)


@pytest.mark.parametrize("order", ["<", ">"])
def test_metres_stay_what_they_are(order):
    np.testing.assert_array_equal(
        depth_from_message(message(METRES.astype(f"{order}f4"), "32FC1")), METRES
    )


def transported(values, kind, a=0.0, b=0.0):
    """A message of the compressedDepth transport, with 16-bit values as they are in its PNG."""
    header = struct.pack("<iff", 1, a, b)
    data = header + cv2.imencode(".png", values)[1].tobytes()
    return SimpleNamespace(format=kind, data=data)


@pytest.mark.parametrize("kind", ["16UC1; compressedDepth", "16UC1; compressedDepth png"])
def test_millimetres_of_the_compressed_depth_transport_become_metres(kind):
    counts = np.rint(METRES * 1000).astype(np.uint16)
    found = depth_from_message(transported(counts, kind))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, METRES, atol=1e-5)


def test_inverse_depth_of_the_compressed_depth_transport_becomes_metres():
    a, b = 9999.0, -1.5
    values = np.where(METRES > 0.5, np.rint(a / np.maximum(METRES, 0.5) + b), 0).astype(np.uint16)
    found = depth_from_message(transported(values, "32FC1; compressedDepth", a, b))
    assert found.dtype == np.float32
    known = METRES > 0.5
    np.testing.assert_allclose(found[known], METRES[known], rtol=4e-3)
    assert np.isnan(found[~known]).all()


PNG = transported(np.zeros((2, 3), np.uint16), "").data


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("16UC1; compressedDepth rvl", PNG, "is not read as depth: publish 16UC1 or 32FC1"),
        ("16UC1; png compressed ", PNG, "is not read as depth"),
        ("rgb8; jpeg compressed bgr8", PNG, "is not read as depth"),
        ("", PNG, "is not read as depth"),
        ("bad\nname", PNG, "is not read as depth"),
        ("16UC1; compressedDepth", PNG[12:], "there is no PNG"),
        ("16UC1; compressedDepth", PNG[:30], "cut off|damaged"),
        ("16UC1; compressedDepth", b"", "holds no data"),
        ("16UC1; compressedDepth", b"12345", "there is no PNG"),
    ],
)
def test_what_is_no_compressed_depth_is_refused_in_one_line(kind, data, words):
    bad = SimpleNamespace(format=kind, data=data)
    for read in (check_depth_message, depth_from_message):
        with pytest.raises(BadImage, match=words) as caught:
            read(bad)
        assert caught.value.stream == "depth"
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("values", [np.zeros((2, 3), np.uint8), np.zeros((2, 3, 3), np.uint16)])
def test_a_png_that_holds_no_depth_is_refused(values):
    with pytest.raises(BadImage, match="not one of 16 bits and one channel"):
        depth_from_message(transported(values, "16UC1; compressedDepth"))


@pytest.mark.parametrize("parameter", [np.nan, np.inf, -1.0, 0.0])
def test_inverse_depth_without_sense_is_not_known(parameter):
    values = np.full((2, 3), 7, np.uint16)
    found = depth_from_message(transported(values, "32FC1; compressedDepth", parameter, 7.0))
    assert not (np.isfinite(found) & (found > 0)).any()


COUNTS = np.zeros((2, 3), np.uint16)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"encoding": "rgb8"}, "encoding 'rgb8' is not known for depth images: publish 16UC1"),
        ({"encoding": "16SC1"}, "is not known for depth"),
        ({"encoding": "64FC1"}, "is not known for depth"),
        ({"encoding": ""}, "is not known for depth"),
        ({"encoding": "bad\nname"}, "is not known for depth"),
        ({"encoding": "32FC1"}, "step is 6 bytes"),
        ({"height": 0}, "empty"),
        ({"height": 2**31, "width": 2**31}, "more than the allowed"),
        ({"data": b"\0" * 11}, "11 bytes"),
    ],
)
def test_what_is_no_depth_image_is_refused_in_one_line(changed, words):
    bad = message(COUNTS, **changed)
    for read in (check_depth_message, depth_from_message):
        with pytest.raises(BadImage, match=words) as caught:
            read(bad)
        assert caught.value.stream == "depth"
        assert "\n" not in str(caught.value)


def test_an_image_above_the_limit_is_refused():
    large = message(np.zeros((100, 200), np.uint16), "16UC1")
    with pytest.raises(BadImage, match="200 x 100"):
        check_depth_message(large, ReadOptions(max_image_megapixels=0.01))


def test_a_compressed_depth_image_above_the_limit_is_refused_by_its_header():
    large = transported(np.zeros((100, 200), np.uint16), "16UC1; compressedDepth")
    with pytest.raises(BadImage, match="200 x 100") as caught:
        check_depth_message(large, ReadOptions(max_image_megapixels=0.01))
    assert caught.value.stream == "depth"
