"""One camera pair in the node: its way from arrived images to published outputs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from rclpy.lifecycle import LifecycleNode

from ..findings import Finding, FindingKind, Level
from ..images.errors import BadImage
from ..inference import InferenceError, Predictor
from ..one_line import one_line
from ..pipeline.arrived_image import image_pair
from ..pipeline.fusion import Fusion
from ..pipeline.geometry import is_by_depth
from ..pipeline.image_pair import ImagePair
from ..pipeline.pipeline import FusionPipeline
from ..pipeline.registration_error import RegistrationError
from ..settings import Settings
from .age_limit import age_by_stamp, is_too_old
from .camera_input import STREAMS, check_overrides, topic_names
from .cause_log import CauseLog
from .counters import Counters, Dropped
from .diagnostics import PairReport
from .finding_text import text
from .latest_job_worker import LatestJobWorker
from .outputs import OutputPublishers
from .pair_findings import PairFindings
from .pair_subscription import ArrivedPair, PairSubscription

Job = tuple["CameraPair", ArrivedPair]


@dataclass(frozen=True, eq=False)
class Computed:
    """A pair's fusion, its images, and the seconds that the pair waited for the worker."""

    images: ImagePair
    fusion: Fusion
    waited: float


@dataclass(frozen=True, eq=False)
class NotComputed:
    """Why a pair was not computed: an image that is refused, or a finding, where there is one."""

    reason: Dropped
    refusal: BadImage | None = None
    finding: Finding | None = None


