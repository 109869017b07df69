"""`amdanet fuse` takes the node's parameters: from its file, from options, and these win."""

import numpy as np
import pytest
import yaml

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.writer import BagWriter
from amdanet_ros.cli.main import main
from amdanet_ros.registration.camera_info_file import CameraInfoValues, camera_info_text

SHIFT = [2.0, 0.0, 6.0, 0.0, 2.0, 4.0, 0.0, 0.0, 1.0]


@pytest.fixture
def pair_bag(tmp_path, bags):
    """A bag of three pairs at 10 Hz: its folder and the RGB stamps."""
    path = tmp_path / "pairs"
    return path, bags.write_pairs(path, count=3)


@pytest.fixture
def fuse(network_options, pair_bag, tmp_path):
    """A function that fuses a bag with options; the messages of the new bag by topic."""
    made = []

    def run(*options, bag=pair_bag[0], status=0):
        made.append(tmp_path / f"out_{len(made)}")
        arguments = [str(bag), "-o", str(made[-1]), *map(str, options), *network_options]
        assert main(["fuse", *arguments]) == status
        if not made[-1].exists():
            return None
        found = {}
        with BagReader(made[-1]) as bag:
            for message in bag.messages():
                found.setdefault(message.topic, []).append(bytes(message.raw))
        return found

    return run


@pytest.fixture
def params_file(tmp_path):
    """A function that writes parameters under a node's name; the file."""

    def write(parameters, node="/**"):
        path = tmp_path / "rig.yaml"
        path.write_text(yaml.safe_dump({node: {"ros__parameters": parameters}}))
        return path

    return write


def with_infos(path, bags, count=4, **topics):
    """A bag of pairs, and calibrations on topics by stream, after the first image."""
    stamps = bags.write_pairs(path.with_name("plain"), count=count)
    with BagReader(path.with_name("plain")) as plain, BagWriter(path) as bag:
        for message in plain.messages():
            bag.write(message.topic, message.type, message.stamp_ns, message.raw)
        for stream, topic in topics.items():
            size, focal = ((48, 64), 50.0) if stream == "rgb" else ((24, 32), 22.0)
            info = bags.camera_info(stamps[1], f"{stream}_optical", size, focal)
            bag.write_message(topic, stamps[1], info)
    return path


@pytest.mark.parametrize("node", ["/**", "amdanet", "/amdanet"])
def test_file_option_and_single_parameter_say_the_same(fuse, params_file, node):
    values = {"thermal": {"registration": SHIFT}, "confidence_threshold": 0.5}
    by_file = fuse("--params-file", params_file(values, node))
    by_option = fuse("--registration", *SHIFT, "-p", "confidence_threshold:=0.5")
    assert by_file == by_option
    assert by_file != fuse()


def test_a_node_of_another_name_is_found_by_option(fuse, params_file, capsys):
    file = params_file({"overlay_alpha": 0.2}, "/front/fusion")
    found = fuse("--params-file", file, "--node", "/front/fusion")
    assert found == fuse("-p", "overlay_alpha:=0.2")
    fuse("--params-file", file, status=2)
    assert "/front/fusion" in capsys.readouterr().err


def test_options_win_over_the_file(fuse, params_file):
    other = [1.0, 0.0, 20.0, 0.0, 1.0, 20.0, 0.0, 0.0, 1.0]
    values = {
        "thermal.registration": other,
        "thermal.registration_sizes": [480, 640, 120, 160],
        "fused.stretch": True,
        "sync.slop": 0.001,
        "overlay_alpha": 0.9,
    }
    file = params_file(values)
    options = ("--registration", *SHIFT, "--no-stretch", "--slop", "0.05")
    by_both = fuse("--params-file", file, *options, "-p", "overlay_alpha:=0.2")
    assert by_both == fuse("--registration", *SHIFT, "-p", "overlay_alpha:=0.2")


