"""What the worker does with a pair: convert, judge, predict, publish, count."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from ..inference import InferenceError, Prediction, Predictor
from ..pipeline.camera_info import info_of_window
from ..pipeline.geometry import MissingCameraInfoError, PairGeometries, PairGeometry
from ..pipeline.health import HealthMonitor, ModalityHealth
from ..pipeline.substitution import registered_pictures, rgb_from_thermal, thermal_from_rgb
from .age_limit import age_by_stamp, is_too_old
from .counters import Counters
from .cv_bridge_fallback import cv_bridge_fallback
from .image_messages import BadImage, crop, rgb_from_message, thermal_from_message
from .legacy_settings import Settings
from .outputs import FUSED_CAMERA_INFO, OutputPublishers, needs
from .pair_subscription import PairJob
from .stamps import time_message


class PairProcessor:
    """Computes pairs, one at a time, in the worker's thread.

    Args:
        predictor: the network.
        outputs: where the results go.
        counters: what became of each pair.
        settings: as of now; parameters may change between pairs.
        clock: the node's clock in nanoseconds.
        warn: logs a warning, throttled by cause.
        topics: resolved names by stream, for warnings.
        camera_infos: last ``camera_info`` by stream, None where none has come; kept up to date by
            the owner.
        info_topics: resolved names of these, by stream, for warnings.
    """

    def __init__(
        self,
        predictor: Predictor,
        outputs: OutputPublishers,
        counters: Counters,
        settings: Callable[[], Settings],
        clock: Callable[[], int],
        warn: Callable[[str], None],
        topics: dict[str, str],
        camera_infos: Mapping[str, CameraInfo | None],
        info_topics: Mapping[str, str],
    ) -> None:
        self._predictor = predictor
        self._outputs = outputs
        self._counters = counters
        self._settings = settings
        self._clock = clock
        self._warn = warn
        self._topics = topics
        self._camera_infos = camera_infos
        self._geometries = PairGeometries(warn, info_topics)
        self._health = HealthMonitor()
        self._reset = threading.Event()
        self._rgb_size: tuple[int, int] | None = None
        self._thermal_size: tuple[int, int] | None = None
        self._rgb_frame: str | None = None

    def request_reset(self) -> None:
        """Forget running statistics before the next pair; from any thread."""
        self._reset.set()

    def __call__(self, job: PairJob) -> None:
        """Compute and publish a pair, or count why not."""
        if self._reset.is_set():
            self._reset.clear()
            self._predictor.reset()
            self._health.reset()
        settings = self._settings()
        wanted = self._outputs.wanted()
        if not wanted:
            self._counters.drop("no_subscriber")
            return
        taken = time.monotonic_ns()
        waited = (taken - job.arrival_ns) * 1e-9
        if is_too_old(job.stamp_ns, self._clock(), waited, settings.max_age):
            self._counters.drop("too_old")
            return
        try:
            rgb, thermal = self._pictures(job, settings)
            health = self._judge(job, rgb, thermal)
            geometry = self._geometry(settings, thermal is not None)
            started = time.monotonic_ns()
            needed = needs(wanted, settings.confidence_threshold)
            prediction = self._predict(rgb, thermal, needed, settings, geometry) if needed else None
            inference = (time.monotonic_ns() - started) * 1e-9
            if prediction is not None:
                inference -= prediction.timings["draw"]  # what the node adds to the network's work
        except _RefusedError:
            self._counters.drop("bad_image")
            return
        except MissingCameraInfoError as error:
            self._counters.drop("no_camera_info")
            self._warn(str(error))
            return
        except (InferenceError, ValueError) as error:
            self._counters.fail(str(error))
            self._warn(f"a pair was not computed: {error}")
            return
        self._outputs.publish(
            wanted,
            self._header(job),
            prediction,
            settings,
            job.offset_ns,
            health,
            self._camera_info(geometry) if FUSED_CAMERA_INFO in wanted else None,
        )
        done = time.monotonic_ns()
        age = age_by_stamp(job.stamp_ns, self._clock())
        single = job.rgb is None or job.thermal is None
        self._counters.publish((done - job.arrival_ns) * 1e-9, waited, inference, age, single)

    def failed(self, error: Exception) -> None:
        """Take what the worker caught: something that no pair should be able to cause."""
        words = f"{type(error).__name__}: {error}"
        self._counters.fail(words)
        self._warn(f"a pair was not computed, the next one is tried: {words}")

    def _pictures(
        self, job: PairJob, settings: Settings
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        rgb = thermal = None
        if job.rgb is not None:
            with self._refusing("rgb"):
                rgb = rgb_from_message(job.rgb, cv_bridge_fallback())
            self._rgb_size = rgb.shape[:2]
            self._rgb_frame = job.rgb.header.frame_id
        if job.thermal is not None:
            with self._refusing("thermal"):
                whole = thermal_from_message(job.thermal)
                thermal = crop(whole, settings.thermal.crop)
            self._thermal_size = whole.shape
        return rgb, thermal

    def _geometry(self, settings: Settings, is_thermal_seen: bool) -> PairGeometry:
        if self._rgb_size is None or self._thermal_size is None:
            return PairGeometry()  # one camera has never been seen: the other one's own pixels
        if not is_thermal_seen and not settings.crop_to_common_view:
            return PairGeometry()  # needs no registration, which may lack a camera_info
        return self._geometries.of(settings, self._rgb_size, self._thermal_size, self._camera_infos)

    def _camera_info(self, geometry: PairGeometry) -> CameraInfo | None:
        info = self._camera_infos["rgb"]
        if info is None or geometry.window is None:
            return info
        return info_of_window(info, geometry.window, self._rgb_size)

    def _judge(
        self, job: PairJob, rgb: np.ndarray | None, thermal: np.ndarray | None
    ) -> dict[str, ModalityHealth]:
        rgb_health, thermal_health = job.rgb_health, job.thermal_health
        if rgb is None:
            rgb_health = ModalityHealth.lost("no RGB picture came: the thermal one stands in")
        elif rgb_health is None:
            rgb_health = self._health.check_rgb(rgb, job.stamp_ns)
        if thermal is None:
            thermal_health = ModalityHealth.lost("no thermal picture came: the RGB one stands in")
        elif thermal_health is None:
            thermal_health = self._health.check_thermal(thermal, job.thermal_stamp_ns)
        health = {"rgb": rgb_health, "thermal": thermal_health}
        for stream, picture in (("rgb", rgb), ("thermal", thermal)):
            if picture is None:  # else told when the picture came, and perhaps out of date by now
                self._counters.see(stream, health[stream])
        return health

    def _predict(
        self,
        rgb: np.ndarray | None,
        thermal: np.ndarray | None,
        needed: frozenset[str],
        settings: Settings,
        geometry: PairGeometry,
    ) -> Prediction:
        predictor = self._predictor
        predictor.fused_stretch = settings.fused_stretch
        predictor.overlay_alpha = settings.overlay_alpha
        predictor.confidence_threshold = settings.confidence_threshold
        predictor.homography = geometry.homography
        if rgb is not None:
            rgb = geometry.cut(rgb)
        if rgb is not None and thermal is not None:
            return predictor(rgb, thermal, needed)
        if rgb is None:
            size = geometry.size(self._rgb_size or thermal.shape)
            rgb = rgb_from_thermal(thermal, predictor.thermal, size, predictor.homography)
        with registered_pictures(predictor):
            return predictor(rgb, thermal_from_rgb(rgb), needed)

    def _header(self, job: PairJob) -> Header:
        if job.rgb is not None:
            return job.rgb.header
        # The result lies in RGB pixels once their size is known, else in the thermal's.
        frame = job.thermal.header.frame_id if self._rgb_frame is None else self._rgb_frame
        return Header(stamp=time_message(job.stamp_ns), frame_id=frame)

    @contextlib.contextmanager
    def _refusing(self, stream: str):
        try:
            yield
        except BadImage as bad:
            words = f"{self._topics[stream]}: {bad}"
            self._counters.refuse(stream, words)
            self._warn(words)
            raise _RefusedError from bad


class _RefusedError(Exception):
    """A picture of the pair did not decode; counted and told already."""
