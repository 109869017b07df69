"""Write requirements.lock: every package that `make` installs but torch, with version and hashes.

    make lock

torch is left out with the CUDA packages that it brings, because each user chooses its build (see
``TORCH`` in the Makefile). The versions that are installed in this environment are kept where they
fit; `--upgrade` takes the newest ones.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
OLDEST_PYTHON = "3.10"
NOT_LOCKED = re.compile(r"(torch|triton|nvidia-.*|cuda-.*|pip)==")
HEADER = (
    "# Written by `make lock`. Installed with --require-hashes by `make setup`; without torch.\n"
)


def main() -> int:
    """Resolve and write; returns the exit status of uv."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", default="torch", help="requirement that the others must fit")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    arguments = parser.parse_args()
    wanted = subprocess.run(
        [sys.executable, ROOT / "cmake" / "list_requirements.py"], capture_output=True, check=True
    ).stdout.decode()
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.in"
        requirements.write_text(f"{wanted}{arguments.torch}\n")
        kept = Path(folder) / "kept.txt"
        kept.write_text("" if arguments.upgrade else _installed())
        resolved = Path(folder) / "resolved.txt"
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
        command += ["--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-header"]
        command += ["--no-annotate", "--constraint", kept, requirements, "--output-file", resolved]
        status = subprocess.run(command, check=False).returncode
        if status == 0:
            LOCK.write_text(HEADER + _without_torch(resolved.read_text()))
    return status


def _installed() -> str:
    """Return this environment's versions as constraints for its version of Python alone."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    versions = {
        each.metadata["Name"]: each.version
        for each in importlib.metadata.distributions()
        if each.metadata["Name"] not in ("pip", "torch", "torchvision", "amdanet_ros")
    }
    return "".join(
        f"{name}=={version} ; python_version == '{python}'\n"
        for name, version in sorted(versions.items())
    )


def _without_torch(resolved: str) -> str:
    entries = re.split(r"^(?=\S)", resolved, flags=re.MULTILINE)
    return "".join(each for each in entries if not NOT_LOCKED.match(each))


if __name__ == "__main__":
    sys.exit(main())
