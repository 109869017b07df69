"""Inference on arrays: the predictor, its engines, thermal normalisation. Knows no ROS."""

from .errors import (
    DemoWeightsMissingError,
    DeviceUnavailableError,
    InferenceError,
    OutOfMemoryError,
)
from .prediction import ClassStatistics, Prediction
from .predictor import Predictor
from .thermal_normalization import ThermalNormalizer

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
