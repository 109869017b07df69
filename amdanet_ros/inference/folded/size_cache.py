"""A cache for what depends on sizes only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

_KEPT = 32


class SizeCache:
    """Caches a function's results for the most recent hashable arguments, at most ``kept``."""

    def __init__(self, function: Callable[..., Any], kept: int = _KEPT) -> None:
        self._function = function
        self._kept = kept
        self._results: OrderedDict[tuple[Hashable, ...], Any] = OrderedDict()

    def __call__(self, *arguments: Hashable) -> Any:
        """Return the function's result for these arguments."""
        if arguments in self._results:
            self._results.move_to_end(arguments)
            return self._results[arguments]
        result = self._results[arguments] = self._function(*arguments)
        while len(self._results) > self._kept:
            self._results.popitem(last=False)
        return result

    def values(self) -> list[Any]:
        """Return the cached results."""
        return list(self._results.values())

    def __len__(self) -> int:
        return len(self._results)

    def __deepcopy__(self, memo: dict) -> SizeCache:
        return SizeCache(self._function, self._kept)
