"""Writing images as PNG files."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np


def write_png(path: Path, image: np.ndarray, compression: int | None = None) -> None:
    """Write an image, h x w or h x w x 3 (BGR), uint8 or uint16; ``compression``: 0 to 9.

    ``cv2.imwrite`` answers False where the disk is full, and leaves a part of the file.

    Raises:
        OSError: it cannot be written; the error names the file, which is removed.
    """
    options = () if compression is None else (cv2.IMWRITE_PNG_COMPRESSION, compression)
    encoded = cv2.imencode(".png", np.ascontiguousarray(image), options)[1]
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        path.unlink(missing_ok=True)
        error.filename = error.filename or os.fspath(path)
        raise
