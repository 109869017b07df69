"""Errors that mean: the memory does not suffice."""

from __future__ import annotations

_FIX = "use smaller images or a smaller batch, or end other programs"
_SIGNS = ("can't allocate memory", "cannot allocate memory", "insufficient memory")


def memory_words(error: BaseException) -> str | None:
    """Return one line if an error means that the memory does not suffice, else None.

    Python, torch (CPU and CUDA) and OpenCV each have their own error for it.
    """
    if type(error).__name__ == "OutOfMemoryError":  # torch's
        return f"the GPU's memory does not suffice: {_FIX}, or use --device cpu"
    said = str(error).lower()
    is_library = isinstance(error, RuntimeError) or type(error).__module__ == "cv2"
    if isinstance(error, MemoryError) or (is_library and any(each in said for each in _SIGNS)):
        return f"the memory does not suffice: {_FIX}"
    return None
