"""Requests that nobody in his right mind sends: each is answered, and the node goes on."""

import threading
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions, GetState
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from amdanet_ros.ros.amdanet_node import AmdanetNode
from amdanet_ros.ros.guarded_executor import GuardedExecutor

SERVICES = {
    "change_state": ChangeState,
    "get_state": GetState,
    "get_available_transitions": GetAvailableTransitions,
    "reset": Trigger,
    "set_parameters": SetParameters,
    "set_parameters_atomically": SetParametersAtomically,
    "get_parameters": GetParameters,
    "get_parameter_types": GetParameterTypes,
    "describe_parameters": DescribeParameters,
    "list_parameters": ListParameters,
}


@pytest.fixture(scope="module")
def served(module_domain, checkpoint):
    """An active node in a thread of its own, and ``call(service, **fields)``."""
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=module_domain)
    values = {
        "checkpoint": str(checkpoint),
        "device": "cpu",
        "precision": "fp32",
        "engine": "torch",
    }
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    node = AmdanetNode(parameter_overrides=overrides, context=context)
    executor = GuardedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    asker = rclpy.create_node("asker", context=context, enable_rosout=False)
    spinner = SingleThreadedExecutor(context=context)
    spinner.add_node(asker)
    clients = {
        name: asker.create_client(kind, f"/amdanet/{name}") for name, kind in SERVICES.items()
    }

    def ask(name, **fields):
        assert clients[name].wait_for_service(timeout_sec=20.0)
        return clients[name].call_async(SERVICES[name].Request(**fields))

    def answer(future):
        spinner.spin_until_future_complete(future, timeout_sec=20.0)
        assert future.done(), "no answer"
        return future.result()

    def state():
        return answer(ask("get_state")).current_state.label

    made = SimpleNamespace(
        node=node, ask=ask, answer=answer, call=lambda *a, **k: answer(ask(*a, **k)), state=state
    )
    try:
        yield made
    finally:
        executor.shutdown()
        thread.join()
        asker.destroy_node()
        node.destroy_node()
        rclpy.try_shutdown(context=context)


@pytest.fixture(autouse=True)
def still_active(served):
    """Each test begins and ends with the node active, as its services tell."""
    assert served.state() == "active"
    yield
    assert served.state() == "active"


@pytest.mark.parametrize(
    ("identity", "label"),
    [
        (0, ""),
        (Transition.TRANSITION_CONFIGURE, ""),
        (Transition.TRANSITION_CLEANUP, ""),
        (Transition.TRANSITION_ACTIVATE, ""),
        (Transition.TRANSITION_ACTIVATE, "activate"),
        (Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, ""),
        (Transition.TRANSITION_DESTROY, ""),
        (Transition.TRANSITION_ON_ACTIVATE_SUCCESS, ""),
        (Transition.TRANSITION_CALLBACK_ERROR, ""),
        (200, ""),
        (255, "deactivate"),
        (Transition.TRANSITION_ACTIVATE, "deactivate"),
        (Transition.TRANSITION_DEACTIVATE, "activate"),
        (0, "activate"),
        (0, "nonsense"),
        (0, "transition_success"),
        (0, "x\n[FATAL] forged" * 10_000),
    ],
)
def test_a_transition_that_the_state_does_not_know_is_refused(served, identity, label):
    transition = Transition(id=identity, label=label)
    assert served.call("change_state", transition=transition).success is False


def test_a_transition_is_known_by_its_id_its_label_or_both(served):
    for identity, label in ((4, ""), (0, "activate"), (4, "deactivate"), (3, "activate")):
        transition = Transition(id=identity, label=label)
        assert served.call("change_state", transition=transition).success is True


def at_once(served, name, requests):
    """The answers to requests, of which as many are under way as the service's queue holds."""
    answers = []
    for first in range(0, len(requests), 8):
        futures = [served.ask(name, **fields) for fields in requests[first : first + 8]]
        answers += [served.answer(future) for future in futures]
    return answers


def test_a_storm_of_transitions_each_has_its_answer(served, capfd):
    """Requests that come while others are carried out."""
    wanted = [*range(100, 140), 4, 3, 3, 4, 4, 3, 200, 0]
    requests = [{"transition": Transition(id=each)} for each in wanted]
    answers = [each.success for each in at_once(served, "change_state", requests)]
    assert not any(answers[:40])
    assert answers[40:] == [True, True, False, True, False, True, False, False]
    refused = [line for line in capfd.readouterr().err.splitlines() if "refused" in line]
    assert len(refused) <= 11


def value(kind, **fields):
    return ParameterValue(type=kind, **fields)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("overlay_alpha", value(77)),
        ("overlay_alpha", value(0)),
        ("overlay_alpha", value(4, string_value="x" * 1_000_000)),
        ("overlay_alpha", value(3, double_value=float("nan"))),
        ("overlay_alpha", value(3, double_value=float("inf"))),
        ("max_age", value(3, double_value=-1e308)),
        ("thermal.range", value(8, double_array_value=[float("nan")] * 1000)),
        ("thermal.registration", value(3, double_value=1.0)),
        ("pairs", value(9, string_array_value=["\n", "/", ""])),
        ("sync.queue_size", value(2, integer_value=-(2**63))),
        ("use_sim_time", value(4, string_value="true")),
        ("", value(1, bool_value=True)),
        ("n" * 100_000, value(1, bool_value=True)),
        ("a\nb", value(3, double_value=1.0)),
    ],
)
def test_a_parameter_that_cannot_be_set_is_refused_with_a_reason(served, name, wrong):
    request = [ParameterMessage(name=name, value=wrong)]
    results = [
        *served.call("set_parameters", parameters=request).results,
        served.call("set_parameters_atomically", parameters=request).result,
    ]
    assert [each.successful for each in results] == [False, False]
    assert all(each.reason for each in results)


def test_one_parameter_that_cannot_be_read_does_not_hide_the_others(served):
    request = [
        ParameterMessage(name="overlay_alpha", value=value(3, double_value=0.25)),
        ParameterMessage(name="overlay_alpha", value=value(77)),
        ParameterMessage(name="overlay_alpha", value=value(3, double_value=0.5)),
    ]
    results = served.call("set_parameters", parameters=request).results
    assert [each.successful for each in results] == [True, False, True]
    assert served.node.get_parameter("overlay_alpha").value == 0.5


def test_many_and_unknown_names_are_answered(served):
    names = ["overlay_alpha", "", "\n", "x" * 10_000] + ["overlay_alpha"] * 3000
    assert len(served.call("get_parameter_types", names=names[4:]).types) == 3000
    assert len(served.call("describe_parameters", names=names[4:]).descriptors) == 3000
    served.call("describe_parameters", names=names)
    served.call("get_parameters", names=names)
    for depth in (0, 1, 2**64 - 1):
        served.call("list_parameters", prefixes=["", ".", "sync", "[(", "x" * 1000], depth=depth)


def test_a_reset_storm_is_done_and_logged_once(served, capfd):
    assert all(each.success for each in at_once(served, "reset", [{}] * 100))
    assert capfd.readouterr().err.count("queues and running statistics are cleared") <= 1
