"""The approximate-time synchroniser: which thermal image belongs to which RGB image."""

from collections import deque
from typing import Any

from ..findings import Finding
from .continuity import admit
from .diagnosis import diagnose
from .fate import NO_PARTNER, PAIR, fate, fate_with_reuse
from .pair import Pair, Unmatched
from .reasons import Reason
from .statistics import SyncStatistics, sync_statistics
from .stream import Stream
from .wait import Wait

OFFSET_WINDOW = 512
"""Number of pairs whose offsets the statistics are made of."""


class PairSynchronizer:
    """Pairs two streams of stamped messages, in order: of each pair, either is the other's nearest.

    Where a nearer one has not come yet, but the rhythm of its stream says that it will, the pair
    waits for it: until the time it is due, never longer than ``max_wait``. All else is decided at
    the message that makes it decidable, so that regular streams do not wait. In streams of one
    rate, neighbours count as equally near when they differ by no more than the stamps' jitter.
    Every message is used at most once, RGB stamps of the output rise strictly within a lap of the
    recording, and messages of different laps never pair.

    With ``reuse_thermal`` each RGB image gets the nearest thermal image at hand within the slop,
    whether that one served already or not: for a thermal camera slower than the RGB one.

    It calls nobody and takes no lock: one thread at a time may use it. Stamps and times are
    integer nanoseconds. ``now_ns`` is the time of arrival by any one clock that runs steadily
    forward (``time.monotonic_ns()``); it need not agree with the stamps.

    Args:
        slop: largest ``|offset|`` of a pair in seconds; a pair at exactly the slop counts.
        queue_size: messages of each stream that may wait, at least 1. Should exceed the rate
            times the difference between the two streams' delays.
        thermal_offset: seconds added to thermal stamps.
        reuse_thermal: see above.
        max_wait: longest wait for a better partner in seconds. Also the silence of one stream
            after which ``keep_unmatched`` hands out the other's messages alone.
        keep_unmatched: collect messages that stay alone for ``take_unmatched``.

    Raises:
        ValueError: an argument is out of range; the message names it.
    """

    def __init__(
        self,
        slop: float,
        queue_size: int = 10,
        thermal_offset: float = 0.0,
        reuse_thermal: bool = False,
        max_wait: float = 0.2,
        keep_unmatched: bool = False,
    ) -> None:
        if queue_size < 1:
            raise ValueError(f"queue_size is {queue_size}: it must be at least 1")
        self.queue_size = int(queue_size)
        self._rgb = Stream("rgb")
        self._thermal = Stream("thermal")
        self._offsets: deque[int] = deque(maxlen=OFFSET_WINDOW)
        self._wait = Wait()
        self._unmatched: deque[Unmatched] | None = None
        self._reuse = False
        self._before: SyncStatistics | None = None
        self.slop = slop
        self.thermal_offset = thermal_offset
        self.max_wait = max_wait
        self.reuse_thermal = reuse_thermal
        self.keep_unmatched = keep_unmatched

    @property
    def slop(self) -> float:
        """Largest ``|offset|`` of a pair, in seconds."""
        return self._slop / 1e9

    @slop.setter
    def slop(self, seconds: float) -> None:
        self._slop = _nanoseconds("slop", seconds, lowest=0.0)

    @property
    def thermal_offset(self) -> float:
        """Seconds added to thermal stamps; applies to what waits already, too."""
        return self._thermal.offset / 1e9

    @thermal_offset.setter
    def thermal_offset(self, seconds: float) -> None:
        self._thermal.shift(_nanoseconds("thermal_offset", seconds))
        self._offsets.clear()

    @property
    def max_wait(self) -> float:
        """Longest wait for a better partner, in seconds."""
        return self._wait.longest / 1e9

    @max_wait.setter
    def max_wait(self, seconds: float) -> None:
        self._wait.longest = _nanoseconds("max_wait", seconds, lowest=0.0)

    @property
    def reuse_thermal(self) -> bool:
        """Whether a thermal image may serve for several RGB images."""
        return self._reuse

    @reuse_thermal.setter
    def reuse_thermal(self, reuse: bool) -> None:
        if self._reuse and not reuse:
            self._thermal.release_held()
        self._reuse = bool(reuse)

    @property
    def keep_unmatched(self) -> bool:
        """Whether messages that stay alone are collected for ``take_unmatched``."""
        return self._unmatched is not None

    @keep_unmatched.setter
    def keep_unmatched(self, keep: bool) -> None:
        if bool(keep) != self.keep_unmatched:
            self._unmatched = deque(maxlen=2 * self.queue_size) if keep else None
            self._rgb.tally.unmatched = self._thermal.tally.unmatched = self._unmatched

    @property
    def deadline_ns(self) -> int | None:
        """When ``poll`` should be called at the latest; None when nothing waits."""
        deadline = self._wait.deadline
        if self._unmatched is not None:
            for stream, other in ((self._rgb, self._thermal), (self._thermal, self._rgb)):
                if stream.size > stream.is_head_held():
                    end = self._silent_from(stream, other)
                    deadline = end if deadline is None else min(deadline, end)
        return deadline

    def add_rgb(self, stamp_ns: int, item: Any, now_ns: int) -> list[Pair]:
        """Take an RGB message; return the pairs that it decided, in order."""
        return self._add(self._rgb, self._thermal, stamp_ns, item, now_ns)

    def add_thermal(self, stamp_ns: int, item: Any, now_ns: int) -> list[Pair]:
        """Take a thermal message; return the pairs that it decided, in order."""
        return self._add(self._thermal, self._rgb, stamp_ns, item, now_ns)

    def poll(self, now_ns: int) -> list[Pair]:
        """Return the pairs whose wait is over."""
        pairs = self._decide(now_ns)
        if self._unmatched is not None:
            self._release_silent(now_ns)
        return pairs

    def take_unmatched(self) -> list[Unmatched]:
        """Return and forget the messages that stayed alone since the last call, as they fell out.

        Holds at most the last ``2 * queue_size``; empty unless ``keep_unmatched``. While the other
        stream is silent for longer than ``max_wait`` (and two and a half of its periods), messages
        come out here at once, with the reason ``silent``.
        """
        if self._unmatched is None:
            return []
        taken = list(self._unmatched)
        self._unmatched.clear()
        return taken

    def reset(self) -> None:
        """Forget all that waits, for a clock that jumped. Counts and rhythms stay."""
        for stream in (self._rgb, self._thermal):
            stream.clear(Reason.RESET)
        self._wait.reset()

    @property
    def statistics(self) -> SyncStatistics:
        """Counts by reason, offsets and rates as of the last arrival."""
        arrivals = (self._rgb.last_arrival, self._thermal.last_arrival)
        return self.statistics_at(max((a for a in arrivals if a is not None), default=0))

    def statistics_at(self, now_ns: int) -> SyncStatistics:
        """Return the same as of ``now_ns``, which tells how long each stream has been silent."""
        rgb, thermal = self._rgb, self._thermal
        laps = 1 + max(rgb.last_lap.number, thermal.last_lap.number)
        return sync_statistics(
            rgb.statistics(now_ns), thermal.statistics(now_ns), laps, self._offsets
        )

    def diagnosis(self, now_ns: int) -> list[Finding]:
        """Return what is wrong, the worst first, and at the end remarks (``Level.OK``).

        It judges what happened since the call before: call it about once a second.
        """
        before, self._before = self._before, self.statistics_at(now_ns)
        return diagnose(
            self._before,
            before,
            self.slop,
            self.thermal_offset,
            self.queue_size,
            self.reuse_thermal,
        )

    def _add(self, stream: Stream, other: Stream, stamp: int, item: Any, now: int) -> list[Pair]:
        key = stamp + stream.offset
        self._wait.deadline = None
        if stream.continues and 0 < key - stream.lap.newest <= stream.rhythm.continuity_limit:
            stream.append(key, item, now)
        else:
            admit(stream, other, key, item, now)
        pairs = self._decide(now) if other.lap.queue else []
        if len(stream.lap.queue) > self.queue_size or stream.ahead is not None:
            pairs += self._make_room(stream, now)
        if self._unmatched is not None:
            self._release_silent(now)
        return pairs

    def _decide(self, now: int) -> list[Pair]:
        """Return the pairs that are certain now; drop what has no partner."""
        pairs: list[Pair] = []
        rgb, thermal, slop, wait = self._rgb, self._thermal, self._slop, self._wait
        rgb_queue, thermal_queue = rgb.lap.queue, thermal.lap.queue
        wait.deadline = None
        while rgb_queue and thermal_queue:
            rgb_key, thermal_key = rgb_queue[0][0], thermal_queue[0][0]
            if self._reuse:
                verdict = fate_with_reuse(rgb, thermal, slop, now)
                loser = rgb if verdict is NO_PARTNER else thermal
            elif rgb_key <= thermal_key:
                verdict, loser = fate(rgb, thermal, slop, now), rgb
            else:
                verdict, loser = fate(thermal, rgb, slop, now), thermal
            if verdict is PAIR:
                pairs.append(self._pair())
                continue
            _, reason, due = verdict
            if reason is not None:
                loser.drop(reason)
            elif due is None or wait.goes_on((rgb.lap.number, rgb_key, thermal_key), due, now):
                break
            else:
                pairs.append(self._pair())
        return pairs

    def _pair(self) -> Pair:
        """Make a pair of the first messages."""
        rgb_key, rgb = self._rgb.take()
        thermal_key, thermal = self._thermal.take(self._reuse)
        offset = thermal_key - rgb_key
        self._offsets.append(offset)
        return Pair(rgb, thermal, rgb_key, thermal_key - self._thermal.offset, offset)

    def _make_room(self, stream: Stream, now: int) -> list[Pair]:
        """Keep the bound of the queue: the oldest goes, with a partner where one is at hand."""
        pairs: list[Pair] = []
        while len(stream.lap.queue) > self.queue_size or stream.size > self.queue_size:
            if self._wait.deadline is not None:
                pairs.append(self._pair())
            else:
                stream.drop_oldest()
            pairs += self._decide(now)
        return pairs

    def _silent_from(self, stream: Stream, other: Stream) -> int:
        """When ``other`` counts as silent, for what waits in ``stream``."""
        if other.last_arrival is None:
            return (stream.first_arrival or 0) + self._wait.longest
        return other.last_arrival + max(self._wait.longest, 5 * (other.rhythm.spacing or 0) // 2)

    def _release_silent(self, now: int) -> None:
        for stream, other in ((self._rgb, self._thermal), (self._thermal, self._rgb)):
            if stream.size and now >= self._silent_from(stream, other):
                stream.hand_out_alone()
                self._wait.deadline = None


def _nanoseconds(name: str, seconds: float, lowest: float | None = None) -> int:
    if not abs(seconds) < 1e9 or (lowest is not None and seconds < lowest):
        bound = "a finite number" if lowest is None else f"a finite number, at least {lowest:g}"
        raise ValueError(f"{name} is {seconds}: it must be {bound} of seconds")
    return round(seconds * 1e9)
