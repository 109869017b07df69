"""Changes that an input makes to a whole file."""

from __future__ import annotations

from .spending import Spending

_CHANGES = 8


def damaged(whole: bytes, spending: Spending) -> bytes:
    """Return a file with some changes: bytes, pieces left out or put in."""
    content = bytearray(whole)
    for _ in range(1 + spending.byte() % _CHANGES):
        if not content:
            break
        # The beginning and the end hold what tells where everything is.
        place = spending.choice((0, 0, len(content) - 1, len(content) // 2))
        reach = int.from_bytes(spending.take(2), "little")
        at = max(0, min(len(content) - 1, place - reach if place else reach))
        what = spending.byte() % 4
        if what == 0:
            content[at] = spending.byte()
        elif what == 1:
            content[at : at + 8] = spending.take(8)
        elif what == 2:
            del content[at : at + spending.byte()]
        else:
            content[at:at] = spending.take(spending.byte() % 16)
    return bytes(content)
