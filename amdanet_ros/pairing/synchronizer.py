"""The approximate-time synchroniser: which thermal image belongs to which RGB image."""

from collections import deque
from typing import Any

from ..findings import Finding
from .continuity import admit
from .diagnosis import diagnose
from .fate import NO_PARTNER, PAIR, fate, fate_with_reuse
from .options import SyncOptions
from .pair import Pair, Unmatched
from .reasons import Reason
from .statistics import SyncStatistics, sync_statistics
from .stream import Stream
from .wait import Wait

OFFSET_WINDOW = 512
"""Number of pairs whose offsets the statistics are made of."""

_new = tuple.__new__


class PairSynchronizer:
    """Pairs two streams of stamped messages in order. Each of a pair is the other's nearest one.

    Where a nearer message has not come yet, but the rhythm of its stream says that it will, the
    pair waits for it until it is due, never longer than ``max_wait``. All other pairs are returned
    at once, so that regular streams do not wait. In streams of one rate, neighbours count as
    equally near when their distances differ by no more than the stamps' jitter. Every message is
    used at most once. RGB stamps of the pairs rise between two jumps of the stamps (a lap, such as
    of a bag that loops), and messages of different laps never pair.

    With ``reuse_thermal`` each RGB message gets the nearest thermal message at hand within the
    slop, also if that is in a pair already: for a thermal camera slower than the RGB one.

    It has no callbacks and no lock: one thread at a time may use it. Stamps and times are integer
    nanoseconds. ``now_ns`` is the time of arrival on any clock that never goes back
    (``time.monotonic_ns()``); it need not agree with the stamps.

    Args:
        options: see ``SyncOptions``. A pair at exactly the slop counts.
        keep_unmatched: collect messages that stay alone for ``take_unmatched``. ``max_wait`` is
            then also the silence of one stream after which the other's messages come out alone.
    """

    def __init__(self, options: SyncOptions, keep_unmatched: bool = False) -> None:
        self._rgb = Stream("rgb")
        self._thermal = Stream("thermal")
        self._offsets: deque[int] = deque(maxlen=OFFSET_WINDOW)
        self._wait = Wait()
        self._unmatched: deque[Unmatched] | None = None
        self._before: SyncStatistics | None = None
        self._options = options
        self._take_over(options)
        self.keep_unmatched = keep_unmatched

    @property
    def options(self) -> SyncOptions:
        """How images are paired. New options count for what waits already, too."""
        return self._options

    @options.setter
    def options(self, options: SyncOptions) -> None:
        if self._options.reuse_thermal and not options.reuse_thermal:
            self._thermal.release_held()
        if self._options.thermal_offset != options.thermal_offset:
            self._offsets.clear()
        self._options = options
        self._take_over(options)

    @property
    def keep_unmatched(self) -> bool:
        """Whether messages that stay alone are collected for ``take_unmatched``."""
        return self._unmatched is not None

    @keep_unmatched.setter
    def keep_unmatched(self, keep: bool) -> None:
        if keep != self.keep_unmatched:
            self._unmatched = deque(maxlen=2 * self._options.queue_size) if keep else None
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
        """Return and forget the messages that stayed alone since the last call, in that order.

        At most the last ``2 * queue_size`` are kept; none without ``keep_unmatched``. While the
        other stream is silent for longer than ``max_wait`` (and two and a half of its periods),
        messages come out here at once, with the reason ``silent``.
        """
        if self._unmatched is None:
            return []
        taken = list(self._unmatched)
        self._unmatched.clear()
        return taken

    def reset(self) -> None:
        """Forget all messages that wait, after a jump of the clock.

        Counts, among them that of the laps, and rhythms stay.
        """
        number = self._lap_number
        for stream in (self._rgb, self._thermal):
            stream.clear(Reason.RESET, number)
        self._wait.reset()

    @property
    def statistics(self) -> SyncStatistics:
        """Counts by reason, offsets and rates at the last arrival."""
        arrivals = (self._rgb.last_arrival, self._thermal.last_arrival)
        return self.statistics_at(max((a for a in arrivals if a is not None), default=0))

    def statistics_at(self, now_ns: int) -> SyncStatistics:
        """Return the same at ``now_ns``, which tells how long each stream has been silent."""
        rgb, thermal = self._rgb, self._thermal
        laps = 1 + self._lap_number
        return sync_statistics(
            rgb.statistics(now_ns), thermal.statistics(now_ns), laps, self._offsets
        )

    def diagnosis(self, now_ns: int) -> list[Finding]:
        """Return what is wrong, the worst first, and at the end remarks (``Level.OK``).

        It judges what happened since the call before: call it about once a second.
        """
        before, self._before = self._before, self.statistics_at(now_ns)
        return diagnose(self._before, before, self._options)

    @property
    def _lap_number(self) -> int:
        return max(self._rgb.last_lap.number, self._thermal.last_lap.number)

    def _take_over(self, options: SyncOptions) -> None:
        self._slop = _nanoseconds(options.slop)
        self._wait.longest = _nanoseconds(options.max_wait)
        self._thermal.shift(_nanoseconds(options.thermal_offset))

    def _add(self, stream: Stream, other: Stream, stamp: int, item: Any, now: int) -> list[Pair]:
        key = stamp + stream.offset
        if stream.continues and 0 < key - stream.lap.newest <= stream.rhythm.continuity_limit:
            stream.append(key, item, now)
        else:
            admit(stream, other, key, item, now)
            self._wait.deadline = None  # the messages that waited may be gone
        pairs = self._decide(now) if other.lap.queue else []
        limit = self._options.queue_size
        while len(stream.lap.queue) > limit or (stream.ahead is not None and stream.size > limit):
            pairs += self._make_room(stream, now)
        if self._unmatched is not None:
            self._release_silent(now)
        return pairs

    def _decide(self, now: int) -> list[Pair]:
        """Return the pairs that are certain now; drop the messages that have no partner."""
        pairs: list[Pair] = []
        rgb, thermal, slop, wait = self._rgb, self._thermal, self._slop, self._wait
        reuse = self._options.reuse_thermal
        rgb_queue, thermal_queue = rgb.lap.queue, thermal.lap.queue
        wait.deadline = None
        while rgb_queue and thermal_queue:
            rgb_key, thermal_key = rgb_queue[0][0], thermal_queue[0][0]
            if reuse:
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
        thermal_key, thermal = self._thermal.take(self._options.reuse_thermal)
        offset = thermal_key - rgb_key
        self._offsets.append(offset)
        thermal_stamp = thermal_key - self._thermal.offset
        # Half the time of Pair(...), which checks its arguments in Python.
        return _new(Pair, (rgb, thermal, rgb_key, thermal_stamp, offset))

    def _make_room(self, stream: Stream, now: int) -> list[Pair]:
        """Remove the oldest message of a full queue: in a pair if it waits for a better one."""
        if self._wait.deadline is not None:
            return [self._pair(), *self._decide(now)]
        is_left_over = stream.ahead is not None and stream.lap.queue
        stream.drop(Reason.JUMP if is_left_over else Reason.OVERFLOW)
        return self._decide(now)

    def _silent_from(self, stream: Stream, other: Stream) -> int:
        """When ``other`` counts as silent for the messages that wait in ``stream``."""
        if other.last_arrival is None:
            return (stream.first_arrival or 0) + self._wait.longest
        return other.last_arrival + max(self._wait.longest, 5 * (other.rhythm.spacing or 0) // 2)

    def _release_silent(self, now: int) -> None:
        for stream, other in ((self._rgb, self._thermal), (self._thermal, self._rgb)):
            if stream.size and now >= self._silent_from(stream, other):
                stream.hand_out_alone()
                self._wait.deadline = None


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
