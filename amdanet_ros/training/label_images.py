"""Label images as class indices, whatever kind of PNG they are: grey, palette, 1 to 16 bits."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np

from .image_files import image_bytes
from .labelled_pair import DataError

_GREY_STEPS = {2: 85, 4: 17}
"""What Pillow multiplies the values of grey PNG files of 2 and 4 bits by, to fill 0 to 255."""


def read_label_image(path: Path) -> np.ndarray:
    """Return H x W class indices, in the file's own type (of fewer bits than 8: uint8).

    These are the file's numbers, not what a viewer shows: of an image with a palette its indices
    (OpenCV would give the palette's colours, hence Pillow), of a 1-bit image 0 and 1, of a 2- or
    4-bit one 0 to 3 or 15. A transparency is left out. An image in colours whose channels are all
    alike is taken as grey.

    Raises:
        DataError: no readable image, a JPEG, too large, or one in colours.
        ImportError: Pillow is not installed.
    """
    from PIL import Image

    data = image_bytes(path)
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format in ("JPEG", "MPO", "JPEG2000", "WEBP"):
                raise DataError(
                    f"{path} is a {image.format} image, whose compression changes class indices: "
                    "write labels as PNG"
                )
            labels = np.array(image)  # a copy: PyTorch wants to be able to write
            has_alpha = "A" in image.getbands()
    except DataError:
        raise
    except (
        OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError
    ) as error:  # fmt: skip
        raise DataError(f"{path} is not a readable image: copy or unpack it again") from error
    if labels.ndim == 3 and has_alpha:
        labels = labels[..., :-1]
    if labels.ndim == 3 and (labels == labels[..., :1]).all():
        labels = labels[..., 0]
    if labels.ndim != 2:
        raise DataError(f"{path} is a colour image: class indices are needed")
    if labels.dtype == bool:
        labels = labels.astype(np.uint8)
    return np.ascontiguousarray(labels // _GREY_STEPS.get(_grey_bits(data[:26]), 1))


def _grey_bits(head: bytes) -> int:
    """Return the bits of a grey PNG's pixels (PNG specification, 11.2.2); 0: it is none."""
    is_grey_png = head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and head[25:] == b"\0"
    return head[24] if is_grey_png else 0
