"""By which variable of the environment Fast DDS finds its profile."""

from __future__ import annotations

from importlib import metadata

VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
"""Read by Fast DDS 2 (Humble to Jazzy) and by Fast DDS 3 (from Kilted)."""
_FIRST_WITH_3 = 9
"""Major version of Kilted's rclpy."""


def profile_variable() -> str:
    """Return the variable that the installed Fast DDS reads.

    The other one is not to be set beside it: Fast DDS 3 reads it too, and warns in each process.
    """
    try:
        major = int(metadata.version("rclpy").partition(".")[0])
    except (metadata.PackageNotFoundError, ValueError):
        return VARIABLES[0]
    return VARIABLES[int(major >= _FIRST_WITH_3)]
