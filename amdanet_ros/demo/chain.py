"""The chain: node, recorder and player, each in its own process."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..bags.reader import BagReader
from .processes import Process, ProcessFailedError
from .recording import CAMERA_INFO_TOPIC, RGB_TOPIC, THERMAL_TOPIC

FUSED_TOPIC = "/fused/image_raw/compressed"
SEGMENTATION_TOPIC = "/segmentation"
DIAGNOSTICS_TOPIC = "/diagnostics"
RECORDED_TOPICS = (FUSED_TOPIC, SEGMENTATION_TOPIC, DIAGNOSTICS_TOPIC)

_START_S = 120.0
_CLOCK_HZ = "100"
_SIM_TIME = ("--ros-args", "-p", "use_sim_time:=true")
# Linux takes ports of higher domains for outgoing connections.
_DOMAINS = range(1, 102)


def free_domain() -> int:
    """Return a ROS domain that no process on this machine uses.

    Raises:
        ProcessFailedError: all are in use.
    """
    for domain in reversed(_DOMAINS):
        # The port at which the first participant of a domain listens (DDSI-RTPS, section 9.6.1).
        port = 7400 + 250 * domain + 10
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
        return domain
    raise ProcessFailedError("all ROS domains are in use: end other ROS programs on this machine")


class Chain:
    """Node, recorder and player in a ROS domain; a context manager that ends what still runs.

    What the processes print goes to files in the folder ``logs``.
    """

    def __init__(self, logs: Path, domain: int) -> None:
        self._logs = logs
        self._domain = domain
        self._processes: list[Process] = []
        self._clock_subscribers = 1
        logs.mkdir(parents=True, exist_ok=True)

    def start_node(self, params_file: Path) -> Process:
        """Start the node with a parameter file; it is configured when this returns.

        Raises:
            ProcessFailedError: it ended or could not be configured.
        """
        node = self._start("node", [*_SIM_TIME, "--params-file", str(params_file)])
        node.wait_for("configured: ", _START_S, unless="configure failed: ")
        return node

    def start_recorder(self, output: Path, sim_time: bool = True) -> Process:
        """Start to record the outputs of the node, which must run, in a new bag.

        With ``sim_time`` messages are stamped with the player's /clock. It goes back when a bag
        starts again, which would mix the messages of several laps: use False with several laps.

        Raises:
            ProcessFailedError: it ended or did not find an output.
        """
        options = [*RECORDED_TOPICS, "-o", str(output), *(_SIM_TIME if sim_time else ())]
        self._clock_subscribers = 1 + sim_time
        recorder = self._start("recorder", options)
        for topic in RECORDED_TOPICS:
            recorder.wait_for(f"recording {topic}", _START_S)
        return recorder

    def start_player(self, bag: Path, rate: float = 1.0, loops: int = 1) -> Process:
        """Start to play a bag's camera topics once the node subscribes; 0 loops: until stopped."""
        options = [str(bag), "--rate", str(rate), "--loop", str(loops), "--clock", _CLOCK_HZ]
        options += ["--wait-for-subscribers", str(_START_S)]
        options += ["--clock-subscribers", str(self._clock_subscribers)]
        return self._start("player", [*options, "--topics", *_camera_topics(bag)])

    def settle(self, timeout: float = 60.0) -> None:
        """Wait until the node's diagnostics say that all pairs are published or dropped.

        Raises:
            ProcessFailedError: that takes longer than ``timeout`` seconds.
        """
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from rclpy.executors import SingleThreadedExecutor

        context = rclpy.Context()
        rclpy.init(context=context, domain_id=self._domain)
        node = rclpy.create_node("amdanet_demo", context=context)
        executor = SingleThreadedExecutor(context=context)
        heard: list[DiagnosticArray] = []
        try:
            node.create_subscription(DiagnosticArray, DIAGNOSTICS_TOPIC, heard.append, 10)
            executor.add_node(node)
            end = time.monotonic() + timeout
            while not _finished(heard):
                if time.monotonic() > end:
                    raise ProcessFailedError(f"the node is not done within {timeout:g} s")
                executor.spin_once(timeout_sec=0.5)
        finally:
            executor.shutdown()
            node.destroy_node()
            rclpy.try_shutdown(context=context)

    def stop(self) -> None:
        """End all processes, the recorder last, so that it records the others to their end."""
        recorders = [each for each in self._processes if each.name == "recorder"]
        others = [each for each in self._processes if each.name != "recorder"]
        for processes in (others, recorders):
            for process in processes:
                process.begin_to_stop()
            for process in processes:
                process.stop()

    def _start(self, name: str, arguments: Sequence[str]) -> Process:
        module = "amdanet_node" if name == "node" else f"{name}_node"
        before = sum(process.name == name for process in self._processes)
        log = self._logs / (f"{name}_{before + 1}.log" if before else f"{name}.log")
        process = Process(name, f"amdanet_ros.ros.{module}", arguments, self._domain, log)
        self._processes.append(process)
        return process

    def __enter__(self) -> Chain:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _finished(heard: Sequence[Any]) -> bool:
    """Return whether the last two diagnostics have equal counts, which account for all pairs."""
    counts = []
    for array in heard[-2:]:
        outputs = [status for status in array.status if status.name.endswith(": output")]
        values = {each.key: each.value for status in outputs for each in status.values}
        offered = int(values.get("Pairs offered", -1))
        done = int(values.get("Published", 0))
        done += sum(int(n) for key, n in values.items() if key.startswith("Dropped: "))
        counts.append((offered, done))
    return len(counts) == 2 and counts[0] == counts[1] and counts[0][0] == counts[0][1]


def _camera_topics(bag: Path) -> list[str]:
    with BagReader(bag) as reader:
        wanted = (RGB_TOPIC, THERMAL_TOPIC, CAMERA_INFO_TOPIC)
        return [topic for topic in wanted if topic in reader.topics]


def run_chain(
    bag: Path,
    output: Path,
    logs: Path,
    params_file: Path,
    domain: int,
    rate: float = 1.0,
    loops: int = 1,
) -> None:
    """Play a bag through the node, ``loops`` times at ``rate``; record its outputs in ``output``.

    A bag that is there is replaced; the output of the processes goes to ``logs``. The recorded
    stamps are the played bag's time, with several loops the wall clock's.

    Raises:
        ProcessFailedError: a process ended too early or did not start.
    """
    shutil.rmtree(output, ignore_errors=True)
    with BagReader(bag) as reader:
        length = reader.duration_ns / 1e9 / rate * loops
    with Chain(logs, domain) as chain:
        node = chain.start_node(params_file)
        recorder = chain.start_recorder(output, sim_time=loops == 1)
        player = chain.start_player(bag, rate, loops)
        player.finish(2 * length + _START_S, watched=(node, recorder))
        chain.settle()
