"""Whatever a callback raises, the executor goes on: also with the entity that it came from."""

import pytest

pytest.importorskip("rclpy")

import rclpy
from builtin_interfaces.msg import Time
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.executors import ExternalShutdownException
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String
from std_srvs.srv import Trigger

from amdanet_ros.ros.guarded_executor import GuardedExecutor


@pytest.fixture(scope="module")
def context(module_domain):
    made = rclpy.Context()
    rclpy.init(context=made, domain_id=module_domain)
    yield made
    rclpy.try_shutdown(context=made)


@pytest.fixture
def node(context):
    made = rclpy.create_node("guarded", context=context, enable_rosout=False)
    yield made
    made.destroy_node()


@pytest.fixture
def spin(context, node):
    executor = GuardedExecutor(fatal=(OSError,), context=context)
    executor.add_node(node)

    def until(predicate, turns=400):
        for _ in range(turns):
            if predicate():
                return
            executor.spin_once(timeout_sec=0.05)
        pytest.fail("it never came")

    yield until
    executor.shutdown()


class Failing:
    """A callback that raises each time, or but once, and counts its calls."""

    def __init__(self, error=None):
        self.error = error or RuntimeError("broken\nforged line")
        self.calls = 0

    def __call__(self, *_):
        self.calls += 1
        raise self.error


@pytest.mark.parametrize(
    "error", [RuntimeError("broken"), ValueError(), MemoryError("huge"), RecursionError("deep")]
)
def test_a_timer_that_raises_is_called_again(node, spin, error):
    callback = Failing(error)
    node.create_timer(0.001, callback)
    spin(lambda: callback.calls > 3)


def test_the_log_is_bounded_and_names_kind_and_place(node, spin, capfd):
    callback = Failing()
    node.create_timer(0.001, callback)
    spin(lambda: callback.calls > 20)
    lines = [line for line in capfd.readouterr().err.splitlines() if line]
    assert len(lines) == 1
    assert "Timer failed: RuntimeError: broken\\nforged line (test_guarded_executor.py:" in lines[0]


def test_a_subscription_that_raises_gets_the_next_message(node, spin):
    callback = Failing()
    subscription = node.create_subscription(String, "words", callback, 10)
    publisher = node.create_publisher(String, "words", 10)
    spin(lambda: publisher.get_subscription_count() > 0)
    for _ in range(3):
        publisher.publish(String(data="x"))
    spin(lambda: callback.calls == 3)
    assert subscription.topic_name == "/words"


def test_a_message_that_cannot_be_taken_leaves_the_topic_and_its_group_alive(
    node, spin, monkeypatch
):
    """Rclpy never waits again for an entity whose ``take`` raised, and blocks its group."""
    came, ticks = [], []
    subscription = node.create_subscription(String, "words", came.append, 10)
    publisher = node.create_publisher(String, "words", 10)
    node.create_timer(0.01, lambda: ticks.append(1))
    spin(lambda: publisher.get_subscription_count() > 0)

    class Broken:
        taken = 0

        def __get__(self, instance, kind):
            Broken.taken += 1
            if Broken.taken == 1:
                raise MemoryError("too large")
            return String

    monkeypatch.setattr(type(subscription), "msg_type", Broken(), raising=False)
    del subscription.__dict__["msg_type"]
    publisher.publish(String(data="a"))
    spin(lambda: Broken.taken == 1)
    publisher.publish(String(data="b"))
    spin(lambda: came and ticks)
    assert came[-1].data == "b"


def test_a_service_that_raises_answers_that_it_failed(node, spin):
    node.create_service(Trigger, "fail", Failing())
    client = node.create_client(Trigger, "fail")
    spin(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    spin(future.done)
    assert not future.result().success
    assert future.result().message == r"RuntimeError: broken\nforged line"


def test_a_qos_event_that_raises_ends_nothing(node, spin):
    callback = Failing()
    node.create_subscription(
        String,
        "words",
        print,
        QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE),
        event_callbacks=SubscriptionEventCallbacks(incompatible_qos=callback),
    )
    profile = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    for count in (1, 2):
        node.create_publisher(String, "words", profile)
        spin(lambda count=count: callback.calls >= count)


def test_a_guard_condition_and_a_task_that_raise_end_nothing(node, spin):
    callback, task = Failing(), Failing()
    guard = node.create_guard_condition(callback)
    for count in (1, 2):
        guard.trigger()
        spin(lambda count=count: callback.calls == count)
    node.executor.create_task(task)
    spin(lambda: task.calls == 1)
    ticks = []
    node.create_timer(0.001, lambda: ticks.append(1))
    spin(lambda: ticks)


@pytest.mark.parametrize(
    "wrong", [(-1, 0), (-1, 4294967295), (-2147483648, 0), (-2147483648, 4294967295)]
)
def test_a_clock_below_zero_is_left_out_and_the_next_one_counts(node, spin, wrong):
    jumps = []
    node.set_parameters([Parameter("use_sim_time", value=True)])
    publisher = node.create_publisher(Clock, "/clock", 1)
    spin(lambda: publisher.get_subscription_count() > 0)

    def tick(sec, nanosec=0):
        publisher.publish(Clock(clock=Time(sec=sec, nanosec=nanosec)))

    node.create_timer(0.01, lambda: jumps.append(1))

    def is_at(sec):
        tick(sec)
        return node.get_clock().now().nanoseconds == sec * 10**9

    spin(lambda: is_at(100))
    tick(*wrong)
    spin(lambda: is_at(5))
    tick(2147483647, 4294967295)
    tick(*wrong)
    spin(lambda: is_at(7))


def test_what_is_fatal_and_a_shutdown_come_out(node, context):
    executor = GuardedExecutor(fatal=(OSError,), context=context)
    for error in (OSError(28, "No space left on device"), ExternalShutdownException()):
        executor.create_task(Failing(error))
        with pytest.raises(type(error)):
            executor.spin_once(timeout_sec=1.0)
    executor.create_task(Failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        executor.spin_once(timeout_sec=1.0)
    executor.shutdown()


def test_waiting_that_always_fails_comes_out(context, monkeypatch):
    executor = GuardedExecutor(context=context)
    monkeypatch.setattr(
        "rclpy.executors.Executor.wait_for_ready_callbacks", Failing(RuntimeError("no wait set"))
    )
    with pytest.raises(RuntimeError, match="no wait set"):
        for _ in range(1000):
            executor.spin_once(timeout_sec=0.0)
