"""Make the demo's bag: ``python -m amdanet_ros.demo.make_recording FOLDER``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..bags.errors import BagError
from ..synthetic.recording import StreetRecording
from .recording import make_recording


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the bag unless it exists; return 0, or 2 if that fails."""
    parser = argparse.ArgumentParser(prog="make_recording", description=__doc__)
    parser.add_argument("folder", type=Path, help="gets bag/ and labels/")
    parser.add_argument("--duration", type=float, default=40.0, help="length of the bag, seconds")
    parser.add_argument("--seed", type=int, default=0, help="seed of the scenes")
    parsed = parser.parse_args(arguments)
    folder: Path = parsed.folder
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "settings.json").is_file():
        # make_recording replaces the whole folder.
        print(f"make_recording: {folder} holds something else: give a new folder", file=sys.stderr)
        return 2
    try:
        street = StreetRecording(seed=parsed.seed, duration=parsed.duration)
        recording = make_recording(folder, street)
    except (BagError, ValueError, OSError) as error:
        print(f"make_recording: {error}", file=sys.stderr)
        return 2
    print(f"recording: {recording.bag}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
