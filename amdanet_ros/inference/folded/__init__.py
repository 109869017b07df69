"""The fast path: AMDANet with its linear maps folded, prepared once from the training module.

Every fold is an identity of real numbers, so that outputs differ by rounding alone.
"""

from .folded_network import FoldedAMDANet, UnsupportedVariantError

__all__ = ["FoldedAMDANet", "UnsupportedVariantError"]
