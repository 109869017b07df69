"""All that can be set: what the node and the commands read from parameters and parameter files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .inference.options import NetworkOptions
from .pairing.options import SyncOptions
from .parameters import (
    OptionError,
    Options,
    Parameter,
    build,
    check_names,
    parameter,
    parameters_of,
    section,
)
from .pipeline.options import FusionOptions


@dataclass(frozen=True)
class Settings(Options):
    """The settings of one camera pair and the network that serves it."""

    network: NetworkOptions = section(NetworkOptions)
    sync: SyncOptions = section(SyncOptions, "sync")
    fusion: FusionOptions = section(FusionOptions)
    max_age: float = parameter(
        1.0,
        "Seconds; a pair whose RGB stamp is older is dropped, not computed; 0: no limit. Where "
        "stamps are 10 s or more away from the node's clock, the time since arrival counts",
        low=0.0,
        high=3600.0,
        live=True,
    )
    rgb_transport: str = parameter(
        "raw",
        "raw: rgb/image_raw; compressed: rgb/image_raw/compressed",
        name="rgb.transport",
        choices=("raw", "compressed"),
    )
    thermal_transport: str = parameter(
        "raw",
        "raw: thermal/image_raw; compressed: thermal/image_raw/compressed",
        name="thermal.transport",
        choices=("raw", "compressed"),
    )
    registration_check_period: float = parameter(
        30.0,
        "Seconds; so often four pairs tell whether thermal edges still lie on those of RGB, in the "
        "background, and the diagnostics warn where the cameras have moved against each other; 0: "
        "no checks",
        name="thermal.registration_check_period",
        low=0.0,
        high=86400.0,
        live=True,
    )
    qos_reliability: str = parameter(
        "auto",
        "Of the image subscriptions; auto follows what the publishers offer",
        name="qos.reliability",
        choices=("auto", "reliable", "best_effort"),
    )
    hang_timeout: float = parameter(
        0.0,
        "Seconds; a worker that computes one pair for longer hangs, and the node says so; 0: five "
        "times what the last pairs took, longer for larger images, and at least 1.5 s; for the "
        "first pair a minute a megapixel",
        low=0.0,
        high=3600.0,
        live=True,
    )
    exit_on_hang: float = parameter(
        0.0,
        "Seconds; the node ends with exit status 70 when its worker has hung for so long, for "
        "respawn or systemd to start it again; 0: never",
        low=0.0,
        high=3600.0,
        live=True,
    )
    autostart: bool = parameter(True, "The node configures and activates itself when it starts")
    pairs: tuple[str, ...] = parameter(
        (),
        "Names of several camera pairs on one network, such as [front, rear]. Each has its topics "
        "under its name (front/rgb/image_raw) and its parameters too (front.sync.slop); a "
        "parameter that is not given so has the value without the name. Empty: one pair",
    )

    def check(self) -> None:
        """Refuse names of camera pairs that cannot be names of topics, or that are taken."""
        for name in self.pairs:
            if not re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*_?", name):
                raise OptionError(
                    "pairs",
                    f"holds {name!r}: a name has letters, digits and single underscores, "
                    "and starts with a letter",
                )
            if name in _TAKEN:
                raise OptionError(
                    "pairs",
                    f"holds {name!r}, which names other topics or parameters: choose another name",
                )
            if self.pairs.count(name) > 1:
                raise OptionError("pairs", f"holds {name!r} twice: each name must differ")


PARAMETERS = parameters_of(Settings)
"""All parameters, without those of single camera pairs."""

OF_ROS = re.compile(r"use_sim_time|start_type_description_service|qos_overrides\..*")
"""Names of parameters that each node has from ROS."""

_SHARED = {each.name for each in parameters_of(NetworkOptions)} | {
    "hang_timeout",
    "exit_on_hang",
    "autostart",
    "pairs",
}

PAIR_NAMES = tuple(each.name for each in PARAMETERS if each.name not in _SHARED)
"""Those that each camera pair has for itself, as ``<pair>.<name>``."""

_TAKEN = {"segmentation", *(name.split(".")[0] for name in PAIR_NAMES)}


def pair_parameters(pair: str, values: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Return the parameters of a camera pair, named ``<pair>.<name>``.

    Args:
        pair: its name.
        values: by name; a parameter's default is the value without the pair's name.
    """
    found = []
    for each in PARAMETERS:
        if each.name in PAIR_NAMES:
            value = values.get(each.name, each.default)
            default = tuple(value) if each.is_array else value
            found.append(replace(each, name=f"{pair}.{each.name}", default=default))
    return tuple(found)


def known_parameters(pairs: Sequence[str] = ()) -> dict[str, Parameter]:
    """Return all parameters by name, those of the camera pairs too.

    Raises:
        OptionError: the names of the camera pairs are not allowed.
    """
    found = {each.name: each for each in PARAMETERS}
    for pair in build(Settings, {"pairs": pairs}).pairs:
        found.update({each.name: each for each in pair_parameters(pair, {})})
    return found


def of_pair(values: Mapping[str, Any], pair: str = "") -> Settings:
    """Return the settings of one camera pair.

    Args:
        values: by parameter name, those of other pairs too; what is missing has its default.
        pair: its name; "": the only pair of a node without ``pairs``.

    Raises:
        OptionError: a value that is wrong by itself or beside another one; it names the parameter.
    """
    own = {each.name: values[each.name] for each in PARAMETERS if each.name in values}
    whole = {name: f"{pair}.{name}" for name in PAIR_NAMES if f"{pair}.{name}" in values}
    own.update({name: values[given] for name, given in whole.items()})
    try:
        return build(Settings, own)
    except OptionError as error:
        raise OptionError(whole.get(error.name, error.name), error.problem) from None


def settings_of(values: Mapping[str, Any]) -> dict[str, Settings]:
    """Return the settings of every camera pair by its name; without ``pairs``: one, named "".

    Args:
        values: by parameter name; what is missing has its default.

    Raises:
        OptionError: a name that does not exist, or a value that is not allowed.
    """
    pairs = of_pair(values).pairs
    known = known_parameters(pairs)
    for name in values:
        check_known(name, known)
    return {pair: of_pair(values, pair) for pair in pairs or ("",)}


def check_known(name: str, known: Mapping[str, Parameter]) -> None:
    """Refuse a name that no parameter has.

    Args:
        name: of a parameter.
        known: what ``known_parameters`` gives.

    Raises:
        OptionError: it says what may be meant.
    """
    pair, _, rest = name.partition(".")
    if name not in known and rest in PAIR_NAMES:
        raise OptionError(name, f"is of a pair that pairs does not name: add {pair} to it")
    check_names([name], list(known))
