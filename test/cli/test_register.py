"""`amdanet register`: from a recording to the node's parameter file, and a picture of it."""

import contextlib
import io

import cv2
import numpy as np
import pytest
import yaml

from amdanet_ros.cli import main as cli
from amdanet_ros.registration import check_homography
from amdanet_ros.registration.homography import corner_error
from amdanet_ros.synthetic import RgbCamera, StreetScene, ThermalCamera

SIZE, THERMAL_SIZE = (240, 320), (120, 160)
KNOWN = np.array([[2.1, 0.02, -6.0], [-0.02, 2.1, -4.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """RGB and thermal pictures of one rig whose homography is ``KNOWN``."""
    root = tmp_path_factory.mktemp("rig")
    for name in ("rgb", "thermal"):
        (root / name).mkdir()
    for index in range(4):
        frame = StreetScene(50 + index, "day", SIZE).render(1.0)
        rgb = RgbCamera(index).capture(frame.radiance)
        thermal = ThermalCamera(index, THERMAL_SIZE, thermal_to_rgb=KNOWN).capture(
            frame.temperature
        )
        cv2.imwrite(str(root / "rgb" / f"{index}.png"), rgb[..., ::-1])
        cv2.imwrite(str(root / "thermal" / f"{index}.png"), thermal)
    return root / "rgb", root / "thermal"


@pytest.fixture(scope="module")
def registered(folders, tmp_path_factory):
    """What the command wrote, and what it told."""
    out = tmp_path_factory.mktemp("out") / "new" / "rig.yaml"
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert cli.main(["register", *map(str, folders), "-o", str(out)]) == 0
    return out, told.getvalue()


def parameters(path):
    return yaml.safe_load(path.read_text())["/**"]["ros__parameters"]


def test_it_writes_the_homography_with_its_sizes_and_tells_its_quality(registered):
    out, told = registered
    values = parameters(out)
    found = check_homography(values["thermal.registration"])
    assert corner_error(found, KNOWN, THERMAL_SIZE) < 2.0
    assert values["thermal.registration_sizes"] == [*SIZE, *THERMAL_SIZE]
    assert "uncertainty" in told and "agreement" in told


def test_the_checkerboard_has_tiles_of_both_pictures(registered, folders):
    board = cv2.imread(str(registered[0].with_suffix(".png")))
    assert board.shape == (*SIZE, 3)
    middle = cv2.imread(str(folders[0] / "2.png"))
    np.testing.assert_array_equal(board[:40, :40], middle[:40, :40])
    assert (board[:40, 40:80] != middle[:40, 40:80]).mean() > 0.5


def test_the_node_takes_the_file(registered):
    pytest.importorskip("rclpy")
    from amdanet_ros.ros.parameters import PARAMETERS, settings_from

    defaults = {spec.name: spec.default for spec in PARAMETERS}
    settings = settings_from(defaults | parameters(registered[0]))
    assert settings.thermal.registration_sizes == (*SIZE, *THERMAL_SIZE)


def test_a_scene_that_does_not_determine_it_is_refused_and_nothing_is_written(tmp_path, capsys):
    noise = np.random.default_rng(0)
    for name, shape in (("rgb", (240, 320, 3)), ("thermal", (240, 320))):
        (tmp_path / name).mkdir()
        for index in range(2):
            picture = noise.integers(0, 255, shape, dtype=np.uint8)
            cv2.imwrite(str(tmp_path / name / f"{index}.png"), picture)
    out = tmp_path / "rig.yaml"
    arguments = ["register", str(tmp_path / "rgb"), str(tmp_path / "thermal"), "-o", str(out)]
    assert cli.main(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("amdanet: ") and told.count("\n") == 1
    assert "record" in told
    assert not out.exists() and not out.with_suffix(".png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/nowhere"], "/nowhere does not exist"),
        (["{rgb}", "{thermal}", "--frames", "0"], "--frames is 0"),
    ],
)
def test_a_mistake_is_a_line_and_status_2(folders, tmp_path, capsys, arguments, words):
    rgb, thermal = map(str, folders)
    given = [each.format(rgb=rgb, thermal=thermal) for each in arguments]
    assert cli.main(["register", *given, "-o", str(tmp_path / "rig.yaml")]) == 2
    assert words in capsys.readouterr().err
