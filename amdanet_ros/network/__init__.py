"""AMDANet as published: the network and its checkpoints. Needs torch alone."""

from .amdanet import AMDANet, AMDANetOutput
from .config import AMDANetConfig

__all__ = ["AMDANet", "AMDANetConfig", "AMDANetOutput"]
