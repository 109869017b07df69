"""`amdanet convert cvat|coco|labelme|labelstudio`: labels out to people and back."""

import base64
import json
import zipfile

import cv2
import numpy as np
import pytest

from amdanet_ros.annotation.exchange import FORMATS
from amdanet_ros.annotation.polygons import filled, outlines
from amdanet_ros.annotation.run_lengths import (
    brush_data,
    brush_mask,
    coco_counts,
    coco_text,
    mask_of_runs,
    runs_of,
)
from amdanet_ros.annotation.shapes import MaskRoom, Shape
from amdanet_ros.class_table_file import class_table_of
from amdanet_ros.cli.main import main
from amdanet_ros.evaluation.label_origin import LABEL_ORIGIN, label_digest, origin_remark

NAMES = ["road", "person", "left & <right>"]
FILES = {"cvat": "annotations.xml", "coco": "annotations.json", "labelstudio": "tasks.json"}


def blobs(seed, height=60, width=80):
    """Smooth areas of three classes with holes, and pixels without label."""
    random = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(random.normal(size=(height, width)), (0, 0), 4)
    ranks = np.digitize(smooth, np.quantile(smooth, (0.3, 0.6, 0.85)))
    return np.array([0, 1, 255, 2], np.uint8)[ranks]


@pytest.fixture
def data_set(tmp_path):
    root = tmp_path / "set"
    for folder in ("Visible", "Infrared", "Label"):
        (root / folder / "seq").mkdir(parents=True)
    for index, name in enumerate(("a", "seq/b")):
        cv2.imwrite(str(root / "Visible" / f"{name}.png"), np.full((60, 80, 3), 90, np.uint8))
        cv2.imwrite(str(root / "Infrared" / f"{name}.png"), np.full((60, 80), 90, np.uint8))
        cv2.imwrite(str(root / "Label" / f"{name}.png"), blobs(index))
    (root / "train.txt").write_text("a\nseq/b\n")
    (root / "classes.yaml").write_text(json.dumps({"names": NAMES}))
    return root


def labels_of(root, name, folder="Label"):
    return cv2.imread(str(root / folder / f"{name}.png"), cv2.IMREAD_UNCHANGED)


def convert(*arguments):
    return main(["convert", *map(str, arguments)])


@pytest.mark.parametrize("shapes", ["masks", "polygons"])
@pytest.mark.parametrize("kind", FORMATS)
def test_labels_go_out_and_come_back(data_set, tmp_path, kind, shapes, capsys):
    task = tmp_path / "task"
    assert convert(kind, data_set, task, "--to", "--shapes", shapes) == 0
    assert (task / "images" / "seq" / "b.png").is_file()
    for name in ("a", "seq/b"):
        (data_set / "Label" / f"{name}.png").unlink()
    source = task / FILES[kind] if kind in FILES else task / "images"
    assert convert(kind, source, data_set) == 0
    for index, name in enumerate(("a", "seq/b")):
        found, expected = labels_of(data_set, name), blobs(index)
        if shapes == "masks":
            np.testing.assert_array_equal(found, expected)
            continue
        for label in (0, 1, 2, 255):
            union = ((found == label) | (expected == label)).sum()
            assert ((found == label) & (expected == label)).sum() > 0.97 * union
    assert "2 images" in capsys.readouterr().out
    assert not list(data_set.glob(".*")) and not list(tmp_path.glob(".*"))


def test_labels_that_were_there_are_kept(data_set, tmp_path):
    assert convert("cvat", data_set, tmp_path / "task", "--to") == 0
    xml = (tmp_path / "task" / "annotations.xml").read_text()
    first = xml[: xml.index('<image id="1"')] + "</annotations>"
    (tmp_path / "first.xml").write_text(first.replace('label="person"', 'label="unlabeled"'))
    for number in (1, 2):
        assert convert("cvat", tmp_path / "first.xml", data_set) == 0
        assert (data_set / f"Label_before_{number}" / "a.png").is_file()
    np.testing.assert_array_equal(labels_of(data_set, "a", "Label_before_1"), blobs(0))
    np.testing.assert_array_equal(labels_of(data_set, "seq/b"), blobs(1))
    assert 1 not in labels_of(data_set, "a") and (labels_of(data_set, "a") == 0).any()


