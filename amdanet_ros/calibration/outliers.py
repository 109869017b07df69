"""Views whose error is far above that of the others."""

from __future__ import annotations

import numpy as np

_DEVIATIONS = 4.0
_LEAST_FACTOR = 1.7
"""Over the median: views of a few points scatter."""
_LEAST_ERROR = 0.3
"""Pixels: what is below fits, whatever the others are."""
_TO_DEVIATION = 1.4826
"""Standard deviation of normal errors over their median absolute deviation."""


def worst_outlier(errors: np.ndarray) -> int | None:
    """Return the largest error if it is far above the median, as an index; None: it is not.

    One at a time: a view that does not fit raises the errors of the others. The measure is the
    median absolute deviation (Hampel, 1974).

    Args:
        errors: N float64, pixels.
    """
    median = float(np.median(errors))
    spread = _TO_DEVIATION * float(np.median(np.abs(errors - median)))
    worst = int(np.argmax(errors))
    limit = max(median + _DEVIATIONS * spread, _LEAST_FACTOR * median, _LEAST_ERROR)
    return worst if errors[worst] > limit else None
