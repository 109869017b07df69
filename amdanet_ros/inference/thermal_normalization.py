"""Thermal counts, kelvin or AGC video to the [0, 1] the network was trained on, without flicker."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..images.missing_pixels import fill_missing, missing_pixels, sparse_view
from .black_areas import BlackAreas

MODES = ("percentile", "fixed", "none")

LEAST_SPAN = 1e-6
"""Between what becomes 0 and 1: float32 cannot divide by less."""

DARKEST = 2.0**-20
"""What the darkest of a picture becomes: 0 is what the thermal camera does not see of RGB's image.

Networks with `thermal_standardisation` tell both apart. Every half precision holds it.
"""

_SAMPLES = 40_000
"""About so many pixels give the percentiles: their error is then far below a grey level."""

_SCENE_CUT_OVERLAP = 0.5
"""Bounds that overlap the running ones by less (intersection over union) replace them at once."""


@dataclass(frozen=True, eq=False)
class NormalizedThermal:
    """A thermal image and how it becomes [0, 1]: the scaling is done where the network runs.

    Attributes:
        values: h x w uint8, uint16 or float, as the camera gave it; without bounds float32 in
            [0, 1].
        bounds: what becomes `DARKEST` and 1, in the image's unit; None: nothing is left to do.
    """

    values: np.ndarray
    bounds: tuple[float, float] | None

    def array(self) -> np.ndarray:
        """Return h x w float32, C-contiguous: `DARKEST` to 1, or without bounds ``values``."""
        if self.bounds is None:
            return self.values
        if self.values.dtype == np.uint8 and self.bounds == (0.0, 255.0):
            video = np.divide(self.values, np.float32(255), dtype=np.float32)
            return np.maximum(video, np.float32(DARKEST), out=video)
        low, high = self.bounds
        scaled = self.values.astype(np.float32)
        scaled -= np.float32(low)
        scaled *= np.float32(1.0 / (high - low))
        return np.clip(scaled, DARKEST, 1.0, out=scaled)


class ThermalNormalizer:
    """Turn a thermal image of any common kind into float32 values in [0, 1].

    Modes:
        percentile: uint16 and float images are stretched between two percentiles of the frame.
            The bounds are smoothed over frames, so that the image does not flicker, and jump at
            once when the scene changes. uint8 images have been stretched by the camera already
            (AGC): they are divided by 255, as the published networks expect, unless
            `stretch_uint8` is set.
        fixed: the given range, in the image's own unit (counts, kelvin), maps to 0..1.
        none: uint8 / 255, uint16 / 65535, float as it is, clipped.

    Missing pixels (not finite, fill values, a border around the picture: see `missing_pixels`) move
    no bounds in any mode. What is connected with the image's edge becomes 0, as what the thermal
    camera does not see, and so does black that begins there and stays (see `BlackAreas`); nothing
    else is 0. Holes are filled from their neighbours (see `fill_missing`). Isolated
    uint16 pixels of 0 or 65535 take the median of their neighbours; regions of them keep the ends
    of the range, without moving the bounds.

    Args:
        mode: one of `MODES`.
        range: (low, high) for "fixed", in counts or kelvin.
        smoothing: weight of the past in the running bounds, 0 (none) to below 1; 0.9 settles within
            some 20 frames.
        percentiles: lower and upper, 0 to 100.
        stretch_uint8: stretch 8-bit images in mode "percentile" too.

    Raises:
        ValueError: a wrong mode, range, smoothing or percentiles.
    """

    def __init__(
        self,
        mode: str = "percentile",
        range: tuple[float, float] | None = None,
        smoothing: float = 0.9,
        percentiles: tuple[float, float] = (1.0, 99.0),
        stretch_uint8: bool = False,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"thermal normalisation {mode!r}: choose one of {', '.join(MODES)}")
        if not 0.0 <= smoothing < 1.0:
            raise ValueError(f"thermal smoothing is {smoothing}: it must be at least 0 and below 1")
        if not 0.0 <= percentiles[0] < percentiles[1] <= 100.0:
            raise ValueError(f"thermal percentiles are {percentiles}: 0 <= lower < upper <= 100")
        if mode == "fixed":
            _check_range(range)
        self.mode = mode
        self.range = None if range is None else (float(range[0]), float(range[1]))
        self.smoothing = float(smoothing)
        self.percentiles = (float(percentiles[0]), float(percentiles[1]))
        self.stretch_uint8 = bool(stretch_uint8)
        self._bounds: tuple[float, float] | None = None
        self._dtype: np.dtype | None = None
        self._black = BlackAreas()

    @property
    def bounds(self) -> tuple[float, float] | None:
        """What mapped to 0 and 1 in the last frame of mode "percentile", in its unit; else None."""
        return self._bounds

    def reset(self) -> None:
        """Forget the frames: the next one alone sets the bounds and shows what is seen."""
        self._bounds = None
        self._black.reset()

    def __call__(self, thermal: np.ndarray) -> np.ndarray:
        """Normalise one frame.

        Args:
            thermal: h x w, uint8, uint16, int16 or float.

        Returns:
            h x w float32 in [0, 1], a new array.

        Raises:
            ValueError: another shape or type.
        """
        return self.frame(thermal).array()

    def frame(self, thermal: np.ndarray) -> NormalizedThermal:
        """Return a frame with its bounds; the running bounds move on.

        Frames with missing or dead pixels are normalised here, the others where the network runs.

        Args:
            thermal: h x w, uint8, uint16, int16 or float; it is not copied.

        Raises:
            ValueError: another shape or type.
        """
        check_thermal(thermal)
        if thermal.dtype == np.int16:
            thermal = thermal.astype(np.float32)
        missing = missing_pixels(thermal)
        if missing is not None and self._is_video(thermal) and not thermal[missing].any():
            unseen, missing = missing, None  # a black border
        else:
            unseen = self._unseen(thermal)
        bounds = self._bounds_of(thermal, missing)
        if missing is not None:
            valid = np.where(missing, np.float32(bounds[0]), thermal)
            filled = NormalizedThermal(valid, bounds).array()
            if thermal.dtype == np.uint16:
                _replace_dead_pixels(filled, thermal)
            fill_missing(filled, missing)
            return _without(unseen, filled)
        scaled = NormalizedThermal(thermal, bounds)
        if thermal.dtype == np.uint16 and self.mode != "none" and _may_have_dead_pixels(thermal):
            repaired = scaled.array()
            _replace_dead_pixels(repaired, thermal)
            return _without(unseen, repaired)
        return scaled if unseen is None else _without(unseen, scaled.array())

    def _unseen(self, thermal: np.ndarray) -> np.ndarray | None:
        """Return where an image of unsigned integers shows nothing."""
        if thermal.dtype.kind != "u":
            return None
        if self.smoothing == 0.0:  # no frame has to do with the ones before
            self._black.reset()
        return self._black.unseen(thermal)

    def _bounds_of(self, thermal: np.ndarray, missing: np.ndarray | None) -> tuple[float, float]:
        if self._is_video(thermal):
            return (0.0, 255.0)
        if self.mode == "fixed":
            return self.range
        if self.mode == "none":
            return (0.0, 65535.0) if thermal.dtype == np.uint16 else (0.0, 1.0)
        if thermal.dtype != self._dtype:
            self._bounds = None  # another unit: the old bounds mean nothing
            self._dtype = thermal.dtype
        measured = _percentile_bounds(thermal, missing, self.percentiles)
        if measured is None:
            return self._bounds or (0.0, 1.0)
        self._bounds = _smoothed(self._bounds, measured, self.smoothing)
        return self._bounds

    def _is_video(self, thermal: np.ndarray) -> bool:
        """Whether a frame was stretched by its camera already."""
        as_it_is = self.mode == "none" or (self.mode == "percentile" and not self.stretch_uint8)
        return thermal.dtype == np.uint8 and as_it_is


def _without(unseen: np.ndarray | None, normalized: np.ndarray) -> NormalizedThermal:
    if unseen is not None:
        np.copyto(normalized, np.float32(0), where=unseen)
    return NormalizedThermal(normalized, None)


def check_thermal(thermal: np.ndarray) -> None:
    """Refuse what is not a thermal image.

    Raises:
        ValueError: not an h x w array of uint8, uint16, int16 or float.
    """
    if not isinstance(thermal, np.ndarray) or thermal.ndim != 2:
        shape = getattr(thermal, "shape", type(thermal).__name__)
        raise ValueError(
            f"the thermal image must be a height x width array with one channel, not {shape}: "
            "switch the camera from colour (ironbow etc.) to mono8 or mono16"
        )
    if thermal.dtype not in (np.uint8, np.uint16, np.int16) and thermal.dtype.kind != "f":
        raise ValueError(
            f"the thermal image must be uint8, uint16, int16 or float32, not {thermal.dtype}"
        )
    if thermal.size == 0:
        raise ValueError(f"the thermal image is empty: its size is {thermal.shape}")


def _check_range(bounds: tuple[float, float] | None) -> None:
    if bounds is None:
        raise ValueError("mode 'fixed' needs a range: (low, high) in counts or kelvin")
    if (
        len(bounds) != 2
        or not np.all(np.abs(bounds) < np.finfo(np.float32).max)
        or not bounds[0] + LEAST_SPAN <= bounds[1]
    ):
        raise ValueError(
            f"the thermal range is {tuple(bounds)}: it must be (low, high) with low below high by "
            f"{LEAST_SPAN:g} and more"
        )


def _percentile_bounds(
    thermal: np.ndarray, missing: np.ndarray | None, percentiles: tuple[float, float]
) -> tuple[float, float] | None:
    """Return the percentiles of the valid pixels of a sparse sample; None where none is valid."""
    values = sparse_view(thermal, _SAMPLES)
    if missing is not None:
        values = values[~sparse_view(missing, _SAMPLES)]
    values = values.reshape(-1)
    if thermal.dtype == np.uint16:
        alive = values[(values != 0) & (values != 65535)]
        values = alive if alive.size else values
    if values.size == 0:
        return None
    ranks = np.round(np.array(percentiles) / 100.0 * (values.size - 1)).astype(np.intp)
    ordered = np.partition(values, ranks)
    low, high = float(ordered[ranks[0]]), float(ordered[ranks[1]])
    least = 1.0 if thermal.dtype.kind == "u" else max(1e-6, 1e-5 * abs(low))
    if high - low < least:  # a uniform frame becomes mid-grey
        middle = (low + high) / 2.0
        low, high = middle - least / 2.0, middle + least / 2.0
    return low, high


def _smoothed(
    running: tuple[float, float] | None, measured: tuple[float, float], smoothing: float
) -> tuple[float, float]:
    """Return the exponentially smoothed bounds, or the measured ones after a scene cut."""
    if running is None or _overlap(running, measured) < _SCENE_CUT_OVERLAP:
        return measured
    return (
        smoothing * running[0] + (1.0 - smoothing) * measured[0],
        smoothing * running[1] + (1.0 - smoothing) * measured[1],
    )


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the intersection over the union of two intervals."""
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return max(0.0, shared) / (max(a[1], b[1]) - min(a[0], b[0]))


def _may_have_dead_pixels(thermal: np.ndarray) -> bool:
    lowest, highest = cv2.minMaxLoc(thermal)[:2]
    return lowest <= 0 or highest >= 65535


def _replace_dead_pixels(normalized: np.ndarray, thermal: np.ndarray) -> None:
    """Replace pixels of 0 or 65535 in place by the median of their 3 x 3 neighbourhood.

    A region of such values keeps them (its median is itself): only isolated pixels change.
    """
    dead = (thermal == 0) | (thermal == 65535)
    normalized[dead] = cv2.medianBlur(normalized, 3)[dead]
