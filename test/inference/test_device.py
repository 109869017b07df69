"""Devices that a machine has not: one line and status 2 from each command and benchmark."""

import pytest

torch = pytest.importorskip("torch")
from amdanet_ros.cli.errors import CommandError  # noqa: E402
from amdanet_ros.cli.fleet_workers import check_device  # noqa: E402
from amdanet_ros.cli.main import main  # noqa: E402
from amdanet_ros.inference.device import choose_device  # noqa: E402
from amdanet_ros.inference.errors import DeviceUnavailableError  # noqa: E402
from amdanet_ros.training.config_values import ConfigError  # noqa: E402
from amdanet_ros.training.processes import device_of  # noqa: E402
from benchmarks import gpu, network  # noqa: E402

COMMANDS = [
    "benchmark demo --size 32 32 --rounds 1",
    "evaluate demo --synthetic 1:1 --size 32 32",
    "evaluate demo --against demo --data .",
    "train street.yaml --out run",
    "reproduce tab1 --preset tiny --out made",
    "label demo --data . --into First",
    "export demo -o demo.onnx --build",
]


@pytest.fixture
def one_card(monkeypatch):
    """A machine with one CUDA device."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("device", ["cuda:7", "xpu", "cuda:-1", "openvino:NPU"])
def test_a_command_says_in_one_line_what_there_is(
    tmp_path, monkeypatch, capsys, one_card, command, device
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "street.yaml").write_text("")
    assert main([*command.split(), "--device", device]) == 2
    said = capsys.readouterr().err
    assert f"device '{device}'" in said
    assert said.count("\n") == 1 and "fault" not in said
    assert [each.name for each in tmp_path.iterdir()] == ["street.yaml"]


@pytest.mark.parametrize("device", ["cuda:7", "mps", "bad", "cuda:99999999999999"])
@pytest.mark.parametrize("benchmark", [gpu, network])
def test_a_benchmark_says_in_one_line_what_there_is(capsys, one_card, benchmark, device):
    assert benchmark.main(["--device", device]) == 2
    said = capsys.readouterr().err
    assert f"device '{device}': " in said and said.count("\n") == 1


def test_a_named_card_must_be_there_and_others_are_named(one_card):
    assert choose_device("cuda:0") == choose_device("cuda") == torch.device("cuda", 0)
    with pytest.raises(DeviceUnavailableError, match="this machine has cuda:0: choose one of"):
        choose_device("cuda:1")


@pytest.mark.parametrize(("rank", "fits"), [("0", True), ("1", False)])
def test_a_process_of_torchrun_takes_the_card_of_its_number(one_card, monkeypatch, rank, fits):
    monkeypatch.setenv("LOCAL_RANK", rank)
    for device in ("auto", "cuda"):
        if fits:
            assert device_of(device) == torch.device("cuda", 0)
        else:
            with pytest.raises(ConfigError, match="device 'cuda:1': this machine has cuda:0"):
                device_of(device)
    assert device_of("cuda:0") == torch.device("cuda", 0)
    assert device_of("cpu") == torch.device("cpu")


@pytest.mark.parametrize("device", ["cuda:7", "xpu", "openvino:none"])
def test_a_fleet_is_not_begun_on_a_device_that_is_not_there(one_card, device):
    with pytest.raises(CommandError, match=f"device '{device}'"):
        check_device(device)
    check_device("auto")
    check_device("cuda:0")
