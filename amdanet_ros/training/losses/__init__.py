"""The training losses of AMDANet, one concept a file."""

from .amdanet_loss import AMDANetLoss

__all__ = ["AMDANetLoss"]
