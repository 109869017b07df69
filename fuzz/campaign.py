"""One target in a process of its own, for some seconds."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from .target import Target

CORPUS = Path(__file__).parent / "corpus"
ENGINES = ("atheris", "hypothesis")
_INPUT_TIMEOUT_S = 20
_MEMORY_MB = 3072
_PROCESS_S = 90.0
"""Of one process: under atheris, and only there, some targets keep 0.1 MiB for each input."""
_STARTING_S = 600
"""The process may take this much longer: it imports torch and reads the corpus."""


@dataclass(frozen=True)
class Outcome:
    """What fuzzing one target came to.

    Attributes:
        target: its name.
        engine: that was used.
        seed: of the engine, in the first round.
        inputs: how many were run.
        seconds: it took.
        fault: traceback, or what the engine said of an input that took too long or too much memory;
            "" where there was none.
    """

    target: str
    engine: str
    seed: int
    inputs: int
    seconds: float
    fault: str

    def __add__(self, later: Outcome) -> Outcome:
        """Return what this round and a later one came to together."""
        return replace(
            later,
            seed=self.seed,
            inputs=self.inputs + later.inputs,
            seconds=self.seconds + later.seconds,
            fault=self.fault + later.fault,
        )


def default_engine() -> str:
    """Return atheris where it is installed."""
    return ENGINES[0] if importlib.util.find_spec("atheris") else ENGINES[1]


def fuzz(
    target: Target, seconds: float, engine: str, faults: Path, keep: bool, seed: int
) -> Outcome:
    """Fuzz a target.

    Args:
        target: what is fuzzed.
        seconds: how long.
        engine: of ``ENGINES``.
        faults: folder that takes the inputs that end in a fault.
        keep: add inputs that reach new code to the corpus (atheris only).
        seed: of atheris, so that a run can be repeated.
    """
    kept = CORPUS / target.name
    kept.mkdir(parents=True, exist_ok=True)
    faults.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "seeds"
        first.mkdir()
        for number, data in enumerate(target.seeds()):
            (first / str(number)).write_bytes(data)
        new = Path(folder) / "new"
        new.mkdir()
        said = Path(folder) / "fault.txt"
        command = [sys.executable, "-m", f"fuzz.with_{engine}", target.name, str(said)]
        root = Path(__file__).parent.parent
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        inputs, fault = 0, ""
        for number, part in enumerate(_parts(seconds, engine)):
            if engine == "hypothesis":
                options = [f"{part:g}", str(faults.resolve()), str(kept)]
            else:
                # With the same seed the next process would try the same again.
                options = _of_libfuzzer(target, part, faults, seed + number)
                options += [str(new), str(kept), str(first)]
            with (Path(folder) / "log").open("w+", errors="replace") as log:
                status = _status([*command, *options], root, environment, log, part + _STARTING_S)
                log.seek(0)
                text = log.read()
            counted = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
            inputs += int(counted[1]) if counted else 0
            fault = said.read_text() if said.exists() else ""
            if status and not fault:
                fault = text[-4000:] or f"ended with {status}"
            if fault:
                break
        if keep and not fault and engine == "atheris":
            _merge(target, new, kept, root, environment)
    return Outcome(target.name, engine, seed, inputs, time.monotonic() - started, fault)


def _parts(seconds: float, engine: str) -> list[float]:
    """Return how long each process is to fuzz, one after the other; they share what they find."""
    if engine != "atheris":
        return [seconds]
    count = max(1, math.ceil(seconds / _PROCESS_S))
    return [seconds / count] * count


def _of_libfuzzer(target: Target, seconds: float, faults: Path, seed: int) -> list[str]:
    return [
        f"-max_total_time={max(1, round(seconds))}",
        f"-max_len={target.longest}",
        f"-timeout={_INPUT_TIMEOUT_S}",
        f"-rss_limit_mb={_MEMORY_MB}",
        f"-artifact_prefix={faults.resolve()}/{target.name}-",
        f"-seed={seed}",
        "-print_final_stats=1",
        "-close_fd_mask=3",  # libpng and libjpeg say each damage on stderr
    ]


def _status(command, root, environment, log, limit) -> int | str:
    try:
        return subprocess.run(
            command, cwd=root, env=environment, stdout=log, stderr=log, timeout=limit
        ).returncode
    except subprocess.TimeoutExpired:
        return f"no end within {limit:g} s"


def _merge(target: Target, new: Path, kept: Path, root: Path, environment) -> None:
    """Add those of the new inputs to the corpus that reach code which its inputs do not reach."""
    command = [sys.executable, "-m", "fuzz.with_atheris", target.name, os.devnull, "-merge=1"]
    command += [f"-max_len={target.longest}", "-close_fd_mask=3", str(kept), str(new)]
    subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)