def test_other_classes_go_by_their_names(data_set, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(json.dumps({"names": ["person", "tree", "road"]}))
    digests = {name: label_digest(blobs(i)) for i, name in enumerate(("a", "seq/b"))}
    (data_set / LABEL_ORIGIN).write_text(json.dumps({"network": "x", "labels": digests}))
    task = tmp_path / "task"
    assert convert("cvat", data_set, task, "--to", "--classes", mine) == 0
    xml = (task / "annotations.xml").read_text()
    assert "right" not in xml and "<name>tree</name>" in xml
    first = xml[: xml.index('<image id="1"')] + "</annotations>"
    (tmp_path / "first.xml").write_text(first.replace('label="road"', 'label="tree"'))
    assert convert("cvat", tmp_path / "first.xml", data_set, "--classes", mine) == 0
    corrected, copied = (np.array([road, 0, 255, 255]) for road in (1, 2))
    index = np.where(blobs(0) == 255, 3, blobs(0))
    np.testing.assert_array_equal(labels_of(data_set, "a"), corrected[index])
    other = np.where(blobs(1) == 255, 3, blobs(1))
    np.testing.assert_array_equal(labels_of(data_set, "seq/b"), copied[other])
    assert class_table_of(data_set / "classes.yaml").names == ("person", "tree", "road")
    assert class_table_of(data_set / "classes_before_1.yaml").names == tuple(NAMES)
    pairs = [(name, labels_of(data_set, name)) for name in ("a", "seq/b")]
    assert origin_remark(data_set, pairs).startswith("1 of 2 label images")


def test_none_of_comes_back(data_set, tmp_path):
    labels = blobs(3)
    labels[:9] = 254
    cv2.imwrite(str(data_set / "Label" / "a.png"), labels)
    assert convert("coco", data_set, tmp_path / "task", "--to") == 0
    assert convert("coco", tmp_path / "task", data_set) == 0
    np.testing.assert_array_equal(labels_of(data_set, "a"), labels)


def cvat(shape, name="a.png", size='width="80" height="60"'):
    return f'<annotations><image id="0" name="{name}" {size}>{shape}</image></annotations>'


def square(label="person"):
    return f'<polygon label="{label}" points="10,10;30,10;30,20;10,20" z_order="0"/>'


def coco(segmentation, label="person", **image):
    image = {"id": 7, "file_name": "images/a.png", "width": 80, "height": 60, **image}
    return {
        "images": [image],
        "categories": [{"id": 3, "name": label}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "segmentation": segmentation}],
    }


def labelme(**shape):
    shape = {"label": "person", "points": [[10, 10], [30, 20]], "shape_type": "rectangle", **shape}
    return {"imageHeight": 60, "imageWidth": 80, "imagePath": "x/a.jpg", "shapes": [shape]}


def studio(kind="polygonlabels", image="/data/upload/1/1a2b3c4d-a.png", **value):
    corners = [[12.5, 100 / 6], [37.5, 100 / 6], [37.5, 100 / 3], [12.5, 100 / 3]]
    value = {"points": corners, kind: ["person"], **value}
    result = {"type": kind, "original_width": 80, "original_height": 60, "value": value}
    return [{"data": {"image": image}, "annotations": [{"result": [result]}]}]


