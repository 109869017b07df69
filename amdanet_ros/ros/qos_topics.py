"""The topics of the node ``amdanet`` whose quality of service parameters can set."""

from __future__ import annotations

from rclpy.node import Node

from ..messages import OUTPUTS
from ..parameters import OptionError
from .camera_input import STREAMS, camera_info_topic, topic_names
from .outputs import LATENCY
from .parameters import read_settings
from .qos_overrides import PUBLISHER, SUBSCRIPTION


def topics_with_qos(node: Node) -> dict[str, set[str]] | None:
    """Return resolved names by ``PUBLISHER`` and ``SUBSCRIPTION``, as the parameters are now.

    Returns:
        None where a parameter is not allowed: configure says which.
    """
    try:
        settings = read_settings(node)
    except OptionError:
        return None
    found: dict[str, set[str]] = {PUBLISHER: set(), SUBSCRIPTION: set()}
    for pair, each in settings.items():
        prefix = f"{pair}/".lstrip("/")
        outputs = [prefix + output.topic for output in OUTPUTS] + [f"~/{prefix}{LATENCY}"]
        inputs = [camera_info_topic(pair, stream) for stream in STREAMS]
        inputs += topic_names(node, each, pair).inputs.values()
        found[PUBLISHER] |= {node.resolve_topic_name(topic) for topic in outputs}
        found[SUBSCRIPTION] |= {node.resolve_topic_name(topic) for topic in inputs}
    return found
