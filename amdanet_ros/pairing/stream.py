"""One side of the synchroniser: the messages of one camera that wait, and what is known of it."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from .pair import Unmatched
from .reasons import Reason
from .rhythm import Rhythm
from .statistics import StreamStatistics, percentile

Entry = tuple[int, Any]
"""Key (stamp plus offset, nanoseconds) and message."""

LATE_LIMIT_NS = 500_000_000
"""A stamp that goes back by no more than this is a late message; more is a jump."""

NOTHING_YET = -(1 << 62)
"""A ``floor`` below every key."""


@dataclass(slots=True, eq=False)
class Lap:
    """What comes between two jumps of the stamps; only messages of one lap may pair.

    Attributes:
        number: how many jumps there were before.
        queue: messages that wait, in the order of their keys. Where thermal messages are reused,
            the first one may be in a pair already; its key then equals ``floor``.
        newest: largest key that has come; None before the first one.
        floor: largest key that is in a pair, never above ``newest``.
    """

    number: int = 0
    floor: int = NOTHING_YET
    newest: int | None = None
    queue: deque[Entry] = field(default_factory=deque)

    def shift(self, by: int) -> None:
        """Add ``by`` to all keys."""
        self.queue = deque((key + by, item) for key, item in self.queue)
        if self.newest is not None:
            self.newest += by
        if self.floor != NOTHING_YET:
            self.floor += by


@dataclass(slots=True, eq=False)
class Tally:
    """What became of the messages of a stream.

    Attributes:
        matched: number of messages that are in a pair.
        reused: number of pairs beyond the first one of the same message.
        dropped: number of messages that left without a partner, by reason.
        unmatched: collects the latter where somebody wants them, else None.
    """

    matched: int = 0
    reused: int = 0
    dropped: dict[Reason, int] = field(default_factory=lambda: dict.fromkeys(Reason, 0))
    unmatched: deque[Unmatched] | None = None


@dataclass(slots=True, eq=False)
class Stream:
    """Messages of one camera that still wait for a partner, and what is known of the camera.

    Attributes:
        name: "rgb" or "thermal".
        offset: nanoseconds added to each stamp; the sum is the key.
        lap: the lap that is being paired.
        ahead: the next lap, where this stream's stamps have jumped and the other's have not yet;
            ``lap`` then keeps what may pair with the rest of the other stream's lap. Else None.
        suspect: a message (key, message, arrival) whose stamp does not continue the stream. It is
            held until another one confirms or refutes it.
        continues: whether both streams are in one lap, a message is in it, and nothing is suspect.
        rhythm: of the stamps.
        tally: what became of the messages.
        first_arrival, last_irregular: arrival of the first message, and of the last one that did
            not simply continue the stream; None before.
    """

    name: str
    offset: int = 0
    lap: Lap = field(default_factory=Lap)
    ahead: Lap | None = None
    suspect: tuple[int, Any, int] | None = None
    continues: bool = False
    rhythm: Rhythm = field(default_factory=Rhythm)
    tally: Tally = field(default_factory=Tally)
    first_arrival: int | None = None
    last_irregular: int | None = None

    @property
    def last_lap(self) -> Lap:
        """The lap to which new messages belong."""
        return self.ahead or self.lap

    @property
    def size(self) -> int:
        """Number of messages in the queues."""
        return len(self.lap.queue) + (len(self.ahead.queue) if self.ahead else 0)

    @property
    def waiting(self) -> int:
        """Number of messages that came and may still be paired."""
        return self.size - self.is_head_held() + (self.suspect is not None)

    @property
    def last_arrival(self) -> int | None:
        """When the last message came, whatever its stamp."""
        recent = self.rhythm.recent
        if not recent:
            return self.last_irregular
        return max(recent[-1][1], self.last_irregular or recent[-1][1])

    def is_head_held(self) -> bool:
        """Whether the first message is in a pair already and stays only to be reused."""
        queue = self.lap.queue
        return bool(queue) and queue[0][0] == self.lap.floor

    def append(self, key: int, item: Any, now: int) -> None:
        """Add a message that is newer than all before it in its lap."""
        self.rhythm.observe(key - self.offset, now)
        lap = self.ahead or self.lap
        floor = lap.floor
        if key > floor:
            lap.newest = key
            lap.queue.append((key, item))
        else:
            # The stream came back a little behind what is in a pair; it goes on after that.
            lap.newest = floor
            self.discard(key, item, Reason.DUPLICATE if key == floor else Reason.LATE)

    def insert(self, key: int, item: Any) -> None:
        """Add a message that is not the newest one at its place, or count why it has none."""
        lap = self.last_lap
        queue = lap.queue
        if key < lap.floor:
            self.discard(key, item, Reason.LATE)
            return
        place = len(queue)
        while place and queue[place - 1][0] > key:
            place -= 1
        if key in (lap.newest, lap.floor) or (place and queue[place - 1][0] == key):
            self.discard(key, item, Reason.DUPLICATE)
        else:
            queue.insert(place, (key, item))

    def take(self, keep: bool = False) -> Entry:
        """Give the first message to a pair; with ``keep`` it stays, to be reused."""
        lap = self.lap
        entry = lap.queue[0] if keep else lap.queue.popleft()
        if entry[0] == lap.floor:
            self.tally.reused += 1
        else:
            self.tally.matched += 1
            lap.floor = entry[0]
        return entry

    def drop(self, reason: Reason) -> None:
        """Take the oldest message out of the queues and count it under ``reason``."""
        lap = self.lap if self.lap.queue else self.ahead
        key, item = lap.queue.popleft()
        if key != lap.floor:
            self.discard(key, item, reason)

    def drop_all(self, reason: Reason) -> None:
        """Empty the queues and count all messages in them under ``reason``."""
        while self.size:
            self.drop(reason)

    def discard(self, key: int, item: Any, reason: Reason) -> None:
        """Count a message that is not in a queue under ``reason``."""
        tally = self.tally
        tally.dropped[reason] += 1
        if tally.unmatched is not None:
            tally.unmatched.append(Unmatched(self.name, item, key - self.offset, reason))

    def release_held(self) -> None:
        """Remove a first message that stays only to be reused."""
        if self.is_head_held():
            self.lap.queue.popleft()

    def hand_out_alone(self) -> None:
        """Drop all that waits because the other stream is silent; what follows must be newer."""
        laps = [self.lap] if self.ahead is None else [self.lap, self.ahead]
        floors = [lap.queue[-1][0] if lap.queue else lap.floor for lap in laps]
        self.drop_all(Reason.SILENT)
        for lap, floor in zip(laps, floors, strict=True):
            lap.floor = floor

    def refute_suspect(self, reason: Reason = Reason.JUMP) -> None:
        """Drop the suspect, if there is one: no other message has confirmed it."""
        if self.suspect is not None:
            key, item, _ = self.suspect
            self.suspect = None
            self.discard(key, item, reason)

    def restart(self, number: int, key: int, *, alone: bool) -> None:
        """Begin lap ``number`` at ``key``.

        Where the stream jumps ``alone``, the old lap stays for what the other stream may still
        bring of it, until ``catch_up``.
        """
        floor = self.lap.floor
        if self.ahead is not None or not alone:
            self.drop_all(Reason.JUMP)
        if self.ahead is not None:
            self.lap = self.ahead
            self.lap.floor = floor
        new = Lap(number, NOTHING_YET if key < floor - LATE_LIMIT_NS else floor)
        if alone:
            self.ahead = new
        else:
            self.lap, self.ahead = new, None
        self.rhythm.interrupt()

    def catch_up(self) -> None:
        """Leave the old lap: the other stream has come into the next one."""
        if self.ahead is not None:
            while self.lap.queue:
                self.drop(Reason.JUMP)
            self.lap, self.ahead = self.ahead, None

    def clear(self, reason: Reason, number: int) -> None:
        """Drop all that waits under ``reason``; begin lap ``number`` as if nothing had come yet."""
        self.last_irregular = self.last_arrival
        self.drop_all(reason)
        self.refute_suspect(reason)
        self.lap, self.ahead = Lap(number), None
        self.continues = False
        self.rhythm.interrupt()

    def shift(self, offset: int) -> None:
        """Change the offset, also of what waits already."""
        by = offset - self.offset
        self.offset = offset
        for lap in filter(None, (self.lap, self.ahead)):
            lap.shift(by)
        if self.suspect is not None:
            key, item, now = self.suspect
            self.suspect = (key + by, item, now)

    def statistics(self, now: int) -> StreamStatistics:
        """Return the counts and estimates as of ``now``."""
        rhythm, tally, waiting, last = self.rhythm, self.tally, self.waiting, self.last_arrival
        arrival_jitter, delays = rhythm.arrival_jitter(), rhythm.delays()
        return StreamStatistics(
            received=tally.matched + sum(tally.dropped.values()) + waiting,
            matched=tally.matched,
            reused=tally.reused,
            waiting=waiting,
            unmatched=dict(tally.dropped),
            lost=rhythm.lost,
            rate=rhythm.rate(),
            spacing=None if rhythm.spacing is None else rhythm.spacing * 1e-9,
            silence=None if last is None else 1e-9 * (now - last),
            stamp_jitter=rhythm.stamp_jitter(),
            arrival_jitter=None if arrival_jitter is None else arrival_jitter * 1e-9,
            delay_ns=percentile(delays, 0.5) if delays else None,
        )
