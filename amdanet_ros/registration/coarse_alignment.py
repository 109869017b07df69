"""Coarse alignment: scale, rotation and shift, searched over all shifts at once by FFT."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .orientation_field import orientation_field
from .spectrum import inverse, spectrum

SCALES = tuple(np.geomspace(0.62, 1.6, 15))
"""Thermal width as a share of the RGB image's width, tried in the coarse search."""
TURNS_DEGREES = (-6.0, -3.0, 0.0, 3.0, 6.0)
_LARGEST_SHIFT = 0.3  # of the image's width and height


def align_coarsely(
    rgb: Sequence[np.ndarray], thermal: Sequence[np.ndarray], start: np.ndarray
) -> list[tuple[float, np.ndarray]]:
    """Rank similarity transforms by the agreement of the edges of all frames.

    For each scale and rotation the normalised correlation of the orientation fields is computed
    for every shift by FFT. The frames are summed before the inverse transform, so that a frame
    without edges does no harm.

    Args:
        rgb: grey H x W float32 images, small (about 160 pixels wide).
        thermal: grey images of the thermal camera, small.
        start: 3 x 3, thermal (small) pixel -> RGB (small) pixel for equal fields of view.

    Returns:
        (score, homography) of the best shift of each scale and rotation, best first; scores are
        correlations in [-1, 1].
    """
    height, width = rgb[0].shape
    centre = ((width - 1) / 2, (height - 1) / 2)
    padded = (cv2.getOptimalDFTSize(2 * height), cv2.getOptimalDFTSize(2 * width))
    fixed = [orientation_field(image) for image in rgb]
    fixed_spectra = [spectrum(field, padded) for field, _ in fixed]
    fixed_energy = sum(spectrum(np.abs(field) ** 2, padded) for field, _ in fixed)
    fixed_mask = spectrum(fixed[0][1], padded)
    shift_y = np.fft.fftfreq(padded[0], 1 / padded[0])
    shift_x = np.fft.fftfreq(padded[1], 1 / padded[1])
    allowed = (np.abs(shift_y) <= _LARGEST_SHIFT * height)[:, None] & (
        np.abs(shift_x) <= _LARGEST_SHIFT * width
    )[None, :]
    candidates = []
    for scale in SCALES:
        for turn in TURNS_DEGREES:
            upper = cv2.getRotationMatrix2D(centre, turn, scale)
            warp = np.vstack([upper, [0.0, 0.0, 1.0]]) @ start
            seen = cv2.warpPerspective(np.ones(thermal[0].shape, np.uint8), warp, (width, height))
            cross = energy = 0.0
            for image, known in zip(thermal, fixed_spectra, strict=True):
                warped = cv2.warpPerspective(
                    image, warp, (width, height), borderMode=cv2.BORDER_REPLICATE
                )
                field, valid = orientation_field(warped, seen.astype(bool))
                cross = cross + known * np.conj(spectrum(field, padded))
                energy = energy + np.abs(field) ** 2
            agreement = inverse(cross)
            mask = np.conj(spectrum(valid, padded))
            moving_energy = inverse(fixed_mask * np.conj(spectrum(energy, padded)))
            overlap_energy = inverse(fixed_energy * mask)
            overlap = inverse(fixed_mask * mask)
            enough = allowed & (overlap > 0.3 * height * width)
            norm = np.sqrt(np.maximum(moving_energy, 1e-6) * np.maximum(overlap_energy, 1e-6))
            score = np.where(enough, agreement / norm, -1.0)
            # The same correlation is better evidence over a larger overlap.
            ranked = score * np.sqrt(np.clip(overlap / (height * width), 0, 1))
            y, x = np.unravel_index(np.argmax(ranked), ranked.shape)
            shift = np.array([[1, 0, shift_x[x]], [0, 1, shift_y[y]], [0, 0, 1.0]])
            candidates.append((float(ranked[y, x]), shift @ warp))
    return sorted(candidates, key=lambda candidate: -candidate[0])
