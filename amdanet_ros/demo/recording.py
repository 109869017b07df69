"""The demo's recording: a bag of both cameras, and a folder of exact labels."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..bags.message_types import RosbagsTypes
from ..bags.writer import BagWriter, quality
from ..images.png_output import write_png
from ..messages.image import image_message
from ..messages.stamps import header_message
from ..output_place import OutputPlaceError
from ..synthetic.recording import CameraEvent, StreetRecording

RGB_TOPIC = "/rgb/image_raw"
THERMAL_TOPIC = "/thermal/image_raw"
CAMERA_INFO_TOPIC = "/rgb/camera_info"

FRAMES = {"rgb": "rgb_optical_frame", "thermal": "thermal_optical_frame"}
"""Frames of the images, as in config/cameras/ and config/amdanet.rviz."""

_MARK = "settings.json"
_UNFINISHED = "the demo's recording is not finished"
_SETTINGS = {"seed", "duration", "thermal_delay"}
_BESIDE = ("output_bag", "logs", "summary.json", "summary.md", "contact_sheet.png", "report.html")


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


def check_replaceable(folder: Path) -> None:
    """Check that a folder is empty, missing or a recording of ``make_recording``.

    Raises:
        OutputPlaceError: it holds something else.
    """
    if not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        written = (folder / _MARK).read_text()
        if written == _UNFINISHED or json.loads(written).keys() >= _SETTINGS:
            return
    except (OSError, ValueError, AttributeError, RecursionError):
        pass
    raise OutputPlaceError(f"{folder} is not a recording of the demo: give another folder")


def check_demo_folder(folder: Path) -> None:
    """Check that ``amdanet demo`` may write in a folder: what it replaces there is its own.

    Raises:
        OutputPlaceError: something of another has the name of a part of the demo's output.
    """
    recording = folder / "recording"
    check_replaceable(recording)
    taken = [name for name in _BESIDE if os.path.lexists(folder / name)]
    if taken and not (recording / _MARK).is_file():
        raise OutputPlaceError(
            f"{folder / taken[0]} was not written by amdanet demo and is not replaced: give "
            "another --output"
        )


def make_recording(
    folder: Path,
    street: StreetRecording,
    progress: Callable[[Iterable[CameraEvent], int], Iterable[CameraEvent]] | None = None,
) -> DemoRecording:
    """Record a drive in ``bag/`` and ``labels/`` of a folder, unless the same one is there already.

    ``progress`` is called with the events and their number; it returns an iterable of the same.

    Raises:
        OutputPlaceError: the folder holds something else.
    """
    recording = DemoRecording(folder / "bag", folder / "labels")
    mark = folder / _MARK
    wanted = json.dumps({**asdict(street), "frames": FRAMES}, indent=2)
    if mark.exists() and mark.read_text() == wanted:
        return recording
    check_replaceable(folder)
    shutil.rmtree(folder, ignore_errors=True)
    recording.labels.mkdir(parents=True)
    # A recording that is interrupted is this function's own all the same.
    mark.write_text(_UNFINISHED)
    events = progress(street, len(street)) if progress else street
    types, matrix = RosbagsTypes(), street.camera_matrix("rgb")
    with BagWriter(recording.bag, "mcap") as bag:
        for topic, kind in (
            (RGB_TOPIC, "sensor_msgs/msg/Image"),
            (CAMERA_INFO_TOPIC, "sensor_msgs/msg/CameraInfo"),
            (THERMAL_TOPIC, "sensor_msgs/msg/Image"),
        ):
            bag.add_topic(topic, kind, [quality(reliable=True)])
        for event in events:
            rgb = event.camera == "rgb"
            header = header_message(types, event.stamp_ns, FRAMES[event.camera])
            image = image_message(types, event.image, "rgb8" if rgb else "mono16", header)
            bag.write_message(RGB_TOPIC if rgb else THERMAL_TOPIC, event.stamp_ns, image)
            if rgb:
                info = _camera_info(types, image, matrix)
                bag.write_message(CAMERA_INFO_TOPIC, event.stamp_ns, info)
                name = f"{event.stamp_ns}_{event.condition}.png"
                write_png(recording.labels / name, event.labels)
    mark.write_text(wanted)
    return recording


def _camera_info(types: RosbagsTypes, image: Any, matrix: np.ndarray) -> Any:
    """Return the RGB camera's calibration, without distortion, with the image's header."""
    nothing = dict.fromkeys(("x_offset", "y_offset", "height", "width"), 0)
    return types.make(
        "sensor_msgs/msg/CameraInfo",
        header=image.header,
        height=image.height,
        width=image.width,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=matrix,
        r=np.eye(3),
        p=np.insert(matrix, 3, 0.0, axis=1),
        binning_x=0,
        binning_y=0,
        roi=types.make("sensor_msgs/msg/RegionOfInterest", **nothing, do_rectify=False),
    )
