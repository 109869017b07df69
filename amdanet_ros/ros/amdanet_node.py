"""The node ``amdanet``: RGB and thermal images in, fused images and segmentation out."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Sequence
from functools import partial

import rclpy
import torch
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType, JumpThreshold
from rclpy.duration import Duration
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import uninstall_signal_handlers
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo
from std_srvs.srv import Trigger

from ..inference import InferenceError, Predictor
from ..inference.freed_memory import keep_freed_memory
from ..network.checkpoint import CheckpointError
from .cause_log import CauseLog
from .counters import Counters
from .cv_bridge_fallback import cv_bridge_fallback
from .diagnostics import InputReport, NodeReport
from .diagnostics_reporter import Before, DiagnosticsReporter, memory_values
from .finding_text import TopicNames
from .image_messages import BadImage, check_rgb_message, check_thermal_message
from .latest_job_worker import LatestJobWorker
from .legacy_settings import Settings, read_settings
from .outputs import OutputPublishers
from .pair_processor import PairProcessor
from .pair_subscription import PairJob, PairSubscription
from .parameters import declare, read_values, refusal
from .qos import LAST_ONE_QOS
from .shutdown import ignore_signals, until_shutdown

_GRAPH_PERIOD_S = 1.0
_CLOCK_JUMP_S = 0.5
"""A recording that starts anew sets the clock back by more; late /clock messages by less."""


class AmdanetNode(LifecycleNode):
    """Managed node; with ``autostart`` it takes itself to active once it is spun.

    Everything but the network runs in the executor's thread and takes microseconds: images are
    paired there and handed to a worker, which computes the newest pair and publishes.

    Args:
        node_name: may be remapped as usual.
        kwargs: of ``rclpy.lifecycle.LifecycleNode``.
    """

    def __init__(self, node_name: str = "amdanet", **kwargs) -> None:
        super().__init__(node_name, **kwargs)
        self._settings: Settings | None = None
        self._predictor: Predictor | None = None
        self._outputs: OutputPublishers | None = None
        self._pairs: PairSubscription | None = None
        self._processor: PairProcessor | None = None
        self._worker: LatestJobWorker[PairJob] | None = None
        self._camera_info: list[Subscription] = []
        self._camera_infos: dict[str, CameraInfo | None] = {"rgb": None, "thermal": None}
        self._failure: str | None = None
        self._counters = Counters()
        self._warn = CauseLog(self.get_logger().warning)
        declare(self)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self._reporter = DiagnosticsReporter(self, self._report)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_GRAPH_PERIOD_S, self._on_graph_time, clock=steady)
        backward = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-_CLOCK_JUMP_S))
        self._jump = self.get_clock().create_jump_callback(
            backward, post_callback=lambda _: self._forget("the clock jumped")
        )
        self._autostart = None
        if self.get_parameter("autostart").value is True:
            self._autostart = self.create_timer(0.0, self._start_by_itself, clock=steady)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the network and announce the outputs."""
        try:
            settings = read_settings(self)
            thermal = settings.thermal
            predictor = Predictor.from_checkpoint(
                settings.checkpoint,
                settings.device,
                settings.precision,
                settings.inference_size,
                thermal.normalizer(),
                fused_stretch=settings.fused_stretch,
            )
            if predictor.device.type == "cuda":
                predictor.warm_up()
        except (CheckpointError, InferenceError, ValueError, OSError) as error:
            return self._configure_failed(str(error))
        except Exception as error:  # a broken driver or installation must not take the node down
            return self._configure_failed(f"{type(error).__name__}: {error}")
        self._settings, self._predictor, self._failure = settings, predictor, None
        self._outputs = OutputPublishers(self, predictor.classes)
        topics = [
            self.resolve_topic_name(f"{stream}/image_raw" + "/compressed" * compressed)
            for stream, compressed in (
                ("rgb", settings.rgb_transport == "compressed"),
                ("thermal", settings.thermal_transport == "compressed"),
            )
        ]
        self.get_logger().info(
            f"configured: {predictor.describe()}; in: {', '.join(topics)}; "
            f"out: {', '.join(self._outputs.topics)}"
        )
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and start the worker."""
        result = super().on_activate(state)
        self._counters.forget_durations()
        self._reporter.forget()
        self._pairs = PairSubscription(
            self,
            self._settings,
            {
                "rgb": lambda message: check_rgb_message(message, cv_bridge_fallback()),
                "thermal": check_thermal_message,
            },
            self._on_job,
            self._on_bad_image,
            self._counters.see,
            self._on_health_error,
        )
        self._camera_infos = {"rgb": None, "thermal": None}
        self._camera_info = [
            self.create_subscription(
                CameraInfo,
                f"{stream}/camera_info",
                partial(self._on_camera_info, stream),
                LAST_ONE_QOS,
            )
            for stream in self._camera_infos
        ]
        self._processor = PairProcessor(
            self._predictor,
            self._outputs,
            self._counters,
            lambda: self._settings,
            lambda: self.get_clock().now().nanoseconds,
            self._warn,
            {stream: each.topic for stream, each in self._pairs.inputs.items()},
            self._camera_infos,
            {
                stream: self.resolve_topic_name(f"{stream}/camera_info")
                for stream in self._camera_infos
            },
        )
        self._worker = LatestJobWorker(
            self._processor, self._on_worker_error, lambda _: self._counters.drop("replaced")
        )
        self._outputs.publish_label_info(self._settings.confidence_threshold)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the worker and unsubscribe; the network stays loaded."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of the network: it may be configured anew, with another checkpoint."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of everything."""
        self._stop()
        self._release()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of everything after a transition failed; the node can be configured again."""
        self._stop()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Stop the worker and destroy the node."""
        self._stop(entities=False)
        self._jump.unregister()
        super().destroy_node()

    def _start_by_itself(self) -> None:
        self.destroy_timer(self._autostart)
        self._autostart = None
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _configure_failed(self, reason: str) -> TransitionCallbackReturn:
        self._failure = f"configure failed: {reason}"
        self.get_logger().error(self._failure)
        return TransitionCallbackReturn.FAILURE

    def _stop(self, entities: bool = True) -> None:
        """End what belongs to the active state; ``entities`` False: the node itself goes."""
        if self._pairs is not None and entities:
            self._pairs.destroy()
            for subscription in self._camera_info:
                self.destroy_subscription(subscription)
        if self._pairs is not None:
            self._pairs.stop()
        self._pairs, self._camera_info = None, []
        if self._worker is not None:
            for _ in self._worker.stop():
                self._counters.drop("reset")
        self._worker = self._processor = None

    def _release(self) -> None:
        if self._outputs is not None:
            self._outputs.destroy()
        was_cuda = self._predictor is not None and self._predictor.device.type == "cuda"
        self._outputs = self._predictor = None
        gc.collect()
        if was_cuda:
            torch.cuda.empty_cache()

    def _on_job(self, job: PairJob) -> None:
        self._counters.offer()
        self._worker.submit(job)

    def _on_worker_error(self, error: Exception) -> None:
        if self.context.ok():  # else the way out has begun, and nothing can be published any more
            self._processor.failed(error)

    def _on_health_error(self, error: Exception) -> None:
        if self.context.ok():
            self._warn(f"a picture was not judged: {type(error).__name__}: {error}")

    def _on_bad_image(self, stream: str, topic: str, bad: BadImage) -> None:
        words = f"{topic}: {bad}"
        self._counters.refuse(stream, words)
        self._warn(f"image dropped: {words}")

    def _on_camera_info(self, stream: str, message: CameraInfo) -> None:
        self._camera_infos[stream] = message

    def _on_graph_time(self) -> None:
        if self._pairs is not None:
            self._pairs.update()

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._forget("asked to")
        response.success, response.message = True, "queues and running statistics are forgotten"
        return response

    def _forget(self, why: str) -> None:
        self._reporter.forget()
        if self._pairs is None:
            return
        self._pairs.reset()
        for _ in self._worker.clear():
            self._counters.drop("reset")
        self._processor.request_reset()
        self.get_logger().info(f"{why}: queues and running statistics are forgotten")

    def _check_parameters(self, changes: Sequence[Parameter]) -> SetParametersResult:
        reason = refusal(changes, read_values(self), self._predictor is not None)
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _apply_parameters(self, _: Sequence[Parameter]) -> None:
        if self._predictor is None:
            return
        old, self._settings = self._settings, read_settings(self)
        if old.thermal != self._settings.thermal:
            self._predictor.thermal = self._settings.thermal.normalizer()
        if self._pairs is not None:
            self._pairs.apply(self._settings)
            if old.confidence_threshold != self._settings.confidence_threshold:
                self._outputs.publish_label_info(self._settings.confidence_threshold)

    def _report(
        self, before: Before | None, seconds: float | None, clock_problem: str | None
    ) -> NodeReport:
        predictor, pairs = self._predictor, self._pairs
        inputs, pairing, findings = {}, None, []
        if pairs is not None:
            now = time.monotonic_ns()
            pairing = pairs.synchronizer.statistics_at(now)
            findings = pairs.synchronizer.diagnosis(now)
            inputs = {
                stream: InputReport(each.topic, each.publishers, each.reliability, each.problem)
                for stream, each in pairs.inputs.items()
            }
        return NodeReport(
            name=self.get_fully_qualified_name(),
            state=self._state_machine.current_state[1],
            failure=self._failure,
            model=predictor.describe() if predictor else None,
            device=str(predictor.device) if predictor else "none",
            precision=predictor.precision if predictor else "none",
            memory=memory_values(predictor.device if predictor else None),
            clock_problem=clock_problem,
            inputs=inputs,
            pairing=pairing,
            findings=findings,
            names=TopicNames(
                {stream: f"{stream}/image_raw" for stream in inputs},
                {stream: each.topic for stream, each in inputs.items()},
                {},
            ),
            counts=self._counters.snapshot(),
            before=before,
            seconds=seconds,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; return 0 then, 2 for parameters that cannot be read."""
    keep_freed_memory()
    rclpy.init(args=arguments)
    node = None
    try:
        with until_shutdown():
            node = AmdanetNode()
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            executor.spin()
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        print(f"amdanet: {error}", file=sys.stderr)
        return 2
    finally:
        uninstall_signal_handlers()
        ignore_signals()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
