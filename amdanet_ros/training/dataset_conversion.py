"""Conversion of MFNet, FMB and PST900, as they are distributed, to the authors' folder layout.

The layout is that of `ImageFolder`: `Visible/NAME.png`, `Infrared/NAME.png`, `Label/NAME.png` and
a list for each split. The data sets are distributed as:

- MFNet (`ir_seg_dataset`, from its authors' page): `images/NAME.png` of four channels (R, G, B,
  thermal), `labels/NAME.png`, and lists `train.txt`, `val.txt`, `test.txt`, `test_day.txt`,
  `test_night.txt`.
- FMB (from SegMiF's repository): `train/` and `test/`, each with `Visible`, `Infrared`, `Label`.
- PST900 (from its repository): `train/` and `test/`, each with `rgb`, `thermal` (8 bits), `labels`;
  an image has the same name in all three.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from ..classes import UNLABELED, ClassTable, class_table, without
from .image_files import image_file
from .image_folder import CONDITIONS, FOLDERS
from .image_lists import check_outside, data_folder, read_list
from .label_images import read_label_image
from .labelled_pair import DataError

_MFNET_SPLITS = ("train", "val", "test")
_SPLIT_FOLDERS = {
    "fmb": {"rgb": "Visible", "thermal": "Infrared", "labels": "Label"},
    "pst900": {"rgb": "rgb", "thermal": "thermal", "labels": "labels"},
}

DATA_SETS = ("mfnet", *_SPLIT_FOLDERS)


@dataclass(frozen=True)
class Conversion:
    """What a conversion did.

    Attributes:
        lists: number of names in each list that was written, by its name ("train", ...).
        written: pairs written by this call.
        kept: pairs that an earlier call had written.
    """

    lists: dict[str, int]
    written: int
    kept: int


@dataclass(frozen=True)
class _Source:
    """Files of one pair; MFNet's RGB and thermal images are channels of one file."""

    name: str
    rgb: Path
    thermal: Path
    labels: Path


def convert(
    data_set: str,
    source: str | os.PathLike,
    destination: str | os.PathLike,
    table: ClassTable | None = None,
) -> Conversion:
    """Write a data set in the authors' layout; pairs that exist already are kept.

    The lists are written last: without them an interrupted conversion is no data set, and the next
    call continues it.

    Args:
        data_set: one of `DATA_SETS`.
        source: its folder as distributed.
        destination: folder to write; made if missing.
        table: of the labels; None: that of the data set. Labels that it ignores become 255.

    Raises:
        DataError: an unknown data set, a source with another layout, or an image that is missing,
            unreadable, of another size than its labels, or has labels out of range.
    """
    root, target = data_folder(source), data_folder(destination)
    if data_set not in DATA_SETS:
        raise DataError(f"data set {data_set!r}: choose one of {', '.join(DATA_SETS)}")
    check_outside(target, root)
    if data_set == "mfnet":
        sources, lists = _mfnet(root)
    else:
        sources, lists = _split_folders(root, data_set)
    for name, names in lists.items():
        found = target / f"{name}.txt"
        if found.exists() and found.read_text(errors="replace").split() != names:
            raise DataError(f"{found} lists other images: name another folder to write")
    for folder in FOLDERS.values():
        (target / folder).mkdir(parents=True, exist_ok=True)
    table = table or class_table(data_set)
    written = 0
    for pair in tqdm(sources, desc=f"converting {data_set}", unit="pair"):
        written += _convert_pair(pair, target, table)
    for name, names in lists.items():
        _replace(target / f"{name}.txt", ("\n".join(names) + "\n").encode())
    counts = {name: len(names) for name, names in lists.items()}
    return Conversion(counts, written, len(sources) - written)


def _mfnet(root: Path) -> tuple[list[_Source], dict[str, list[str]]]:
    _need(root, ("images", "labels", "train.txt", "test.txt"), "mfnet")
    wanted = [s + c for s in _MFNET_SPLITS for c in ("", *(f"_{name}" for name in CONDITIONS))]
    lists = {
        name: read_list(root / f"{name}.txt", repeats=True)
        for name in wanted
        if (root / f"{name}.txt").is_file()
    }
    sources = []
    for name in sorted({name for names in lists.values() for name in names}):
        image, labels = (root / folder / f"{name}.png" for folder in ("images", "labels"))
        sources.append(_Source(name, image, image, labels))
    _need_files(sources)
    return sources, lists