def test_a_camera_pair_of_the_file_is_chosen_by_name(fuse, params_file, capsys):
    values = {"pairs": ["front", "rear"], "rear.confidence_threshold": 0.5, "overlay_alpha": 0.2}
    file = params_file(values)
    rear = fuse("--params-file", file, "--pair", "rear")
    assert rear == fuse("-p", "confidence_threshold:=0.5", "-p", "overlay_alpha:=0.2")
    fuse("--params-file", file, status=2)
    assert "front, rear: choose one with --pair" in capsys.readouterr().err


def test_what_belongs_to_the_node_alone_is_accepted(fuse, params_file):
    values = {"max_age": 0.1, "qos.reliability": "best_effort", "rgb.transport": "compressed"}
    assert fuse("--params-file", params_file({**values, "use_sim_time": True})) == fuse()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"thermal.crop": [1, 2]}, "thermal.crop must be an array of 4 whole numbers"),
        ({"sync.slop": 11.0}, "sync.slop is 11.0: it must lie between 0.0 and 10.0"),
        ({"confidence_treshold": 0.5}, "do you mean confidence_threshold?"),
    ],
)
def test_a_wrong_value_in_the_file_is_a_line_with_its_place(
    fuse, params_file, capsys, values, words
):
    file = params_file(values)
    fuse("--params-file", file, status=2)
    error = capsys.readouterr().err
    assert words in error and f"{file}, line 3" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-p", "overlay_alpha"], "write NAME:=VALUE"),
        (["-p", "overlay_alpha:=2"], "overlay_alpha is 2"),
        (["-p", "overlay:=2"], "do you mean overlay_alpha?"),
        (["--pair", "front"], "--pair front: the parameters name no camera pairs"),
        (["--params-file", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        (["--rgb-info-topic", "/rgb/image_raw"], "no camera_info on /rgb/image_raw"),
    ],
)
def test_a_wrong_option_is_a_line_and_status_2(fuse, capsys, options, words):
    fuse(*options, status=2)
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_other_values_in_the_file_start_the_job_afresh(
    params_file, tmp_path, monkeypatch, network_options, pair_bag
):
    from amdanet_ros.inference import Predictor

    calls, real = [], Predictor.__call__

    def call(self, *arguments):
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(1)
        return real(self, *arguments)

    def run(smoothing):
        options = ["--params-file", str(params_file({"thermal.smoothing": smoothing}))]
        out = str(tmp_path / "out")
        return main(["fuse", str(pair_bag[0]), "-o", out, *options, *network_options])

    monkeypatch.setattr(Predictor, "__call__", call)
    assert run(0.5) == 130
    assert len(list((tmp_path / ".out.partial").glob("*.npz"))) == 1
    calls.clear()
    assert run(0.6) == 130
    assert len(calls) == 1  # a journal that goes on would be one pair from the end
    calls.clear()
    assert run(0.6) == 130
    assert len(list((tmp_path / ".out.partial").glob("*.npz"))) == 2


def test_calibrations_beside_the_images_register_them(fuse, tmp_path, bags):
    given = {"rgb": "/rgb/camera_info", "thermal": "/thermal/camera_info"}
    bag = with_infos(tmp_path / "calibrated", bags, **given)
    by_info = ("-p", "thermal.registration_from:=camera_info")
    found = fuse(*by_info, bag=bag)
    # x = 50 / 22 * (x_thermal - 15.5 with centres at integers), and so on: from K and the sizes.
    scale = 50.0 / 22.0
    matrix = [scale, 0, 32 - 16 * scale, 0, scale, 24 - 12 * scale, 0, 0, 1]
    expected = fuse("--registration", *matrix, bag=bag)
    for topic in ("/fused/image_raw", "/segmentation", "/fused/camera_info"):
        assert found[topic] == expected[topic]
        assert len(found[topic]) == 4  # also before the calibration comes
    info = typestore().deserialize_cdr(found["/fused/camera_info"][0], bags.INFO)
    fused = typestore().deserialize_cdr(found["/fused/image_raw"][0], bags.IMAGE)
    assert info.header == fused.header


