"""One camera pair in the node: its way from arrived images to published outputs."""

from __future__ import annotations

import threading
import time
from functools import partial

from rclpy.lifecycle import LifecycleNode

from ..findings import Finding, FindingKind, Level
from ..images.errors import BadImage
from ..inference import InferenceError, Predictor
from ..pipeline.arrived_image import image_pair
from ..pipeline.fusion import Fusion
from ..pipeline.geometry import RegistrationError
from ..pipeline.pipeline import FusionPipeline
from ..settings import Settings
from .age_limit import age_by_stamp, is_too_old
from .camera_input import STREAMS, topic_names
from .cause_log import CauseLog
from .counters import Counters, Dropped
from .diagnostics import PairReport
from .finding_text import text
from .latest_job_worker import LatestJobWorker
from .outputs import OutputPublishers
from .pair_subscription import ArrivedPair, PairSubscription

Job = tuple["CameraPair", ArrivedPair]


class CameraPair:
    """An RGB and a thermal camera, from configure to cleanup.

    All in the executor's thread but ``compute`` and ``failed``, which the worker calls in its own.

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
        self.settings = settings
        self.counters = Counters()
        self.outputs = OutputPublishers(node, f"{name}/".lstrip("/"))
        self.pipeline = FusionPipeline(predictor, settings.fusion)
        self.subscription: PairSubscription | None = None
        self._findings: tuple[Finding, ...] = ()
        self._warn = CauseLog(node.get_logger().warning)
        self._is_reset_due = threading.Event()

    def activate(self, worker: LatestJobWorker[Job]) -> None:
        """Subscribe, and give each pair that arrives to the worker."""
        self.counters.forget_durations()
        self._findings = ()
        self.outputs.announce(self.pipeline.predictor.classes, self.settings.fusion)
        offer = partial(self._offer, worker)
        self.subscription = PairSubscription(
            self._node, self.names, self.settings, offer, self._refuse, self._warn
        )

    def deactivate(self, is_node_going: bool = False) -> None:
        """Unsubscribe; the worker has stopped. ``is_node_going``: it destroys the rest itself."""
        if self.subscription is not None:
            if not is_node_going:
                self.subscription.destroy()
            self.subscription.stop()
        self.subscription = None

    def apply(self, settings: Settings) -> None:
        """Take over what may change at run time; pairs, from the next one on."""
        self.settings = settings
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
        pairing = self.subscription.synchronizer.diagnosis(now)
        findings += [each for each in pairing if each.stream is None or each.stream not in unheard]
        return PairReport(
            names=self.names,
            inputs={stream: each.values() for stream, each in inputs.items()},
            pairing=self.subscription.synchronizer.statistics_at(now),
            findings=(*findings, *self._findings),
            health=dict(self.subscription.health.latest),
            counts=self.counters.snapshot(),
        )

    def compute(self, arrived: ArrivedPair) -> None:
        """Compute a pair and publish it, or count why not."""
        if self._is_reset_due.is_set():
            self._is_reset_due.clear()
            self.pipeline.reset()
        settings = self.settings
        needed = self.outputs.needed()
        if needed is None:
            self.counters.drop(Dropped.NO_SUBSCRIBER)
            return
        waited = (time.monotonic_ns() - arrived.arrival_ns) * 1e-9
        if is_too_old(arrived.stamp_ns, self._clock_ns(), waited, settings.max_age):
            self.counters.drop(Dropped.TOO_OLD)
            return
        if self.pipeline.options != settings.fusion:
            self.pipeline.options = settings.fusion
        try:
            infos = {stream: self.subscription.inputs[stream].info for stream in STREAMS}
            images = image_pair(
                arrived.rgb, arrived.thermal, arrived.stamp_ns, arrived.offset_ns, infos
            )
            fusion = self.pipeline.process(images, needed)
        except BadImage as bad:
            self._refuse(bad)
            self.counters.drop(Dropped.BAD_IMAGE)
        except RegistrationError as error:
            self._warn(text(error.finding, self.names))
            if error.finding.kind == FindingKind.NO_CAMERA_INFO:
                self.counters.drop(Dropped.NO_CAMERA_INFO)
            else:
                self.counters.drop(Dropped.FAILED, error.finding)
        except (InferenceError, ValueError) as error:
            self._fail(str(error))
        else:
            self.outputs.publish(fusion)
            self._count(arrived, fusion, waited)

    def failed(self, error: Exception) -> None:
        """Take what ``compute`` raised: something that no pair should be able to cause."""
        if self._node.context.ok():  # else rclpy shuts down, and nothing can be published
            self._fail(f"{type(error).__name__}: {error}")

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
        self._findings = fusion.findings
        alone = [stream for stream in STREAMS if getattr(arrived, stream) is None]
        for stream in alone:
            self.subscription.health.latest[stream] = fusion.health[stream]
        # "draw" is what the overlay adds to the network's work.
        inference = sum(fusion.timings.get(part, 0.0) for part in ("prepare", "network", "finish"))
        age = age_by_stamp(arrived.stamp_ns, self._clock_ns())
        latency = (done - arrived.arrival_ns) * 1e-9
        durations = {
            "latency": latency,
            "age": age,
            "inference": inference,
            "overhead": latency - waited - inference,
        }
        self.counters.publish(bool(alone), durations)

    def _refuse(self, bad: BadImage) -> None:
        self.counters.refuse(bad.stream, str(bad))
        self._warn(f"image dropped: {self.names.topics[bad.stream]}: {bad}")

    def _fail(self, cause: str) -> None:
        failure = Finding(FindingKind.INFERENCE_FAILED, None, Level.ERROR, {"cause": cause})
        self.counters.drop(Dropped.FAILED, failure)
        self._warn(f"a pair was not computed: {cause}")

    def _clock_ns(self) -> int:
        return self._node.get_clock().now().nanoseconds
