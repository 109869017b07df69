"""Polygons to pixels and back. Pixel i reaches from i to i + 1; its centre decides."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

_SIMPLIFIED = 0.75
"""Pixels by which a simplified polygon may leave the pixels' edges."""
_LEAST_IOU = 0.985
_MOST_EDGES = 2_000_000


def filled(rings: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Return H x W bool: pixels whose centres lie in an odd number of the rings (even-odd rule).

    Args:
        rings: closed polygons, N x 2 of x and y; the last corner is joined to the first.
        size: (H, W).
    """
    found = np.zeros(size, bool)
    corners = np.concatenate([np.zeros((0, 2)), *rings])
    if not len(corners):
        return found
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, size[::-1]).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, size[::-1]).astype(int)
    if right > left and bottom > top:
        moved = [ring - (left, top) for ring in rings]
        found[top:bottom, left:right] = _filled(moved, bottom - top, right - left)
    return found


def _filled(rings: Sequence[np.ndarray], height: int, width: int) -> np.ndarray:
    changes = np.zeros((height, width + 1), np.int32)
    for ring in rings:
        start, end = ring, np.roll(ring, -1, axis=0)
        upper, lower = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
        # An edge crosses the rows whose centres y + 0.5 lie in [upper, lower).
        first = np.clip(np.ceil(upper - 0.5), 0, height).astype(np.int64)
        last = np.clip(np.ceil(lower - 0.5), 0, height).astype(np.int64)
        counts = last - first
        crossing = np.flatnonzero(counts > 0)
        for part in np.array_split(crossing, max(1, counts.sum() // _MOST_EDGES)):
            n = counts[part]
            offsets = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
            edge = np.repeat(part, n)
            rows = first[edge] + offsets
            slope = (end[edge, 0] - start[edge, 0]) / (end[edge, 1] - start[edge, 1])
            x = start[edge, 0] + (rows + 0.5 - start[edge, 1]) * slope
            columns = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
            np.add.at(changes, (rows, columns), 1)
    return (np.cumsum(changes, axis=1)[:, :width] & 1).astype(bool)


def outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Return a polygon for each connected part (4-neighbours) of a mask, the largest first.

    A hole is joined to its outline by a cut of no width, as formats without holes need it. Corners
    are whole pixels where the part is small; else the steps of the pixels are smoothed.

    Args:
        mask: H x W bool.

    Returns:
        Polygons, N x 2 float64 of x and y; together they fill nearly the mask.
    """
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), None, 4)
    found = []
    for index in sorted(range(1, count), key=lambda i: -stats[i, cv2.CC_STAT_AREA]):
        left, top, width, height = stats[index, :4]
        part = parts[top : top + height, left : left + width] == index
        rings = _rings(part)
        smooth = [_simplified(ring) for ring in rings]
        drawn = filled(smooth, part.shape)
        union = np.count_nonzero(drawn | part)
        if np.count_nonzero(drawn & part) < _LEAST_IOU * union:
            smooth = rings
        found.append(_joined(smooth) + (left, top))
    return found


def _rings(part: np.ndarray) -> list[np.ndarray]:
    """Return the closed lines along the pixels' edges about a mask, without straight corners."""
    padded = np.pad(part, 1)
    # Directed edges with the mask on the right hand: (x, y) to (x', y').
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def add(ys: np.ndarray, xs: np.ndarray, start: tuple[int, int], end: tuple[int, int]) -> None:
        for y, x in zip((ys - 1).tolist(), (xs - 1).tolist(), strict=True):
            edges.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))

    inside = padded[1:-1, 1:-1]
    for shift, start, end in (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    ):
        ys, xs = np.nonzero(inside & ~shift)
        add(ys + 1, xs + 1, start, end)
    rings = []
    while edges:
        first = next(iter(edges))
        ring, at, came = [first], first, (0, 0)
        while True:
            options = edges[at]
            chosen = 0
            if len(options) > 1:  # two pixels touch at a corner: stay with the own one
                turns = [came[0] * (y - at[1]) - came[1] * (x - at[0]) for x, y in options]
                chosen = int(np.argmax(turns))
            after = options.pop(chosen)
            if not options:
                del edges[at]
            came = (after[0] - at[0], after[1] - at[1])
            at = after
            if at == first:
                break
            ring.append(at)
        rings.append(_without_straight(np.array(ring, np.float64)))
    rings.sort(key=lambda ring: -np.ptp(ring[:, 0]) * np.ptp(ring[:, 1]))
    return rings


def _without_straight(ring: np.ndarray) -> np.ndarray:
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    return ring[(before != after).any(axis=1)]


def _simplified(ring: np.ndarray) -> np.ndarray:
    line = cv2.approxPolyDP(ring.astype(np.float32)[:, None], _SIMPLIFIED, True)[:, 0]
    return line.astype(np.float64) if len(line) > 2 else ring


def _joined(rings: list[np.ndarray]) -> np.ndarray:
    """Return one ring of an outline and its holes; each hole by a cut there and back."""
    whole = rings[0]
    for hole in rings[1:]:
        distance = np.abs(whole[:, None] - hole[None]).sum(axis=2)
        at, into = np.unravel_index(int(distance.argmin()), distance.shape)
        turned = np.roll(hole, -into, axis=0)
        whole = np.concatenate([whole[: at + 1], turned, turned[:1], whole[at:]])
    return whole
