"""Which files belong together, by the names that cameras and data sets give them."""

import pytest

from amdanet_ros.fuse.image_folders import ImageFolderError, find_pairs


@pytest.fixture
def folder(tmp_path):
    """A function that makes empty files, also in folders; the folder of all."""

    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


def names(found, folder):
    return [
        (pair.name, str(pair.rgb.relative_to(folder)), str(pair.thermal.relative_to(folder)))
        for pair in found.pairs
    ]


@pytest.mark.parametrize(
    ("rgb", "thermal", "name"),
    [
        ("a_rgb.png", "a_thermal.png", "a"),
        ("0001_visible.jpg", "0001_infrared.jpg", "0001"),
        ("0001-VIS.JPG", "0001-IR.TIFF", "0001"),
        ("00000012_co.png", "00000012_ir.png", "00000012"),
        ("s color.bmp", "s lwir.bmp", "s"),
        ("DJI_20230101_0007_V.JPG", "DJI_20230101_0007_T.JPG", "DJI_20230101_0007"),
        ("DJI_0007_W.JPG", "DJI_0007_T.tiff", "DJI_0007"),
        ("DJI_0007.JPG", "DJI_0007_T.JPG", "DJI_0007"),
        ("FLIR_00002_RGB.jpg", "FLIR_00002_PreviewData.jpeg", "FLIR_00002"),
        ("FLIR0123_visual.jpg", "FLIR0123.jpg", "FLIR0123"),
        ("FLIR0123.jpg", "FLIR0123_R.jpg", "FLIR0123"),
        ("FLIR0123_photo.jpg", "FLIR0123_IR.jpg", "FLIR0123"),
        ("x_R.png", "x_T.png", "x"),
        ("RGB_0001.png", "IR_0001.png", "0001"),
        ("MAX_0010.JPG", "IRX_0010.TIFF", "0010"),
        ("RGB_0123.ppm", "IR_0123.pgm", "0123"),
        ("0123_rgb.PNM", "0123_ir.pnm", "0123"),
        ("rgb0001.png", "thermal0001.png", "0001"),
        ("0001RGB.png", "0001Thermal.png", "0001"),
        ("00001v.jpg", "00001i.jpg", "00001"),
        ("run_rgb_0001.png", "run_thermal_0001.png", "run_0001"),
        ("rgb.png", "thermal.png", "pair"),
    ],
)
def test_usual_names_in_one_folder_are_paired(folder, rgb, thermal, name):
    found = find_pairs(folder(rgb, thermal))
    assert [pair[:1] + (pair[1].name, pair[2].name) for pair in found.pairs] == [
        (name, rgb, thermal)
    ]
    assert not found.remarks


@pytest.mark.parametrize(
    ("rgb", "thermal"),
    [
        ("rgb/1.png", "thermal/1.png"),
        ("RGB/FLIR_00001.jpg", "thermal_8_bit/FLIR_00001.jpeg"),
        ("visible/I00001.jpg", "lwir/I00001.jpg"),
        ("Vis/1.JPG", "Ir/1.jpg"),
        ("images/1.png", "thermal/1.png"),
        ("rgb/1_rgb.png", "thermal/1_thermal.png"),
        ("color/frame_1.png", "infrared/thermal_frame_1.tif"),
        ("visible/00001v.jpg", "infrared/00001i.jpg"),
        ("vi/A1.png", "ir/a1.PNG"),
        ("color/IMG_1_ir.png", "ir/IMG_1_ir.png"),
    ],
)
def test_folders_are_found_by_their_names_and_given_one_by_one(folder, rgb, thermal):
    path = folder(rgb, thermal)
    found = find_pairs(path)
    assert [each[1:] for each in names(found, path)] == [(rgb, thermal)]
    both = (path / each.partition("/")[0] for each in (rgb, thermal))
    assert find_pairs(*both) == found


def test_the_wide_image_and_the_counts_are_taken_where_there_are_several(folder):
    path = folder("1_Z.JPG", "1_W.JPG", "1_T.JPG", "1_T.tiff", ".1_V.JPG")
    found = find_pairs(path)
    assert names(found, path) == [("1", "1_W.JPG", "1_T.tiff")]
    rgb, thermal = sorted(found.remarks)
    assert "1 RGB images" in rgb and "1_Z.JPG" in rgb
    assert "1 thermal images" in thermal and "1_T.JPG" in thermal


def test_a_label_beside_a_pair_is_no_image_of_a_camera(folder):
    path = folder("1_rgb.png", "1_thermal.png", "1.png", "2_rgb.png", "2.png", "2_ir.png")
    assert names(find_pairs(path), path) == [
        ("1", "1_rgb.png", "1_thermal.png"),
        ("2", "2_rgb.png", "2_ir.png"),
    ]


def test_images_without_a_partner_are_counted_and_some_are_named(folder):
    rgb = [f"rgb/{k}.png" for k in range(12)]
    path = folder(*rgb, "thermal/0.png", "thermal/1.png", "thermal/2.png", "thermal/99.png")
    found = find_pairs(path)
    assert len(found.pairs) == 3
    first, second = found.remarks
    assert first.startswith("9 RGB images") and "3.png" in first and "4 more" in first
    assert second.startswith("1 thermal images") and second.endswith("99.png")


def test_pairs_have_names_of_their_own(folder):
    path = folder("rgb/1.png", "rgb/1_rgb.png", "thermal/1.png", "thermal/1_ir.png")
    found = find_pairs(path)
    assert [pair.name for pair in found.pairs] == ["1", "1_rgb"]


def test_two_files_are_a_pair(folder):
    path = folder("street.png", "heat.png", "a_rgb.png", "a_ir.png")
    assert find_pairs(path / "street.png", path / "heat.png").pairs[0].name == "street"
    assert find_pairs(path / "a_rgb.png", path / "a_ir.png").pairs[0].name == "a"


@pytest.mark.parametrize(
    ("files", "given", "words"),
    [
        (["a.png", "b.png"], ["."], "a.png and b.png, for example"),
        (["a_rgb.png", "b_thermal.png"], ["."], "a_rgb.png and b_thermal.png"),
        (["a_rgb.png"], ["."], "NAME_rgb.png"),
        (["notes.txt"], ["."], "holds no images"),
        (["rgb/1.png"], ["."], "holds the folders rgb"),
        (["rgb/1.png", "rgb_right/1.png", "ir/1.png"], ["."], "rgb, rgb_right, ir"),
        (["one/bag_0.mcap", "two/metadata.yaml"], ["."], "holds the bags one, two"),
        (["rgb/1.png", "ir/2.png"], ["rgb", "ir"], "1.png and 2.png, for example"),
        (["rgb/1.png", "ir/1.txt"], ["rgb", "ir"], "ir holds no images"),
        (["rgb/1.png"], ["rgb", "rgb"], "are the same"),
        (["rgb/1.png"], ["rgb", "rgb/1.png"], "a file and a folder"),
        (["rgb/1.png"], ["rgb", "nowhere"], "nowhere does not exist"),
        (["rgb/1.png"], ["rgb/1.png", "nowhere.png"], "image "),
    ],
)
def test_where_nothing_pairs_names_and_what_is_known_are_said(folder, files, given, words):
    path = folder(*files)
    with pytest.raises(ImageFolderError) as caught:
        find_pairs(*(path / each for each in given))
    assert words in str(caught.value)
