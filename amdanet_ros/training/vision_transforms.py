"""torchvision's transforms.v2 and tv_tensors, imported where torchvision can be imported at all."""

from ..evaluation.torchvision_import import import_torchvision

import_torchvision()

from torchvision import tv_tensors  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

__all__ = ["tv_tensors", "v2"]
