"""Arrays in, arrays out: the predictor, thermal normalisation, modality health. No ROS here."""

from .modality_health import HealthMonitor, HealthStatus, HealthThresholds, ModalityHealth
from .thermal_normalization import ThermalNormalizer

__all__ = [
    "HealthMonitor",
    "HealthStatus",
    "HealthThresholds",
    "ModalityHealth",
    "ThermalNormalizer",
]
