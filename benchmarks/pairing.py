"""Compare the pairing with message_filters' and with the offline optimum.

    python benchmarks/pairing.py [--seconds 60] [--check]

Prints Markdown: per case the share of pairs, mean and 95 % offset, wait, disorder and time per
message. message_filters' rows appear where rclpy and message_filters are on the Python path.
``--check`` exits with 1 where a promise of docs/performance.md does not hold.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from amdanet_ros.pairing.statistics import percentile
from benchmarks.pairing_contenders import MessageFilters, ours, ours_seconds
from benchmarks.pairing_optimum import optimal_pairs
from benchmarks.pairing_traffic import Arrival, Camera, Replayed, named_scenarios, traffic

TIE_NS = 2_000_000
"""Twice the usual stamp jitter: neighbours whose distances differ by less are equally near."""

QUEUE = 10

MOST_MICROSECONDS = 2.0
"""Promised cost of a message, mean of the cases."""


@dataclass(frozen=True)
class Case:
    """Messages to pair; ``regular`` where the promises on offset and wait are made."""

    rgb: Camera
    thermal: Camera
    slop: float
    queue_size: int = QUEUE
    laps: int = 1
    regular: bool = True


def cases() -> dict[str, Case]:
    """All cases by name."""
    plain = Camera(30)
    exact = Camera(30, stamp_jitter=0.0)
    tail = Camera(30, 0.005, tail=0.5)
    return {
        **{name: Case(*arguments) for name, arguments in named_scenarios().items()},
        "hardware trigger 30/30": Case(exact, exact, 0.02),
        "stamp jitter 3 ms": Case(
            Camera(30, stamp_jitter=0.003), Camera(30, 0.006, stamp_jitter=0.003), 0.05
        ),
        "20 % lost each": Case(Camera(30, loss=0.2), Camera(30, -0.005, loss=0.2), 0.05),
        "thermal 300 ms late": Case(plain, Camera(30, 0.005, delay=0.3), 0.05),
        "thermal 500 ms late, queue 10": Case(
            plain, Camera(30, 0.005, delay=0.5), 0.05, regular=False
        ),
        "thermal 500 ms late, queue 18": Case(plain, Camera(30, 0.005, delay=0.5), 0.05, 18),
        "5 % reordered": Case(
            Camera(30, reordered=0.05), Camera(30, 0.005, reordered=0.05), 0.05, regular=False
        ),
        "thermal stalls 3 s": Case(plain, Camera(30, 0.005, stall_from=5, stall=3), 0.05),
        "3 laps 30/9": Case(plain, Camera(9), 0.05, laps=3),
        "3 laps, thermal ends 0.5 s early": Case(plain, tail, 0.05, laps=3),
        "3 laps, queue 2": Case(plain, tail, 0.05, 2, laps=3),
    }


def milliseconds(nanoseconds: float) -> float:
    """Convert for print."""
    return nanoseconds * 1e-6


class Measured:
    """Figures of one contender in one case."""

    def __init__(self, pairs: list[Replayed], possible: int) -> None:
        sizes = [abs(pair.offset_ns) for pair in pairs]
        waits = [pair.wait_ns for pair in pairs]
        self.count = len(pairs)
        self.share = len(pairs) / possible
        self.mean = milliseconds(sum(sizes) / len(sizes)) if sizes else float("nan")
        self.p95 = milliseconds(percentile(sizes, 0.95)) if sizes else float("nan")
        self.mean_wait = milliseconds(sum(waits) / len(waits)) if waits else float("nan")
        self.max_wait = milliseconds(max(waits)) if waits else float("nan")
        self.disordered = _disorder(pairs)
        self.across = sum(pair.rgb.lap != pair.thermal.lap for pair in pairs)


def _disorder(pairs: Iterable[Replayed]) -> int:
    """Pairs that come out after a later one of the same lap."""
    newest: dict[int, int] = {}
    count = 0
    for pair in pairs:
        before = newest.get(pair.rgb.lap, pair.rgb.stamp_ns)
        count += pair.rgb.stamp_ns < before
        newest[pair.rgb.lap] = max(before, pair.rgb.stamp_ns)
    return count


def offline(arrivals: list[Arrival], slop: float, *, nearest: bool) -> list[Replayed]:
    """Pair each lap with hindsight."""
    found = []
    for lap in sorted({arrival.lap for arrival in arrivals}):
        rgb, thermal = (
            sorted(
                (a for a in arrivals if a.stream == name and a.lap == lap), key=lambda a: a.stamp_ns
            )
            for name in ("rgb", "thermal")
        )
        for i, j in optimal_pairs(
            [a.stamp_ns for a in rgb],
            [a.stamp_ns for a in thermal],
            round(slop * 1e9),
            nearest=nearest,
            tie=TIE_NS,
        ):
            offset = thermal[j].stamp_ns - rgb[i].stamp_ns
            found.append(Replayed(rgb[i], thermal[j], offset, 0, 0))
    return found


def microseconds(seconds: Callable[[], float], messages: int, repeats: int) -> float:
    """Least CPU time per message of several runs."""
    return 1e6 * min(seconds() for _ in range(repeats)) / messages


def row(name: str, who: str, figures: Measured, best: Measured, cost: float | None) -> str:
    """One line of the table, ratios first."""
    ratio = figures.mean / best.mean if best.mean else float(figures.mean == 0.0) or float("inf")
    cells = [
        name,
        who,
        f"{ratio:.3f}",
        f"{100 * figures.share:.1f}",
        f"{figures.mean:.2f}",
        f"{figures.p95:.1f}",
        f"{figures.mean_wait:.2f}",
        f"{figures.max_wait:.1f}",
        str(figures.disordered),
        str(figures.across),
        "" if cost is None else f"{cost:.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


def compare(seconds: float, rival: MessageFilters | None, repeats: int) -> list[str]:
    """Print the table of all cases; give the promises broken."""
    print(
        "| case | by | offset / optimum | share % | mean ms | 95 % ms | wait ms | max wait ms |",
        end="",
    )
    print(" out of order | across laps | us/message |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    broken = []
    costs: dict[str, list[float]] = {"ours": [], "message_filters": []}
    for name, case in cases().items():
        duration = seconds / case.laps
        arrivals = traffic(case.rgb, case.thermal, duration, laps=case.laps, seed=1)
        possible = len(offline(arrivals, case.slop, nearest=False))
        best = Measured(offline(arrivals, case.slop, nearest=True), possible)
        arguments = (arrivals, case.slop, case.queue_size)
        mine = Measured(ours(*arguments), possible)
        cost = microseconds(lambda a=arguments: ours_seconds(*a), len(arrivals), repeats)
        print(row(name, "optimum", best, best, None))
        print(row("", "ours", mine, best, cost))
        costs["ours"].append(cost)
        if rival is not None:
            theirs = Measured(rival.pairs(*arguments), possible)
            their_cost = microseconds(lambda a=arguments: rival.seconds(*a), len(arrivals), repeats)
            print(row("", "message_filters", theirs, best, their_cost))
            costs["message_filters"].append(their_cost)
        broken += _broken(name, case, mine, best)
    print("\nMicroseconds a message, mean of all cases: ", end="")
    means = {who: sum(some) / len(some) for who, some in costs.items() if some}
    print(", ".join(f"{who} {mean:.2f}" for who, mean in means.items()))
    if means["ours"] >= MOST_MICROSECONDS:
        broken.append(f"{means['ours']:.2f} us a message, {MOST_MICROSECONDS:g} promised")
    return broken


def _broken(name: str, case: Case, mine: Measured, best: Measured) -> list[str]:
    broken = []
    if mine.disordered or mine.across:
        broken.append(f"{name}: {mine.disordered} out of order, {mine.across} across laps")
    if case.regular:
        if not mine.mean <= 1.01 * best.mean:
            broken.append(f"{name}: mean offset {mine.mean / best.mean:.4f} times the optimum")
        if not mine.mean_wait < 1.0:
            broken.append(f"{name}: mean wait {mine.mean_wait:.2f} ms")
        if mine.count < 0.99 * best.count:
            broken.append(f"{name}: {mine.count} pairs where the optimum has {best.count}")
    return broken


def queue_lengths(rival: MessageFilters | None, repeats: int) -> None:
    """Print the cost of messages that find no partner, with full queues."""
    arrivals = traffic(Camera(30), Camera(30, clock=100.0), 60.0)
    rgb_only = [arrival for arrival in arrivals if arrival.stream == "rgb"]
    print("\nFull queues, nothing matches: us a message by queue length\n")
    print("| by | 10 | 100 | 1000 | one stream only: 10 | 1000 |\n|---|---|---|---|---|---|")
    runs = [(arrivals, 10), (arrivals, 100), (arrivals, 1000), (rgb_only, 10), (rgb_only, 1000)]
    contenders = {"ours": ours_seconds}
    if rival is not None:
        contenders["message_filters"] = rival.seconds
    for who, seconds in contenders.items():
        costs = [
            microseconds(lambda a=a, q=q, s=seconds: s(a, 0.05, q), len(a), repeats)
            for a, q in runs
        ]
        print(f"| {who} | " + " | ".join(f"{cost:.2f}" for cost in costs) + " |")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="seconds of messages a case")
    parser.add_argument("--repeats", type=int, default=5, help="timings, of which the least counts")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a promise breaks")
    arguments = parser.parse_args()
    try:
        rival = MessageFilters()
    except ImportError as error:
        rival = None
        print(f"Without message_filters ({error}).\n")
    print(
        f"Python {platform.python_version()}, {platform.machine()}; {arguments.seconds:g} s each\n"
    )
    broken = compare(arguments.seconds, rival, arguments.repeats)
    queue_lengths(rival, min(3, arguments.repeats))
    for sentence in broken:
        print(f"\nBROKEN {sentence}")
    return 1 if broken and arguments.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
