"""Packages that an installation may lack, and those that are there and do not start."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType


def is_found(name: str) -> bool:
    """Whether a package is installed; it is not imported, so it may still not start."""
    found = importlib.util.find_spec(name)
    return found is not None and found.origin is not None


def optional_package(name: str) -> ModuleType:
    """Import a package.

    Raises:
        ImportError: whatever kept it from being imported, with its name: it is not installed; of
            it a folder without code is left, as pip leaves it where a file was added; it was built
            for another numpy or another system, which packages tell by errors of all classes.
    """
    try:
        module = importlib.import_module(name)
    except (ImportError, MemoryError):
        raise
    except Exception as error:
        raise ImportError(f"{type(error).__name__}: {error}", name=name) from error
    if getattr(module, "__file__", None) is None:
        raise ModuleNotFoundError(f"of {name} a folder without code is left", name=name)
    return module
