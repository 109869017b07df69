"""Run the whole chain on a built-in bag.

Makes a bag of both cameras, plays it through the node and records the outputs (player, node and
recorder are processes of their own), scores the outputs against exact labels and draws a contact
sheet.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..disk_room import check_room
from ..programs.arguments import number
from ..programs.os_errors import os_error_words
from .errors import CommandError
from .settings_arguments import params_path

SUMMARY = "run the whole chain on a built-in bag, with a report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("-o", "--output", type=Path, default=Path("demo_output"), help="folder")
    add = parser.add_argument
    duration = number("--duration", float, 0.2, 3600)
    add("--duration", type=duration, default=40.0, help="length of the bag, seconds")
    add("--seed", type=number("--seed", int, 0, 2**31 - 1), default=0, help="seed of the scenes")
    rate = number("--rate", float, 0.01, 100)
    add("--rate", type=rate, default=1.0, help="speed of the playback")
    parser.add_argument(
        "--params-file", type=params_path, help="node parameters (default: config/demo.yaml)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; returns 0, or 1 if a check of the chain fails."""
    from tqdm import tqdm

    from ..bags.errors import BagError
    from ..demo import page as demo_page
    from ..demo.chain import free_domain, run_chain
    from ..demo.outcome import read_outcome
    from ..demo.processes import ProcessFailedError
    from ..demo.recording import check_demo_folder, make_recording
    from ..demo.report import contact_rows, draw_contact_sheet, score, write_summary
    from ..params_file import ParameterFileError, read_params_file
    from ..report.page import write_page
    from ..resources import share_directory
    from ..settings import of_pair
    from ..synthetic.recording import StreetRecording

    params_file = arguments.params_file or share_directory() / "config" / "demo.yaml"
    try:
        max_age = of_pair(read_params_file(params_file)).max_age
    except ParameterFileError as error:
        raise CommandError(str(error)) from error
    folder = arguments.output.resolve()
    check_demo_folder(folder)
    check_room(folder)
    for name in ("summary.json", "summary.md", "contact_sheet.png", demo_page.NAME):
        # If this run fails, no report of an earlier run must be left.
        (folder / name).unlink(missing_ok=True)
    try:
        print(f"1/3 recording: {folder / 'recording'}", flush=True)
        recording = make_recording(
            folder / "recording",
            StreetRecording(seed=arguments.seed, duration=arguments.duration),
            lambda events, total: tqdm(events, total=total, unit="image", disable=None),
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
        faults = write_summary(folder, outcome, scores, max_age, arguments.rate)
        rows = contact_rows(recording, output)
        html = demo_page.demo_page(output, outcome, scores, faults, rows)
        write_page(folder / demo_page.NAME, html)
    except (BagError, ProcessFailedError, ValueError, OSError) as error:
        is_plain = isinstance(error, OSError) and not isinstance(error, BagError)
        words = os_error_words(error) if is_plain else error
        raise CommandError(f"{words} (output of the processes: {folder / 'logs'})") from error
    print()
    print((folder / "summary.md").read_text())
    print(f"Look at {folder / 'contact_sheet.png'}")
    print(f"Report: {folder / demo_page.NAME}")
    print(f"Numbers: {folder / 'summary.md'}; output bag: {output}; logs: {folder / 'logs'}")
    return 1 if faults else 0
