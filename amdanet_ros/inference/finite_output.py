"""A network whose numbers are not finite has computed nothing: its output is refused."""

from __future__ import annotations

import torch

from .errors import InferenceError
from .plain_engine import EngineOutput


class NonFiniteOutputError(InferenceError):
    """The network gives NaN or infinite numbers."""


def check_finite(output: EngineOutput, precision: str, checkpoint: str) -> None:
    """Refuse an output that holds a number that is not finite; costs one pass over it.

    Without this, NaN scores become class 0 in all pixels, and no confidence threshold leaves them
    out: NaN is not below it.

    Args:
        output: of an engine.
        precision: at which it was computed.
        checkpoint: where the weights are from, for the message; "": not known.

    Raises:
        NonFiniteOutputError: it names the checkpoint, the cause and what to do.
    """
    names = {"logits": "class scores", "fused": "fused image"}
    parts = {name: part for name, part in zip(names, output, strict=True) if part is not None}
    if not parts:
        return
    # The least and the greatest value carry each NaN; one transfer brings all of them here.
    ends = torch.stack([end for part in parts.values() for end in part.aminmax()])
    if bool(ends.isfinite().all()):
        return
    spoilt = [
        names[name]
        for name, both in zip(parts, ends.isfinite().reshape(-1, 2).tolist(), strict=True)
        if not all(both)
    ]
    of = f" of {checkpoint}" if checkpoint else ""
    cause, fix = "its weights are damaged, or its training diverged", "use another checkpoint"
    if precision != "fp32":
        cause = f"its numbers overflow at {precision}, or its weights are damaged"
        fix = "set the precision to fp32, or use another checkpoint"
    raise NonFiniteOutputError(
        f"the network{of} gives {' and '.join(spoilt)} with NaN or infinite numbers: {cause}: {fix}"
    )
