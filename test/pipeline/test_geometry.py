"""Where thermal pixels lie in the RGB image: by homography, by calibration, within the window."""

import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.findings import FindingKind, Level
from amdanet_ros.pipeline import RegistrationError
from amdanet_ros.pipeline.camera_info import region_of_window
from amdanet_ros.pipeline.geometry import GeometryCache
from amdanet_ros.pipeline.pair_geometry import EQUAL_VIEWS
from amdanet_ros.registration.camera_info_file import CameraInfoValues, camera_info_text
from amdanet_ros.registration.homography import transform_points

sys.path.insert(0, str(Path(__file__).parent))
from geometry_inputs import DOUBLE, NONE, RAW, RECTIFIED, RGB, SHIFT, THERMAL, info, options, region


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


def test_a_distortion_model_that_is_not_known_is_left_out_and_told(geometries):
    unknown = {"d": [0.3, 0.0], "distortion_model": "division"}
    infos = {"rgb": info(500.0, RGB, **unknown), "thermal": info(300.0, THERMAL)}
    geometry = geometries.of(options(registration_from="camera_info"), RGB, THERMAL, infos)
    (finding,) = geometry.findings
    assert finding.kind is FindingKind.LENS_DISTORTION
    assert (finding.stream, finding.level) == ("rgb", Level.WARN)
    assert finding.values == {"model": "division"}


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


@pytest.mark.parametrize(
    "thermal",
    [
        {"registration": (1.0, 0.0, 5000.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)},
        {"registration": (1.0, 0.0, 0.0, 0.0, 1.0, -300.0, 0.0, 0.0, 1.0)},
        {"registration": (1.0, 0.0, 500.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), "crop": (0, 0, 150, 0)},
        {"registration_from": "camera_info", "rotation": (-1.0, 0, 0, 0, 1.0, 0, 0, 0, -1.0)},
        {"registration_from": "camera_info", "rotation": (0.0, 0, 1.0, 0, 1.0, 0, -1.0, 0, 0)},
    ],
    ids=["right", "above", "cropped", "behind", "beside"],
)
@pytest.mark.parametrize("d", [[], [0.1, 0.0, 0.0, 0.0, 0.0]], ids=["straight", "bent"])
def test_images_without_a_common_part_are_a_warning_where_all_of_rgb_is_shown(
    geometries, thermal, d
):
    infos = {
        "rgb": info(500.0, RGB, "rgb", d=d, distortion_model="plumb_bob"),
        "thermal": info(250.0, THERMAL, "thermal", d=d, distortion_model="plumb_bob"),
    }
    geometry = geometries.of(options(**thermal), RGB, THERMAL, infos)
    (found,) = [each for each in geometry.findings if each.kind is FindingKind.NO_COMMON_VIEW]
    assert (found.stream, found.level) == (None, Level.WARN)
    seen = geometries.of(options(registration=SHIFT), RGB, THERMAL, infos)
    assert not [each for each in seen.findings if each.kind is FindingKind.NO_COMMON_VIEW]


def test_a_window_is_a_region_of_the_sensor():
    assert region_of_window(info(500.0, RGB), (40, 100, 200, 300), RGB) == (40, 100, 200, 300)
    # An image that is binned and a region already: the window counts from that, in whole pixels.
    part = region(y_offset=8, x_offset=16, height=400, width=600)
    binned = info(500.0, RGB, binning_x=2, binning_y=2, roi=part)
    assert region_of_window(binned, (10, 20, 100, 150), (200, 300)) == (28, 56, 200, 300)


def test_a_window_needs_no_calibration():
    bare = info(0.0, RGB, k=[0.0] * 9, p=[0.0] * 12)
    assert region_of_window(bare, (40, 100, 200, 300), RGB) == (40, 100, 200, 300)


NO_P = [0.0] * 12
NAN = float("nan")


def changed(values, place, value):
    return [*values[:place], value, *values[place + 1 :]]


GOOD = info(500.0, RGB)
FISHEYE = {"distortion_model": "equidistant"}


