"""YAML without numbers that Python can make and cannot show, and not nested without end."""

from __future__ import annotations

from typing import Any

import yaml

_MOST_DIGITS = 1000
_DEEPEST = 100


class _Loader(yaml.SafeLoader):
    """The safe loader, with a bound on whole numbers and on brackets within brackets."""

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        """Read an opening bracket; the time that the scanner takes grows with their square."""
        if self.flow_level >= _DEEPEST:
            reason = f"its brackets are nested more than {_DEEPEST} deep"
            raise yaml.scanner.ScannerError(None, None, reason, self.get_mark())
        super().fetch_flow_collection_start(token)

    def construct_yaml_int(self, node: yaml.Node) -> int:
        """Return a whole number.

        Hexadecimal ones have no limit in Python, but raise ValueError where they are shown.
        """
        if len(str(node.value)) > _MOST_DIGITS:
            reason = f"a number has more than {_MOST_DIGITS} digits"
            raise yaml.constructor.ConstructorError(None, None, reason, node.start_mark)
        return super().construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def load_yaml(text: str | bytes) -> Any:
    """Return what a YAML text holds, as ``yaml.safe_load`` does.

    Raises:
        yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError,
        RecursionError: it is none, or has bad values.
    """
    return yaml.load(text, _Loader)


def yaml_advice(error: Exception, text: bytes = b"") -> str:
    """Return what to do, for the end of a sentence, where the YAML library's own words do not say.

    Args:
        error: of ``load_yaml`` or another reader of YAML.
        text: that was read, where the reader does not say which character it found, as libyaml.

    Returns:
        Such as ": indent by spaces instead of tabs"; "" where nothing is known to help.
    """
    words = str(error)
    mark = getattr(error, "problem_mark", None)
    line = text.split(b"\n", mark.line + 1)[mark.line : mark.line + 1] if mark else []
    is_tab = bool(line) and line[0][mark.column :].startswith(b"\t")
    if r"'\t' that cannot start any token" in words or (is_tab and "any token" in words):
        return ": indent by spaces instead of tabs"
    if isinstance(error, yaml.reader.ReaderError) and error.encoding != "unicode":
        return ": save it as UTF-8"
    if "scanning a directive" in words:
        return ": leave out the line that begins with %"
    return ""
