"""Every output of the table, built with the message classes of rclpy and of rosbags."""

import importlib.util
import struct

import cv2
import numpy as np
import pytest

from amdanet_ros.bags.message_types import RosbagsTypes, typestore
from amdanet_ros.classes import MFNET
from amdanet_ros.inference.prediction import ClassStatistics
from amdanet_ros.messages import OUTPUTS, Messages
from amdanet_ros.messages.stamps import nanoseconds
from amdanet_ros.pipeline.components import Component
from amdanet_ros.pipeline.fusion import ALL, Fusion
from amdanet_ros.pipeline.health import HealthStatus, ModalityHealth
from amdanet_ros.pipeline.options import FusedOptions, FusionOptions, MaskOptions
from amdanet_ros.pipeline.temperature import ClassTemperatures
from amdanet_ros.registration.camera_info_file import CameraInfoValues

BY_TOPIC = {output.topic: output for output in OUTPUTS}
TOPICS = list(BY_TOPIC)
STAMP_NS = 1_700_000_000_123_456_789


def calibration(library, size=(48, 64), **roi):
    """A CameraInfo of rclpy or rosbags with a value in every field."""
    fields = {
        "header": library.make(
            "std_msgs/msg/Header",
            stamp=library.make("builtin_interfaces/msg/Time", sec=7, nanosec=8),
            frame_id="as_it_came",
        ),
        "height": size[0],
        "width": size[1],
        "distortion_model": "plumb_bob",
        "d": np.array([0.1, -0.2, 0.0, 0.0, 0.05]),
        "k": np.array([500.0, 0, 31.5, 0, 500.0, 23.5, 0, 0, 1]),
        "r": np.eye(3).reshape(-1),
        "p": np.array([500.0, 0, 31.5, 0, 0, 500.0, 23.5, 0, 0, 0, 1, 0]),
        "binning_x": 0,
        "binning_y": 0,
        "roi": library.make(
            "sensor_msgs/msg/RegionOfInterest",
            **{"x_offset": 0, "y_offset": 0, "height": 0, "width": 0, "do_rectify": True, **roi},
        ),
    }
    return library.make("sensor_msgs/msg/CameraInfo", **fields)


def fused_pair(size=(48, 64), frame="rgb_optical", offset_ns=-12_345_678, threshold=0.3, **fields):
    """A Fusion with every part, of random content."""
    height, width = size
    random = np.random.default_rng(3)
    mask = random.integers(0, 9, size, dtype=np.uint8)
    confidence = random.random(size, dtype=np.float32)
    mask[confidence < threshold] = 255
    return Fusion(
        **{
            "stamp_ns": STAMP_NS,
            "frame_id": frame,
            "offset_ns": offset_ns,
            "classes": MFNET,
            "options": FusionOptions(
                confidence_threshold=threshold, fused=FusedOptions(jpeg_quality=80)
            ),
            "health": {
                "rgb": ModalityHealth(HealthStatus.DEGRADED, "40% is dark", 0.01, 0.4, 0.123),
                "thermal": ModalityHealth.lost("no thermal image came"),
            },
            "mask": mask,
            "confidence": confidence,
            "fused": cv2.GaussianBlur(random.integers(0, 256, (*size, 3), np.uint8), (5, 5), 0),
            "overlay": random.integers(0, 256, (height, width, 3), np.uint8),
            "statistics": ClassStatistics(
                random.random(9, dtype=np.float32), random.random(9, dtype=np.float32)
            ),
            "temperatures": ClassTemperatures(
                np.array([20.5, np.nan, 36.5, *[np.nan] * 6], np.float32),
                np.array([24.0, np.nan, 37.25, *[np.nan] * 6], np.float32),
            ),
            "components": (
                Component(2, 10, 4, 6, 15, 77, 0.75, 36.5, 37.25),
                Component(1, 0, 0, 1, 1, 1, 0.5, np.nan, np.nan),
            ),
            "rgb_size": size,
            **fields,
        }
    )


def message_of(topic, fusion, library=None):
    return Messages(library or RosbagsTypes()).of(BY_TOPIC[topic], fusion)


def without_padding(raw, kind):
    """Read and write a message: Fast DDS leaves what lay in memory in the bytes that align."""
    return bytes(typestore().serialize_cdr(typestore().deserialize_cdr(raw, kind), kind))


