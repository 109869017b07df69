"""What became of every pair, and how long it took: counted by two threads, read by diagnostics."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..pairing.statistics import percentile
from ..pipeline.health import ModalityHealth

WINDOW = 256
"""Outputs that latencies look back on."""

DROP_REASONS = (
    "replaced",
    "too_old",
    "no_subscriber",
    "bad_image",
    "no_camera_info",
    "failed",
    "reset",
)
"""Why a pair was not computed.

replaced: a newer pair came while the network was busy; too_old: older than ``max_age``;
no_subscriber: nobody subscribes to any output; bad_image: a picture did not decode;
no_camera_info: the registration needs one that has not come; failed: the network failed; reset: it
waited when the clock jumped, ``~/reset`` was called or the node was deactivated.
"""


@dataclass(frozen=True)
class Quantiles:
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
        bad: refused messages by stream.
        last_bad: by stream, the last refusal in words.
        latency: from the arrival of the pair's second image to the last publish.
        inference: of the predictor alone.
        overhead: latency without inference and without waiting for the worker.
        age: stamp to publish on the node's clock, where the clocks agree.
        health: by stream, of the last picture.
        last_failure: of the network, in words; None when the last pair worked.
    """

    offered: int = 0
    published: int = 0
    single: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    bad: dict[str, int] = field(default_factory=dict)
    last_bad: dict[str, str] = field(default_factory=dict)
    latency: Quantiles | None = None
    inference: Quantiles | None = None
    overhead: Quantiles | None = None
    age: Quantiles | None = None
    health: dict[str, ModalityHealth] = field(default_factory=dict)
    last_failure: str | None = None


class Counters:
    """Counts; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offered = self._published = self._single = 0
        self._dropped: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._last_bad: dict[str, str] = {}
        self._health: dict[str, ModalityHealth] = {}
        self._last_failure: str | None = None
        self._latency: deque[float] = deque(maxlen=WINDOW)
        self._inference: deque[float] = deque(maxlen=WINDOW)
        self._overhead: deque[float] = deque(maxlen=WINDOW)
        self._age: deque[float] = deque(maxlen=WINDOW)

    def offer(self) -> None:
        """Count a pair that is handed to the worker."""
        with self._lock:
            self._offered += 1

    def drop(self, reason: str) -> None:
        """Count a pair that is not computed; ``reason`` is one of ``DROP_REASONS``."""
        with self._lock:
            self._dropped[reason] += 1

    def refuse(self, stream: str, words: str) -> None:
        """Count a bad message of a stream."""
        with self._lock:
            self._bad[stream] += 1
            self._last_bad[stream] = words

    def fail(self, words: str) -> None:
        """Count a pair at which the network failed."""
        with self._lock:
            self._dropped["failed"] += 1
            self._last_failure = words

    def see(self, stream: str, health: ModalityHealth) -> None:
        """Note a camera's health."""
        with self._lock:
            self._health[stream] = health

    def publish(
        self, latency: float, waited: float, inference: float, age: float | None, single: bool
    ) -> None:
        """Count a published pair and note its durations in seconds.

        Args:
            latency: from arrival to the last publish.
            waited: part of it, in the slot.
            inference: part of it, in the predictor.
            age: stamp to publish; None where the stamps come from another clock.
            single: whether one camera alone gave it.
        """
        with self._lock:
            self._published += 1
            self._single += single
            self._last_failure = None
            self._latency.append(latency)
            self._inference.append(inference)
            self._overhead.append(latency - waited - inference)
            if age is not None:
                self._age.append(age)

    def forget_durations(self) -> None:
        """Forget latencies and health, for a new start; counts stay."""
        with self._lock:
            self._health.clear()
            self._last_failure = None
            for durations in (self._latency, self._inference, self._overhead, self._age):
                durations.clear()

    def snapshot(self) -> Counts:
        """Return all counts as of now."""
        with self._lock:
            return Counts(
                self._offered,
                self._published,
                self._single,
                {reason: self._dropped[reason] for reason in DROP_REASONS},
                dict(self._bad),
                dict(self._last_bad),
                _quantiles(self._latency),
                _quantiles(self._inference),
                _quantiles(self._overhead),
                _quantiles(self._age),
                dict(self._health),
                self._last_failure,
            )


def _quantiles(durations: Sequence[float]) -> Quantiles | None:
    if not durations:
        return None
    return Quantiles(percentile(durations, 0.5), percentile(durations, 0.95))
