"""Some of many pairs."""

from __future__ import annotations


def spread(count: int, most: int) -> set[int]:
    """Return at most `most` indices spread evenly over `count`."""
    if count <= most:
        return set(range(count))
    return {round(i * (count - 1) / (most - 1)) for i in range(most)} if most > 1 else {count // 2}
