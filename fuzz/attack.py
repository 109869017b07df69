"""Hostile messages and requests to a running node over DDS; status 1 where it ends or goes deaf.

    python -m fuzz.attack                            a minute
    python -m fuzz.attack --seconds 600 --report attack.json

The node runs in a process of its own. Random images, compressed images, calibrations, clocks,
lifecycle and parameter requests are sent in rounds. After each round the node is brought back to
active, gets valid pairs, and must publish a mask.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
_PROFILE = Path(__file__).resolve().parents[1] / "config" / "fastdds_images.xml"
from amdanet_ros.dds_profile import profile_variable  # noqa: E402

os.environ[profile_variable()] = str(_PROFILE)

import rclpy  # noqa: E402
from lifecycle_msgs.msg import State, Transition  # noqa: E402
from lifecycle_msgs.srv import ChangeState, GetState  # noqa: E402
from rcl_interfaces.msg import Parameter, ParameterValue  # noqa: E402
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from amdanet_ros.bags.message_types import typestore  # noqa: E402
from amdanet_ros.demo.processes import Process  # noqa: E402
from amdanet_ros.settings import PARAMETERS  # noqa: E402
from soak.process_sample import sample  # noqa: E402

from .camera_info import hostile_info  # noqa: E402
from .compressed_images import hostile_compressed  # noqa: E402
from .image_messages import hostile_image  # noqa: E402
from .image_messages import seeds as image_seeds  # noqa: E402
from .spending import Spending  # noqa: E402

_STATES = {1: "unconfigured", 2: "inactive", 3: "active"}
_TO_ACTIVE = {1: Transition.TRANSITION_CONFIGURE, 2: Transition.TRANSITION_ACTIVATE}
_ANSWER_S = 240.0
_SIDE = 64


@dataclass
class Tally:
    """What was sent, and what the node was like.

    Attributes:
        sent: messages and requests by kind.
        rounds: after each of them the node published a mask of a valid pair.
        seconds: they took.
        log_bytes: that the node wrote.
        memory_mib: of the node, at the beginning and at the end.
    """

    sent: Counter = field(default_factory=Counter)
    rounds: int = 0
    seconds: float = 0.0
    log_bytes: int = 0
    memory_mib: list[float] = field(default_factory=list)

    def report(self) -> str:
        """Return it as JSON."""
        # Before Python 3.12, asdict counts the items of a Counter.
        return json.dumps({**asdict(self), "sent": dict(self.sent)}, indent=1)


class Attacker:
    """A ROS node that sends what no sound node would.

    Args:
        numbers: decide what is sent.
        tally: counts it.
    """

    def __init__(self, numbers: random.Random, tally: Tally) -> None:
        self.node = rclpy.create_node("attacker")
        self._numbers, self._tally = numbers, tally
        self._masks: list[Image] = []
        self._first: dict[str, Parameter] = {}
        self._attacked: set[str] = set()
        self.node.create_subscription(Image, "segmentation/mask", self._masks.append, 10)
        self._topics = {
            name: self.node.create_publisher(kind, name, 50)
            for name, kind in (
                ("rgb/image_raw", Image),
                ("thermal/image_raw", Image),
                ("rgb/image_raw/compressed", CompressedImage),
                ("rgb/camera_info", CameraInfo),
                ("thermal/camera_info", CameraInfo),
                ("/clock", Clock),
            )
        }
        self._services = {
            name: self.node.create_client(kind, f"/amdanet/{name}")
            for name, kind in (
                ("change_state", ChangeState),
                ("get_state", GetState),
                ("set_parameters", SetParameters),
                ("get_parameters", GetParameters),
                ("describe_parameters", DescribeParameters),
                ("reset", Trigger),
                ("health", Trigger),
            )
        }

    def round(self, count: int) -> None:
        """Send ``count`` hostile messages and requests."""
        kinds = (self._image,) * 12 + (self._info, self._clock, self._transition, self._parameter)
        kinds += (self._request,)
        for _ in range(count):
            kind = self._numbers.choice(kinds)
            kind()
            self._tally.sent[kind.__name__.strip("_")] += 1
            rclpy.spin_once(self.node, timeout_sec=0.0)

    def check(self, process: Process) -> None:
        """Bring the node back to active and let it fuse a valid pair.

        Raises:
            ProcessFailedError: the node has ended.
            TimeoutError: it does not answer, or publishes nothing.
        """
        end = time.monotonic() + 2 * _ANSWER_S
        self._set_back()
        self._masks.clear()
        while not self._masks:
            process.check_running()
            # Each turn: a transition of the round may be done after an answer to another service.
            state = self._call("get_state", GetState.Request()).current_state.id
            if time.monotonic() > end:
                name = _STATES.get(state, state)
                raise TimeoutError(f"the node is {name} and publishes nothing for valid pairs")
            if state in _TO_ACTIVE:
                transition = Transition(id=_TO_ACTIVE[state])
                self._call("change_state", ChangeState.Request(transition=transition))
                self._masks.clear()
            elif state == State.PRIMARY_STATE_ACTIVE:
                self._pair()
                rclpy.spin_once(self.node, timeout_sec=0.2)

    def _pair(self) -> None:
        stamp = self.node.get_clock().now().to_msg()
        for stream, encoding, size in (("rgb", "rgb8", 3), ("thermal", "mono16", 2)):
            image = Image(height=_SIDE, width=_SIDE, step=_SIDE * size, encoding=encoding)
            image.header.stamp = stamp
            image.data = self._numbers.randbytes(_SIDE * _SIDE * size)
            self._topics[f"{stream}/image_raw"].publish(image)

    def _bytes(self) -> Spending:
        if self._numbers.random() < 0.5:
            changed = bytearray(self._numbers.choice(_IMAGE_SEEDS))
            for _ in range(self._numbers.randrange(4)):
                changed[self._numbers.randrange(len(changed))] = self._numbers.randrange(256)
            return Spending(bytes(changed))
        return Spending(self._numbers.randbytes(self._numbers.randrange(1024)))

    def _image(self) -> None:
        name = self._numbers.choice([each for each in self._topics if "image" in each])
        if name.endswith("compressed"):
            message, kind = hostile_compressed(self._bytes()), "CompressedImage"
        else:
            message, kind = hostile_image(self._bytes()), "Image"
        self._publish(name, message, kind)

    def _info(self) -> None:
        stream = self._numbers.choice(("rgb", "thermal"))
        spending = Spending(self._numbers.randbytes(600))
        self._publish(f"{stream}/camera_info", hostile_info(spending, stream), "CameraInfo")

    def _publish(self, topic: str, message, kind: str) -> None:
        raw = typestore().serialize_cdr(message, f"sensor_msgs/msg/{kind}")
        self._topics[topic].publish(bytes(raw))

    def _clock(self) -> None:
        clock = Clock()
        clock.clock.sec = self._numbers.choice((-1, -(2**31), 0, 5, 2**31 - 1))
        clock.clock.nanosec = self._numbers.choice((0, 999_999_999, 2**32 - 1))
        self._topics["/clock"].publish(clock)

    def _transition(self) -> None:
        number = self._numbers.choice((*range(5), 10, 60, 97, 98, 200, 255))
        if number in (5, 6, 7):  # shutdown is for good, and anybody may ask for it
            return
        label = self._numbers.choice(("", "activate", "nonsense", "x" * 5000))
        transition = Transition(id=number, label=label)
        self._send("change_state", ChangeState.Request(transition=transition))

    def _parameter(self) -> None:
        name = self._numbers.choice([*_NAMES, "", "no.such.name", "x" * 2000, "sync..slop"])
        if name in _KEPT:
            return
        self._attacked.add(name)
        value = self._numbers.choice(
            (
                ParameterValue(type=0),
                ParameterValue(type=1, bool_value=True),
                ParameterValue(type=2, integer_value=self._numbers.choice((0, -1, 2**63 - 1))),
                ParameterValue(type=3, double_value=self._numbers.choice((float("nan"), 1e308))),
                ParameterValue(type=4, string_value=self._numbers.choice(("", "x\ny", "é" * 999))),
                ParameterValue(type=8, double_array_value=[float("inf")] * 9),
                ParameterValue(type=9, string_array_value=["a"] * 50),
                ParameterValue(type=77),
            )
        )
        self._send("set_parameters", SetParameters.Request(parameters=[_named(name, value)]))

    def _request(self) -> None:
        names = [self._numbers.choice(("checkpoint", "", "x" * 999)) for _ in range(50)]
        which = self._numbers.randrange(4)
        if which == 0:
            self._send("get_parameters", GetParameters.Request(names=names))
        elif which == 1:
            self._send("describe_parameters", DescribeParameters.Request(names=names))
        else:
            self._send("reset" if which == 2 else "health", Trigger.Request())

    def _send(self, service: str, request) -> None:
        self._services[service].call_async(request)

    def _set_back(self) -> None:
        """Give the node the values that it had at first of all parameters that were attacked."""
        if not self._first:
            names = [name for name in _NAMES if name not in _KEPT]
            values = self._call("get_parameters", GetParameters.Request(names=names)).values
            pairs = zip(names, values, strict=True)
            self._first = {name: _named(name, value) for name, value in pairs}
        parameters = [self._first[name] for name in sorted(self._attacked & self._first.keys())]
        # Each is set by itself: what cannot be changed now is refused, and the others are set.
        self._call("set_parameters", SetParameters.Request(parameters=parameters))
        self._attacked.clear()

    def _call(self, service: str, request):
        client = self._services[service]
        if not client.wait_for_service(_ANSWER_S):
            raise TimeoutError(f"the node has no service {service}")
        future = client.call_async(request)
        rclpy.spin_until_future_complete(self.node, future, timeout_sec=_ANSWER_S)
        if not future.done():
            raise TimeoutError(f"the node does not answer {service}")
        return future.result()


_IMAGE_SEEDS = image_seeds()
_NAMES = [each.name for each in PARAMETERS]
_KEPT = {"checkpoint", "device", "engine", "precision", "exit_on_hang", "use_sim_time"}
"""Not set: with other values the node may rightly not work, or take long."""


def _named(name: str, value: ParameterValue) -> Parameter:
    return Parameter(name=name, value=value)


def attack(seconds: float, checkpoint: str, domain: int, seed: int, most: int = 500) -> Tally:
    """Attack a node; returns what was sent.

    Args:
        seconds: how long.
        checkpoint: of the node.
        domain: ROS domain.
        seed: of what is sent.
        most: messages and requests of a round.

    Raises:
        ProcessFailedError: the node has ended.
        TimeoutError: it does not answer, or publishes nothing.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "node.log"
        arguments = ["--ros-args", "-p", f"checkpoint:={checkpoint}", "-p", "device:=cpu"]
        arguments += ["-p", "precision:=fp32", "-p", "use_sim_time:=true"]
        # Another engine builds its graphs in the background: their memory is no trace of an attack.
        arguments += ["-p", "engine:=torch"]
        process = Process("node", "amdanet_ros.ros.amdanet_node", arguments, domain, log)
        rclpy.init(domain_id=domain)
        attacker = Attacker(random.Random(seed), tally)
        try:
            attacker.check(process)
            tally.memory_mib.append(sample(process.pid).memory_mib)
            started = time.monotonic()
            while time.monotonic() - started < seconds:
                attacker.round(most)
                attacker.check(process)
                tally.rounds += 1
            tally.seconds = time.monotonic() - started
            tally.memory_mib.append(sample(process.pid).memory_mib)
        finally:
            attacker.node.destroy_node()
            rclpy.try_shutdown()
            status = process.stop()
            tally.log_bytes = log.stat().st_size
            if sys.exc_info()[0] is not None:
                print(log.read_text()[-4000:], file=sys.stderr)
        if status != 0:
            raise RuntimeError(f"the node ended with status {status}")
    return tally


def main() -> int:
    """Attack a node; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz.attack",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--checkpoint", default="demo")
    parser.add_argument("--domain", type=int, default=os.getpid() % 100 + 1, help="ROS domain")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="JSON file with what came out")
    arguments = parser.parse_args()
    tally = attack(arguments.seconds, arguments.checkpoint, arguments.domain, arguments.seed)
    print(
        f"{tally.sent.total()} messages and requests in {tally.seconds:.0f} s, {tally.rounds} "
        f"rounds; the node wrote {tally.log_bytes} bytes of log; memory "
        f"{tally.memory_mib[0]:.0f} MiB at the beginning, {tally.memory_mib[1]:.0f} at the end"
    )
    if arguments.report:
        arguments.report.write_text(tally.report())
    return 0


if __name__ == "__main__":
    sys.exit(main())
