"""How much faster two workers are than one, over eight bags, with one thread each.

    python benchmarks/fleet.py [--bags 8] [--pairs 60] [--checkpoint street] [--check]

Runs `amdanet fleet` twice on the CPU with torch, at the size that the checkpoint recommends, and
prints Markdown: seconds of both runs with all starting of processes, seconds of work in the
results, pairs a second of a worker, and bytes in and out. ``--check`` exits with 1 where two
workers need more than 0.6 of one worker's time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from amdanet_ros.bags.message_types import typestore  # noqa: E402
from amdanet_ros.bags.writer import BagWriter, quality  # noqa: E402

MOST_RATIO = 0.6
"""Promised: time of two workers over that of one."""
_IMAGE = "sensor_msgs/msg/Image"


def write_bag(path: Path, pairs: int, size: tuple[int, int], seed: int) -> None:
    """Write a bag of pairs at 10 Hz: noise that becomes another picture with each pair."""
    types = typestore().types
    numbers = np.random.default_rng(seed)
    height, width = size
    with BagWriter(path, "mcap") as bag:
        for topic in ("/rgb/image_raw", "/thermal/image_raw"):
            bag.add_topic(topic, _IMAGE, [quality(reliable=True)])
        for number in range(pairs):
            stamp = 1_700_000_000_000_000_000 + number * 100_000_000
            time_of = types["builtin_interfaces/msg/Time"](*divmod(stamp, 1_000_000_000))
            header = types["std_msgs/msg/Header"](time_of, "camera")
            rgb = numbers.integers(0, 256, (height, width, 3), np.uint8)
            thermal = numbers.integers(28000, 31000, (height // 2, width // 2)).astype(np.uint16)
            for topic, image, encoding in (
                ("/rgb/image_raw", rgb, "rgb8"),
                ("/thermal/image_raw", thermal, "mono16"),
            ):
                data = image.reshape(-1).view(np.uint8)
                rows, columns = image.shape[:2]
                message = types[_IMAGE](header, rows, columns, encoding, 0, data.size // rows, data)
                bag.write_message(topic, stamp, message)


def run(source: Path, out: Path, workers: int, checkpoint: str) -> tuple[float, list[dict]]:
    """Work on the bags; return the seconds of it all, and the rows."""
    command = [sys.executable, "-m", "amdanet_ros.cli.main", "fleet", str(source), str(out)]
    command += ["--workers", str(workers), "--checkpoint", checkpoint, "--device", "cpu"]
    # A choice of the engine would be measured in the first run and kept for the second.
    command += ["--precision", "fp32", "--engine", "torch"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begun
    return seconds, [json.loads(line) for line in (out / "results.jsonl").open()]


def size_of(folder: Path) -> float:
    """Return the MB of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> int:
    """Measure and print; returns 1 where ``--check`` fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bags", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--checkpoint", default="street")
    parser.add_argument("--size", type=int, nargs=2, default=(480, 640), metavar=("H", "W"))
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in")
        for number in range(given.bags):
            write_bag(source / f"bag_{number}", given.pairs, tuple(given.size), number)
        print("| workers | seconds | seconds of work | pairs a second of a worker |")
        print("|---|---|---|---|")
        total = {}
        for workers in (1, 2):
            out = Path(folder, f"out_{workers}")
            total[workers], rows = run(source, out, workers, given.checkpoint)
            work = sum(row["seconds"] for row in rows)
            pairs = sum(row["pairs"] for row in rows)
            print(f"| {workers} | {total[workers]:.1f} | {work:.1f} | {pairs / work:.2f} |")
        ratio = total[2] / total[1]
        each = given.bags * given.pairs
        print(f"\nratio {ratio:.2f}; read {size_of(source) / each:.2f} MB a pair, written "
              f"{size_of(Path(folder, 'out_1')) / each:.2f} MB a pair")  # fmt: skip
    return int(given.check and ratio > MOST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
