"""AMDANet as published: the network and its checkpoints. Needs torch only."""

from .amdanet import AMDANet, AMDANetOutput
from .config import AMDANetConfig

__all__ = ["AMDANet", "AMDANetConfig", "AMDANetOutput"]
