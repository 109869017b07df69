"""Synthetic RGB-thermal street scenes with exact labels.

The demo plays a recording of them, and its weights are trained on samples of them.
"""

from amdanet_ros.synthetic.cameras import RgbCamera, ThermalCamera
from amdanet_ros.synthetic.recording import CameraEvent, StreetRecording
from amdanet_ros.synthetic.sampling import Sample, sample
from amdanet_ros.synthetic.scene import Frame, SceneObject, StreetScene
from amdanet_ros.synthetic.surfaces import CONDITIONS

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
