"""Where thermal pixels lie in the RGB picture: by homography, by calibration, within the window."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import CameraInfo, RegionOfInterest

from amdanet_ros.parameters import build
from amdanet_ros.pipeline.camera_info import info_of_window
from amdanet_ros.pipeline.geometry import MissingCameraInfoError, PairGeometries, PairGeometry
from amdanet_ros.pipeline.options import FusionOptions
from amdanet_ros.registration.homography import transform_points

RGB, THERMAL = (480, 640), (240, 320)
NONE = {"rgb": None, "thermal": None}
SHIFT = (1.0, 0.0, 10.0, 0.0, 1.0, 20.0, 0.0, 0.0, 1.0)
DOUBLE = (2.0, 0.0, 30.0, 0.0, 2.0, 10.0, 0.0, 0.0, 1.0)


def settings(**values):
    return build(FusionOptions, {k.replace("__", "."): v for k, v in values.items()})


def info(focal, size, **fields):
    height, width = size
    k = [focal, 0.0, (width - 1) / 2, 0.0, focal, (height - 1) / 2, 0.0, 0.0, 1.0]
    p = [*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0]
    return CameraInfo(height=height, width=width, **{"k": k, "p": p, **fields})


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def geometries(warnings):
    topics = {stream: f"/front/{stream}/camera_info" for stream in ("rgb", "thermal")}
    return PairGeometries(warnings.append, topics)


def mapped(geometry, x, y):
    return transform_points(geometry.homography, np.array([[x, y]], float))[0].tolist()


def test_by_default_both_cameras_have_the_same_field_of_view(geometries):
    assert geometries.of(settings(), RGB, THERMAL, NONE) == PairGeometry(None, None)
    crop = settings(crop_to_common_view=True)
    assert geometries.of(crop, RGB, THERMAL, NONE) == PairGeometry(None, None)


def test_the_homography_counts_pixels_after_the_crop(geometries):
    cut = settings(thermal__registration=SHIFT, thermal__crop=[3, 0, 5, 0])
    assert mapped(geometries.of(cut, RGB, THERMAL, NONE), 0, 0) == pytest.approx([15, 23])


def test_a_homography_follows_other_resolutions_than_its_own(geometries):
    """What it was made for: 480 x 640 and 240 x 320; RGB comes at a half, thermal at double."""
    sized = settings(thermal__registration=DOUBLE, thermal__registration_sizes=[*RGB, *THERMAL])
    own = geometries.of(sized, RGB, THERMAL, NONE)
    assert mapped(own, 100, 50) == pytest.approx([230, 110])
    other = geometries.of(sized, (240, 320), (480, 640), NONE)
    at = mapped(other, (100 + 0.5) * 2 - 0.5, (50 + 0.5) * 2 - 0.5)
    assert at == pytest.approx([(230 + 0.5) / 2 - 0.5, (110 + 0.5) / 2 - 0.5])


def test_both_calibrations_and_a_rotation_register_a_far_scene(geometries):
    angle = np.deg2rad(2)
    turn = [np.cos(angle), 0, np.sin(angle), 0, 1, 0, -np.sin(angle), 0, np.cos(angle)]
    wanted = settings(
        thermal__registration_from="camera_info", thermal__rotation=[float(v) for v in turn]
    )
    infos = {"rgb": info(500.0, RGB), "thermal": info(300.0, THERMAL)}
    geometry = geometries.of(wanted, RGB, THERMAL, infos)
    ray = np.array(turn).reshape(3, 3) @ [0, 0, 1]
    at = [500 * ray[0] / ray[2] + 319.5, 500 * ray[1] / ray[2] + 239.5]
    assert mapped(geometry, 159.5, 119.5) == pytest.approx(at)


def test_rectified_pictures_are_registered_by_their_own_matrix(geometries, warnings):
    bent = {"d": [0.3, 0.1, 0.0, 0.0, 0.0]}
    infos = {"rgb": info(500.0, RGB, **bent), "thermal": info(300.0, THERMAL, **bent)}
    infos["rgb"].p[0] = infos["rgb"].p[5] = 450.0
    rectified = settings(thermal__registration_from="camera_info_rect")
    geometry = geometries.of(rectified, RGB, THERMAL, infos)
    assert mapped(geometry, 159.5 + 30, 119.5) == pytest.approx([319.5 + 45, 239.5])
    assert warnings == []


def test_distortion_that_is_left_out_is_told(geometries, warnings):
    infos = {"rgb": info(500.0, RGB, d=[0.3, 0.0, 0.0, 0.0]), "thermal": info(300.0, THERMAL)}
    geometries.of(settings(thermal__registration_from="camera_info"), RGB, THERMAL, infos)
    assert len(warnings) == 1
    assert "/front/rgb/camera_info tells of lens distortion" in warnings[0]
    assert "camera_info_rect" in warnings[0]


def test_a_missing_calibration_is_named_by_its_topic(geometries):
    wanted = settings(thermal__registration_from="camera_info")
    with pytest.raises(MissingCameraInfoError, match="/front/thermal/camera_info"):
        geometries.of(wanted, RGB, THERMAL, {"rgb": info(500.0, RGB), "thermal": None})


def test_one_calibration_for_both_cameras_is_refused():
    """As when both image topics lie in one folder, beside which camera_info is looked for."""
    geometries = PairGeometries(print, dict.fromkeys(("rgb", "thermal"), "/cam/camera_info"))
    infos = dict.fromkeys(("rgb", "thermal"), info(500.0, RGB))
    wanted = settings(thermal__registration_from="camera_info")
    with pytest.raises(ValueError, match="remap rgb/camera_info and thermal/camera_info"):
        geometries.of(wanted, RGB, RGB, infos)


def test_a_calibration_that_changes_is_followed(geometries):
    wanted = settings(thermal__registration_from="camera_info")
    infos = {"rgb": info(500.0, RGB), "thermal": info(250.0, THERMAL)}
    first = geometries.of(wanted, RGB, THERMAL, infos)
    again = geometries.of(wanted, RGB, THERMAL, {**infos, "rgb": info(500.0, RGB)})
    assert again is first  # the same calibration in another message: not computed anew
    zoomed = geometries.of(wanted, RGB, THERMAL, {**infos, "rgb": info(1000.0, RGB)})
    assert mapped(first, 169.5, 119.5) == pytest.approx([339.5, 239.5])
    assert mapped(zoomed, 169.5, 119.5) == pytest.approx([359.5, 239.5])


def test_the_common_view_is_cut_out_and_the_homography_counts_from_its_corner(geometries):
    wanted = settings(thermal__registration=DOUBLE, crop_to_common_view=True)
    geometry = geometries.of(wanted, RGB, (200, 250), NONE)
    top, left, height, width = geometry.window
    # Thermal pixels span 30..528 across and 10..408 down; rounded inwards by a few pixels.
    assert 30 <= left <= 34 and 10 <= top <= 14
    assert 524 <= left + width - 1 <= 528 and 404 <= top + height - 1 <= 408
    assert mapped(geometry, 0, 0) == pytest.approx([30 - left, 10 - top])
    picture = np.arange(480 * 640 * 3, dtype=np.int64).reshape(480, 640, 3)
    np.testing.assert_array_equal(
        geometry.cut(picture), picture[top : top + height, left : left + width]
    )
    assert geometry.size(RGB) == (height, width)


def test_pictures_without_a_common_part_are_refused(geometries):
    away = (1.0, 0.0, 5000.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    wanted = settings(thermal__registration=away, crop_to_common_view=True)
    with pytest.raises(ValueError, match="no common field of view"):
        geometries.of(wanted, RGB, THERMAL, NONE)


def test_the_calibration_of_a_window_has_it_as_region_of_interest():
    whole = info(500.0, RGB)
    cut = info_of_window(whole, (40, 100, 200, 300), RGB)
    assert (cut.roi.y_offset, cut.roi.x_offset) == (40, 100)
    assert (cut.roi.height, cut.roi.width) == (200, 300)
    assert whole.roi == RegionOfInterest()
    assert (cut.k == whole.k).all()
    # A picture that is binned and a region already: the window counts from that, in whole pixels.
    region = RegionOfInterest(y_offset=8, x_offset=16, height=400, width=600)
    binned = info(500.0, RGB, binning_x=2, binning_y=2, roi=region)
    cut = info_of_window(binned, (10, 20, 100, 150), (200, 300))
    assert (cut.roi.y_offset, cut.roi.x_offset) == (28, 56)
    assert (cut.roi.height, cut.roi.width) == (200, 300)
