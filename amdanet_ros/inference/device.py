"""The choice of the device that runs the network."""

from __future__ import annotations

import torch

from .errors import DeviceUnavailableError


def choose_device(device: str | torch.device = "auto", others: str = "") -> torch.device:
    """Return the device named by "auto", "cpu", "cuda" or "cuda:N".

    "auto" is the first CUDA device if there is one, else the CPU; "cuda" is the first one.

    Args:
        device: its name.
        others: further devices that the caller takes, for the message.

    Raises:
        ValueError: not the name of a device.
        DeviceUnavailableError: this machine has no such device.
    """
    if device == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        chosen = None
    if chosen is None or chosen.type not in ("cpu", "cuda"):
        raise ValueError(f"device {device!r}: choose auto, cpu, cuda or cuda:N{others}") from None
    if chosen.type == "cpu":
        return torch.device("cpu")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    index = chosen.index or 0
    if index >= count:
        words = f"torch {torch.__version__} finds no CUDA device here; choose auto or cpu, or "
        words += "install a torch built for CUDA and the driver"
        if count:
            last = f" to cuda:{count - 1}" if count > 1 else ""
            words = f"this machine has cuda:0{last}: choose one of these, auto or cpu"
        raise DeviceUnavailableError(f"device {device!r}: {words}")
    return torch.device("cuda", index)


def device_name(device: torch.device) -> str:
    """Return the device's name for messages."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)"
