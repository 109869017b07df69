"""The street set as distributed becomes a data set with partial labels, lists and boxes."""

import json

import cv2
import numpy as np
import pytest

from amdanet_ros.cli.main import main
from amdanet_ros.training.image_folder import ImageFolder
from amdanet_ros.training.labelled_pair import DataError
from amdanet_ros.training.street_conversion import convert_street, read_boxes


@pytest.fixture
def street(tmp_path):
    """One image of each kind, 64 x 80; the night image has a person's box."""
    root = tmp_path / "street"
    image = np.full((64, 80, 3), 90, np.uint8)

    def put(part, name, labels, where="label"):
        for folder in ("rgb", "thermal", where):
            (root / part / folder).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / part / "rgb" / f"{name}.jpg"), image)
        cv2.imwrite(str(root / part / "thermal" / f"{name}.jpg"), image[..., 0])
        cv2.imwrite(str(root / part / where / f"{name}.png"), labels)

    unknown = np.full((64, 80), 255, np.uint8)
    night = unknown.copy()
    night[20:40, 30:40] = 7
    put("msrs", "1D", np.zeros((64, 80), np.uint8))
    put("msrs", "1N", night)
    put("msrs", "2N", np.where(night == 7, 7, 254).astype(np.uint8), "objects")
    put("camvid", "street", np.full((64, 80), 6, np.uint8))
    put("m3svd", "smoke", unknown)
    put("m3svd", "v0113_1714_0540", unknown)
    put("m3svd", "0111_1753_0000", unknown)
    (root / "msrs/train.txt").write_text("1D\n1N\n")
    (root / "msrs/val.txt").write_text("2N\n")
    boxes = {"1N": [[0, 28.0, 18.0, 42.0, 42.0, "fusion"]]}
    (root / "msrs/boxes.json").write_text(json.dumps(boxes))
    return root


def test_lists_labels_and_boxes(tmp_path, street, capsys):
    out = tmp_path / "set"
    assert main(["convert", "street", str(street), str(out), "--size", "32", "40"]) == 0
    assert "train.txt 2" in capsys.readouterr().out
    pairs = ImageFolder(out, "train", 10, partial=True)
    night = pairs[1].labels
    assert night.shape == (32, 40)
    assert night[15, 17] == 7  # the person
    assert night[10, 14] == 255  # in the box, not the person: nothing is known
    assert night[0, 0] == night[30, 35] == 254  # outside all boxes: none of the three
    assert (pairs[0].labels == 0).all()  # by day all stays as it is
    assert read_boxes(out) == {"1N": [(0, 14.0, 9.0, 21.0, 21.0)]}
    chosen = ImageFolder(out, "test", 10, partial=True)
    assert chosen[0].condition == "night" and set(np.unique(chosen[0].labels)) == {7, 254}
    assert ImageFolder(out, "camvid", 10)[0].labels[0, 0] == 6
    assert (ImageFolder(out, "unlabelled")[0].labels == 255).all()
    lake, crossing = "m3svd_v0113_1714_0540", "m3svd_0111_1753_0000"
    assert ImageFolder.names_of(out, "unlabelled") == [crossing, "m3svd_smoke", lake]
    assert ImageFolder.names_of(out, "no_vehicles") == [lake]
    with pytest.raises(DataError, match="holds label 254"):
        ImageFolder(out, "train", 10)


def test_what_is_missing_is_named(tmp_path, street):
    (street / "msrs/thermal/1N.jpg").unlink()
    with pytest.raises(DataError, match=r"thermal/1N\.jpg is missing"):
        convert_street(street, tmp_path / "out", (32, 40))
    (street / "msrs/boxes.json").unlink()
    with pytest.raises(DataError, match=r"boxes\.json is missing"):
        convert_street(street, tmp_path / "out", (32, 40))
    with pytest.raises(DataError, match="convert the street set again"):
        read_boxes(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[1]", "holds no boxes"),
        ('{"a": 5}', "holds no boxes"),
        ('{"a": [[0, 1, 2]]}', "for a box"),
        ('{"a": [["0", 1, 2, 3, 4]]}', "for a box"),
        ('{"a": [[7, 1, 2, 3, 4]]}', "for a box"),
        ('{"a": [[0, 1, 2, 3, 1e999]]}', "for a box"),
        ('{"a": [[0, 1, 2, 3, NaN]]}', "for a box"),
    ],
)
def test_boxes_that_are_none_are_refused(tmp_path, content, said):
    (tmp_path / "boxes.json").write_text(content)
    with pytest.raises(DataError, match=said):
        read_boxes(tmp_path)
