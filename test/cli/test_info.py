"""``amdanet info``: true words about this machine and about a checkpoint."""

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
from amdanet_ros import __version__  # noqa: E402
from amdanet_ros.bags.writer import BagWriter  # noqa: E402
from amdanet_ros.cli import main as cli  # noqa: E402
from amdanet_ros.network import AMDANet  # noqa: E402
from amdanet_ros.network.checkpoint import save_checkpoint  # noqa: E402


def fields(text):
    """Read what info printed as a dict."""
    return {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in text.splitlines())
    }


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A checkpoint with random weights, the path and the number of its values."""
    path = tmp_path_factory.mktemp("weights") / "two.safetensors"
    torch.manual_seed(0)
    network = AMDANet(backbone="mit_b0", num_classes=2, embed_dim=16)
    save_checkpoint(
        path,
        network,
        classes=["ground", "person"],
        palette=np.zeros((2, 3), np.uint8),
        metadata={"command": "amdanet train two.yaml"},
        half=True,
    )
    return path, sum(value.numel() for value in network.state_dict().values())


def test_a_checkpoint_is_described(weights, capsys):
    path, values = weights
    assert cli.main(["info", str(path)]) == 0
    told = fields(capsys.readouterr().out)
    assert told["checkpoint"].startswith(str(path))
    assert (told["backbone"], told["num_classes"], told["embed_dim"]) == ("mit_b0", "2", "16")
    assert told["classes"] == "ground, person"
    assert told["command"] == "amdanet train two.yaml"
    assert told["parameters"].startswith(f"{values / 1e6:.1f} million")


def test_a_missing_checkpoint_is_a_one_line_error(tmp_path, capsys):
    assert cli.main(["info", str(tmp_path / "none.pth")]) == 2
    err = capsys.readouterr().err
    assert "none.pth does not exist: give a bag," in err and err.count("\n") == 1
    assert err.count("\n") == 1


def test_a_truncated_checkpoint_is_a_one_line_error(weights, tmp_path, capsys):
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(weights[0].read_bytes()[:100_000])
    assert cli.main(["info", str(cut)]) == 2
    err = capsys.readouterr().err
    assert "cut.safetensors" in err and err.count("\n") == 1


def test_the_machine_is_described(capsys, monkeypatch):
    from amdanet_ros.inference import precision

    monkeypatch.setattr(precision, "product_gain", lambda dtype, device: 0.5)
    assert cli.main(["info"]) == 0
    told = fields(capsys.readouterr().out)
    assert told["amdanet_ros"].startswith(__version__)
    assert told["torch"].startswith(torch.__version__)
    assert "bf16 at 0.5 times the speed" in told["cpu"]
    assert ("rclpy" in told) != ("ROS 2" in told)


def test_the_machine_without_ros_is_described(capsys, monkeypatch):
    import importlib.util

    from amdanet_ros.inference import precision

    find = importlib.util.find_spec
    monkeypatch.setattr(precision, "product_gain", lambda dtype, device: 0.5)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "rclpy" else find(name)
    )
    assert cli.main(["info"]) == 0
    told = fields(capsys.readouterr().out)
    assert told["ROS 2"].startswith("not found") and "rclpy" not in told


def told_of(capsys, path):
    assert cli.main(["info", str(path)]) == 0
    return fields(capsys.readouterr().out)


def test_a_bag_is_described_with_the_topics_that_would_be_fused(bags, tmp_path, capsys):
    bags.write_pairs(tmp_path / "drive", count=2)
    for path in (tmp_path / "drive", tmp_path / "drive" / "metadata.yaml"):
        assert cli.main(["info", str(path)]) == 0
        out = capsys.readouterr().out
        told = fields(out)
        assert (told["RGB"].split(",")[0], told["thermal"].split(",")[0]) == (
            bags.RGB, bags.THERMAL,
        )  # fmt: skip
        assert f"{bags.RGB}, sensor_msgs/msg/Image, 2 messages" in out
        assert told["command"].startswith("amdanet fuse ")
    assert "of 1 bags" in told_of(capsys, tmp_path)["folder"]


def test_a_bag_whose_topics_are_not_clear_is_described_all_the_same(bags, tmp_path, capsys):
    with BagWriter(tmp_path / "colour") as bag:
        bag.write_message("/camera/image", 1, bags.image(bags.START, bags.images(0)[0], "rgb8"))
    told = told_of(capsys, tmp_path / "colour")
    assert "no topic that is surely the thermal camera" in told["chosen"]
    assert "--thermal-topic" in told["command"]


def test_folders_are_described_with_the_command_that_takes_them(weights, bags, tmp_path, capsys):
    for name in ("pairs", "colour", "weights", "run", "set/Visible", "set/Infrared", "set/Label"):
        (tmp_path / name).mkdir(parents=True)
    rgb, thermal = bags.images(0)
    cv2.imwrite(str(tmp_path / "pairs/a_rgb.png"), rgb)
    cv2.imwrite(str(tmp_path / "pairs/a_thermal.png"), thermal)
    cv2.imwrite(str(tmp_path / "colour/a.png"), rgb)
    for name in ("weights/a.safetensors", "run/best.safetensors"):
        (tmp_path / name).write_bytes(weights[0].read_bytes())
    for name in ("run/config.yaml", "set/train.txt"):
        (tmp_path / name).write_text("1")
    said = {name: told_of(capsys, tmp_path / name) for name in ("pairs", "colour", "run", "set")}
    assert "1 pairs of images" in said["pairs"]["folder"]
    assert said["pairs"]["command"].startswith("amdanet fuse ")
    assert "give two folders" in said["colour"]["pairs"]
    assert "of a training" in said["run"]["folder"] and "--resume" in said["run"]["command"]
    assert "a data set" in said["set"]["folder"] and "--data" in said["set"]["command"]
    told = told_of(capsys, tmp_path / "weights")
    assert "of 1 checkpoint;" in told["folder"] and told["checkpoint"].endswith("a.safetensors")
    told = told_of(capsys, tmp_path / "pairs/a_thermal.png")
    height, width = thermal.shape
    assert told["size"] == f"{width} x {height} pixels, 1 channel"
    assert told["values"].startswith(f"{thermal.dtype}, {thermal.min():g} to ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty", None), ("a.onnx", b"no model"), ("a.png", b"\x89PNG\r\n\x1a\nno image"),
        ("a.pgm", b""), ("a.mcap", b"no bag"), ("a.db3", b""), ("a.bag", b"#ROSBAG V2.0\n"),
        ("a.txt", b"words"),
    ],
)  # fmt: skip
def test_what_cannot_be_described_is_one_line(tmp_path, capsys, name, content):
    if content is None:
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_bytes(content)
    assert cli.main(["info", str(tmp_path / name)]) == 2
    err = capsys.readouterr().err
    assert name in err and err.count("\n") == 1 and "a fault" not in err


@pytest.mark.parametrize(
    ("variable", "value"), [("RMW_IMPLEMENTATION", "rmw_none_cpp"), ("ROS_DOMAIN_ID", "x")]
)
def test_an_environment_with_which_ros_cannot_start_is_told(capsys, monkeypatch, variable, value):
    pytest.importorskip("rclpy")
    from amdanet_ros.inference import precision

    monkeypatch.setattr(precision, "product_gain", lambda dtype, device: 0.5)
    monkeypatch.setenv(variable, value)
    assert cli.main(["info"]) == 1
    told = fields(capsys.readouterr().out)
    assert told["ROS 2"].startswith(f"cannot start: {variable} is {value!r}")
