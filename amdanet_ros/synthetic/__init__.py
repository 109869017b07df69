"""Synthetic RGB-thermal street scenes with exact labels: the demo's recording and its training data."""

from amdanet_ros.synthetic.cameras import RgbCamera, ThermalCamera
from amdanet_ros.synthetic.sampling import Sample, sample
from amdanet_ros.synthetic.scene import Frame, SceneObject, StreetScene
from amdanet_ros.synthetic.surfaces import CONDITIONS

__all__ = [
    "CONDITIONS",
    "Frame",
    "RgbCamera",
    "Sample",
    "SceneObject",
    "StreetScene",
    "ThermalCamera",
    "sample",
]
