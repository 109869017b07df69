"""``amdanet info``: true words about this machine and about a checkpoint."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from amdanet_ros import __version__  # noqa: E402
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
    assert err.startswith("amdanet: checkpoint") and "none.pth does not exist" in err
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