def test_calibrations_in_files_serve_where_the_bag_has_none(fuse, tmp_path, bags, capsys):
    topics = {"rgb": "/rgb/camera_info", "thermal": "/thermal/camera_info"}
    bag = with_infos(tmp_path / "calibrated", bags, **topics)
    by_info = ["-p", "thermal.registration_from:=camera_info"]
    expected = fuse(*by_info, bag=bag)
    by_file = list(by_info)
    for stream, size, focal in (("rgb", (48, 64), 50.0), ("thermal", (24, 32), 22.0)):
        k = (focal, 0.0, size[1] / 2, 0.0, focal, size[0] / 2, 0.0, 0.0, 1.0)
        p = (*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0)
        values = CameraInfoValues(*size, "plumb_bob", (0.0,) * 5, k, p=p)
        file = tmp_path / f"{stream}.yaml"
        file.write_text(camera_info_text(values, stream))
        by_file += ["-p", f"{stream}.camera_info_file:={file}"]
    assert fuse(*by_file, bag=tmp_path / "plain") == expected
    file.write_text("no: calibration")
    fuse(*by_file, bag=tmp_path / "plain", status=2)
    (line,) = capsys.readouterr().err.splitlines()
    assert f"thermal.camera_info_file is refused: {file} is no camera_info" in line


def with_depth(path, bags, metres=1.0, topic="/aligned/depth", **fields):
    """A bag of two pairs, calibrations, and on a topic a depth image for each pair."""
    stamps = [bags.START, bags.START + 100_000_000]
    topics = {"rgb": "/rgb/camera_info", "thermal": "/thermal/camera_info"}
    calibrated = with_infos(path.with_name("calibrated"), bags, count=2, **topics)
    with BagReader(calibrated) as plain, BagWriter(path) as bag:
        for stamp in stamps:
            pixels = np.full((48, 64), round(1000 * metres), np.uint16)
            depth = bags.image(stamp, pixels, "16UC1", "rgb_optical")
            if topic.endswith("/compressedDepth"):
                depth = bags.compressed(stamp, pixels, "rgb_optical")
                depth.format = "16UC1; compressedDepth png"
                depth.data = np.concatenate([np.zeros(12, np.uint8), depth.data])
            for name, value in fields.items():
                setattr(depth, name, value)
            bag.write_message(topic, stamp, depth)
        for message in plain.messages():
            bag.write(message.topic, message.type, message.stamp_ns, message.raw)
    return path


def test_a_bags_depth_puts_its_pairs_in_place_as_the_plane_there(fuse, tmp_path, bags, capsys):
    """The bag's depth is the same everywhere: a plane at this distance."""
    bag = with_depth(tmp_path / "depth", bags)
    shift = ("-p", "thermal.translation:=[0.2, 0.0, 0.0]", "-p")
    plane = (*shift, "thermal.registration_from:=camera_info")
    expected = fuse(*plane, "-p", "thermal.registration_distance:=1.0", bag=bag)
    far = fuse(*plane, bag=bag)
    by_depth = (*shift, "thermal.registration_from:=depth")
    capsys.readouterr()
    found = fuse(*by_depth, "--depth-topic", "/aligned/depth", bag=bag)
    assert capsys.readouterr().err == ""
    assert (
        found["/segmentation/mask"] == expected["/segmentation/mask"] != far["/segmentation/mask"]
    )
    by_parameter = fuse(*by_depth, "-p", "depth.topic:=aligned/depth", bag=bag)
    assert by_parameter == found
    packed = with_depth(tmp_path / "packed" / "depth", bags, topic="/aligned/depth/compressedDepth")
    of_packed = fuse(*by_depth, "--depth-topic", "/aligned/depth/compressedDepth", bag=packed)
    assert of_packed["/segmentation/mask"] == found["/segmentation/mask"]
    capsys.readouterr()
    without = fuse(*by_depth, bag=bag)  # /depth/image_raw is not there
    assert without["/segmentation/mask"] == far["/segmentation/mask"]
    assert "no depth image as near as depth.max_age" in capsys.readouterr().err
    fuse(*by_depth, "--depth-topic", "/alined/depth", bag=bag, status=2)
    assert "did you mean /aligned/depth?" in capsys.readouterr().err
    fuse(*plane, "--depth-topic", "/aligned/depth", bag=bag, status=2)
    assert "thermal.registration_from: depth alone" in capsys.readouterr().err


