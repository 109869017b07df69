"""view.launch.py: the viewer that is chosen, or the package that is missing."""

import json
from pathlib import Path

import pytest

pytest.importorskip("launch.actions")  # the project's folder launch/ is no such package
pytest.importorskip("launch_ros.actions")

RECORDER = """
import json, pathlib, sys
pathlib.Path({place!r}).write_text(json.dumps(sys.argv))
"""


@pytest.mark.parametrize(
    ("viewer", "package"),
    [("web", "web-video-server"), ("foxglove", "foxglove-bridge"), ("rviz", "rviz2")],
)
def test_a_viewer_that_is_missing_is_one_sentence(run_launch, include, capfd, viewer, package):
    assert run_launch([include("view.launch.py", viewer=viewer)]) == 1
    assert f"sudo apt install ros-jazzy-{package}" in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("viewer", "package", "port"),
    [("web", "web_video_server", 8080), ("foxglove", "foxglove_bridge", 8765)],
)
def test_the_chosen_server_listens_on_this_machine_alone(
    run_launch, include, install_program, tmp_path, viewer, package, port
):
    place = tmp_path / "called"
    install_program(package, package, RECORDER.format(place=str(place)))
    assert run_launch([include("view.launch.py", viewer=viewer)]) == 0
    called = json.loads(place.read_text())
    given = "".join(
        Path(each).read_text() for each in called if each.startswith("/tmp/launch_params")
    )
    assert "address: 127.0.0.1" in given and f"port: {port}" in given


@pytest.mark.parametrize("port", ["x", "-1", "70000", "80.5"])
def test_what_is_no_port_is_refused(run_launch, include, install_program, capfd, port):
    install_program("web_video_server", "web_video_server", "")
    assert run_launch([include("view.launch.py", port=port)]) == 1
    assert f"port:={port}" in "".join(capfd.readouterr())
