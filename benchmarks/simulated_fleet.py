"""A fleet without cameras and networks: the driver's cost, and what it does when things go wrong.

    PYTHONPATH=. python -m benchmarks.simulated_fleet 10000         # time and memory of the driver
    PYTHONPATH=. python -m benchmarks.simulated_fleet FOLDER OUT    # work on FOLDER: `Simulated`
    PYTHONPATH=. python -m benchmarks.simulated_fleet FOLDER OUT 127.0.0.1:6379   # with Ray

The others are drivers that tests start, kill and start again.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from amdanet_ros.fleet.folder import FleetFolder
from amdanet_ros.fleet.pool import Ended, Pool
from amdanet_ros.fleet.process_pool import ProcessPool
from amdanet_ros.fleet.results import ResultsFile
from amdanet_ros.fleet.run import FleetRun
from amdanet_ros.fleet.unit import Processor, Unit, UnitError
from amdanet_ros.fleet.worker import work_on


class Simulated:
    """Does to a unit what its input says.

    Each input is a file with words: ``damaged`` (at fault itself), ``fails`` (another try may
    help), ``poison`` (kills its worker), ``crash`` (kills its first worker), ``steps`` (six, each
    done once), ``wait`` (until the file ``go`` is beside it; after three steps). Begun units are
    noted in OUT/begun, steps in OUT/steps, made ones in OUT/made.

    Args:
        out: folder of the outputs.
        options: of the fleet.
    """

    def __init__(self, out: Path, options: dict[str, Any] | None = None) -> None:
        self._out = Path(out)
        self.options = options or {"simulated": True}

    def finished(self, unit: Unit, thorough: bool) -> dict[str, Any] | None:
        """Return the values of an output that is there."""
        try:
            return json.loads((self._out / unit.name).read_text())
        except FileNotFoundError:
            return None

    def process(self, unit: Unit) -> dict[str, Any]:
        """Make an output."""
        note(self._out / "begun", f"{unit.name} {os.getpid()}")
        words = Path(unit.input).read_text()
        if "damaged" in words:
            raise UnitError(f"{unit.input} is damaged")
        if "fails" in words:
            raise RuntimeError(f"{unit.input} cannot be read now")
        first = self._out / f".{unit.name}.tried"
        if "poison" in words or ("crash" in words and not first.exists()):
            first.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        steps = 6 if "steps" in words else 0
        self._step(unit, range(steps // 2))
        while "wait" in words and not Path(unit.input).with_name("go").exists():
            time.sleep(0.01)
        self._step(unit, range(steps // 2, steps))
        values = {"pairs": len(words), "areas": {"person": 0.1}, "health": {"rgb": {"ok": 1}}}
        part = self._out / f".{unit.name}.{os.getpid()}.part"
        part.write_text(json.dumps(values))
        os.replace(part, self._out / unit.name)
        note(self._out / "made", unit.name)
        return values

    def _step(self, unit: Unit, numbers: Iterable[int]) -> None:
        """Do steps, but those that an earlier worker has kept."""
        for number in numbers:
            kept = self._out / f".{unit.name}.{number}.kept"
            if not kept.exists():
                note(self._out / "steps", f"{unit.name}/{number}")
                kept.touch()


class Costless:
    """Makes outputs that are only remembered, so that the driver's own cost is left."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {"simulated": True}
        self._made: dict[str, dict[str, Any]] = {}

    def finished(self, unit: Unit, thorough: bool) -> dict[str, Any] | None:
        """Return the values of an output that was made."""
        return self._made.get(unit.name)

    def process(self, unit: Unit) -> dict[str, Any]:
        """Make an output."""
        health = {"rgb": {"ok": 600}, "thermal": {"ok": 590, "frozen": 10, "reason": "it froze"}}
        areas = {f"class {number}": 0.1 for number in range(9)}
        self._made[unit.name] = {"pairs": 600, "areas": areas, "health": health}
        return self._made[unit.name]


