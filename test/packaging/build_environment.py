"""An environment that holds what certain requirements ask for, and nothing else."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def distributions(requirements: list[str]) -> dict[str, Distribution]:
    """Return those of this environment that the requirements name, and what these require in turn.

    Raises:
        PackageNotFoundError: one is not installed.
        AssertionError: one is installed in another version.
    """
    found: dict[str, Distribution] = {}
    open_ = [Requirement(line) for line in requirements]
    while open_:
        wanted = open_.pop()
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        each = distribution(wanted.name)
        assert wanted.specifier.contains(each.version, prereleases=True), (
            f"{wanted}: {each.version}"
        )
        if each.metadata["Name"] not in found:
            found[each.metadata["Name"]] = each
            open_ += [Requirement(line) for line in each.requires or []]
    return found


def make_environment(prefix: Path, requirements: list[str]) -> Path:
    """Make a virtual environment of these distributions; return its Python.

    The files are links to this environment's: hard ones, because a build looks where a file
    really is.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    here = Path(sys.prefix)
    shebang = f"#!{here}/".encode()
    made: set[Path] = set()
    for each in distributions(requirements).values():
        for file in each.files or []:
            path = Path(os.path.normpath(each.locate_file(file)))
            if path.suffix == ".pyc" or not path.is_file() or not path.is_relative_to(here):
                continue
            to = prefix / path.relative_to(here)
            if to.parent not in made:
                to.parent.mkdir(parents=True, exist_ok=True)
                made.add(to.parent)
            if to.exists():
                continue
            with path.open("rb") as file_:
                names_python = file_.read(len(shebang)) == shebang
            if names_python:
                to.write_bytes(path.read_bytes().replace(shebang, f"#!{prefix}/".encode(), 1))
                shutil.copymode(path, to)
            else:
                _link(path, to)
    return prefix / "bin" / "python"


def _link(path: Path, to: Path) -> None:
    try:
        os.link(path, to)
    except OSError:  # another file system
        shutil.copy2(path, to)
