"""Why a bag gives no pair at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..findings import FindingKind
from .finding_text import text

if TYPE_CHECKING:
    from ..fuse.source import Source, StreamSpan

# Of cameras that never ran together nothing else is of use.
_LONE = (FindingKind.NO_MESSAGE, FindingKind.ZERO_STAMPS)
_APART = (FindingKind.CLOCKS_APART, FindingKind.STAMPS_APART)


def why_no_pairs(source: Source, slop: float) -> str:
    """Return sentences: the findings about the pairing, and when the images were taken.

    Args:
        source: that has been read to its end and gave nothing.
        slop: largest distance of the stamps of a pair, seconds.
    """
    findings = list(source.findings)
    spans = {stream: span for stream, span in source.spans.items() if span.count}
    lone = [finding for finding in findings if finding.kind in _LONE]
    if len(spans) < 2 or lone:
        said = [text(each, source.streams) for each in lone or findings]
        return "; ".join(said) or f"{source.description} give no pair"
    rgb, thermal = spans["rgb"], spans["thermal"]
    first, last = sorted(
        ((span.recorded, stream) for stream, span in spans.items()), key=lambda each: each[0][0]
    )
    gap = (last[0][0] - first[0][1]) / 1e9
    if gap > slop and rgb.count > 1 < thermal.count:
        return (
            f"the cameras never ran together: {source.streams[first[1]]} ends {gap:.1f} s before "
            f"{source.streams[last[1]]} begins: record both at the same time"
        )
    said = [text(each, source.streams) for each in findings]
    if not any(each.kind in _APART for each in findings):
        offset = (rgb.stamps[0] - thermal.stamps[0]) / 1e9
        times = " and ".join(_times(source.streams[each], span) for each, span in spans.items())
        said.append(
            f"no two stamps lie within --slop {slop:g} s: {times}: if the first two belong "
            f"together, give --thermal-offset {offset:.3f}"
        )
    return "; ".join(said)


def _times(name: str, span: StreamSpan) -> str:
    first, last = (f"{stamp / 1e9:.3f}" for stamp in span.stamps)
    images = "1 image" if span.count == 1 else f"{span.count} images"
    return f"{images} of {name} stamped {first}" + (f" to {last} s" if last != first else " s")
