"""Stamp to publish: how old a mask is when a subscriber gets it, over real DDS.

    python benchmarks/latency.py [--rates 5 10 15 30] [--seconds 12] [--set engine:=torch]
    python benchmarks/latency.py --from latency.json --write     # the table and plot of a run

The node runs in a process of its own with `checkpoint: street` at its recommended size; this
process stamps and publishes pairs of 480 x 640 and subscribes to the outputs. Beside the measured
latencies it computes those of a queue of ten pairs, from the computing times of the lowest rate.
`--write` writes the table of docs/performance.md and docs/images/latency.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
from amdanet_ros.dds_profile import profile_variable  # noqa: E402

os.environ[profile_variable()] = str(ROOT / "config" / "fastdds_images.xml")

import numpy as np  # noqa: E402

from amdanet_ros.whole_file import write_whole  # noqa: E402
from benchmarks.document_section import DOCUMENT, table, with_section  # noqa: E402
from benchmarks.line_plot import line_plot  # noqa: E402
from benchmarks.queue_model import waiting_latencies  # noqa: E402

MARK = "latency"
PLOT = ROOT / "docs" / "images" / "latency.svg"
SIZE = (480, 640)
QUEUE = 10
OUTPUTS = {
    "mask": ("segmentation/mask",),
    "fused and mask": ("segmentation/mask", "fused/image_raw"),
}
_COMMAND = "`python benchmarks/latency.py --write`"
_WARM_PAIRS = 5


def measure(
    outputs: Sequence[str], rates: Sequence[float], seconds: float, settings: Sequence[str]
) -> dict[str, dict]:
    """Run the node and publish pairs at each rate.

    Returns:
        By rate: "sent", and "latencies", the seconds from the stamp to the mask's arrival here.
    """
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node
    from sensor_msgs.msg import Image
    from std_msgs.msg import Header

    from amdanet_ros.demo.processes import Process
    from amdanet_ros.inference.built_in_scene import built_in_scene
    from amdanet_ros.messages.image import image_message
    from amdanet_ros.ros.message_types import RclpyTypes

    domain = 1 + os.getpid() % 100
    arguments = ["--ros-args", "-p", "checkpoint:=street"]
    for setting in settings:
        arguments += ["-p", setting]
    types, found = RclpyTypes(), {}
    images = [built_in_scene(SIZE, seed) for seed in range(3)]
    rclpy.init(domain_id=domain)
    node = Node("cameras")
    topics = [node.create_publisher(Image, f"{name}/image_raw", 10) for name in ("rgb", "thermal")]
    latencies: list[float] = []

    def heard(message: Image) -> None:
        now = node.get_clock().now().nanoseconds
        stamp = message.header.stamp
        latencies.append((now - stamp.sec * 1_000_000_000 - stamp.nanosec) * 1e-9)

    for topic in outputs:
        node.create_subscription(Image, topic, heard if "mask" in topic else (lambda _: None), 10)
    executor = SingleThreadedExecutor()
    executor.add_node(node)

    def publish(number: int) -> None:
        header = Header(stamp=node.get_clock().now().to_msg(), frame_id="camera")
        rgb, thermal = images[number % len(images)]
        topics[0].publish(image_message(types, rgb, "rgb8", header))
        topics[1].publish(image_message(types, thermal, "mono8", header))

    def spin_until(moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            executor.spin_once(timeout_sec=left)

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "node.log")
        process = Process("node", "amdanet_ros.ros.amdanet_node", arguments, domain, log)
        try:
            while len(latencies) < _WARM_PAIRS:
                process.check_running()
                if all(topic.get_subscription_count() for topic in topics):
                    publish(0)
                spin_until(time.monotonic() + 0.5)
            for rate in rates:
                spin_until(time.monotonic() + 2.0)  # what is under way ends
                latencies.clear()
                begun, sent = time.monotonic(), 0
                while time.monotonic() - begun < seconds:
                    publish(sent)
                    sent += 1
                    spin_until(begun + sent / rate)
                spin_until(time.monotonic() + 1.0)
                found[f"{rate:g}"] = {"sent": sent, "latencies": list(latencies)}
        finally:
            executor.shutdown()
            node.destroy_node()
            rclpy.try_shutdown()
            process.stop()
    return found


def summary(found: dict[str, dict], seconds: float) -> dict[str, dict]:
    """Return median and 95 % of what was measured, and of a queue of ten, in ms, by rate."""
    lowest = min(found, key=float)
    services = found[lowest]["latencies"]
    rows = {}
    for rate, row in found.items():
        arrivals = np.arange(0.0, seconds, 1.0 / float(rate))
        waiting = waiting_latencies(arrivals, services, QUEUE, seconds)
        rows[rate] = {
            "sent": row["sent"],
            "published": len(row["latencies"]),
            **_middle_and_slow(row["latencies"], ""),
            **_middle_and_slow(waiting, "queue_"),
        }
    return rows


def _middle_and_slow(seconds: Sequence[float], prefix: str) -> dict[str, float]:
    return {
        f"{prefix}median": 1e3 * statistics.median(seconds),
        f"{prefix}slow": 1e3 * float(np.percentile(seconds, 95)),
    }


def section(run: dict) -> str:
    """Return the section's Markdown."""
    rows = [
        [
            f"{outputs}, {rate} Hz",
            f"{row['queue_median'] / row['median']:.1f}",
            f"{row['median']:.0f} ({row['slow']:.0f})",
            f"{row['queue_median']:.0f} ({row['queue_slow']:.0f})",
            f"{row['published']} of {row['sent']}",
        ]
        for outputs, found in run["runs"].items()
        for rate, row in summary(found, run["seconds"]).items()
    ]
    heads = [
        "subscribed, rate",
        "a queue of ten over ours",
        "ms, median (95 %)",
        "with a queue of ten",
        "published",
    ]
    settings = f" --set {' '.join(run['settings'])}" if run["settings"] else ""
    return (
        f"{_COMMAND}{settings}: from a pair's stamp to the arrival of its mask at a subscriber in "
        f"another process, 480 x 640 images, `checkpoint: street`. {run['note']}The node keeps one "
        "waiting pair, the newest; a queue of ten is computed from the same run's times, and would "
        f"publish as many.\n\n{table(heads, rows)}\n\n![Latency over rate](images/latency.svg)"
    )


