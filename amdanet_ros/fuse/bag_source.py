"""Pairs of a bag, as the node makes them of the same messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from ..bags.errors import DamagedMessage
from ..bags.pairs import Arrival, RecordedPair, pairs_of
from ..bags.reader import BagReader
from ..bags.topics import CameraTopics
from ..findings import Finding
from ..images.errors import BadImage
from ..pairing import PairSynchronizer
from ..pairing.options import SyncOptions
from ..pipeline.arrived_image import ArrivedImage, image_pair
from ..pipeline.depth_images import DepthImage, DepthImages
from ..pipeline.health import HealthMonitor
from ..pipeline.image_pair import ImagePair
from ..pipeline.options import FusionOptions
from .recording import Recorded, Recording
from .source import SourcePair, StreamSpan


@dataclass
class BagSource:
    """The pairs of a bag.

    Attributes:
        path: of the bag.
        topics: of the cameras.
        sync: how images are paired.
        fusion: gives the thermal crop, and whether one camera may go on alone.
        depth: topic of the depth images; None: none are wanted, or there are none.
        findings: about the pairing, once all pairs have been yielded.
        remarks: sentences about what is missing of the bag, at that time too.
        spans: of each stream's images, once all pairs have been yielded.
        unpaired: of each stream: images without a partner, by why, at that time too.
    """

    path: Path
    topics: CameraTopics
    sync: SyncOptions = SyncOptions()
    fusion: FusionOptions = FusionOptions()
    depth: str | None = None
    findings: Sequence[Finding] = ()
    remarks: Sequence[str] = ()
    spans: Mapping[str, StreamSpan] = field(default_factory=dict)
    unpaired: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def streams(self) -> dict[str, str]:
        """The topic of each stream."""
        return {"rgb": self.topics.rgb, "thermal": self.topics.thermal}

    @property
    def description(self) -> str:
        """Topics and bag."""
        return f"{self.topics.rgb} and {self.topics.thermal} of {self.path}"

    @property
    def files(self) -> tuple[Path, ...]:
        """All files of the bag."""
        return tuple(sorted(self.path.iterdir())) if self.path.is_dir() else (self.path,)

    def open(self) -> Recording:
        """Return a reader of the recording; raises BagError."""
        return BagReader(self.path)

    @property
    def rate(self) -> float:
        """Unknown: 0."""
        return 0.0

    @property
    def most(self) -> int:
        """Number of RGB images: each is in one pair at most."""
        with self.open() as bag:
            return bag.topics[self.topics.rgb].count

    def __iter__(self) -> Iterator[SourcePair]:
        """Yield the pairs in order, and each image that is refused before it can be paired.

        Raises:
            BagError: the bag cannot be read.
        """
        numbers = count()
        substitute = self.fusion.single_modality == "substitute"
        synchronizer = PairSynchronizer(self.sync, keep_unmatched=substitute)
        with self.open() as bag:
            cameras = _Cameras(bag, self.topics, self.fusion, self.depth)
            for pair in pairs_of(cameras, synchronizer):
                yield from cameras.refused(numbers)
                depth = cameras.depths.near(pair.stamp_ns)
                yield _source_pair(f"{next(numbers):06d}", pair, dict(cameras.infos), depth)
            yield from cameras.refused(numbers)
            self.findings = synchronizer.diagnosis(bag.start_ns + bag.duration_ns)
            self.spans = cameras.spans
            counts = synchronizer.statistics
            self.unpaired = {
                stream: {reason.description: n for reason, n in each.unmatched.items() if n}
                for stream, each in (("rgb", counts.rgb), ("thermal", counts.thermal))
            }
            self.remarks = (*bag.report.sentences(), *cameras.left_out())


class _Image(NamedTuple):
    """An image of the bag: its message there, and as it would arrive at the node."""

    recorded: Recorded
    arrived: ArrivedImage


class _Cameras:
    """The images of a bag in the order of their recording, checked and judged as in the node.

    Attributes:
        infos: the last ``camera_info`` of each stream; before it comes, the first one of the bag.
        depths: the last depth images.
    """

    def __init__(
        self, bag: Recording, topics: CameraTopics, fusion: FusionOptions, depth: str | None
    ) -> None:
        self._bag = bag
        self._depth_topic = depth
        self.depths = DepthImages(fusion.depth.max_age, fusion.reading)
        self._bad_depths: Counter[str] = Counter()
        self._streams = {topics.rgb: "rgb", topics.thermal: "thermal"}
        self._info_streams = {topics.rgb_info: "rgb", topics.thermal_info: "thermal"}
        self._info_streams.pop(None, None)
        self._margins = fusion.thermal.crop
        self._reading = fusion.reading
        self._monitor = HealthMonitor()
        self._refused: list[tuple[Recorded, BadImage]] = []
        self._damaged: Counter[str] = Counter()
        self.infos: dict[str, Any] = {"rgb": None, "thermal": None}
        self.spans = {"rgb": StreamSpan(), "thermal": StreamSpan()}
        for topic, stream in self._info_streams.items():
            readable = (self._info(each) for each in bag.messages((topic,)))
            self.infos[stream] = next(filter(None, readable), None)
        self._damaged.clear()

    def __iter__(self) -> Iterator[Arrival]:
        wanted = {*self._streams, *self._info_streams, *filter(None, (self._depth_topic,))}
        for recorded in self._bag.messages(sorted(wanted)):
            if recorded.topic == self._depth_topic:
                self._keep_depth(recorded)
                continue
            if recorded.topic in self._info_streams:
                stream = self._info_streams[recorded.topic]
                self.infos[stream] = self._info(recorded) or self.infos[stream]
                continue
            stream = self._streams[recorded.topic]
            try:
                image = ArrivedImage(stream, _image_message(stream, recorded), self._reading)
            except BadImage as bad:
                self._refused.append((recorded, bad))
                continue
            self.spans[stream] = self.spans[stream].joined(image.stamp_ns, recorded.stamp_ns)
            # What cannot be judged, the pipeline refuses as a pair.
            with suppress(BadImage):
                sample = image.sample()
                if sample is not None:
                    image.health = image.judge(sample, self._monitor, self._margins)
            item = _Image(recorded, image)
            yield Arrival(stream, image.stamp_ns, recorded.stamp_ns, item)

    def _info(self, recorded: Recorded) -> Any:
        """Return a ``camera_info``; None: it is damaged."""
        try:
            return recorded.deserialize()
        except DamagedMessage:
            self._damaged[recorded.topic] += 1
            return None

    def _keep_depth(self, recorded: Recorded) -> None:
        try:
            self.depths.add(_image_message("depth", recorded))
        except BadImage as bad:
            self._bad_depths[str(bad)] += 1

    def left_out(self) -> list[str]:
        """Return a sentence for each topic, and cause, of which messages were left out."""
        damaged = [
            f"{count} messages of {topic} are left out: their bytes are damaged"
            for topic, count in self._damaged.items()
        ]
        return damaged + [
            f"{count} depth images of {self._depth_topic} are left out: {why}"
            for why, count in self._bad_depths.items()
        ]

    def refused(self, numbers: Iterator[int]) -> Iterator[SourcePair]:
        """Yield the images that were refused since the last call, each as a pair of its own."""
        for recorded, bad in self._refused:
            places = {bad.stream: _place(recorded)}
            read = partial(_raise, bad)
            yield SourcePair(f"{next(numbers):06d}", recorded.stamp_ns, places, read)
        self._refused.clear()


def _source_pair(
    name: str, pair: RecordedPair, infos: dict[str, Any], depth: DepthImage | None
) -> SourcePair:
    images = [image for image in (pair.rgb, pair.thermal) if image is not None]
    places = {image.arrived.stream: _place(image.recorded) for image in images}
    arrived = (each and each.arrived for each in (pair.rgb, pair.thermal))
    read = partial(image_pair, *arrived, pair.stamp_ns, pair.offset_ns, infos, depth)
    return SourcePair(name, images[0].recorded.stamp_ns, places, read)


def _image_message(stream: str, recorded: Recorded) -> Any:
    try:
        return recorded.deserialize()
    except DamagedMessage as damaged:
        raise BadImage("its bytes in the bag are damaged", "record it again", stream) from damaged


def _raise(error: BadImage) -> ImagePair:
    raise error


def _place(recorded: Recorded) -> str:
    try:
        stamp = recorded.header_stamp_ns
    except DamagedMessage:
        stamp = recorded.stamp_ns
    seconds, rest = divmod(stamp, 1_000_000_000)
    return f"{recorded.topic} at {seconds}.{rest:09d}"
