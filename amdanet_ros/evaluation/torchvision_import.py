"""Import of torchvision that also works with a torch of another build.

The wheel of torchvision on PyPI is built for CUDA. With a CPU-only torch its compiled operators do
not load, and its import fails on operators that neither transforms nor torchmetrics use.
Declaring their schemas lets the import pass.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

_declared: list[torch.library.Library] = []
"""Libraries whose schemas last as long as they are kept."""


def import_torchvision() -> ModuleType:
    """Import torchvision; afterwards any module of it can be imported as usual.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        raise ImportError(
            "training needs torchvision, of the release that belongs to this torch: "
            "pip install --no-deps torchvision"
        ) from error
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise ImportError(f"torchvision does not start: {error}", name="torchvision") from error
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _declared.append(torch.library.Library("torchvision", "FRAGMENT"))
    for name in ("nms", "qnms"):
        _declared[-1].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module("torchvision")