RECTANGLE = np.full((60, 80), 255, np.uint8)
RECTANGLE[10:20, 10:30] = 1
COLUMN_RUNS = runs_of((RECTANGLE == 1).T)
PNG = base64.b64encode(cv2.imencode(".png", np.ones((10, 20), np.uint8))[1].tobytes()).decode()
SAME = [
    ("cvat", cvat(square())),
    ("cvat", cvat(square("road").replace("/>", "></polygon>") + square())),
    ("cvat", cvat(square().replace('"0"/>', '"9"/>') + square("road"))),
    ("cvat", cvat('<box label="person" xtl="10" ytl="10" xbr="30" ybr="20"/>')),
    ("cvat", cvat('<box label="person" xtl="15" ytl="5" xbr="25" ybr="25" rotation="90"/>')),
    ("cvat", cvat('<mask label="person" rle="0,200" left="10" top="10" width="20" height="10"/>')),
    ("cvat", cvat(square() + '<points label="x" points="1,1"/>', name="deep/er/a.jpg")),
    ("coco", coco([[10, 10, 30, 10, 30, 20, 10, 20]])),
    ("coco", coco([10, 10, 30, 10, 30, 20, 10, 20])),
    ("coco", coco([[10, 10, 22, 10, 22, 20, 10, 20], [18, 10, 30, 10, 30, 20, 18, 20]])),
    ("coco", coco({"counts": COLUMN_RUNS, "size": [60, 80]})),
    ("coco", coco({"counts": coco_text(COLUMN_RUNS), "size": [60, 80]})),
    ("labelme", labelme()),
    ("labelme", labelme(points=[[10, 10], [30, 10], [30, 20], [10, 20]], shape_type="polygon")),
    ("labelme", labelme(points=[[10, 10], [29, 19]], shape_type="mask", mask=PNG)),
    ("labelstudio", studio()),
    ("labelstudio", studio(image="s3://bucket/of/a.png")),
    ("labelstudio", studio(image="/data/local-files/?d=x/y/a.png")),
    ("labelstudio", studio("brushlabels", format="rle", rle=brush_data(RECTANGLE == 1))),
]


def written(tmp_path, kind, content):
    path = tmp_path / ("a.json" if kind != "cvat" else "a.xml")
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(("kind", "content"), SAME)
def test_the_formats_own_definitions(data_set, tmp_path, kind, content):
    assert convert(kind, written(tmp_path, kind, content), data_set) == 0
    np.testing.assert_array_equal(labels_of(data_set, "a"), RECTANGLE)


