"""Fuse many bags on all GPUs or cores of one machine, or of many; or do another task with each.

Examples:
  amdanet fleet recordings fused --params-file rig.yaml
  amdanet fleet bags.txt fused --checkpoint street
  amdanet fleet "2026-*/run_*" fused --workers 4 --device cpu
  amdanet fleet bags.txt fused --rank 3 --world 16
  amdanet fleet bags.txt fused --address auto --gpus-per-worker 1
  amdanet fleet recordings sets --task extract --count 50 --degraded-rgb
  amdanet fleet rigs calibrations --task calibrate --board 8x6 --square 0.04
  amdanet fleet data_sets scores --task evaluate --checkpoint street
  amdanet fleet --status fused

Inputs are bags, videos, folders with such at any depth, patterns, or text files with an input a
line (and, after a tab, the name of its output, and after another one the thermal video). Videos
NAME_rgb.mp4 and NAME_thermal.mp4 of a folder are one input. Each bag becomes what `amdanet fuse`
with the same options makes of it, under OUT. The largest bags are begun first.

Call it again after any interruption: what is done stays, a bag that was begun goes on inside.
Several calls may work in one OUT at once, with the same options; each bag is done once. A bag
whose content has changed is done again. Other options are refused in the same OUT, unless
--overwrite is given. A bag whose worker dies is tried three times, a damaged bag once.

OUT/results.jsonl has a line for each bag, OUT/report.html shows where people were seen and which
cameras were not healthy. The exit status is 1 where a bag has failed, with a table.

With --task extract or --task calibrate each bag becomes what the command of this name makes of it
(a set of training pairs; a calibration), with its options. With --task evaluate the inputs are data
sets, and each gets the scores of --checkpoint on it; report.html has a table over all.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..one_line import one_line
from ..programs import exit_status
from ..programs.arguments import number
from .errors import CommandError
from .fleet_tasks import TASKS, add_arguments_of, processor_of, search_of, task_in
from .input_errors import mistakes_as_command_errors

if TYPE_CHECKING:
    from ..fleet.pool import Pool
    from ..fleet.run import FleetRun
    from ..fleet.unit import Unit
    from .fleet_folder_processor import FolderProcessor
    from .fleet_processor import FuseProcessor

    AnyProcessor = FuseProcessor | FolderProcessor

_LOOK_S = 1.0
"""Seconds between looks at what workers have kept so far."""

SUMMARY = "fuse many bags, on one machine or many; each output once, whatever is interrupted"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("inputs", nargs="*", help="bags, videos, folders, patterns or lists")
    parser.add_argument("out", type=Path, help="folder of the outputs")
    parser.add_argument("--status", action="store_true", help="show how far OUT is, and end")
    parser.add_argument("--report", action="store_true", help="write OUT/report.html, and end")
    parser.add_argument(
        "--dry-run", action="store_true", help="show what there is to do; nothing is written"
    )
    whole = number("--workers", int, 1, 4096)
    parser.add_argument("--workers", type=whole, help="default: what GPUs, or cores, allow")
    parser.add_argument(
        "--gpus-per-worker",
        type=number("--gpus-per-worker", float, 0, 64),
        help="default: 1 where there are GPUs; 0.5: two workers share one; 0: the CPU",
    )
    parser.add_argument(
        "--address",
        help="workers of Ray: auto or HOST:PORT: a cluster; local: on this machine alone",
    )
    parser.add_argument(
        "--rank",
        type=number("--rank", int, 0, 10**6),
        help="of several calls that share the bags, from 0",
    )
    parser.add_argument("--world", type=number("--world", int, 1, 10**6), help="number of calls")
    parser.add_argument(
        "--task",
        choices=TASKS,
        default=TASKS[0],
        help="what is made of each input; the further options are those of the command of this "
        "name (default fuse)",
    )


def add_task_arguments(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Declare the options of the task that a call asks for."""
    task = task_in(words)
    add_arguments_of(task, parser)
    if task != TASKS[0]:
        parser.add_argument(
            "--overwrite", action="store_true", help="replace outputs of other options"
        )


