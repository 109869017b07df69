"""Trains and scores the variants of a reproduction; finished ones are loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..evaluation.scoring import score_pairs
from ..network.checkpoint import load_checkpoint
from ..training.config import TrainingConfig
from ..training.deciding_values import deciding_values
from ..training.experiment import build_classes, build_pairs
from ..training.processes import Processes
from ..training.saved_state import SavedStateError
from ..training.trainer import BEST, LAST, Trainer
from ..whole_file import whole_file
from .presets import Experiment

DONE, SCORES = "finished.json", "evaluation.json"


def run_name(data_set: str, config: TrainingConfig) -> str:
    """Return the name of a run's folder: data set, seed, digest of the deciding values.

    Equal variants of different tables share one run.
    """
    values = json.dumps(deciding_values(config.as_dict()), sort_keys=True)
    digest = hashlib.sha256(values.encode()).hexdigest()[:10]
    return f"{data_set}_s{config.seed}_{digest}"


@dataclass(frozen=True)
class Run:
    """A trained variant.

    Attributes:
        folder: of the run, with `best.safetensors`.
        config: of the training.
    """

    folder: Path
    config: TrainingConfig

    @property
    def weights(self) -> Path:
        """The best weights."""
        return self.folder / BEST


class Runner:
    """Trains and scores variants; it can be killed at any time and continues in the next call.

    Each run has a folder in `folder`; `report` is called with a line of text at its start.
    """

    def __init__(
        self, folder: Path, processes: Processes, report: Callable[[str], None] = print
    ) -> None:
        self.folder, self.processes, self._report = Path(folder), processes, report

    def state(self, experiment: Experiment, changes: Sequence[str], seed: int) -> tuple[str, str]:
        """Return (name of the run's folder, "trained", "begun" or "to train")."""
        folder = self._folder(experiment, experiment.config(changes, seed))
        if (folder / DONE).is_file():
            return folder.name, "trained"
        return folder.name, "begun" if (folder / LAST).is_file() else "to train"

    def trained(self, experiment: Experiment, changes: Sequence[str], seed: int) -> Run:
        """Return a variant's run; it is trained first unless that is done.

        Raises:
            ConfigError, DataError: what the training cannot use.
            FloatingPointError: the loss became infinite or NaN.
        """
        config = experiment.config(changes, seed)
        folder = self._folder(experiment, config)
        run = Run(folder, config)
        what = f"{experiment.data_set}, {', '.join(changes) or 'base'}, seed {seed}"
        done = (folder / DONE).is_file()
        if done and run.weights.is_file():
            self._say(f"{what}: already trained, {folder}")
            return run
        if done:  # and the weights deleted
            self._forget(folder)
        begun = (folder / LAST).is_file()
        self._say(f"{what}: {'continuing' if begun else 'training'}, {folder}")
        train, validation = build_pairs(config)
        try:
            trainer = Trainer(config, folder, train, validation, self.processes, begun)
        except SavedStateError as error:  # damaged, or of what other files held
            self._say(f"{what}: training from the start: {error}")
            self._forget(folder)
            trainer = Trainer(config, folder, train, validation, self.processes)
        result = trainer.run()
        if self.processes.first:
            (folder / SCORES).unlink(missing_ok=True)
            facts = {"steps": result.step, "best_step": result.best_step, "changes": list(changes)}
            _write_whole(folder / DONE, {**facts, "validation_mIoU": result.best_iou})
            (folder / LAST).unlink(missing_ok=True)  # as large as three times the weights
        self.processes.wait()
        return run

    def _forget(self, folder: Path) -> None:
        """Delete an unusable state, so that a training can begin."""
        if self.processes.first:
            (folder / LAST).unlink(missing_ok=True)
        self.processes.wait()

    def scores(self, experiment: Experiment, run: Run) -> dict[str, Any]:
        """Return the scores of a run on the test pairs, as `EvaluationReport.as_dict` gives them.

        Raises:
            DataError: the test pairs cannot be read.
        """
        pairs = experiment.test_pairs(run.config)
        facts = {
            "data_set": experiment.data_set,
            "pairs": len(pairs),
            "window": list(experiment.window) if experiment.window else None,
        }
        path = run.folder / SCORES
        self.processes.wait()  # every process has read the file before one of them writes it
        saved = _saved(path)
        if saved and all(saved.get(key) == value for key, value in facts.items()):
            return saved
        network = load_checkpoint(run.weights).build().to(self.processes.device)
        share = range(self.processes.rank, len(pairs), self.processes.world)
        classes = build_classes(run.config)
        chosen, device = (pairs[i] for i in share), self.processes.device
        found = score_pairs(network, chosen, classes.names, device, experiment.window)
        whole = self.processes.gathered(found)
        if whole is not None:
            whole.facts = facts
            _write_whole(path, whole.as_dict())
        self.processes.wait()
        return json.loads(path.read_text())

    def _folder(self, experiment: Experiment, config: TrainingConfig) -> Path:
        return self.folder / run_name(experiment.data_set, config)

    def _say(self, line: str) -> None:
        if self.processes.first:
            self._report(line)


def _saved(path: Path) -> dict[str, Any]:
    """Return the scores of an earlier call; {}: there are none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_whole(path: Path, values: dict[str, Any]) -> None:
    with whole_file(path) as partial:
        partial.write_text(json.dumps(values, indent=2))
