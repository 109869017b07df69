"""The folded network: AMDANet in evaluation mode with consecutive linear maps merged.

Every fold is an identity of real numbers: the outputs differ from AMDANet's by rounding only.
"""

from .folded_network import FoldedAMDANet, UnsupportedVariantError

__all__ = ["FoldedAMDANet", "UnsupportedVariantError"]
