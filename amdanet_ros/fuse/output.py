"""Where fused pairs go."""

from __future__ import annotations

from typing import Protocol

from ..pipeline.fusion import Fusion
from .source import SourcePair


class FuseOutput(Protocol):
    """Takes pairs in order."""

    def put(self, pair: SourcePair, fusion: Fusion) -> None:
        """Append one pair."""

    def close(self) -> None:
        """Finish what was put; raises OSError where it is not whole."""
