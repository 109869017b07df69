"""What became of every pair, and how long it took: counted by two threads, read by diagnostics."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ..findings import Finding
from ..pairing.reasons import Described
from ..pairing.statistics import percentile

UNMEASURED_S = 12.0
"""Seconds a megapixel that an inference is taken to need before one was measured."""
WINDOW = 256
"""Outputs that durations look back on."""

DURATIONS = ("latency", "age", "inference", "overhead")


class Dropped(Described):
    """Why a pair was not computed."""

    REPLACED = "replaced", "a newer pair came while the network was busy"
    TOO_OLD = "too_old", "older than `max_age`"
    NO_SUBSCRIBER = "no_subscriber", "nobody subscribes to an output"
    BAD_IMAGE = "bad_image", "an image cannot be used"
    NO_CAMERA_INFO = (
        "no_camera_info",
        "`thermal.registration_from` needs a `camera_info` that has not come",
    )
    FAILED = "failed", "the registration or the network failed"
    RESET = "reset", "it waited when the queues were cleared or the node was deactivated"


class Quantiles(NamedTuple):
    """Median and 95th percentile of durations, in seconds."""

    median: float
    p95: float


@dataclass(frozen=True)
class Counts:
    """A snapshot.

    ``offered`` = ``published`` + the sum of ``dropped`` + what is still under way (two at most).

    Attributes:
        offered: pairs (and single images) handed to the worker.
        published: computed and published, single images among them.
        single: published from one camera alone.
        dropped: by reason.
        refused: images that cannot be used, by stream.
        last_refusal: by stream, why the last one was refused and what to change.
        last_failure: of the registration or the network; None when the last pair worked.
        usual: 95th percentile of the seconds that the inference at work takes by the times and the
            sizes of the last ones; 0.0: none has begun.
        durations: of ``DURATIONS``, what is known. latency: from the arrival of the pair's second
            image to the last publish; age: stamp to publish on the node's clock, where the clocks
            agree; inference: of the predictor alone; overhead: latency without inference and
            without waiting for the worker.
    """

    offered: int = 0
    published: int = 0
    single: int = 0
    dropped: Mapping[Dropped, int] = field(default_factory=lambda: dict.fromkeys(Dropped, 0))
    refused: Mapping[str, int] = field(default_factory=dict)
    last_refusal: Mapping[str, str] = field(default_factory=dict)
    last_failure: Finding | None = None
    usual: float = 0.0
    durations: Mapping[str, Quantiles] = field(default_factory=dict)


class Counters:
    """Counts; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = Counts()
        self._durations = {name: deque(maxlen=WINDOW) for name in DURATIONS}
        self._pixels = 0
        self._paces: deque[tuple[float, int]] = deque(maxlen=WINDOW)

    def offer(self) -> None:
        """Count a pair that is handed to the worker."""
        with self._lock:
            self._counts = replace(self._counts, offered=self._counts.offered + 1)

    def drop(self, reason: Dropped, failure: Finding | None = None) -> None:
        """Count a pair that is not computed; ``failure``: of its registration or the network."""
        with self._lock:
            counts = self._counts
            dropped = {**counts.dropped, reason: counts.dropped[reason] + 1}
            last = failure or counts.last_failure
            self._counts = replace(counts, dropped=dropped, last_failure=last)

    def refuse(self, stream: str, words: str) -> None:
        """Count an image of a stream that cannot be used."""
        with self._lock:
            counts = self._counts
            refused = {**counts.refused, stream: counts.refused.get(stream, 0) + 1}
            last = {**counts.last_refusal, stream: words}
            self._counts = replace(counts, refused=refused, last_refusal=last)

    def begin(self, pixels: int) -> None:
        """Note that the network begins with an image of so many pixels."""
        with self._lock:
            self._pixels = pixels
            self._counts = replace(self._counts, usual=_usual(self._paces, pixels))

    def publish(self, is_single: bool, durations: Mapping[str, float | None]) -> None:
        """Count a published pair.

        Args:
            is_single: whether one camera alone gave it.
            durations: seconds by name; None: not known.
        """
        with self._lock:
            counts = self._counts
            self._counts = replace(
                counts,
                published=counts.published + 1,
                single=counts.single + is_single,
                last_failure=None,
            )
            for name, seconds in durations.items():
                if seconds is not None:
                    self._durations[name].append(seconds)
            if durations.get("inference") is not None and self._pixels:
                self._paces.append((durations["inference"], self._pixels))

    def forget_durations(self) -> None:
        """Forget durations, the last failure and refusals, for a new start; counts stay."""
        with self._lock:
            self._counts = replace(self._counts, usual=0.0, last_failure=None, last_refusal={})
            self._paces.clear()
            for durations in self._durations.values():
                durations.clear()

    def snapshot(self) -> Counts:
        """Return all counts as of now."""
        with self._lock:
            durations = {name: _quantiles(each) for name, each in self._durations.items() if each}
            return replace(self._counts, durations=durations)


def _usual(paces: Sequence[tuple[float, int]], pixels: int) -> float:
    """Return the seconds that an image of so many pixels takes, by those of other ones.

    Smaller images are taken to need as long as larger ones did: part of the time is fixed.
    """
    if not paces:
        return UNMEASURED_S * 1e-6 * pixels
    return percentile([seconds * max(1.0, pixels / each) for seconds, each in paces], 0.95)


def _quantiles(durations: Sequence[float]) -> Quantiles:
    return Quantiles(percentile(durations, 0.5), percentile(durations, 0.95))
