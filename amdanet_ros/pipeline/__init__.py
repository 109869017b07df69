"""From a pair of images to everything that an output needs, without ROS."""

from ..images.errors import BadImage
from .fusion import ALL, Fusion
from .health import HealthMonitor, HealthStatus, HealthThresholds, ModalityHealth
from .image_pair import ImagePair
from .options import FusionOptions
from .pipeline import FusionPipeline
from .registration_error import RegistrationError

__all__ = [
    "ALL",
    "BadImage",
    "Fusion",
    "FusionOptions",
    "FusionPipeline",
    "HealthMonitor",
    "HealthStatus",
    "HealthThresholds",
    "ImagePair",
    "ModalityHealth",
    "RegistrationError",
]
