"""The shell around the commands: what is listed, how mistakes and interruptions end."""

import signal
import subprocess
import sys
import types

import pytest

from amdanet_ros import __version__
from amdanet_ros.cli import main as cli
from amdanet_ros.cli.errors import CommandError


def command(run):
    """Make a command's module."""
    module = types.ModuleType("amdanet_ros.cli.made_up")
    module.SUMMARY = "made up for a test"
    module.add_arguments = lambda parser: parser.add_argument("--size", type=int, default=0)
    module.run = run
    return module


@pytest.fixture
def install(monkeypatch):
    """Put a made-up command in place of all."""

    def place(run):
        monkeypatch.setattr(cli, "COMMANDS", ("made-up", "absent"))
        made_up = command(run)
        monkeypatch.setattr(cli, "_module", lambda name: made_up if name == "made-up" else None)

    return place


def test_the_exit_status_is_the_commands(install):
    install(lambda arguments: arguments.size)
    assert cli.main(["made-up", "--size", "7"]) == 7


def test_a_command_error_is_one_line_and_status_2(install, capsys):
    def fail(_):
        raise CommandError("bag.mcap does not exist: give the path of a bag")

    install(fail)
    assert cli.main(["made-up"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "amdanet: bag.mcap does not exist: give the path of a bag\n")


def test_an_interruption_is_status_130(install, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    install(interrupted)
    assert cli.main(["made-up"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_is_told_from_a_mistake(install, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    install(lambda _: {}["a fault of the program"])
    assert cli.main(["made-up"]) == 70
    err = capsys.readouterr().err
    assert err.startswith("amdanet: a fault of amdanet_ros") and err.count("\n") == 1
    assert "a fault of the program" in next(tmp_path.iterdir()).read_text()


@pytest.mark.parametrize("words", [["--size", "x"], ["--sise"], ["--size"], ["more"]])
def test_a_mistake_in_the_arguments_is_one_line(install, capsys, words):
    install(lambda _: 0)
    with pytest.raises(SystemExit) as stop:
        cli.main(["made-up", *words])
    err = capsys.readouterr().err
    assert (stop.value.code, err.count("\n")) == (2, 1)
    assert "amdanet made-up --help" in err or "amdanet --help" in err


def test_a_command_that_is_not_installed_is_not_listed(install, capsys):
    install(lambda _: 0)
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    listed = capsys.readouterr().out
    assert "made-up" in listed and "made up for a test" in listed and "absent" not in listed
    with pytest.raises(SystemExit) as stop:
        cli.main(["absent"])
    assert stop.value.code == 2


def test_each_installed_command_has_a_summary_and_help(capsys):
    found = [name for name in cli.COMMANDS if cli._module(name) is not None]
    assert "info" in found
    for name in found:
        with pytest.raises(SystemExit) as stop:
            cli.main([name, "--help"])
        assert stop.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: amdanet {name}")
        assert cli._module(name).SUMMARY


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"amdanet_ros {__version__}\n"


def test_listing_the_commands_loads_nothing_heavy(child_environment):
    """Help must come at once, and where a command's needs are not installed."""
    code = (
        "import sys; from amdanet_ros.cli.main import parser; parser().format_help(); "
        "heavy = {'torch', 'cv2', 'rclpy', 'numpy', 'rosbags'} & set(sys.modules); "
        "print(heavy or 'light')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=child_environment, capture_output=True, text=True
    )
    assert result.stdout == "light\n", result.stderr


def test_ctrl_c_ends_a_running_command_with_status_130(child_environment, tmp_path):
    code = (
        "import sys, signal, types; from amdanet_ros.cli import main as cli\n"
        "module = types.ModuleType('waits'); module.SUMMARY = 'waits'\n"
        "module.add_arguments = lambda parser: None\n"
        "def run(_):\n    print('ready', flush=True); signal.pause()\n"
        "module.run = run\n"
        "cli._module = lambda name: module if name == 'info' else None\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.exit(cli.main(['info']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=child_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "amdanet: interrupted\n")
