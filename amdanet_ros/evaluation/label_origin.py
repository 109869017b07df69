"""Which label images are still those that a network wrote: a score on them is agreement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..regular_file import is_pipe_or_device

LABEL_ORIGIN = "first_labels.json"
"""File of a data set's folder: {"network": text, "labels": {name: digest}}."""


def label_digest(labels: np.ndarray) -> str:
    """Return what tells label images apart: of their size and indices, H x W uint8."""
    values = np.ascontiguousarray(labels, np.uint8)
    return hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()[:32]


def network_of(root: Path) -> tuple[str, dict[str, str]]:
    """Return the network that labelled a data set first, and its labels' digests by name.

    ("", {}) where the folder does not say, or not in words that can be read.
    """
    if is_pipe_or_device(root / LABEL_ORIGIN):
        return "", {}
    try:
        content = json.loads((root / LABEL_ORIGIN).read_text(encoding="utf-8"))
        return str(content["network"]), {str(k): str(v) for k, v in content["labels"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", {}


def origin_remark(root: Path, labels: Iterable[tuple[str, np.ndarray]]) -> str:
    """Return a sentence where label images are as the network wrote them, else "".

    Args:
        root: folder of the data set.
        labels: name and H x W indices of each image that is scored.
    """
    network, digests = network_of(root)
    if not digests:
        return ""
    same = [digests.get(name) == label_digest(image) for name, image in labels]
    if not any(same):
        return ""
    return (
        f"{sum(same)} of {len(same)} label images are as {network} wrote them: on these the scores "
        "are agreement with that network, not truth"
    )
