"""Which AMDANet: everything that decides a network's parameters and how they are used."""

from __future__ import annotations

from dataclasses import dataclass, fields
from numbers import Integral, Real

from .local_alignments import LOCAL_ALIGNMENTS
from .mix_transformer import BACKBONES
from .sci import SCI_RULES


@dataclass(frozen=True)
class AMDANetConfig:
    """Configuration of ``AMDANet``. The defaults are the published network for MFNet.

    Attributes:
        backbone: "mit_b0" to "mit_b5"; the published network is "mit_b4".
        num_classes: K, 1 to 255.
        bn_eps, bn_momentum: of the decoders' BatchNorms (the authors train with 0.01 for both and
            evaluate with eps 1e-5; their checkpoints do not store eps); in [1e-12, 1] and [0, 1].
        embed_dim: channels of the segmentation decoder, 1 to 65536.
        drop_path_rate: largest rate of the stochastic depth in training, in [0, 1).
        dropout: rate before the segmentation decoder's last layer in training, in [0, 1].
        masking_rate: share of elements that mutual feature masking drops in training, in [0, 1).
        sci_rule, sci_tau: see ``SemanticConsistencyInference``; tau in [-1, 1].
        local_alignment: "amdanet", or an ablation's replacement: "none" (supplement, Table 5),
            "cbam" or "danet" (Table 6).
        global_alignment: False: the mean of the pair is the semantic feature (Table 5).
        sfe: False: no salient feature enhancement (Table 5).
        adaptive_weighting: each stage weighs the two cameras by how reliable they are
            (see ``ModalityReliability``; supplement, Section 8). False, as published, adds no
            parameters.
        luminance_mixing: the fused image is RGB with a share of thermal in its luminance, and the
            decoder decides the share (see ``mixed_luminance``). False, as published: the decoder
            decides the colours.
        thermal_standardisation: the encoder sees thermal at a fixed level and contrast (see
            ``standardised``), so that cameras and normalisations look alike. The fused image is
            made of the thermal image as it comes. False, as published. Weights hold for the value
            that they were trained with.

    Raises:
        ValueError: a value out of its range; the message begins with the attribute's name.
    """

    backbone: str = "mit_b4"
    num_classes: int = 9
    bn_eps: float = 1e-5
    bn_momentum: float = 0.1
    embed_dim: int = 512
    drop_path_rate: float = 0.1
    dropout: float = 0.1
    masking_rate: float = 0.15
    sci_rule: str = "released"
    sci_tau: float = 0.4
    local_alignment: str = "amdanet"
    global_alignment: bool = True
    sfe: bool = True
    adaptive_weighting: bool = False
    luminance_mixing: bool = False
    thermal_standardisation: bool = False

    def __post_init__(self) -> None:
        for each in fields(self):
            _check_type(each.name, getattr(self, each.name), type(each.default))
        for name, most in _MOST.items():
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
            if getattr(self, name) > most:
                raise ValueError(f"{name} must be at most {most}, not {getattr(self, name)}")
        for name, (least, most) in _RANGES.items():
            if not least <= getattr(self, name) <= most:
                found = getattr(self, name)
                raise ValueError(f"{name} must lie in [{least:g}, {most:g}], not {found}")
        for name in ("drop_path_rate", "masking_rate"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must lie in [0, 1), not {getattr(self, name)}")
        choices = {
            "backbone": BACKBONES,
            "sci_rule": SCI_RULES,
            "local_alignment": LOCAL_ALIGNMENTS,
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                found = getattr(self, name)
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {found!r}")


_MOST = {"num_classes": 255, "embed_dim": 65536}
"""Masks hold class indices in a byte, of which 255 means none."""
_RANGES = {
    "bn_eps": (1e-12, 1.0),
    "bn_momentum": (0.0, 1.0),
    "dropout": (0.0, 1.0),
    "sci_tau": (-1.0, 1.0),
}
"""Least and greatest value. A smaller bn_eps is 0 beside a variance in float32; sci_tau is compared
with a cosine."""
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a name"}


def _check_type(name: str, value: object, kind: type) -> None:
    wanted = {int: Integral, float: Real}.get(kind, kind)
    if not isinstance(value, wanted) or (kind is not bool and isinstance(value, bool)):
        raise ValueError(f"{name} must be {_WORDS[kind]}, not {value!r}")
