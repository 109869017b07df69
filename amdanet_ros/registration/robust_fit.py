"""A robust fit of a homography to window matches."""

from __future__ import annotations

import numpy as np

from .homography import transform_points
from .window_matching import WindowMatches

_SHAPE_PRIOR = 1e-3
_WIDENING = (8.0, 6.0, 4.0, 3.0, 2.0, 1.5, 1.0, 1.0, 1.0, 1.0)
"""Factors on the tolerance; the first are large, because the median shift has no scale yet."""


def fit_correction(
    matches: WindowMatches, size: tuple[int, int], tolerance: float, perspective_prior: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the homography that moves the warped thermal image onto the RGB image.

    Iteratively reweighted least squares (Geman-McClure weights) on the linear equations of a
    homography, started from the weighted median shift. Few or one-sided matches do not determine
    all eight numbers: a prior pulls the perspective terms and, more weakly, the shape towards the
    identity.

    Args:
        matches: at least four.
        size: (height, width) of the RGB image, for conditioning.
        tolerance: distance in pixels beyond which a match counts little.
        perspective_prior: weight of the prior on the two perspective terms, relative to the
            matches' total weight.

    Returns:
        (correction, inliers): 3 x 3; N bool, matches within ``tolerance`` of it in their
        certain directions.
    """
    height, width = size
    half = max(height, width) / 2
    normalise = np.array(
        [[1 / half, 0, -(width - 1) / 2 / half], [0, 1 / half, -(height - 1) / 2 / half], [0, 0, 1]]
    )
    source = transform_points(normalise, matches.points)
    target = transform_points(normalise, matches.points + matches.shifts)
    middle = [
        _weighted_median(matches.shifts[:, axis], matches.confidence) / half for axis in (0, 1)
    ]
    rest = np.array([1, 0, 0, 0, 1, 0, 0, 0.0])
    parameters = np.array([1, 0, middle[0], 0, 1, middle[1], 0, 0.0])
    prior_shape = np.array([_SHAPE_PRIOR, _SHAPE_PRIOR, 0] * 2 + [perspective_prior] * 2)

    x, y, u, v = source[:, 0], source[:, 1], target[:, 0], target[:, 1]
    one, nil = np.ones_like(x), np.zeros_like(x)
    equations = np.stack(
        [
            np.column_stack([x, y, one, nil, nil, nil, -u * x, -u * y]),
            np.column_stack([nil, nil, nil, x, y, one, -v * x, -v * y]),
        ],
        axis=1,
    )
    values = np.stack([u, v], axis=1)
    for widening in _WIDENING:
        residual = equations @ parameters - values
        distance = np.einsum("ni,nij,nj->n", residual, matches.precision, residual)
        scale = widening * tolerance / half
        weight = matches.confidence / (1 + distance / scale**2) ** 2
        prior = weight.sum() * prior_shape + 1e-12
        weighted = weight[:, None, None] * matches.precision
        normal = np.einsum("nia,nij,njb->ab", equations, weighted, equations) + np.diag(prior)
        right = np.einsum("nia,nij,nj->a", equations, weighted, values) + prior * rest
        parameters = np.linalg.solve(normal, right)
    correction = np.append(parameters, 1.0).reshape(3, 3)
    error = transform_points(correction, source) - target
    distance = np.sqrt(np.einsum("ni,nij,nj->n", error, matches.precision, error)) * half
    correction = np.linalg.inv(normalise) @ correction @ normalise
    return correction / correction[2, 2], distance <= tolerance


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
