"""Where thermal pixels lie in the RGB image: by homography, by calibration, within the window."""

from types import SimpleNamespace

import numpy as np
import pytest

from amdanet_ros.findings import FindingKind, Level
from amdanet_ros.pipeline import FusionOptions, RegistrationError
from amdanet_ros.pipeline.camera_info import region_of_window
from amdanet_ros.pipeline.geometry import EQUAL_VIEWS, GeometryCache
from amdanet_ros.pipeline.options import ThermalOptions
from amdanet_ros.registration.homography import transform_points

RGB, THERMAL = (480, 640), (240, 320)
NONE = {"rgb": None, "thermal": None}
SHIFT = (1.0, 0.0, 10.0, 0.0, 1.0, 20.0, 0.0, 0.0, 1.0)
DOUBLE = (2.0, 0.0, 30.0, 0.0, 2.0, 10.0, 0.0, 0.0, 1.0)


def options(crop_to_common_view=False, **thermal):
    return FusionOptions(thermal=ThermalOptions(**thermal), crop_to_common_view=crop_to_common_view)


def region(**fields):
    zero = dict.fromkeys(("x_offset", "y_offset", "height", "width"), 0)
    return SimpleNamespace(**{**zero, **fields})


def info(focal, size, frame="", **fields):
    """A ``sensor_msgs/CameraInfo`` by its fields."""
    height, width = size
    k = [focal, 0.0, (width - 1) / 2, 0.0, focal, (height - 1) / 2, 0.0, 0.0, 1.0]
    p = [*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0]
    plain = {"k": k, "p": p, "r": [0.0] * 9, "d": [], "binning_x": 0, "binning_y": 0}
    header = SimpleNamespace(frame_id=frame)
    return SimpleNamespace(
        **{"header": header, "height": height, "width": width, "roi": region(), **plain, **fields}
    )


@pytest.fixture
def geometries():
    return GeometryCache()


def mapped(geometry, x, y):
    return transform_points(geometry.homography, np.array([[x, y]], float))[0].tolist()


def test_by_default_both_cameras_have_the_same_field_of_view(geometries):
    assert geometries.of(options(), RGB, THERMAL, NONE) is EQUAL_VIEWS
    crop = options(crop_to_common_view=True)
    assert geometries.of(crop, RGB, THERMAL, NONE) is EQUAL_VIEWS


def test_the_homography_counts_pixels_after_the_crop(geometries):
    cut = options(registration=SHIFT, crop=(3, 0, 5, 0))
    assert mapped(geometries.of(cut, RGB, THERMAL, NONE), 0, 0) == pytest.approx([15, 23])


def test_a_homography_follows_other_resolutions_than_its_own(geometries):
    """What it was made for: 480 x 640 and 240 x 320; RGB comes at a half, thermal at double."""
    sized = options(registration=DOUBLE, registration_sizes=(*RGB, *THERMAL))
    own = geometries.of(sized, RGB, THERMAL, NONE)
    assert mapped(own, 100, 50) == pytest.approx([230, 110])
    other = geometries.of(sized, (240, 320), (480, 640), NONE)
    at = mapped(other, (100 + 0.5) * 2 - 0.5, (50 + 0.5) * 2 - 0.5)
    assert at == pytest.approx([(230 + 0.5) / 2 - 0.5, (110 + 0.5) / 2 - 0.5])


def test_both_calibrations_and_a_rotation_register_a_far_scene(geometries):
    angle = np.deg2rad(2)
    turn = [np.cos(angle), 0, np.sin(angle), 0, 1, 0, -np.sin(angle), 0, np.cos(angle)]
    wanted = options(registration_from="camera_info", rotation=tuple(float(v) for v in turn))
    infos = {"rgb": info(500.0, RGB), "thermal": info(300.0, THERMAL)}
    geometry = geometries.of(wanted, RGB, THERMAL, infos)
    ray = np.array(turn).reshape(3, 3) @ [0, 0, 1]
    at = [500 * ray[0] / ray[2] + 319.5, 500 * ray[1] / ray[2] + 239.5]
    assert mapped(geometry, 159.5, 119.5) == pytest.approx(at)


def test_rectified_images_are_registered_by_their_own_matrix(geometries):
    bent = {"d": [0.3, 0.1, 0.0, 0.0, 0.0]}
    infos = {"rgb": info(500.0, RGB, **bent), "thermal": info(300.0, THERMAL, **bent)}
    infos["rgb"].p[0] = infos["rgb"].p[5] = 450.0
    rectified = options(registration_from="camera_info_rect")
    geometry = geometries.of(rectified, RGB, THERMAL, infos)
    assert mapped(geometry, 159.5 + 30, 119.5) == pytest.approx([319.5 + 45, 239.5])
    assert geometry.findings == ()


