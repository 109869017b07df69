"""The node ``amdanet``: RGB and thermal images in, fused images and segmentation out.

The path of an image, for each camera pair (``camera_pair.py``):

    message -> ArrivedImage -> PairSynchronizer -> slot of the worker            executor's thread
        -> ImagePair -> FusionPipeline.process -> OutputPublishers.publish       thread "inference"

Threads:

- The executor's thread runs all callbacks: messages, timers, services, parameters, transitions of
  the lifecycle. Each takes microseconds but the transitions, which load the network and wait for
  the worker.
- "inference", while the node is active: the worker computes and publishes the newest pair of each
  camera pair in turn.
- "rgb health", "thermal health", for compressed images only: decode each image that comes.
- "registration check", now and then: compares pairs that were published.
"""

from __future__ import annotations

import sys

from ..programs.node import main

if __name__ == "__main__":
    # Before the imports below, which take seconds: a signal ends the node well meanwhile.
    sys.exit(main())

import contextlib
import functools
import gc
import os
from collections.abc import Callable, Sequence

import torch
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType, JumpHandle, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.timer import Timer
from std_srvs.srv import Trigger

from ..findings import Finding, FindingKind, Level
from ..graphs.read_ahead import read_ahead
from ..inference import InferenceError, Predictor
from ..inference.freed_memory import keep_freed_memory
from ..network.checkpoint import CheckpointError
from ..one_line import one_line
from ..programs import exit_status
from .camera_pair import CameraPair, Computed, Job, NotComputed
from .cause_log import CauseLog
from .counters import Dropped
from .diagnostics import NodeReport
from .diagnostics_reporter import DiagnosticsReporter, memory_values
from .finding_text import NO_NAMES, text
from .guarded_executor import GuardedExecutor, describe
from .ignored_parameters import ignored_parameters
from .latest_job_worker import LatestJobWorker
from .parameters import declare, read_settings, read_values, refusal
from .qos_overrides import is_override
from .qos_overrides import refusal as qos_refusal
from .qos_topics import topics_with_qos
from .shutdown import until_shutdown
from .start import naming_creation_errors, ros_arguments_only, ros_started
from .transition_requests import refuse_unknown_transitions
from .watchdog import Health, Watchdog, WorkerHangError, hang_of

_GRAPH_PERIOD_S = 1.0
DEACTIVATE_S = 2.0
"""What the worker computes has this long to end when the node is deactivated."""
LEAVE_S = 1.0
"""Likewise when the process ends: it must be gone within 3 s."""
_CLOCK_JUMP_S = 0.5
"""A bag that starts again sets the clock back by more; late /clock messages by less."""


_Transition = Callable[["AmdanetNode", LifecycleState], TransitionCallbackReturn]


