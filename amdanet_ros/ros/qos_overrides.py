"""Quality of service by parameters, under the names that ROS has for them.

``qos_overrides.<topic>.<publisher or subscription>.<history, depth, reliability or durability>``,
where the topic is resolved, such as ``qos_overrides./fused/image_raw.publisher.depth``. rclpy's own
``qos_overriding_options`` do not reach subscriptions of message_filters, and end in a traceback
where a value is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import rclpy.parameter
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from ..parameters import OptionError, Parameter

PUBLISHER, SUBSCRIPTION = "publisher", "subscription"
_KINDS = {
    "history": HistoryPolicy,
    "reliability": ReliabilityPolicy,
    "durability": DurabilityPolicy,
}
_MOST_DEPTH = 100_000
_NAME = re.compile(
    rf"qos_overrides\.(/.+)\.({PUBLISHER}|{SUBSCRIPTION})\.(depth|{'|'.join(_KINDS)})"
)


def is_override(name: str) -> bool:
    """Tell whether a parameter is one of ``qos_overrides``."""
    return name.startswith("qos_overrides.")


def overridden(node: Node, topic: str, entity: str, default: QoSProfile) -> QoSProfile:
    """Return a copy of a profile with what the node's parameters say of a topic.

    The parameters are declared where they are not yet.

    Args:
        node: has the parameters.
        topic: name, before remapping.
        entity: ``PUBLISHER`` or ``SUBSCRIPTION``.
        default: profile without parameters.

    Raises:
        OptionError: a value that is not allowed; it names the parameter.
    """
    resolved = node.resolve_topic_name(topic)
    policies = {}
    for policy in ("history", "depth", "reliability", "durability"):
        name = f"qos_overrides.{resolved}.{entity}.{policy}"
        usual = getattr(default, policy)
        usual = usual if policy == "depth" else usual.name.lower()
        if not node.has_parameter(name):
            about = f"{policy} of the {entity} of {resolved} (read-only after configure)"
            # What is not allowed is said at configure: a node that does not start says too little.
            node.declare_parameter(
                name, usual, ParameterDescriptor(description=about, dynamic_typing=True)
            )
        value = _declared(name, policy).parse(node.get_parameter(name).value)
        policies[policy] = value if policy == "depth" else _KINDS[policy][value.upper()]
    return QoSProfile(**policies)


def refusal(
    changes: Iterable[rclpy.parameter.Parameter], node: Node, configured: bool
) -> str | None:
    """Say why overrides may not be changed so; None: they may, or none is among the changes.

    Args:
        changes: parameters to set.
        node: owner.
        configured: whether its topics exist: they keep their quality of service.
    """
    for each in changes:
        match = _NAME.fullmatch(each.name)
        if match is None or not node.has_parameter(each.name):
            continue
        declared = _declared(each.name, match[3])
        try:
            value = declared.parse(each.value)
        except OptionError as error:
            return str(error)
        if configured and value != node.get_parameter(each.name).value:
            return (
                f"{each.name} is read-only after configure: deactivate and clean up the node, set "
                "it, and configure again"
            )
    return None


def problem_of(name: str, topics: Mapping[str, Collection[str]]) -> str | None:
    """Return why a parameter ``qos_overrides...`` has no effect; None: it has one.

    Args:
        name: of the parameter.
        topics: resolved names by entity, ``PUBLISHER`` and ``SUBSCRIPTION``.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        policies = "history, depth, reliability or durability"
        return (
            f"{name}: write qos_overrides.<topic>.<{PUBLISHER} or {SUBSCRIPTION}>.<{policies}>, "
            "with the topic's whole name"
        )
    topic, entity, _ = match.groups()
    if topic in topics[entity]:
        return None
    return f"{name}: this node has no {entity} of {topic} whose quality of service can be set"


def _declared(name: str, policy: str) -> Parameter:
    if policy == "depth":
        return Parameter(name, 1, "", low=1, high=_MOST_DEPTH)
    choices = tuple(each.name.lower() for each in _KINDS[policy] if each.name != "UNKNOWN")
    return Parameter(name, choices[0], "", choices=choices)
