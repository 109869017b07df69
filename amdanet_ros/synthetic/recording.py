"""A drive through street scenes, recorded by two cameras: stamped images at their own rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..registration import resize_homography
from .cameras import RgbCamera, ThermalCamera
from .scene import StreetScene
from .surfaces import CONDITIONS

_FIRST_SCENE = 10_000_000
"""First seed of recorded scenes; trainings use lower seeds."""
_SCENES_PER_SEED = 64
_LARGEST_JITTER = 0.4  # periods; keeps the stamps of a camera in order


@dataclass(frozen=True, eq=False)
class CameraEvent:
    """An image that a camera has taken.

    Attributes:
        camera: "rgb" or "thermal".
        stamp_ns: time of the image, nanoseconds.
        image: H x W x 3 uint8 (R, G, B), or h x w uint16 (hundredths of a kelvin).
        labels: exact labels of an RGB image, H x W uint8; None for a thermal image.
        condition: "day", "night", "glare" or "smoke".
    """

    camera: str
    stamp_ns: int
    image: np.ndarray
    labels: np.ndarray | None
    condition: str


@dataclass(frozen=True, eq=False)
class StreetRecording:
    """Iterates over the images of both cameras in the order of stamps, with equal bits each time.

    The cameras are not synchronised: they have different rates, and the thermal camera starts
    ``thermal_delay`` later. Each condition has one scene; all scenes have the same length. Images
    are drawn during the iteration.

    Attributes:
        seed: any integer from 0.
        duration: seconds.
        size: (height, width) of RGB images.
        thermal_size: (height, width) of thermal images.
        rgb_rate: images a second.
        thermal_rate: images a second.
        jitter: standard deviation of the stamps about an even rhythm, seconds (cut at 0.4 periods).
        conditions: of the scenes, in order.
        start_stamp_ns: stamp of the beginning.
        thermal_delay: seconds from the beginning to the first thermal image.
        thermal_to_rgb: 3 x 3 homography from thermal to RGB pixels; None: equal fields of view.
        shutter_period: seconds between the thermal camera's flat-field corrections; 0 = none.
        shutter_duration: seconds that its image is frozen in one.

    Raises:
        ValueError: an argument out of range, named.
    """

    seed: int = 0
    duration: float = 40.0
    size: tuple[int, int] = (480, 640)
    thermal_size: tuple[int, int] = (240, 320)
    rgb_rate: float = 10.0
    thermal_rate: float = 9.0
    jitter: float = 0.002
    conditions: tuple[str, ...] = CONDITIONS
    start_stamp_ns: int = 1_700_000_000_000_000_000
    thermal_delay: float = 0.017
    thermal_to_rgb: np.ndarray | None = None
    shutter_period: float = 0.0
    shutter_duration: float = 0.4

    def __post_init__(self) -> None:
        for name in ("duration", "rgb_rate", "thermal_rate"):
            value = getattr(self, name)
            if not value > 0:
                raise ValueError(f"{name} of a street recording must be above 0, not {value}")
        if self.jitter < 0 or self.thermal_delay < 0 or self.shutter_period < 0:
            raise ValueError("jitter, thermal_delay and shutter_period must be 0 or more")
        if self.seed < 0:
            raise ValueError(f"seed of a street recording must be 0 or more, not {self.seed}")
        unknown = set(self.conditions) - set(CONDITIONS)
        if unknown or not 0 < len(self.conditions) <= _SCENES_PER_SEED:
            raise ValueError(
                f"conditions must be 1 to {_SCENES_PER_SEED} of {', '.join(CONDITIONS)}, "
                f"not {self.conditions}"
            )

    @cached_property
    def _times(self) -> list[tuple[int, str]]:
        """(nanoseconds from the beginning, camera) of every image; no two are equal."""
        random = np.random.default_rng([self.seed, 5])
        events = []
        cameras = (("rgb", self.rgb_rate, 0.0), ("thermal", self.thermal_rate, self.thermal_delay))
        for camera, rate, first in cameras:
            even = np.arange(first, self.duration, 1 / rate)
            bound = _LARGEST_JITTER / rate
            times = even + np.clip(random.normal(0, 1, len(even)) * self.jitter, -bound, bound)
            times = np.clip(times, 0, np.nextafter(self.duration, 0))
            events += [(int(time * 1e9), camera) for time in times]
        events.sort()
        for i in range(1, len(events)):
            stamp, camera = events[i]
            events[i] = (max(stamp, events[i - 1][0] + 1), camera)
        return events

    def __len__(self) -> int:
        """Number of images of both cameras."""
        return len(self._times)

    def __iter__(self) -> Iterator[CameraEvent]:
        """Yield the images one after the other."""
        thermal_camera = ThermalCamera(
            self._scene_seed(0),
            self.thermal_size,
            thermal_to_rgb=self.thermal_to_rgb,
            shutter_period=self.shutter_period,
            shutter_duration=self.shutter_duration,
        )
        segment = None
        for nanoseconds, camera in self._times:
            time = nanoseconds * 1e-9
            now = self.segment_at(time)
            if now != segment:
                segment = now
                scene, thermal_scene = self._scenes(segment)
                rgb_camera = RgbCamera(self._scene_seed(segment))
            since = time - segment * self._segment_length
            stamp, condition = self.start_stamp_ns + nanoseconds, self.conditions[segment]
            if camera == "rgb":
                frame = scene.render(since)
                image = rgb_camera.capture(frame.radiance)
                yield CameraEvent(camera, stamp, image, frame.labels, condition)
            else:
                temperature = thermal_scene.render(since).temperature
                image = thermal_camera.capture(temperature, time)
                yield CameraEvent(camera, stamp, image, None, condition)

    @property
    def _segment_length(self) -> float:
        return self.duration / len(self.conditions)

    def segment_at(self, time: float) -> int:
        """Return the index of the condition at a time in seconds from the beginning."""
        return min(max(int(time / self._segment_length), 0), len(self.conditions) - 1)

    def _scene_seed(self, segment: int) -> int:
        return _FIRST_SCENE + self.seed * _SCENES_PER_SEED + segment

    def _scenes(self, segment: int) -> tuple[StreetScene, StreetScene]:
        """Return the scene at the RGB camera's size and at the size for thermal images."""
        seed, condition = self._scene_seed(segment), self.conditions[segment]
        scene = StreetScene(seed, condition, self.size, self._segment_length)
        size = self._thermal_render_size()
        if size == self.size:
            return scene, scene
        return scene, StreetScene(seed, condition, size, self._segment_length)

    def _thermal_render_size(self) -> tuple[int, int]:
        """The thermal camera's own size if both views have the same shape, else RGB's size."""
        same_shape = self.thermal_size[0] * self.size[1] == self.thermal_size[1] * self.size[0]
        return self.thermal_size if self.thermal_to_rgb is None and same_shape else self.size

    def camera_matrix(self, camera: str) -> np.ndarray:
        """From rays to pixels of "rgb" or "thermal" (K of sensor_msgs/CameraInfo), 3 x 3 float64.

        The lenses have no distortion. If ``thermal_to_rgb`` is more than a scaling and a
        shift, the thermal matrix includes the different direction of the camera.
        """
        if camera not in ("rgb", "thermal"):
            raise ValueError(f'camera must be "rgb" or "thermal", not {camera!r}')
        scene = StreetScene(self._scene_seed(0), self.conditions[0], self.size, 0.0)
        matrix = scene.camera(0.0).matrix()
        if camera == "rgb":
            return matrix
        if self.thermal_to_rgb is not None:
            matrix = np.linalg.inv(self.thermal_to_rgb) @ matrix
            return matrix / matrix[2, 2]
        return resize_homography(self.size, self.thermal_size) @ matrix
