"""The data of a reproduction: the published data sets, or generated scenes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from torch.utils.data import Subset

from ..class_table_file import class_table_of
from ..classes import class_table
from ..evaluation.protocols import RELEASED_WINDOWS
from ..resources import share_directory
from ..training.config import ConfigError, TrainingConfig, load_config
from ..training.image_folder import FOLDERS, ImageFolder
from ..training.image_lists import data_folder
from ..training.labelled_pair import DataError, LabelledPairs
from ..training.synthetic_scenes import SyntheticScenes, default_cache

SCENES = "scenes"
"""Name of the generated data set."""

TEST_SEED, TEST_COUNT = 2_000_150, 50
"""Generated scenes to score on; not used in training or validation."""


@dataclass(frozen=True)
class Preset:
    """Data, seeds and notes of a reproduction.

    Attributes:
        name: "paper" or "tiny".
        seeds: the default seeds.
        published_data: whether it trains on the data sets of the supplement.
        notes: printed below its tables.
    """

    name: str
    seeds: tuple[int, ...]
    published_data: bool
    notes: tuple[str, ...]

    def data_sets(self, of_table: Sequence[str]) -> tuple[str, ...]:
        """Return the data sets of our version of a table."""
        return tuple(of_table) if self.published_data else (SCENES,)


_PAPER_NOTE = (
    "The full schedule on the published data sets, scored on the test list by the released "
    "protocol. Best weights are chosen on pairs held out of the training list (the authors chose "
    "on the test list)."
)
_TINY_NOTE = (
    "Generated street scenes, a MiT-B0 from scratch, a few dozen steps: other data, another "
    "network and another schedule than the published numbers. They show that every variant trains, "
    "loads and is scored; they do not compare the variants."
)

PRESETS = {
    "paper": Preset("paper", (0,), True, (_PAPER_NOTE,)),
    "tiny": Preset("tiny", (0, 1), False, (_TINY_NOTE,)),
}
"""The presets by name."""


@dataclass(frozen=True)
class Experiment:
    """A base experiment on one data set.

    Attributes:
        data_set: "mfnet", "fmb", "pst900" or "scenes".
        path: of its configuration.
        root: folder of the data set; for scenes, their cache.
        overrides: changes of the configuration, each "section.key=value".
        limit: number of test pairs to score; None: all.
    """

    data_set: str
    path: Path
    root: Path
    overrides: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def window(self) -> tuple[int, int] | None:
        """Window (height, width) of the released protocol; None: images are run whole."""
        return RELEASED_WINDOWS.get(self.data_set)

    def config(self, changes: Sequence[str], seed: int) -> TrainingConfig:
        """Return the configuration of a variant and seed.

        Raises:
            ConfigError: a change that does not fit the configuration.
        """
        config = load_config(self.path, (*self.overrides, *changes))
        config.seed = seed
        config.data = replace(config.data, root=str(self.root))
        return config

    def test_pairs(self, config: TrainingConfig) -> LabelledPairs:
        """Return the pairs to score on.

        Raises:
            DataError: the data set cannot be used.
        """
        if self.data_set != SCENES:
            classes = class_table_of(config.data.classes)
            pairs: LabelledPairs = ImageFolder(self.root, "test", classes)
        else:
            size, workers = config.data.size, max(1, config.data.workers)
            pairs = SyntheticScenes(TEST_SEED, TEST_COUNT, size, self.root, workers)
        return pairs if self.limit is None else Subset(pairs, range(min(self.limit, len(pairs))))


def experiments(
    preset: Preset,
    data_sets: Sequence[str],
    data: Path | None,
    overrides: Sequence[str] = (),
    limit: int | None = None,
) -> dict[str, Experiment]:
    """Return the base experiment of each of `Preset.data_sets`, after a check that all data exists.

    `data` is the folder of MFNet/, FMB/ and PST900/; for scenes, their cache (None: default).

    Raises:
        ConfigError: an unusable override or limit, see `Experiment`.
        DataError: data is missing; the message names all missing files and the fix.
    """
    if limit is not None and limit < 1:
        raise ConfigError(f"the limit is {limit}: at least 1 test pair is needed")
    folder = share_directory() / "config" / "training"
    if not preset.published_data:
        root = data_folder(data or default_cache())
        tiny = Experiment(SCENES, folder / "tiny.yaml", root, tuple(overrides), limit)
        return dict.fromkeys(data_sets, tiny)
    if data is None:
        raise DataError(
            "--preset paper needs --data ROOT, the folder that holds MFNet/, FMB/ and PST900/ in "
            "the authors' layout (docs/training.md); --preset tiny needs no data"
        )
    roots = {name: _root_of(data_folder(data), name) for name in data_sets}
    missing = list(islice(_missing(roots), 8))
    if missing:
        raise DataError(
            f"missing: {', '.join(missing)}. Download the data set and bring it into the authors' "
            "layout (docs/training.md), leave it out by --data-sets, or try --preset tiny, which "
            "needs no data"
        )
    return {
        name: Experiment(name, folder / f"{name}.yaml", root, tuple(overrides), limit)
        for name, root in roots.items()
    }


def _root_of(data: Path, data_set: str) -> Path:
    """Return the folder of a data set below `data`; upper and lower case are equal."""
    if data.is_dir():
        for path in sorted(data.iterdir()):
            if path.name.lower() == data_set and path.is_dir():
                return path
    return data / class_table(data_set).name


def _missing(roots: dict[str, Path]) -> Iterator[str]:
    """Return the missing files and folders of the data sets."""
    for root in roots.values():
        if not root.is_dir():
            yield f"{root}/"
            continue
        for name in (*FOLDERS.values(), "train.txt", "test.txt"):
            if not (root / name).exists():
                yield str(root / name)
