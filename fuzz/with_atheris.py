"""Coverage-guided fuzzing of one target by atheris; ``__main__`` starts it in a process of its own.

    python -m fuzz.with_atheris TARGET FOUND [options of libFuzzer] [CORPUS...]

What ends in a fault is described in the file FOUND.
"""

from __future__ import annotations

import shlex
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path

import atheris

from .targets import target_of


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    name, found, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["amdanet_ros", "rosbags"], exclude=_not_steered()):
        target = target_of(name)
        for data in target.seeds():  # imports what is imported at its first use
            target(data)

    def once(data: bytes) -> None:
        try:
            target(data)
        except BaseException:
            Path(found).write_text(traceback.format_exc())
            raise

    # libFuzzer starts further processes by the first word, in a shell.
    itself = shlex.join([sys.executable, "-m", "fuzz.with_atheris", name, found])
    atheris.Setup([itself, *options], once)
    atheris.Fuzz()


def _not_steered() -> list[str]:
    """Return modules whose way no input steers; each takes a part of a second to instrument.

    These are generated classes of messages, and layers of networks.
    """
    found = []
    for package in ("rosbags.typesys.stores", "amdanet_ros.inference.folded"):
        top, *inner = package.split(".")
        # Not by import: a module that is imported already is not instrumented.
        folder = Path(find_spec(top).submodule_search_locations[0], *inner)
        found += [f"{package}.{path.stem}" for path in folder.glob("*.py")]
    return found


if __name__ == "__main__":
    main()
