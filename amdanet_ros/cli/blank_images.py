"""Counting images without content, as a covered lens, a cut cable or a wrong file gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..pipeline.health import ModalityHealth
    from ..training.labelled_pair import LabelledPair


def streams_of_set(root: str) -> dict[str, str]:
    """Return what the two streams of a data set are called, as ``BlankImages`` takes them."""
    return {"rgb": f"{root}, RGB", "thermal": f"{root}, thermal"}


class BlankImages:
    """Counts the pairs whose RGB or thermal image is black, white or of one value.

    Args:
        streams: the topic or path of each stream, "rgb" and "thermal".
    """

    def __init__(self, streams: Mapping[str, str]) -> None:
        self._streams = streams
        self._pairs = 0
        self._blank: dict[str, Counter[str]] = {"rgb": Counter(), "thermal": Counter()}

    def add(self, health: Mapping[str, ModalityHealth]) -> None:
        """Count a pair.

        Args:
            health: of both images by stream, "rgb" and "thermal".
        """
        self._pairs += 1
        for stream, each in health.items():
            if each.blank:
                self._blank[stream][each.blank] += 1

    def counted(
        self, pairs: Sequence[LabelledPair], indices: Iterable[int]
    ) -> Iterator[LabelledPair]:
        """Yield and count some pairs of a data set; a camera that was not there is not blank."""
        from ..pipeline.health import HealthMonitor, ModalityHealth

        for index in indices:
            pair, monitor = pairs[index], HealthMonitor()  # a new one: they are no stream
            thermal = ModalityHealth.lost("no thermal camera")
            if pair.lost != "thermal":
                thermal = monitor.check_thermal(pair.thermal)
            self.add({"rgb": monitor.check_rgb(pair.rgb), "thermal": thermal})
            yield pair

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each stream that had such images."""
        for stream, kinds in self._blank.items():
            if kinds:
                what = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
                yield (
                    f"{self._streams[stream]}: {kinds.total()} of {self._pairs} pairs have an "
                    f"image without content ({what}): check the camera, its lens and its topic or "
                    "file"
                )
