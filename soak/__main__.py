"""Run the node for a long time; exit status 1 where something grew or stopped.

python -m soak                                  30 minutes, 100 lifecycle cycles
python -m soak --seconds 300 --cycles 20 --report soak.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

# Before rclpy is imported: nothing leaves this machine, raw images have room.
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
_PROFILE = Path(__file__).resolve().parents[1] / "config" / "fastdds_images.xml"
from amdanet_ros.dds_profile import profile_variable  # noqa: E402

os.environ[profile_variable()] = str(_PROFILE)

from .course import Phase, faults, soak  # noqa: E402


def table(phases: list[Phase]) -> str:
    """Return the phases as a table of Markdown."""
    head = (
        "| phase | seconds | pairs | masks | latency, median (ms) | 95 % (ms) | memory (MiB) "
        "| threads | descriptors |\n|---|---|---|---|---|---|---|---|---|"
    )
    rows = [
        f"| {phase.name} | {phase.seconds:.0f} | {phase.pairs} | {phase.masks} "
        f"| {phase.latency_ms:.1f} | {phase.latency_95_ms:.1f} | {phase.memory_mib:.0f} "
        f"| {phase.threads} | {phase.descriptors} |"
        for phase in phases
    ]
    return "\n".join([head, *rows])


def main() -> int:
    """Soak; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=1800.0, help="without the cycles")
    parser.add_argument("--cycles", type=int, default=100, help="of the lifecycle")
    parser.add_argument(
        "--latency-factor",
        type=float,
        default=2.0,
        help="how much the latency may grow to the end; more where other work runs beside it",
    )
    parser.add_argument("--checkpoint", default="demo")
    parser.add_argument("--engine", choices=("torch", "openvino", "auto"), default="torch")
    parser.add_argument("--domain", type=int, default=os.getpid() % 100 + 1, help="ROS domain")
    parser.add_argument("--report", type=Path, help="JSON file with what came out")
    arguments = parser.parse_args()
    phases = soak(
        arguments.seconds,
        arguments.cycles,
        arguments.checkpoint,
        arguments.domain,
        arguments.engine,
    )
    print(table(phases))
    found = faults(phases, arguments.latency_factor)
    print("\n".join(found) or "nothing grew")
    if arguments.report:
        report = {"phases": [asdict(phase) for phase in phases], "faults": found}
        arguments.report.write_text(json.dumps(report, indent=1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
