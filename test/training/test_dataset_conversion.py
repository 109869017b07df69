"""Conversion of data sets as they are distributed, on small generated ones."""

import cv2
import numpy as np
import pytest
from PIL import Image

from amdanet_ros.cli.main import main
from amdanet_ros.training import dataset_conversion
from amdanet_ros.training.dataset_conversion import convert
from amdanet_ros.training.image_folder import ImageFolder
from amdanet_ros.training.labelled_pair import DataError


def images(seed, classes):
    random = np.random.default_rng(seed)
    return (
        random.integers(0, 256, (12, 16, 3), np.uint8),
        random.integers(0, 256, (12, 16), np.uint8),
        random.integers(0, classes, (12, 16), np.uint8),
    )


def write_palette(path, labels):
    image = Image.fromarray(labels, mode="P")
    image.putpalette(np.random.default_rng(0).integers(0, 256, 768, np.uint8).tobytes())
    image.save(path)


@pytest.fixture
def mfnet(tmp_path):
    """Return the folder of a made-up MFNet and its images by name."""
    root, made = tmp_path / "ir_seg_dataset", {}
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    for seed, name in enumerate(("00001D", "00002N", "00003D", "00004N")):
        rgb, thermal, labels = made[name] = images(seed, 9)
        four = np.dstack([rgb[..., ::-1], thermal])
        cv2.imwrite(str(root / "images" / f"{name}.png"), four)
        write_palette(root / "labels" / f"{name}.png", labels)
    for split, names in {
        "train": ["00001D", "00002N"],
        "test": ["00003D", "00004N"],
        "test_day": ["00003D"],
        "test_night": ["00004N"],
    }.items():
        (root / f"{split}.txt").write_text("\n".join(names) + "\n")
    return root, made


@pytest.fixture(params=["fmb", "pst900"])
def split_folders(tmp_path, request):
    """Return a data set's name, its made-up folder, and its images by split and name."""
    folders = {"fmb": ("Visible", "Infrared", "Label"), "pst900": ("rgb", "thermal", "labels")}
    root, made = tmp_path / "downloaded", {}
    for split, names in {"train": ("a", "b"), "test": ("c",)}.items():
        for name in names:
            made[split, name] = images(len(made), 5)
            for folder, image in zip(folders[request.param], made[split, name], strict=True):
                path = root / split / folder / f"{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
    return request.param, root, made


def same(pair, expected):
    return all(
        np.array_equal(found, wanted)
        for found, wanted in zip((pair.rgb, pair.thermal, pair.labels), expected, strict=True)
    )


def test_mfnets_four_channels_and_lists_become_a_data_set(tmp_path, mfnet, capsys):
    root, made = mfnet
    target = tmp_path / "MFNet"
    assert main(["convert", "mfnet", str(root), str(target)]) == 0
    assert "4 pairs written, 0 kept; train.txt 2" in capsys.readouterr().out
    for split in ("train", "test", "test_day", "test_night"):
        pairs = ImageFolder(target, split, classes=9)
        assert all(same(pair, made[pair.name]) for pair in pairs)
    assert ImageFolder(target, "train").names == ["00001D", "00002N"]
    assert [pair.condition for pair in ImageFolder(target, "test")] == ["day", "night"]


def test_a_folder_a_split_becomes_a_list_a_split(tmp_path, split_folders):
    data_set, root, made = split_folders
    done = convert(data_set, root, tmp_path / "target")
    assert done.lists == {"train": 2, "test": 1}
    for split in ("train", "test"):
        pairs = ImageFolder(tmp_path / "target", split, classes=5)
        assert pairs.names == [name for made_split, name in made if made_split == split]
        assert all(same(pair, made[split, pair.name]) for pair in pairs)


def test_a_name_in_both_splits_stays_two_images(tmp_path, split_folders):
    data_set, root, made = split_folders
    for path in (root / "test").glob("*/c.png"):
        path.rename(path.with_name("a.png"))
    convert(data_set, root, tmp_path / "target")
    assert same(ImageFolder(tmp_path / "target", "test")[0], made["test", "c"])
    assert same(ImageFolder(tmp_path / "target", "train")[0], made["train", "a"])


def test_an_interrupted_conversion_goes_on(tmp_path, mfnet, monkeypatch):
    root, made = mfnet
    target = tmp_path / "MFNet"
    replace, writes = dataset_conversion._replace, []

    def interrupted(path, data):
        if len(writes) == 7:  # amid the third pair
            path.with_name(f"{path.name}.partial").write_bytes(data[:10])
            raise KeyboardInterrupt
        writes.append(path)
        replace(path, data)

    monkeypatch.setattr(dataset_conversion, "_replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert("mfnet", root, target)
    monkeypatch.undo()
    with pytest.raises(DataError, match=r"train\.txt is missing"):
        ImageFolder(target, "train")
    done = convert("mfnet", root, target)
    assert (done.written, done.kept) == (2, 2)
    assert all(same(pair, made[pair.name]) for pair in ImageFolder(target, "test"))
    assert not list(target.rglob("*.partial"))


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("train.txt", None, r"train\.txt is missing: mfnet as distributed holds images"),
        ("images/00002N.png", None, r"images/00002N\.png is missing"),
        ("images/00002N.png", b"half", r"images/00002N\.png is not a readable image"),
        ("labels/00002N.png", b"half", r"labels/00002N\.png is not a readable image"),
        ("images/00002N.png", np.zeros((12, 16, 3), np.uint8), r"00002N\.png has 3 channels"),
        ("labels/00002N.png", np.zeros((12, 15), np.uint8), r"is 12 x 16 .*00002N\.png 12 x 15"),
        ("labels/00002N.png", np.full((12, 16), 9, np.uint8), r"00002N\.png holds label 9"),
        ("labels/00002N.png", np.dstack([np.eye(12)] * 2 + [np.ones((12, 12))]), "is a colour"),
    ],
)
def test_what_is_wrong_with_a_source_is_named(tmp_path, mfnet, path, content, message):
    root, _ = mfnet
    (root / path).unlink()
    if isinstance(content, bytes):
        (root / path).write_bytes(content)
    elif content is not None:
        cv2.imwrite(str(root / path), content)
    with pytest.raises(DataError, match=message):
        convert("mfnet", root, tmp_path / "MFNet")


def test_mistakes_end_with_one_line(tmp_path, mfnet, capsys):
    root, _ = mfnet
    assert main(["convert", "mfnet", str(root), str(root)]) == 2
    assert "name another folder" in capsys.readouterr().err
    assert main(["convert", "pst900", str(root), str(tmp_path / "PST900")]) == 2
    assert "train/rgb is missing: pst900 as distributed holds" in capsys.readouterr().err
    assert not (tmp_path / "PST900").exists()


def test_another_set_in_the_folder_is_kept(tmp_path, mfnet):
    target = tmp_path / "mine"
    target.mkdir()
    (target / "train.txt").write_text("a\nb\n")
    with pytest.raises(DataError, match="lists other images"):
        convert("mfnet", mfnet[0], target)
    assert [path.name for path in target.iterdir()] == ["train.txt"]
    assert (target / "train.txt").read_text() == "a\nb\n"
