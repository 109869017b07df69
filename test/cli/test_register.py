"""`amdanet register`: from a bag to the node's parameter file, and an image of it."""

import contextlib
import io
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import yaml

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.writer import BagWriter, quality
from amdanet_ros.cli import main as cli
from amdanet_ros.registration import check_homography
from amdanet_ros.registration.homography import corner_error
from amdanet_ros.synthetic import RgbCamera, StreetScene, ThermalCamera

SIZE, THERMAL_SIZE = (240, 320), (120, 160)
IMAGE, TOPICS = "sensor_msgs/msg/Image", ("/rgb/image_raw", "/thermal/image_raw")
KNOWN = np.array([[2.1, 0.02, -6.0], [-0.02, 2.1, -4.0], [0.0, 0.0, 1.0]])


def drawn(count):
    """Pairs of images of one rig whose homography is ``KNOWN``."""
    for index in range(count):
        frame = StreetScene(50 + index, "day", SIZE).render(1.0)
        camera = ThermalCamera(index, THERMAL_SIZE, thermal_to_rgb=KNOWN)
        yield RgbCamera(index).capture(frame.radiance), camera.capture(frame.temperature)


@pytest.fixture(scope="module")
def images():
    """Three pairs."""
    return list(drawn(3))


@pytest.fixture(scope="module")
def bag(images, tmp_path_factory):
    """A bag of them."""
    path = tmp_path_factory.mktemp("rig") / "bag"
    types = typestore().types
    with BagWriter(path, "mcap") as writer:
        for topic in TOPICS:
            writer.add_topic(topic, IMAGE, [quality(reliable=True)])
        for index, pair in enumerate(images):
            stamp_ns = (1000 + index) * 1_000_000_000
            stamp = types["builtin_interfaces/msg/Time"](1000 + index, 0)
            header = types["std_msgs/msg/Header"](stamp, "camera")
            for topic, encoding, pixels in zip(TOPICS, ("rgb8", "mono16"), pair, strict=True):
                height, width = pixels.shape[:2]
                data = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)
                step = data.size // height
                image = types[IMAGE](header, height, width, encoding, 0, step, data)
                writer.write_message(topic, stamp_ns, image)
    return path


@pytest.fixture(scope="module")
def registered(bag, tmp_path_factory):
    """What the command wrote, and what it told."""
    out = tmp_path_factory.mktemp("out") / "new" / "rig.yaml"
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert cli.main(["register", str(bag), "-o", str(out)]) == 0
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


def test_the_checkerboard_has_tiles_of_both_images(registered, images):
    board = cv2.imread(str(registered[0].with_suffix(".png")))
    assert board.shape == (*SIZE, 3)
    middle = images[1][0][..., ::-1]
    np.testing.assert_array_equal(board[:40, :40], middle[:40, :40])
    assert (board[:40, 40:80] != middle[:40, 40:80]).mean() > 0.5


def test_the_node_takes_the_file(registered, ros_domain):
    from amdanet_ros.ros.amdanet_node import AmdanetNode
    from amdanet_ros.ros.parameters import read_settings

    options = ["--ros-args", "--params-file", str(registered[0]), "-p", "autostart:=false"]
    node = AmdanetNode(cli_args=options)
    thermal = read_settings(node)[""].fusion.thermal
    node.destroy_node()
    assert list(thermal.registration) == parameters(registered[0])["thermal.registration"]
    assert thermal.registration_sizes == (*SIZE, *THERMAL_SIZE)


def test_fuse_takes_the_file(registered, bag, network_options, tmp_path):
    def fused(name, *options):
        out = str(tmp_path / name)
        assert cli.main(["fuse", str(bag), "-o", out, *network_options, *options]) == 0
        with BagReader(out) as found:
            return [message.raw for message in found.messages(("/fused/image_raw",))]

    numbers = map(str, parameters(registered[0])["thermal.registration"])
    by_file = fused("by_file", "--params-file", str(registered[0]))
    assert len(by_file) == 3
    assert by_file == fused("by_option", "--registration", *numbers)
    assert by_file != fused("without")


def test_a_scene_that_does_not_determine_it_is_refused_and_nothing_is_written(tmp_path, capsys):
    noise = np.random.default_rng(0)
    for name, shape in (("rgb", (240, 320, 3)), ("thermal", (240, 320))):
        (tmp_path / name).mkdir()
        for index in range(2):
            pixels = noise.integers(0, 255, shape, dtype=np.uint8)
            cv2.imwrite(str(tmp_path / name / f"{index}.png"), pixels)
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
        (["{bag}", "--frames", "0"], "--frames is 0"),
        (["{bag}", "--rgb-topic", "/other"], "/other"),
    ],
)
def test_a_mistake_is_a_line_and_status_2(bag, tmp_path, capsys, arguments, words):
    given = [each.format(bag=bag) for each in arguments]
    assert cli.main(["register", *given, "-o", str(tmp_path / "rig.yaml")]) == 2
    assert words in capsys.readouterr().err


@pytest.fixture
def estimated(monkeypatch):
    """An estimate that takes no time; the number of frames is that of the images."""

    def estimate(rgb, thermal, *_):
        numbers = {"windows": 9, "coverage": 0.5, "agreement": 0.9, "uncertainty": 0.5}
        sizes = {"rgb_size": SIZE, "thermal_size": THERMAL_SIZE}
        return SimpleNamespace(homography=KNOWN, frames=len(rgb), **sizes, **numbers)

    monkeypatch.setattr("amdanet_ros.registration.estimate_homography", estimate)


