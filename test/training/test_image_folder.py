"""Data sets in the authors' layout, and messages that name the file."""

import os
import struct
import zlib

import cv2
import numpy as np
import pytest

from amdanet_ros.training.image_folder import ImageFolder, held_out_split
from amdanet_ros.training.labelled_pair import DataError


def test_a_pair_comes_as_it_lies_on_disk(data_set):
    root = data_set()
    pairs = ImageFolder(root, "train", classes=5)
    pairs.check()
    pair = pairs[2]
    expected = cv2.imread(str(root / "Visible" / "002.png"))[..., ::-1]
    assert np.array_equal(pair.rgb, expected)
    assert pair.thermal.shape == pair.labels.shape == (48, 48)
    assert pair.labels[0, 0] == 255


@pytest.mark.parametrize("folder", ["Visible", "Infrared", "Label"])
def test_a_missing_image_is_named_on_opening(data_set, folder):
    root = data_set()
    (root / folder / "001.png").unlink()
    with pytest.raises(DataError, match=rf"{folder}/001\.png is missing"):
        ImageFolder(root, "train")


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(DataError, match=r"train\.txt is missing"):
        ImageFolder(tmp_path, "train")


@pytest.mark.parametrize("folder", ["Visible", "Infrared", "Label"])
def test_a_size_of_its_own_is_named_on_opening(data_set, folder):
    root = data_set()
    cv2.imwrite(str(root / folder / "002.png"), np.zeros((47, 48), np.uint8))
    odd = "Infrared" if folder == "Visible" else folder  # both others differ from it
    with pytest.raises(DataError, match=rf"{odd}/002\.png is \d+ x 48 pixels, .* (48|47) x 48"):
        ImageFolder(root, "train")


@pytest.mark.parametrize("label", [5, 254])
def test_a_label_out_of_range_is_named_on_opening(data_set, label):
    root = data_set()
    labels = np.zeros((48, 48), np.uint8)
    labels[47, 47] = label
    cv2.imwrite(str(root / "Label" / "002.png"), labels)
    with pytest.raises(DataError, match=rf"Label/002\.png holds label {label}: .*0 to 4; 255"):
        ImageFolder(root, "train", classes=5)
    assert len(ImageFolder(root, "train")) == 4  # whose classes are not known


def test_a_file_that_is_no_png_is_measured_too(data_set):
    root = data_set()
    jpeg = cv2.imencode(".jpg", np.zeros((48, 46, 3), np.uint8))[1]
    (root / "Visible" / "002.png").write_bytes(jpeg.tobytes())
    with pytest.raises(DataError, match=r"Infrared/002\.png is 48 x 48 .* 48 x 46"):
        ImageFolder(root, "train")


@pytest.mark.parametrize(
    ("folder", "image", "message"),
    [
        ("Label", np.full((48, 48), 7, np.uint8), r"Label/001\.png holds label 7: .*5 classes"),
        ("Label", np.zeros((48, 47), np.uint8), r"Label/001\.png is 48 x 47 pixels"),
        ("Label", np.zeros((48, 48), np.uint16), r"Label/001\.png is uint16"),
        ("Infrared", np.zeros((24, 48), np.uint8), r"Infrared/001\.png is 24 x 48"),
        (
            "Infrared",
            np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8),
            r"Infrared/001\.png is a colour image",
        ),
    ],
)
def test_a_wrong_image_is_named(data_set, folder, image, message):
    root = data_set()
    cv2.imwrite(str(root / folder / "001.png"), image)
    with pytest.raises(DataError, match=message):
        ImageFolder(root, "train", classes=5).check()


def test_a_damaged_image_is_named(data_set):
    root = data_set()
    (root / "Visible" / "001.png").write_bytes(b"not an image")
    with pytest.raises(DataError, match=r"Visible/001\.png is not a readable image"):
        ImageFolder(root, "train").check()


def test_the_validation_split_is_held_out_of_the_training_list():
    names = [str(i) for i in range(20)]
    train, validation = held_out_split(names, 0.1, seed=4)
    assert len(validation) == 2
    assert sorted(train + validation) == sorted(names)
    assert held_out_split(names, 0.1, seed=4) == (train, validation)
    with pytest.raises(DataError, match="one pair.*data.validation_list"):
        held_out_split(names[:1], 0.1, seed=4)
    for share in (0.0, 1.0):
        with pytest.raises(DataError, match=f"data.validation_share is {share:g}: it must be"):
            held_out_split(names, share, seed=4)


@pytest.mark.parametrize(
    ("put", "words"),
    [
        (os.mkfifo, "there as a pipe or a device:"),
        (os.mkdir, "there as a folder:"),
        (lambda path: path.symlink_to("001.png"), "a link that leads to no file"),
        (lambda path: path.symlink_to("/nowhere/001.png"), "a link that leads to no file"),
    ],
    ids=["pipe", "folder", "loop", "dangling"],
)
def test_what_stands_in_a_files_place_is_named(data_set, put, words):
    root = data_set()
    path = root / "Label" / "001.png"
    path.unlink()
    put(path)
    with pytest.raises(DataError, match=rf"Label/001\.png is missing.*{words}"):
        ImageFolder(root, "train")


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_labels_are_indices_in_any_kind_of_png(data_set, mode):
    from PIL import Image

    root = data_set()
    indices = np.zeros((48, 48), np.uint8)
    indices[:24] = 1
    image = Image.fromarray(indices.astype(bool) if mode == "1" else indices)
    if mode == "P":
        image = Image.frombytes("P", (48, 48), indices.tobytes())
        image.putpalette(bytes(range(255, -1, -1)) * 3)
    image.save(root / "Label" / "001.png")
    pair = ImageFolder(root, "train", classes=5)[1]
    assert pair.labels.dtype == np.uint8
    assert np.array_equal(pair.labels, indices)


