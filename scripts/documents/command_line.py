"""docs/command_line.md: every command of ``amdanet`` with its arguments."""

from __future__ import annotations

import argparse
import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from amdanet_ros.cli.main import COMMANDS, parser
from amdanet_ros.programs.exit_status import MEANINGS

from .markdown import table

_BEGINS_OF_CALLS = ("amdanet ", "torchrun ")


def command_line_document() -> str:
    """Return the whole of docs/command_line.md."""
    commands = {name: _command(name) for name in COMMANDS}
    rows = [(f"[`{name}`](#amdanet-{name})", each[1]) for name, each in commands.items()]
    parts = [
        "# The command `amdanet`",
        "Written by `python scripts/write_documents.py` from what the commands declare; a test "
        "compares. `amdanet COMMAND --help` says the same.",
        table(("command", "what"), rows),
        "## Exit status",
        "Of all commands, and of `amdanet_node`, `amdanet_player` and `amdanet_recorder`. After "
        "one of the three signals a program is gone within 3 seconds.",
        table(("status", "meaning"), [(f"`{code}`", words) for code, words in MEANINGS.items()]),
    ]
    for name, (declared, _) in commands.items():
        parts += [f"## amdanet {name}", *_described(declared.description)]
        actions = [each for each in declared._actions if each.dest != "help"]
        parts.append(table(("argument", "what"), map(_row, actions)))
    return "\n\n".join(parts) + "\n"


def _command(name: str) -> tuple[argparse.ArgumentParser, str]:
    """Return a command's parser and its summary."""
    top = parser(name)
    commands = next(each for each in top._actions if isinstance(each, argparse._SubParsersAction))
    summary = next(each.help for each in commands._choices_actions if each.dest == name)
    return commands.choices[name], summary


def _described(text: str) -> Iterator[str]:
    """Give the paragraphs of a command's description; calls become blocks of code."""
    for paragraph in text.strip().split("\n\n"):
        body = paragraph.removeprefix("Examples:\n").removeprefix("Example: ")
        lines = textwrap.dedent(body).splitlines()
        if lines[0].startswith(_BEGINS_OF_CALLS):
            yield "\n".join(["```bash", *lines, "```"])
        else:
            yield " ".join(lines)


def _row(action: argparse.Action) -> Sequence[str]:
    value = " ".join(_values(action))
    names = [f"{name} {value}".rstrip() for name in action.option_strings] or [value]
    notes = [action.help] if action.help else []
    if action.option_strings and action.required:
        notes.append("required")
    if action.option_strings and action.choices:
        notes.append("one of " + ", ".join(f"`{choice}`" for choice in action.choices))
    default = action.default
    means_nothing = default in (None, False, [], "", math.inf, argparse.SUPPRESS)
    if not means_nothing and "default" not in str(action.help):
        shown = " ".join(map(str, default)) if isinstance(default, (list, tuple)) else default
        notes.append(f"default `{shown}`")
    return ", ".join(f"`{name}`" for name in names), "; ".join(notes).replace("|", "\\|")


def _values(action: argparse.Action) -> Iterable[str]:
    """Return the names of the values that an argument takes, as ``--help`` shows them."""
    if action.nargs == 0:
        return []
    name = action.metavar or (action.dest.upper() if action.option_strings else action.dest)
    if action.choices and not action.option_strings and not action.metavar:
        return ["{" + ",".join(action.choices) + "}"]
    names = (name,) if isinstance(name, str) else name
    if isinstance(action.nargs, int):
        every = names if len(names) > 1 else names * action.nargs
        return every if len(every) <= 4 else (*every[:2], "...")
    once = {"?": f"[{names[0]}]", "*": f"[{names[0]} ...]", "+": f"{names[0]} ..."}
    return [once.get(action.nargs, names[0])]
