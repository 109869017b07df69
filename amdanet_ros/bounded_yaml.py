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
