"""Looks through a recording for pairs that can be taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..fuse.source import Source, SourcePair
from ..images.errors import BadImage
from ..pipeline.geometry import GeometryCache
from ..pipeline.health import HealthStatus, ModalityHealth
from ..pipeline.image_pair import ImagePair
from ..pipeline.options import FusionOptions
from ..pipeline.registration_error import RegistrationError
from .descriptor import appearance
from .registered_pair import health_of, registered


class Look(NamedTuple):
    """What was found of a pair.

    Attributes:
        pair: of the source.
        appearance: see `descriptor.appearance`; None: the pair is not to be taken.
        error: why, where it cannot be read or registered.
        unhealthy: the stream of an image that is not as it should be, and its health.
    """

    pair: SourcePair
    appearance: np.ndarray | None = None
    error: BadImage | RegistrationError | None = None
    unhealthy: tuple[str, ModalityHealth] | None = None


def look_through(
    source: Source, options: FusionOptions, every_s: float, dark_too: bool
) -> Iterator[Look]:
    """Look at pairs of a source: the first, and each `every_s` seconds after the last good one.

    Args:
        source: a recording.
        options: how its images are registered.
        every_s: seconds; 0 looks at each pair.
        dark_too: whether degraded RGB images (dark, too bright, without contrast) are taken; those
            of a frozen or lost camera, and of a degraded thermal camera, are not.
    """
    geometries, last = GeometryCache(), None
    for pair in source:
        if last is not None and 0 <= pair.recorded_ns - last < every_s * 1e9:
            continue
        try:
            images = pair.read()
            if images.rgb is None or images.thermal is None:
                stream = "rgb" if images.rgb is None else "thermal"
                yield Look(pair, unhealthy=(stream, ModalityHealth.lost("no image came")))
                continue
            worst = _unhealthy(images, options, dark_too)
            if worst:
                yield Look(pair, unhealthy=worst)
                continue
            both = registered(images, options, geometries)
        except (BadImage, RegistrationError) as error:
            yield Look(pair, error=error)
            continue
        last = pair.recorded_ns
        yield Look(pair, appearance(both.rgb, both.thermal))


def _unhealthy(
    images: ImagePair, options: FusionOptions, dark_too: bool
) -> tuple[str, ModalityHealth] | None:
    for stream, health in health_of(images, options).items():
        allowed = HealthStatus.DEGRADED if dark_too and stream == "rgb" else HealthStatus.OK
        if health.status > allowed:
            return stream, health
    return None
