"""Parameter files of ROS 2, read without ROS: a command takes the very file that the node takes.

Types, wildcards and the order of sections are those of rcl_yaml_param_parser; a test compares.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from .bounded_yaml import yaml_advice
from .one_line import one_line
from .parameters import OptionError, UnknownNameError
from .piped_file import given_name, kept_file, read_file

# Settings are imported where they are needed: their ranges need torch, which takes seconds to
# import, and the recorder and the player only read the file.

_MARK = "ros__parameters"
_MOST_BYTES = 256 * 1024
_MOST_NAMES = 5000
"""ROS takes seconds for more, and hears no signal meanwhile."""
_DEEPEST = 16
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SHAPE = f"expected is '/**:', in it '{_MARK}:', in it the parameters"
_TRUE = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_FALSE = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
_WHOLE = re.compile(r"[+-]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"([+-]?)\.?(nan|inf|infinity)", re.IGNORECASE)
_STRING_TAG = "tag:yaml.org,2002:str"


_LONGEST_MESSAGE = 1500


class ParameterFileError(ValueError):
    """A parameter file that cannot be used; the message names the file, the line and the fix.

    It is one line, whatever the names in the file are.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message, _LONGEST_MESSAGE))


def read_params_file(
    path: str | Path, node_name: str = "amdanet", namespace: str = "/"
) -> dict[str, Any]:
    """Read what a parameter file sets for a node.

    Sections are ``/**``, a node's name, or namespaces with names in them, with the wildcards ``*``
    (one part) and ``**`` (any number); where several fit, the later one wins. Names are nested or
    have dots. Parameters that belong to ROS itself (use_sim_time) are left out.

    Args:
        path: the file.
        node_name: without its namespace.
        namespace: of the node.

    Returns:
        Values by parameter name, as ``settings_of`` takes them: all of them are allowed.

    Raises:
        ParameterFileError: it cannot be read, is no parameter file, has nothing for this node, or
            has a name or a value that is not allowed.
    """
    return ParameterFile(path).checked_values(node_name, namespace)


