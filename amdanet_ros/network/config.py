"""Which AMDANet: everything that decides a network's parameters and how they are used."""

from __future__ import annotations

from dataclasses import dataclass

from .local_alignments import LOCAL_ALIGNMENTS
from .mix_transformer import BACKBONES
from .sci import SCI_RULES


@dataclass(frozen=True)
class AMDANetConfig:
    """Configuration of ``AMDANet``. The defaults are the published network for MFNet.

    Attributes:
        backbone: "mit_b0" to "mit_b5"; the published network is "mit_b4".
        num_classes: K, at least 1.
        bn_eps, bn_momentum: of the decoders' BatchNorms (the authors train with 0.01 for both and
            evaluate with eps 1e-5; their checkpoints do not store eps).
        embed_dim: channels of the segmentation decoder, at least 1.
        drop_path_rate: largest rate of the stochastic depth in training, in [0, 1).
        dropout: rate before the segmentation decoder's last layer in training, in [0, 1].
        masking_rate: share of elements that mutual feature masking drops in training, in [0, 1).
        sci_rule, sci_tau: see ``SemanticConsistencyInference``.
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

    def __post_init__(self) -> None:
        for name in ("num_classes", "embed_dim"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("drop_path_rate", "masking_rate"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must lie in [0, 1), not {getattr(self, name)}")
        if not 0.0 <= self.dropout <= 1.0:
            raise ValueError(f"dropout must lie in [0, 1], not {self.dropout}")
        choices = {
            "backbone": BACKBONES,
            "sci_rule": SCI_RULES,
            "local_alignment": LOCAL_ALIGNMENTS,
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                found = getattr(self, name)
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {found!r}")
