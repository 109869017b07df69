"""docs/interface.md: topics, services, parameters, diagnostics and messages of the node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from amdanet_ros.messages import OUTPUTS
from amdanet_ros.pairing import PairSynchronizer, Reason, SyncOptions
from amdanet_ros.parameters import Parameter
from amdanet_ros.pipeline.health import ModalityHealth
from amdanet_ros.resources import share_directory
from amdanet_ros.ros.counters import DURATIONS, Counts, Dropped, Quantiles
from amdanet_ros.ros.diagnostics import NodeReport, PairReport, statuses
from amdanet_ros.ros.finding_text import TopicNames
from amdanet_ros.ros.pair_findings import PairFindings
from amdanet_ros.settings import PAIR_NAMES, PARAMETERS

from .markdown import table
from .parameters_file import yaml_value

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
    (
        "depth/image_raw",
        "sensor_msgs/Image",
        "depth in the RGB camera's pixels, with `thermal.registration_from: depth` alone; "
        "`depth.topic` gives another name",
    ),
)
"""Name, type and description of what the node subscribes to; a test compares with a live node."""

SERVICES = (
    ("~/reset", "std_srvs/Trigger", "clears queues and running statistics"),
    (
        "~/health",
        "std_srvs/Trigger",
        "`success: false` where the node itself cannot work: its worker hangs, configure or the "
        "last inference failed; the message says why, and the state of the lifecycle",
    ),
    (
        "~/change_state, ~/get_state and the rest of a managed node",
        "lifecycle_msgs",
        "`ros2 lifecycle set /amdanet ...`",
    ),
)


def interface_document() -> str:
    """Return the whole of docs/interface.md."""
    shared = ", ".join(f"`{each.name}`" for each in PARAMETERS if each.name not in PAIR_NAMES)
    parts = [
        "# Interface of the node `amdanet`",
        "Written by `python scripts/write_documents.py` from what the code declares; a test "
        "compares. Topics are relative: remap them or give the node a namespace.",
        "## Subscribed topics",
        table(("topic", "type", "what"), [(f"`{n}`", kind, what) for n, kind, what in INPUTS]),
        "The reliability of the image subscriptions follows what the publishers offer "
        "(`qos.reliability: auto`).",
        "## Published topics",
        table(("topic", "type", "what"), _output_rows()),
        "Outputs are published for each pair, where somebody subscribes, reliable and with the RGB "
        "image's header. Those marked \\* are latched (transient local) instead, have no stamp, "
        "and are published when they change. An output whose message package is not installed "
        "(vision_msgs) is left out.",
        "## Services",
        table(("service", "type", "what"), [(f"`{n}`", kind, w) for n, kind, w in SERVICES]),
        "## Parameters",
        table(("parameter", "type", "default", "allowed", "what"), map(_row, PARAMETERS)),
        "\\* read-only after configure: deactivate and clean up, set it, configure again. The "
        "others may change at any time; a value that is not allowed is refused with the reason. "
        "`config/amdanet.yaml` lists all of them with their defaults; `amdanet fuse` takes the "
        "same files with `--params-file`.",
        "## Several camera pairs",
        "With `pairs: [front, rear]` one node and one network serve two camera pairs. The topics "
        "of each lie under its name (`front/rgb/image_raw`, `front/segmentation`), its statuses on "
        "`/diagnostics` have the name in front (`front/rgb input`), and its parameters too "
        f"(`front.sync.slop`). {shared} belong to the node. What is not given for a camera pair "
        "has the value without the name; that value cannot change at run time.",
        "## Diagnostics",
        "On `/diagnostics` once a second, and at once when the worker begins to hang; each status "
        "named `<node>: <status>`. The message of a status that is not OK says what is "
        "wrong and what to do.",
        table(("status", "values"), _status_rows()),
        "Why an image stayed unpaired:",
        table(("reason", "what"), [(f"`{each}`", each.description) for each in Reason]),
        "Why a pair was dropped:",
        table(("reason", "what"), [(f"`{each}`", each.description) for each in Dropped]),
        "## Messages",
    ]
    for name in ("SemanticSegmentation", "SegmentedComponent", "ModalityHealth"):
        parts += [f"### amdanet_ros/{name}", table(("field", "type", "what"), _field_rows(name))]
    return "\n\n".join(parts) + "\n"


def sample_statuses() -> list:
    """Return the statuses of an active node that has a value for everything."""
    streams = ("rgb", "thermal")
    names = TopicNames(*({stream: "" for stream in streams} for _ in range(3)))
    pair = PairReport(
        names=names,
        inputs=dict.fromkeys(streams, {"Topic": "", "Publishers": 1, "Subscribed": "reliable"}),
        pairing=PairSynchronizer(SyncOptions()).statistics_at(0),
        findings=(),
        health={stream: ModalityHealth() for stream in streams},
        counts=Counts(durations=dict.fromkeys(DURATIONS, Quantiles(0.0, 0.0))),
        registration=PairFindings(0.0, print).values(),
        depth=dict.fromkeys(
            (
                "Topic",
                "Publishers",
                "Subscribed",
                "Events since startup",
                "Pairs put in place by depth",
                "Pairs put in place by a plane",
            ),
            0,
        ),
    )
    return statuses(
        NodeReport(
            name="/amdanet",
            state="active",
            failure=None,
            network=dict.fromkeys(("Model", "Device", "Precision"), ""),
            memory=dict.fromkeys(("Resident memory (MiB)", "Device memory (MiB)"), "0"),
            pairs={"": pair},
        )
    )


def message_type(name: str) -> str:
    """Return the short name of a message type: without ``/msg/``."""
    return name.replace("/msg/", "/")


def _output_rows() -> Iterable[Sequence[str]]:
    for each in OUTPUTS:
        name = f"`{each.topic}`" + " \\*" * each.latched
        yield name, message_type(each.type), each.description
    yield (
        "`~/latency`",
        "std_msgs/Float32",
        "seconds from the arrival of a pair's second image to its last output, once a pair, to "
        "plot; with `pairs` `~/<pair>/latency`",
    )
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
    return name, kind, f"`{yaml_value(declared.default)}`", allowed, declared.description


_SUMMED = ("Unpaired:", "Dropped:")


def _status_rows() -> Iterable[Sequence[str]]:
    for status in sample_statuses():
        keys = [pair.key for pair in status.values if not pair.key.startswith(_SUMMED)]
        for mark in _SUMMED:
            if any(pair.key.startswith(mark) for pair in status.values):
                keys.append(f"{mark} ...")
        yield status.name.partition(": ")[2], "; ".join(keys)


def _field_rows(message: str) -> Iterable[Sequence[str]]:
    text = (share_directory() / "msg" / f"{message}.msg").read_text()
    for line in text.splitlines():
        declaration, _, comment = line.partition("#")
        if found := re.fullmatch(r"(\S+) (\w+)(?:=(\d+))?", declaration.strip()):
            kind, name, number = found.groups()
            yield f"`{name}`" + (f" = {number}" if number else ""), f"`{kind}`", comment.strip()
