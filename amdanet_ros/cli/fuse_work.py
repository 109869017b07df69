"""One input on its way to one output, as `amdanet fuse` and `amdanet fleet` do it."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .blank_images import BlankImages
from .errors import CommandError
from .fuse_options import VIDEO_RATE, Loaded, files_of
from .left_out import LeftOut
from .settings_arguments import read_settings
from .source_arguments import TOPIC_OPTIONS, in_sequence, open_source

if TYPE_CHECKING:
    from ..findings import Finding
    from ..fuse.job import Step
    from ..fuse.journal import FuseJournal
    from ..fuse.output import FuseOutput
    from ..fuse.place import OutputPlace
    from ..fuse.source import Source
    from ..fuse.tally import FuseOutcome
    from ..pipeline.fusion import Fusion
    from ..settings import Settings


def settings_for(arguments: argparse.Namespace, in_sequence: bool) -> Settings:
    """Return the settings that the arguments name, for a bag or for images; see ``FuseWork``."""
    # Unrelated images have no common scale to keep.
    return read_settings(arguments, {} if in_sequence else {"thermal.smoothing": 0.0})


def kind_for(arguments: argparse.Namespace) -> str:
    """Return what is written: "bag", "images" or "video"; raises OutputPlaceError."""
    from ..fuse.place import kind_of

    default = "bag" if in_sequence(arguments) else "images"
    return kind_of(arguments.output, arguments.format, default)


@dataclass
class FuseWork:
    """A context manager: the work on one input. First all ``steps``, ``last_words``, ``finish``.

    Attributes:
        description: for people: input and network.
        most: how many pairs there can be.
    """

    description: str
    most: int
    _arguments: argparse.Namespace
    _source: Source
    _place: OutputPlace
    _loaded: Loaded
    _fusions: dict[str, Fusion] = field(default_factory=dict)
    _said: dict[str, None] = field(default_factory=dict)

    @classmethod
    def of(cls, arguments: argparse.Namespace, loaded: Loaded | None = None) -> FuseWork:
        """Open the input, check the output and load the network; nothing is written.

        Args:
            arguments: of `amdanet fuse`.
            loaded: for these arguments; None: settings and network are read.

        Raises:
            BagError, CheckpointError, CommandError, ImageFolderError, InferenceError, OSError,
            OutputPlaceError, ValueError: what is wrong with input, options or output.
        """
        from ..fuse.place import OutputPlace
        from ..report.page import check_place

        is_new = loaded is None
        settings = settings_for(arguments, in_sequence(arguments)) if is_new else loaded.settings
        kind = kind_for(arguments)
        source = open_source(arguments, settings)
        inputs = _inputs(arguments, settings, source)
        place = OutputPlace.of(arguments.output, kind, arguments.overwrite, inputs)
        if getattr(arguments, "report", None):
            check_place(arguments.report, inputs, [arguments.output])
        loaded = loaded or Loaded.of(arguments, settings, kind)
        description = f"{source.description}: {loaded.predictor.describe()}"
        return cls(description, source.most, arguments, source, place, loaded)

    def __post_init__(self) -> None:
        self._left_out = LeftOut(self._source.streams)
        self._blank = BlankImages(self._source.streams)

    def __enter__(self) -> FuseWork:
        from ..fuse.journal import FuseJournal
        from ..fuse.made_of import seen_fingerprint
        from ..inference.freed_memory import keep_freed_memory

        job = _job(self._arguments, self._loaded, self._source)
        self._journal: FuseJournal = FuseJournal(self._place.path, job)
        self._seen = seen_fingerprint(given_inputs(self._arguments))
        keep_freed_memory()
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.close()

    def steps(self) -> Iterator[list[str]]:
        """Compute pair by pair; after each yield what is new to say.

        What is found is said once, and of each bad image where it lies.

        Raises:
            as ``of``.
        """
        from ..fuse.job import compute
        from ..pipeline.pipeline import FusionPipeline

        pipeline = FusionPipeline(self._loaded.predictor, self._loaded.settings.fusion)
        for step in compute(self._source, pipeline, self._journal):
            yield list(self._new(self._words_of(step)))

    def last_words(self) -> list[str]:
        """Return what is to say once all pairs are through."""
        last = [*self._left_out.further(), *self._source.remarks]
        last += self._blank.sentences()
        if self._fusions or self._left_out.count:
            last += [self._sentence(each) for each in self._source.findings]
        return list(self._new(last))

    def _words_of(self, step: Step) -> Iterable[str]:
        if step.fusion is None:
            return self._left_out.add(step.pair, step.error)
        self._fusions[step.pair.name] = step.fusion
        self._blank.add(step.fusion.health)
        return [self._sentence(each) for each in step.fusion.findings]

    def _new(self, sentences: Iterable[str]) -> Iterator[str]:
        for sentence in sentences:
            if sentence not in self._said:
                self._said[sentence] = None
                yield sentence

    def _sentence(self, finding: Finding) -> str:
        from .finding_text import text

        return text(finding, self._source.streams)

    @property
    def counts(self) -> str:
        """How many pairs are fused and left out, in words."""
        left_out = f", {self._left_out.count} left out" if self._left_out.count else ""
        return f"{len(self._fusions)} pairs fused{left_out}"

    def finish(self) -> FuseOutcome:
        """Write the output, give it its name and remove the journal.

        Raises:
            CommandError: there is no pair; nothing is written.
            as ``of``.
        """
        from ..fuse.job import write
        from ..fuse.output_record import OutputRecord
        from ..fuse.tally import TalliedOutput
        from ..report.page import whole_page
        from .fuse_report import ReportedOutput
        from .no_pairs import why_no_pairs

        if not self._fusions:
            why = why_no_pairs(self._source, self._loaded.settings.sync.slop)
            raise CommandError(
                f"{self.counts}, nothing is written: "
                f"{'why is said above' if self._left_out.count else why}"
            )
        kind = self._place.kind
        part = self._journal.fresh_part()
        rate = self._arguments.video_rate or self._source.rate or VIDEO_RATE
        reported = ReportedOutput(
            _output(kind, part, rate), len(self._fusions) if self._report else 0, self.description
        )
        output = TalliedOutput(reported)
        write(self._source, self._fusions, self._journal, output)
        outcome = output.tally.outcome(self._left_out.count)
        OutputRecord(self._made_of(), outcome.values()).keep(part, kind)
        with contextlib.ExitStack() as last:
            if self._report:
                html = reported.html(self.counts, list(self._said), self._source)
                last.enter_context(whole_page(self._report, html))
            self._place.publish(part, self._journal.aside)
        self._journal.remove()
        return outcome

    @property
    def _report(self) -> Path | None:
        """Where a report goes; the bags of a fleet have none of their own."""
        return getattr(self._arguments, "report", None)

    def _made_of(self) -> Any:
        from ..fuse.made_of import MadeOf, content_fingerprint, seen_fingerprint

        inputs = given_inputs(self._arguments)
        # What was changed while it was read is never taken for what is there then.
        is_same = seen_fingerprint(inputs) == self._seen
        content = content_fingerprint(inputs) if is_same else ""
        return MadeOf(self._loaded.options, content, self._seen)


def given_inputs(arguments: argparse.Namespace) -> list[Path]:
    """Return the files and folders that are fused."""
    return [path for path in (arguments.input, arguments.thermal) if path is not None]


def _inputs(arguments: argparse.Namespace, settings: Settings, source: Source) -> list[Path]:
    """Return all that is read: files, and the folders that hold the images."""
    from ..output_place import folders_of

    given = [arguments.input, arguments.thermal, arguments.params_file]
    given += files_of(settings).values()
    folders = folders_of(map(Path, source.files), given_inputs(arguments))
    return [path for path in (*given, *folders, *source.files) if path is not None]


def _output(kind: str, path: Path, rate: float) -> FuseOutput:
    from ..fuse.bag_output import BagOutput
    from ..fuse.image_output import ImageOutput
    from ..fuse.video_output import VideoOutput

    if kind == "video":
        return VideoOutput(path, rate)
    return BagOutput(path) if kind == "bag" else ImageOutput(path)


def _job(arguments: argparse.Namespace, loaded: Loaded, source: Source) -> dict[str, object]:
    """Return what the results depend on: another value starts afresh."""
    job: dict[str, object] = {
        name: str(getattr(arguments, name))
        for name in ("input", "thermal", "stacked", *TOPIC_OPTIONS)
    }
    files = hashlib.sha256()
    for file in source.files:
        state = file.lstat()
        files.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\n".encode(errors="replace"))
    return {**job, "files": files.hexdigest(), "options": loaded.options}
