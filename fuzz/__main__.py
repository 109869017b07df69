"""Fuzz the readers of messages and files; exit status 1 after a fault.

python -m fuzz                              all targets, a minute in all
python -m fuzz bags checkpoints --seconds 600 --keep
python -m fuzz --inputs 1000000             rounds of a minute until there were so many inputs
python -m fuzz --report fuzz.json           also writes what came out
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from .campaign import ENGINES, Outcome, default_engine, fuzz
from .targets import TARGETS, target_of


def main() -> int:
    """Fuzz; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="default: all")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of all targets together, a round"
    )
    parser.add_argument(
        "--inputs", type=int, default=0, help="further rounds, until there were so many in all"
    )
    parser.add_argument("--engine", choices=ENGINES, default=default_engine())
    parser.add_argument("--at-once", type=int, default=1, help="targets that run side by side")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of atheris")
    parser.add_argument("--keep", action="store_true", help="add inputs to the corpus")
    parser.add_argument("--faults", type=Path, default=Path("fuzz_faults"), help="folder of inputs")
    parser.add_argument("--report", type=Path, help="JSON file with what came out")
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    each = arguments.seconds * arguments.at_once / len(names)

    def run(name: str, seed: int) -> Outcome:
        outcome = fuzz(
            target_of(name), each, arguments.engine, arguments.faults, arguments.keep, seed
        )
        rate = outcome.inputs / outcome.seconds
        print(f"{name}: {outcome.inputs} inputs, {rate:.0f} a second", flush=True)
        if outcome.fault:
            print(f"{outcome.fault}\nthe input is in {arguments.faults.resolve()}", flush=True)
        return outcome

    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(arguments.at_once) as pool:
        for number in itertools.count():
            seeds = [arguments.seed + number] * len(names)
            found = list(pool.map(run, names, seeds))
            outcomes = [a + b for a, b in zip(outcomes, found, strict=True)] if number else found
            total = sum(outcome.inputs for outcome in outcomes)
            faults = sum(bool(outcome.fault) for outcome in outcomes)
            if faults or total >= arguments.inputs:
                break
    print(f"{total} inputs by {arguments.engine}, {faults} targets with a fault")
    if arguments.report:
        arguments.report.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
