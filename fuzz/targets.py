"""All targets by name."""

from __future__ import annotations

from . import (
    bags,
    camera_info,
    checkpoints,
    compressed_images,
    image_messages,
    pairs,
    params_files,
    training_files,
)

TARGETS = {
    module.TARGET.name: module.TARGET
    for module in (
        image_messages,
        compressed_images,
        camera_info,
        pairs,
        bags,
        checkpoints,
        params_files,
        training_files,
    )
}
