"""Pairs of images of any size, type and values, through the pipeline with options of any numbers.

The network is left out: a cheap engine gives outputs of its size.
"""

from __future__ import annotations

import functools

import numpy as np
import torch

from amdanet_ros.images.errors import BadImage
from amdanet_ros.inference import Predictor
from amdanet_ros.inference.plain_engine import EngineOutput
from amdanet_ros.network import AMDANet
from amdanet_ros.parameters import OptionError, build
from amdanet_ros.pipeline import FusionOptions, FusionPipeline, ImagePair, RegistrationError

from .spending import Spending
from .target import Target

_TYPES = ("u1", "<u2", "<i2", "<f4", "<f8", "<f2")
_MOST_PIXELS = 60_000


class _Engine:
    name = "cheap"

    def __call__(self, rgb, thermal, want_logits=True, want_fused=True):
        assert bool(torch.isfinite(thermal).all())
        assert thermal.min() >= 0.0
        assert thermal.max() <= 1.0 + 1e-5
        logits = torch.cat([rgb, thermal.expand(-1, 6, -1, -1)], dim=1)
        return EngineOutput(logits if want_logits else None, rgb if want_fused else None)


@functools.cache
def _predictor() -> Predictor:
    network = AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16).eval()
    predictor = Predictor(network, device="cpu", precision="fp32")
    predictor._engine = _Engine()
    return predictor


def run(data: bytes) -> None:
    """Fuse two pairs of one video."""
    spending = Spending(data)
    kind = spending.byte()
    values = {
        "thermal.normalization": ("percentile", "fixed", "none")[kind % 3],
        "crop_to_common_view": bool(kind & 4),
        "max_inference_megapixels": 0.01,
        "confidence_threshold": 0.5,
    }
    if kind & 8:
        values["thermal.range"] = [spending.real(), spending.real()]
    if kind & 16:
        values["thermal.registration"] = [spending.real() for _ in range(9)]
    if kind & 32:
        values["thermal.crop"] = [spending.unsigned() for _ in range(4)]
    pipeline = FusionPipeline(_predictor(), build(FusionOptions, values))
    thermal_type = spending.choice(_TYPES)
    for number in range(2):
        rgb = None if kind & 64 and number else _image(spending, "u1", 3)
        thermal = None if kind & 128 and rgb is not None else _image(spending, thermal_type)
        pair = ImagePair(rgb, thermal, number, 0, None if thermal is None else number)
        fusion = pipeline.process(pair)
        assert np.isfinite(fusion.confidence).all()
        assert fusion.mask.shape == fusion.overlay.shape[:2]


def _image(spending: Spending, kind: str, channels: int = 0) -> np.ndarray:
    """Return an image whose values come again and again, between them a border or a patch."""
    height = 1 + spending.unsigned() % 700
    width = 1 + spending.unsigned() % (_MOST_PIXELS // height)
    shape = (height, width, channels) if channels else (height, width)
    dtype = np.dtype(kind)
    own = np.frombuffer(spending.take(dtype.itemsize * 37), dtype)
    image = np.resize(own, shape).copy()
    place = spending.byte()
    if place & 1:
        edge = 1 + place // 16
        image[:edge] = image[-edge:] = image[:, :edge] = image[:, -edge:] = own[place % 37]
    if place & 2:
        image[place // 4 :, place // 8 : place] = own[place % 11]
    return image


def seeds() -> list[bytes]:
    """Kelvin with a border, counts, and video, with the options of each kind."""
    kelvin = np.linspace(285, 305, 37).astype("<f4").tobytes()
    counts = np.linspace(28500, 31000, 37).astype("<u2").tobytes()
    video = bytes(range(37))
    size = bytes([0, 47, 0, 63])
    made = []
    for kind, (place, own) in enumerate(((3, kelvin), (1, counts), (0, video))):
        images = size + video + b"\0" + size + own + bytes([1])
        made.append(bytes([kind, place]) + images + images)
    return made


TARGET = Target("pairs", run, (BadImage, OptionError, RegistrationError), seeds)