def plot(run: dict) -> str:
    """Return the plot of a run as SVG."""
    lines, dashed = {}, []
    for outputs, found in run["runs"].items():
        rows = summary(found, run["seconds"])
        lines[f"{outputs}, median"] = [(float(r), row["median"]) for r, row in rows.items()]
        lines[f"{outputs}, 95 %"] = [(float(r), row["slow"]) for r, row in rows.items()]
    name, found = next(iter(run["runs"].items()))
    dashed.append(f"{name}, queue of ten")
    rows = summary(found, run["seconds"])
    lines[dashed[0]] = [(float(r), row["queue_median"]) for r, row in rows.items()]
    return line_plot("Stamp to publish", "pairs a second", "ms", lines, dashed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rates", nargs="+", type=float, default=[5.0, 10.0, 15.0, 30.0])
    parser.add_argument("--seconds", type=float, default=12.0, help="of each rate")
    parser.add_argument("--outputs", nargs="+", choices=OUTPUTS, default=list(OUTPUTS))
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME:=VALUE", help="of the node")
    parser.add_argument("--note", default="", help="a sentence for the section: engine, machine")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--from", dest="earlier", type=Path, help="numbers of an earlier run")
    parser.add_argument("--write", action="store_true", help="write the table and the plot")
    given = parser.parse_args(arguments)
    if given.earlier is not None:
        run = json.loads(given.earlier.read_text())
    else:
        run = {"seconds": given.seconds, "settings": given.set, "note": "", "runs": {}}
        for name in given.outputs:
            run["runs"][name] = measure(OUTPUTS[name], given.rates, given.seconds, given.set)
    if given.note:
        run["note"] = f"{given.note.strip()} "
    print(section(run))
    if given.json is not None:
        write_whole(given.json, json.dumps(run) + "\n")
    if given.write:
        write_whole(PLOT, plot(run))
        write_whole(DOCUMENT, with_section(DOCUMENT.read_text(), MARK, section(run)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
