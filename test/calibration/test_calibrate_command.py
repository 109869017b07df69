"""`amdanet calibrate`: from images of a board to both calibrations and the node's parameters."""

import contextlib
import io
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from amdanet_ros.bags.writer import BagWriter, quality
from amdanet_ros.calibration import detection
from amdanet_ros.calibration.board import Board
from amdanet_ros.cli.main import main
from amdanet_ros.parameters import build
from amdanet_ros.params_file import read_params_file
from amdanet_ros.registration.camera_info_file import read_camera_info_file
from amdanet_ros.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))
from boards import RGB, ROTATION, THERMAL, TRANSLATION, in_rgb, poses, rgb_image, thermal_image

BOARD = Board.of("8x6", 0.03)
GIVEN = ("--board", "8x6", "--square", "0.03")


@pytest.fixture(scope="module", autouse=True)
def equal_images_are_searched_once():
    """A search takes a tenth of a second, and a bag holds the pixels of the folders' images."""
    known, find = {}, detection.find_board

    def find_once(grey, board):
        key = grey.shape, grey.tobytes(), board.columns, board.rows, board.pattern
        if key not in known:
            known[key] = find(grey, board)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detection, "find_board", find_once)
        yield


@pytest.fixture(scope="module")
def images():
    """Twelve pairs; in the sixth the board moved between the images."""
    pairs = []
    for index, pose in enumerate(poses(BOARD, 12)):
        there = (pose[0], pose[1] + [0.015, 0, 0]) if index == 5 else pose
        pairs.append((rgb_image(BOARD, there, index), thermal_image(BOARD, pose, index)))
    return pairs


@pytest.fixture(scope="module")
def folders(images, tmp_path_factory):
    """Folders of them, with a damaged image and one without a partner."""
    place = tmp_path_factory.mktemp("images")
    for name in ("rgb", "thermal"):
        (place / name).mkdir()
    for index, (rgb, thermal) in enumerate(images):
        cv2.imwrite(str(place / "rgb" / f"{index:03d}.png"), rgb[..., ::-1])
        cv2.imwrite(str(place / "thermal" / f"{index:03d}.png"), thermal)
    (place / "rgb" / "050.png").write_bytes((place / "rgb" / "000.png").read_bytes()[:500])
    cv2.imwrite(str(place / "thermal" / "050.png"), images[0][1])
    cv2.imwrite(str(place / "thermal" / "060.png"), images[0][1])
    return str(place / "rgb"), str(place / "thermal")


@pytest.fixture(scope="module")
def calibrated(folders, tmp_path_factory):
    """The folder that the command wrote, what it told, and what it warned of."""
    out = tmp_path_factory.mktemp("out") / "new" / "rig"
    told, warned = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(warned):
        assert main(["calibrate", *folders, *GIVEN, "-o", str(out)]) == 0
    return out, told.getvalue(), warned.getvalue()


def test_both_camera_infos_are_near_the_truth(calibrated):
    for name, camera in (("rgb", RGB), ("thermal", THERMAL)):
        info = read_camera_info_file(calibrated[0] / f"{name}.yaml")
        k = np.array(info.k).reshape(3, 3)
        assert (info.height, info.width) == camera.size
        assert info.distortion_model == "plumb_bob" and len(info.d) == 5
        assert abs(k[0, 0] - camera.focal) < 0.015 * camera.focal
        assert abs(k[1, 1] - camera.focal) < 0.015 * camera.focal
        assert np.abs(k[:2, 2] - camera.centre).max() < 0.02 * camera.size[1]
        assert info.r == tuple(np.eye(3).ravel()) and info.p[0] > 0


def test_the_parameters_are_those_of_the_cameras_and_name_both_files(calibrated):
    out = calibrated[0]
    thermal = build(Settings, read_params_file(out / "params.yaml")).fusion.thermal
    assert thermal.registration_from == "camera_info"
    turn = np.array(thermal.rotation).reshape(3, 3) @ ROTATION.T
    assert np.degrees(np.linalg.norm(cv2.Rodrigues(turn)[0])) < 1.0
    assert np.abs(np.array(thermal.translation) - TRANSLATION).max() < 0.008
    given = yaml.safe_load((out / "params.yaml").read_text())["/**"]["ros__parameters"]
    for name in ("rgb", "thermal"):
        assert given[f"{name}.camera_info_file"] == str(out.resolve() / f"{name}.yaml")


def test_thermal_points_of_a_board_are_registered_to_their_rgb_points(calibrated):
    out = calibrated[0]
    given = yaml.safe_load((out / "params.yaml").read_text())["/**"]["ros__parameters"]
    rotation = np.array(given["thermal.rotation"]).reshape(3, 3)
    translation = np.array(given["thermal.translation"])
    infos = [read_camera_info_file(out / f"{name}.yaml") for name in ("rgb", "thermal")]
    (rgb_k, rgb_d), (k, d) = [(np.array(i.k).reshape(3, 3), np.array(i.d)) for i in infos]
    turn, place = poses(BOARD, 14, seed=8)[-1]
    depth = (BOARD.points @ turn.T + place)[:, 2]
    seen = THERMAL.points(BOARD, (turn, place))
    rays = cv2.undistortPoints(seen.reshape(-1, 1, 2), k, d)[:, 0]
    there = np.column_stack([rays, np.ones(len(rays))]) * depth[:, None]
    found = cv2.projectPoints(there, cv2.Rodrigues(rotation)[0], translation, rgb_k, rgb_d)[0]
    error = np.linalg.norm(found[:, 0] - RGB.points(BOARD, in_rgb((turn, place))), axis=1)
    assert error.max() < 1.0


