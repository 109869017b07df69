"""Some pairs of many, read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .errors import CommandError
from .said import bars_hidden, say

if TYPE_CHECKING:
    from ..fuse.source import Source, SourcePair
    from ..pipeline.image_pair import ImagePair
    from .left_out import LeftOut


def spread(count: int, most: int) -> set[int]:
    """Return at most `most` indices spread evenly over `count`."""
    if count <= most:
        return set(range(count))
    return {round(i * (count - 1) / (most - 1)) for i in range(most)} if most > 1 else {count // 2}


def spread_pairs(
    source: Source, most: int, left_out: LeftOut
) -> Iterator[tuple[SourcePair, ImagePair]]:
    """Yield pairs spread over a source, and their images; what cannot be read is said."""
    from tqdm import tqdm

    from ..images.errors import BadImage

    wanted = spread(source.most, most)
    with tqdm(total=len(wanted), unit="pair", disable=bars_hidden(), leave=False) as progress:
        for index, pair in enumerate(source):
            if index not in wanted:
                continue
            progress.update()
            try:
                images = pair.read()
            except BadImage as error:
                say(left_out.add(pair, error))
            else:
                yield pair, images


def nothing_read(source: Source, left_out: LeftOut, slop: float) -> CommandError:
    """Return the error of a source without a pair that can be used; ``slop``: seconds."""
    from .no_pairs import why_no_pairs

    why = "why is said above" if left_out.count else why_no_pairs(source, slop)
    return CommandError(f"no pair of images can be used: {why}")
