"""torchvision's transforms.v2 and tv_tensors, also for a torch of another build."""

from ..evaluation.torchvision_import import import_torchvision

import_torchvision()

from torchvision import tv_tensors  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

__all__ = ["tv_tensors", "v2"]
