"""The choice of an engine, kept for the next start: measured once, the same at every start."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..graphs.graph_cache import GraphCache
from .errors import InferenceError
from .precision import Candidate, PrecisionChoice

_FORMAT = 1
_LONGEST_REASON = 2000


@dataclass(frozen=True)
class ChoiceMemory:
    """Where a choice is kept, and what it was made for.

    Args:
        cache: of this user; it may keep nothing.
        key: names all that the choice depends on: weights, size, precision asked for, threads,
            processor and versions. Another key is another choice.
    """

    cache: GraphCache
    key: str

    def recall(self, candidates: Sequence[Candidate]) -> PrecisionChoice | None:
        """Build the engine of an earlier choice; None: there is none, or it does not run now."""
        content = self.cache.get(self._entry())
        if content is None:
            return None
        try:
            kept = json.loads(content)
            name, reason, pace = str(kept["name"]), str(kept["reason"]), float(kept["pace"])
            candidate = next(each for each in candidates if each.name == name)
            engine = candidate.build()
        except (
            ValueError, LookupError, TypeError, StopIteration, OverflowError, RecursionError,
            RuntimeError, InferenceError,
        ):  # fmt: skip
            self.forget()
            return None
        reason = f"{reason[:_LONGEST_REASON]}; measured at an earlier start"
        return PrecisionChoice(engine, candidate.precision, reason, pace, name)

    def keep(self, choice: PrecisionChoice) -> None:
        """Keep a choice that was sure; one in doubt is measured again at the next start."""
        if choice.is_sure:
            kept = {"name": choice.name, "reason": choice.reason, "pace": choice.seconds_per_pixel}
            self.cache.put(self._entry(), json.dumps(kept).encode())

    def forget(self) -> None:
        """Measure again at the next start."""
        self.cache.remove(self._entry())

    def _entry(self) -> str:
        return f"choice {_FORMAT} {self.key}"
