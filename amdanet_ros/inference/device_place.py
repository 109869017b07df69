"""Where a predictor's images are and where its network runs, by the name of a device."""

from __future__ import annotations

import torch

from .device import choose_device
from .openvino_runtime import PREFIX, choose_openvino_device


def device_place(device: str | torch.device) -> tuple[torch.device, torch.device | str]:
    """Return where the images are, and where the network runs: there, or OpenVINO's device.

    Raises:
        ValueError: not the name of a device.
        InferenceError: this machine has no such device.
    """
    if isinstance(device, str) and device.startswith(PREFIX):
        return torch.device("cpu"), choose_openvino_device(device)
    images = choose_device(device, ", or openvino:GPU if listed")
    return images, images
