"""Calibrations in files: as ROS writes them, and all that is none."""

import pytest
import yaml

from amdanet_ros.parameters import OptionError
from amdanet_ros.pipeline import FusionOptions
from amdanet_ros.pipeline.options import ThermalOptions
from amdanet_ros.registration.camera_info_file import (
    CameraInfoFileError,
    CameraInfoValues,
    camera_info_text,
    read_camera_info_file,
)

K = (500.0, 0.0, 319.5, 0.0, 501.0, 239.5, 0.0, 0.0, 1.0)
VALUES = CameraInfoValues(480, 640, "plumb_bob", (0.1, -0.2, 0.0, 0.001, 0.0), K)

OF_CAMERA_CALIBRATION = """
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [438.783367, 0.000000, 305.593336, 0.000000, 437.302876, 243.738352, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.361976, 0.110510, 0.001014, 0.000505, 0.000000]
rectification_matrix:
  rows: 3
  cols: 3
  data: [0.999978, 0.002789, -0.006046, -0.002816, 0.999986, -0.004401, 0.006034, 0.004417, 0.999972]
projection_matrix:
  rows: 3
  cols: 4
  data: [393.653800, 0.0, 322.797939, 0.0, 0.0, 393.6538, 241.090902, 0.0, 0.0, 0.0, 1.0, 0.0]
"""  # noqa: E501


def test_a_file_that_was_written_is_read_as_it_was(tmp_path):
    file = tmp_path / "rgb.yaml"
    file.write_text(camera_info_text(VALUES, "rgb"))
    assert read_camera_info_file(file) == VALUES
    assert read_camera_info_file(f"file://{file}") == VALUES


def test_a_file_of_camera_calibration_is_read(tmp_path):
    file = tmp_path / "ost.yaml"
    file.write_text(OF_CAMERA_CALIBRATION)
    found = read_camera_info_file(file)
    assert (found.width, found.height, found.d[0], found.p[2]) == (640, 480, -0.361976, 322.797939)


def test_a_file_that_changes_is_read_again(tmp_path):
    file = tmp_path / "rgb.yaml"
    file.write_text(camera_info_text(VALUES, "rgb"))
    assert read_camera_info_file(file).d[0] == 0.1
    file.write_text(camera_info_text(VALUES, "rgb").replace("0.1,", "0.125,"))
    assert read_camera_info_file(file).d[0] == 0.125


def without(key):
    content = yaml.safe_load(camera_info_text(VALUES, "rgb"))
    content.pop(key)
    return yaml.safe_dump(content)


def replaced(key, value):
    content = yaml.safe_load(camera_info_text(VALUES, "rgb"))
    return yaml.safe_dump({**content, key: value})


BAD = {
    "no YAML": "camera_matrix: [1, 2",
    "another kind": "/**: {ros__parameters: {slop: 0.1}}",
    "a list": "[1, 2, 3]",
    "empty": "",
    "no K": without("camera_matrix"),
    "K of eight numbers": replaced("camera_matrix", {"data": [1.0] * 8}),
    "K of words": replaced("camera_matrix", {"data": ["a"] * 9}),
    "K of NaN": replaced("camera_matrix", {"data": [float("nan")] * 9}),
    "a size below 0": replaced("image_width", -1),
    "a size of half a pixel": replaced("image_height", 0.5),
    "a model that is a number": replaced("distortion_model", 3),
    "100 coefficients": replaced("distortion_coefficients", {"data": [0.0] * 100}),
    "a huge number": replaced("distortion_coefficients", {"data": [10**400]}),
    "bytes": b"\x00\xff\xfe" * 50,
    "a huge file": b"a" * 300_000,
}


def test_a_calibration_as_opencv_writes_it_is_told_what_to_leave_out(tmp_path):
    (tmp_path / "rgb.yaml").write_text("%YAML:1.0\n---\n" + camera_info_text(VALUES, "rgb"))
    with pytest.raises(CameraInfoFileError, match=": leave out the line that begins with %$"):
        read_camera_info_file(tmp_path / "rgb.yaml")


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_what_is_no_calibration_is_refused_in_one_line_that_names_the_file(tmp_path, content):
    file = tmp_path / "rgb.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CameraInfoFileError) as caught:
        read_camera_info_file(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["missing.yaml", "", "line\nbreak.yaml", "nul\0.yaml", "x" * 5000])
def test_a_path_that_leads_nowhere_is_refused_in_one_line(tmp_path, path):
    with pytest.raises(CameraInfoFileError) as caught:
        read_camera_info_file(tmp_path / path)
    assert "\n" not in str(caught.value)


def test_parameters_refuse_such_a_file_by_their_name(tmp_path):
    missing = str(tmp_path / "missing.yaml")
    with pytest.raises(OptionError, match=r"camera_info_file is refused: .*missing\.yaml"):
        ThermalOptions(camera_info_file=missing)
    with pytest.raises(OptionError, match=r"camera_info_file is refused: .*missing\.yaml"):
        FusionOptions(rgb_camera_info_file=missing)
