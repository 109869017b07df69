"""What is fuzzed: functions of bytes that may end in documented errors only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_LONGEST_SENTENCE = 2000


@dataclass(frozen=True)
class Target:
    """One reader of the package.

    Attributes:
        name: of its folder in ``corpus``.
        run: takes any bytes; returns, or raises what is documented.
        errors: what is documented.
        seeds: makes inputs to begin with.
        longest: bytes of an input.
    """

    name: str
    run: Callable[[bytes], None]
    errors: tuple[type[Exception], ...]
    seeds: Callable[[], list[bytes]]
    longest: int = 4096

    def __call__(self, data: bytes) -> None:
        """Run with one input.

        Raises:
            Exception: a fault: an error that is not documented, or a sentence nobody can read.
        """
        try:
            self.run(data)
        except self.errors as error:
            sentence = str(error)
            if not sentence.strip() or "\n" in sentence or len(sentence) > _LONGEST_SENTENCE:
                raise AssertionError(f"no sentence of one line: {sentence[:200]!r}") from error
