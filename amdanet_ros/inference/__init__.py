"""Inference on arrays: the predictor, its engines, thermal normalisation. Knows no ROS.

The predictor comes with its first use: what computes with no network does not wait for torch, which
takes two seconds and 250 MB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import (
    DemoWeightsMissingError,
    DeviceUnavailableError,
    InferenceError,
    OutOfMemoryError,
)
from .prediction import ClassStatistics, Prediction
from .thermal_normalization import ThermalNormalizer

if TYPE_CHECKING:
    from .predictor import Predictor

__all__ = [
    "ClassStatistics",
    "DemoWeightsMissingError",
    "DeviceUnavailableError",
    "InferenceError",
    "OutOfMemoryError",
    "Prediction",
    "Predictor",
    "ThermalNormalizer",
]


def __getattr__(name: str) -> Any:
    if name != "Predictor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .predictor import Predictor

    return Predictor