class CameraPair:
    """An RGB and a thermal camera, from configure to cleanup.

    All in the executor's thread but ``compute``, ``deliver`` and ``failed``, which the worker calls
    in its own.

    Args:
        node: owner.
        name: of the camera pair, which begins the names of its topics; "": the only one.
        settings: of this camera pair.
        predictor: shared by all camera pairs of the node.

    Attributes:
        names: of its topics.
        settings: to be replaced as a whole; ``compute`` takes them once a pair.
        counters: what became of the pairs.
        outputs: its publishers.
        pipeline: for the worker's thread.
        subscription: None unless active.
    """

    def __init__(
        self, node: LifecycleNode, name: str, settings: Settings, predictor: Predictor
    ) -> None:
        self._node = node
        self.names = topic_names(node, settings, name)
        check_overrides(node, self.names, settings.qos_reliability)
        self.settings = settings
        self.counters = Counters()
        self.outputs = OutputPublishers(node, f"{name}/".lstrip("/"))
        self.pipeline = FusionPipeline(predictor, settings.fusion)
        self.subscription: PairSubscription | None = None
        self._warn = CauseLog.of(node.get_logger(), "warning")
        self._found = PairFindings(settings.registration_check_period, self._warn)
        self._is_reset_due = threading.Event()

    @property
    def input_topics(self) -> list[str]:
        """Resolved names of the topics whose images it takes."""
        with_depth = is_by_depth(self.settings.fusion.thermal)
        return [self.names.topics[each] for each in (*STREAMS, *(["depth"] * with_depth))]

    def activate(self, worker: LatestJobWorker[Job]) -> None:
        """Subscribe, and give each pair that arrives to the worker."""
        self.counters.forget_durations()
        self._found = PairFindings(self.settings.registration_check_period, self._warn)
        self.outputs.announce(self.pipeline.predictor.classes, self.settings.fusion)
        offer = partial(self._offer, worker)
        self.subscription = PairSubscription(
            self._node, self.names, self.settings, offer, self._refuse, self._warn
        )

    def deactivate(self, is_node_going: bool = False) -> None:
        """Unsubscribe; the worker has stopped. ``is_node_going``: it destroys the rest itself."""
        self._found.close()
        if self.subscription is not None:
            if not is_node_going:
                self.subscription.destroy()
            self.subscription.stop()
        self.subscription = None

    def apply(self, settings: Settings) -> None:
        """Take over what may change at run time; pairs, from the next one on."""
        self.settings = settings
        self._found.period = settings.registration_check_period
        if self.subscription is not None:
            self.subscription.apply(settings)

    def reset(self) -> None:
        """Forget queues now, and running statistics before the next pair."""
        self.subscription.reset()
        self._is_reset_due.set()

    def report(self) -> PairReport | None:
        """Return what the diagnostics report about it; None unless active."""
        if self.subscription is None:
            return None
        now = time.monotonic_ns()
        inputs = self.subscription.inputs
        findings = [each for stream in STREAMS for each in inputs[stream].findings()]
        unheard = {each.stream for each in findings}
        findings += self._uncalibrated()
        depth = self.subscription.depth
        findings += depth.findings()
        pairing = self.subscription.synchronizer.diagnosis(now)
        findings += [each for each in pairing if each.stream is None or each.stream not in unheard]
        findings += weighed(self._found.findings(), self.outputs.is_class_table_read())
        return PairReport(
            names=self.names,
            inputs={stream: each.values() for stream, each in inputs.items()},
            pairing=self.subscription.synchronizer.statistics_at(now),
            findings=(
                *findings,
                *weighed(self._found.findings(), self.outputs.is_class_table_read()),
            ),
            health=dict(self.subscription.health.latest),
            counts=self.counters.snapshot(),
            depth=depth.values(),
            registration=self._found.values(),
        )

    def _uncalibrated(self) -> list[Finding]:
        """Return which calibrations the registration waits for."""
        fusion = self.settings.fusion
        source = fusion.thermal.registration_from
        files = {"rgb": fusion.rgb_camera_info_file, "thermal": fusion.thermal.camera_info_file}
        values = {"registration_from": source}
        return [
            Finding(FindingKind.NO_CAMERA_INFO, stream, Level.ERROR, values)
            for stream in STREAMS
            if source != "homography"
            and not files[stream]
            and self.subscription.inputs[stream].info is None
        ]

    def compute(self, arrived: ArrivedPair) -> Computed | NotComputed:
        """Compute a pair. It publishes and counts nothing: nobody may want the pair any more."""
        if self._is_reset_due.is_set():
            self._is_reset_due.clear()
            self.pipeline.reset()
        settings = self.settings
        needed = self.outputs.needed()
        if needed is None:
            return NotComputed(Dropped.NO_SUBSCRIBER)
        waited = (time.monotonic_ns() - arrived.arrival_ns) * 1e-9
        if is_too_old(arrived.stamp_ns, self._clock_ns(), waited, settings.max_age):
            return NotComputed(Dropped.TOO_OLD)
        if self.pipeline.options != settings.fusion:
            self.pipeline.options = settings.fusion
        try:
            infos = {stream: self.subscription.inputs[stream].info for stream in STREAMS}
            near = self.subscription.depth.near(arrived.stamp_ns)
            images = image_pair(
                arrived.rgb, arrived.thermal, arrived.stamp_ns, arrived.offset_ns, infos, near
            )
            self.counters.begin(self._network_pixels(images))
            return Computed(images, self.pipeline.process(images, needed), waited)
        except BadImage as bad:
            return NotComputed(Dropped.BAD_IMAGE, refusal=bad)
        except RegistrationError as error:
            is_missing = error.finding.kind == FindingKind.NO_CAMERA_INFO
            reason = Dropped.NO_CAMERA_INFO if is_missing else Dropped.FAILED
            return NotComputed(reason, finding=error.finding)
        except (InferenceError, ValueError) as error:
            return NotComputed(Dropped.FAILED, finding=_failure(str(error)))

    def deliver(self, arrived: ArrivedPair, outcome: Computed | NotComputed) -> None:
        """Publish what ``compute`` returned, or count why there is nothing to publish."""
        if isinstance(outcome, Computed):
            self.outputs.publish(outcome.fusion)
            self._count(arrived, outcome.fusion, outcome.waited)
            self._found.add(outcome.images, outcome.fusion)
            return
        if outcome.refusal is not None:
            self._refuse(outcome.refusal)
        finding = outcome.finding
        if finding is not None:
            sentence = text(finding, self.names)
            is_inference = finding.kind == FindingKind.INFERENCE_FAILED
            self._warn(f"a pair was not computed: {sentence}" if is_inference else sentence)
        failure = finding if outcome.reason == Dropped.FAILED else None
        self.counters.drop(outcome.reason, failure)

    def failed(self, error: Exception) -> None:
        """Take what the others raised: something that no pair should be able to cause."""
        if self._node.context.ok():  # else rclpy shuts down, and nothing can be published
            failure = _failure(f"{type(error).__name__}: {error}")
            self.counters.drop(Dropped.FAILED, failure)
            self._warn(f"a pair was not computed: {failure.values['cause']}")

    def destroy(self) -> None:
        """Take the outputs down."""
        self.outputs.destroy()

    def _offer(self, worker: LatestJobWorker[Job], arrived: ArrivedPair) -> None:
        self.counters.offer()
        if worker.submit((self, arrived), slot=self.names.pair) is not None:
            self.counters.drop(Dropped.REPLACED)

    def _count(self, arrived: ArrivedPair, fusion: Fusion, waited: float) -> None:
        """Count a published pair, and keep what it says for the diagnostics."""
        done = time.monotonic_ns()
        self._count_depth(fusion)
        alone = [stream for stream in STREAMS if getattr(arrived, stream) is None]
        for stream in alone:
            self.subscription.health.latest[stream] = fusion.health[stream]
        # "draw" is what the overlay adds to the network's work.
        inference = sum(fusion.timings.get(part, 0.0) for part in ("prepare", "network", "finish"))
        age = age_by_stamp(arrived.stamp_ns, self._clock_ns())
        latency = (done - arrived.arrival_ns) * 1e-9
        self.outputs.tell_latency(latency)
        durations = {
            "latency": latency,
            "age": age,
            "inference": inference,
            "overhead": latency - waited - inference,
        }
        self.counters.publish(bool(alone), durations)

    def _count_depth(self, fusion: Fusion) -> None:
        """Count whether a depth image put the pair in place; one that does not fit is refused."""
        subscription = self.subscription
        if subscription is None or fusion.geometry.projector is None:
            return
        about = [each for each in fusion.findings if each.stream == "depth"]
        subscription.depth.placed[not about] += 1
        for each in about:
            if each.kind is FindingKind.BAD_DEPTH:
                self.counters.refuse("depth", one_line(each.values["cause"], 500))
                self._warn(text(each, self.names))

    def _network_pixels(self, images: ImagePair) -> int:
        """Return how many pixels of a pair the network gets."""
        image = images.thermal if images.rgb is None else images.rgb
        height, width = self.pipeline.predictor.inference_size or image.shape[:2]
        most = self.pipeline.options.max_inference_megapixels
        return min(height * width, round(most * 1e6))

    def _refuse(self, bad: BadImage) -> None:
        words = one_line(bad, 500)
        self.counters.refuse(bad.stream, words)
        self._warn(f"image dropped: {self.names.topics[bad.stream]}: {words}")

    def _clock_ns(self) -> int:
        return self._node.get_clock().now().nanoseconds


def weighed(findings: Iterable[Finding], is_class_table_read: bool) -> list[Finding]:
    """Return findings about outputs, as warnings where they harm one who reads the class table."""
    return [
        replace(each, level=Level.WARN)
        if is_class_table_read and each.kind is FindingKind.MASK_IS_PART
        else each
        for each in findings
    ]


def _failure(cause: str) -> Finding:
    return Finding(FindingKind.INFERENCE_FAILED, None, Level.ERROR, {"cause": cause})
