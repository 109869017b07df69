"""Labels are the file's numbers in every kind of image; what cannot train is told before."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from amdanet_ros.cli.main import main
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.experiment import build_pairs, label_notes
from amdanet_ros.training.image_folder import ImageFolder
from amdanet_ros.training.image_lists import read_list
from amdanet_ros.training.label_images import read_label_image
from amdanet_ros.training.labelled_pair import DataError


def png(indices, bits, color_type, palette=b""):
    """Write a PNG of few bits a pixel, as Pillow cannot write all of them."""
    rows = b""
    for row in indices:
        number = "".join(f"{value:0{bits}b}" for value in row)
        number += "0" * (-len(number) % 8)
        rows += b"\0" + int(number, 2).to_bytes(len(number) // 8, "big")

    def chunk(name, content):
        whole = name + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    height, width = indices.shape
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    plte = chunk(b"PLTE", palette) if palette else b""
    parts = chunk(b"IHDR", header), plte, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def indices_to(count):
    return (np.arange(5 * 7).reshape(5, 7) % count).astype(np.uint8)


GREY = bytes(value for index in range(256) for value in (255 - index,) * 3)
COLORS = np.random.default_rng(0).integers(0, 256, 768, np.uint8).tobytes()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("palette", [b"", GREY, COLORS], ids=["grey", "grey palette", "colours"])
def test_indices_come_from_png_of_any_bits(tmp_path, bits, palette):
    indices = indices_to(min(2**bits, 20))
    path = tmp_path / "label.png"
    path.write_bytes(png(indices, bits, 3 if palette else 0, palette[: 3 * 2**bits]))
    labels = read_label_image(path)
    assert labels.dtype == np.uint8
    assert np.array_equal(labels, indices)


@pytest.mark.parametrize("mode", ["LA", "RGB", "RGBA", "P"])
def test_equal_channels_and_transparency_do_not_matter(tmp_path, mode):
    indices = indices_to(6)
    alpha = np.full_like(indices, 200)
    planes = {"LA": [indices, alpha], "RGB": [indices] * 3, "RGBA": [indices] * 3 + [alpha]}
    image = Image.fromarray(indices, "P") if mode == "P" else Image.merge(
        mode, [Image.fromarray(plane) for plane in planes[mode]]
    )  # fmt: skip
    if mode == "P":
        image.putpalette(COLORS)
        image.save(tmp_path / "label.png", transparency=0)
    else:
        image.save(tmp_path / "label.png")
    assert np.array_equal(read_label_image(tmp_path / "label.png"), indices)


def jpeg():
    return cv2.imencode(".jpg", np.zeros((16, 16), np.uint8))[1].tobytes()


def huge(side):
    whole = png(indices_to(4), 8, 0)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return whole[:16] + header + crc + whole[33:]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (jpeg(), "is a JPEG image, whose compression changes class indices: write labels as PNG"),
        (huge(9_000), "has 9000 x 9000 pixels, more than the allowed 64 million"),
        (huge(30_000), "has 30000 x 30000 pixels, more than the allowed 64 million"),
        (png(indices_to(4), 8, 0)[:60], "is not a readable image"),
        (b"", "is not a readable image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "is not a readable image"),
    ],
    ids=["jpeg", "large", "huge", "cut", "empty", "zeros"],
)
def test_label_image_that_cannot_be_used_is_told(tmp_path, content, message):
    (tmp_path / "label.png").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_label_image(tmp_path / "label.png")


def relabelled(root, change):
    for path in (root / "Label").glob("*.png"):
        cv2.imwrite(str(path), change(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)))


SPOILT = {
    "two values": (lambda labels: np.uint8(255) * (labels % 2), "hold 0 and 255 alone"),
    "none": (lambda labels: np.full_like(labels, 255), "no pixel has a label"),
    "one beyond": (lambda labels: np.uint8(128) * (labels % 2), "holds label 128: .*0 to 4"),
}


@pytest.mark.parametrize("case", list(SPOILT))
def test_labels_that_train_to_nothing_are_told_before(data_set, micro, case):
    change, message = SPOILT[case]
    root = data_set()
    relabelled(root, change)
    config = micro(data__source="folder", data__root=str(root))
    with pytest.raises(DataError, match=message):
        build_pairs(config)
    lists = {"data__lists": [{"name": "train"}], "data__validation_list": "test"}
    (root / "test.txt").write_text("003\n")
    (root / "train.txt").write_text("000\n001\n")
    with pytest.raises(DataError, match=message):
        build_pairs(micro(data__source="folder", data__root=str(root), **lists))


@pytest.mark.parametrize("case", list(SPOILT))
def test_evaluation_of_labels_that_say_nothing_is_refused(data_set, capsys, case):
    change, _ = SPOILT[case]
    root = data_set(classes=10)
    relabelled(root, change)
    assert main(["evaluate", "demo", "--data", str(root), "--device", "cpu"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert str(root) in told
    assert {"two values": "0 and 255 alone", "none": "no pixel has", "one beyond": "label 128"}[
        case
    ] in told


def test_held_out_share_without_a_label_is_told(data_set, micro):
    root = data_set(count=2)
    blank = np.full((48, 48), 255, np.uint8)
    cv2.imwrite(str(root / "Label" / "000.png"), blank)
    with pytest.raises(DataError, match="pairs of train.txt: no pixel has a label"):
        build_pairs(micro(data__source="folder", data__root=str(root)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"augmentation__crop": [200, 200]}, "augmentation.crop is 200 x 200, the images are 48"),
        ({"finish__crop": [480, 640], "finish__share": 0.2}, "finish.crop is 480 x 640, the"),
    ],
)
@pytest.mark.parametrize("source", ["folder", "synthetic"])
def test_crop_larger_than_the_images_is_told(data_set, micro, tmp_path, changes, message, source):
    own = {"data__root": str(data_set())} if source == "folder" else {"data__size": [48, 48]}
    with pytest.raises(ConfigError, match=message):
        build_pairs(micro(data__source=source, **own, **changes))


def test_images_of_a_list_that_are_not_there_are_told_and_counted(data_set):
    root = data_set()
    (root / "train.txt").write_text("000\nx1\nx2\nx3\n")
    with pytest.raises(DataError, match=r"Visible/x1\.png is missing: .*, and 2 more of Visible"):
        ImageFolder(root, "train")
    (root / "train.txt").write_text("000\n001\n")
    (root / "Label" / "001.png").unlink()
    with pytest.raises(DataError, match=r"Label/001\.png is missing"):
        ImageFolder(root, "train")


@pytest.mark.parametrize(
    "text",
    [
        b"000\n001\n",
        b"\xef\xbb\xbf000\r\n001\r\n",
        b"\n  000  \n\t\n# a comment\n001\t\n\n",
        b"000.png\n001.PNG",
        b"000.jpg\n001.tiff\n",
    ],
    ids=["plain", "byte order mark", "spaces and comments", "png", "endings"],
)
def test_list_is_read_however_it_was_written(tmp_path, text):
    (tmp_path / "train.txt").write_bytes(text)
    assert read_list(tmp_path / "train.txt") == ["000", "001"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"000\n001\n000.png\n", "names 000 twice, in lines 1 and 3: remove one"),
        (b"/data/Visible/000.png\n", "line 1: '/data/Visible/000' is no name of an image"),
        (b"000\n../000\n", "line 2: '../000' is no name"),
        (b"C:\\data\\000.png\n", "line 1: .* is no name of an image"),
        (b"Visible/000.png Label/000.png\n", "line 1: .* is more than one name"),
        (b"000\n\x00\n", "line 2: .* is no name of an image"),
        (b"\xff\xfe0\x000\x00", "is no text in UTF-8"),
        (b"", "names no image"),
        (b"\n# nothing\n\n", "names no image"),
    ],
)
def test_list_that_cannot_be_used_is_told(tmp_path, text, message):
    (tmp_path / "train.txt").write_bytes(text)
    with pytest.raises(DataError, match=message) as caught:
        ImageFolder.names_of(tmp_path, "train")
    assert str(caught.value).isprintable()


def test_home_of_nobody_is_told():
    with pytest.raises(DataError, match="home folder of a user that does not exist"):
        ImageFolder("~nouser/MFNet", "train")


def test_images_and_labels_without_each_other_stop_a_conversion(tmp_path):
    from amdanet_ros.training.dataset_conversion import convert

    source = tmp_path / "source"
    stream = io.BytesIO(png(indices_to(5), 8, 0)).getvalue()
    for split in ("train", "test"):
        for folder in ("rgb", "thermal", "labels"):
            (source / split / folder).mkdir(parents=True)
            (source / split / folder / "a.png").write_bytes(stream)
    (source / "test" / "labels" / "b.png").write_bytes(stream)
    with pytest.raises(DataError, match=r"test/labels/b\.png has no image in rgb \(1 such\)"):
        convert("pst900", source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("orientation", [3, 6])
def test_an_orientation_turns_no_label(tmp_path, orientation):
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    turned = Image.Exif()
    turned[0x112] = orientation
    for name in ("label.png", "label.tiff"):
        Image.fromarray(labels).save(tmp_path / name, exif=turned)
        np.testing.assert_array_equal(read_label_image(tmp_path / name), labels)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ([0, 255], True),
        ([255], True),
        ([1, 255], False),
        ([0], False),
    ],
)
def test_single_labels_that_say_little_among_good_ones_are_named(data_set, micro, label, told):
    root = data_set()
    mask = np.resize(np.uint8(label), (48, 48))
    cv2.imwrite(str(root / "Label" / "001.png"), mask)
    config = micro(data__source="folder", data__root=str(root))
    notes = label_notes(*build_pairs(config))
    if told:
        assert len(notes) == 1
        assert f"{root / 'Label'}: 1 label image holds 255" in notes[0]
        assert "beside it: 001: " in notes[0]
    else:
        assert notes == []