BAD = [
    ("cvat", cvat(square("car")), "no class 'car'"),
    ("cvat", cvat(square(), name="z.png"), "no image of the data set"),
    ("cvat", cvat(square(), size='width="81" height="60"'), "another image"),
    ("cvat", cvat(square(), size='width="x" height="60"'), "width is 'x'"),
    ("cvat", cvat('<polygon label="person" points="1,nan;2,2;3,3"/>'), "no number of pixels"),
    ("cvat", cvat('<polygon label="person" points="1,1;2,2"/>'), "no polygon"),
    ("cvat", cvat('<mask label="person" rle="9" left="0" top="0" width="2" height="2"/>'), "run"),
    ("cvat", cvat(square(), size='width="32000" height="32000"'), "more than 64 million"),
    (
        "cvat",
        cvat('<mask label="road" rle="900000000" left="0" top="0" width="30000" height="30000"/>'),
        "more than 64 million",
    ),
    ("coco", coco([[1, 1, 2, 2, 3, 3]] * 2, width=30000, height=30000), "more than 64 million"),
    ("cvat", cvat('<polygon points="1,1;2,2;3,3"/>'), "no label"),
    ("cvat", "<annotations><track/></annotations>", "tracks"),
    ("cvat", "<html/>", "CVAT for images 1.1"),
    ("cvat", "<annotations>", "is no XML"),
    ("cvat", '<?xml version="1.0" encoding="utf-7"?><annotations/>', "unknown encoding"),
    ("cvat", '<?xml version="1.0" encoding="gb2312"?><annotations/>', "unknown encoding"),
    ("cvat", "<annotations></annotations>", "no annotated image"),
    ("cvat", '<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>', "DOCTYPE"),
    ("cvat", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotations/>', "DOCTYPE"),
    ("coco", coco([[1, 1, 2, 2, 3, 3]], "car"), "no class 'car'"),
    ("coco", coco([[1, 1, 2, 2, 3]]), "no polygon"),
    ("coco", coco({"counts": [1, 2], "size": [60, 80]}), "run lengths"),
    ("coco", coco({"counts": "~~~", "size": [60, 80]}), "compressed mask"),
    ("coco", coco({"counts": [4800], "size": [80, 60]}), "of size [80, 60]"),
    ("coco", {**coco([]), "annotations": [{"image_id": 1, "category_id": 3}]}, "image_id 1"),
    ("coco", coco([[1, 1, 2, 2, 3, 3]], file_name="../../b"), "no image of the data set"),
    ("coco", "[1", "is no JSON"),
    ("coco", "[" * 100_000, "is no JSON"),
    ("coco", [], "stands where categories is expected"),
    ("labelme", labelme(label="car"), "no class 'car'"),
    ("labelme", labelme(label=5), "label is 5"),
    ("labelme", labelme(points=[[1, 1]]), "two points"),
    ("labelme", labelme(shape_type="mask", mask="!!"), "a mask is no image"),
    ("labelme", {**labelme(), "imageHeight": None}, "imageHeight is None"),
    ("labelstudio", studio(polygonlabels=["car"]), "no class 'car'"),
    ("labelstudio", studio(polygonlabels=["road", "person"]), "2 labels"),
    ("labelstudio", studio("brushlabels", format="rle", rle=[0, 1, 2]), "brush mask"),
    ("labelstudio", studio("brushlabels", format="rle", rle=brush_data(RECTANGLE == 1)[:-9]), "br"),
    ("labelstudio", {"a": 1}, "no list of tasks"),
]


@pytest.mark.parametrize(("kind", "content", "said"), BAD)
def test_what_cannot_be_used_is_one_line_and_changes_nothing(
    data_set, tmp_path, capsys, kind, content, said
):
    path = written(tmp_path, kind, content)
    assert convert(kind, path, data_set) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and len(error) < 700
    np.testing.assert_array_equal(labels_of(data_set, "a"), blobs(0))
    assert sorted(each.name for each in data_set.iterdir() if each.is_dir()) == [
        "Infrared", "Label", "Visible",
    ]  # fmt: skip


_MASKS = [each for each in SAME if "mask label" in str(each) or "rle" in str(each)]
_MASKS += [each for each in SAME if "counts" in str(each) or "'mask':" in str(each)]


@pytest.mark.parametrize(("kind", "content"), _MASKS)
def test_masks_that_grow_out_of_a_few_letters_have_a_bound_together(
    data_set, tmp_path, capsys, monkeypatch, kind, content
):
    """Each has 200 to 4,800 pixels; there is room for 100."""
    monkeypatch.setattr(MaskRoom.__init__, "__defaults__", (100,))
    assert convert(kind, written(tmp_path, kind, content), data_set) == 2
    assert "billion pixels together: export fewer images" in capsys.readouterr().err
    np.testing.assert_array_equal(labels_of(data_set, "a"), blobs(0))


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 16)])
def test_a_mask_is_kept_in_an_eighth_of_its_bytes(size):
    mask = np.random.default_rng(0).random(size) > 0.5
    shape = Shape.of_mask("road", mask, (2, 1))
    np.testing.assert_array_equal(shape.mask, mask)
    assert shape.bits.nbytes == -(-mask.size // 8)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cvat", "SET", "SET", "--to"), "output"),
        (("coco", "SET", "SET/Label", "--to"), "output"),
        (("coco", "SET", "", "--to"), "output"),
        (("coco", "SET", "out", "--to", "--labels", "Labels"), "has no such folder"),
        (("labelme", "nowhere", "out", "--to"), "classes.yaml is missing"),
        (("labelme", "nowhere", "SET"), "is missing"),
        (("labelme", "SET/train.txt", "SET", "--labels", "../x"), "--labels"),
        (("labelme", "SET/train.txt", "SET", "--labels", "Visible"), "--labels"),
        (("labelme", "SET/train.txt", "SET", "--labels", "Visible/../Infrared"), "--labels"),
        (("labelme", "SET/train.txt", "SET", "--labels", "."), "--labels"),
        (("labelme", "SET/train.txt", "nowhere"), "classes.yaml is missing"),
        (("labelme", "SET", "out"), "give --to to write it as a task"),
        (("cvat", "SET", "SET/train.txt", "--classes", "demo"), "give --to to write it as a task"),
        (("coco", "SET/train.txt", "SET", "--to"), "leave out --to to bring labels back"),
        (("labelstudio", "nowhere", "SET", "--to"), "leave out --to"),
        (("labelme", "SET/train.txt", "nowhere", "--classes", "demo"), "is no data set"),
        (("coco", "SET/train.txt", "SET", "--classes", "mars"), "no class table 'mars'"),
    ],
)
def test_mistakes_of_the_call_are_one_line(data_set, tmp_path, capsys, arguments, said):
    words = [str(tmp_path / each.replace("SET", "set")) if i in (1, 2) else each
             for i, each in enumerate(arguments)]  # fmt: skip
    assert convert(*words) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_export_as_a_zip_file(data_set, tmp_path, capsys):
    assert convert("cvat", data_set, tmp_path / "task", "--to") == 0
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "task" / "annotations.xml", "job/annotations.xml")
    assert convert("cvat", tmp_path / "x.zip", data_set, "--labels", "Corrected") == 0
    np.testing.assert_array_equal(labels_of(data_set, "a", "Corrected"), blobs(0))
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[60:120] = bytes(60)
    (tmp_path / "x.zip").write_bytes(data)
    assert convert("cvat", tmp_path / "x.zip", data_set) == 2
    assert "cannot be unpacked" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(4))
