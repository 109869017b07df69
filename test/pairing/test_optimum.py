"""The reference itself, against trying everything; then the synchroniser against the reference."""

from itertools import combinations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from benchmarks.pairing_optimum import optimal_pairs
from benchmarks.pairing_traffic import (
    EPOCH_NS,
    Camera,
    named_scenarios,
    new_synchronizer,
    replay,
    traffic,
)

TIE_NS = 2_000_000
"""Twice the scenarios' stamp jitter."""

EQUAL_RATES_TIE_NS = 5_000_000
"""In streams of one rate the synchroniser keeps its side within a few times the jitter."""

stamps = st.lists(st.integers(0, 40), max_size=4, unique=True).map(sorted)


def by_trying_everything(rgb, thermal, slop, nearest, tie):
    def allowed(r, t):
        gap = abs(r - t)
        return gap <= slop and (
            not nearest
            or (
                gap <= min(abs(r - other) for other in thermal) + tie
                and gap <= min(abs(t - other) for other in rgb) + tie
            )
        )

    for size in range(min(len(rgb), len(thermal)), 0, -1):
        sums = [
            sum(abs(r - t) for r, t in zip(some_rgb, some_thermal, strict=True))
            for some_rgb in combinations(rgb, size)
            for some_thermal in combinations(thermal, size)
            if all(map(allowed, some_rgb, some_thermal))
        ]
        if sums:
            return size, min(sums)
    return 0, 0


@settings(max_examples=100, deadline=None)
@given(stamps, stamps, st.integers(0, 20), st.booleans(), st.integers(0, 3))
def test_optimum_equals_the_best_of_all_matchings(rgb, thermal, slop, nearest, tie):
    pairs = optimal_pairs(rgb, thermal, slop, nearest=nearest, tie=tie)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in zip(pairs, pairs[1:], strict=False))
    total = sum(abs(rgb[i] - thermal[j]) for i, j in pairs)
    assert (len(pairs), total) == by_trying_everything(rgb, thermal, slop, nearest, tie)


def measure(rgb_camera, thermal_camera, slop, seed, tie=TIE_NS, from_second=0):
    """Give (pairs, mean |offset| in ns) of ours and of the optimum, and the waits in seconds."""
    arrivals = traffic(rgb_camera, thermal_camera, 20.0, seed=seed)
    rgb = sorted(a.stamp_ns for a in arrivals if a.stream == "rgb")
    thermal = sorted(a.stamp_ns for a in arrivals if a.stream == "thermal")
    start = EPOCH_NS + from_second * 1_000_000_000
    best = [
        abs(rgb[i] - thermal[j])
        for i, j in optimal_pairs(rgb, thermal, round(slop * 1e9), tie=tie)
        if rgb[i] >= start
    ]
    pairs = replay(new_synchronizer(slop), arrivals)
    ours = [abs(pair.offset_ns) for pair in pairs if pair.rgb.stamp_ns >= start]
    waits = [pair.wait_ns * 1e-9 for pair in pairs]
    return (len(ours), sum(ours) / len(ours)), (len(best), sum(best) / len(best)), waits


@pytest.mark.parametrize("name", named_scenarios())
@pytest.mark.parametrize("seed", [1, 2])
def test_scenario_reaches_the_optimum_without_waiting(name, seed):
    rgb, thermal, slop = named_scenarios()[name]
    (count, mean), (best_count, best_mean), waits = measure(rgb, thermal, slop, seed)
    assert mean <= 1.01 * best_mean
    assert count >= 0.99 * best_count
    assert sum(waits) / len(waits) < 0.001
    assert max(waits) < 0.04


@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(
    rates=st.tuples(st.sampled_from([10, 15, 25, 30]), st.sampled_from([8.6, 9, 15, 30, 60])),
    phase=st.floats(0, 0.05),
    delays=st.tuples(st.floats(0, 0.12), st.floats(0, 0.12)),
    losses=st.tuples(st.floats(0, 0.1), st.floats(0, 0.1)),
    slop=st.sampled_from([0.03, 0.06, 0.1]),
    seed=st.integers(0, 1000),
)
def test_any_steady_streams_come_near_the_optimum(rates, phase, delays, losses, slop, seed):
    """From the first second on: before, no rhythm is known, and a wrong pair may come out."""
    rgb = Camera(rates[0], delay=delays[0], loss=losses[0])
    thermal = Camera(rates[1], phase, delay=delays[1], loss=losses[1])
    tie = EQUAL_RATES_TIE_NS if rates[0] == rates[1] else TIE_NS
    (count, mean), (best_count, best_mean), _ = measure(rgb, thermal, slop, seed, tie, 1)
    assert mean <= 1.02 * best_mean
    assert count >= 0.98 * best_count - 1
