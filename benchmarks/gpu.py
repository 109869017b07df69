"""All that a GPU must be asked, in one call: on any machine with CUDA, from the source tree.

    python benchmarks/gpu.py [--device cuda] [--seconds 480] [--json gpu.json]
    python benchmarks/gpu.py --from gpu.json        # writes the tables of an earlier run
    python benchmarks/gpu.py --device cpu --tiny    # a try of the script itself

Needs torch, numpy and OpenCV; no ROS, no test runner. It checks graphs, image operations, transfers
and precisions against the CPU and float64, times MiT-B0, B2 and B4, predicts 10,000 frames, and
writes the tables into docs/performance.md. Results are written after every step: what has been
measured when the time ends is kept, and what has not is named. The exit status is 1 if a check does
not hold.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from amdanet_ros.inference.device import choose_device  # noqa: E402
from amdanet_ros.inference.errors import DeviceUnavailableError  # noqa: E402
from amdanet_ros.whole_file import write_whole  # noqa: E402
from benchmarks.document_section import DOCUMENT, SectionError, with_section  # noqa: E402
from benchmarks.gpu_checks import CHECKS, errors_to_float64  # noqa: E402
from benchmarks.gpu_measuring import (  # noqa: E402
    TINY,
    Extent,
    floors,
    long_run,
    network_times,
)
from benchmarks.gpu_tables import MARK, broken, gpu_section  # noqa: E402
from benchmarks.time_budget import TimeBudget  # noqa: E402

RESULTS = ROOT / "benchmarks" / "gpu_results.json"
_CHECK_SECONDS = 5.0
_TIMING_SECONDS = 20.0
_LONG_RUN_SECONDS = 30.0
_FOR_THE_END = 10.0


def measure(
    device: torch.device, extent: Extent, budget: TimeBudget, keep: Callable[[dict], None]
) -> dict:
    """Run every step that the time allows; `keep` gets all results after each."""
    begun = time.monotonic()
    cuda = device.type == "cuda"
    found = {
        "device": torch.cuda.get_device_name(device) if cuda else platform.machine(),
        "torch": torch.__version__,
        "seconds": 0.0,
        "floors": floors(device, extent),
        "checks": {},
        "precisions": {},
        "times": {},
        "long_run": None,
    }

    def kept() -> None:
        found["seconds"] = time.monotonic() - begun
        keep(found)

    for check in CHECKS:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        print(f"check {name}", flush=True)
        found["checks"][name] = _outcome(check, device, budget)
        kept()
    size = extent.sizes[0]
    for weights in ("demo", "street"):
        if budget.has(_CHECK_SECONDS):
            print(f"float64, {weights}", flush=True)
            found["precisions"][weights] = errors_to_float64(weights, device, size)
            kept()
    for size in extent.sizes:
        for backbone in extent.backbones:
            key = f"{backbone.replace('mit_b', 'MiT-B')}, {size[0]} x {size[1]}"
            print(key, flush=True)
            row = {"left_out": "no time was left"}
            if budget.has(_TIMING_SECONDS):
                row = network_times(backbone, size, device, extent, budget)
            found["times"][key] = row
            kept()
    if budget.has(_LONG_RUN_SECONDS):
        print("long run", flush=True)
        found["long_run"] = long_run(device, extent, budget)
        kept()
    return found


def _outcome(
    check: Callable[[torch.device], str], device: torch.device, budget: TimeBudget
) -> dict:
    """A check's outcome: "held" and "words"; any exception is a check that does not hold."""
    if not budget.has(_CHECK_SECONDS):
        return {"held": False, "words": "not run: no time was left"}
    try:
        return {"held": True, "words": check(device)}
    except Exception as error:
        first = (str(error).strip() or "no words").splitlines()[0]
        return {"held": False, "words": f"{type(error).__name__}: {first}"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--seconds", type=float, default=480.0, help="of everything")
    parser.add_argument("--tiny", action="store_true", help="least sizes, to try the script")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file for the numbers")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="file with the tables")
    parser.add_argument("--from", dest="earlier", type=Path, help="write an earlier run's tables")
    given = parser.parse_args(arguments)
    try:
        text = given.document.read_text()
        with_section(text, MARK, "")
        if given.earlier is not None:
            found = json.loads(given.earlier.read_text())
            write_whole(given.document, with_section(text, MARK, gpu_section(found)))
            return _said(found)
    except (OSError, SectionError, ValueError, LookupError, TypeError) as error:
        print(f"{given.earlier or given.document}: {error}", file=sys.stderr)
        return 2
    try:
        device = choose_device(given.device)
    except (DeviceUnavailableError, ValueError) as error:
        print(f"{error} (--device cpu --tiny tries the script)", file=sys.stderr)
        return 2
    budget = TimeBudget(given.seconds - _FOR_THE_END)
    found = measure(
        device,
        TINY if given.tiny else Extent(),
        budget,
        lambda results: write_whole(given.json, json.dumps(results, indent=1) + "\n"),
    )
    section = gpu_section(found)
    print(section)
    write_whole(given.document, with_section(text, MARK, section))
    return _said(found)


def _said(found: dict) -> int:
    sentences = broken(found)
    for sentence in sentences:
        print(f"BROKEN {sentence}")
    return 1 if sentences else 0


if __name__ == "__main__":
    raise SystemExit(main())