def note(path: Path, line: str) -> None:
    """Append a line to a file that several processes write."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.write(file, f"{line}\n".encode())
    os.close(file)


def noted(out: Path, name: str) -> Counter[str]:
    """Return how often each unit was "begun" or "made"."""
    file = out / name
    lines = file.read_text().splitlines() if file.exists() else []
    return Counter(line.split()[0] for line in lines)


class PoolHere:
    """One worker within the driver's own process."""

    size = 1

    def __init__(self, processor: Processor, claims: Path) -> None:
        self._processor, self._claims = processor, claims
        self._units: list[Unit] = []

    @property
    def free(self) -> int:
        """Whether it has nothing to do."""
        return 1 - len(self._units)

    def start(self, unit: Unit) -> None:
        """Take a unit."""
        self._units.append(unit)

    def wait(self, seconds: float) -> list[Ended]:
        """Work on it."""
        units, self._units = self._units, []
        return [Ended(each, work_on(self._processor, each, self._claims)) for each in units]

    def close(self) -> None:
        """Nothing is to be ended."""


def drive(
    units: Sequence[Unit],
    out: Path,
    processor: Processor | None = None,
    is_here: bool = False,
    make_pool: Callable[[Processor, Path], Pool] | None = None,
) -> list[dict[str, Any]]:
    """Work on units; return their rows.

    Args:
        units: with inputs as the processor takes them.
        out: folder of the outputs.
        processor: None: `Simulated`.
        is_here: with one worker in this process, not with two processes.
        make_pool: gives another pool, of the processor and the folder of the claims.
    """
    processor = processor or Simulated(out)
    with contextlib.ExitStack() as stack:
        folder = FleetFolder(out, processor.options)
        stack.callback(folder.close)
        file = ResultsFile(out)
        stack.callback(file.close)
        fleet = FleetRun(units, processor, folder, file)
        if fleet.left:
            make_pool = make_pool or (PoolHere if is_here else _two_processes)
            pool = make_pool(processor, folder.claims)
            stack.callback(pool.close)
            for _ in fleet.work(pool):
                pass
        return fleet.finish()


def _two_processes(processor: Processor, claims: Path) -> Pool:
    return ProcessPool(processor, claims, [{}, {}])


def two_actors(processor: Processor, claims: Path) -> Pool:
    """Return workers of the Ray that this process is connected with."""
    from amdanet_ros.fleet.ray_pool import RayPool

    return RayPool(processor, claims, 2, 0)


def units_in(folder: Path) -> list[Unit]:
    """Return a unit for each file of a folder but ``go``; the size is that of the file."""
    files = sorted(each for each in folder.iterdir() if each.name != "go")
    return [Unit(str(each), each.name, each.stat().st_size) for each in files]


def cost(count: int) -> tuple[float, float, float]:
    """Return the driver's milliseconds an entry, those of a second run, and MiB of the process."""
    with tempfile.TemporaryDirectory() as folder:
        units = [Unit(f"/recordings/{number}", f"bag_{number:06d}") for number in range(count)]
        processor = Costless()
        times = []
        for _ in range(2):
            begun = time.perf_counter()
            assert len(drive(units, Path(folder), processor, is_here=True)) == count
            times.append((time.perf_counter() - begun) / count * 1e3)
        return times[0], times[1], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: Sequence[str]) -> int:
    """Run one of the forms."""
    if len(arguments) == 1:
        print("| entries | ms an entry | ms an entry, all done before | MiB |\n|---|---|---|---|")
        most = int(arguments[0])
        for count in (most // 4, most // 2, most):
            first, second, memory = cost(count)
            print(f"| {count} | {first:.3f} | {second:.3f} | {memory:.0f} |")
        return 0
    folder, out = Path(arguments[0]), Path(arguments[1])
    with contextlib.ExitStack() as stack:
        if len(arguments) > 2:
            from amdanet_ros.fleet.ray_pool import connected

            stack.enter_context(connected(arguments[2], None))
        rows = drive(units_in(folder), out, make_pool=two_actors if len(arguments) > 2 else None)
    return int(any(row["state"] != "done" for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