@pytest.mark.parametrize("size", [(48, 64), (35, 33), (1, 1)])
@pytest.mark.parametrize("frame", ["", "a", "rgb_optical_frame"])
@pytest.mark.parametrize("topic", TOPICS)
def test_both_libraries_give_the_same_bytes(topic, frame, size):
    serialize_message = pytest.importorskip("rclpy.serialization").serialize_message
    from amdanet_ros.ros.message_types import RclpyTypes

    output = BY_TOPIC[topic]
    if not RclpyTypes().has(output.type):
        pytest.skip(f"{output.type} is not installed")
    made = {
        library: message_of(
            topic,
            fused_pair(size, frame, rgb_info=calibration(library, size), window=(0, 0, *size)),
            library,
        )
        for library in (RclpyTypes(), RosbagsTypes())
    }
    of_rclpy, of_rosbags = made.values()
    raw = serialize_message(of_rclpy)
    expected = bytes(typestore().serialize_cdr(of_rosbags, output.type))
    assert len(raw) == len(expected)
    assert raw[:4] == expected[:4] == b"\x00\x01\x00\x00"  # little-endian CDR
    assert without_padding(raw, output.type) == expected


@pytest.mark.parametrize("topic", TOPICS)
def test_what_is_written_reads_back(topic):
    fusion = fused_pair(rgb_info=calibration(RosbagsTypes()))
    output = BY_TOPIC[topic]
    message = message_of(topic, fusion)
    raw = typestore().serialize_cdr(message, output.type)
    again = typestore().deserialize_cdr(raw, output.type)
    assert again.header.frame_id == "rgb_optical"
    assert nanoseconds(again.header.stamp) == (0 if output.latched else STAMP_NS)


def test_the_outputs_need_only_what_a_fusion_can_hold_and_together_all_of_it():
    assert len(BY_TOPIC) == len(OUTPUTS)
    assert frozenset().union(*(output.needs for output in OUTPUTS)) == ALL
    assert {output.topic for output in OUTPUTS if not output.needs} == {
        "fused/camera_info",
        "segmentation/camera_info",
        "segmentation/label_info",
    }
    assert BY_TOPIC["segmentation"].needs == {"mask", "statistics", "temperatures", "components"}
    assert BY_TOPIC["segmentation/detections"].needs == {"components"}


@pytest.mark.parametrize("topic", TOPICS)
def test_an_output_is_built_from_what_it_needs_alone(topic):
    output = BY_TOPIC[topic]
    unneeded = dict.fromkeys(ALL - output.needs)
    assert message_of(topic, fused_pair(rgb_info=calibration(RosbagsTypes()), **unneeded))


def test_images_hold_the_pixels_of_the_fusion():
    fusion = fused_pair()
    for topic, encoding, pixels in (
        ("fused/image_raw", "rgb8", fusion.fused),
        ("segmentation/mask", "mono8", fusion.mask),
        ("segmentation/overlay", "rgb8", fusion.overlay),
    ):
        message = message_of(topic, fusion)
        assert (message.encoding, message.height, message.width) == (encoding, 48, 64)
        assert message.step == pixels[0].size
        np.testing.assert_array_equal(message.data, pixels.reshape(-1))


def test_confidences_are_rounded_to_steps_of_one_in_255():
    confidence = np.array([[0.0, 0.4 / 255, 0.6 / 255, 0.5, 1.0]], np.float32)
    fusion = fused_pair((1, 5), confidence=confidence)
    assert message_of("segmentation/confidence", fusion).data.tolist() == [0, 0, 1, 128, 255]


