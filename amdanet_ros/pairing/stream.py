"""One side of the synchroniser: a queue in stamp order, and what is known of the stream."""

from collections import deque
from typing import Any

from .pair import Unmatched
from .rhythm import Rhythm
from .statistics import REASONS

Entry = tuple[int, Any]
"""Corrected stamp in nanoseconds, message."""

LATE_LIMIT_NS = 500_000_000
"""A stamp that goes back by no more than this is a late message; more is a jump."""

NOTHING_YET = -(1 << 62)
"""A ``floor`` below every key."""


class Stream:
    """Messages of one camera that still wait for a partner, in the order of their stamps.

    ``offset`` is added to each stamp (key = stamp + offset). ``newest`` is the largest key of the
    present lap, ``floor``, never above it, the key up to which all has been handed out. ``lap``
    counts the jumps of the stamps: only messages of equal laps may pair; ``lap_end`` is the newest
    key of the lap before. While the other stream is in the old lap, ``queue`` keeps what may pair
    with its tail, and ``ahead`` collects the new lap. ``suspect`` holds one message whose stamp
    does not continue the stream until another one confirms or refutes it. ``continues`` says that
    all is usual: both streams in one lap, a message in it, no suspect. Where thermal messages are
    reused, the head of the queue may have been paired already; its key then equals ``floor``.
    ``unmatched`` collects what is dropped, where somebody wants it.
    """

    __slots__ = (
        "ahead",
        "ahead_floor",
        "continues",
        "dropped",
        "first_arrival",
        "floor",
        "lap",
        "lap_end",
        "last_irregular",
        "matched",
        "name",
        "newest",
        "offset",
        "queue",
        "reused",
        "rhythm",
        "suspect",
        "unmatched",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.offset = 0
        self.unmatched: deque[Unmatched] | None = None
        self.matched = 0
        self.reused = 0
        self.dropped = dict.fromkeys(REASONS, 0)
        self.rhythm = Rhythm()
        self.first_arrival: int | None = None
        self.last_irregular: int | None = None
        self.queue: deque[Entry] = deque()
        self.ahead: deque[Entry] | None = None
        self.newest: int | None = None
        self.floor = NOTHING_YET
        self.ahead_floor = NOTHING_YET
        self.suspect: tuple[int, Any, int] | None = None
        self.continues = False
        self.lap = 0
        self.lap_end: int | None = None

    def clear(self, reason: str) -> None:
        """Drop all that waits under ``reason`` and begin as if nothing had come yet."""
        self.last_irregular = self.last_arrival
        self.drop_all(reason)
        self.refute_suspect(reason)
        self.ahead = self.newest = self.lap_end = None
        self.floor = self.ahead_floor = NOTHING_YET
        self.continues = False
        self.lap = 0
        self.rhythm.interrupt()

    @property
    def received(self) -> int:
        """Number of messages that have come."""
        return self.matched + sum(self.dropped.values()) + self.waiting()

    @property
    def last_arrival(self) -> int | None:
        """When the last message came, whatever its stamp."""
        recent = self.rhythm.recent
        if not recent:
            return self.last_irregular
        return max(recent[-1][1], self.last_irregular or recent[-1][1])

    def waiting(self) -> int:
        """Number of messages received whose fate is open."""
        held = self.is_head_held()
        return len(self.queue) - held + len(self.ahead or ()) + (self.suspect is not None)

    def is_head_held(self) -> bool:
        """Whether the head has been paired already and stays only to be reused."""
        return bool(self.queue) and self.queue[0][0] == self.floor

    def release_held(self) -> None:
        """Let go of a head that stays only to be reused."""
        if self.is_head_held():
            self.queue.popleft()

    def drop_oldest(self, reason: str) -> None:
        """Take the head out of the queue and count it under ``reason``."""
        key, item = self.queue.popleft()
        if key != self.floor:
            self.dropped[reason] += 1
            if self.unmatched is not None:
                self.unmatched.append(Unmatched(self.name, item, key - self.offset, reason))

    def drop_all(self, reason: str) -> None:
        """Empty the queue, and what lies ahead of it, and count all that under ``reason``."""
        while self.queue:
            self.drop_oldest(reason)
        while self.ahead:
            self.discard(*self.ahead.popleft(), reason)

    def discard(self, key: int, item: Any, reason: str) -> None:
        """Count a message that is not, or no longer, in the queue under ``reason``."""
        self.dropped[reason] += 1
        if self.unmatched is not None:
            self.unmatched.append(Unmatched(self.name, item, key - self.offset, reason))

    def refute_suspect(self, reason: str = "jump") -> None:
        """Drop the suspect, if there is one: it stood alone."""
        if self.suspect is not None:
            key, item, _ = self.suspect
            self.suspect = None
            self.discard(key, item, reason)

    def append(self, key: int, item: Any, now: int) -> None:
        """Add a message newer than all before it in this lap."""
        if self.first_arrival is None:
            self.first_arrival = now
        floor = self.floor if self.ahead is None else self.ahead_floor
        # A stream that came back a little behind what was handed out goes on after that.
        self.newest = max(key, floor)
        self.rhythm.observe(key - self.offset, now)
        if key <= floor:
            self.discard(key, item, "duplicate" if key == floor else "late")
        else:
            (self.queue if self.ahead is None else self.ahead).append((key, item))

    def insert(self, key: int, item: Any) -> None:
        """Add a message that comes late, at its place; or count why it has none any more."""
        floor, queue = self.floor, self.queue
        if self.ahead is not None:
            floor, queue = self.ahead_floor, self.ahead
        if key in (self.newest, floor):
            self.discard(key, item, "duplicate")
            return
        if key < floor:
            self.discard(key, item, "late")
            return
        place = len(queue)
        while place and queue[place - 1][0] > key:
            place -= 1
        if place and queue[place - 1][0] == key:
            self.discard(key, item, "duplicate")
            return
        queue.insert(place, (key, item))

    def restart(self, lap: int, key: int, *, alone: bool) -> None:
        """Begin lap ``lap`` at ``key``.

        What waited belongs to the old lap. Where the stream jumps ``alone``, it is kept for the
        tail that the other one may still bring, until ``catch_up``.
        """
        if self.ahead is not None or not alone:
            self.drop_all("jump")
        floor = NOTHING_YET if key < self.floor - LATE_LIMIT_NS else self.floor
        if alone:
            self.ahead = deque()
            self.ahead_floor = floor
        else:
            self.ahead = None
            self.floor = floor
        self.lap_end = self.newest
        self.newest = None
        self.lap = lap
        self.rhythm.interrupt()

    def catch_up(self) -> None:
        """Leave the old lap for good: the other stream has come into the new one."""
        if self.ahead is None:
            return
        while self.queue:
            self.drop_oldest("jump")
        self.queue, self.ahead = self.ahead, None
        self.floor = self.ahead_floor

    def hand_out_alone(self, reason: str) -> None:
        """Drop all that waits for the use of each by itself; what follows must come after it."""
        if self.ahead:
            self.ahead_floor = self.ahead[-1][0]
        last = self.queue[-1][0] if self.queue else self.floor
        self.drop_all(reason)
        self.floor = last

    def shift(self, offset: int) -> None:
        """Change the offset, also of what waits already."""
        by = offset - self.offset
        self.offset = offset
        for queue in (self.queue, self.ahead or ()):
            for place, (key, item) in enumerate(queue):
                queue[place] = (key + by, item)
        for name in ("newest", "floor", "ahead_floor", "lap_end"):
            value = getattr(self, name)
            if value not in (None, NOTHING_YET):
                setattr(self, name, value + by)
        if self.suspect is not None:
            key, item, now = self.suspect
            self.suspect = (key + by, item, now)
