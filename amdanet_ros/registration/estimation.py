"""Estimation of a rig's homography from pairs of images, without a calibration target.

Edges of many frames are matched from coarse to fine; an uncertain result is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from .coarse_alignment import align_coarsely
from .homography import check_homography, corner_error, resize_homography
from .orientation_field import grey
from .robust_fit import fit_correction
from .steps import Steps, drained
from .window_matching import Search, WindowMatches, match_windows

_COARSE_WIDTH = 160
_SEARCH_FRAMES = 8
# Pixels of an image 640 wide.
_LARGEST_UNCERTAINTY = 3.0
_SMALLEST_COVERAGE = 0.25
_FEWEST_WINDOWS = 10
# What the windows know of shifts along the edges, over what they know of shifts across: 0.28 and
# more of real streets, below 0.03 of parallel edges, whose windows agree at any shift along them.
_LEAST_ALONG = 0.1


class RegistrationRefusedError(ValueError):
    """The scene does not determine the homography.

    The message says what is missing and what to record instead.
    """


@dataclass(frozen=True)
class Registration:
    """An estimated homography and its quality.

    Attributes:
        homography: 3 x 3 float64, thermal pixel -> RGB pixel.
        uncertainty: mean corner distance between estimates from two halves of the evidence,
            RGB pixels.
        agreement: share of the windows, by confidence, that lie within tolerance of the
            homography, 0 to 1.
        coverage: share of the common image spanned by the agreeing windows, 0 to 1.
        windows: number of agreeing windows.
        frames: number of frame pairs used.
        rgb_size, thermal_size: (height, width) that the homography belongs to.
    """

    homography: np.ndarray
    uncertainty: float
    agreement: float
    coverage: float
    windows: int
    frames: int
    rgb_size: tuple[int, int]
    thermal_size: tuple[int, int]


def estimate_homography(
    rgb: Sequence[np.ndarray],
    thermal: Sequence[np.ndarray],
    initial: np.ndarray | None = None,
    max_uncertainty: float = _LARGEST_UNCERTAINTY,
) -> Registration:
    """Estimate a rig's homography, thermal pixel to RGB pixel, from synchronous images.

    A coarse search over scale, rotation and shift at a width of 160 pixels is followed by matching
    and fitting windows at growing resolution. Then the result is checked: two halves of the
    windows must give the same corners, and the agreeing windows must cover the image.

    Args:
        rgb: N images H x W x 3 uint8, one size.
        thermal: N images h x w (uint8, uint16 or float32), one size, taken at the same times.
        initial: 3 x 3 first guess, thermal pixel -> RGB pixel; it replaces the coarse search.
        max_uncertainty: largest accepted corner distance, in pixels of an image 640 wide.

    Returns:
        The homography with its quality.

    Raises:
        RegistrationRefusedError: the scene does not determine the homography.
        ValueError: images of different sizes or numbers.
    """
    _check(rgb, thermal)
    rgb_size, thermal_size = rgb[0].shape[:2], thermal[0].shape[:2]
    rgb_grey = [grey(image) for image in rgb]
    thermal_grey = [grey(image) for image in thermal]
    guesses = (
        _coarse_guesses(rgb_grey, thermal_grey) if initial is None else [check_homography(initial)]
    )
    attempts = [drained(refined(rgb_grey, thermal_grey, guess)) for guess in guesses]
    attempts = [each for each in attempts if each is not None]
    if not attempts:
        raise RegistrationRefusedError(
            "the RGB and the thermal images show no common edges: record a scene with people, "
            "cars, buildings or other outlines that both cameras see"
        )
    # The attempt with most confidence in its inliers.
    best = max(attempts, key=lambda each: each.matches.confidence[each.inliers].sum())
    return drained(judged(best, len(rgb), rgb_size, thermal_size, max_uncertainty))


def _check(rgb: Sequence[np.ndarray], thermal: Sequence[np.ndarray]) -> None:
    if len(rgb) == 0 or len(rgb) != len(thermal):
        raise ValueError(
            f"registration needs frame pairs; got {len(rgb)} RGB and {len(thermal)} thermal"
        )
    for name, images, channels in (("RGB", rgb, 3), ("thermal", thermal, 2)):
        sizes = {image.shape for image in images}
        if len(sizes) > 1:
            raise ValueError(f"the {name} images differ in size: {sorted(sizes)}")
        if images[0].ndim != channels:
            raise ValueError(
                f"{name} images must have {channels} dimensions, not shape {images[0].shape}"
            )


def _shrunk(images: Sequence[np.ndarray], factor: float) -> tuple[list[np.ndarray], np.ndarray]:
    """Images resized by a factor (at most 1), and the homography from full to small pixels."""
    factor = min(1.0, factor)
    height, width = images[0].shape
    size = (max(16, round(height * factor)), max(16, round(width * factor)))
    small = [
        cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA) if factor < 1 else image
        for image in images
    ]
    return small, resize_homography((height, width), small[0].shape)


def _spread(frames: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, frames - 1, min(frames, most)).round().astype(int))


def _coarse_guesses(rgb: list[np.ndarray], thermal: list[np.ndarray]) -> list[np.ndarray]:
    """Return the best coarse alignments that differ from each other, in full-size pixels."""
    chosen = _spread(len(rgb), _SEARCH_FRAMES)
    (small_rgb, to_small_rgb), (small_thermal, to_small_thermal) = (
        _shrunk([images[i] for i in chosen], _COARSE_WIDTH / max(images[0].shape))
        for images in (rgb, thermal)
    )
    start = resize_homography(small_thermal[0].shape, small_rgb[0].shape)
    ranked = align_coarsely(small_rgb, small_thermal, start)
    guesses: list[np.ndarray] = []
    for _, small in ranked[:10]:
        guess = np.linalg.inv(to_small_rgb) @ small @ to_small_thermal
        near = 0.03 * max(rgb[0].shape)
        if all(corner_error(guess, other, thermal[0].shape) > near for other in guesses):
            guesses.append(guess)
        if len(guesses) == 3:
            break
    return guesses


class Fit(NamedTuple):
    """A homography that was fitted.

    Attributes:
        homography: 3 x 3, thermal pixel -> RGB pixel.
        matches: that it was fitted to, in RGB pixels.
        inliers: of these, which agree with it, bool.
    """

    homography: np.ndarray
    matches: WindowMatches
    inliers: np.ndarray


def refined(
    rgb: Sequence[np.ndarray],
    thermal: Sequence[np.ndarray],
    guess: np.ndarray,
    shown: np.ndarray | None = None,
) -> Steps[Fit | None]:
    """Refine a guess at growing resolutions, step by step; None if too few windows match.

    Args:
        rgb, thermal: grey float32 images, those of a camera in one size.
        guess: 3 x 3, thermal pixel -> RGB pixel.
        shown: bool, where the thermal images show something; None: all over.
    """
    homography = guess
    width = max(rgb[0].shape)
    result = None
    # (working width, window, reach, tolerance, perspective prior), pixels of the working image
    for level, (working, window, reach, tolerance, prior) in enumerate(
        (
            (160, 40, 12, 4.0, 1.0),
            (160, 32, 8, 2.5, 0.3),
            (320, 56, 12, 3.0, 0.1),
            (320, 48, 8, 2.0, 0.03),
            (640, 80, 10, 2.5, 0.01),
            (640, 64, 6, 2.0, 0.003),
        )
    ):
        factor = min(1.0, working / width)
        if working > 320 and width <= 320:
            break
        small_rgb, to_small = _shrunk(rgb, factor)
        chosen = _spread(len(rgb), _SEARCH_FRAMES * (3 if level >= 2 else 2))
        matches = yield from match_windows(
            [small_rgb[i] for i in chosen],
            [thermal[i] for i in chosen],
            to_small @ homography,
            Search(reach, window, 1.0 if factor < 1 else 1.5),
            shown,
        )
        if len(matches) < 6:
            return result
        correction, inliers = fit_correction(matches, small_rgb[0].shape, tolerance, prior)
        homography = np.linalg.inv(to_small) @ correction @ to_small @ homography
        homography = homography / homography[2, 2]
        result = Fit(homography, matches.scaled(1 / factor), inliers)
        yield
    return result


def judged(
    fit: Fit,
    frames: int,
    rgb_size: tuple[int, int],
    thermal_size: tuple[int, int],
    max_uncertainty: float,
) -> Steps[Registration]:
    """Return a Registration from the last fit, step by step, or refuse it.

    Args:
        fit: the last one.
        frames: number of frame pairs that it was made of.
        rgb_size, thermal_size: (height, width).
        max_uncertainty: see `estimate_homography`.

    Raises:
        RegistrationRefusedError: the scene does not determine the homography.
    """
    homography, matches, inliers = fit
    unit = max(rgb_size) / 640
    windows = int(inliers.sum())
    agreement = float(matches.confidence[inliers].sum() / max(matches.confidence.sum(), 1e-9))
    fix = (
        "record more frames with outlines all over the image (people, cars, buildings; drive "
        "or turn the rig), or give a homography by hand"
    )
    if windows < _FEWEST_WINDOWS:
        raise RegistrationRefusedError(
            f"only {windows} places of the image agree ({_FEWEST_WINDOWS} are needed): {fix}"
        )
    hull = cv2.convexHull(matches.points[inliers].astype(np.float32))
    coverage = float(cv2.contourArea(hull) / (rgb_size[0] * rgb_size[1]))
    uncertainty = yield from _half_disagreement(fit, rgb_size, thermal_size, unit)
    if coverage < _SMALLEST_COVERAGE:
        raise RegistrationRefusedError(
            f"the agreeing places cover {coverage:.0%} of the image "
            f"({_SMALLEST_COVERAGE:.0%} is needed): {fix}"
        )
    along, across = _certainties(matches.chosen(inliers))
    if along < _LEAST_ALONG * across:
        raise RegistrationRefusedError(
            "the edges run in one direction, and along them nothing shows the shift: "
            + fix.replace("outlines", "outlines in all directions", 1)
        )
    if not uncertainty <= max_uncertainty * unit:
        raise RegistrationRefusedError(
            f"two halves of the evidence disagree by {uncertainty:.1f} pixels at the corners "
            f"({max_uncertainty * unit:.1f} is allowed): {fix}"
        )
    sizes = tuple(rgb_size), tuple(thermal_size)
    return Registration(homography, uncertainty, agreement, coverage, windows, frames, *sizes)


def _certainties(matches: WindowMatches) -> np.ndarray:
    """Return how sharply matches determine a shift, in the least and the most certain direction."""
    weighted = matches.precision * matches.confidence[:, None, None]
    return np.linalg.eigvalsh(weighted.sum(axis=0))


def _half_disagreement(
    fit: Fit, rgb_size: tuple[int, int], thermal_size: tuple[int, int], unit: float
) -> Steps[float]:
    """Median corner distance between fits to random halves of the agreeing windows."""
    indices = np.flatnonzero(fit.inliers)
    random = np.random.default_rng(0)
    distances = []
    for _ in range(9):
        shuffled = random.permutation(indices)
        fits = []
        for half in (shuffled[::2], shuffled[1::2]):
            part = fit.matches.chosen(half)
            correction, _ = fit_correction(part, rgb_size, 2.0 * unit, 0.003)
            fits.append(correction @ fit.homography)
            yield
        distances.append(corner_error(fits[0], fits[1], thermal_size))
    return float(np.median(distances))