def _saying_why(transition: _Transition) -> _Transition:
    """Log what a transition raises: rclpy goes to ``on_error`` without a word."""

    @functools.wraps(transition)
    def logged(node: AmdanetNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except Exception as error:
            name = transition.__name__.removeprefix("on_")
            node.get_logger().error(one_line(f"{name} failed: {describe(error)}", 1000))
            return TransitionCallbackReturn.ERROR

    return logged


class AmdanetNode(LifecycleNode):
    """Managed node; with ``autostart`` it takes itself to active once it is spun.

    Args:
        node_name: may be remapped as usual.
        kwargs: of ``rclpy.lifecycle.LifecycleNode``.

    Attributes:
        predictor: the network, from configure to cleanup, else None.
        camera_pairs: by name, from configure to cleanup; without ``pairs`` one, named "".
    """

    def __init__(self, node_name: str = "amdanet", **kwargs) -> None:
        # From Kilted on, rclpy destroys a node that cannot be made before it raises.
        self._jump: JumpHandle | None = None
        self._watchdog: Watchdog | None = None
        self._worker: LatestJobWorker[Job] | None = None
        self.camera_pairs: dict[str, CameraPair] = {}
        super().__init__(node_name, **kwargs)
        self.predictor: Predictor | None = None
        self._failure: Finding | None = None
        self._is_final = False
        self._info = CauseLog.of(self.get_logger(), "info")
        self._warn = CauseLog.of(self.get_logger(), "warning")
        refuse_unknown_transitions(self, self._warn)
        declare(self)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self._reporter = DiagnosticsReporter(self, self._report)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_GRAPH_PERIOD_S, self._on_graph_time, clock=steady)
        backward = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-_CLOCK_JUMP_S))
        self._jump = self.get_clock().create_jump_callback(backward, post_callback=self._on_jump)
        if self.get_parameter("autostart").value is True:
            timer = self.create_timer(0.0, lambda: self._start_by_itself(timer), clock=steady)
        self._watchdog = Watchdog(self, self._health, self._reporter.report_now)

    @property
    def state(self) -> str:
        """Label of the lifecycle's state, as of the end of the last transition."""
        if self._is_final:
            return "finalized"
        if self.predictor is None:
            return "unconfigured"
        return "active" if self._worker is not None and self._worker.is_open else "inactive"

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the network and announce the outputs."""
        try:
            self._configure()
        except (CheckpointError, InferenceError, ValueError, OSError) as error:
            return self._configure_failed(str(error))
        except Exception as error:  # a broken driver or installation must not end the node
            return self._configure_failed(describe(error))
        return super().on_configure(state)

    def _configure(self) -> None:
        settings = read_settings(self)
        network = next(iter(settings.values())).network
        predictor = Predictor.of(network)
        predictor.build_in_background()
        if predictor.device.type == "cuda":
            predictor.warm_up()
        self.predictor = predictor
        for name, each in settings.items():
            self.camera_pairs[name] = CameraPair(self, name, each, predictor)
        self._worker = LatestJobWorker(_compute, _failed, _deliver)
        self._worker.pause(0.0)
        self._failure = None
        pairs = self.camera_pairs.values()
        inputs = [topic for pair in pairs for topic in pair.input_topics]
        outputs = [topic for pair in pairs for topic in pair.outputs.topics]
        self.get_logger().info(
            f"configured: {one_line(predictor.describe())}; in: {', '.join(inputs)}; "
            f"out: {', '.join(outputs)}{_not_published(next(iter(pairs)))}"
        )
        if predictor.notice:
            self.get_logger().info(f"checkpoint {network.checkpoint}: {one_line(predictor.notice)}")

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe, and let the worker take pairs."""
        super().on_activate(state)
        self._reporter.forget()
        self._worker.resume()
        try:
            for pair in self.camera_pairs.values():
                pair.activate(self._worker)
        except Exception as error:
            self._pause()
            super().on_deactivate(state)
            self.get_logger().error(one_line(f"activate failed: {describe(error)}", 1000))
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    @_saying_why
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe; the network stays loaded.

        The pair at work is finished and published, or dropped where it takes longer than
        ``DEACTIVATE_S``.
        """
        self._pause()
        return super().on_deactivate(state)

    @_saying_why
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the network: the node may be configured again, with another checkpoint."""
        self._release()
        return super().on_cleanup(state)

    @_saying_why
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything."""
        self._release()
        self._is_final = True
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything after a transition failed; the node can be configured again."""
        if self._worker is not None:
            _drop(self._worker.stop(0.0))
        self._worker = None
        for pair in self.camera_pairs.values():
            for step in (pair.deactivate, pair.destroy):
                try:
                    step()
                except Exception as error:  # else the node would be final
                    self._warn(f"not everything was released: {describe(error)}")
        self.camera_pairs.clear()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Stop the worker and destroy the node. What the worker computes is dropped."""
        if self._worker is not None:
            _drop(self._worker.stop(LEAVE_S))
        for pair in self.camera_pairs.values():
            pair.deactivate(is_node_going=True)
        if self._jump is not None:
            self._jump.unregister()
        if self._watchdog is not None:
            self._watchdog.close()
        super().destroy_node()

    def _start_by_itself(self, timer: Timer) -> None:
        self.destroy_timer(timer)
        if self.state != "unconfigured":  # somebody was faster
            return
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _configure_failed(self, cause: str) -> TransitionCallbackReturn:
        self._release()
        cause = one_line(cause, 1000)
        values = {"cause": cause}
        self._failure = Finding(FindingKind.CONFIGURE_FAILED, None, Level.ERROR, values)
        self.get_logger().error(f"configure failed: {cause}")
        return TransitionCallbackReturn.FAILURE

    def _pause(self) -> None:
        """End what belongs to the active state: the worker first, it uses the subscriptions."""
        if self._worker is not None:
            _drop(self._worker.pause(DEACTIVATE_S))
        for pair in self.camera_pairs.values():
            pair.deactivate()

    def _release(self) -> None:
        self._pause()
        if self._worker is not None:
            self._worker.stop(0.0)
        self._worker = None
        while self.camera_pairs:
            self.camera_pairs.popitem()[1].destroy()
        was_cuda = self.predictor is not None and self.predictor.device.type == "cuda"
        self.predictor = None
        gc.collect()
        if was_cuda:  # now that nothing holds the network any more
            torch.cuda.empty_cache()

    # Reset, parameters, diagnostics

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._reset("~/reset was called")
        response.success, response.message = True, "queues and running statistics are cleared"
        return response

    def _reset(self, why: str) -> None:
        self._reporter.forget()
        if self.state != "active":
            return
        for pair in self.camera_pairs.values():
            pair.reset()
        _drop(self._worker.clear())
        self._info(f"{why}: queues and running statistics are cleared")

    def _on_jump(self, _: TimeJump) -> None:
        try:  # what it raises would go through rcl, which is C
            self._reset("the clock jumped")
        except Exception as error:
            self._warn(f"the node was not reset when the clock jumped: {describe(error)}")

    def _on_graph_time(self) -> None:
        for pair in self.camera_pairs.values():
            if pair.subscription is not None:
                pair.subscription.update()

    def _check_parameters(self, changes: Sequence[Parameter]) -> SetParametersResult:
        if not all(change.name for change in changes):  # rclpy sets it, declared or not
            return SetParametersResult(successful=False, reason="a parameter needs a name")
        configured = self.predictor is not None
        # Overrides change no setting, and each camera pair declares a hundred of them, one by one.
        others = [change for change in changes if not is_override(change.name)]
        reason = refusal(others, read_values(self), configured) if others else None
        reason = reason or qos_refusal(changes, self, configured)
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _apply_parameters(self, changes: Sequence[Parameter]) -> None:
        if any(change.name == "pairs" for change in changes):
            declare(self)  # what the camera pairs that are new have for themselves
        # Each camera pair declares its quality of service while others are still to come.
        if self.camera_pairs and not all(is_override(change.name) for change in changes):
            settings = read_settings(self)
            for name, pair in self.camera_pairs.items():
                pair.apply(settings[name])

    def _hang(self) -> Finding | None:
        seconds = 0.0 if self._worker is None else self._worker.seconds_at_work()
        if seconds == 0.0:
            return None
        pairs = self.camera_pairs.values()
        usual = max((pair.counters.snapshot().usual for pair in pairs), default=0.0)
        return hang_of(seconds, self.get_parameter("hang_timeout").value, usual)

    def _health(self) -> Health:
        hang = self._hang()
        found = [(self._failure, NO_NAMES), (hang, NO_NAMES)]
        if self.state == "active":
            found += [
                (pair.counters.snapshot().last_failure, pair.names)
                for pair in self.camera_pairs.values()
            ]
        troubles = tuple(text(finding, names) for finding, names in found if finding is not None)
        return Health(self.state, hang, troubles)

    def _report(self) -> NodeReport:
        predictor = self.predictor
        reports = {name: pair.report() for name, pair in self.camera_pairs.items()}
        return NodeReport(
            name=self.get_fully_qualified_name(),
            state=self.state,
            failure=self._failure,
            hang=self._hang(),
            slow=_slow(predictor),
            network={
                "Model": predictor.describe() if predictor else "none",
                "Device": str(predictor.device) if predictor else "none",
                "Precision": predictor.precision if predictor else "none",
            },
            memory=memory_values(predictor.device if predictor else None),
            pairs={name: report for name, report in reports.items() if report is not None},
        )


def _slow(predictor: Predictor | None) -> Finding | None:
    factor = None if predictor is None else predictor.slowness
    if factor is None:
        return None
    return Finding(FindingKind.INFERENCE_SLOW, None, Level.WARN, {"factor": factor})


def _not_published(pair: CameraPair) -> str:
    """Return which outputs need packages that are not installed; empty where none does."""
    return "".join(
        f"; not published: {', '.join(topics)}: install the package {package} (apt: "
        f"ros-$ROS_DISTRO-{package.replace('_', '-')})"
        for package, topics in pair.outputs.missing.items()
    )


def _compute(job: Job) -> Computed | NotComputed:
    camera_pair, arrived = job
    return camera_pair.compute(arrived)


def _deliver(job: Job, outcome: Computed | NotComputed) -> None:
    camera_pair, arrived = job
    camera_pair.deliver(arrived, outcome)


def _failed(job: Job, error: Exception) -> None:
    camera_pair, _ = job
    camera_pair.failed(error)


def _drop(jobs: list[Job]) -> None:
    """Count jobs that are not delivered."""
    for camera_pair, _ in jobs:
        camera_pair.counters.drop(Dropped.RESET)


def run(arguments: Sequence[str]) -> int:
    """Run the node until SIGINT, SIGTERM or SIGHUP; return 0 then.

    With ``exit_on_hang`` the process may end by itself, with status 70.

    Args:
        arguments: of the command line.

    Raises:
        ProgramError: arguments, parameters or the environment with which it cannot start.
    """
    keep_freed_memory()
    # Not earlier: until its graph is there torch serves, and importing torch has to be done first.
    read_ahead("amdanet_node", arguments)
    arguments = ros_arguments_only("amdanet_node", "The node amdanet.", arguments)
    try:
        _spin(arguments)
    except WorkerHangError:
        # What still computes in another thread would hold up the interpreter's end, or crash it.
        os._exit(exit_status.FAULT)
    return exit_status.DONE


def _spin(arguments: Sequence[str]) -> None:
    with ros_started(arguments), until_shutdown(), contextlib.ExitStack() as stack:
        with naming_creation_errors("amdanet"):
            node = AmdanetNode()
        stack.callback(node.destroy_node)
        pairs = node.get_parameter("pairs").value or ()
        topics = topics_with_qos(node)
        for sentence in ignored_parameters(node, arguments, pairs, topics):
            node.get_logger().warning(sentence)
        executor = GuardedExecutor(fatal=(WorkerHangError,))
        executor.add_node(node)
        executor.spin()