def test_a_bags_bad_depth_is_counted_and_the_plane_counts(fuse, tmp_path, bags, capsys):
    bag = with_depth(tmp_path / "depth", bags, encoding="rgb8")
    fuse("-p", "thermal.registration_from:=depth", "--depth-topic", "/aligned/depth", bag=bag)
    assert (
        "2 depth images of /aligned/depth are left out: encoding 'rgb8'" in capsys.readouterr().err
    )


def test_calibrations_elsewhere_are_named(fuse, tmp_path, bags):
    beside = {"rgb": "/rgb/camera_info", "thermal": "/thermal/camera_info"}
    elsewhere = {"rgb": "/calibration/left", "thermal": "/calibration/right"}
    by_info = ("-p", "thermal.registration_from:=camera_info")
    expected = fuse(*by_info, bag=with_infos(tmp_path / "beside", bags, **beside))
    (tmp_path / "other").mkdir()
    bag = with_infos(tmp_path / "other" / "elsewhere", bags, **elsewhere)
    options = ("--rgb-info-topic", elsewhere["rgb"], "--thermal-info-topic", elsewhere["thermal"])
    assert fuse(*by_info, *options, bag=bag) == expected


def test_what_is_missing_is_said_once_and_no_pair_is_fused(fuse, capsys):
    fuse("-p", "thermal.registration_from:=camera_info", status=2)
    error = capsys.readouterr().err
    why, last = [line for line in error.splitlines() if line.startswith("amdanet:")]
    assert "calibration of the rgb camera" in why
    assert "0 pairs fused, 3 left out, nothing is written" in last


def test_why_pairs_are_missing_is_said_in_the_words_of_the_command(fuse, tmp_path, bags, capsys):
    with BagWriter(tmp_path / "in") as bag:
        for index in range(12):
            rgb, thermal = bags.images(index)
            stamp, later = bags.START + index * 10**9, bags.START + index * 10**9 + 3 * 10**8
            bag.write_message(bags.RGB, stamp, bags.image(stamp, rgb, "rgb8"))
            bag.write_message(bags.THERMAL, stamp, bags.image(later, thermal, "mono16"))
    fuse(bag=tmp_path / "in", status=2)
    error = capsys.readouterr().err
    assert "thermal stamps are 0.300 s ahead of RGB's" in error
    assert "--thermal-offset -0.300" in error
    assert len(fuse("--thermal-offset", "-0.3", bag=tmp_path / "in")["/segmentation"]) == 12


def test_a_bad_image_of_a_bag_is_left_out_and_named_by_topic_and_stamp(
    fuse, tmp_path, bags, capsys
):
    stamps = [bags.START + k * 100_000_000 for k in range(3)]
    with BagWriter(tmp_path / "in") as bag:
        for index, stamp in enumerate(stamps):
            rgb, thermal = bags.images(index)
            image = bags.image(stamp, rgb, "rgb8" if index != 1 else "hsv8")
            bag.write_message(bags.RGB, stamp, image)
            bag.write_message(bags.THERMAL, stamp, bags.image(stamp, thermal, "mono16"))
    found = fuse(bag=tmp_path / "in")
    assert len(found["/segmentation"]) == 2
    captured = capsys.readouterr()
    assert "/rgb/image_raw at 1700000000.100000000: encoding 'hsv8'" in captured.err
    assert "2 pairs fused, 1 left out" in captured.out


