"""What the node adds to the network: overhead, latency and throughput over real DDS.

The node runs in a process of its own with a small random network; this process publishes pairs and
subscribes to the outputs, as a robot's would. All times are the node's own, from its diagnostics.

    python benchmarks/node.py                          # 640x480 and 1280x720
    python benchmarks/node.py --frames 10000 --sizes 480x640 --rate 60    # memory over a long run

Overhead: from the arrival of a pair's second image to the last publish, without inference and
without waiting for the worker. Must hold at 640x480: 5 ms in the median.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
_ROOT = Path(__file__).resolve().parents[1]
from amdanet_ros.dds_profile import profile_variable  # noqa: E402

os.environ[profile_variable()] = str(_ROOT / "config" / "fastdds_images.xml")

import numpy as np  # noqa: E402
import rclpy  # noqa: E402
from amdanet_ros.msg import SemanticSegmentation  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from amdanet_ros.demo.processes import Process  # noqa: E402
from amdanet_ros.messages.image import image_message  # noqa: E402
from amdanet_ros.network import AMDANet  # noqa: E402
from amdanet_ros.network.checkpoint import save_checkpoint  # noqa: E402
from amdanet_ros.ros.message_types import RclpyTypes  # noqa: E402

_KEYS = (
    "Overhead (latency without inference and waiting)",
    "Latency, arrival to publish",
    "Inference",
)


class Cameras(Node):
    """Publishes pairs at a rate and hears the node's outputs and diagnostics."""

    def __init__(self, size: tuple[int, int], rate: float) -> None:
        super().__init__("cameras")
        random = np.random.default_rng(0)
        self._rgb = random.integers(0, 255, (*size, 3), dtype=np.uint8)
        self._thermal = random.integers(28000, 31000, size).astype(np.uint16)
        self._rgb_topic = self.create_publisher(Image, "rgb/image_raw", 10)
        self._thermal_topic = self.create_publisher(Image, "thermal/image_raw", 10)
        self.sent = 0
        self.outputs: dict[str, int] = {}
        self.values: dict[str, str] = {}
        self.memory: list[float] = []
        for topic, kind in (
            ("fused/image_raw", Image),
            ("segmentation/mask", Image),
            ("segmentation/overlay", Image),
            ("segmentation", SemanticSegmentation),
        ):
            self.create_subscription(kind, topic, lambda _, t=topic: self._heard(t), 10)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._diagnosed, 10)
        self.create_timer(1.0 / rate, self._publish)

    def ready(self) -> bool:
        """Whether the node subscribes to both cameras."""
        topics = (self._rgb_topic, self._thermal_topic)
        return all(topic.get_subscription_count() for topic in topics)

    def _publish(self) -> None:
        if not self.ready():
            return
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id="camera")
        types = RclpyTypes()
        self._rgb_topic.publish(image_message(types, self._rgb, "rgb8", header))
        self._thermal_topic.publish(image_message(types, self._thermal, "mono16", header))
        self.sent += 1

    def _heard(self, topic: str) -> None:
        self.outputs[topic] = self.outputs.get(topic, 0) + 1

    def _diagnosed(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            if status.name.endswith("output"):
                self.values = values
            if "Resident memory (MiB)" in values:
                self.memory.append(float(values["Resident memory (MiB)"]))


def measure(
    size: tuple[int, int], rate: float, frames: int, inference: int, domain: int, folder: Path
) -> Cameras:
    """Run the node on pairs of one size until enough were sent and diagnosed."""
    checkpoint = folder / "small.safetensors"
    save_checkpoint(checkpoint, AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16))
    arguments = ["--ros-args", "-p", f"checkpoint:={checkpoint}", "-p", "precision:=fp32"]
    arguments += ["-p", f"inference_size:=[{inference}, {inference}]"]
    node = Process("node", "amdanet_ros.ros.amdanet_node", arguments, domain, folder / "node.log")
    rclpy.init(domain_id=domain)
    cameras = Cameras(size, rate)
    executor = SingleThreadedExecutor()
    executor.add_node(cameras)
    try:
        while cameras.sent < frames:
            node.check_running()
            executor.spin_once(timeout_sec=0.5)
        seen = len(cameras.memory)
        while len(cameras.memory) < seen + 2:
            executor.spin_once(timeout_sec=0.5)
    finally:
        executor.shutdown()
        cameras.destroy_node()
        rclpy.try_shutdown()
        node.stop()
    return cameras


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=["480x640", "720x1280"], metavar="HxW")
    parser.add_argument("--rate", type=float, default=15.0, help="pairs a second")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--inference", type=int, default=64, help="side of the network's image")
    arguments = parser.parse_args()
    print("| size | sent | published | " + " | ".join(f"{k}, ms (95 %)" for k in _KEYS), end="")
    print(" | resident memory, MiB: after a tenth, at the end |")
    print("|---" * (len(_KEYS) + 4) + "|")
    for index, text in enumerate(arguments.sizes):
        size = tuple(int(side) for side in text.split("x"))
        domain = 1 + (os.getpid() + index) % 100
        with tempfile.TemporaryDirectory() as folder:
            found = measure(
                size, arguments.rate, arguments.frames, arguments.inference, domain, Path(folder)
            )
        times = [
            f"{found.values.get(f'{key}: median (ms)')} ({found.values.get(f'{key}: 95 % (ms)')})"
            for key in _KEYS
        ]
        early = found.memory[len(found.memory) // 10]
        row = [text, found.sent, found.values.get("Published"), *times]
        row.append(f"{early:.0f}, {found.memory[-1]:.0f}")
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


if __name__ == "__main__":
    main()
