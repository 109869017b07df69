"""Recordings: two cameras on one clock, not synchronised."""

from itertools import islice

import cv2
import numpy as np
import pytest

from amdanet_ros.classes import DEMO
from amdanet_ros.synthetic import CONDITIONS, StreetRecording

SMALL = {"size": (120, 160), "thermal_size": (60, 80)}
CLASS = {name: index for index, name in enumerate(DEMO.names)}


@pytest.fixture(scope="module")
def events():
    return list(StreetRecording(seed=1, duration=4.0, start_stamp_ns=5_000_000_000, **SMALL))


def test_events_come_in_strict_order_of_their_stamps(events):
    stamps = np.array([event.stamp_ns for event in events])
    assert (np.diff(stamps) > 0).all()
    assert stamps[0] >= 5_000_000_000 and stamps[-1] < 9_000_000_000


def test_both_cameras_keep_their_rates_and_have_their_own_phase(events):
    for camera, rate in (("rgb", 10.0), ("thermal", 9.0)):
        stamps = np.array([event.stamp_ns for event in events if event.camera == camera]) * 1e-9
        assert abs(len(stamps) - 4 * rate) <= 1
        assert abs(np.diff(stamps).mean() * rate - 1) < 0.02
        assert 0 < np.diff(stamps).std() < 0.01
    first = {event.camera: event.stamp_ns for event in reversed(events)}
    assert first["thermal"] - first["rgb"] > 5_000_000


def test_images_have_their_sizes_and_types(events):
    for event in events:
        if event.camera == "rgb":
            assert event.image.shape == (120, 160, 3) and event.image.dtype == np.uint8
            assert event.labels.shape == (120, 160) and event.labels.dtype == np.uint8
        else:
            assert event.image.shape == (60, 80) and event.image.dtype == np.uint16
            assert event.labels is None


def test_conditions_follow_each_other_in_equal_parts(events):
    for event in events:
        second = (event.stamp_ns - 5_000_000_000) // 1_000_000_000
        assert event.condition == CONDITIONS[second]


def test_every_iteration_gives_the_same_bits(events):
    again = StreetRecording(seed=1, duration=4.0, start_stamp_ns=5_000_000_000, **SMALL)
    assert len(again) == len(events)
    for _ in range(2):
        for one, other in zip(islice(again, 12), events, strict=False):
            assert (one.camera, one.stamp_ns) == (other.camera, other.stamp_ns)
            assert np.array_equal(one.image, other.image)


def test_neighbouring_images_differ_by_little_motion(events):
    rgb = [event for event in events if event.camera == "rgb"]
    changes = [
        np.mean(one.labels != other.labels)
        for one, other in zip(rgb, rgb[1:], strict=False)
        if one.condition == other.condition
    ]
    assert min(changes) > 0 and max(changes) < 0.25


def test_both_cameras_look_at_the_same_things(events):
    contrasts = []
    for one, other in zip(events, events[1:], strict=False):
        if (one.camera, other.camera) != ("rgb", "thermal") or one.condition != other.condition:
            continue
        kelvin = cv2.resize(other.image, (160, 120)).astype(float) / 100
        warm = np.isin(one.labels, [CLASS["person"], CLASS["animal"]])
        road = one.labels == CLASS["road"]
        if warm.sum() > 100:
            contrasts.append(kelvin[warm].mean() - kelvin[road].mean())
    assert len(contrasts) > 10
    assert min(contrasts) > 3


def test_camera_matrices_fit_the_images():
    recording = StreetRecording(seed=1, duration=4.0, **SMALL)
    rgb, thermal = recording.camera_matrix("rgb"), recording.camera_matrix("thermal")
    assert rgb[0, 0] == rgb[1, 1] == 0.85 * 160
    assert rgb[0, 2] == pytest.approx(79.5) and thermal[0, 2] == pytest.approx(39.5)
    assert thermal[0, 0] == pytest.approx(0.5 * rgb[0, 0])
    with pytest.raises(ValueError, match="camera"):
        recording.camera_matrix("lidar")


def test_a_homography_relates_the_two_images():
    thermal_to_rgb = np.array([[2.2, 0.0, -6.0], [0.0, 2.2, 3.0], [0.0, 0.0, 1.0]])
    common = {"seed": 2, "duration": 0.6, "conditions": ("night",), "jitter": 0.0, **SMALL}
    common["thermal_rate"], common["thermal_delay"] = 10.0, 0.0
    recording = StreetRecording(thermal_to_rgb=thermal_to_rgb, **common)
    events = list(recording)
    rgb, thermal = events[0], events[1]
    assert (rgb.camera, thermal.camera) == ("rgb", "thermal")
    warped = cv2.warpPerspective(thermal.image, thermal_to_rgb, (160, 120), borderValue=0)
    aligned = [event for event in StreetRecording(**common) if event.camera == "thermal"][0]
    truth = cv2.resize(aligned.image, (160, 120), interpolation=cv2.INTER_LINEAR)
    known = warped > 20000
    known[:4] = False
    error = np.abs(warped.astype(float) - truth)[known]
    assert known.mean() > 0.7
    assert np.median(error) < 40  # 0.4 K
    assert np.mean(error < 300) > 0.9
    matrix = recording.camera_matrix("thermal")
    assert np.allclose(thermal_to_rgb @ matrix, recording.camera_matrix("rgb"))


def test_the_shutter_freezes_the_recorded_thermal_images():
    recording = StreetRecording(
        seed=3, duration=1.5, conditions=("day",), shutter_period=0.5, shutter_duration=0.3, **SMALL
    )
    images = [event.image for event in recording if event.camera == "thermal"]
    frozen = [np.array_equal(a, b) for a, b in zip(images, images[1:], strict=False)]
    assert 3 <= sum(frozen) <= 6


@pytest.mark.parametrize(
    "arguments, word",
    [
        ({"duration": 0.0}, "duration"),
        ({"rgb_rate": -1.0}, "rgb_rate"),
        ({"jitter": -0.1}, "jitter"),
        ({"conditions": ("rain",)}, "conditions"),
        ({"conditions": ()}, "conditions"),
        ({"seed": -2}, "seed"),
    ],
)
def test_bad_arguments_are_named(arguments, word):
    with pytest.raises(ValueError, match=word):
        StreetRecording(**arguments)


def test_heavy_jitter_keeps_the_order():
    recording = StreetRecording(seed=4, duration=1.5, jitter=0.5, conditions=("day",), **SMALL)
    stamps = [event.stamp_ns for event in recording]
    assert all(b > a for a, b in zip(stamps, stamps[1:], strict=False))
