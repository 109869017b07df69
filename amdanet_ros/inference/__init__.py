"""Arrays in, arrays out: the predictor, thermal normalisation, modality health. No ROS here."""

from .thermal_normalization import ThermalNormalizer

__all__ = ["ThermalNormalizer"]