def test_the_compressed_image_is_the_fused_one_with_the_quality_of_the_options():
    fusion = fused_pair()
    message = message_of("fused/image_raw/compressed", fusion)
    assert message.format == "rgb8; jpeg compressed bgr8"
    decoded = cv2.imdecode(message.data, cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(decoded.astype(int) - fusion.fused).mean() < 12
    coarse = FusionOptions(fused=FusedOptions(jpeg_quality=20))
    smaller = message_of("fused/image_raw/compressed", fused_pair(options=coarse))
    assert len(smaller.data) < len(message.data)


def test_the_segmentation_explains_its_mask():
    fusion = fused_pair()
    message = message_of("segmentation", fusion)
    np.testing.assert_array_equal(message.mask.data, fusion.mask.reshape(-1))
    assert message.header == message.mask.header
    assert message.class_names == list(MFNET.names)
    assert [(c.r, c.g, c.b, c.a) for c in message.class_colors] == [
        (*(channel / 255 for channel in color), 1.0) for color in MFNET.palette.tolist()
    ]
    np.testing.assert_array_equal(message.class_areas, fusion.statistics.areas)
    np.testing.assert_array_equal(message.class_confidences, fusion.statistics.confidences)
    assert nanoseconds(message.time_offset) == -12_345_678
    assert message.time_offset.nanosec >= 0
    assert (message.rgb_health.status, message.rgb_health.reason) == (1, "40% is dark")
    assert (message.rgb_health.saturated, message.rgb_health.dark) == (0.01, 0.4)
    assert message.rgb_health.contrast == 0.123
    assert message.thermal_health.status == 3
    np.testing.assert_array_equal(message.class_mean_temperatures[:3], [20.5, np.nan, 36.5])
    np.testing.assert_array_equal(message.class_max_temperatures[:3], [24.0, np.nan, 37.25])
    person, car = message.components
    box = person.box
    assert (person.class_id, car.class_id) == (2, 1)
    assert (box.x_offset, box.y_offset, box.width, box.height) == (10, 4, 6, 15)
    assert (person.area, person.confidence) == (77 / (48 * 64), 0.75)
    assert (person.mean_temperature, person.max_temperature) == (36.5, 37.25)
    assert np.isnan([car.mean_temperature, car.max_temperature]).all()


def test_detections_are_boxes_with_name_confidence_and_temperature():
    fusion = fused_pair()
    message = message_of("segmentation/detections", fusion)
    assert nanoseconds(message.header.stamp) == STAMP_NS
    person, car = message.detections
    assert person.header == message.header
    (result,) = person.results
    assert (result.hypothesis.class_id, result.hypothesis.score) == ("person", 0.75)
    assert (person.bbox.size_x, person.bbox.size_y, person.bbox.center.theta) == (6, 15, 0)
    assert person.bbox.center.position.x - person.bbox.size_x / 2 == 10
    assert person.bbox.center.position.y - person.bbox.size_y / 2 == 4
    assert person.id == "mean_celsius=36.5 max_celsius=37.2"
    assert (car.results[0].hypothesis.class_id, car.id) == ("car", "")


def test_the_mask_is_built_once_a_pair_and_anew_for_the_next_one():
    messages = Messages(RosbagsTypes())
    mask, segmentation = BY_TOPIC["segmentation/mask"], BY_TOPIC["segmentation"]
    first, second = fused_pair(), fused_pair(stamp_ns=5)
    alone = messages.of(mask, first)
    assert messages.of(segmentation, first).mask is alone
    assert nanoseconds(messages.of(mask, second).header.stamp) == 5


def test_the_class_table_is_written_as_vision_msgs_defines_it():
    """Against bytes put together by hand: vision_msgs itself is seldom installed."""
    message = message_of("segmentation/label_info", fused_pair(frame="cam", threshold=0.25))
    expected = struct.pack("<4xiII4s", 0, 0, 4, b"cam\0")
    expected += struct.pack("<I", len(MFNET.names))
    for index, name in enumerate(MFNET.names):
        text = name.encode() + b"\0"
        expected += bytes(-(len(expected) - 4) % 2) + struct.pack("<H", index)
        expected += bytes(-(len(expected) - 4) % 4) + struct.pack("<I", len(text)) + text
    expected += bytes(-(len(expected) - 4) % 4) + struct.pack("<f", 0.25)
    raw = bytes(typestore().serialize_cdr(message, "vision_msgs/msg/LabelInfo"))
    assert raw[:4] == b"\x00\x01\x00\x00"
    assert raw[4:] == expected[4:]


def test_the_class_table_differs_only_with_classes_threshold_and_frame():
    topic = "segmentation/label_info"
    first = message_of(topic, fused_pair())
    assert message_of(topic, fused_pair(stamp_ns=9, offset_ns=0)) == first
    assert message_of(topic, fused_pair(threshold=0.4)) != first
    assert message_of(topic, fused_pair(frame="other")) != first


def test_an_output_whose_type_is_not_installed_gives_nothing():
    class WithoutVisionMessages(RosbagsTypes):
        def has(self, name):
            return not name.startswith("vision_msgs/") and super().has(name)

    made = [
        output.topic
        for output in OUTPUTS
        if Messages(WithoutVisionMessages()).of(
            output, fused_pair(rgb_info=calibration(RosbagsTypes()))
        )
    ]
    absent = {"segmentation/label_info", "segmentation/detections"}
    assert made == [topic for topic in TOPICS if topic not in absent]


def test_without_a_calibration_there_is_no_camera_info():
    assert message_of("fused/camera_info", fused_pair(rgb_info=None)) is None
    assert message_of("segmentation/camera_info", fused_pair(rgb_info=None)) is None


def libraries():
    """The message classes of rosbags, and of rclpy where it is installed."""
    yield RosbagsTypes()
    if importlib.util.find_spec("rclpy"):
        from amdanet_ros.ros.message_types import RclpyTypes

        yield RclpyTypes()


def test_the_calibration_of_a_file_is_sent_on_as_that_of_a_topic():
    values = CameraInfoValues(
        48, 64, "equidistant", (0.1, 0.2, 0.3, 0.4), tuple(range(9)), p=tuple(range(12))
    )
    window = {"rgb_size": (48, 64), "window": (4, 10, 20, 30)}
    for library in libraries():
        fusion = fused_pair((20, 30), rgb_info=values, **window)
        message = Messages(library).of(BY_TOPIC["fused/camera_info"], fusion)
        assert message.header.frame_id == "rgb_optical"
        assert (message.height, message.width, message.distortion_model) == (48, 64, "equidistant")
        for name in ("d", "k", "r", "p"):
            assert tuple(getattr(message, name)) == getattr(values, name)
        assert (message.roi.y_offset, message.roi.x_offset) == (4, 10)


def test_masks_and_fused_images_have_one_calibration():
    fusion = fused_pair(
        (20, 30), rgb_size=(48, 64), window=(4, 10, 20, 30), rgb_info=calibration(RosbagsTypes())
    )
    fused, masks = (message_of(f"{name}/camera_info", fusion) for name in ("fused", "segmentation"))
    assert masks == fused
    assert masks.header == message_of("segmentation/class_mask", fusion).header


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ((), {2}),
        (("person",), {2}),
        (("Car", "PERSON "), {1, 2}),
        (("",), {2}),
        (("no such class",), set()),
        (("unlabeled",), {0}),
    ],
)
def test_the_class_mask_is_255_where_the_wanted_classes_are_and_0_elsewhere(wanted, shown):
    options = FusionOptions(mask=MaskOptions(wanted))
    fusion = fused_pair(options=options)
    message = message_of("segmentation/class_mask", fusion)
    assert (message.encoding, message.height, message.width) == ("mono8", 48, 64)
    expected = np.where(np.isin(fusion.mask, list(shown)), 255, 0)
    np.testing.assert_array_equal(message.data.reshape(48, 64), expected)
    assert 255 in fusion.mask  # those below the threshold are of no class


