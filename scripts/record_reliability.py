"""Record a run of all that tries to break the package, for docs/reliability.md.

    python scripts/record_reliability.py [fuzz] [attack] [soak] [options]
    python scripts/write_documents.py

Parts, all by default, one after the other: fuzzing of the readers, an attack on a running node over
DDS, a soak. Each is written to docs/notes/reliability.json when it has ended without a fault; the
document's figures come from there alone. A soak is written with the bounds that it did not keep.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "docs" / "notes" / "reliability.json"
MODULES = {"fuzz": "fuzz", "attack": "fuzz.attack", "soak": "soak"}
PACKAGES = ("numpy", "torch", "opencv-python-headless", "rosbags", "ros-rclpy")


def main() -> int:
    """Run and record; returns 1 where a part found a fault (it is not recorded then)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*MODULES, []], help="default: all")
    parser.add_argument("--fuzz-minutes", type=float, default=25.0, help="of one round")
    parser.add_argument(
        "--fuzz-inputs", type=int, default=1_000_000, help="rounds go on until there were so many"
    )
    parser.add_argument("--attack-minutes", type=float, default=10.0)
    parser.add_argument("--soak-minutes", type=float, default=30.0, help="without the cycles")
    parser.add_argument("--latency-factor", type=float, default=2.0, help="of the soak")
    arguments = parser.parse_args()
    for part in arguments.parts or MODULES:
        options = ["--seconds", f"{60 * getattr(arguments, f'{part}_minutes'):.0f}"]
        if part == "fuzz":
            options += ["--inputs", str(arguments.fuzz_inputs), "--keep"]
            options += ["--at-once", str(_cores())]
        if part == "soak":
            options += ["--latency-factor", f"{arguments.latency_factor:g}"]
        recorded = _recorded(["-m", MODULES[part], *options])
        if recorded is None:
            return 1
        parts = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(json.dumps({**parts, part: recorded}, indent=1) + "\n")
        print(f"written: {RECORD}; now run python scripts/write_documents.py")
    return 0


def _recorded(command: list[str]) -> dict[str, Any] | None:
    """Run a part; returns what is recorded of it, or None after a fault."""
    commit = _output("git", "rev-parse", "--short", "HEAD")
    # Not ":!" before a whole path: git takes its slash for another sign.
    others = f":(exclude){RECORD.relative_to(ROOT)}"
    if _output("git", "status", "--porcelain", "--untracked-files=no", "--", ".", others):
        commit += " with changes"
    print(*command, flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        whole = [sys.executable, *command, "--report", str(report)]
        status = subprocess.run(whole, cwd=ROOT).returncode
        if status != 0 and not ("soak" in command and report.exists()):
            return None
        found = json.loads(report.read_text())
    faults = found.pop("faults") if "soak" in command else []
    return {
        "command": " ".join(["python", *command]),
        "date": date.today().isoformat(),
        "commit": commit,
        "minutes": (time.monotonic() - started) / 60,
        "cores": _cores(),
        "load": os.getloadavg()[2],
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "faults": faults,
        "found": found["phases"] if "soak" in command else found,
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _output(*command: str) -> str:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