def kept_params_file(path: str | Path) -> Path:
    """Return the path at which a parameter file can be read again, also where it is a pipe.

    Raises:
        ParameterFileError: nothing comes from the pipe.
    """
    try:
        return kept_file(path, _MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


class ParameterFile:
    """A parameter file that can be read; its names and values need not be allowed.

    Args:
        path: the file.

    Raises:
        ParameterFileError: it cannot be read, or is no parameter file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = given_name(path)
        self._content = _Content(_content_of(path), self.path)
        with self._content.naming_yaml_errors():
            self._content.read()

    def checked_values(self, node_name: str, namespace: str) -> dict[str, Any]:
        """Return what the file sets for a node; see ``read_params_file``."""
        from .settings import settings_of

        if problem := self.not_for(node_name, namespace):
            raise ParameterFileError(problem)
        found = self._for_node(node_name, namespace)
        values = {name: value for name, (_, value) in found.items()}
        try:
            settings_of(values)
        except OptionError as error:
            line = f", line {found[error.name][0]}" if error.name in found else ""
            is_unknown = isinstance(error, UnknownNameError)
            fix = "; parameters of other nodes go under their own names" if is_unknown else ""
            raise ParameterFileError(f"{self.path}{line}: {error}{fix}") from None
        return values

    def names_for(self, node_name: str, namespace: str) -> dict[str, int]:
        """Return the names that the file sets for a node, those of ROS too, and their lines."""
        return {name: line for name, (line, _) in self._whole(node_name, namespace).items()}

    def not_for(self, node_name: str, namespace: str) -> str | None:
        """Say that the file means other nodes, or return None where it has something for this one.

        Without a name for it, but with names that only it knows under other nodes, it is said too.
        """
        from .settings import PARAMETERS

        node = f"{namespace.rstrip('/')}/{node_name}"
        if any(_fits(name, node) for name in self._content.sections):
            own = {each.name for each in PARAMETERS}
            is_misplaced = any(name in own for _, name, _, _ in self._content.entries)
            if self._for_node(node_name, namespace) or not is_misplaced:
                return None
        others = _cut(", ".join(dict.fromkeys(self._content.sections)))
        return (
            f"{self.path} has no parameters of {node}, only of {others}: put them under /** or "
            f"{node}"
        )

    def _for_node(self, node_name: str, namespace: str) -> dict[str, tuple[int, Any]]:
        """Return line and value by name, without the parameters that belong to ROS itself."""
        from .settings import OF_ROS

        whole = self._whole(node_name, namespace)
        return {name: held for name, held in whole.items() if not OF_ROS.fullmatch(name)}

    def _whole(self, node_name: str, namespace: str) -> dict[str, tuple[int, Any]]:
        node = f"{namespace.rstrip('/')}/{node_name}"
        fitting = {n for n, name in enumerate(self._content.sections) if _fits(name, node)}
        return {
            name: (line, value)
            for section, name, line, value in self._content.entries
            if section in fitting
        }


def _fits(section: str, node: str) -> bool:
    """Whether a section's name, with its wildcards, is a node's."""
    parts = {"**": r"(/\w+)*", "*": r"/\w+"}
    tokens = section.strip("/").split("/")
    return bool(re.fullmatch("".join(parts.get(t, "/" + re.escape(t)) for t in tokens), node))


def read_value(text: str) -> Any:
    """Read one value as ROS reads it in ``-p name:=value``.

    Raises:
        ParameterFileError: it is no number, string, true or false, nor a list of them.
    """
    content = _Content(text.encode(errors="surrogateescape"), f"the value {_cut(text)!r}")
    with content.naming_yaml_errors():
        for event in content.events:
            if isinstance(event, yaml.NodeEvent):
                return content.value(event, "it")
    raise ParameterFileError(f"{content.place} is empty")


def _content_of(path: str | Path) -> bytes:
    try:
        content = read_file(path, _MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise _unreadable(path, error) from None
    if len(content) > _MOST_BYTES:
        raise ParameterFileError(
            f"{given_name(path)} is larger than {_MOST_BYTES // 1024} KiB: that is no parameter "
            "file"
        )
    return content


def _unreadable(path: str | Path, error: Exception) -> ParameterFileError:
    reason = getattr(error, "strerror", None) or str(error)
    return ParameterFileError(f"{path} cannot be read: {reason}")


class _Content:
    """The content of a parameter file.

    Attributes:
        sections: full names of nodes, with wildcards, in the order of the file.
        entries: number of the section, parameter name, line and value, in the order of the file.
    """

    def __init__(self, content: bytes, place: str) -> None:
        self.place = place
        self._text = content
        self.sections: list[str] = []
        self.entries: list[tuple[int, str, int, Any]] = []
        self.events = iter(yaml.parse(content, Loader=_LOADER))

    @contextlib.contextmanager
    def naming_yaml_errors(self) -> Iterator[None]:
        """Turn errors of the YAML library into one line that names the place."""
        try:
            yield
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f", line {mark.line + 1}" if mark else ""
            words = f"{error.problem}{yaml_advice(error, self._text)}"
            raise ParameterFileError(f"{self.place}{line} is not YAML: {words}") from None
        except yaml.YAMLError as error:
            words = f"{str(error).splitlines()[0]}{yaml_advice(error, self._text)}"
            raise ParameterFileError(f"{self.place} is not YAML: {words}") from None

    def read(self) -> None:
        """Read sections and entries."""
        seen: dict[tuple[int, str], int] = {}
        for event in self.events:
            if isinstance(event, (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.AliasEvent)):
                raise self._wrong(event, f"is no section: {_SHAPE}")
            if not isinstance(event, yaml.MappingStartEvent):
                continue  # begin and end of stream and document
            for section, name, line, value in self._mapping(()):
                if (before := seen.setdefault((section, name), line)) != line:
                    raise ParameterFileError(
                        f"{self.place}, line {line}: {name} is in line {before} too: remove one"
                    )
                self.entries.append((section, name, line, value))
                if len(self.entries) > _MOST_NAMES:
                    raise ParameterFileError(
                        f"{self.place} has more than {_MOST_NAMES} parameters: that is no "
                        "parameter file of this node"
                    )
        if not self.sections:
            raise ParameterFileError(f"{self.place} has no parameters: {_SHAPE}")

    def _mapping(self, above: tuple[str, ...]) -> Iterator[tuple[int, str, int, Any]]:
        """Read to the end of a mapping; ``above``: the keys that lead to it."""
        for key in self.events:
            if isinstance(key, yaml.MappingEndEvent):
                return
            if not isinstance(key, yaml.ScalarEvent) or not key.value:
                raise self._wrong(key, "is no name")
            value = next(self.events)
            keys = (*above, key.value)
            begins = key.value == _MARK and _MARK not in above
            if len(keys) > _DEEPEST:
                raise self._wrong(key, f"lies more than {_DEEPEST} levels deep: {_SHAPE}")
            if begins:
                self.sections.append(self._section(above, key))
            if isinstance(value, yaml.MappingStartEvent):
                yield from self._mapping(keys)
            elif begins or _MARK not in above:
                raise self._wrong(key, f"is no section: {_SHAPE}")
            else:
                name = ".".join(keys[keys.index(_MARK) + 1 :])
                found = self.value(value, name)
                yield len(self.sections) - 1, name, key.start_mark.line + 1, found

    def _section(self, keys: tuple[str, ...], event: yaml.Event) -> str:
        tokens = [token for key in keys for token in key.strip("/").split("/") if token]
        if not tokens or len(tokens) > _DEEPEST:
            raise self._wrong(event, f"has no name of a node above it: {_SHAPE}")
        return "/" + "/".join(tokens)

    def value(self, event: yaml.Event, name: str) -> Any:
        """Return the value that begins with an event; ``name``: of the parameter."""
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, name)
        if not isinstance(event, yaml.SequenceStartEvent):
            raise self._wrong(event, f"is an alias, which ROS does not know: write {name} out")
        found: list[Any] = []
        for each in self.events:
            if isinstance(each, yaml.SequenceEndEvent):
                break
            if not isinstance(each, yaml.ScalarEvent):
                raise self._wrong(each, f"in {name} is no number, string, true or false")
            found.append(self._scalar(each, name))
        if len({type(each) for each in found}) > 1:
            raise self._wrong(
                event, f"in {name} mixes types, which ROS refuses: give all numbers a decimal point"
            )
        return found

    def _scalar(self, event: yaml.ScalarEvent, name: str) -> Any:
        text = event.value
        if event.style or event.tag == _STRING_TAG:
            return text
        if not text:
            raise self._wrong(event, f"{name} has no value: give it one, or remove it", False)
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _WHOLE.fullmatch(text):
            sign, digits = -1 if text[0] == "-" else 1, text.lstrip("+-")
            is_octal = digits[0] == "0" and digits[1:2] not in ("", "x", "X")
            value = int(digits, 8 if is_octal else 0) if len(digits) <= 64 else math.inf
            return sign * value if -(2**63) <= sign * value < 2**63 else sign * float(value)
        if _NUMBER.fullmatch(text):
            return float(text)
        if match := _NOT_FINITE.fullmatch(text):
            return float("".join(match.groups()))
        return text

    def _wrong(self, event: yaml.Event, problem: str, is_shown: bool = True) -> ParameterFileError:
        kinds = {yaml.SequenceStartEvent: "a list", yaml.MappingStartEvent: "a mapping"}
        what = kinds.get(type(event)) or _cut(getattr(event, "value", "")) or "an empty value"
        if isinstance(event, yaml.AliasEvent):
            what = f"*{_cut(event.anchor)}"
        words = f"{what} {problem}" if is_shown else problem
        return ParameterFileError(f"{self.place}, line {event.start_mark.line + 1}: {words}")


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
