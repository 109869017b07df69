"""Where the package's files lie: messages, configuration, launch files."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def share_directory() -> Path:
    """The folder that holds ``msg``, ``config`` and ``launch``.

    In a source tree its root; installed, ``share/amdanet_ros`` of the prefix that holds it.

    Raises:
        FileNotFoundError: the package is installed without its share folder.
    """
    if (_PACKAGE.parent / "package.xml").is_file():
        return _PACKAGE.parent
    # lib/pythonX.Y/site-packages/amdanet_ros of a colcon or pip prefix.
    for prefix in (*_PACKAGE.parents, Path(sys.prefix)):
        candidate = prefix / "share" / "amdanet_ros"
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("amdanet_ros is installed without share/amdanet_ros: install it again")
