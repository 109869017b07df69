"""Synthetic RGB-thermal street scenes with exact labels.

The demo plays a recording of them; its weights were trained on samples of them.
"""

from .cameras import RgbCamera, ThermalCamera
from .recording import CameraEvent, StreetRecording
from .sampling import Sample, sample
from .scene import Frame, SceneObject, StreetScene
from .surfaces import CONDITIONS

__all__ = [
    "CONDITIONS",
    "CameraEvent",
    "Frame",
    "RgbCamera",
    "Sample",
    "SceneObject",
    "StreetRecording",
    "StreetScene",
    "ThermalCamera",
    "sample",
]
