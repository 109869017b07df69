"""The quality of service that a bag says the publishers offered."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar

from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)

from .plain_yaml import load_plain, mapping, number, sequence

_Choice = TypeVar("_Choice", bound=Enum)
_MOST_PROFILES = 1000


def offered_qos(profiles: Any) -> tuple[Qos, ...]:
    """Return profiles as metadata.yaml (a list, or YAML in a text) or a storage (YAML) has them.

    Numbers and names of values are read, as the versions of rosbag2 write them. What cannot be
    read is unknown; a text that is no YAML offers nothing.
    """
    if isinstance(profiles, str):
        try:
            profiles = load_plain(profiles)
        except ValueError:
            return ()
    return tuple(_profile(each) for each in sequence(profiles)[:_MOST_PROFILES])


def _profile(content: Any) -> Qos:
    content = mapping(content)
    return Qos(
        _choice(QosHistory, content.get("history")),
        number(content.get("depth")),
        _choice(QosReliability, content.get("reliability")),
        _choice(QosDurability, content.get("durability")),
        _time(content.get("deadline")),
        _time(content.get("lifespan")),
        _choice(QosLiveliness, content.get("liveliness")),
        _time(content.get("liveliness_lease_duration")),
        content.get("avoid_ros_namespace_conventions") == "true",
    )


def _choice(kind: type[_Choice], value: Any) -> _Choice:
    for each in kind:
        if value in (str(each.value), each.name, each.name.lower()):
            return each
    return kind["UNKNOWN"]


def _time(content: Any) -> QosTime:
    content = mapping(content)
    return QosTime(number(content.get("sec")), number(content.get("nsec")))
