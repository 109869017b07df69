"""Label images as class indices, whatever kind of PNG they are: grey, palette, 1 bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .image_files import check_image_file
from .labelled_pair import DataError


def read_label_image(path: Path) -> np.ndarray:
    """Return H x W class indices, in the file's own type (bool of 1-bit files becomes uint8).

    Of an image with a palette these are its indices; OpenCV would give the palette's colours,
    hence Pillow. An image in colours whose channels are all alike is taken as grey.

    Raises:
        DataError: no readable image, or one in colours.
        ImportError: Pillow is not installed.
    """
    from PIL import Image, UnidentifiedImageError

    check_image_file(path)
    try:
        with Image.open(path) as image:
            labels = np.array(image)  # a copy: PyTorch wants to be able to write
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"{path} is not a readable image: copy or unpack it again") from error
    if labels.ndim == 3 and (labels[..., :3] == labels[..., :1]).all():
        labels = labels[..., 0]
    if labels.ndim != 2:
        raise DataError(f"{path} is a colour image: class indices are needed")
    return np.ascontiguousarray(labels, np.uint8 if labels.dtype == bool else labels.dtype)
