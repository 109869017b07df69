"""Arrays in, arrays out: the predictor, thermal normalisation, modality health. No ROS here."""

from .errors import (
    DemoWeightsMissingError,
    DeviceUnavailableError,
    InferenceError,
    OutOfMemoryError,
)
from .modality_health import HealthMonitor, HealthStatus, HealthThresholds, ModalityHealth
from .prediction import ClassStatistics, Prediction
from .predictor import Predictor
from .thermal_normalization import ThermalNormalizer

__all__ = [
    "ClassStatistics",
    "DemoWeightsMissingError",
    "DeviceUnavailableError",
    "HealthMonitor",
    "HealthStatus",
    "HealthThresholds",
    "InferenceError",
    "ModalityHealth",
    "OutOfMemoryError",
    "Prediction",
    "Predictor",
    "ThermalNormalizer",
]
