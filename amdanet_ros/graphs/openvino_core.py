"""OpenVINO itself: its core, its version, and graphs compiled by it or read from their bytes."""

from __future__ import annotations

import contextlib
import functools
import io
import sys
from collections.abc import Iterator
from typing import Any

from ..optional_package import optional_package

_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}


def version() -> str:
    """Return OpenVINO's version, with its build.

    Raises:
        ImportError: it is not installed, or does not start.
    """
    return str(getattr(openvino_module(), "__version__", "of unknown version"))


@contextlib.contextmanager
def faults_as_runtime_errors() -> Iterator[None]:
    """Turn what an OpenVINO of another version or a broken one raises into a RuntimeError.

    It lacks names and arguments, which Python tells by errors of several classes.
    """
    try:
        yield
    except (RuntimeError, ImportError, MemoryError):
        raise
    except Exception as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from error


@functools.cache
def core() -> Any:
    """Return OpenVINO's core.

    Raises:
        ImportError, RuntimeError: it is not installed, or does not start.
    """
    with faults_as_runtime_errors():
        return openvino_module().Core()


def compile_model(model: Any, device: str, precision: str, threads: int) -> Any:
    """Compile a model, or read a compiled one from its bytes.

    Args:
        model: OpenVINO's, or the bytes of a compiled one.
        device: OpenVINO's name, such as "CPU".
        precision: "fp32", "bf16" or "fp16".
        threads: on the CPU.

    Raises:
        RuntimeError: the device does not take it.
    """
    settings = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
    if device == "CPU":
        settings |= {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads}
        # A pinned thread waits for its processor while another one is free.
        settings["ENABLE_CPU_PINNING"] = False
    with faults_as_runtime_errors():
        if isinstance(model, bytes):
            return core().import_model(model, device, settings)
        return core().compile_model(model, device, settings)


def compiled_bytes(compiled: Any) -> bytes:
    """Return a compiled model's bytes, for `compile_model`.

    Raises:
        RuntimeError: the device cannot give them.
    """
    stream = io.BytesIO()
    with faults_as_runtime_errors():
        compiled.export_model(stream)
    return stream.getvalue()


@functools.cache
def openvino_module() -> Any:
    """Import OpenVINO without its telemetry, which would report each import over the Internet.

    Raises:
        ImportError: it is not installed, or does not start.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # OpenVINO goes on as if it were not there
    return optional_package("openvino")
