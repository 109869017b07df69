"""Run the whole chain on a built-in recording.

A bag of both cameras is made, played by one process through the node in another, and recorded by
a third; what came out is scored against the exact labels and shown on a contact sheet.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .errors import CommandError

SUMMARY = "the whole chain on a built-in recording, with a report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("-o", "--output", type=Path, default=Path("demo_output"))
    parser.add_argument("--duration", type=float, default=40.0, help="of the recording, seconds")
    parser.add_argument("--seed", type=int, default=0, help="of the recording's scenes")
    parser.add_argument("--rate", type=float, default=1.0, help="speed of the playback")
    parser.add_argument("--params-file", type=Path, help="of the node (default: config/demo.yaml)")


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; returns 0, or 1 where a check of the chain does not hold."""
    from tqdm import tqdm

    from ..bags.errors import BagError
    from ..demo.chain import free_domain, run_chain
    from ..demo.outcome import read_outcome
    from ..demo.processes import ProcessFailedError
    from ..demo.recording import DemoSettings, make_recording
    from ..demo.report import draw_contact_sheet, score, write_summary
    from ..resources import share_directory

    if not arguments.rate > 0:
        raise CommandError(f"--rate is {arguments.rate:g}: it must be above 0")
    if not arguments.duration > 0:
        raise CommandError(f"--duration is {arguments.duration:g}: it must be above 0")
    if arguments.params_file is not None and not arguments.params_file.is_file():
        raise CommandError(f"--params-file {arguments.params_file} does not exist")
    folder = arguments.output.resolve()
    for name in ("summary.json", "summary.md", "contact_sheet.png"):
        # Whatever goes wrong now, no earlier run's report is taken for this one's.
        (folder / name).unlink(missing_ok=True)
    params_file = arguments.params_file or share_directory() / "config" / "demo.yaml"
    try:
        print(f"1/3 recording: {folder / 'recording'}", flush=True)
        recording = make_recording(
            folder / "recording",
            DemoSettings(seed=arguments.seed, duration=arguments.duration),
            lambda events, total: tqdm(events, total=total, unit="picture", disable=None),
        )
        seconds = arguments.duration / arguments.rate
        print(f"2/3 player, node and recorder, each a process: {seconds:.0f} s", flush=True)
        output = folder / "output_bag"
        run_chain(
            recording.bag, output, folder / "logs", params_file, free_domain(), arguments.rate
        )
        print("3/3 report", flush=True)
        outcome = read_outcome(recording.bag, output)
        scores = score(recording, output)
        draw_contact_sheet(recording, output, folder / "contact_sheet.png")
        faults = write_summary(folder, outcome, scores, _max_age(params_file), arguments.rate)
    except (BagError, ProcessFailedError, ValueError, OSError) as error:
        raise CommandError(f"{error} (what the processes said: {folder / 'logs'})") from error
    print()
    print((folder / "summary.md").read_text())
    print(f"Look at {folder / 'contact_sheet.png'}")
    print(f"Numbers: {folder / 'summary.md'}; output bag: {output}; logs: {folder / 'logs'}")
    return 1 if faults else 0


def _max_age(params_file: Path) -> float:
    """The node's ``max_age`` in a parameter file, or its default."""
    import yaml

    from ..settings import PARAMETERS

    content = yaml.safe_load(params_file.read_text())
    for node in content.values():
        if "max_age" in node.get("ros__parameters", {}):
            return float(node["ros__parameters"]["max_age"])
    return next(float(each.default) for each in PARAMETERS if each.name == "max_age")
