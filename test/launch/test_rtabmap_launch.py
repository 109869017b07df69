"""RTAB-Map gets the fused image, its calibration and the depth, in the node's namespace."""

import pytest

pytest.importorskip("launch_ros.actions")

ECHO = "import sys\nprint('CALLED', ' '.join(sys.argv), flush=True)\n"
NEEDED = {"rtabmap_slam": "rtabmap", "rtabmap_odom": "rgbd_odometry"}


@pytest.mark.parametrize("missing", NEEDED)
def test_a_missing_package_is_told_with_its_fix(
    run_launch, include, capfd, install_program, missing
):
    for package, executable in NEEDED.items():
        if package != missing:
            install_program(package, executable, ECHO)
    assert run_launch([include("rtabmap.launch.py")]) == 1
    told = "".join(capfd.readouterr())
    assert f"the ROS package {missing} is not installed" in told
    assert "CALLED" not in told


def test_both_programs_get_the_topics_of_the_namespace(run_launch, include, capfd, install_program):
    for package, executable in NEEDED.items():
        install_program(package, executable, ECHO)
    arguments = {"namespace": "front", "depth_topic": "/camera/depth", "frame_id": "robot"}
    run_launch([include("rtabmap.launch.py", **arguments)])
    called = [line for line in "".join(capfd.readouterr()).splitlines() if "CALLED" in line]
    assert sorted(line.split("CALLED ")[1].split()[0].rpartition("/")[2] for line in called) == [
        "rgbd_odometry",
        "rtabmap",
    ]
    for line in called:
        for remap in (
            "rgb/image:=/front/fused/image_raw",
            "rgb/camera_info:=/front/fused/camera_info",
            "depth/image:=/camera/depth",
        ):
            assert f"-r {remap}" in line


def test_odometry_of_others_needs_the_map_alone(run_launch, include, capfd, install_program):
    install_program("rtabmap_slam", "rtabmap", ECHO)
    run_launch([include("rtabmap.launch.py", odometry="false")])
    called = [line for line in "".join(capfd.readouterr()).splitlines() if "CALLED" in line]
    assert len(called) == 1
    assert "rgb/image:=/fused/image_raw" in called[0]
    assert "depth/image:=/depth_registered/image_rect" in called[0]
