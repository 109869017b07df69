"""The folder of labels that a network writes into a data set: it replaces its own labels alone."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..disk_room import SOME, check_room
from ..evaluation.label_origin import label_digest
from ..images.png_output import write_png
from ..one_line import one_line
from ..regular_file import is_pipe_or_device
from .image_folder import FOLDERS, ImageFolder
from .label_images import read_label_image
from .labelled_pair import DataError

MARK = ".amdanet_label.json"
"""File of the folder: {"labels": {name: digest}}, of the labels as they were written."""


class LabelsFolder:
    """Takes label images; see ``new_labels``.

    Args:
        folder: to write into.
        digests: of the labels that an earlier call wrote, by name.
    """

    def __init__(self, folder: Path, digests: Mapping[str, str]) -> None:
        self._folder = folder
        self._digests = dict(digests)

    def put(self, name: str, labels: np.ndarray) -> None:
        """Write the label image of a pair, H x W uint8."""
        path = self._folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, labels)
        self._digests[name] = label_digest(labels)

    def close(self) -> None:
        """Write which labels are a network's."""
        (self._folder / MARK).write_text(json.dumps({"labels": self._digests}, indent=0))


def _bytes_of_labels(pairs: ImageFolder) -> int:
    """Return what the labels that are there take: new ones take about as much."""
    folder = pairs.root / pairs.folders["labels"]
    files = (folder / f"{name}.png" for name in pairs.names)
    return sum(each.stat().st_size for each in files if each.is_file())


@contextmanager
def new_labels(pairs: ImageFolder, name: str) -> Iterator[LabelsFolder]:
    """Write a folder of labels in a data set's folder, which appears whole or not at all.

    What an earlier call wrote into it for other pairs stays.

    Args:
        pairs: that are labelled.
        name: of the folder.

    Raises:
        DataError: it is no name of a folder there, the folder holds images or what people said, or
            labels that were changed since a network wrote them.
        OSError: the disk has no room for them.
    """
    target = pairs.root / name
    own = {(pairs.root / each).resolve() for each in (*FOLDERS.values(), *pairs.folders.values())}
    if target.resolve() in {*own, pairs.root.resolve()}:
        raise DataError(f"{name} holds what people said: name another folder to write")
    if not name.isprintable() or Path(name).name != name or target.is_symlink():
        raise DataError(
            f"{one_line(name)} is no name of a new folder in {one_line(pairs.root)}: give one such "
            "as Label_1"
        )
    digests = _digests(target) if target.exists() else {}
    _check_own(target, pairs.names, digests)
    check_room(pairs.root, _bytes_of_labels(pairs) + SOME)
    part = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".partial", dir=pairs.root))
    aside = part.with_name(f"{part.name}.before")
    try:
        part.chmod(0o755)
        if target.exists():
            shutil.copytree(target, part, symlinks=True, dirs_exist_ok=True)
        folder = LabelsFolder(part, digests)
        yield folder
        folder.close()
        if target.exists():
            os.replace(target, aside)
        try:
            os.replace(part, target)
        except BaseException:
            if aside.exists():
                os.replace(aside, target)
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(aside, ignore_errors=True)


def _digests(folder: Path) -> dict[str, str]:
    try:
        if not is_pipe_or_device(folder / MARK):
            labels = json.loads((folder / MARK).read_text(encoding="utf-8"))["labels"]
            return {str(name): str(digest) for name, digest in labels.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise DataError(
        f"{one_line(folder)} was not written by amdanet label: name another folder to write"
    )


def _check_own(folder: Path, names: Sequence[str], digests: Mapping[str, str]) -> None:
    """Refuse to replace label images that are not as a network wrote them."""
    for name in names:
        path = folder / f"{name}.png"
        if os.path.lexists(path) and label_digest(read_label_image(path)) != digests.get(name):
            raise DataError(
                f"{one_line(path)} is not as amdanet label wrote it: name another folder to write"
            )
