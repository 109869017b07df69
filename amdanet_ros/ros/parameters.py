"""The node's parameters: declared from ``Settings``, read into it, changes checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import rclpy.parameter
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from ..parameters import OptionError, Parameter
from ..settings import (
    PAIR_NAMES,
    PARAMETERS,
    Settings,
    known_parameters,
    of_pair,
    pair_parameters,
    settings_of,
)

_ARRAYS = {
    int: rclpy.parameter.Parameter.Type.INTEGER_ARRAY,
    float: rclpy.parameter.Parameter.Type.DOUBLE_ARRAY,
    str: rclpy.parameter.Parameter.Type.STRING_ARRAY,
}


def declare(node: Node) -> None:
    """Declare all parameters that are not declared yet, with their descriptors.

    Called again after ``pairs`` has changed, it declares those of the new camera pairs. Where the
    values are not allowed it declares none of these: ``read_settings`` says why.
    """
    _declare(node, PARAMETERS)
    values = {each.name: node.get_parameter(each.name).value for each in PARAMETERS}
    try:
        pairs = of_pair(values).pairs
    except OptionError:
        return
    for pair in pairs:
        _declare(node, pair_parameters(pair, values))


def _declare(node: Node, parameters: Iterable[Parameter]) -> None:
    for each in parameters:
        if node.has_parameter(each.name):
            continue
        default = list(each.default) if each.is_array else each.default
        node.declare_parameter(each.name, default, descriptor(each))


def descriptor(declared: Parameter) -> ParameterDescriptor:
    """Return what ``ros2 param describe`` shows."""
    text = declared.description
    if not declared.live:
        text += " (read-only after configure)"
    constraints = f"one of: {', '.join(declared.choices)}" if declared.choices else ""
    described = ParameterDescriptor(description=text, additional_constraints=constraints)
    # YAML's 1 must not be refused for 1.0, and an empty list has no type.
    described.dynamic_typing = declared.element is float or declared.default == ()
    if declared.low is not None and not declared.is_array:
        kind = FloatingPointRange if declared.element is float else IntegerRange
        bounds = kind(
            from_value=declared.element(declared.low), to_value=declared.element(declared.high)
        )
        if kind is FloatingPointRange:
            described.floating_point_range = [bounds]
        else:
            described.integer_range = [bounds]
    return described


def read_values(node: Node) -> dict[str, Any]:
    """Return the values of all parameters by name, those of the camera pairs too."""
    names = [each.name for each in PARAMETERS]
    pairs = node.get_parameter("pairs").value
    if isinstance(pairs, Sequence):
        names += [f"{pair}.{name}" for pair in pairs for name in PAIR_NAMES]
    return {name: node.get_parameter(name).value for name in names if node.has_parameter(name)}


def read_settings(node: Node) -> dict[str, Settings]:
    """Read the settings of every camera pair by its name; without ``pairs``: one, named "".

    Raises:
        OptionError: a value that is wrong by itself or beside another one.
    """
    declare(node)
    return settings_of(read_values(node))


def refusal(
    changes: Sequence[rclpy.parameter.Parameter], values: Mapping[str, Any], configured: bool
) -> str | None:
    """Say why parameters may not be changed so, or return None where they may.

    Args:
        changes: the parameters to set, together; those of other owners (use_sim_time) are ignored.
        values: all present values by name, as ``read_values`` gives them.
        configured: whether the node holds a network: read-only parameters are refused then.
    """
    for each in changes:  # rclpy would remove them, and the node could never be configured again
        if each.type_ == rclpy.parameter.Parameter.Type.NOT_SET and each.name in values:
            return f"{each.name} comes without a value: a parameter of this node cannot be removed"
    wanted = {each.name: each.value for each in changes}
    pairs = wanted.get("pairs", values.get("pairs", ()))
    try:
        known = known_parameters(pairs)
        wanted = {name: value for name, value in wanted.items() if name in known}
        for name, value in wanted.items():
            if name not in values or known[name].parse(value) == known[name].parse(values[name]):
                continue  # being declared, or as it was
            if configured and not known[name].live:
                return (
                    f"{name} is read-only after configure: deactivate and clean up the node, set "
                    "it, and configure again"
                )
            if pairs and name in PAIR_NAMES:
                return f"{name} is not used while pairs is set: set {_joined(pairs, name)}"
        settings_of({**{name: value for name, value in values.items() if name in known}, **wanted})
    except OptionError as error:
        return str(error)
    return None


def _joined(pairs: Sequence[str], name: str) -> str:
    return " and ".join(f"{pair}.{name}" for pair in pairs)
