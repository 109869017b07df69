"""Fusing a bag or folders of images without a ROS graph, in two passes.

Results are kept as they come, then the output is written from them in order. Interrupted at any
moment, the same job goes on from its journal, with the same result: the pipeline's running
statistics are brought up from the pairs that are done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from ..images.errors import BadImage
from ..pipeline.fusion import ALL, Fusion
from ..pipeline.pair_geometry import EQUAL_VIEWS
from ..pipeline.pipeline import FusionPipeline
from ..pipeline.registration_error import RegistrationError
from .journal import FuseJournal
from .output import FuseOutput
from .source import Source, SourcePair

_NOTHING: frozenset[str] = frozenset()


class Step(NamedTuple):
    """What became of a pair.

    Attributes:
        pair: of the source.
        fusion: without its images and statistics: the journal has them; None where it failed.
        error: why the pair is left out, or None.
    """

    pair: SourcePair
    fusion: Fusion | None
    error: BadImage | RegistrationError | None


def compute(source: Source, pipeline: FusionPipeline, journal: FuseJournal) -> Iterator[Step]:
    """Compute each pair that the journal does not hold yet.

    Raises:
        InferenceError: the network failed.
    """
    for pair in source:
        try:
            images = pair.read()
            if pair.name in journal:
                fusion = pipeline.process(images, _NOTHING)
            else:
                fusion = pipeline.process(images)
                journal.put(pair.name, fusion)
        except (BadImage, RegistrationError) as error:
            yield Step(pair, None, error)
        else:
            yield Step(pair, _without_arrays(fusion), None)


def write(
    source: Source, fusions: Mapping[str, Fusion], journal: FuseJournal, output: FuseOutput
) -> None:
    """Write the output.

    Args:
        source: the same as before.
        fusions: by name of the pair, of its steps.
        journal: holds their images.
        output: gets all in order.

    Raises:
        OSError: the disk is full, or cannot be written for another reason.
    """
    for pair in source:
        if pair.name in fusions:
            output.put(pair, journal.get(pair.name, fusions[pair.name]))
    output.close()


def _without_arrays(fusion: Fusion) -> Fusion:
    # The geometry may hold a depth image.
    return replace(fusion, geometry=EQUAL_VIEWS, **dict.fromkeys(ALL))
