"""Timing of predictors. They run alternately, so that other load affects all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .built_in_scene import built_in_scene
from .predictor import Predictor


class Timing(NamedTuple):
    """One predictor's times on a pair, in seconds.

    Attributes:
        median: of the whole call, uint8 images in and out.
        slowest: 95th percentile of the whole call.
        prepare: median of resizing, normalising and aligning the images.
        network: median of the network.
        finish: median of class choice, confidence and copy to the host.
        ratio: the first predictor's time over this one's, median over the rounds.
        agreement: share of the built-in scene's labels equal to the first predictor's, 0 to 1.
    """

    median: float
    slowest: float
    prepare: float
    network: float
    finish: float
    ratio: float
    agreement: float


def median_ratio(base: Sequence[float], other: Sequence[float]) -> float:
    """Return the median over the rounds of base / other; both ran in the same round.

    Raises:
        ValueError: different numbers of rounds.
    """
    return statistics.median(b / o for b, o in zip(base, other, strict=True))


def time_predictors(
    predictors: Mapping[str, Predictor], size: tuple[int, int], rounds: int
) -> dict[str, Timing]:
    """Run the predictors alternately on the built-in scene of a size (height, width).

    Each runs once uncounted, then in each of the rounds. They are compared with the first.

    Returns:
        Timing by name, in the same order.

    Raises:
        ValueError: no predictor or no round.
        InferenceError: a predictor fails at this size.
    """
    if not predictors or rounds < 1:
        raise ValueError("at least one predictor and one round")
    rgb, thermal = built_in_scene(size)
    calls: dict[str, list[float]] = {name: [] for name in predictors}
    parts: dict[str, list[dict[str, float]]] = {name: [] for name in predictors}
    labels: dict[str, np.ndarray] = {}
    for number in range(rounds + 1):
        for name, predictor in predictors.items():
            started = time.perf_counter()
            prediction = predictor(rgb, thermal)
            if number:
                calls[name].append(time.perf_counter() - started)
                parts[name].append(prediction.timings)
            labels[name] = prediction.labels
    first = next(iter(predictors))
    return {
        name: Timing(
            median=statistics.median(calls[name]),
            slowest=float(np.percentile(calls[name], 95)),
            ratio=median_ratio(calls[first], calls[name]),
            agreement=float((labels[name] == labels[first]).mean()),
            **{
                part: statistics.median(each[part] for each in parts[name])
                for part in ("prepare", "network", "finish")
            },
        )
        for name in predictors
    }
