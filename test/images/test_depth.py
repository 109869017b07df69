"""Depth images of messages: millimetres and metres, and what is none."""

from types import SimpleNamespace

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
