"""Quality of service: the profiles of the node's topics."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy import get_rmw_implementation_identifier
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

_DEPTH = 10


def volatile_profile(reliability: ReliabilityPolicy, depth: int = _DEPTH) -> QoSProfile:
    """Return a profile that keeps the last messages and gives late joiners none of them."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=DurabilityPolicy.VOLATILE,
    )


def with_reliability(profile: QoSProfile, reliability: ReliabilityPolicy) -> QoSProfile:
    """Return a copy of a profile with another reliability."""
    return QoSProfile(
        history=profile.history,
        depth=profile.depth,
        reliability=reliability,
        durability=profile.durability,
    )


OUTPUT_QOS = volatile_profile(ReliabilityPolicy.RELIABLE)
"""Reliable: serves reliable subscribers (RViz) and best-effort ones."""

LATCHED_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""Whoever joins late gets the last message."""

LAST_ONE_QOS = volatile_profile(ReliabilityPolicy.BEST_EFFORT, depth=1)
"""Matches every publisher."""


def common_reliability(offered: Sequence[ReliabilityPolicy]) -> ReliabilityPolicy:
    """Return the best reliability that matches all publishers: best effort if one offers no more.

    Without publishers best effort, which matches whatever comes.
    """
    if offered and all(policy == ReliabilityPolicy.RELIABLE for policy in offered):
        return ReliabilityPolicy.RELIABLE
    return ReliabilityPolicy.BEST_EFFORT


def does_reliability_matter() -> bool:
    """Whether a reliable subscription gets nothing from a best effort publisher.

    So it is in DDS. In Zenoh each subscription gets the messages of each publisher.
    """
    return get_rmw_implementation_identifier() != "rmw_zenoh_cpp"


def reliability_words(policy: ReliabilityPolicy) -> str:
    """Return "reliable", "best effort", or what the middleware chooses by."""
    return policy.name.lower().replace("_", " ")
