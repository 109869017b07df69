"""Result of the chain: the recorded outputs, compared with the bag that was played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..bags.reader import BagReader
from .chain import DIAGNOSTICS_TOPIC, FUSED_TOPIC, SEGMENTATION_TOPIC
from .recording import RGB_TOPIC, THERMAL_TOPIC

_STATUSES = ("node", "output", "pairing", "rgb", "thermal")


@dataclass
class ChainOutcome:
    """Counts and checks of one run.

    Attributes:
        rgb_images, thermal_images: in the played bag (one lap).
        pairs: made by the node's synchroniser.
        published: segmentations recorded.
        fused: fused images recorded.
        unknown_stamps: outputs whose stamp is that of no RGB image; must be 0.
        disordered: outputs before an earlier one of the same lap; must be 0.
        laps: published outputs of each lap of the bag.
        oldest: largest age of an output when it was recorded, seconds of the bag's time; 0 if the
            recorder used another clock.
        node: values of the last diagnostic status of the node, strings by key.
        output, pairing, rgb, thermal: the same for its output, pairing and inputs.
    """

    rgb_images: int = 0
    thermal_images: int = 0
    pairs: int = 0
    published: int = 0
    fused: int = 0
    unknown_stamps: int = 0
    disordered: int = 0
    laps: list[int] = field(default_factory=list)
    oldest: float = 0.0
    node: dict[str, str] = field(default_factory=dict)
    output: dict[str, str] = field(default_factory=dict)
    pairing: dict[str, str] = field(default_factory=dict)
    rgb: dict[str, str] = field(default_factory=dict)
    thermal: dict[str, str] = field(default_factory=dict)

    @property
    def dropped(self) -> dict[str, int]:
        """Number of pairs that were not computed, by reason."""
        return _counts(self.output, "Dropped: ")

    @property
    def unpaired(self) -> dict[str, dict[str, int]]:
        """Number of images without a partner, by camera and reason."""
        inputs = {"rgb": self.rgb, "thermal": self.thermal}
        return {camera: _counts(values, "Unpaired: ") for camera, values in inputs.items()}

    @property
    def unaccounted(self) -> int:
        """Number of pairs neither published nor dropped with a reason; must be 0 at the end."""
        offered, published = (int(self.output.get(k, 0)) for k in ("Pairs offered", "Published"))
        return offered - published - sum(self.dropped.values())


def _counts(values: dict[str, str], mark: str) -> dict[str, int]:
    return {k[len(mark) :]: int(v) for k, v in values.items() if k.startswith(mark) and int(v)}


def read_outcome(recording: Path, output: Path, sim_time: bool = True) -> ChainOutcome:
    """Read the played and the recorded bag and compare.

    ``sim_time``: the recorder used the played bag's time, so ages can be computed.

    Raises:
        BagError: a bag cannot be read.
    """
    outcome = ChainOutcome()
    with BagReader(recording) as bag:
        stamps = set()
        for message in bag.messages((RGB_TOPIC, THERMAL_TOPIC)):
            if message.topic == RGB_TOPIC:
                stamps.add(message.header_stamp_ns)
                outcome.rgb_images += 1
            else:
                outcome.thermal_images += 1
        half = bag.duration_ns // 2
    with BagReader(output) as bag:
        last = None
        for message in bag.messages((SEGMENTATION_TOPIC,)):
            stamp = message.header_stamp_ns
            outcome.published += 1
            outcome.unknown_stamps += stamp not in stamps
            # A jump back by more than half the bag is a new lap, a smaller one a wrong order.
            if last is None or last - stamp > half:
                outcome.laps.append(0)
            elif stamp <= last:
                outcome.disordered += 1
            outcome.laps[-1] += 1
            last = stamp
            if sim_time:
                outcome.oldest = max(outcome.oldest, (message.stamp_ns - stamp) / 1e9)
        outcome.fused = sum(1 for _ in bag.messages((FUSED_TOPIC,)))
        for message in bag.messages((DIAGNOSTICS_TOPIC,)):
            for status in message.deserialize().status:
                values = {pair.key: pair.value for pair in status.values}
                about = status.name.rpartition(": ")[2].removesuffix(" input")
                if about in _STATUSES:
                    setattr(outcome, about, values)
    outcome.pairs = int(outcome.pairing.get("Pairs", 0))
    return outcome


def segmentations(output: Path) -> Iterator[tuple[int, Any]]:
    """(stamp in nanoseconds, message) of each recorded segmentation."""
    with BagReader(output) as bag:
        for message in bag.messages((SEGMENTATION_TOPIC,)):
            yield message.header_stamp_ns, message.deserialize()


def mask_of(message: Any) -> np.ndarray:
    """The class indices of a segmentation message, H x W uint8."""
    mask = message.mask
    return np.asarray(mask.data).reshape(mask.height, mask.step)[:, : mask.width]


def images_at(bag_path: Path, topic: str, stamps: set[int]) -> dict[int, Any]:
    """Image messages with certain header stamps, by stamp."""
    with BagReader(bag_path) as bag:
        return {
            message.header_stamp_ns: message.deserialize()
            for message in bag.messages((topic,))
            if message.header_stamp_ns in stamps
        }