@pytest.mark.parametrize("stream", ["rgb", "thermal"])
@pytest.mark.parametrize(
    ("source", "fields", "words"),
    [
        (RECTIFIED, {"p": NO_P}, r"^P is all zeros: .*publish P, or, .* register by K"),
        (RECTIFIED, {"p": NO_P, "k": [0.0] * 9}, "^P is all zeros"),
        (RECTIFIED, {"p": changed(GOOD.p, 0, 0.0)}, "^P has the focal lengths 0 and 500"),
        (RECTIFIED, {"p": changed(GOOD.p, 5, -1.0)}, "^P has the focal lengths 500 and -1"),
        (RECTIFIED, {"p": changed(GOOD.p, 2, NAN)}, "^P holds NaN"),
        (RECTIFIED, {"p": changed(GOOD.p, 10, 0.0)}, "^the last row of P"),
        (RECTIFIED, {"r": changed([0.0] * 9, 0, 1.0)}, "^R is no rotation"),
        (RECTIFIED, {"r": changed([0.0] * 9, 0, NAN)}, "^R holds NaN"),
        (RAW, {"k": [0.0] * 9}, r"^K is all zeros: .*publish K, or, .* register by P"),
        (RAW, {"k": changed(GOOD.k, 4, 0.0)}, "^K has the focal lengths 500 and 0"),
        (RAW, {"k": changed(GOOD.k, 5, float("inf"))}, "^K holds NaN or infinite"),
        (RAW, {"k": changed(GOOD.k, 8, 0.0)}, "^the last row of K"),
        (RAW, {"k": changed(GOOD.k, 0, 2e-302)}, "^the camera matrix .* cannot be inverted: "),
        (RAW, {"k": changed(GOOD.k, 3, -1.6e288)}, "^the camera matrix .* cannot be inverted: "),
        (RECTIFIED, {"p": changed(GOOD.p, 1, 1e300)}, "^the camera matrix .* cannot be inverted: "),
        (RAW, {"k": [1.0] * 4}, "^K holds 4 numbers instead of 9"),
        (RAW, {"d": [0.1, NAN]}, "^D holds NaN"),
        (RAW, {"d": [0.1, float("inf"), 0.0, 0.0]}, "^D holds NaN or infinite"),
        (RAW, {"d": [0.1, 0.0, 0.0]}, "^D holds 3 numbers, and plumb_bob has 4 or 5 or 8 or"),
        (RAW, {"d": [0.1] * 15}, "^D holds 15 numbers"),
        (RAW, FISHEYE | {"d": [0.1] * 5}, "^D holds 5 numbers, and equidistant has 4"),
        (RAW, {"d": [-9.0, 0.0, 0.0, 0.0]}, "^the distortion D cannot be undone in .*% of the"),
        (RAW, {"d": [1e6, 0.0, 0.0, 0.0]}, "^the distortion D is larger than that of any lens"),
        (RAW, {"d": [1e300] * 4}, "^the distortion D "),
        (RAW, {"d": [0.0, 0.0, 50.0, -70.0, 0.0]}, "^the distortion D "),
        (RAW, FISHEYE | {"d": [-5.0, 0.0, 0.0, 0.0]}, "^the distortion D cannot be undone"),
        (RAW, {"roi": region(x_offset=600, width=640, height=480)}, "^its roi of 640 x 480 at 600"),
    ],
)
def test_the_field_that_is_missing_or_wrong_is_named_with_its_fix(
    geometries, stream, source, fields, words
):
    infos = {"rgb": info(500.0, RGB), "thermal": info(500.0, RGB, d=[0.0])}
    infos[stream] = info(500.0, RGB, **fields)
    finding = refusal(geometries, options(registration_from=source), RGB, RGB, infos)
    assert (finding.kind, finding.stream) == (FindingKind.BAD_CALIBRATION, stream)
    assert re.search(words, finding.values["cause"])
    assert ": " in finding.values["cause"]


