"""The approximate-time synchroniser: which thermal image belongs to which RGB image."""

from collections import deque
from typing import Any

from .continuity import admit
from .diagnosis import diagnose, remarks
from .pair import Pair, Unmatched
from .statistics import SyncStatistics, snapshot
from .stream import Stream

OFFSET_WINDOW = 512
"""Pairs whose offsets the statistics look back on."""

_SLACK_NS = 2_000_000

_new = tuple.__new__


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
        self._unmatched: deque[Unmatched] | None = None
        self._rgb = Stream("rgb")
        self._thermal = Stream("thermal")
        self._offsets: deque[int] = deque(maxlen=OFFSET_WINDOW)
        self._waiting = False
        self._wait_until = 0
        self._deadline = 0
        self._wait_rgb: int | None = None
        self._wait_thermal: int | None = None
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
        return self._max_wait / 1e9

    @max_wait.setter
    def max_wait(self, seconds: float) -> None:
        self._max_wait = _nanoseconds("max_wait", seconds, lowest=0.0)

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
            self._rgb.unmatched = self._thermal.unmatched = self._unmatched

    @property
    def deadline_ns(self) -> int | None:
        """When ``poll`` should be called at the latest; None when nothing waits."""
        deadline = self._deadline if self._waiting else None
        if self._unmatched is not None:
            for stream, other in ((self._rgb, self._thermal), (self._thermal, self._rgb)):
                if stream.ahead or len(stream.queue) > stream.is_head_held():
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
        pairs: list[Pair] = []
        self._decide(now_ns, pairs)
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
            stream.clear("reset")
        self._waiting = False
        self._wait_rgb = self._wait_thermal = None

    @property
    def statistics(self) -> SyncStatistics:
        """Counts by reason, offsets, rates: a snapshot as of the last arrival."""
        return self.statistics_at(None)

    def statistics_at(self, now_ns: int | None) -> SyncStatistics:
        """A snapshot as of ``now_ns``, which tells how long each stream has been silent."""
        return snapshot(self._rgb, self._thermal, self._offsets, now_ns)

    def diagnosis(self, now_ns: int) -> list[str]:
        """Say what is wrong, why, and what mends it; empty when all is well.

        Looks at what happened since the call before: call it about once a second.
        """
        present = self.statistics_at(now_ns)
        sentences = diagnose(present, self._before, self.slop, self.thermal_offset, self.queue_size)
        self._before = present
        return sentences

    def remarks(self) -> list[str]:
        """Say what is no fault but costs pairs, and what helps."""
        return remarks(self.statistics, self.reuse_thermal)

    def _add(self, stream: Stream, other: Stream, stamp: int, item: Any, now: int) -> list[Pair]:
        key = stamp + stream.offset
        queue = stream.queue
        rhythm = stream.rhythm
        step = key - stream.newest if stream.continues else 0
        if 0 < step <= rhythm.continuity_limit:
            # The usual case, written out: this is what a message costs.
            if step > rhythm.regular_limit:
                rhythm.note_long_gap(step)
            stream.newest = key
            queue.append((key, item))
            rhythm.recent.append((stamp, now))
            rhythm.countdown -= 1
            if rhythm.countdown <= 0:
                rhythm.estimate()
        else:
            admit(stream, other, key, item, now)
            queue = stream.queue
        pairs: list[Pair] = []
        if other.queue:
            self._decide(now, pairs)
        if len(queue) > self.queue_size or stream.ahead is not None:
            self._make_room(stream, now, pairs)
        if self._unmatched is not None:
            self._release_silent(now)
        return pairs

    def _decide(self, now: int, pairs: list[Pair]) -> None:
        """Give out what can be decided now."""
        rgb, thermal = self._rgb, self._thermal
        self._waiting = False
        if self._reuse:
            self._decide_reusing(now, pairs)
            return
        rgb_queue, thermal_queue = rgb.queue, thermal.queue
        slop = self._slop
        while rgb_queue and thermal_queue:
            rgb_key = rgb_queue[0][0]
            thermal_key = thermal_queue[0][0]
            gap = thermal_key - rgb_key
            if gap >= 0:
                early, late = rgb, thermal
                key, target = rgb_key, thermal_key
            else:
                early, late = thermal, rgb
                key, target = thermal_key, rgb_key
                gap = -gap
            queue, used = early.queue, late.floor
            # Far apart, or the nearest one of the early message is in an earlier pair.
            apart = gap > slop or (key - used < gap and not self._is_toss_up(gap - key + used))
            if len(queue) > 1:
                rival = abs(queue[1][0] - target)
                if apart:
                    early.drop_oldest("no_partner" if gap > slop else "overtaken")
                    continue
                if rival < gap and not self._is_toss_up(gap - rival):
                    early.drop_oldest("overtaken")
                    continue
            elif apart:
                # Its successor will clear it away; until then a late partner may still come.
                return
            elif gap:
                spacing = early.rhythm.spacing
                if (
                    spacing is not None
                    and abs(early.newest + spacing - target) < gap
                    and self._is_better_expected(early, target, gap, rgb_key, thermal_key, now)
                ):
                    return
            self._emit(pairs)

    def _decide_reusing(self, now: int, pairs: list[Pair]) -> None:
        rgb, thermal = self._rgb, self._thermal
        rgb_queue, thermal_queue = rgb.queue, thermal.queue
        while rgb_queue and thermal_queue:
            rgb_key = rgb_queue[0][0]
            while len(thermal_queue) > 1 and abs(thermal_queue[1][0] - rgb_key) < abs(
                thermal_queue[0][0] - rgb_key
            ):
                thermal.drop_oldest("overtaken")
            thermal_key = thermal_queue[0][0]
            gap = abs(thermal_key - rgb_key)
            newest_thermal = len(thermal_queue) == 1 and thermal_key <= rgb_key
            if gap > self._slop:
                if newest_thermal:
                    return
                rgb.drop_oldest("no_partner")
                continue
            # Only the RGB image that lies nearest to the next thermal one waits for it; the
            # others take the image at hand, that is what reuse is for.
            spacing = thermal.rhythm.spacing
            if newest_thermal and gap and spacing is not None:
                reach = min(gap, (rgb.rhythm.spacing or 0) // 2)
                if thermal.newest + spacing - rgb_key < reach and self._is_better_expected(
                    thermal, rgb_key, reach, rgb_key, thermal_key, now
                ):
                    return
            self._emit(pairs)

    def _emit(self, pairs: list[Pair]) -> None:
        rgb, thermal = self._rgb, self._thermal
        rgb_key, rgb_item = rgb.queue.popleft()
        if self._reuse:
            thermal_key, thermal_item = thermal.queue[0]
        else:
            thermal_key, thermal_item = thermal.queue.popleft()
        if thermal_key == thermal.floor:
            thermal.reused += 1
        else:
            thermal.matched += 1
            thermal.floor = thermal_key
        rgb.floor = rgb_key
        rgb.matched += 1
        offset = thermal_key - rgb_key
        self._offsets.append(offset)
        thermal_stamp = thermal_key - thermal.offset
        # Half the time of Pair(...), which checks its arguments in Python.
        pairs.append(_new(Pair, (rgb_item, thermal_item, rgb_key, thermal_stamp, offset)))

    def _is_toss_up(self, gain: int) -> bool:
        """Whether a neighbour is nearer by no more than jitter, in streams of equal rate.

        Where the phase between two cameras of one rate is half a period, jitter makes now the
        one, now the other neighbour the nearer one. Each change of side would cost a pair.
        """
        rgb, thermal = self._rgb.rhythm, self._thermal.rhythm
        if rgb.spacing is None or thermal.spacing is None:
            return False
        if 32 * abs(rgb.spacing - thermal.spacing) > rgb.spacing or 4 * gain > rgb.spacing:
            return False
        return gain <= 2 * (rgb.jitter + thermal.jitter)

    def _is_better_expected(
        self, stream: Stream, target: int, gap: int, rgb_key: int, thermal_key: int, now: int
    ) -> bool:
        """Whether ``stream`` should soon bring a message nearer to ``target`` than ``gap``.

        Sets the deadline up to which to wait for it. Messages that are overdue by the stream's
        rhythm and delay count as lost, and the one after them is looked at.
        """
        if self._wait_rgb != rgb_key or self._wait_thermal != thermal_key:
            self._wait_rgb, self._wait_thermal = rgb_key, thermal_key
            self._wait_until = now + self._max_wait
        rhythm = stream.rhythm
        expected = stream.newest + rhythm.spacing
        lag = rhythm.delay_high - stream.offset + 4 * rhythm.jitter + _SLACK_NS
        if expected + lag <= now and expected < target:
            missed = min(now - lag - expected, target - expected) // rhythm.spacing
            expected += missed * rhythm.spacing
            if expected + lag <= now:
                expected += rhythm.spacing
        gain = gap - abs(expected - target)
        if gain <= 0 or self._is_toss_up(gain):
            return False
        # A clock that was set back must not prolong the wait.
        self._wait_until = min(self._wait_until, now + self._max_wait)
        self._deadline = min(self._wait_until, expected + lag)
        self._waiting = now < self._deadline
        return self._waiting

    def _make_room(self, stream: Stream, now: int, pairs: list[Pair]) -> None:
        """Keep the bound of the queue: the oldest goes, with a partner where one is at hand."""
        while len(stream.queue) + len(stream.ahead or ()) > self.queue_size:
            if self._waiting:
                self._waiting = False
                self._emit(pairs)
            elif stream.queue:
                stream.drop_oldest("overflow" if stream.ahead is None else "jump")
            else:
                stream.discard(*stream.ahead.popleft(), "overflow")
            self._decide(now, pairs)

    def _silent_from(self, stream: Stream, other: Stream) -> int:
        """When ``other`` counts as silent, for what waits in ``stream``."""
        if other.last_arrival is None:
            return (stream.first_arrival or 0) + self._max_wait
        return other.last_arrival + max(self._max_wait, 5 * (other.rhythm.spacing or 0) // 2)

    def _release_silent(self, now: int) -> None:
        for stream, other in ((self._rgb, self._thermal), (self._thermal, self._rgb)):
            if (stream.queue or stream.ahead) and now >= self._silent_from(stream, other):
                stream.hand_out_alone("silent")


def _nanoseconds(name: str, seconds: float, lowest: float | None = None) -> int:
    if not abs(seconds) < 1e9 or (lowest is not None and seconds < lowest):
        bound = "a finite number" if lowest is None else f"a finite number, at least {lowest:g}"
        raise ValueError(f"{name} is {seconds}: it must be {bound} of seconds")
    return round(seconds * 1e9)
