"""AMDANet as published: the network and its checkpoints. Needs torch alone."""

from .amdanet import AMDANet, AMDANetOutput

__all__ = ["AMDANet", "AMDANetOutput"]
