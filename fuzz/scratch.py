"""Files that inputs become, for readers that take a path: in memory, each over the last."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path


@functools.cache
def scratch_folder() -> Path:
    """Return a folder of this process, in memory where the system has such a place."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="amdanet_fuzz_", dir=memory if memory.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def scratch_file(name: str, content: bytes) -> Path:
    """Write a file of the scratch folder and return its path."""
    path = scratch_folder() / name
    path.write_bytes(content)
    return path
