"""Training pairs from the generator of street scenes, kept in a cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .. import synthetic
from ..user_folders import needed_cache_folder
from ..whole_file import whole_file
from .labelled_pair import LabelledPair

SHARD = 50
"""Scenes in a file. A worker process draws a file at a time; a kill loses at most one."""

_ARRAYS = ("rgb", "thermal", "labels")


class SyntheticScenes:
    """The scenes of a range of seeds: drawn once, then read from memory-mapped files.

    A file is replaced only when it is complete; an interrupted drawing continues with the next
    file, and a damaged one is drawn again. The folder is named after the image size and a digest
    of the generator's source code, so that a changed generator draws new scenes.

    Args:
        first_seed, count: of the scenes.
        size: (height, width) in pixels.
        cache_folder, workers: where the files are kept, and the number of processes that draw.
        condition: of all scenes; None draws one for each scene.
    """

    def __init__(
        self,
        first_seed: int,
        count: int,
        size: tuple[int, int],
        cache_folder: str | os.PathLike,
        workers: int = 1,
        condition: str | None = None,
    ) -> None:
        if first_seed < 0 or count < 1:
            raise ValueError(f"synthetic scenes: {count} scenes from seed {first_seed} on")
        self.first_seed, self.count = int(first_seed), int(count)
        self.size = (int(size[0]), int(size[1]))
        kind = condition or "mixed"
        self.folder = Path(cache_folder) / f"{size[0]}x{size[1]}_{kind}_{_generator_version()}"
        self.condition = condition
        self._draw(workers)
        self._maps: dict[int, dict[str, Any]] = {}

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> LabelledPair:
        if not 0 <= index < self.count:
            raise IndexError(index)
        seed = self.first_seed + index
        shard, row = seed // SHARD, seed % SHARD
        if shard not in self._maps:
            paths = {name: self.folder / f"{shard:06d}_{name}.npy" for name in _ARRAYS}
            arrays = {name: np.load(path, mmap_mode="r") for name, path in paths.items()}
            arrays["conditions"] = json.loads(_mark(self.folder, shard).read_text())
            self._maps[shard] = arrays
        arrays = self._maps[shard]
        return LabelledPair(
            f"scene_{seed}",
            *(np.array(arrays[name][row]) for name in _ARRAYS),
            condition=arrays["conditions"][row],
        )

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_maps": {}}

    def _draw(self, workers: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        last = self.first_seed + self.count - 1
        jobs = [
            (self.folder, shard, self.size, self.condition)
            for shard in range(self.first_seed // SHARD, last // SHARD + 1)
            if not _is_drawn(self.folder, shard, self.size)
        ]
        if not jobs:
            return
        progress = tqdm(total=len(jobs) * SHARD, desc="drawing scenes", unit="scene", leave=False)
        with progress:
            if workers <= 1:
                for job in jobs:
                    _draw_shard(*job)
                    progress.update(SHARD)
                return
            with _drawing(workers, jobs) as drawn:
                for done in drawn:
                    done.result()
                    progress.update(SHARD)


@contextmanager
def _drawing(workers: int, jobs: Sequence[tuple]) -> Iterator[list[Future]]:
    """Draw in other processes, which end with the `with`, also when it is interrupted."""
    others = set(active_children())
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        # What a terminal sends to all processes is for this one, which ends the others.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
        try:
            drawn = [pool.submit(_draw_shard, *job) for job in jobs]
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        yield drawn
    except BaseException:
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def default_cache() -> Path:
    """Return the user's cache folder for scenes: see ``user_folders.cache_folder``.

    Raises:
        NoHomeError: the user has no home.
    """
    return needed_cache_folder("scenes")


@cache
def _generator_version() -> str:
    """Return a short digest of the generator's source code."""
    digest = hashlib.sha256()
    for path in sorted(Path(synthetic.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def _mark(folder: Path, shard: int) -> Path:
    return folder / f"{shard:06d}.json"


def _is_drawn(folder: Path, shard: int, size: tuple[int, int]) -> bool:
    """Whether a file's scenes are there; what a disk has damaged is drawn again."""
    try:
        conditions = json.loads(_mark(folder, shard).read_text(encoding="utf-8"))
        arrays = [np.load(folder / f"{shard:06d}_{name}.npy", mmap_mode="r") for name in _ARRAYS]
    except (OSError, ValueError, EOFError, RecursionError):
        return False
    is_named = isinstance(conditions, list) and len(conditions) == SHARD
    return is_named and all(array.shape[:3] == (SHARD, *size) for array in arrays)


def _draw_shard(folder: Path, shard: int, size: tuple[int, int], condition: str | None) -> None:
    """Draw one file's scenes; the mark is written last and shows that it is complete."""
    samples = [
        synthetic.sample(seed, size, condition)
        for seed in range(shard * SHARD, (shard + 1) * SHARD)
    ]
    for name in _ARRAYS:
        array = np.stack([getattr(sample, name) for sample in samples])
        path = folder / f"{shard:06d}_{name}.npy"
        with whole_file(path) as partial, partial.open("wb") as stream:
            np.save(stream, array)
    with whole_file(_mark(folder, shard)) as partial:
        partial.write_text(json.dumps([sample.condition for sample in samples]))
