"""The folder of a fleet: outputs, results, and what drivers keep there for one another."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..output_place import check_writable_kind, is_recording
from ..programs.errors import ProgramError
from ..whole_file import whole_file
from .unit import Unit

_INNER = ".amdanet_fleet"
_SHOWN = 5


class FleetFolderError(ProgramError):
    """The folder cannot be used as it is; one line says why and what to do."""


class FleetFolder:
    """A folder whose outputs were all made with the same options.

    Drivers with the same options share it. Others are refused, so that outputs of several
    checkpoints or settings are never mixed.

    Args:
        out: path; it need not exist.
        options: all that the results depend on beside the input, as JSON takes them.
        replace: whether outputs of other options are replaced, if no driver works on them now.

    Attributes:
        path: of the folder.
        claims: folder of the claims.

    Raises:
        FleetFolderError: it holds outputs of other options, or is a recording.
        OutputPlaceError: a file or a device has this name.
        OSError: it cannot be made.
    """

    def __init__(self, out: Path, options: Mapping[str, Any], replace: bool = False) -> None:
        check_place(out)
        self.path = out
        self.claims = out / _INNER / "claims"
        self.claims.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(out / _INNER / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            self._agree(json.loads(json.dumps(options, sort_keys=True, default=str)), replace)
        except BaseException:
            os.close(self._lock)
            raise

    def _agree(self, options: dict[str, Any], replace: bool) -> None:
        """Make the options those of the folder, and hold them as long as this driver lives."""
        path = self.path / _INNER / "options.json"
        while True:
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            there = _read(path)
            if there == options:
                return
            if there is not None and not replace:
                raise FleetFolderError(
                    f"{self.path} holds outputs of other options ({_difference(there, options)}): "
                    "give another folder, or --overwrite to replace them"
                )
            # Released before the exclusive one: two drivers that begin at once must not wait for
            # each other. Nothing is done before both have been asked again.
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if there is not None and _read(path) == there:
                    raise FleetFolderError(
                        f"another amdanet fleet works in {self.path} with other options "
                        f"({_difference(there, options)}): wait until it has ended, or give "
                        "another folder"
                    ) from None
                time.sleep(0.02)
                continue
            if _read(path) == there:
                with whole_file(path) as partial:
                    partial.write_text(json.dumps(options, indent=1))

    def keep_plan(self, results: Path, units: Sequence[Unit]) -> None:
        """Write what a driver has taken on, for `--status`.

        Args:
            results: the driver's file of results.
            units: that it has taken on.
        """
        plan = {
            "units": [each.name for each in units],
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "begun": round(time.time(), 3),
        }
        with whole_file(self.path / _INNER / f"{results.name}.plan") as partial:
            partial.write_text(json.dumps(plan))

    def check_there(self) -> None:
        """Check that the folder is still the one in which this driver began.

        Raises:
            FleetFolderError: it was removed or replaced meanwhile.
        """
        with contextlib.suppress(OSError):
            there = os.stat(self.path / _INNER / "lock")
            if self.claims.is_dir() and os.path.samestat(there, os.fstat(self._lock)):
                return
        raise FleetFolderError(
            f"{self.path} was removed or replaced while this call worked in it: call it again"
        )

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._lock)


def check_place(out: Path, is_written: bool = True) -> None:
    """Check that a folder of outputs may be there; nothing is changed.

    Args:
        out: of a fleet.
        is_written: as of ``check_writable_kind``.

    Raises:
        FleetFolderError: it is a file or a recording.
        OutputPlaceError: a device has this name.
        OSError: it cannot be made there.
    """
    check_writable_kind(out, is_written)
    if out.is_file():
        raise FleetFolderError(f"{out} is a file: give a folder for the outputs")
    if is_recording(out):
        raise FleetFolderError(f"{out} is a recording: give another folder for the outputs")


def is_fleet_folder(out: Path) -> bool:
    """Whether a fleet has worked in a folder."""
    return (out / _INNER).is_dir()


def inputs_word(out: Path) -> str:
    """Return what the inputs of a fleet's folder are called."""
    options = _read(out / _INNER / "options.json")
    task = options.get("task") if isinstance(options, dict) else None
    return "data sets" if task == "evaluate" else "bags"


def claims_of(out: Path) -> Path:
    """Return the folder of the claims of a fleet's folder."""
    return out / _INNER / "claims"


def read_plans(out: Path) -> dict[str, dict[str, Any]]:
    """Return what each driver has taken on, by the name of its file of results."""
    plans = {}
    for path in sorted((out / _INNER).glob("*.plan")):
        plan = _read(path)
        units = plan.get("units") if isinstance(plan, dict) else None
        if isinstance(units, list) and all(isinstance(each, str) for each in units):
            plans[path.name.removesuffix(".plan")] = plan
    return plans


def _read(path: Path) -> Any:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        return json.loads(path.read_text())
    return None


def _difference(there: Any, wanted: Mapping[str, Any]) -> str:
    known = there if isinstance(there, dict) else {}
    if known.get("task") != wanted.get("task"):
        return "task"
    names = sorted(n for n in {*known, *wanted} if known.get(n) != wanted.get(n))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
