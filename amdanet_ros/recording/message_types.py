"""The message types that bags hold: those of ROS 2 Jazzy and our own."""

from __future__ import annotations

from functools import lru_cache

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from amdanet_ros.resources import share_directory

OWN_MESSAGES = ("ModalityHealth", "SemanticSegmentation")


@lru_cache(maxsize=1)
def typestore() -> Typestore:
    """Types of ROS 2 Jazzy and of this package, to serialise and deserialise with."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for name in OWN_MESSAGES:
        text = (share_directory() / "msg" / f"{name}.msg").read_text()
        store.register(get_types_from_msg(text, f"amdanet_ros/msg/{name}"))
    return store
