"""What has arrived on a running node's topics, and what of it belongs together."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any, NamedTuple

_MOST_BYTES = 96 * 1024 * 1024
_MOST_PAIRS = 8
_NEAR_NS = 1_000_000_000

OUTPUTS = ("fused", "overlay", "segmentation")
"""The node's outputs that make up a frame; all have the stamp of the pair's RGB image."""


class _Arrived(NamedTuple):
    stamp_ns: int
    size: int
    item: Any


class Arrivals:
    """Keeps the last messages: of each camera for as long as the network may take, within memory.

    Items are whatever the caller puts in.
    """

    def __init__(self) -> None:
        self._cameras: dict[str, deque[_Arrived]] = {"rgb": deque(), "thermal": deque()}
        self._outputs: OrderedDict[int, dict[str, Any]] = OrderedDict()

    def put_camera(self, stream: str, stamp_ns: int, size: int, item: Any) -> None:
        """Keep an image of a camera, which takes ``size`` bytes."""
        kept = self._cameras[stream]
        kept.append(_Arrived(stamp_ns, size, item))
        while len(kept) > 1 and sum(each.size for each in kept) > _MOST_BYTES // 2:
            kept.popleft()

    def put_output(self, name: str, stamp_ns: int, item: Any) -> bool:
        """Keep an output of `OUTPUTS`; return whether its pair's outputs are all there now."""
        outputs = self._outputs.setdefault(stamp_ns, {})
        outputs[name] = item
        while len(self._outputs) > _MOST_PAIRS:
            self._outputs.popitem(last=False)
        return len(outputs) == len(OUTPUTS)

    def outputs(self, stamp_ns: int) -> dict[str, Any]:
        """Return the outputs of a pair by name, as far as they have come."""
        return dict(self._outputs.get(stamp_ns, {}))

    @property
    def last_pair(self) -> int | None:
        """The stamp of the pair that began to arrive last."""
        return next(reversed(self._outputs), None)

    def camera(self, stream: str, stamp_ns: int | None = None) -> Any | None:
        """Return the image of a camera nearest to a stamp.

        Without a stamp, and where none is within a second (clocks that are apart), the last one.
        """
        kept = self._cameras[stream]
        if not kept:
            return None
        if stamp_ns is not None:
            near = min(kept, key=lambda each: abs(each.stamp_ns - stamp_ns))
            if abs(near.stamp_ns - stamp_ns) < _NEAR_NS:
                return near.item
        return kept[-1].item

    def clear(self) -> None:
        """Forget all."""
        for kept in self._cameras.values():
            kept.clear()
        self._outputs.clear()
