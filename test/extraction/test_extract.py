"""`amdanet extract`: undamaged, different, registered pairs of bags, with first labels."""

import json

import cv2
import numpy as np
import pytest

from amdanet_ros.bags.writer import BagWriter, quality
from amdanet_ros.class_table_file import class_table_of
from amdanet_ros.classes import MFNET
from amdanet_ros.cli.main import main
from amdanet_ros.extraction.descriptor import appearance
from amdanet_ros.extraction.registered_pair import registered
from amdanet_ros.extraction.selection import Candidate, farthest, held_out
from amdanet_ros.inference import Predictor
from amdanet_ros.pipeline.geometry import GeometryCache
from amdanet_ros.pipeline.image_pair import ImagePair
from amdanet_ros.pipeline.options import FusionOptions
from amdanet_ros.training.image_folder import ImageFolder


@pytest.fixture
def extract(network_options):
    """A function that runs the command and returns its status."""
    return lambda *arguments: main(["extract", *map(str, arguments), *network_options])


def scene(index):
    """A bright and a hot square that wander."""
    random = np.random.default_rng(index)
    rgb = random.integers(60, 90, (48, 64, 3), np.uint8)
    top, left = 4 + 3 * (index % 9), 4 + 5 * (index % 10)
    rgb[top : top + 14, left : left + 14] = (230, 200, 40)
    thermal = random.integers(29000, 29050, (24, 32), np.uint16)
    thermal[top // 2 : top // 2 + 7, 18 - left // 3 : 25 - left // 3] = 31000
    return rgb, thermal


@pytest.fixture
def recorded(tmp_path, bags):
    """A function that writes a bag of (rgb, thermal) pairs, a second apart."""

    def write(name, pairs):
        with BagWriter(tmp_path / name, "mcap") as bag:
            for topic in (bags.RGB, bags.THERMAL):
                bag.add_topic(topic, bags.IMAGE, [quality(reliable=True)])
            for index, (rgb, thermal) in enumerate(pairs):
                stamp = bags.START + index * 1_000_000_000
                bag.write_message(bags.RGB, stamp, bags.image(stamp, rgb, "rgb8"))
                encoding = "mono16" if thermal.dtype == np.uint16 else "32FC1"
                bag.write_message(bags.THERMAL, stamp, bags.image(stamp, thermal, encoding))
        return tmp_path / name

    return write


@pytest.mark.parametrize("given", ["bags.txt", "m*", "folder"])
def test_lists_patterns_and_folders_stand_for_their_bags(given, extract, recorded, tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("monday", "more"):
        bag = recorded(name, [scene(i + len(name)) for i in range(2)])
        (tmp_path / "folder" / name).symlink_to(bag)
    (tmp_path / "bags.txt").write_text("# both\nmonday\nmore\n")
    assert extract(tmp_path / given, "-o", tmp_path / "set", "--change", "0") == 0
    facts = json.loads((tmp_path / "set" / "pairs.json").read_text()).values()
    assert {each["recording"].rsplit("/")[-1] for each in facts} == {"monday", "more"}


@pytest.mark.parametrize(
    "given, words", [("none*", "no bag in"), ("empty.txt", "no bag in"), ("gone", "does not exist")]
)
def test_what_stands_for_no_bag_is_one_line(given, words, extract, tmp_path, capsys):
    (tmp_path / "empty.txt").write_text("\n")
    assert extract(tmp_path / given, "-o", tmp_path / "set") == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


def files(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_set_that_training_reads_with_the_networks_labels(
    extract, recorded, tmp_path, checkpoint, capsys
):
    bag = recorded("drive", [scene(i) for i in range(8)])
    before = files(bag)
    out = tmp_path / "set"
    assert extract(bag, "-o", out, "--confidence", "0.9", "--change", "0.05") == 0
    assert files(bag) == before
    train, test = (ImageFolder(out, split, 9) for split in ("train", "test"))
    assert len(train) + len(test) == 8 and not set(train.names) & set(test.names)
    predictor = Predictor.from_checkpoint(checkpoint, "cpu", "fp32")
    for pair in train:
        rgb, thermal = scene(int(pair.name[-6:]))
        np.testing.assert_array_equal(pair.rgb, rgb)
        np.testing.assert_array_equal(pair.thermal, cv2.resize(thermal, (64, 48)))
        said = predictor(rgb, thermal)
        expected = np.where(said.confidence >= 0.9, said.labels, 255)
        np.testing.assert_array_equal(pair.labels, expected)
        sure = cv2.imread(str(out / "Confidence" / f"{pair.name}.png"), cv2.IMREAD_UNCHANGED)
        assert np.abs(sure / 255 - said.confidence).max() < 0.01
    assert class_table_of(out / "classes.yaml").names == MFNET.names
    facts = json.loads((out / "pairs.json").read_text())
    assert "drive" in facts[train.names[0]]["recording"]
    said = capsys.readouterr()
    assert "8 pairs with first labels" in said.out
    assert "thermal.registration is not set" in said.err
    assert not list(tmp_path.glob(".*"))


def test_thermal_lies_over_rgb_where_the_parameters_put_it(extract, recorded, tmp_path, capsys):
    bag = recorded("drive", [scene(i) for i in range(4)])
    options = ("--registration", 2, 0, 16, 0, 2, 0, 0, 0, 1, "-p", "crop_to_common_view:=true")
    assert extract(bag, "-o", tmp_path / "set", "--change", 0, *options) == 0
    assert "is not set" not in capsys.readouterr().err
    for pair in ImageFolder(tmp_path / "set", "train", 9):
        rgb, thermal = scene(int(pair.name[-6:]))
        height, width = pair.thermal.shape
        np.testing.assert_array_equal(pair.rgb, rgb[:height, 16 : 16 + width])
        np.testing.assert_array_equal(
            pair.thermal[::2, ::2], thermal[: (height + 1) // 2, : (width + 1) // 2]
        )


def test_what_is_damaged_dark_or_alone_is_left_out_and_said(extract, recorded, tmp_path, capsys):
    pairs = [scene(i) for i in range(7)]
    pairs[1] = (pairs[1][0] // 60, pairs[1][1])  # dark
    pairs[2] = (pairs[2][0], np.full((24, 32), 30000, np.uint16))  # no contrast
    pairs[3] = (pairs[3][0], np.zeros((3, 3), np.uint16))  # too small to be an image
    bag = recorded("drive", pairs)
    assert extract(bag, "-o", tmp_path / "set", "--change", 0) == 0
    said = capsys.readouterr().err
    assert "% of the image is dark" in said
    assert "/rgb/image_raw" in said and "is dark" in said and "--degraded-rgb" in said
    assert "/thermal/image_raw" in said and "no contrast" in said
    names = sorted(path.stem[-6:] for path in (tmp_path / "set" / "Label").iterdir())
    assert names == ["000000", "000004", "000005", "000006"]
    assert extract(bag, "-o", tmp_path / "night", "--change", 0, "--degraded-rgb") == 0
    assert (tmp_path / "night" / "Label" / "drive_000001.png").exists()


def test_several_recordings_and_no_two_alike(extract, recorded, tmp_path, capsys):
    first, second = (
        recorded(f"{name}/bag", [scene(i) for i in numbers])
        for name, numbers in (("a", (0, 2)), ("b", (4, 6)))
    )
    assert extract(first, second, "-o", tmp_path / "set", "--change", "0.1") == 0
    assert len(list((tmp_path / "set" / "Visible").iterdir())) == 4
    rgb, thermal = scene(3)
    still = recorded("still", [(rgb + np.uint8(i), thermal + np.uint16(i)) for i in range(3)])
    assert extract(still, "-o", tmp_path / "other") == 2
    assert "all 3 pairs look alike" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("place", ["drive", "drive/inside", "full", ""])
def test_nothing_is_written_over_or_into_what_is_there(extract, recorded, tmp_path, capsys, place):
    bag = recorded("drive", [scene(0), scene(1)])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    before = files(tmp_path)
    assert extract(bag, "-o", tmp_path / place) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "output" in error
    assert files(tmp_path) == before


def test_an_interruption_leaves_nothing(extract, recorded, tmp_path, monkeypatch):
    bag = recorded("drive", [scene(i) for i in range(4)])

    def stopped(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(Predictor, "__call__", stopped)
    assert extract(bag, "-o", tmp_path / "set", "--change", 0) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["drive"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[290.15, np.nan], [300.0, 310.5]]), [[29015, 0], [30000, 31050]]),
        (np.array([[-20.0, 0.0], [20.0, np.inf]]), [[1, 32768], [65535, 0]]),
        (np.full((2, 2), np.nan), [[0, 0], [0, 0]]),
        (np.array([[-5, 5], [5, -5]], np.int16), [[1, 65535], [65535, 1]]),
    ],
)
def test_temperatures_become_sixteen_bits(values, expected):
    values = values.astype(np.float32) if values.dtype == np.float64 else values
    pair = ImagePair(np.zeros((2, 2, 3), np.uint8), values, 0)
    thermal = registered(pair, FusionOptions(), GeometryCache()).thermal
    assert thermal.dtype == np.uint16
    assert np.abs(thermal.astype(int) - expected).max() <= 1


def candidates(looks, recording=0):
    return [
        Candidate(recording, str(i), i * 10**9, np.array(look, np.float32))
        for i, look in enumerate(looks)
    ]


def test_few_of_many_are_spread_over_appearance_and_time():
    looks = [(0, 0)] * 50 + [(5, 0)] + [(0, 0)] * 49
    chosen = farthest(candidates(looks), 4, 0.0)
    assert 50 in chosen and {chosen[0], chosen[-1]} == {0, 99}
    assert len(farthest(candidates(looks), 4, 0.1)) == 2
    assert farthest([], 4, 0.1) == []


def test_noise_counts_less_than_another_place():
    (rgb, thermal), (other, heat) = scene(0), scene(14)
    random = np.random.default_rng(0)
    noisy = np.clip(rgb + random.normal(0, 6, rgb.shape), 0, 255).astype(np.uint8)
    here = appearance(rgb, thermal)
    assert np.linalg.norm(here - appearance(noisy, thermal)) < 0.08
    assert np.linalg.norm(here - appearance(other, heat)) > 0.5
    assert np.linalg.norm(here - appearance(rgb // 3, thermal)) > 0.2


@pytest.mark.parametrize(("count", "share"), [(2, 0.2), (10, 0.2), (100, 0.2), (7, 0.9), (3, 0.01)])
def test_held_out_pairs_are_spans_of_time(count, share):
    held = sorted(held_out(count, share))
    assert len(held) == min(count - 1, max(1, round(share * count)))
    spans = 1 + sum(b - a > 1 for a, b in zip(held, held[1:], strict=False))
    assert spans <= 5 and held[0] >= 0 and held[-1] < count
