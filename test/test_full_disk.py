"""A disk that takes no more is said with the file's name, and leaves no part of a file."""

import contextlib
import resource

import numpy as np
import pytest

from amdanet_ros.images.png_output import write_png
from amdanet_ros.training.dataset_conversion import convert
from amdanet_ros.training.image_folder import ImageFolder
from amdanet_ros.training.labels_folder import new_labels
from amdanet_ros.whole_file import write_whole


@contextlib.contextmanager
def no_file_grows():
    """Let each file take 100 bytes, as a disk that is nearly full."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


NOISE = np.random.default_rng(0).integers(0, 9, (16, 16)).astype(np.uint8)


def data_set(root):
    for split in ("train", "test"):
        for folder in ("Visible", "Infrared", "Label"):
            (root / split / folder).mkdir(parents=True)
            write_png(root / split / folder / "a.png", NOISE)
    (root / "train" / "list.txt").write_text("a")
    return root


def labels(root):
    with new_labels(ImageFolder(root / "train", "list"), "Label_1") as folder:
        folder.put("a", NOISE)


WRITERS = {
    "image": lambda root: write_png(root / "a.png", NOISE),
    "text": lambda root: write_whole(root / "a.json", "x" * 1000),
    "labels": labels,
    "data set": lambda root: convert("fmb", root, root.parent / "converted"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_is_said_with_the_files_name_and_leaves_no_part(tmp_path, kind, capsys):
    # With ``capsys`` a bar of progress is drawn into memory, not into a file.
    root = data_set(tmp_path / "set")
    before = sorted(tmp_path.rglob("*.*"))
    with pytest.raises(OSError, match="File too large") as caught, no_file_grows():
        WRITERS[kind](root)
    assert "a." in str(caught.value.filename)
    assert sorted(tmp_path.rglob("*.*")) == before
