"""The course of a soak: quiet, lifecycle cycles, all cores busy, quiet again."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import rclpy

from amdanet_ros.demo.processes import Process

from .process_sample import ProcessSample, sample
from .robot import Robot, pause

SIZE = (120, 160)
RATE_HZ = 5.0
_WARM_UP_MASKS = 20
_STARTING_S = 600.0
_STEP_S = 1.0
_BUSY = "while True: pass"


@dataclass(frozen=True)
class Phase:
    """One part of the course.

    Attributes:
        name: "quiet", "cycles", "busy" or "quiet again".
        seconds: it took.
        pairs: published in it.
        masks: that came.
        latency_ms: median from publishing a pair to its mask; 0 where none came.
        latency_95_ms: the same, 95 %.
        memory_mib: median of the resident memory.
        threads: at its end.
        descriptors: at its end.
    """

    name: str
    seconds: float
    pairs: int
    masks: int
    latency_ms: float
    latency_95_ms: float
    memory_mib: float
    threads: int
    descriptors: int


def soak(
    seconds: float, cycles: int, checkpoint: str, domain: int, engine: str = "torch"
) -> list[Phase]:
    """Run the node in a process of its own and return what each phase was like.

    Args:
        seconds: of the three phases without cycles together.
        cycles: how often the node goes from active to unconfigured and back.
        checkpoint: of the node.
        domain: ROS domain.
        engine: of the node. With "auto" one phase may run another engine than the phase before,
            which takes hundreds of MiB more or less.

    Raises:
        ProcessFailedError: the node ended.
        TimeoutError: it stopped publishing, or did not answer a transition.
        RuntimeError: it refused a transition.
    """
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--ros-args", "-p", f"checkpoint:={checkpoint}", "-p", "precision:=fp32"]
        arguments += ["-p", "device:=cpu", "-p", f"engine:={engine}", "-r", "__node:=amdanet"]
        node = Process("node", "amdanet_ros.ros.amdanet_node", arguments, domain, _log(folder))
        rclpy.init(domain_id=domain)
        robot = Robot(SIZE, RATE_HZ)
        try:
            robot.wait_for_masks(_WARM_UP_MASKS, _STARTING_S)
            # A first cycle: what is loaded once and kept is there from now on.
            robot.cycle()
            robot.wait_for_masks(_WARM_UP_MASKS, _STARTING_S)
            course = _Course(robot, node)
            phases = [course.wait("quiet", seconds * 0.35), course.cycles(cycles)]
            with _busy_cores():
                phases.append(course.wait("busy", seconds * 0.15))
            return [*phases, course.wait("quiet again", seconds * 0.5)]
        finally:
            robot.close()
            rclpy.try_shutdown()
            node.stop()


def faults(phases: list[Phase], latency_factor: float = 2.0) -> list[str]:
    """Return what must not have happened, as sentences; empty: all is well.

    Args:
        phases: of ``soak``.
        latency_factor: how much the latency may grow from the first phase to the last; a machine
            that does other work needs more.
    """
    first, last = phases[0], phases[-1]
    found = []
    if last.memory_mib > first.memory_mib * 1.05 + 16:
        found.append(f"memory grew from {first.memory_mib:.0f} to {last.memory_mib:.0f} MiB")
    if last.threads > first.threads:
        found.append(f"threads grew from {first.threads} to {last.threads}")
    if last.descriptors > first.descriptors:
        found.append(f"descriptors grew from {first.descriptors} to {last.descriptors}")
    if last.latency_ms > latency_factor * first.latency_ms + 5:
        found.append(f"latency grew from {first.latency_ms:.1f} to {last.latency_ms:.1f} ms")
    found += [f"no mask came while {phase.name}" for phase in phases if not phase.masks]
    if last.masks < 0.8 * last.pairs:
        found.append(f"only {last.masks} of {last.pairs} pairs came out at the end")
    return found


class _Course:
    def __init__(self, robot: Robot, node: Process) -> None:
        self._robot, self._node = robot, node

    def wait(self, name: str, seconds: float) -> Phase:
        """Let it run for a time."""
        return self._measured(name, lambda watch: pause(seconds, watch))

    def cycles(self, count: int) -> Phase:
        """Take the node down and up again, so many times; each time masks must come again."""

        def run(watch) -> None:
            for _ in range(count):
                self._robot.cycle()
                self._robot.wait_for_masks(1, _STARTING_S)
                watch()

        return self._measured("cycles", run)

    def _measured(self, name: str, run) -> Phase:
        samples: list[ProcessSample] = []
        next_sample = 0.0

        def watch() -> None:
            nonlocal next_sample
            self._node.check_running()
            if time.monotonic() >= next_sample:
                samples.append(sample(self._node.pid))
                next_sample = time.monotonic() + _STEP_S

        started, sent = time.monotonic(), self._robot.sent
        masks = len(self._robot.latencies)
        run(watch)
        samples.append(sample(self._node.pid))
        latencies = sorted(self._robot.latencies[masks:]) or [0.0]
        return Phase(
            name=name,
            seconds=time.monotonic() - started,
            pairs=self._robot.sent - sent,
            masks=len(self._robot.latencies) - masks,
            latency_ms=1e3 * statistics.median(latencies),
            latency_95_ms=1e3 * latencies[int(0.95 * (len(latencies) - 1))],
            memory_mib=statistics.median(each.memory_mib for each in samples),
            threads=samples[-1].threads,
            descriptors=samples[-1].descriptors,
        )


class _busy_cores:  # noqa: N801 - reads as what it does: with _busy_cores():
    """A busy process for each core that this process may use."""

    def __enter__(self) -> None:
        count = len(os.sched_getaffinity(0))
        self._busy = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(count)]

    def __exit__(self, *_: object) -> None:
        for process in self._busy:
            process.kill()
            process.wait()


def _log(folder: str) -> Path:
    return Path(folder) / "node.log"
