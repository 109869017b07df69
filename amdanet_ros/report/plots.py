"""Plots over time, as SVG within the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from .elements import paragraph, text

_WIDTH, _HEIGHT = 900, 180
_LEFT, _BELOW, _ABOVE = 60, 22, 8
_MOST_POINTS = 400
_COLOURS = ("#1663b5", "#c8551b", "#1c7a3d", "#8a3ab0", "#b08a00")


def line_plot(unit: str, times: Sequence[float], series: Mapping[str, Sequence[float]]) -> str:
    """Return one line for each series.

    Long series are shown by the mean of their pieces; NaN is left out.

    Args:
        unit: of the values.
        times: seconds, N, in order.
        series: by name: N values each.
    """
    drawn = {name: np.asarray(values, float) for name, values in series.items() if len(values)}
    finite = [values[np.isfinite(values)] for values in drawn.values()]
    finite = [values for values in finite if values.size]
    if not finite or not len(times):
        return paragraph("Nothing is known of it.")
    low = min(0.0, *(float(values.min()) for values in finite))
    high = max(0.0, *(float(values.max()) for values in finite))
    high = high if high > low else low + 1.0
    x, y = _places(times), _scale(low, high)
    parts, keys = [], []
    for index, (name, values) in enumerate(drawn.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        points = " ".join(
            f"{place:.1f},{y(value):.1f}"
            for place, value in zip(x, _thinned(values), strict=True)
            if math.isfinite(value)
        )
        parts.append(f"<polyline fill=none stroke='{colour}' stroke-width=1.5 points='{points}'/>")
        keys.append((name, colour))
    label = f"{' and '.join(drawn)} over time, {unit}"
    return _legend(keys) + _plot(label, parts, (low, high), unit, times)


def area_plot(
    times: Sequence[float],
    shares: Mapping[str, Sequence[float]],
    colours: Mapping[str, Sequence[int]],
) -> str:
    """Return areas one above the other.

    Args:
        times: seconds, N, in order.
        shares: by name: N values of 0 to 1 each.
        colours: by the same names: R, G, B, 0 to 255.
    """
    shown = {name: values for name, values in shares.items() if any(values)}
    if not shown or not len(times):
        return paragraph("Nothing is known of them.")
    x, y = _places(times), _scale(0.0, 1.0)
    below = np.zeros(len(x))
    parts, keys = [], []
    for name, values in shown.items():
        above = below + np.nan_to_num(_thinned(np.asarray(values, float)))
        forth = [f"{p:.1f},{y(min(v, 1.0)):.1f}" for p, v in zip(x, above, strict=True)]
        back = [f"{p:.1f},{y(min(v, 1.0)):.1f}" for p, v in zip(x, below, strict=True)]
        colour = "#{:02x}{:02x}{:02x}".format(*(int(each) for each in colours[name]))
        parts.append(f"<polygon fill='{colour}' points='{' '.join(forth + back[::-1])}'/>")
        keys.append((name, colour))
        below = above
    return _legend(keys) + _plot("areas of the classes over time", parts, (0.0, 1.0), "", times)


def _thinned(values: np.ndarray) -> np.ndarray:
    """Return at most ``_MOST_POINTS`` values: means of pieces."""
    if len(values) <= _MOST_POINTS:
        return values
    pieces = np.array_split(values, _MOST_POINTS)
    return np.array([_mean(piece) for piece in pieces])


def _mean(piece: np.ndarray) -> float:
    known = piece[np.isfinite(piece)]
    return float(known.mean()) if known.size else math.nan


def _places(times: Sequence[float]) -> list[float]:
    thin = _thinned(np.asarray(times, float))
    first, last = float(thin[0]), float(thin[-1])
    span = last - first or 1.0
    middle = (_WIDTH - _LEFT) / 2 if last == first else 0.0
    return [_LEFT + middle + (_WIDTH - _LEFT) * (each - first) / span for each in thin.tolist()]


def _scale(low: float, high: float) -> Callable[[float], float]:
    """Return a function from a value to its place."""
    return lambda value: _ABOVE + (_HEIGHT - _ABOVE) * (high - value) / (high - low)


def _plot(
    label: str, parts: Iterable[str], limits: tuple[float, float], unit: str, times: Sequence[float]
) -> str:
    low, high = limits
    y = _scale(low, high)
    marks = []
    for value in sorted({low, 0.0, high}):
        marks.append(
            f"<line class=axis x1='{_LEFT}' x2='{_WIDTH}' y1='{y(value):.1f}' y2='{y(value):.1f}'/>"
            f"<text x='{_LEFT - 6}' y='{y(value) + 4:.1f}' text-anchor=end>{value:.4g}"
            f"{text(' ' + unit) if unit else ''}</text>"
        )
    span = float(times[-1]) - float(times[0])
    below = _HEIGHT + 16
    marks.append(f"<text x='{_LEFT}' y='{below}'>0 s</text>")
    marks.append(f"<text x='{_WIDTH}' y='{below}' text-anchor=end>{span:.4g} s</text>")
    return (
        f"<svg class=plot role=img aria-label='{text(label)}' "
        f"viewBox='0 0 {_WIDTH + 4} {_HEIGHT + _BELOW}'>{''.join(parts)}{''.join(marks)}</svg>"
    )


def _legend(keys: Iterable[tuple[str, str]]) -> str:
    made = (
        f"<li><svg viewBox='0 0 1 1'><rect width=1 height=1 fill='{colour}'/></svg>{text(name)}"
        for name, colour in keys
    )
    return f"<ul class=legend>{'</li>'.join(made)}</li></ul>"
