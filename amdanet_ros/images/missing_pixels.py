"""Which pixels of a thermal image are no measurement: fill values, borders, non-finite numbers.

Drivers and rectification write such pixels: NaN and infinities, 0 K, -9999, -32768, 65535, 1e38,
and a constant border around the picture. One rule serves the normalisation and the health.
"""

from __future__ import annotations

import cv2
import numpy as np

_LARGEST = 1e7
"""No unit in use reaches it: 1e7 millikelvin are 10 000 K."""

_ABSOLUTE_ZERO = -273.1  # degrees Celsius, with the rounding of float32
_COLDEST = 1.0  # kelvin: 0, and the numbers just above it that some write for it
_LEAST_KELVIN = 150.0  # colder than any sky that a camera measures
_NO_TEMPERATURE, _HOTTEST_SCENE = 5000.0, 1500.0  # kelvin or degrees; furnace cameras end at 3000
_LOW_FILLS, _HIGH_FILLS = (-32768.0, -9999.0), (9999.0, 32767.0, 65535.0)
_GAP = 3.0  # distance of a fill value from the rest, over the span of the rest
_LEAST_SHARE = 0.01  # of an image, that a value of 0 must fill to be no measurement

_SAMPLES = 8_000
_SIDE_SAMPLES = 64
_SIDE_SHARE = 0.1  # of each side of the image, that a border touches
_EDGE_SHARE = 0.25  # of all four sides together
_VIDEO_EDGE_SHARE = 0.99  # the same for 8-bit video, where white and black areas are common
_LARGEST_BORDER = 0.8  # share of the image; more is a dead camera
_SPECK_ROWS = 64  # in which specks are looked for
_MOST_SPECKS = 1e-3  # of an area's pixels, that may be specks in it: a measured area has more
_LEAST_NOISE = 0.1  # share of neighbours within the border that differ: a picture has noise