@pytest.fixture
def drawn_folders(images, tmp_path):
    """Folders of the images, RGB and thermal."""
    for index, (rgb, thermal) in enumerate(images):
        for name, pixels in (("rgb", rgb[..., ::-1]), ("thermal", thermal)):
            (tmp_path / name).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / name / f"{index}.png"), pixels)
    return tmp_path / "rgb", tmp_path / "thermal"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("rgb/0.yaml", "rgb/0.png is the input"),
        ("thermal/../rgb/1.yml", "rgb/1.png is the input"),
        ("rgb/0.png", "ends in .yaml"),
        ("out", "ends in .yaml"),
        ("", "ends in .yaml"),
        ("notes.yaml", "--overwrite"),
        ("picture.yaml", "picture.png exists"),
        ("bag/metadata.yaml", "lies in the recording"),
        ("rgb", "ends in .yaml"),
        ("notes.yaml/rig.yaml", "not a directory"),
        ("/proc/rig.yaml", "/proc/rig"),
    ],
)
@pytest.mark.usefixtures("estimated")
def test_no_file_of_another_is_written_over(bag, drawn_folders, tmp_path, capsys, output, words):
    (tmp_path / "notes.yaml").write_text("a: 1")
    (tmp_path / "picture.png").write_bytes(b"of the rig")
    (tmp_path / "bag").symlink_to(bag)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    place = output and str(tmp_path / output)
    source = [str(tmp_path / "bag")] if output.startswith("bag") else map(str, drawn_folders)
    assert cli.main(["register", *source, "-o", place]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("estimated")
def test_only_its_own_file_is_replaced_and_only_when_asked_to(drawn_folders, tmp_path, capsys):
    out = tmp_path / "rig.yaml"
    out.write_text("a: 1")
    arguments = ["register", *map(str, drawn_folders), "-o", str(out)]
    assert cli.main([*arguments, "--overwrite"]) == 2
    assert "was not written by amdanet register" in capsys.readouterr().err
    out.unlink()
    assert cli.main(arguments) == 0
    assert cli.main(arguments) == 2
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert "agreement" in capsys.readouterr().out


@pytest.mark.usefixtures("estimated")
def test_images_that_cannot_be_used_are_left_out_and_named(drawn_folders, tmp_path, capsys):
    rgb, thermal = drawn_folders
    for index, data in ((3, b""), (4, b"no image")):
        (rgb / f"{index}.png").write_bytes(data)
        (thermal / f"{index}.png").write_bytes((thermal / "0.png").read_bytes())
    for folder, shape in ((rgb, (40, 50, 3)), (thermal, (40, 50))):
        cv2.imwrite(str(folder / "5.png"), np.zeros(shape, np.uint8))
    out = tmp_path / "rig.yaml"
    assert cli.main(["register", str(rgb), str(thermal), "-o", str(out)]) == 0
    told = capsys.readouterr()
    assert "3 frames" in told.out
    for name in ("3.png", "4.png", "5.png"):
        assert name in told.err


@pytest.mark.parametrize("options", [("--max-uncertainty", "nan"), ("--initial", *["nan"] * 9)])
def test_numbers_that_are_none_are_refused(bag, tmp_path, capsys, options):
    assert cli.main(["register", str(bag), *options, "-o", str(tmp_path / "rig.yaml")]) == 2
    error = capsys.readouterr().err
    assert "nan" in error and error.count("\n") == 1


@pytest.mark.usefixtures("estimated")
def test_the_part_of_a_frame_is_chosen_and_written_for_the_node(drawn_folders, tmp_path, capsys):
    out = tmp_path / "rig.yaml"
    arguments = ["register", *map(str, drawn_folders), "-o", str(out)]
    assert cli.main([*arguments, "--thermal-frame", "lower_half_raw16"]) == 0
    assert parameters(out)["thermal.frame"] == "lower_half_raw16"
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert "thermal.frame" not in parameters(out)
    capsys.readouterr()
    assert cli.main([*arguments, "--overwrite", "--max-image-megapixels", "0.02"]) == 2
    assert "320 x 240 pixels, more than the allowed 0.02 million" in capsys.readouterr().err


@pytest.mark.usefixtures("estimated")
def test_a_lens_that_a_homography_leaves_out_is_named(images, bags, tmp_path, capsys):
    path, infos = tmp_path / "bag", ("/rgb/camera_info", "/thermal/camera_info")
    with BagWriter(path, "mcap") as writer:
        for topic, kind in zip(
            (*infos, bags.RGB, bags.THERMAL), 2 * [bags.INFO] + 2 * [bags.IMAGE], strict=True
        ):
            writer.add_topic(topic, kind, [quality(reliable=True)])
        lenses = (-0.2, 0.05, 0.0, 0.0, 0.0), (0.0,) * 5
        stamp = bags.START
        for topic, lens, size in zip(infos, lenses, (SIZE, THERMAL_SIZE), strict=True):
            info = bags.camera_info(stamp, "camera", size, 300.0, lens)
            writer.write_message(topic, stamp, info)
        for topic, pixels, kind in zip(
            (bags.RGB, bags.THERMAL), images[0], ("rgb8", "mono16"), strict=True
        ):
            writer.write_message(topic, stamp, bags.image(stamp, pixels, kind))
    assert cli.main(["register", str(path), "-o", str(tmp_path / "rig.yaml")]) == 0
    told = capsys.readouterr().err
    assert f"{bags.RGB}: its camera_info tells of lens distortion" in told
    assert told.count("lens distortion") == 1 and "amdanet calibrate" in told
