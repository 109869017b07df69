"""The demo's recording: a bag of both cameras, and a folder of exact labels."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from ..bags.message_types import typestore
from ..bags.writer import BagWriter, quality
from ..synthetic.recording import CameraEvent, StreetRecording

RGB_TOPIC = "/rgb/image_raw"
THERMAL_TOPIC = "/thermal/image_raw"
CAMERA_INFO_TOPIC = "/rgb/camera_info"


@dataclass(frozen=True)
class DemoSettings:
    """Settings of the recording.

    Attributes:
        seed: seed of the scenes.
        duration: seconds.
        size, thermal_size: (height, width) of the images.
        rgb_rate, thermal_rate: images a second.
        conditions: of the scenes, in order.
    """

    seed: int = 0
    duration: float = 40.0
    size: tuple[int, int] = (480, 640)
    thermal_size: tuple[int, int] = (240, 320)
    rgb_rate: float = 10.0
    thermal_rate: float = 9.0
    conditions: tuple[str, ...] = ("day", "night", "glare", "smoke")


@dataclass(frozen=True)
class DemoRecording:
    """A recording on disk.

    Attributes:
        bag: the bag's folder.
        labels: folder of the exact labels, ``STAMP_CONDITION.png``, 8-bit class index.
    """

    bag: Path
    labels: Path

    def truth(self) -> dict[int, tuple[Path, str]]:
        """Return the label file and the condition of each RGB stamp in nanoseconds."""
        found = {}
        for path in sorted(self.labels.glob("*.png")):
            stamp, condition = path.stem.split("_", 1)
            found[int(stamp)] = (path, condition)
        return found


def make_recording(
    folder: Path,
    settings: DemoSettings,
    progress: Callable[[Iterable[CameraEvent], int], Iterable[CameraEvent]] | None = None,
) -> DemoRecording:
    """Make the recording in a folder, unless it is there already with the same settings.

    Args:
        folder: gets ``bag/`` and ``labels/``.
        settings: of the recording.
        progress: called with the events and their number; returns an iterable of the same events.
    """
    recording = DemoRecording(folder / "bag", folder / "labels")
    mark = folder / "settings.json"
    wanted = json.dumps(asdict(settings), indent=2)
    if mark.exists() and mark.read_text() == wanted:
        return recording
    shutil.rmtree(folder, ignore_errors=True)
    recording.labels.mkdir(parents=True)
    street = StreetRecording(
        seed=settings.seed,
        duration=settings.duration,
        size=settings.size,
        thermal_size=settings.thermal_size,
        rgb_rate=settings.rgb_rate,
        thermal_rate=settings.thermal_rate,
        conditions=settings.conditions,
    )
    events = progress(street, len(street)) if progress else street
    messages = _Messages(street.camera_matrix("rgb"))
    with BagWriter(recording.bag, "mcap") as bag:
        for topic, kind in (
            (RGB_TOPIC, "sensor_msgs/msg/Image"),
            (CAMERA_INFO_TOPIC, "sensor_msgs/msg/CameraInfo"),
            (THERMAL_TOPIC, "sensor_msgs/msg/Image"),
        ):
            bag.add_topic(topic, kind, [quality(reliable=True)])
        for event in events:
            if event.camera == "rgb":
                image = messages.image(event, "rgb8", "rgb_camera_optical_frame")
                bag.write_message(RGB_TOPIC, event.stamp_ns, image)
                bag.write_message(CAMERA_INFO_TOPIC, event.stamp_ns, messages.camera_info(image))
                name = f"{event.stamp_ns}_{event.condition}.png"
                cv2.imwrite(str(recording.labels / name), event.labels)
            else:
                image = messages.image(event, "mono16", "thermal_camera_optical_frame")
                bag.write_message(THERMAL_TOPIC, event.stamp_ns, image)
    mark.write_text(wanted)
    return recording


class _Messages:
    """Makes messages from camera events."""

    def __init__(self, camera_matrix: np.ndarray) -> None:
        self._types = typestore().types
        self._matrix = camera_matrix

    def image(self, event: CameraEvent, encoding: str, frame_id: str):
        """Return the image as sensor_msgs/Image."""
        seconds, rest = divmod(event.stamp_ns, 1_000_000_000)
        stamp = self._types["builtin_interfaces/msg/Time"](seconds, rest)
        header = self._types["std_msgs/msg/Header"](stamp, frame_id)
        height, width = event.image.shape[:2]
        data = np.ascontiguousarray(event.image).reshape(-1).view(np.uint8)
        image = self._types["sensor_msgs/msg/Image"]
        return image(header, height, width, encoding, 0, data.size // height, data)

    def camera_info(self, image):
        """Return the RGB camera's calibration, without distortion, with the image's header."""
        region = self._types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        return self._types["sensor_msgs/msg/CameraInfo"](
            header=image.header,
            height=image.height,
            width=image.width,
            distortion_model="plumb_bob",
            d=np.zeros(5),
            k=self._matrix.reshape(-1),
            r=np.eye(3).reshape(-1),
            p=np.insert(self._matrix, 3, 0.0, axis=1).reshape(-1),
            binning_x=0,
            binning_y=0,
            roi=region,
        )
