"""What OpenVINO offers on this machine: devices, number formats; conversion."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..graphs import openvino_core
from ..optional_package import is_found
from .errors import DeviceUnavailableError, InferenceError
from .folded import FoldedAMDANet
from .folded.converted_network import ConvertedAMDANet

PREFIX = "openvino:"
"""Of the names of its devices, such as openvino:GPU."""

ADVICE = "pip install 'openvino>=2026.0'"

_CAPABILITIES = {"fp32": "FP32", "bf16": "BF16", "fp16": "FP16"}


def is_installed() -> bool:
    """Whether OpenVINO can be imported; it is not imported for this."""
    return is_found("openvino")


def choose_openvino_device(name: str) -> str:
    """Return OpenVINO's name of a device: "CPU", "GPU", "GPU.1", "NPU".

    Args:
        name: "openvino:GPU" and so on.

    Raises:
        DeviceUnavailableError: OpenVINO is not installed, or it lists no such device.
    """
    wanted = name.removeprefix(PREFIX)
    if not is_installed():
        raise DeviceUnavailableError(f"device {name!r} needs OpenVINO: {ADVICE}")
    listed = _of_core(lambda core: core.available_devices)
    if wanted not in listed and not any(each.startswith(f"{wanted}.") for each in listed):
        names = ", ".join(PREFIX + each for each in listed) or "none"
        raise DeviceUnavailableError(
            f"device {name!r}: OpenVINO lists {names} here; choose one of these, auto or cpu, or "
            "install the device's driver"
        )
    return wanted


def version() -> str:
    """Return OpenVINO's version, with its build."""
    return openvino_core.version()


def native_precisions(device: str) -> tuple[str, ...]:
    """Return which of fp32, bf16 and fp16 the device computes without emulation."""
    capable = _of_core(lambda core: core.get_property(device, "OPTIMIZATION_CAPABILITIES"))
    return tuple(name for name, word in _CAPABILITIES.items() if word in capable)


def processor_name(device: str) -> str:
    """Return the processor's full name."""
    return str(_of_core(lambda core: core.get_property(device, "FULL_DEVICE_NAME")))


def convert(network: FoldedAMDANet, size: tuple[int, int]) -> Any:
    """Return the network as OpenVINO's model for one size (height, width), for every precision.

    The graph is traced on images of this size, so that all that depends on it is constant.

    Raises:
        RuntimeError, ImportError: this OpenVINO cannot convert it.
    """
    with openvino_core.faults_as_runtime_errors():
        return _converted(network, size)


def _converted(network: FoldedAMDANet, size: tuple[int, int]) -> Any:
    openvino_core.openvino_module()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = (torch.zeros(1, 3, *size), torch.zeros(1, 1, *size))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all sizes become constants, as they should
        form = ConvertedAMDANet(network)
        form.prepare(size)

        def two_outputs(rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
            output = form(rgb, thermal)
            return output.logits, output.fused

        # Of a function the weights are constants. Of a module torch makes a class for each part,
        # and OpenVINO looks each weight up through all of them: half as long again.
        traced = torch.jit.trace(two_outputs, example, check_trace=False)
        decoder = TorchScriptPythonDecoder(traced, example_input=example, skip_freeze=True)
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    model.reshape({0: [1, 3, *size], 1: [1, 1, *size]})
    return model


def _of_core(asked: Callable[[Any], Any]) -> Any:
    """Return what is asked of OpenVINO's core."""
    try:
        with openvino_core.faults_as_runtime_errors():
            return asked(openvino_core.core())
    except (ImportError, RuntimeError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InferenceError(f"OpenVINO does not start: {first}: {ADVICE}") from error
