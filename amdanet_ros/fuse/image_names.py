"""What the names of image files tell: which camera took them, and which belong together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm",
)  # fmt: skip
KNOWN = (
    "NAME_rgb.png and NAME_thermal.png (also _color, _visible, _vis, _co, DJI's _V, _W; _infrared, "
    "_ir, _lwir, DJI's _T; the same words in front, as in RGB_NAME and IR_NAME)"
)
"""For messages: the names that are understood."""

# The first words win where several images of a camera have the same name.
_WORDS = {
    "rgb": (
        "rgb", "color", "colour", "visible", "visual", "vis", "vi", "co", "eo", "w",
        "wide", "v", "z", "zoom", "photo", "dc", "max",
    ),
    "thermal": (
        "thermal", "therm", "th", "t", "infrared", "infra", "ir", "irx", "lwir", "fir", "tir",
        "heat", "i", "radiometric", "previewdata",
    ),
}  # fmt: skip
_EITHER = "r"
"""FLIR's radiometric images beside visible ones; RGB beside thermal ones."""

_PLAIN_IMAGES = ("images", "image", "imgs", "img")
_BEST_THERMAL = (".tiff", ".tif", ".png", ".pgm", ".pnm")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")


class ImageName(NamedTuple):
    """A file and what its name tells.

    Attributes:
        path: of the file.
        stem: its name without suffix.
        key: the stem without the word that names the camera.
        stream: "rgb", "thermal", "either" or "" where no word names it.
        rank: the lower, the better where several files have one key.
    """

    path: Path
    stem: str
    key: str
    stream: str
    rank: tuple[int, int]

    @classmethod
    def of(cls, path: Path) -> ImageName:
        """Return what a name tells; the last word counts before the first, then those between."""
        stem = path.stem
        tokens = list(_TOKEN.finditer(stem))
        order = [*tokens[-1:], *tokens[:1], *tokens[1:-1]]
        for place, token in enumerate(order):
            word = token[0].lower()
            if len(word) == 1 and place > 0:
                continue
            key = (stem[: token.start()] + stem[token.end() :].lstrip(" _-.")).strip(" _-.")
            key = key or "pair"
            if word == _EITHER:
                return cls(path, stem, key, "either", (0, 0))
            for stream, words in _WORDS.items():
                if word in words:
                    return cls(path, stem, key, stream, (words.index(word), _suffix_rank(path)))
        return cls(path, stem, stem, "", (0, _suffix_rank(path)))


class Matched(NamedTuple):
    """Names that belong together, and those that are left.

    Attributes:
        pairs: name, RGB file, thermal file; in the order of the names.
        alone: files without a partner, by stream; "" where the stream is not known.
    """

    pairs: list[tuple[str, Path, Path]]
    alone: Mapping[str, list[Path]]


def images_in(folder: Path) -> list[ImageName]:
    """Return what has the name of an image in a folder, in the order of the names."""
    found = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return [ImageName.of(path) for path in sorted(found) if not path.name.startswith(".")]


def match_folder(names: Sequence[ImageName]) -> Matched:
    """Match the images of both cameras in one folder by the words in their names."""
    rgb = _best(name for name in names if name.stream == "rgb")
    thermal = _best(name for name in names if name.stream == "thermal")
    either = _best(name for name in names if name.stream == "either")
    plain = _best(name for name in names if not name.stream)
    # DJI_0001.JPG is the colour image beside DJI_0001_T.JPG, and FLIR0001.jpg the thermal one
    # beside FLIR0001_visual.jpg. Else a name without a word may be anything, as a label.
    for key in thermal.keys() - rgb.keys():
        if key in either or key in plain:
            rgb[key] = either.get(key) or plain[key]
    for key in either.keys() - thermal.keys():
        if key in rgb or key in plain:
            rgb.setdefault(key, plain.get(key))
            thermal[key] = either[key]
    for key in rgb.keys() - thermal.keys():
        if key in plain and key.lower().startswith("flir") and rgb[key] is not plain[key]:
            thermal[key] = plain[key]
    return _matched({key: (rgb[key], thermal[key]) for key in rgb.keys() & thermal.keys()}, names)


def match_folders(rgb: Sequence[ImageName], thermal: Sequence[ImageName]) -> Matched:
    """Match the images of two folders: equal names, then equal but for the word of the camera."""
    found: dict[str, tuple[ImageName, ImageName]] = {}
    taken: set[Path] = set()
    for key_of in (_stem, _key_in_folder, _loose_key):
        left = _best((name for name in rgb if name.path not in taken), key_of, "rgb")
        right = _best((name for name in thermal if name.path not in taken), key_of, "thermal")
        for key in sorted(left.keys() & right.keys()):
            pair = (left[key], right[key])
            name = pair[0].stem if pair[0].stem == pair[1].stem else pair[0].key
            found[name if name not in found else pair[0].stem] = pair
            taken |= {each.path for each in pair}
    alone = {
        stream: [name.path for name in names if name.path not in taken]
        for stream, names in (("rgb", rgb), ("thermal", thermal))
    }
    return _matched(found, ())._replace(alone={key: each for key, each in alone.items() if each})


def camera_folders(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders in a folder that are named after the RGB and the thermal camera."""
    by_stream: dict[str, list[Path]] = {"rgb": [], "thermal": [], "images": []}
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.name.startswith("."):
            continue
        words = [token[0].lower() for token in _TOKEN.finditer(path.name)]
        for stream, known in _WORDS.items():
            if any(word in known and (len(word) > 1 or len(words) == 1) for word in words):
                by_stream[stream].append(path)
                break
        else:
            if path.name.lower() in _PLAIN_IMAGES:
                by_stream["images"].append(path)
    return by_stream["rgb"] or by_stream["images"], by_stream["thermal"]


def _suffix_rank(path: Path) -> int:
    """Files that hold counts come before pictures of them."""
    suffix = path.suffix.lower()
    return _BEST_THERMAL.index(suffix) if suffix in _BEST_THERMAL else len(_BEST_THERMAL)


def _key(name: ImageName, _: str) -> str:
    return name.key


def _stem(name: ImageName, _: str) -> str:
    return name.stem


def _key_in_folder(name: ImageName, stream: str) -> str:
    return name.key if name.stream in (stream, "either") else name.stem


def _loose_key(name: ImageName, _: str) -> str:
    return name.key.casefold()


def _best(
    names: Iterable[ImageName],
    key_of: Callable[[ImageName, str], str] = _key,
    stream: str = "",
) -> dict[str, ImageName]:
    """Return for each key the name of the lowest rank."""
    best: dict[str, ImageName] = {}
    for name in names:
        key = key_of(name, stream)
        if key not in best or name.rank < best[key].rank:
            best[key] = name
    return best


def _matched(
    found: Mapping[str, tuple[ImageName, ImageName]], names: Iterable[ImageName]
) -> Matched:
    pairs = [(key, rgb.path, thermal.path) for key, (rgb, thermal) in sorted(found.items())]
    taken = {path for _, *both in pairs for path in both}
    alone: dict[str, list[Path]] = {}
    for name in names:
        if name.path not in taken and name.stream:
            alone.setdefault(name.stream.replace("either", ""), []).append(name.path)
    return Matched(pairs, alone)
