"""What a file or folder is, and which command takes it: for ``amdanet info``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..fuse.image_names import SUFFIXES
from ..one_line import one_line
from ..videos.video_names import is_video
from .errors import CommandError

Facts = Iterator[tuple[str, str]]

_WEIGHTS = (".safetensors", ".pth", ".pt", ".ckpt", ".onnx")
_RUN = ("last.pt", "best.safetensors")
_LISTED = 30


def facts_of(path: Path) -> Facts | None:
    """Return names and texts of a bag, folder, image, video or ONNX file; None: of another file.

    Raises:
        CommandError: it holds nothing that a command takes.
        BagError, BadImage, ImageFolderError, InferenceError: it is damaged.
        OSError: it cannot be looked at.
    """
    from ..bags.recording_names import METADATA, holds_recording, inner_recordings

    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return _image(path)
    if path.is_file() and path.suffix.lower() == ".onnx":
        return _onnx(path)
    if is_video(path):
        return _video(path)
    if path.name == METADATA and path.is_file():
        path = path.parent
    if path.is_dir() and inner_recordings(path) and not _has_own_recording(path):
        return _bags(path, inner_recordings(path))
    if path.exists() and holds_recording(path):
        return _bag(path)
    return _folder(path) if path.is_dir() else None


def _has_own_recording(folder: Path) -> bool:
    from ..bags.recording_names import holds_recording

    return any(each.is_file() and holds_recording(each) for each in folder.iterdir())


def _bag(path: Path) -> Facts:
    from ..bags.errors import BagError
    from ..bags.reader import BagReader
    from ..bags.topics import choose_topics

    with BagReader(path) as bag:
        yield "bag", f"{one_line(path)}, {bag.duration_ns / 1e9:.3f} s"
        for name, topic in sorted(bag.topics.items())[:_LISTED]:
            count = f"{topic.count} message{'s' * (topic.count != 1)}"
            yield "topic", one_line(f"{name}, {topic.type}, {count}")
        if len(bag.topics) > _LISTED:
            yield "topic", f"and {len(bag.topics) - _LISTED} more"
        try:
            chosen = choose_topics(bag)
        except BagError as error:
            yield "chosen", one_line(error, 600)
            yield "command", "amdanet fuse BAG -o OUT --rgb-topic RGB --thermal-topic THERMAL"
        else:
            yield "RGB", chosen.rgb + _with(chosen.rgb_info)
            yield "thermal", chosen.thermal + _with(chosen.thermal_info)
            yield "command", f"amdanet fuse {one_line(path)} -o OUT, or play, or register"
        for sentence in bag.report.sentences():
            yield "missing", sentence


def _with(info: str | None) -> str:
    return f", with {info}" if info else ", without camera_info"


def _bags(folder: Path, found: list[Path]) -> Facts:
    yield "folder", f"{one_line(folder)}, of {len(found)} bags; give one of them"
    yield from _named("bag", found)


def _image(path: Path) -> Facts:
    from ..images.image_file import read_values

    values = read_values(path)
    height, width = values.shape[:2]
    channels = 1 if values.ndim == 2 else values.shape[2]
    yield "image", f"{one_line(path)}"
    yield "size", f"{width} x {height} pixels, {channels} channel{'s' * (channels > 1)}"
    yield "values", f"{values.dtype}, {values.min():g} to {values.max():g}"
    yield "command", "amdanet fuse RGB_IMAGE THERMAL_IMAGE -o OUT"


def _video(path: Path) -> Facts:
    from ..videos.video_file import VideoFile

    video = VideoFile(path)
    height, width = video.size
    seconds = f", {video.duration_ns / 1e9:.3f} s" if video.count else ""
    yield "video", f"{one_line(path)}{seconds}"
    yield "size", f"{width} x {height} pixels"
    yield "frames", f"{video.count or 'of unknown number'}, {video.rate:g} a second"
    yield "command", "amdanet fuse RGB_VIDEO THERMAL_VIDEO -o OUT, or fuse VIDEO --stacked HOW"


def _onnx(path: Path) -> Facts:
    from ..inference.onnx_model import OnnxModel

    model = OnnxModel(path)
    yield "checkpoint", f"{one_line(path)}, {path.stat().st_size / 2**20:.1f} MiB, ONNX"
    yield "network", f"AMDANet {model.config.backbone}, {model.config.num_classes} classes"
    yield "image size", "{} x {} (height x width)".format(*model.size) if model.size else "any"
    yield "classes", one_line(", ".join(map(str, model.classes.names)))
    yield "command", f"amdanet fuse IN -o OUT --checkpoint {one_line(path)}"


def _folder(path: Path) -> Facts:
    """Return the facts of the first kind of folder that it is."""
    kinds: tuple[Callable[[Path], Facts | None], ...] = (
        _training, _data_set, _weights, _images,
    )  # fmt: skip
    for kind in kinds:
        facts = kind(path)
        if facts is not None:
            return facts
    raise CommandError(
        f"{one_line(path)} holds no bag, no images, no checkpoints and no data set: give the path "
        "of one"
    )


def _training(folder: Path) -> Facts | None:
    kept = [name for name in _RUN if (folder / name).is_file()]
    if not (folder / "config.yaml").is_file() or not kept:
        return None
    return iter([
        ("folder", f"{one_line(folder)}, of a training, with {' and '.join(kept)}"),
        ("weights", f"amdanet info {one_line(folder / 'best.safetensors')}"),
        ("command", f"amdanet train config.yaml --out {one_line(folder)} --resume"),
    ])  # fmt: skip


def _data_set(folder: Path) -> Facts | None:
    lists = [path for path in sorted(folder.glob("*.txt")) if path.is_file()]
    parts = [each.name for each in sorted(folder.iterdir()) if each.is_dir()]
    if not lists or not {"Visible", "Infrared", "Label"} <= set(parts):
        return None
    return iter([
        ("folder", f"{one_line(folder)}, a data set, with {', '.join(parts)}"),
        ("lists", one_line(", ".join(path.name for path in lists))),
        ("command", f"amdanet evaluate CHECKPOINT --data {one_line(folder)}, or train --data"),
    ])  # fmt: skip


def _weights(folder: Path) -> Facts | None:
    files = [each for each in sorted(folder.iterdir()) if each.suffix.lower() in _WEIGHTS]
    return _checkpoints(folder, files) if files else None


def _checkpoints(folder: Path, files: list[Path]) -> Facts:
    number = f"{len(files)} checkpoint{'s' * (len(files) != 1)}"
    yield "folder", f"{one_line(folder)}, of {number}; give one of them"
    yield from _named("checkpoint", files)


def _images(folder: Path) -> Facts | None:
    from ..fuse.image_folders import ImageFolderError, find_pairs

    try:
        found = find_pairs(folder)
    except ImageFolderError as error:
        number = sum(each.suffix.lower() in SUFFIXES for each in folder.iterdir())
        if not number and "no images" in str(error):
            return None
        return iter([
            ("folder", f"{one_line(folder)}, {number} image{'s' * (number != 1)}"),
            ("pairs", one_line(error, 600)),
        ])  # fmt: skip
    first = found.pairs[0]
    return iter([
        ("folder", f"{one_line(folder)}, {len(found.pairs)} pairs of images"),
        ("first pair", one_line(f"{first.rgb.name} (RGB), {first.thermal.name} (thermal)")),
        *(("missing", one_line(remark)) for remark in found.remarks),
        ("command", f"amdanet fuse {one_line(folder)} -o OUT"),
    ])  # fmt: skip


def _named(word: str, paths: list[Path]) -> Facts:
    for path in paths[:_LISTED]:
        yield word, one_line(path)
    if len(paths) > _LISTED:
        yield word, f"and {len(paths) - _LISTED} more"