def run(arguments: argparse.Namespace) -> int:
    """Work; returns 0, or 1 where a bag has failed.

    Raises:
        CommandError: a mistake in the call.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if arguments.status or arguments.report:
        return _shown(arguments)
    if not arguments.inputs:
        raise CommandError("give the inputs and the folder of the outputs: INPUT ... OUT")
    rank, world = arguments.rank, arguments.world
    if (rank is None) != (world is None):
        raise CommandError("--rank and --world belong together: give both")
    if rank is not None and rank >= world:
        raise CommandError(f"--rank is {rank}, and --world {world}: ranks are 0 to {world - 1}")
    if rank is not None and arguments.address is not None:
        raise CommandError("--address shares the bags by itself: leave out --rank and --world")
    with mistakes_as_command_errors(arguments.out):
        return _run(arguments)


def _shown(arguments: argparse.Namespace) -> int:
    from ..fleet.folder import is_fleet_folder
    from ..fleet.report import write_report
    from ..fleet.status import FleetStatus

    if arguments.inputs:
        raise CommandError("--status and --report take only the folder of the outputs")
    if not is_fleet_folder(arguments.out):
        raise CommandError(f"{arguments.out} is no folder that amdanet fleet has worked in")
    if arguments.status:
        print("\n".join(FleetStatus.of(arguments.out).lines()))
    if arguments.report:
        print(write_report(arguments.out))
    return exit_status.DONE


def _run(arguments: argparse.Namespace) -> int:
    from ..fleet.folder import FleetFolder, check_place
    from ..fleet.results import ResultsFile
    from ..fleet.run import FleetRun

    units = _units(arguments)
    _check_apart(arguments.out, units)
    processor = processor_of(arguments)
    if arguments.dry_run:
        check_place(arguments.out, is_written=False)
        return _planned(units, processor)
    with ExitStack() as stack:
        folder = FleetFolder(arguments.out, processor.options, arguments.overwrite)
        stack.callback(folder.close)
        rank = arguments.rank
        results = ResultsFile(folder.path, "results" if rank is None else f"results.rank{rank}")
        stack.callback(results.close)
        return _driven(arguments, FleetRun(units, processor, folder, results), processor)


def _units(arguments: argparse.Namespace) -> list[Unit]:
    from dataclasses import replace

    from ..fleet.manifest import find_units, shard

    units = find_units(arguments.inputs, arguments.out, search_of(arguments))
    if arguments.rank is not None:
        units = shard(units, arguments.rank, arguments.world)
    suffix = ".mp4" if getattr(arguments, "format", None) == "video" else ""
    return [
        replace(
            each,
            input=os.path.abspath(each.input),
            name=each.name + suffix,
            thermal=each.thermal and os.path.abspath(each.thermal),
        )
        for each in units
    ]


def _check_apart(out: Path, units: list[Unit]) -> None:
    from ..output_place import keep_apart

    for unit in units:
        # What is wrong with a bag itself is said by its worker.
        with suppress(OSError):
            keep_apart(out, [Path(each) for each in (unit.input, unit.thermal) if each])


def _planned(units: list[Unit], processor: AnyProcessor) -> int:
    from ..fleet.run import values_there

    done = {each for each in units if values_there(processor, each) is not None}
    size = sum(each.size for each in units) / 1e9
    left = size - sum(each.size for each in done) / 1e9
    print(f"{len(units)} bags ({size:.3f} GB): {len(done)} done, {len(units) - len(done)} to do "
          f"({left:.3f} GB)")  # fmt: skip
    for unit in units:
        state = "done" if unit in done else "to do"
        print(f"{state}\t{one_line(unit.input)}\t{one_line(unit.name)}")
    return exit_status.DONE


def _driven(arguments: argparse.Namespace, fleet: FleetRun, processor: AnyProcessor) -> int:
    from ..fleet.report import write_report
    from ..fleet.status import table

    begun = time.monotonic()
    if fleet.left:
        with ExitStack() as stack:
            pool = _pool(arguments, fleet, processor, stack)
            stack.callback(pool.close)
            _follow(fleet, pool)
    rows = fleet.finish()
    out = fleet.folder.path
    failed = [row for row in rows if row["state"] == "failed"]
    pairs = sum(row["pairs"] for row in rows if row["state"] == "done")
    earlier = f" ({len(fleet.before)} before)" if fleet.before else ""
    print(
        f"{len(rows) - len(failed)} of {len(fleet.units)} bags done{earlier}, {len(failed)} "
        f"failed, {pairs} pairs, {time.monotonic() - begun:.1f} s: {fleet.file.path}, "
        f"{write_report(out)}"
    )
    print("\n".join(table(failed)), end="\n" if failed else "")
    # A row is missing where somebody removed the results meanwhile; the next call writes it again.
    is_whole = not failed and len(rows) == len(fleet.units)
    return exit_status.DONE if is_whole else exit_status.INCOMPLETE


def _pool(
    arguments: argparse.Namespace,
    fleet: FleetRun,
    processor: AnyProcessor,
    stack: ExitStack,
) -> Pool:
    """Return the workers; the stack ends what they need beside them."""
    from ..fleet.process_pool import ProcessPool
    from .fleet_workers import check_device, environments, gpus_here, gpus_per_worker

    device = processor.device
    claims, left = fleet.folder.claims.absolute(), len(fleet.left)
    if arguments.address is not None:
        from ..fleet.ray_pool import LOCAL, RayPool, connected, has_gpus, room, shortage

        here = arguments.workers if arguments.address == LOCAL else None
        stack.enter_context(connected(arguments.address, here))
        gpus = arguments.gpus_per_worker
        if gpus is None:
            gpus = float(device != "cpu" and has_gpus())
        if missing := shortage(gpus):
            print(f"amdanet: {missing}", file=sys.stderr)
        size = min(arguments.workers or room(gpus), left)
        return RayPool(processor, claims, size, gpus)
    check_device(device)
    gpus_there = gpus_here(device)
    each = gpus_per_worker(arguments.gpus_per_worker, device, gpus_there)
    is_rank = arguments.rank is not None
    given = environments(arguments.workers, left, each, gpus_there, is_rank)
    return ProcessPool(processor, claims, given)


def _follow(fleet: FleetRun, pool: Pool) -> None:
    """Work, and show how far it is; failures are said as they come."""
    from tqdm import tqdm

    from ..fleet.status import running_pairs
    from ..fleet.unit import State

    sizes = {each.name: max(1, each.size) for each in fleet.units}
    done, pairs = len(fleet.before), 0
    looked = 0.0
    open_names = {each.name for each in fleet.left}
    bar = tqdm(
        total=sum(sizes.values()),
        initial=sum(sizes[each.unit.name] for each in fleet.before),
        bar_format="{percentage:3.0f}%|{bar}|{postfix} [{elapsed}<{remaining}]",
        disable=None,
    )
    with bar:
        for ended in fleet.work(pool):
            for each in ended:
                done += 1
                pairs += each.values.get("pairs", 0)
                open_names.discard(each.unit.name)
                bar.update(sizes[each.unit.name])
                if each.state is State.FAILED:
                    words = f"{each.unit.input}: {each.error}"
                    bar.write(f"amdanet: {one_line(words, 1000)}", file=sys.stderr)
            # What runs is looked at in the file system: not for each of many small bags.
            if not bar.disable and time.monotonic() - looked > _LOOK_S:
                looked = time.monotonic()
                so_far = pairs + sum(running_pairs(fleet.folder.path, open_names).values())
                bar.set_postfix_str(f"{done} of {len(fleet.units)} bags, {so_far} pairs")