def test_labels_in_colours_are_refused(data_set):
    root = data_set()
    colours = np.zeros((48, 48, 3), np.uint8)
    colours[..., 2] = 9
    cv2.imwrite(str(root / "Label" / "001.png"), colours)
    with pytest.raises(DataError, match=r"Label/001\.png is a colour image: class indices"):
        ImageFolder(root, "train", classes=5)


def test_an_orientation_in_the_metadata_turns_no_image_of_a_pair(data_set):
    root = data_set()
    path = root / "Visible" / "001.png"
    before = ImageFolder(root, ["001"])[0].rgb
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    chunk = struct.pack(">I", len(exif)) + b"eXIf" + exif
    chunk += struct.pack(">I", zlib.crc32(b"eXIf" + exif))
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk + data[33:])
    assert cv2.imread(str(path), cv2.IMREAD_COLOR).tobytes() != before[..., ::-1].tobytes()
    np.testing.assert_array_equal(ImageFolder(root, ["001"])[0].rgb, before)


@pytest.mark.parametrize("folder", ["Visible", "Infrared", "Label"])
def test_an_image_that_claims_too_many_pixels_is_refused_by_its_header(folder, data_set):
    root = data_set()
    path = root / folder / "001.png"
    data = path.read_bytes()
    path.write_bytes(data[:16] + struct.pack(">II", 30000, 30000) + data[24:])
    with pytest.raises(DataError, match=rf"{folder}/001\.png.*30000 x 30000 pixels"):
        ImageFolder(root, ["001"], classes=9)


@pytest.mark.parametrize(
    ("folder", "there", "remedy"),
    [
        ("Label", "001.jpg", "only PNG is read, and JPEG spoils labels"),
        ("Visible", "001.JPEG", "only PNG is read"),
        ("Infrared", "001.PNG", "rename it"),
        ("Visible", "001.tiff", "only PNG is read"),
    ],
)
def test_a_file_that_is_there_under_another_ending_is_named(data_set, folder, there, remedy):
    root = data_set(count=3)
    (root / folder / "001.png").rename(root / folder / there)
    with pytest.raises(DataError, match=rf"001\.png is missing.*the file {there} is .*{remedy}"):
        ImageFolder(root, "train", 5)


def test_a_name_in_other_code_points_and_a_folder_in_other_letters_are_named(data_set):
    root = data_set(count=3)
    (root / "train.txt").write_text("stra\u00dfe_m\u00fcd\n")
    for folder in ("Visible", "Infrared", "Label"):
        (root / folder / "001.png").rename(root / folder / "stra\u00dfe_mu\u0308d.png")
    with pytest.raises(DataError, match=r"is there: its letters are others, rename it"):
        ImageFolder(root, "train", 5)
    (root / "Label").rename(root / "labels")
    (root / "train.txt").write_text("002\n")
    with pytest.raises(DataError, match=r"Label/002\.png is missing: it .* of the list$"):
        ImageFolder(root, "train", 5)
    (root / "labels").rename(root / "label")
    with pytest.raises(DataError, match=r"the folder label is there"):
        ImageFolder(root, "train", 5)


def test_a_list_may_be_named_with_its_ending(data_set):
    root = data_set(count=3)
    assert ImageFolder(root, "train.txt", 5).names == ImageFolder(root, "train", 5).names
    with pytest.raises(DataError, match=r"/none\.txt is missing"):
        ImageFolder(root, "none.txt", 5)


def test_images_in_memory_are_those_on_disk_and_are_read_once(data_set):
    root = data_set()
    from_disk = ImageFolder(root, "train", 9)
    pairs = list(from_disk)
    kept = ImageFolder(root, "train", 9, in_memory=True)
    for folder in ("Visible", "Infrared", "Label"):
        for image in (root / folder).iterdir():
            image.unlink()
    assert len(pairs) > 0
    for index, pair in enumerate(pairs):
        assert kept[index].name == pair.name
        assert kept[index].condition == pair.condition
        np.testing.assert_array_equal(kept[index].rgb, pair.rgb)
        np.testing.assert_array_equal(kept[index].thermal, pair.thermal)
        np.testing.assert_array_equal(kept.labels(index), pair.labels)
    with pytest.raises(IndexError):
        kept[len(pairs)]


def test_a_damaged_image_is_named_before_it_is_kept_in_memory(data_set):
    root = data_set()
    image = next(iter(sorted((root / "Infrared").iterdir())))
    image.write_bytes(image.read_bytes()[:100])
    with pytest.raises(DataError, match=image.name):
        ImageFolder(root, "train", 9, in_memory=True)
