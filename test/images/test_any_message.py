"""Whatever a message holds, BadImage is all that comes out, in one short line."""

import sys
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amdanet_ros.images.encodings import ENCODINGS
from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.read_options import THERMAL_FRAMES, ReadOptions
from amdanet_ros.images.rgb import check_rgb_message, rgb_from_message, rgb_sample
from amdanet_ros.images.thermal import check_thermal_message, thermal_from_message

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import CompressedMessage, ImageMessage, encoded, smooth_rgb

SIDES = st.one_of(st.integers(0, 9), st.sampled_from([2**16, 2**31 - 1, 2**32 - 1]))
WHOLE = [
    bytes(encoded(extension, smooth_rgb(), "").data)
    for extension in (".jpg", ".png", ".tiff", ".webp", ".bmp", ".ppm")
]


def judge(message, options):
    """Read a message in every way; return whether one of them gave an image."""
    found = False
    for check, read in (
        (check_rgb_message, rgb_from_message),
        (check_thermal_message, thermal_from_message),
    ):
        try:
            check(message, options)
            image = read(message, options)
            if read is rgb_from_message:
                rgb_sample(message, 50, options)
                assert image.dtype == np.uint8 and image.shape[2] == 3
            else:
                assert image.dtype in (np.uint8, np.uint16, np.float32) and image.ndim == 2
            assert image.size
            found = True
        except BadImage as bad:
            assert len(str(bad)) <= 802 and str(bad).isprintable()
            assert bad.cause and bad.remedy
    return found


@settings(max_examples=200, deadline=None)
@given(
    encoding=st.one_of(st.sampled_from(list(ENCODINGS)), st.text(max_size=8)),
    height=SIDES,
    width=SIDES,
    step=st.one_of(SIDES, st.integers(0, 80)),
    length=st.integers(0, 700),
    frame=st.sampled_from(THERMAL_FRAMES),
    bigendian=st.integers(0, 255),
)
def test_raw_messages_of_any_fields(encoding, height, width, step, length, frame, bigendian):
    message = ImageMessage(height, width, encoding, step, bytes(length), bigendian)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judge(message, ReadOptions(thermal_frame=frame))


@pytest.mark.parametrize("encoding", list(ENCODINGS))
@settings(max_examples=8, deadline=None)
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    padding=st.integers(0, 5),
    fill=st.integers(0, 255),
)
def test_raw_messages_of_fitting_fields(encoding, height, width, padding, fill):
    known = ENCODINGS[encoding]
    step = width * known.channels * np.dtype(known.dtype).itemsize + padding
    rows = {"nv12": height * 3 // 2, "nv21": height * 3 // 2, "nv24": height * 3}
    data = bytes([fill]) * (step * rows.get(encoding, height))
    judge(ImageMessage(height, width, encoding, step, data), ReadOptions())


@settings(max_examples=150, deadline=None)
@given(
    whole=st.sampled_from(WHOLE),
    form=st.one_of(st.sampled_from(["", "jpeg", "bayer_rggb8; png"]), st.text(max_size=30)),
    changes=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=4),
    kept=st.integers(0, 4000),
)
def test_damaged_files_in_messages(whole, form, changes, kept):
    data = bytearray(whole)
    for place, value in changes:
        data[place % len(data)] = value
    judge(CompressedMessage(form, bytes(data[:kept])), ReadOptions(max_image_megapixels=1.0))


@pytest.mark.parametrize(
    "encoding", ["x" * 2000, "rgb8\n[ERROR] forged", "mono8\x1b[31m", "\0", "\u202e8bgr"]
)
def test_an_encoding_cannot_fill_or_forge_the_log(encoding):
    for message in (
        ImageMessage(1, 1, encoding, 4, bytes(4)),
        CompressedMessage(f"{encoding}; compressedDepth", b"1"),
        CompressedMessage(encoding, b"1"),
    ):
        assert not judge(message, ReadOptions())


def test_a_message_that_claims_much_takes_no_memory():
    tracemalloc.start()
    try:
        for encoding in ("rgb8", "nv12", "bayer_rggb16", "mono16", "64FC1"):
            assert not judge(ImageMessage(30000, 30000, encoding, 240000, bytes(9)), ReadOptions())
            assert not judge(ImageMessage(8000, 8000, encoding, 64000, bytes(9)), ReadOptions())
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
