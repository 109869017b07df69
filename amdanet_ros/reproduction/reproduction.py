"""A reproduction: trains and scores what tables and figures need, and writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from ..whole_file import whole_file
from .figure_writer import FIGURES, drawn_figure
from .presets import Experiment, Preset
from .runner import Runner
from .table_specs import TABLES
from .table_writer import ReproducedTable

EVERYTHING = (*TABLES, *FIGURES)
"""Names of all tables and figures."""


class Reproduction:
    """Makes tables and figures of one preset in one folder.

    Args:
        preset, runner, out: of the reproduction; `out` gets the tables and figures.
        experiments: by data set, as `presets.experiments` returns them; other data sets of a
            table are left out.
        seeds: of the runs; figures use the first.
        weights: by data set, a checkpoint (or the name of a built-in one) for the figures; for
            other data sets the base experiment is trained.
    """

    def __init__(
        self,
        preset: Preset,
        experiments: dict[str, Experiment],
        seeds: Sequence[int],
        runner: Runner,
        out: Path,
        weights: Mapping[str, str] | None = None,
    ) -> None:
        self.preset, self.experiments, self.seeds = preset, experiments, tuple(seeds)
        self.runner, self.out, self.weights = runner, Path(out), dict(weights or {})

    def plan(self, names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Yield (run, state, description) of every run that tables and figures need, each once."""
        seen = set()
        for name in names:
            for _, data_set, changes, seed in self._runs(name):
                run, state = self.runner.state(self.experiments[data_set], changes, seed)
                if run not in seen:
                    seen.add(run)
                    yield run, state, ", ".join(changes) or "base"

    def make(self, name: str, images: Sequence[str] = ()) -> list[Path]:
        """Train and score what one of `EVERYTHING` needs and write its files.

        `images` names the test images that a figure shows; empty: see `drawn_figure`.

        Returns:
            The written files; none in other processes than the first, or if none of the data sets
            is among the experiments.

        Raises:
            ConfigError, DataError: what cannot be used.
        """
        if name in TABLES:
            return self._table(name)
        spec = FIGURES[name]
        written: list[Path] = []
        for data_set in self._chosen(spec.data_sets):
            experiment = self.experiments[data_set]
            weights: str | Path | None = self.weights.get(data_set)
            if weights is None:
                weights = self.runner.trained(experiment, (), self.seeds[0]).weights
            config = experiment.config((), self.seeds[0])
            if self.runner.processes.first:
                figure = drawn_figure(
                    spec, experiment, config, weights, self.runner.processes.device, images
                )
                written += figure.write(self.out)
            self.runner.processes.wait()
        return written

    def _table(self, name: str) -> list[Path]:
        spec = TABLES[name]
        data_sets = self._chosen(spec.data_sets)
        if not data_sets:
            return []
        table = ReproducedTable(spec, data_sets, self._facts(data_sets), self._notes(data_sets))
        for row, data_set, changes, seed in self._runs(name):
            run = self.runner.trained(self.experiments[data_set], changes, seed)
            scores = self.runner.scores(self.experiments[data_set], run)
            table.scores[row, data_set, seed] = {**scores, "run": run.folder.name}
        if not self.runner.processes.first:
            return []
        self.out.mkdir(parents=True, exist_ok=True)
        texts = {"md": table.as_markdown(), "json": table.as_json(), "csv": table.as_csv()}
        paths = [self.out / f"{name}.{end}" for end in texts]
        for path, text in zip(paths, texts.values(), strict=True):
            with whole_file(path) as partial:
                partial.write_text(text, encoding="utf-8")
        return paths

    def _runs(self, name: str) -> Iterator[tuple[str, str, tuple[str, ...], int]]:
        """Yield (row, data set, changes, seed) of each run of a table or figure."""
        if name in TABLES:
            spec = TABLES[name]
            for variant, data_set in product(spec.variants, self._chosen(spec.data_sets)):
                for seed in self.seeds:
                    yield variant.row, data_set, variant.changes, seed
            return
        for data_set in self._chosen(FIGURES[name].data_sets):
            if data_set not in self.weights:
                yield "", data_set, (), self.seeds[0]

    def _chosen(self, published: Sequence[str]) -> tuple[str, ...]:
        wanted = self.preset.data_sets(published)
        return tuple(name for name in wanted if name in self.experiments)

    def _facts(self, data_sets: Sequence[str]) -> dict:
        return {
            "preset": self.preset.name,
            "seeds": list(self.seeds),
            "overrides": list(self.experiments[data_sets[0]].overrides),
            "limit": self.experiments[data_sets[0]].limit,
        }

    def _notes(self, data_sets: Sequence[str]) -> tuple[str, ...]:
        experiment = self.experiments[data_sets[0]]
        notes = list(self.preset.notes)
        if experiment.overrides:
            notes.append(f"Changed by --set: {', '.join(experiment.overrides)}.")
        if experiment.limit is not None:
            notes.append(f"Scored on the first {experiment.limit} test pairs only.")
        if self.preset.published_data and not experiment.config((), 0).imagenet:
            notes.append(
                "Trained from scratch: no ImageNet weights were given (--set imagenet=mit_b4.pth)."
            )
        if "mfnet" in data_sets:
            notes.append(
                "MFNet's guardrail occurs in 4 test images, mislabelled in their neighbours: the "
                "JSON file has the mIoU without it too."
            )
        return tuple(notes)