def _split_folders(root: Path, data_set: str) -> tuple[list[_Source], dict[str, list[str]]]:
    folders = _SPLIT_FOLDERS[data_set]
    _need(root, [f"{s}/{f}" for s in ("train", "test") for f in folders.values()], data_set)
    found = {
        split: sorted(path.name for path in (root / split / folders["rgb"]).glob("*.png"))
        for split in ("train", "test")
    }
    for split, names in found.items():
        if not names:
            raise DataError(f"{root / split / folders['rgb']} holds no .png image")
        for folder in folders.values():
            own = {path.name for path in (root / split / folder).glob("*.png")}
            alone = sorted(own - set(names))
            if alone:
                raise DataError(
                    f"{root / split / folder / alone[0]} has no image in {folders['rgb']} "
                    f"({len(alone)} such): download or unpack the data set again"
                )
    # Both splits go into one folder: names that occur in both get the split as a prefix.
    shared = set(found["train"]) & set(found["test"])
    sources, lists = [], {}
    for split, names in found.items():
        lists[split] = []
        for file in names:
            name = f"{split}_{Path(file).stem}" if shared else Path(file).stem
            paths = {what: root / split / folder / file for what, folder in folders.items()}
            sources.append(_Source(name, **paths))
            lists[split].append(name)
    _need_files(sources)
    return sources, lists


def _need(root: Path, parts: Sequence[str], data_set: str) -> None:
    for part in parts:
        if not (root / part).exists():
            raise DataError(
                f"{root / part} is missing: {data_set} as distributed holds {', '.join(parts)}; "
                "name the folder that holds them"
            )


def _need_files(sources: Sequence[_Source]) -> None:
    """Raise for a missing file before the long conversion begins."""
    for pair in sources:
        for path in (pair.rgb, pair.thermal, pair.labels):
            if not path.is_file():
                raise DataError(f"{path} is missing: download or unpack the data set again")


def _convert_pair(pair: _Source, target: Path, table: ClassTable) -> bool:
    """Write one pair, its labels last; return False if it exists already."""
    paths = {what: target / folder / f"{pair.name}.png" for what, folder in FOLDERS.items()}
    if all(path.is_file() for path in paths.values()):
        return False
    labels = _labels(pair.labels, table)
    images = _images(pair)
    for what, image in images.items():
        if image.shape[:2] != labels.shape:
            raise DataError(
                f"{getattr(pair, what)} is {image.shape[0]} x {image.shape[1]} pixels, its labels "
                f"{pair.labels} {labels.shape[0]} x {labels.shape[1]}"
            )
    for what, image in images.items():
        whole = pair.rgb != pair.thermal
        _replace(paths[what], getattr(pair, what).read_bytes() if whole else _png(image))
    _replace(paths["labels"], _png(labels))
    return True


def _images(pair: _Source) -> dict[str, np.ndarray]:
    """Return "rgb" (in OpenCV's order of channels) and "thermal"."""
    image = _read(pair.rgb)
    if pair.rgb != pair.thermal:
        return {"rgb": image, "thermal": _read(pair.thermal)}
    if image.ndim != 3 or image.shape[2] != 4:
        count = 1 if image.ndim == 2 else image.shape[2]
        raise DataError(
            f"{pair.rgb} has {count} channel{'s' * (count > 1)}: MFNet's images have 4 "
            "(red, green, blue, thermal)"
        )
    rgb, thermal = image[..., :3], image[..., 3]
    return {"rgb": np.ascontiguousarray(rgb), "thermal": np.ascontiguousarray(thermal)}


def _read(path: Path) -> np.ndarray:
    return image_file(path)


def _labels(path: Path, table: ClassTable) -> np.ndarray:
    """Return H x W uint8 class indices, checked."""
    labels, classes = without(read_label_image(path), table.ignored), len(table)
    wrong = labels[(labels >= classes) & (labels != UNLABELED)]
    if wrong.size:
        raise DataError(
            f"{path} holds label {int(wrong[0])}: "
            f"the data set has {classes} classes (0 to {classes - 1}; 255: no label)"
        )
    return np.ascontiguousarray(labels, dtype=np.uint8)


def _png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _replace(path: Path, data: bytes) -> None:
    """Write a file; it is replaced only when all is written.

    The partial file has the same name in each call: the next one replaces what a kill has left.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    except OSError as error:
        error.filename = error.filename or os.fspath(path)
        partial.unlink(missing_ok=True)
        raise
