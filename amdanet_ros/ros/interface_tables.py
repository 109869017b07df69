"""docs/interface.md, written from what the code declares.

``python -m amdanet_ros.ros.interface_tables docs/interface.md`` writes it anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..pairing import PairSynchronizer, Reason
from ..parameters import Parameter
from ..pipeline.health import ModalityHealth
from ..resources import share_directory
from ..settings import PARAMETERS
from .counters import DROP_REASONS, Counts, Quantiles
from .diagnostics import InputReport, NodeReport, statuses
from .finding_text import TopicNames
from .outputs import LABEL_INFO, OUTPUTS

INPUTS = (
    (
        "rgb/image_raw",
        "sensor_msgs/Image",
        "RGB images; `rgb/image_raw/compressed` (sensor_msgs/CompressedImage) with `rgb.transport: "
        "compressed`",
    ),
    ("thermal/image_raw", "sensor_msgs/Image", "thermal images; compressed likewise"),
    (
        "rgb/camera_info",
        "sensor_msgs/CameraInfo",
        "calibration of the RGB camera, sent on as `fused/camera_info`",
    ),
    (
        "thermal/camera_info",
        "sensor_msgs/CameraInfo",
        "calibration of the thermal camera, used with `thermal.registration_from: camera_info`",
    ),
)
"""Name, type and description of what the node subscribes to; a test holds a live node to it."""

SERVICES = (
    ("~/reset", "std_srvs/Trigger", "forgets queues and running statistics"),
    (
        "~/change_state, ~/get_state and the rest of a managed node",
        "lifecycle_msgs",
        "`ros2 lifecycle set /amdanet ...`",
    ),
)

_DROPPED = {
    "replaced": "a newer pair came while the network was busy",
    "too_old": "older than `max_age`",
    "no_subscriber": "nobody subscribes to an output",
    "bad_image": "a picture did not decode",
    "no_camera_info": "`thermal.registration_from` needs a `camera_info` that has not come",
    "failed": "the network failed",
    "reset": "it waited when the queues were forgotten or the node was deactivated",
}


def interface_document() -> str:
    """Return the whole of docs/interface.md."""
    parts = [
        "# Interface of the node `amdanet`",
        "Written by `python -m amdanet_ros.ros.interface_tables docs/interface.md` from what the "
        "code declares; a test compares. Topics are relative: remap them or give the node a "
        "namespace.",
        "## Subscribed topics",
        _table(("topic", "type", "what"), [(f"`{n}`", kind, what) for n, kind, what in INPUTS]),
        "The reliability of the image subscriptions follows what the publishers offer "
        "(`qos.reliability: auto`).",
        "## Published topics",
        _table(("topic", "type", "what"), _output_rows()),
        "All but the last two are published for each pair, where somebody subscribes, reliable and "
        "with the RGB image's header. `segmentation/label_info` is latched (transient local) and "
        "published where vision_msgs is installed.",
        "## Services",
        _table(("service", "type", "what"), [(f"`{n}`", kind, w) for n, kind, w in SERVICES]),
        "## Parameters",
        _table(("parameter", "type", "default", "allowed", "what"), map(_row, PARAMETERS)),
        "\\* read-only after configure: deactivate and clean up, set it, configure again. The "
        "others may change at any time; a value that is not allowed is refused with the reason.",
        "## Diagnostics",
        "On `/diagnostics` once a second, each status named `<node>: <status>`. The message of a "
        "status that is not OK says what is wrong and what to do.",
        _table(("status", "values"), _status_rows()),
        "Why an image stayed unpaired:",
        _table(("reason", "what"), [(f"`{each}`", each.description) for each in Reason]),
        "Why a pair was dropped:",
        _table(("reason", "what"), [(f"`{n}`", _DROPPED[n]) for n in DROP_REASONS]),
        "## Messages",
    ]
    for name in ("SemanticSegmentation", "ModalityHealth"):
        parts += [f"### amdanet_ros/{name}", _table(("field", "type", "what"), _field_rows(name))]
    return "\n\n".join(parts) + "\n"


def sample_statuses() -> list:
    """Return the statuses of a node that has everything to tell."""
    some = Quantiles(0.0, 0.0)
    health = {"rgb": ModalityHealth(), "thermal": ModalityHealth()}
    counts = Counts(
        dropped=dict.fromkeys(DROP_REASONS, 0),
        latency=some,
        inference=some,
        overhead=some,
        age=some,
        health=health,
    )
    inputs = {name: InputReport(f"/{name}/image_raw", 1, "reliable", None) for name in health}
    report = NodeReport(
        name="/amdanet",
        state="active",
        failure=None,
        model="",
        device="cpu",
        precision="fp32",
        memory={"Resident memory (MiB)": "0", "Device memory (MiB)": "0"},
        clock_problem=None,
        inputs=inputs,
        pairing=PairSynchronizer(0.05).statistics_at(0),
        findings=(),
        names=TopicNames({}, {}, {}),
        counts=counts,
        seconds=1.0,
    )
    return statuses(report)


def _output_rows() -> Iterable[Sequence[str]]:
    for topic in OUTPUTS:
        yield f"`{topic.name}`", _type_name(topic.message_type), topic.description
    yield f"`{LABEL_INFO}`", "vision_msgs/LabelInfo", "names of the classes, for whoever joins late"
    yield "`/diagnostics`", "diagnostic_msgs/DiagnosticArray", "see below"


def _row(declared: Parameter) -> Sequence[str]:
    kind = {bool: "boolean", int: "integer", float: "number", str: "string"}[declared.element]
    kind += "s" * declared.is_array
    if declared.choices:
        allowed = ", ".join(f"`{choice}`" for choice in declared.choices)
    elif declared.low is not None:
        allowed = f"{declared.low:g} to {declared.high:g}"
    else:
        allowed = ""
    name = f"`{declared.name}`" + " \\*" * (not declared.live)
    return name, kind, f"`{_yaml(declared.default)}`", allowed, declared.description


def _yaml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_yaml(each) for each in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _status_rows() -> Iterable[Sequence[str]]:
    for status in sample_statuses():
        keys = [pair.key for pair in status.values if not pair.key.startswith(_SUMMED)]
        for mark in _SUMMED:
            if any(pair.key.startswith(mark) for pair in status.values):
                keys.append(f"{mark} ...")
        yield status.name.partition(": ")[2], "; ".join(keys)


_SUMMED = ("Unpaired:", "Dropped:")


def _field_rows(message: str) -> Iterable[Sequence[str]]:
    text = (share_directory() / "msg" / f"{message}.msg").read_text()
    for line in text.splitlines():
        declaration, _, comment = line.partition("#")
        if found := re.fullmatch(r"(\S+) (\w+)(?:=(\d+))?", declaration.strip()):
            kind, name, number = found.groups()
            yield f"`{name}`" + (f" = {number}" if number else ""), f"`{kind}`", comment.strip()


def _type_name(kind: type) -> str:
    return f"{kind.__module__.partition('.')[0]}/{kind.__name__}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line).replace("\n", " ") + " |" for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document to the file named, or print it."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        print(interface_document(), end="")
    elif len(arguments) == 1:
        Path(arguments[0]).write_text(interface_document(), encoding="utf-8")
    else:
        print("usage: python -m amdanet_ros.ros.interface_tables [FILE]", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