def sparse_view(image: np.ndarray, samples: int) -> np.ndarray:
    """Return a regularly strided view of an image with at most about `samples` pixels.

    The strides are the same in both directions, so that the share of each region stays. At least
    one row and one column are left of thin images.
    """
    height, width = image.shape[:2]
    stride = max(1, int(np.ceil(np.sqrt(height * width / samples))))
    # A side below the stride gives one line: the other side then bears all samples.
    if min(height, width) < stride:
        stride = max(1, int(np.ceil(max(height, width) / samples)))
        rows, columns = (height, stride) if height < width else (stride, width)
    else:
        rows = columns = stride
    top, left = min(rows // 2, height - 1), min(columns // 2, width - 1)
    return image[top::rows, left::columns]


def missing_pixels(thermal: np.ndarray) -> np.ndarray | None:
    """Return which pixels are no measurement, h x w bool; None: all are measurements.

    Missing are:

    - numbers that are not finite, or beyond 1e7 on either side;
    - what no temperature can be, where the others are temperatures: 0 K and below, -273.15 degrees
      and below, 5000 and above;
    - -32768, -9999, 9999, 32767 and 65535 in float images whose other values lie far from them, and
      0 where it lies far from them, fills a hundredth of the image and touches its edge;
    - a border: one exact value on all four sides around a picture that has noise, without specks
      in it. In 8-bit video it must cover the whole edge;
    - the pixels beside these that interpolation has mixed with them.

    A uniform sky, a saturated flame, degrees around 0 and a flat image are measurements: they are
    not on all four sides, or not impossible. 0 and 65535 in uint16 images without such a border
    are left to the caller: they are the ends of the sensor's range.

    Args:
        thermal: h x w uint8, uint16 or float.
    """
    missing = _impossible(thermal) if thermal.dtype.kind == "f" else None
    border = _border(thermal, missing)
    if border is not None:
        missing = border if missing is None else missing | border
    return None if missing is None else _with_mixed_pixels(thermal, missing)


def surrounds(missing: np.ndarray) -> bool:
    """Return whether missing pixels, h x w bool, lie on all four sides: a border of the picture."""
    return min(float(np.mean(side)) for side in _sides(missing)) >= _SIDE_SHARE


def has_specks(area: np.ndarray) -> bool:
    """Return whether an area of one value is measured: noise has put single pixels into it.

    Args:
        area: h x w bool, at least 3 pixels on each side.
    """
    step = max(1, area.shape[0] // _SPECK_ROWS)
    above, rows, below = (area[first : -2 + first or None : step] for first in range(3))
    specks = ~rows[:, 1:-1] & above[:, 1:-1] & below[:, 1:-1] & rows[:, :-2] & rows[:, 2:]
    return np.count_nonzero(specks) > _MOST_SPECKS * np.count_nonzero(rows)


def fill_missing(normalized: np.ndarray, missing: np.ndarray) -> None:
    """Give missing pixels a value that the network bears, in place.

    What is connected with the image's edge and not a mere line of 2 pixels becomes 0, as what the
    thermal camera does not see of the RGB image. Holes and such lines take the mean of the valid
    pixels in a 5 x 5 window; the inside of larger holes the nearest valid pixel. Without a valid
    pixel all become mid-grey.

    Args:
        normalized: h x w float32 in [0, 1]; what it holds at missing pixels does not matter.
        missing: h x w bool.
    """
    if missing.all():
        normalized[...] = 0.5
        return
    outside = edge_areas(missing)
    holes = missing & ~outside
    normalized[missing] = 0.0
    if not holes.any():
        return
    left, top, width, height = cv2.boundingRect(holes.view(np.uint8))
    part = np.s_[max(0, top - 2) : top + height + 2, max(0, left - 2) : left + width + 2]
    values, valid, holes_here = normalized[part], (~missing[part]).astype(np.float32), holes[part]
    total = cv2.blur(values, (5, 5), borderType=cv2.BORDER_CONSTANT | cv2.BORDER_ISOLATED)
    weight = cv2.blur(valid, (5, 5), borderType=cv2.BORDER_CONSTANT | cv2.BORDER_ISOLATED)
    near = holes_here & (weight > 0.02)
    values[near] = np.clip(total[near] / weight[near], 0.0, 1.0)
    if near.sum() < holes_here.sum():
        far = holes.copy()
        far[part] &= ~near
        _, nearest = cv2.distanceTransformWithLabels(
            missing.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        by_label = np.zeros(int(nearest.max()) + 1, np.float32)
        by_label[nearest[~missing]] = normalized[~missing]
        normalized[far] = by_label[nearest[far]]


def _impossible(thermal: np.ndarray) -> np.ndarray | None:
    """Return the pixels of a float image whose value shows that they are no measurement."""
    missing = ~np.isfinite(thermal)
    found = bool(missing.any())
    low, high = _extremes(thermal, missing if found else None)
    if low <= -_LARGEST or high >= _LARGEST:
        missing |= (thermal >= _LARGEST) | (thermal <= -_LARGEST)
        found = True
        low, high = _extremes(thermal, missing)
    # A second round sees an image that has a low and a high fill value, or two low ones.
    for _ in range(3):
        if low >= _COLDEST and high < _NO_TEMPERATURE:
            break
        more = _impossible_here(thermal, missing, low, high)
        if more is None:
            break
        missing |= more
        found = True
        low, high = _extremes(thermal, missing)
    return missing if found else None


def _extremes(thermal: np.ndarray, missing: np.ndarray | None) -> tuple[float, float]:
    """Return the least and the greatest value of the others; 1 and 1 where there is none."""
    if missing is None:
        return float(thermal.min()), float(thermal.max())
    if missing.all():
        return 1.0, 1.0
    if thermal.dtype == np.float16:  # which OpenCV does not compare
        thermal = thermal.astype(np.float32)
    return cv2.minMaxLoc(thermal, (~missing).view(np.uint8))[:2]


def _impossible_here(
    thermal: np.ndarray, missing: np.ndarray, low: float, high: float
) -> np.ndarray | None:
    """Return what of the least or greatest values cannot belong to the others; None: all can."""
    sample = sparse_view(thermal, _SAMPLES)
    sample = sample[~sparse_view(missing, _SAMPLES)].astype(np.float64)
    if low < _COLDEST:
        cold, warm = _middle(sample[sample > low])
        if low <= _ABSOLUTE_ZERO < cold:
            return thermal <= _ABSOLUTE_ZERO
        if cold >= _LEAST_KELVIN:
            return thermal < _COLDEST
        far = cold - low > _GAP * (warm - cold)
        if low in _LOW_FILLS and far:
            return thermal == low
        if low == 0.0 and far:
            zeros = thermal == 0.0
            if np.count_nonzero(zeros) >= _LEAST_SHARE * zeros.size:
                return _connected_with_edge(zeros)
    if high >= _NO_TEMPERATURE:
        cold, warm = _middle(sample[sample < high])
        if -_NO_TEMPERATURE < warm <= _HOTTEST_SCENE:
            return thermal >= _NO_TEMPERATURE
        if high in _HIGH_FILLS and high - warm > _GAP * (warm - cold):
            return thermal == high
    return None


def _middle(values: np.ndarray) -> tuple[float, float]:
    """Return the 10th and 90th percentile; NaN, which nothing is beyond, for too few values."""
    if values.size == 0:
        return np.nan, np.nan
    ranks = [values.size // 10, values.size - 1 - values.size // 10]
    ordered = np.partition(values, ranks)
    return float(ordered[ranks[0]]), float(ordered[ranks[1]])


def _border(thermal: np.ndarray, missing: np.ndarray | None) -> np.ndarray | None:
    """Return the pixels of a border of one exact value around the picture; None: there is none."""
    if min(thermal.shape) < 3:
        return None
    sides = [side[:: max(1, side.size // _SIDE_SAMPLES)] for side in _sides(thermal)]
    edge = np.concatenate(sides)
    measured = edge
    if missing is not None:
        known = [side[:: max(1, side.size // _SIDE_SAMPLES)] for side in _sides(missing)]
        measured = edge[~np.concatenate(known)]
    if not measured.size:
        return None
    values, counts = np.unique(measured, return_counts=True)
    value, share = values[counts.argmax()], counts.max() / edge.size
    is_video = thermal.dtype == np.uint8 and value != 0
    if share < (_VIDEO_EDGE_SHARE if is_video else _EDGE_SHARE):
        return None
    if min(float(np.mean(side == value)) for side in sides) < _SIDE_SHARE:
        return None
    border = _connected_with_edge(thermal == value)
    picture = ~border if missing is None else ~(border | missing)
    if np.count_nonzero(border) > _LARGEST_BORDER * border.size or not _has_noise(thermal, picture):
        return None
    return None if has_specks(border) else border


def _sides(image: np.ndarray) -> tuple[np.ndarray, ...]:
    return image[0], image[-1], image[:, 0], image[:, -1]


def _has_noise(thermal: np.ndarray, picture: np.ndarray) -> bool:
    """Return whether neighbours within a picture differ, as those of a sensor do."""
    for image, inside in ((thermal, picture), (thermal.T, picture.T)):
        step = max(1, image.shape[0] // 64)
        lines, valid = image[::step], inside[::step]
        both = valid[:, 1:] & valid[:, :-1]
        differ = (lines[:, 1:] != lines[:, :-1]) & both
        if np.count_nonzero(differ) > _LEAST_NOISE * max(1, np.count_nonzero(both)):
            return True
    return False


def _connected_with_edge(mask: np.ndarray) -> np.ndarray:
    """Return the part of a mask that is connected with the image's edge."""
    around = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(around, None, (0, 0), 2)
    return around[1:-1, 1:-1] == 2


def edge_areas(missing: np.ndarray) -> np.ndarray:
    """Return the parts of a mask, h x w bool, that begin at the image's edge.

    Beyond the edge it counts as set, and each part is somewhere 5 pixels thick.
    """
    edge = _connected_with_edge(missing).astype(np.uint8)
    if not edge.any():
        return edge.astype(bool)
    window = np.ones((5, 5), np.uint8)
    # What lies beyond the edge counts as missing.
    thick = cv2.erode(edge, window, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    if not thick.any():
        return thick.astype(bool)
    _, parts = cv2.connectedComponents(edge, connectivity=4)
    has_core = np.zeros(parts.max() + 1, bool)
    has_core[parts[thick.view(bool)]] = True
    return edge.astype(bool) if has_core[1:].all() else has_core[parts]


def _with_mixed_pixels(thermal: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Add the neighbours of missing pixels that lie between their value and the others."""
    sample = sparse_view(thermal, _SAMPLES)
    valid = sample[~sparse_view(missing, _SAMPLES)].astype(np.float64)
    cold, warm = _middle(valid)
    if not warm > cold:
        return missing
    beside = cv2.dilate(missing.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    span = warm - cold
    return missing | (beside & ((thermal < cold - span) | (thermal > warm + span)))
