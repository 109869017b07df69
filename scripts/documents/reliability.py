"""docs/reliability.md: what was tried to break the package; figures of one recorded run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .markdown import table

RECORD = Path(__file__).resolve().parents[2] / "docs" / "notes" / "reliability.json"

HELD = (
    (
        "An image message or file that cannot be used",
        "is dropped, counted, and named once per cause",
        "test/images, test/ros/test_streams.py, test/fuse/test_bad_inputs.py",
    ),
    (
        "An image of 30000 x 30000 pixels in 380 bytes",
        "is refused by its header; nothing is decoded",
        "test/images",
    ),
    (
        "An exception in a callback",
        "is logged once per cause, and the executor goes on",
        "test/ros/test_guarded_executor.py",
    ),
    (
        "A lifecycle, parameter or clock message that fits nothing",
        "is refused; the node stays as it was",
        "test/ros/test_requests.py, test/fuzz/test_attack.py",
    ),
    (
        "Weights or outputs that are not finite",
        "are refused at load, or counted as failed and not published",
        "test/network, test/inference",
    ),
    (
        "An inference that does not end",
        "is said in the diagnostics; leaving takes at most 3 s",
        "test/ros/test_watchdog.py, test/ros/test_slow_worker.py",
    ),
    (
        "INT, TERM or HUP",
        "closes files and ends children; exit status as documented",
        "test/programs, test/ros/test_process.py, test/fuse/test_signals.py",
    ),
    (
        "A full disk",
        "is one line; what was written stays readable, and `fuse` goes on later",
        "test/bags/test_full_disk.py, test/fuse/test_fuse.py",
    ),
    (
        "A damaged bag",
        "is read without what is damaged, or ends in one line",
        "test/bags/test_damaged_bags.py, test/fuse/test_damaged_recordings.py",
    ),
    (
        "A recording that is opened",
        "is never written to, whatever lies beside it",
        "test/bags/test_recordings_stay_untouched.py",
    ),
    (
        "A bag's type name",
        "leads to no import",
        "test/bags/test_type_names.py",
    ),
    (
        "An output",
        "appears whole or not at all, and never over an input",
        "test/fuse/test_output_place.py",
    ),
    (
        "Command lines and configurations with numbers and paths without sense",
        "end in one line and status 2",
        "test/cli/test_hostile_options.py, test/cli/test_first_commands.py",
    ),
)
"""What happens, what comes of it, and where that is tested."""


def reliability_document() -> str:
    """Return the whole of docs/reliability.md."""
    record = json.loads(RECORD.read_text())
    return "\n\n".join([_beginning(record), _held(), _recorded(record), _limits()]) + "\n"


def _beginning(record: Mapping[str, Any]) -> str:
    return (
        "# Reliability\n\n"
        "Written by `python scripts/write_documents.py`. All figures come from the runs of these "
        "commands, recorded in [notes/reliability.json](notes/reliability.json); "
        "`python scripts/record_reliability.py` starts them.\n\n"
        + table(
            ("part", "command", "date", "commit", "minutes", "load"),
            [
                (
                    name,
                    f"`{part['command']}`",
                    part["date"],
                    part["commit"],
                    f"{part['minutes']:.0f}",
                    f"{part['load']:.1f}",
                )
                for name, part in record.items()
            ],
        )
        + "\n\n"
        + "\n".join(dict.fromkeys(map(_machine, record.values())))
        + " The load is the system's, over the last 15 minutes of the part: how many processes "
        "wanted a core. Above the number of cores, other work ran beside it."
    )


def _machine(part: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in part["packages"].items())
    return f"{part['cores']} cores, Python {part['python']}, {packages}."


def _held() -> str:
    return "## What must hold, and where it is tested\n\n" + table(
        ("what comes", "what happens", "tests"),
        [(what, then, f"`{'`, `'.join(where.split(', '))}`") for what, then, where in HELD],
    )


def _recorded(record: Mapping[str, Any]) -> str:
    fuzz, attack, soak = (record[part]["found"] for part in ("fuzz", "attack", "soak"))
    inputs = sum(each["inputs"] for each in fuzz)
    faults = sum(bool(each["fault"]) for each in fuzz)
    sent = attack["sent"]
    begin, end = attack["memory_mib"]
    seconds = sum(phase["seconds"] for phase in soak)
    return "\n\n".join(
        (
            "## Fuzzing of the readers",
            "`python -m fuzz` gives inputs to each reader, guided by the code that they reach. A "
            "reader may end in its documented error alone, with a sentence of one line, below "
            "3 GiB and 20 s an input; a bag's files must stay as they are.",
            table(
                ("reader", "inputs", "seconds", "faults"),
                [
                    (
                        f"`{each['target']}`",
                        f"{each['inputs']:,}",
                        f"{each['seconds']:.0f}",
                        "1" if each["fault"] else "0",
                    )
                    for each in fuzz
                ]
                + [("all", f"{inputs:,}", "", str(faults))],
            ),
            *filter(None, [record["fuzz"].get("note")]),
            "## Attack on a running node",
            f"`python -m fuzz.attack` sent {sum(sent.values()):,} hostile messages and requests "
            f"over DDS in {attack['seconds']:.0f} s: "
            + ", ".join(f"{count:,} {_KINDS.get(kind, kind)}" for kind, count in sent.items())
            + f". After each of {attack['rounds']} rounds it fused valid pairs again. "
            f"It wrote {attack['log_bytes'] / 1000:.0f} kB of log. Its memory was {begin:.0f} MiB "
            f"at the beginning and {end:.0f} MiB at the end.",
            "## Soak",
            f"`python -m soak`, {seconds / 60:.0f} minutes with the demo weights at 160x120, 5 "
            "pairs a second. Cycles: deactivate, clean up, configure, activate. Busy: a process "
            "that computes on each core. The other work of the machine is in the latencies: they "
            "say nothing about an idle one.",
            table(
                (
                    "phase", "seconds", "pairs", "masks", "latency, median (ms)", "95 % (ms)",
                    "memory (MiB)", "threads", "descriptors",
                ),
                [
                    (
                        phase["name"],
                        f"{phase['seconds']:.0f}",
                        str(phase["pairs"]),
                        str(phase["masks"]),
                        f"{phase['latency_ms']:.0f}",
                        f"{phase['latency_95_ms']:.0f}",
                        f"{phase['memory_mib']:.0f}",
                        str(phase["threads"]),
                        str(phase["descriptors"]),
                    )
                    for phase in soak
                ],
            ),
            _soak_faults(record["soak"]),
        )
    )  # fmt: skip


def _soak_faults(part: Mapping[str, Any]) -> str:
    if not part["faults"]:
        return "Nothing grew from the first phase to the last."
    load = f"{part['load']:.0f} processes wanted its {part['cores']} cores"
    *_, before, last = (phase["memory_mib"] for phase in part["found"])
    return (
        f"Its bounds were not kept on a machine on which {load}: {'; '.join(part['faults'])}. "
        f"From the last phase but one to the last the memory went from {before:.0f} to "
        f"{last:.0f} MiB. A run on an idle machine is not recorded; the two minutes of "
        "`make test` ask for the same bounds."
    )


_KINDS = {
    "image": "images, raw and compressed",
    "info": "calibrations",
    "clock": "clocks",
    "transition": "lifecycle requests",
    "parameter": "parameter changes",
    "request": "other requests",
}


def _limits() -> str:
    return (
        "## What was not tried\n\n"
        "A GPU under attack (memory errors of the driver, a card that is unplugged); other DDS "
        "implementations than Fast DDS; SROS 2 switched on; power loss while a disk writes; weeks "
        "of running."
    )
