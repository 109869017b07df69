"""The report of `amdanet fuse`: what became of the pairs, and some of them to look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..pipeline.health import HealthStatus
from ..report.elements import facts, heading, lines, number, paragraph, table, text
from ..report.images import slider, sliders
from ..report.page import page
from ..report.plots import area_plot, line_plot
from ..view.fused_frame import FrameMaker

if TYPE_CHECKING:
    from ..fuse.output import FuseOutput
    from ..fuse.source import Source, SourcePair
    from ..pipeline.fusion import Fusion

_SHOWN = 12


class ReportedOutput:
    """Keeps what a report tells of the pairs that an output gets.

    Args:
        output: gets each pair.
        count: how many pairs will come: of these some are shown, the same distance apart.
        description: for people: of input and network.
    """

    def __init__(self, output: FuseOutput, count: int, description: str) -> None:
        self._output = output
        self._description = description
        shown = min(_SHOWN, count)
        self._wanted = {round(i * (count - 1) / max(1, shown - 1)) for i in range(shown)}
        self._maker = FrameMaker(description)
        self._pairs: list[str] = []
        self._times: list[float] = []
        self._values: dict[str, list[float]] = defaultdict(list)
        self._areas: dict[str, list[float]] = defaultdict(list)
        self._colours: dict[str, Sequence[int]] = {}
        self._states: dict[str, Counter[str]] = defaultdict(Counter)

    def put(self, pair: SourcePair, fusion: Fusion) -> None:
        """Keep what is told of a pair, and hand it on."""
        if len(self._times) in self._wanted:
            self._pairs.append(self._shown(pair, fusion))
        self._times.append(fusion.stamp_ns / 1e9)
        self._values["thermal minus RGB stamp"].append(fusion.offset_ns / 1e6)
        self._values["computing"].append(1e3 * fusion.timings.get("total", float("nan")))
        if fusion.statistics is not None:
            areas = fusion.statistics.areas.tolist()
            for name, color, area in zip(
                fusion.classes.names, fusion.classes.palette, areas, strict=True
            ):
                self._areas[name].append(area)
                self._colours[name] = color
        for stream, health in fusion.health.items():
            status = HealthStatus(health.status).name.lower()
            self._states[stream][f"{status}: {health.reason}" if health.reason else status] += 1
        self._output.put(pair, fusion)

    def _shown(self, pair: SourcePair, fusion: Fusion) -> str:
        images = self._maker.images(pair.read(), fusion)
        caption = f"{pair.name}, {fusion.stamp_ns / 1e9:.3f} s: {pair.place_of(None)}"
        return slider(caption, images, ("thermal", "overlay"))

    def close(self) -> None:
        """Finish the output."""
        self._output.close()

    def html(self, counts: str, said: Sequence[str], source: Source) -> str:
        """Return the report.

        Args:
            counts: pairs that are fused and left out, in words.
            said: sentences about what is missing or not as it should be.
            source: that has been read to its end.
        """
        pairs = len(self._times)
        streams = {f"{stream} images": span.count for stream, span in source.spans.items()}
        parts = [
            paragraph(self._description),
            facts({"pairs": counts, **streams}),
            heading("What is missing or not as it should be"),
            lines(said, "Nothing is said."),
            table(
                ("images without a partner", "why", "number"),
                (
                    (text(stream), text(why), number(count))
                    for stream, reasons in source.unpaired.items()
                    for why, count in reasons.items()
                ),
                "No image is without a partner.",
            ),
            heading("Pairs"),
            paragraph(f"{len(self._pairs)} of {pairs}. Move the edge between the two images."),
            sliders(self._pairs),
            heading("Stamps: thermal minus RGB"),
            self._plot("thermal minus RGB stamp"),
            heading("Latency of computing"),
            self._plot("computing"),
            heading("Class areas"),
            area_plot(self._times, self._areas, self._colours),
            self._classes(pairs),
            heading("Cameras"),
            table(
                ("camera", "state", "pairs"),
                (
                    (text(stream), text(state), number(count))
                    for stream, states in sorted(self._states.items())
                    for state, count in states.most_common()
                ),
                "Nothing is known of them.",
            ),
        ]
        return page("amdanet fuse", parts, moves=True)

    def _plot(self, name: str) -> str:
        return line_plot("ms", self._times, {name: self._values[name]})

    def _classes(self, pairs: int) -> str:
        seen = {name: sum(areas) / pairs for name, areas in self._areas.items() if any(areas)}
        return table(
            ("class", "mean share of an image"),
            (
                (text(name), number(f"{seen[name]:.3%}"))
                for name in sorted(seen, key=lambda each: -seen[each])
            ),
            "No class was seen.",
        )
