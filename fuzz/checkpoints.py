"""Checkpoints: safetensors and .pth, whole ones damaged by an input."""

from __future__ import annotations

import functools
import io
import json
import struct

import torch

from amdanet_ros.network.checkpoint import CheckpointError, load_checkpoint
from amdanet_ros.network.safetensors_file import write_safetensors

from .damage import damaged
from .scratch import scratch_file, scratch_folder
from .spending import Spending
from .target import Target

_STAGES = (1, 2, 3, 4)


def run(data: bytes) -> None:
    """Load a file: the input itself, or a whole file that the input changes in some places."""
    spending = Spending(data)
    kind = spending.byte() % 4
    suffix = ("safetensors", "pth")[kind % 2]
    content = spending.rest() if kind < 2 else damaged(_whole(suffix), spending)
    load_checkpoint(scratch_file(f"weights.{suffix}", content))


@functools.cache
def _whole(suffix: str) -> bytes:
    """Return a file that is taken for a checkpoint, of the fewest and smallest arrays."""
    names = [f"backbone.block{stage}.{depth}.norm1.bias" for stage in _STAGES for depth in (0, 1)]
    state = {name: torch.zeros(1) for name in names}
    for stage, channels in zip(_STAGES, (32, 64, 160, 256), strict=True):
        state[f"backbone.norm{stage}.weight"] = torch.ones(channels)
    state["decode_head.linear_pred.weight"] = torch.ones(2, 4, 1, 1)
    state["backbone.norm1.running_var"] = torch.ones(2)
    if suffix == "pth":
        stream = io.BytesIO()
        torch.save({"model": state, "epoch": 3}, stream)
        return stream.getvalue()
    path = scratch_folder() / "whole.safetensors"
    palette = json.dumps([[0, 0, 0], [255, 0, 0]])
    config = json.dumps({"backbone": "mit_b0", "bn_eps": 1e-3})
    metadata = {"config": config, "classes": json.dumps(["a", "b"]), "palette": palette}
    write_safetensors(path, state, metadata)
    return path.read_bytes()


def seeds() -> list[bytes]:
    """Small files of both kinds, and changes of whole ones."""
    stream = io.BytesIO()
    torch.save({"model": {"a": torch.zeros(2)}, "epoch": 3}, stream)
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    header = json.dumps({"a": entry, "__metadata__": {"config": "{}"}}).encode()
    small = struct.pack("<Q", len(header)) + header + bytes(8)
    changes = [bytes([kind, 0, 0, at, 0, 0, 255]) for kind in (2, 3) for at in range(0, 200, 9)]
    return [bytes([0]) + small, bytes([1]) + stream.getvalue(), *changes]


TARGET = Target("checkpoints", run, (CheckpointError,), seeds)
