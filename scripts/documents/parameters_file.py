"""config/amdanet.yaml: every parameter with its default and description."""

from __future__ import annotations

import textwrap

from amdanet_ros.settings import PARAMETERS

_HEAD = """\
# Every parameter of the node with its default, written by scripts/write_documents.py. Copy what you
# change. Parameters marked "read-only" change only while the node is unconfigured, the others at
# any time.
/**:
  ros__parameters:
"""


def parameters_file() -> str:
    """Return the whole file."""
    blocks = []
    for each in PARAMETERS:
        text = each.description if each.live else f"{each.description} (read-only)"
        if each.choices:
            text += f". One of: {', '.join(each.choices)}"
        lines = textwrap.wrap(text, 94, break_on_hyphens=False)
        comment = "".join(f"    # {line}\n" for line in lines)
        blocks.append(f"{comment}    {each.name}: {yaml_value(each.default)}\n")
    return _HEAD + "\n".join(blocks)


def yaml_value(value: object) -> str:
    """Return a default as YAML."""
    if isinstance(value, tuple):
        return f"[{', '.join(yaml_value(each) for each in value)}]"
    if value == "":
        return '""'
    return str(value).lower() if isinstance(value, bool) else str(value)
