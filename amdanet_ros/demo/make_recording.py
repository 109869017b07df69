"""Make the demo's bag: ``python -m amdanet_ros.demo.make_recording FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..bags.errors import BagError
from ..programs.arguments import OneLineParser, number
from ..programs.errors import ProgramError
from ..programs.program import run_program
from ..synthetic.recording import StreetRecording
from .recording import make_recording

DURATION = number("--duration", float, 0.2, 3600)
SEED = number("--seed", int, 0, 2**31 - 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the bag unless it exists; return 0, or 2 if that fails."""
    return run_program("make_recording", lambda: _run(arguments), is_process=arguments is None)


def _run(arguments: Sequence[str] | None) -> int:
    parser = OneLineParser(prog="make_recording", description=__doc__)
    parser.add_argument("folder", type=Path, help="gets bag/ and labels/")
    parser.add_argument(
        "--duration", type=DURATION, default=40.0, help="length of the bag, seconds"
    )
    parser.add_argument("--seed", type=SEED, default=0, help="seed of the scenes")
    parsed = parser.parse_args(arguments)
    try:
        street = StreetRecording(seed=parsed.seed, duration=parsed.duration)
        recording = make_recording(parsed.folder, street)
    except (BagError, ValueError) as error:
        raise ProgramError(str(error)) from error
    print(f"recording: {recording.bag}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