def test_only_what_the_registration_needs_is_looked_at(geometries):
    """K = 0 beside a good P, NaN in the D of rectified images, a size and a binning of 0."""
    thermal = info(300.0, THERMAL, height=0, width=0)
    by_p = {"rgb": info(500.0, RGB, k=[0.0] * 9, d=[NAN]), "thermal": thermal}
    geometries.of(options(registration_from=RECTIFIED), RGB, THERMAL, by_p)
    by_k = {"rgb": info(500.0, RGB, p=NO_P, r=[NAN] * 9), "thermal": thermal}
    geometries.of(options(registration_from=RAW), RGB, THERMAL, by_k)


@pytest.mark.parametrize("model", ["equidistant", "fisheye", "kannala_brandt4"])
def test_a_fisheye_is_undone_also_where_its_d_is_zero(geometries, model):
    """A direction of 20 degrees lies 20 degrees' arc, not their tangent, from the middle."""
    infos = {
        "rgb": info(500.0, RGB, distortion_model=model),
        "thermal": info(300.0, THERMAL, distortion_model="plumb_bob"),
    }
    geometry = geometries.of(options(registration_from=RAW), RGB, THERMAL, infos)
    assert geometry.findings == ()
    column = 319.5 + 500 * np.deg2rad(20)
    places = geometry.pixel_map.at(RGB)[239:241, int(column) : int(column) + 2, 0]
    assert np.mean(places) == pytest.approx(159.5 + 300 * np.tan(np.deg2rad(20)), abs=0.5)


def edge_column(row):
    """The column, to a fraction of a pixel, at which a row of an image rises through its middle."""
    row = row.astype(float)
    middle = (row.max() + row.min()) / 2
    after = int(np.argmax(row > middle))
    return after - (row[after] - middle) / (row[after] - row[after - 1])


BARREL = {"rgb": [-0.32, 0.1, 0.001, -0.002, 0.0], "thermal": [-0.4, 0.12, 0.0, 0.0]}


@pytest.mark.parametrize("crop_to_common_view", [False, True])
@pytest.mark.parametrize("margins", [(0, 0, 0, 0), (12, 4, 20, 0)])
def test_an_edge_lies_where_the_bent_rgb_image_shows_it(geometries, crop_to_common_view, margins):
    """A far upright edge, drawn through both lenses; distance and size of neither image matter."""
    infos = {
        "rgb": info(400.0, RGB, d=BARREL["rgb"]),
        "thermal": info(250.0, THERMAL, d=BARREL["thermal"]),
    }
    wanted = options(crop_to_common_view, registration_from=RAW, crop=margins)
    geometry = geometries.of(wanted, RGB, THERMAL, infos)
    undone = {}
    for stream, size in (("rgb", RGB), ("thermal", THERMAL)):
        y, x = np.mgrid[: size[0], : size[1]].astype(float)
        pixels = np.stack([x.ravel(), y.ravel()], -1)[:, None]
        k, d = np.array(infos[stream].k).reshape(3, 3), np.array(infos[stream].d)
        found = cv2.undistortPointsIter(pixels, k, d, None, None, (3, 30, 1e-7))
        undone[stream] = found[:, 0, 0].reshape(size)
    top, bottom, left, right = margins
    for tangent in (-0.45, 0.05, 0.4):
        images = {}
        for stream, across in undone.items():  # an edge four pixels wide
            ramp = (across - tangent) * infos[stream].k[0] / 4
            images[stream] = (1 / (1 + np.exp(-ramp))).astype(np.float32)
        heat = images["thermal"][top : THERMAL[0] - bottom, left : THERMAL[1] - right]
        rgb = geometry.cut(images["rgb"])
        placed = geometry.placed(np.ascontiguousarray(heat), rgb.shape)
        for row in range(120, rgb.shape[0] - 120, 40):
            inside = slice(None) if crop_to_common_view else slice(40, -40)
            expected = edge_column(rgb[row, inside])
            assert edge_column(placed[row, inside]) == pytest.approx(expected, abs=0.5)