def test_run_lengths_round_trip(seed):
    random = np.random.default_rng(seed)
    mask = random.random((9, 13)) < (0.0, 0.3, 0.7, 1.0)[seed]
    runs = runs_of(mask)
    np.testing.assert_array_equal(mask_of_runs(runs, mask.size, "").reshape(mask.shape), mask)
    assert coco_counts(coco_text(runs), "") == runs
    np.testing.assert_array_equal(brush_mask(brush_data(mask), mask.shape, ""), mask)


def test_compressed_counts_are_those_of_pycocotools():
    # pycocotools 2.0.11: mask.encode of ones, 4 x 5, with zeros at [1:3, 2:4].
    assert coco_text([0, 9, 2, 2, 2, 5]) == "092I03"
    assert coco_counts("092I03", "") == [0, 9, 2, 2, 2, 5]


def test_outlines_fill_what_they_surround():
    mask = np.zeros((20, 20), bool)
    mask[2:18, 2:18] = True
    mask[5:9, 5:9] = False  # a hole
    mask[6, 6] = True  # an island in it
    mask[12:14, 18] = True
    mask[0, 0] = True
    together = np.zeros_like(mask)
    for ring in outlines(mask):
        together |= filled([ring], mask.shape)
    assert (together != mask).sum() <= 0.015 * mask.sum()
    np.testing.assert_array_equal(
        filled([np.array([(-90, 2), (2, 2), (2, 90), (-90, 90)], float)], (4, 4)),
        [[0] * 4, [0] * 4, [1, 1, 0, 0], [1, 1, 0, 0]],
    )
    assert not filled([np.array([(50, 50), (60, 50), (60, 60)], float)], (4, 4)).any()
    np.testing.assert_array_equal(
        filled([np.array([(1, 1), (4, 1), (4, 3), (1, 3)], float)], (5, 6)),
        [[0] * 6, [0, 1, 1, 1, 0, 0], [0, 1, 1, 1, 0, 0], [0] * 6, [0] * 6],
    )
