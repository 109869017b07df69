"""Data sets in the authors' layout, and messages that name the file."""

import cv2
import numpy as np
import pytest

from amdanet_ros.training.labelled_pair import DataError
from amdanet_ros.training.picture_folder import PictureFolder, held_out_split


def test_a_pair_comes_as_it_lies_on_disk(data_set):
    root = data_set()
    pairs = PictureFolder(root, "train", classes=5)
    pairs.check()
    pair = pairs[2]
    expected = cv2.imread(str(root / "Visible" / "002.png"))[..., ::-1]
    assert np.array_equal(pair.rgb, expected)
    assert pair.thermal.shape == pair.labels.shape == (48, 48)
    assert pair.labels[0, 0] == 255


def test_a_missing_picture_is_named_on_opening(data_set):
    root = data_set()
    (root / "Infrared" / "001.png").unlink()
    with pytest.raises(DataError, match=r"Infrared/001\.png is missing"):
        PictureFolder(root, "train")


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(DataError, match=r"train\.txt is missing"):
        PictureFolder(tmp_path, "train")


@pytest.mark.parametrize(
    ("folder", "picture", "message"),
    [
        ("Label", np.full((48, 48), 7, np.uint8), r"Label/001\.png holds label 7: .*5 classes"),
        ("Label", np.zeros((48, 47), np.uint8), r"Label/001\.png is 48 x 47 pixels"),
        ("Label", np.zeros((48, 48), np.uint16), r"Label/001\.png is uint16"),
        ("Infrared", np.zeros((24, 48), np.uint8), r"Infrared/001\.png is 24 x 48"),
        (
            "Infrared",
            np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8),
            r"Infrared/001\.png is a colour picture",
        ),
    ],
)
def test_a_wrong_picture_is_named(data_set, folder, picture, message):
    root = data_set()
    cv2.imwrite(str(root / folder / "001.png"), picture)
    with pytest.raises(DataError, match=message):
        PictureFolder(root, "train", classes=5).check()


def test_a_damaged_picture_is_named(data_set):
    root = data_set()
    (root / "Visible" / "001.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"Visible/001\.png is no readable picture"):
        PictureFolder(root, "train").check()


def test_the_validation_split_is_held_out_of_the_training_list():
    names = [str(i) for i in range(20)]
    train, validation = held_out_split(names, 0.1, seed=4)
    assert len(validation) == 2
    assert sorted(train + validation) == sorted(names)
    assert held_out_split(names, 0.1, seed=4) == (train, validation)
    with pytest.raises(DataError):
        held_out_split(names[:1], 0.1, seed=4)