def test_what_is_left_out_is_named_and_counted(calibrated):
    out, told, warned = calibrated
    assert "rgb/050.png" in warned and "thermal images" in warned and "060.png" in warned
    assert "1 views do not fit the others" in warned and "thermal/005.png" in warned
    summary = yaml.safe_load((out / "summary.yaml").read_text())
    assert summary["pairs_looked_at"] == 12 and summary["board_found"] == {"rgb": 12, "thermal": 12}
    assert list(summary["thermal_to_rgb"]["dropped_pairs"]) == ["005"]
    for camera in ("rgb_camera", "thermal_camera"):
        assert summary[camera]["reprojection_error_pixels"] < 0.3
        assert len(summary[camera]["views"]) == 12
    assert told.count("reprojection error") == 3 and "residuals.png" in told


def test_the_image_can_be_looked_at_and_nothing_else_is_left(calibrated):
    out = calibrated[0]
    assert cv2.imread(str(out / "residuals.png")).shape[1] > 900
    names = {"rgb.yaml", "thermal.yaml", "params.yaml", "summary.yaml", "residuals.png"}
    assert {each.name for each in out.iterdir()} == names
    assert [each.name for each in out.parent.iterdir()] == ["rig"]


def test_a_bag_gives_the_same_as_its_images(images, folders, calibrated, bags, tmp_path):
    path = tmp_path / "bag"
    with BagWriter(path, "mcap") as writer:
        for topic in (bags.RGB, bags.THERMAL):
            writer.add_topic(topic, bags.IMAGE, [quality(reliable=True)])
        for index, (rgb, thermal) in enumerate(images):
            stamp = bags.START + index * 500_000_000
            writer.write_message(bags.RGB, stamp, bags.image(stamp, rgb, "rgb8"))
            later = stamp + 10_000_000
            writer.write_message(bags.THERMAL, later, bags.image(later, thermal, "mono16"))
    before = {each: each.read_bytes() for each in path.iterdir()}
    out = tmp_path / "rig"
    assert main(["calibrate", str(path), *GIVEN, "-o", str(out)]) == 0
    for name in ("rgb.yaml", "thermal.yaml"):
        found, of_images = (read_camera_info_file(each / name) for each in (out, calibrated[0]))
        # OpenCV repeats itself to the eighth digit only.
        np.testing.assert_allclose(found.k, of_images.k, rtol=1e-4)
        np.testing.assert_allclose(found.d, of_images.d, atol=1e-4)
    assert before == {each: each.read_bytes() for each in path.iterdir()}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--board", "0x0"), "--board is 0x0"),
        (("--board", "1x1"), "--board is 1x1"),
        (("--board", "8"), "--board is 8"),
        (("--board", "99999999999x6"), "--board is 99999999999x6"),
        (("--square", "nan"), "--square is nan"),
        (("--square", "-1"), "--square is -1"),
        (("--square", "0"), "--square is 0"),
        (("--views", "2"), "--views is 2"),
        (("--frames", "0"), "--frames is 0"),
        (("--pattern", "charuco"), "charuco"),
        (("-o", "{thermal}"), "is the input"),
        (("-o", "{thermal}/.."), "holds the input"),
        (("-o", "full"), "full exists"),
        (("-o", "full/file"), "file exists"),
        (("-o", "full/file/rig"), "not a directory"),
        (("-o", "/dev/null"), "device"),
    ],
)
def test_a_mistake_is_a_line_and_nothing_is_written(
    folders, tmp_path, monkeypatch, capsys, options, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("kept")
    given = {"--board": "8x6", "--square": "0.03", "-o": "rig"}
    given |= {options[0]: options[1].format(thermal=folders[1])}
    arguments = [word for each in given.items() for word in each]
    try:
        status = main(["calibrate", *folders, *arguments])
    except SystemExit as stop:
        status = stop.code
    said = capsys.readouterr().err
    assert status == 2 and said.count("\n") == 1 and words in said
    assert [each.name for each in tmp_path.rglob("*")] == ["full", "file"]
    assert (tmp_path / "full" / "file").read_text() == "kept"


@pytest.mark.parametrize(
    ("board", "words"), [("9x7", "the images show 8x6"), ("20x20", "found in 0 rgb images")]
)
def test_a_board_that_is_not_there_is_one_line_and_writes_nothing(
    images, tmp_path, capsys, board, words
):
    # The thermal camera sees its shutter: a search in a real image takes three seconds.
    shutter = np.full_like(images[0][1], 7600)
    for name, pixels in (("a_rgb", images[0][0][..., ::-1]), ("a_thermal", shutter)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    out = tmp_path / "rig"
    given = ["--board", board, "--square", "0.03", "-o", str(out)]
    assert main(["calibrate", str(tmp_path), *given]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1
    assert len(list(tmp_path.iterdir())) == 2