def test_one_camera_goes_on_alone_where_the_parameters_say_so(fuse, tmp_path, bags):
    with BagWriter(tmp_path / "in") as bag:
        for index in range(8):
            stamp = bags.START + index * 100_000_000
            rgb, thermal = bags.images(index)
            bag.write_message(bags.RGB, stamp, bags.image(stamp, rgb, "rgb8"))
            if index < 3:
                bag.write_message(bags.THERMAL, stamp, bags.image(stamp, thermal, "mono16"))
    assert len(fuse(bag=tmp_path / "in")["/segmentation"]) == 3
    alone = ("-p", "single_modality:=substitute", "-p", "max_wait:=0.15")
    found = fuse(*alone, bag=tmp_path / "in")["/segmentation"]
    kind = "amdanet_ros/msg/SemanticSegmentation"
    status = [typestore().deserialize_cdr(raw, kind).thermal_health.status for raw in found]
    assert status == [0, 0, 0, 3, 3, 3, 3, 3]
    assert not (tmp_path / "out_1.part").exists()


def test_messages_are_recorded_when_their_images_were(fuse, tmp_path, bags):
    """The cameras' clock may be another one than the recorder's."""
    with BagWriter(tmp_path / "in") as bag:
        for index in range(3):
            rgb, thermal = bags.images(index)
            stamp, recorded = 5_000_000_000 + index * 10**8, bags.START + index * 10**8
            bag.write_message(bags.RGB, recorded, bags.image(stamp, rgb, "rgb8"))
            bag.write_message(bags.THERMAL, recorded + 1, bags.image(stamp, thermal, "mono16"))
    fuse(bag=tmp_path / "in")
    with BagReader(tmp_path / "out_0") as bag:
        messages = list(bag.messages(("/segmentation",)))
    assert [each.header_stamp_ns for each in messages] == [5 * 10**9 + k * 10**8 for k in range(3)]
    assert [each.stamp_ns for each in messages] == [bags.START + k * 10**8 for k in range(3)]


def test_temperatures_and_detections_are_in_the_bag_and_a_wrong_unit_is_said_once(
    fuse, tmp_path, bags, capsys
):
    """A scene of 20 degrees with a square of 40, in hundredths of a kelvin."""
    with BagWriter(tmp_path / "in") as bag:
        for index in range(3):
            stamp = bags.START + index * 100_000_000
            rgb, thermal = bags.images(index)
            thermal = np.full_like(thermal, 29315, np.uint16)
            thermal[:8, :8] = 31315
            thermal[-1] += index  # no frozen camera
            bag.write_message(bags.RGB, stamp, bags.image(stamp, rgb, "rgb8"))
            bag.write_message(bags.THERMAL, stamp, bags.image(stamp, thermal, "mono16"))
    options = ("-p", "detections.min_area:=1", "-p", "detections.classes:=[car, person]")
    found = fuse("-p", "thermal.unit:=centikelvin", *options, bag=tmp_path / "in")
    assert "thermal.unit" not in capsys.readouterr().err
    read = typestore().deserialize_cdr
    kinds = {
        "/segmentation": "amdanet_ros/msg/SemanticSegmentation",
        "/segmentation/detections": "vision_msgs/msg/Detection2DArray",
    }
    told, detected = ([read(raw, kind) for raw in found[topic]] for topic, kind in kinds.items())
    for message, detections in zip(told, detected, strict=True):
        assert np.nanmax(message.class_max_temperatures) == pytest.approx(40.0, abs=0.01)
        assert {message.class_names[each.class_id] for each in message.components} <= {
            "car",
            "person",
        }
        assert [each.id for each in detections.detections] == [
            f"mean_celsius={each.mean_temperature:.1f} max_celsius={each.max_temperature:.1f}"
            for each in message.components
        ]
    wrong = fuse("-p", "thermal.unit:=decikelvin", bag=tmp_path / "in")
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "thermal.unit" in each]
    assert "have values above 700 °C: set thermal.unit to centikelvin" in line
    for raw in wrong["/segmentation"]:
        message = read(raw, kinds["/segmentation"])
        assert np.isnan(message.class_max_temperatures).all()
        assert np.isnan([each.max_temperature for each in message.components]).all()
