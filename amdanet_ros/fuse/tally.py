"""What is known of a whole output: pairs, classes that were seen, health of the cameras."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from ..pipeline.fusion import Fusion
from ..pipeline.health import HealthStatus
from .output import FuseOutput
from .source import SourcePair

SEEN_AREA = 0.0005
"""Share of an image from which on a class counts as seen there: 154 pixels of 640 x 480."""


@dataclass(frozen=True)
class FuseOutcome:
    """Numbers about an output; equal inputs and options give equal ones.

    Attributes:
        pairs: that were fused.
        left_out: pairs whose images cannot be used.
        areas: mean share of the image of each class that occurs, 0 to 1, by name.
        seen: of each class that was seen (``SEEN_AREA``): "pairs" (their share, 0 to 1), "most"
            (its largest area) and "at" (the stamp of that pair, seconds).
        health: by stream, "rgb" and "thermal": number of pairs of each status ("ok", "degraded",
            "frozen", "lost"), and the most frequent "reason" where it was not always ok.
    """

    pairs: int
    left_out: int
    areas: dict[str, float] = field(default_factory=dict)
    seen: dict[str, dict[str, float]] = field(default_factory=dict)
    health: dict[str, dict[str, Any]] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """Return all as JSON takes it."""
        return asdict(self)


class Tally:
    """Counts results."""

    def __init__(self) -> None:
        self._pairs = 0
        self._areas: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._most: dict[str, tuple[float, int]] = {}
        self._states: dict[str, Counter[str]] = defaultdict(Counter)
        self._reasons: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, fusion: Fusion) -> None:
        """Count a pair."""
        self._pairs += 1
        if fusion.statistics is not None:
            for name, share in zip(fusion.classes.names, fusion.statistics.areas, strict=True):
                self._add_area(name, float(share), fusion.stamp_ns)
        for stream, health in fusion.health.items():
            self._states[stream][HealthStatus(health.status).name.lower()] += 1
            if health.status != HealthStatus.OK:
                self._reasons[stream][health.reason] += 1

    def _add_area(self, name: str, share: float, stamp_ns: int) -> None:
        self._areas[name] += share
        if share >= SEEN_AREA:
            self._seen[name] += 1
            if share > self._most.get(name, (0.0, 0))[0]:
                self._most[name] = (share, stamp_ns)

    def outcome(self, left_out: int) -> FuseOutcome:
        """Return what was counted.

        Args:
            left_out: pairs that never came here.
        """
        areas = {name: round(area / self._pairs, 6) for name, area in self._areas.items() if area}
        seen = {
            name: {
                "pairs": round(count / self._pairs, 4),
                "most": round(self._most[name][0], 6),
                "at": round(self._most[name][1] / 1e9, 3),
            }
            for name, count in self._seen.items()
        }
        return FuseOutcome(self._pairs, left_out, areas, seen, self._health())

    def _health(self) -> dict[str, dict[str, Any]]:
        health: dict[str, dict[str, Any]] = {}
        for stream, states in sorted(self._states.items()):
            health[stream] = dict(sorted(states.items()))
            if self._reasons[stream]:
                health[stream]["reason"] = self._reasons[stream].most_common(1)[0][0]
        return health


class TalliedOutput:
    """Counts what an output gets.

    Args:
        output: gets each pair.

    Attributes:
        tally: of the pairs so far.
    """

    def __init__(self, output: FuseOutput) -> None:
        self._output = output
        self.tally = Tally()

    def put(self, pair: SourcePair, fusion: Fusion) -> None:
        """Count a pair, and hand it on."""
        self.tally.add(fusion)
        self._output.put(pair, fusion)

    def close(self) -> None:
        """Finish the output."""
        self._output.close()