def test_distortion_that_is_left_out_is_told(geometries):
    infos = {"rgb": info(500.0, RGB, d=[0.3, 0.0, 0.0, 0.0]), "thermal": info(300.0, THERMAL)}
    geometry = geometries.of(options(registration_from="camera_info"), RGB, THERMAL, infos)
    (finding,) = geometry.findings
    assert finding.kind is FindingKind.LENS_DISTORTION
    assert (finding.stream, finding.level) == ("rgb", Level.WARN)


def refusal(geometries, wanted, rgb_size, thermal_size, infos):
    with pytest.raises(RegistrationError) as caught:
        geometries.of(wanted, rgb_size, thermal_size, infos)
    return caught.value.finding


def test_a_missing_calibration_is_named_by_its_stream(geometries):
    wanted = options(registration_from="camera_info")
    infos = {"rgb": info(500.0, RGB), "thermal": None}
    finding = refusal(geometries, wanted, RGB, THERMAL, infos)
    assert finding.kind is FindingKind.NO_CAMERA_INFO
    assert finding.stream == "thermal"
    assert finding.values == {"registration_from": "camera_info"}


def test_one_calibration_for_both_cameras_is_refused(geometries):
    """As when both image topics lie in one folder, beside which camera_info is looked for."""
    infos = dict.fromkeys(("rgb", "thermal"), info(500.0, RGB, "camera_optical"))
    wanted = options(registration_from="camera_info")
    finding = refusal(geometries, wanted, RGB, RGB, infos)
    assert finding.kind is FindingKind.SAME_CAMERA_INFO


def test_a_calibration_of_another_shape_is_named_by_its_stream(geometries):
    infos = {"rgb": info(500.0, RGB), "thermal": info(300.0, (256, 256))}
    wanted = options(registration_from="camera_info")
    finding = refusal(geometries, wanted, RGB, THERMAL, infos)
    assert finding.kind is FindingKind.BAD_CALIBRATION
    assert finding.stream == "thermal"
    assert finding.values["cause"]


def test_a_calibration_that_changes_is_followed(geometries):
    wanted = options(registration_from="camera_info")
    infos = {"rgb": info(500.0, RGB), "thermal": info(250.0, THERMAL)}
    first = geometries.of(wanted, RGB, THERMAL, infos)
    again = geometries.of(wanted, RGB, THERMAL, {**infos, "rgb": info(500.0, RGB)})
    assert again is first  # the same calibration in another message: not computed anew
    zoomed = geometries.of(wanted, RGB, THERMAL, {**infos, "rgb": info(1000.0, RGB)})
    assert mapped(first, 169.5, 119.5) == pytest.approx([339.5, 239.5])
    assert mapped(zoomed, 169.5, 119.5) == pytest.approx([359.5, 239.5])


def test_the_common_view_is_cut_out_and_the_homography_counts_from_its_corner(geometries):
    wanted = options(registration=DOUBLE, crop_to_common_view=True)
    geometry = geometries.of(wanted, RGB, (200, 250), NONE)
    top, left, height, width = geometry.window
    # Thermal pixels span 30..528 across and 10..408 down; rounded inwards by a few pixels.
    assert 30 <= left <= 34 and 10 <= top <= 14
    assert 524 <= left + width - 1 <= 528 and 404 <= top + height - 1 <= 408
    assert mapped(geometry, 0, 0) == pytest.approx([30 - left, 10 - top])
    image = np.arange(480 * 640 * 3, dtype=np.int64).reshape(480, 640, 3)
    np.testing.assert_array_equal(
        geometry.cut(image), image[top : top + height, left : left + width]
    )
    assert geometry.size(RGB) == (height, width)


def test_images_without_a_common_part_are_refused(geometries):
    away = (1.0, 0.0, 5000.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    wanted = options(registration=away, crop_to_common_view=True)
    assert refusal(geometries, wanted, RGB, THERMAL, NONE).kind is FindingKind.NO_COMMON_VIEW


def test_a_window_is_a_region_of_the_sensor():
    assert region_of_window(info(500.0, RGB), (40, 100, 200, 300), RGB) == (40, 100, 200, 300)
    # An image that is binned and a region already: the window counts from that, in whole pixels.
    part = region(y_offset=8, x_offset=16, height=400, width=600)
    binned = info(500.0, RGB, binning_x=2, binning_y=2, roi=part)
    assert region_of_window(binned, (10, 20, 100, 150), (200, 300)) == (28, 56, 200, 300)