def test_a_plane_at_a_distance_moves_with_its_parallax(geometries):
    """F b / z, with and without distortion of the lens that is hardly one."""
    infos = {"rgb": info(500.0, RGB), "thermal": info(300.0, THERMAL)}
    near = dict(registration_from=RAW, translation=(0.1, 0.0, 0.0), registration_distance=2.5)
    geometry = geometries.of(options(**near), RGB, THERMAL, infos)
    assert mapped(geometry, 159.5, 119.5) == pytest.approx([319.5 + 500 * 0.1 / 2.5, 239.5])
    infos["rgb"].d = [1e-9, 0.0, 0.0, 0.0]
    geometry = geometries.of(options(**near), RGB, THERMAL, infos)
    place = geometry.pixel_map.at(RGB)[239:241, 339:341].reshape(-1, 2).mean(axis=0)
    assert place.tolist() == pytest.approx([159.5, 119.5], abs=1e-3)
    far = geometries.of(options(**near | {"registration_distance": 0.0}), RGB, THERMAL, infos)
    place = far.pixel_map.at(RGB)[239:241, 319:321].reshape(-1, 2).mean(axis=0)
    assert place.tolist() == pytest.approx([159.5, 119.5], abs=1e-3)


def test_measurements_keep_their_values_where_a_lens_is_undone(geometries):
    infos = {"rgb": info(400.0, RGB, d=BARREL["rgb"]), "thermal": info(250.0, THERMAL)}
    geometry = geometries.of(options(registration_from=RAW), RGB, THERMAL, infos)
    values = np.where(np.arange(THERMAL[1]) < 160, 20.0, 36.5) * np.ones((THERMAL[0], 1))
    found = geometry.nearest(values.astype(np.float32), RGB)
    assert np.isnan(found[0, 0])  # the thermal camera does not see the corner
    assert sorted(set(found[np.isfinite(found)].tolist())) == [20.0, 36.5]
    assert found[240, 310] == 20.0
    assert found[240, 330] == 36.5


def test_a_plane_behind_the_thermal_camera_is_refused(geometries):
    infos = {"rgb": info(500.0, RGB), "thermal": info(300.0, THERMAL)}
    behind = options(registration_from=RAW, translation=(0.0, 0.0, 2.0), registration_distance=1.5)
    finding = refusal(geometries, behind, RGB, THERMAL, infos)
    assert finding.kind is FindingKind.BAD_REGISTRATION


def test_a_lens_that_changes_while_running_is_followed(geometries):
    wanted = options(registration_from=RAW)
    infos = {"rgb": info(500.0, RGB), "thermal": info(300.0, THERMAL)}
    assert geometries.of(wanted, RGB, THERMAL, infos).pixel_map is None
    infos["rgb"] = info(500.0, RGB, d=[-0.3, 0.0, 0.0, 0.0])
    bent = geometries.of(wanted, RGB, THERMAL, infos)
    assert bent.pixel_map is geometries.of(wanted, RGB, THERMAL, dict(infos)).pixel_map
    infos["rgb"] = info(500.0, RGB, d=[-0.2, 0.0, 0.0, 0.0])
    other = geometries.of(wanted, RGB, THERMAL, infos)
    assert not np.allclose(bent.pixel_map.at(RGB)[5, 5], other.pixel_map.at(RGB)[5, 5], atol=1)
    infos["thermal"] = info(300.0, THERMAL, d=[0.1, 0.0, 0.0])
    assert refusal(geometries, wanted, RGB, THERMAL, infos).stream == "thermal"


def test_a_file_counts_before_the_topic_and_is_read_once(geometries, tmp_path):
    file = tmp_path / "thermal.yaml"
    topic = info(300.0, THERMAL)
    values = CameraInfoValues(*THERMAL, "plumb_bob", (), tuple(info(250.0, THERMAL).k))
    file.write_text(camera_info_text(values, "thermal"))
    wanted = options(registration_from=RAW, camera_info_file=str(file))
    for infos in ({"rgb": info(500.0, RGB), "thermal": each} for each in (None, topic)):
        geometry = geometries.of(wanted, RGB, THERMAL, infos)
        assert mapped(geometry, 159.5 + 25, 119.5) == pytest.approx([319.5 + 50, 239.5])
        file.unlink(missing_ok=True)