def test_the_camera_info_tells_the_part_that_is_shown_and_leaves_the_original_alone():
    original = calibration(RosbagsTypes())
    whole = message_of("fused/camera_info", fused_pair(rgb_info=original))
    assert whole.header.frame_id == "rgb_optical"
    assert whole.roi == original.roi
    part = message_of(
        "fused/camera_info",
        fused_pair((20, 30), rgb_size=(48, 64), window=(4, 10, 20, 30), rgb_info=original),
    )
    assert (part.roi.y_offset, part.roi.x_offset) == (4, 10)
    assert (part.roi.height, part.roi.width, part.roi.do_rectify) == (20, 30, True)
    assert original.header.frame_id == "as_it_came"
    assert (original.roi.height, original.roi.width) == (0, 0)
    np.testing.assert_array_equal(part.k, original.k)


def test_an_unknown_type_of_rclpy_is_told_with_its_package():
    pytest.importorskip("rclpy")
    from amdanet_ros.ros.message_types import RclpyTypes

    assert RclpyTypes().has("sensor_msgs/msg/Image")
    assert not RclpyTypes().has("no_such_msgs/msg/Thing")
    with pytest.raises(LookupError, match="install the package no_such_msgs"):
        RclpyTypes().make("no_such_msgs/msg/Thing")
