"""Which depth image a pair gets, and what becomes of one that does not belong to it."""

from types import SimpleNamespace

import numpy as np
import pytest

from amdanet_ros.findings import FindingKind, Level
from amdanet_ros.images.errors import BadImage
from amdanet_ros.parameters import OptionError
from amdanet_ros.pipeline import FusionOptions
from amdanet_ros.pipeline.depth_images import DepthImages
from amdanet_ros.pipeline.geometry import GeometryCache
from amdanet_ros.pipeline.options import DepthOptions, ThermalOptions
from amdanet_ros.registration.camera_info_file import CameraInfoValues

RGB, THERMAL = (48, 64), (24, 32)


def calibration(size, focal):
    height, width = size
    k = (focal, 0.0, width / 2, 0.0, focal, height / 2, 0.0, 0.0, 1.0)
    p = (*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0)
    return CameraInfoValues(height, width, "plumb_bob", (), k, p=p)


INFOS = {"rgb": calibration(RGB, 50.0), "thermal": calibration(THERMAL, 22.0)}


def depth(seconds=0.0, metres=2.0, size=RGB, frame="rgb_optical", **fields):
    stamp = SimpleNamespace(sec=int(seconds), nanosec=round((seconds % 1) * 1e9))
    plain = {
        "header": SimpleNamespace(stamp=stamp, frame_id=frame),
        "height": size[0],
        "width": size[1],
        "encoding": "32FC1",
        "step": 4 * size[1],
        "is_bigendian": False,
        "data": np.full(size, metres, np.float32).tobytes(),
    }
    return SimpleNamespace(**{**plain, **fields})


def near(images, seconds):
    found = images.near(round(seconds * 1e9))
    return found and float(found.metres[0, 0])


def test_a_pair_gets_the_depth_image_that_is_nearest_in_time():
    images = DepthImages(max_age=0.2)
    assert near(images, 1.0) is None
    for index in range(5):
        images.add(depth(10.0 + 0.1 * index, metres=1.0 + index))
    assert near(images, 10.12) == 2.0
    assert near(images, 10.58) == 5.0
    assert near(images, 10.61) is None
    assert near(images, 9.79) is None
    images.max_age = 1.0
    assert near(images, 9.79) == 1.0
    images.add(depth(10.0, metres=9.0))
    assert near(images, 10.0) == 9.0
    images.clear()
    assert near(images, 10.1) is None


def test_the_number_of_kept_depth_images_is_bounded():
    images = DepthImages(max_age=60.0)
    for index in range(50):
        images.add(depth(float(index), metres=1.0 + index))
    assert near(images, 0.0) > 40


def test_a_message_that_is_no_depth_image_is_not_kept():
    images = DepthImages(max_age=60.0)
    with pytest.raises(BadImage):
        images.add(depth(encoding="bgr8"))
    assert images.near(0) is None


def geometry(source="depth", **thermal):
    options = FusionOptions(
        thermal=ThermalOptions(
            registration_from=source, translation=(0.2, 0.0, 0.0), registration_distance=10.0,
            **thermal,
        )
    )  # fmt: skip
    return GeometryCache().of(options, RGB, THERMAL, INFOS)


def of_message(message):
    images = DepthImages(max_age=60.0)
    images.add(message)
    return images.near(0)


def middle(found):
    return float(found.pixel_map.at(RGB)[24, 32, 0])


@pytest.mark.parametrize("source", ["depth", "depth_rect"])
def test_the_depth_image_puts_a_pair_in_place(source):
    plane = geometry(source)
    by_depth = plane.with_depth(of_message(depth()), "rgb_optical")
    parallax = 22 * 0.2 * (1 / 2 - 1 / 10)
    assert middle(plane) - middle(by_depth) == pytest.approx(parallax, abs=0.1)
    assert by_depth.findings == ()
    assert by_depth.window == plane.window


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        (None, FindingKind.NO_DEPTH, ""),
        (depth(frame="depth_optical"), FindingKind.BAD_DEPTH, "its frame_id is 'depth_optical'"),
        (depth(size=(1, 1)), FindingKind.BAD_DEPTH, "its 1 x 1 pixels"),
        (depth(size=(48, 85)), FindingKind.BAD_DEPTH, "its 85 x 48 pixels"),
    ],
)
def test_a_depth_image_that_does_not_belong_is_told_and_the_plane_counts(message, kind, words):
    plane = geometry()
    found = plane.with_depth(message and of_message(message), "rgb_optical")
    (finding,) = found.findings
    assert (finding.kind, finding.stream, finding.level) == (kind, "depth", Level.WARN)
    assert words in finding.values.get("cause", "")
    assert middle(found) == middle(plane)


@pytest.mark.parametrize(("frame", "rgb_frame"), [("", "rgb_optical"), ("depth", ""), ("", "")])
def test_frames_that_are_not_known_are_no_reason(frame, rgb_frame):
    assert geometry().with_depth(of_message(depth(frame=frame)), rgb_frame).findings == ()


def test_where_no_depth_is_wanted_none_is_used():
    plane = geometry("camera_info")
    assert plane.with_depth(of_message(depth()), "rgb_optical") is plane


@pytest.mark.parametrize("topic", ["", "a b", "depth//image", "1depth", "x\ny", "depth/"])
def test_what_is_no_name_of_a_topic_is_refused(topic):
    with pytest.raises(OptionError, match="^topic is "):
        DepthOptions(topic=topic)
