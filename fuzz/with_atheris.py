"""Coverage-guided fuzzing of one target by atheris; ``__main__`` starts it in a process of its own.

    python -m fuzz.with_atheris TARGET FOUND [options of libFuzzer] [CORPUS...]

What ends in a fault is described in the file FOUND.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["amdanet_ros", "rosbags"]):
    from .targets import TARGETS


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    name, found, *options = sys.argv[1:]
    target = TARGETS[name]

    def once(data: bytes) -> None:
        try:
            target(data)
        except BaseException:
            Path(found).write_text(traceback.format_exc())
            raise

    atheris.Setup([sys.argv[0], *options], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
