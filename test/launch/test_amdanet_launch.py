"""The node's launch file: it comes up as told, alone, in a namespace, and twice side by side."""

import pytest

pytest.importorskip("launch.actions")  # the project's folder launch/ is no such package
pytest.importorskip("launch_ros.actions")

from launch.actions import GroupAction
from launch_ros.actions import SetParameter, SetRemap


def publishers_and_subscribers(ear, node, namespace="/"):
    topics = ear.node.get_publisher_names_and_types_by_node(node, namespace)
    heard = ear.node.get_subscriber_names_and_types_by_node(node, namespace)
    return {name for name, _ in topics}, {name for name, _ in heard}


def parameter(ear, node, name):
    from rclpy.parameter_client import AsyncParameterClient

    client = AsyncParameterClient(ear.node, node)
    ear.until(client.services_are_ready)
    future = client.get_parameters([name])
    ear.until(future.done)
    return future.result().values[0]


def test_included_alone_it_becomes_active(run_launch, include, ear, params_file, tmp_path):
    shift = [1.0, 0.0, 5.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    rig = tmp_path / "rig.yaml"
    rig.write_text(f"/**:\n  ros__parameters: {{thermal.registration: {shift}}}\n")

    def script():
        ear.until(lambda: ear.state("amdanet") == "active")
        assert parameter(ear, "/amdanet", "overlay_alpha").double_value == 0.25
        assert list(parameter(ear, "/amdanet", "thermal.registration").double_array_value) == shift
        _, heard = publishers_and_subscribers(ear, "amdanet")
        assert {"/rgb/image_raw", "/thermal/image_raw", "/rgb/camera_info"} <= heard

    node = include("amdanet.launch.py", params_file=params_file, registration_file=rig)
    assert run_launch([node], script) == 0


def test_two_instances_in_two_namespaces_side_by_side(run_launch, include, ear, params_file):
    def instance(namespace, **arguments):
        return GroupAction(
            [
                include(
                    "amdanet.launch.py", namespace=namespace, params_file=params_file, **arguments
                )
            ]
        )

    def script():
        ear.until(lambda: ear.state("front/amdanet") == ear.state("rear/amdanet") == "active")
        ours, heard = publishers_and_subscribers(ear, "amdanet", "/front")
        assert "/front/fused/image_raw" in ours
        assert {"/front/camera/image", "/front/camera/camera_info"} <= heard
        assert {"/flir/image", "/flir/camera_info"} <= heard
        ours, heard = publishers_and_subscribers(ear, "amdanet", "/rear")
        assert "/rear/segmentation/mask" in ours
        assert {"/rear/rgb/image_raw", "/rear/thermal/image_raw"} <= heard

    front = instance("front", rgb_topic="camera/image", thermal_topic="/flir/image")
    assert run_launch([front, instance("rear")], script) == 0


def test_it_waits_for_a_manager_without_autostart_and_takes_what_the_includer_sets(
    run_launch, include, ear, params_file
):
    from lifecycle_msgs.srv import ChangeState

    def change(transition):
        client = ear.node.create_client(ChangeState, "/amdanet/change_state")
        ear.until(client.service_is_ready)
        request = ChangeState.Request()
        request.transition.id = transition
        future = client.call_async(request)
        ear.until(future.done)
        assert future.result().success

    def script():
        ear.until(lambda: ear.state("amdanet") == "unconfigured")
        assert parameter(ear, "/amdanet", "use_sim_time").bool_value
        assert parameter(ear, "/amdanet", "exit_on_hang").double_value == 7.5
        change(1)
        change(3)
        ear.until(lambda: ear.state("amdanet") == "active")
        _, heard = publishers_and_subscribers(ear, "amdanet")
        assert "/cam/color" in heard

    group = GroupAction(
        [
            SetRemap("rgb/image_raw", "/cam/color"),
            SetParameter("use_sim_time", True),
            include(
                "amdanet.launch.py", params_file=params_file, autostart="false", exit_on_hang=7.5
            ),
        ]
    )
    assert run_launch([group], script) == 0


def test_a_node_that_dies_is_started_again(run_launch, include, ear, params_file):
    import os
    import signal

    from launch.actions import RegisterEventHandler
    from launch.event_handlers import OnProcessStart

    pids = []
    noted = RegisterEventHandler(OnProcessStart(on_start=lambda event, _: pids.append(event.pid)))

    def script():
        ear.until(lambda: ear.state("amdanet") == "active")
        os.kill(pids[0], signal.SIGKILL)
        ear.until(lambda: len(pids) == 2)
        ear.statuses.clear()
        ear.until(lambda: ear.state("amdanet") == "active")

    node = include("amdanet.launch.py", params_file=params_file, respawn="true", respawn_delay=0.1)
    assert run_launch([noted, node], script) == 0


def test_a_missing_params_file_ends_the_launch_with_its_name(run_launch, include, capfd):
    assert run_launch([include("amdanet.launch.py", params_file="/nowhere/p.yaml")]) == 1
    told = "".join(capfd.readouterr())
    assert "params_file:=/nowhere/p.yaml: there is no such file" in told
    assert "Traceback" not in told
