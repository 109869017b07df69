"""Semantic consistency inference (SCI): the branches exchange a weighted difference."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SCI_RULES = ("released", "supplement")


class SemanticConsistencyInference(nn.Module):
    """SCI after a stage's patch embeddings (AMDANet, Section 3.2; threshold: supplement, Table 4).

    The two branches change places: the released code returns the pair in swapped order at every
    stage, and the published weights were trained with it.

    Args:
        channels: C.
        rule: "released": always on (the released code compares 0.1 * mean cosine with 0.4, which
            is always below). "supplement": a sample whose mean cosine similarity reaches ``tau``
            keeps its features (the branches still change places).
    """

    def __init__(self, channels: int, rule: str = "released", tau: float = 0.4) -> None:
        super().__init__()
        self.rule = rule
        self.tau = tau
        self.lambda_param = nn.Parameter(torch.tensor(0.5))
        self.mlp = nn.Sequential(
            nn.Linear(2 * channels, channels), nn.ReLU(), nn.Linear(channels, 1)
        )

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens of both branches, B x N x C each, to the new (RGB branch, thermal branch) pair."""
        weight = torch.sigmoid(self.mlp(torch.cat([rgb, thermal], dim=2)))
        if self.rule == "supplement":
            consistency = F.cosine_similarity(rgb, thermal, dim=2).mean(dim=1)
            weight = weight * (consistency < self.tau).to(weight.dtype)[:, None, None]
        exchange = self.lambda_param * weight * (rgb - thermal)
        return thermal + exchange, rgb - exchange
