"""The chain: the player in one process, the node in another, the recorder in a third."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from amdanet_ros.demo.processes import Process, ProcessFailedError
from amdanet_ros.demo.recording import CAMERA_INFO_TOPIC, RGB_TOPIC, THERMAL_TOPIC
from amdanet_ros.recording.bag_reader import BagReader

FUSED_TOPIC = "/fused/image_raw/compressed"
SEGMENTATION_TOPIC = "/segmentation"
DIAGNOSTICS_TOPIC = "/diagnostics"
RECORDED_TOPICS = (FUSED_TOPIC, SEGMENTATION_TOPIC, DIAGNOSTICS_TOPIC)

_START_S = 120.0
_CLOCK_HZ = "100"
_LAST_DIAGNOSTICS = 3


def free_domain() -> int:
    """A ROS domain that another demo on this machine hardly uses."""
    return 1 + os.getpid() % 100


def run_chain(
    bag: Path,
    output: Path,
    logs: Path,
    params_file: Path,
    domain: int,
    rate: float = 1.0,
    loops: int = 1,
    node_arguments: Sequence[str] = (),
) -> None:
    """Play a bag through the node and record its outputs.

    Args:
        bag: to play.
        output: folder of the new bag; replaced if it exists.
        logs: folder for what the processes say.
        params_file: of the node.
        domain: ROS domain.
        rate: speed.
        loops: laps of the bag.
        node_arguments: further ROS arguments of the node, such as ``-p max_age:=0.5``.

    Raises:
        ProcessFailedError: a process ended too early or did not come up.
    """
    shutil.rmtree(output, ignore_errors=True)
    logs.mkdir(parents=True, exist_ok=True)
    with BagReader(bag) as reader:
        length = reader.duration_ns / 1e9 / rate * loops
    sim_time = ("--ros-args", "-p", "use_sim_time:=true")
    processes: list[Process] = []

    def start(name: str, module: str, arguments: Sequence[str]) -> Process:
        process = Process(name, module, arguments, domain, logs / f"{name}.log")
        processes.append(process)
        return process

    try:
        node_options = [*sim_time, "--params-file", str(params_file), *node_arguments]
        node = start("node", "amdanet_ros.ros.amdanet_node", node_options)
        recorder = start(
            "recorder",
            "amdanet_ros.ros.recorder_node",
            [*RECORDED_TOPICS, "-o", str(output), *sim_time],
        )
        # The recorder finds the outputs as soon as the node is configured.
        for topic in RECORDED_TOPICS:
            recorder.wait_for(f"recording {topic}", _START_S)
        play = [str(bag), "--rate", str(rate), "--loop", str(loops), "--clock", _CLOCK_HZ]
        play += ["--topics", RGB_TOPIC, THERMAL_TOPIC, CAMERA_INFO_TOPIC]
        player = start(
            "player", "amdanet_ros.ros.player_node", [*play, "--wait-for-subscribers", "60"]
        )
        if player.wait(2 * length + _START_S) != 0:
            raise ProcessFailedError("the player failed; see player.log")
        node.check_running()
        recorder.check_running()
        _await_diagnostics(domain, _LAST_DIAGNOSTICS)
    finally:
        # The player first, then the node: the recorder hears them to the end.
        for process in reversed(processes):
            if process.name != "recorder":
                process.stop()
        for process in processes:
            if process.name == "recorder":
                process.stop()


def _await_diagnostics(domain: int, count: int, timeout: float = 20.0) -> None:
    """Wait for messages of the node's diagnostics: what was under way is then counted."""
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray
    from rclpy.executors import SingleThreadedExecutor

    context = rclpy.Context()
    rclpy.init(context=context, domain_id=domain)
    node = rclpy.create_node("amdanet_demo", context=context)
    executor = SingleThreadedExecutor(context=context)
    heard = []
    try:
        node.create_subscription(DiagnosticArray, DIAGNOSTICS_TOPIC, heard.append, 10)
        executor.add_node(node)
        end = node.get_clock().now().nanoseconds + timeout * 1e9
        while len(heard) < count:
            if node.get_clock().now().nanoseconds > end:
                raise ProcessFailedError(f"the node published no diagnostics for {timeout:g} s")
            executor.spin_once(timeout_sec=0.5)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown(context=context)
