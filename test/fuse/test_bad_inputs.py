"""Bad images never end a job: they are left out, named and counted; no pair at all is an error."""

import os

import cv2
import numpy as np
import pytest

from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.writer import BagWriter
from amdanet_ros.cli.main import main
from amdanet_ros.inference import Predictor

SECOND = 10**9


@pytest.fixture(scope="module")
def predictor(checkpoint):
    """A predictor with the small weights."""
    return Predictor.from_checkpoint(checkpoint, "cpu", "fp32")


@pytest.fixture
def fuse(predictor, monkeypatch, tmp_path, capsys):
    """A function that fuses into ``out``: its status, the lines of stderr, the last of stdout."""
    monkeypatch.setattr(Predictor, "from_checkpoint", lambda *_: predictor)

    def run(*arguments):
        status = main(["fuse", *map(str, arguments), "-o", str(tmp_path / "out")])
        told = capsys.readouterr()
        said = [line for line in told.err.splitlines() if line.startswith("amdanet: ")]
        return status, said, told.out.splitlines()[-1:]

    return run


@pytest.fixture
def folders(tmp_path, bags):
    """A function that makes folders of a number of good pairs."""
    rgb, thermal = tmp_path / "rgb", tmp_path / "thermal"

    def make(count):
        for folder in (rgb, thermal):
            folder.mkdir()
        for index in range(count):
            for folder, pixels in zip((rgb, thermal), bags.images(index), strict=True):
                cv2.imwrite(str(folder / f"{index:03d}.png"), pixels)
        return rgb, thermal

    return make


def empty(path):
    path.write_bytes(b"")


def text(path):
    path.write_text("not an image")


def cut(path):
    path.write_bytes(path.read_bytes()[:200])


def folder_of_that_name(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def dangling_link(path):
    path.unlink()
    path.symlink_to("nowhere")


def claims_to_be_huge(path):
    data = bytearray(path.read_bytes())
    data[16:24] = (60000).to_bytes(4, "big") * 2
    path.write_bytes(data)


def false_colours(path):
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8))


@pytest.mark.parametrize(
    "spoil",
    [empty, text, cut, folder_of_that_name, pipe, dangling_link, claims_to_be_huge],
)
@pytest.mark.parametrize("stream", ["rgb", "thermal"])
def test_a_bad_file_is_left_out_and_named(fuse, folders, tmp_path, spoil, stream):
    given = folders(3)
    bad = tmp_path / stream / "001.png"
    spoil(bad)
    status, said, last = fuse(*given)
    assert status == 0
    assert len(said) == 1 and f"{bad}: " in said[0]
    assert last == [f"2 pairs fused, 1 left out: {tmp_path / 'out'}"]
    assert sorted(os.listdir(tmp_path / "out" / "mask")) == ["000.png", "002.png"]


def test_exchanged_folders_are_one_cause_whatever_share_is_in_colour(fuse, folders):
    rgb, thermal = folders(6)
    for index in range(1, 6):
        image = np.zeros((24, 32, 3), np.uint8)
        image[: 2 + 3 * index, :, 1] = 200
        cv2.imwrite(str(thermal / f"{index:03d}.png"), image)
    status, said, last = fuse(rgb, thermal)
    assert status == 0 and "5 left out" in last[0]
    first, further = said
    assert "if it is the RGB camera's image, exchange the two inputs" in first
    assert further.startswith("amdanet: 4 further pairs are left out")


def test_false_colours_are_left_out(fuse, folders):
    given = folders(2)
    false_colours(given[1] / "001.png")
    status, said, _ = fuse(*given)
    assert status == 0 and "false colours" in said[0]


def test_one_cause_is_said_once_with_a_count_and_a_few_names(fuse, folders):
    given = folders(1)
    good = [(folder / "000.png").read_bytes() for folder in given]
    for index in range(1, 40):
        for folder, data in zip(given, good, strict=True):
            (folder / f"{index:03d}.png").write_bytes(data if folder == given[1] else b"")
    status, said, last = fuse(*given)
    assert status == 0 and "39 left out" in last[0]
    first, further = said
    assert "001.png" in first
    assert further.startswith("amdanet: 38 further pairs are left out")
    assert "002.png" in further and "33 more" in further


def test_the_number_of_causes_is_bounded(fuse, folders):
    given = folders(1)
    for index in range(1, 60):
        (given[1] / f"{index:03d}.png").write_bytes((given[1] / "000.png").read_bytes())
        (given[0] / f"{index:03d}.png").write_bytes(f"{index:08d} is no image".encode())
    status, said, last = fuse(*given)
    assert status == 0 and "59 left out" in last[0]
    assert len(said) <= 15
    assert all(len(line) < 1100 for line in said)


def test_images_without_a_partner_are_said(fuse, folders):
    given = folders(5)
    for index in (1, 3):
        (given[1] / f"{index:03d}.png").unlink()
    status, said, last = fuse(*given)
    assert status == 0 and last[0].startswith("3 pairs fused")
    (line,) = said
    assert "2 RGB images" in line and "001.png, 003.png" in line


def test_a_name_with_a_line_feed_forges_no_line(fuse, folders):
    given = folders(1)
    for folder in given:
        (folder / "x\namdanet: forged.png").write_bytes(b"no image")
    status, said, _ = fuse(*given)
    assert status == 0
    assert len(said) == 1 and "forged" in said[0]


def write_bag(path, bags, stamps, recorded=None, change=None):
    """A bag of both cameras; the stamps by stream; ``change`` spoils a message's bytes."""
    events = []
    for stream, topic, encoding in (("rgb", bags.RGB, "rgb8"), ("thermal", bags.THERMAL, "mono16")):
        for index, stamp in enumerate(stamps[stream]):
            time = (recorded or stamps)[stream][index]
            pixels = bags.images(index)[stream == "thermal"]
            events.append((time, topic, bags.image(stamp, pixels, encoding), index))
    with BagWriter(path) as bag:
        for topic in (bags.RGB, bags.THERMAL):
            bag.add_topic(topic, bags.IMAGE)
        for time, topic, message, index in sorted(events, key=lambda event: event[:2]):
            raw = bytes(bags.typestore().serialize_cdr(message, bags.IMAGE))
            bag.write(topic, bags.IMAGE, time, change(topic, index, raw) if change else raw)
    return path


def rhythm(start, count=20):
    return [start + index * SECOND // 10 for index in range(count)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:10],
        lambda raw: raw[:100],
        lambda raw: raw[:12] + b"\xff\xff\xff\xff" + raw[16:],
        lambda raw: b"\0\1\2\3",
    ],
    ids=["short", "cut", "a length of 4 GB", "nothing"],
)
def test_damaged_messages_of_a_bag_are_counted_and_the_others_are_used(fuse, tmp_path, bags, spoil):
    def change(topic, index, raw):
        return spoil(raw) if topic == bags.RGB and index in (1, 2) else raw

    stamps = {stream: rhythm(bags.START, 5) for stream in ("rgb", "thermal")}
    status, said, last = fuse(write_bag(tmp_path / "in", bags, stamps, change=change))
    assert status == 0
    assert last[0].startswith("3 pairs fused")
    assert any(bags.RGB in line and "damaged" in line for line in said)
    with BagReader(tmp_path / "out") as bag:
        assert bag.topics["/segmentation"].count == 3


@pytest.mark.parametrize("count", [2, 20])
@pytest.mark.parametrize(
    ("thermal", "recorded", "words"),
    [
        ("zero", "same", "stamps are zero: such images cannot be paired: let the camera's driver"),
        ("uptime", "same", "--thermal-offset 1699999995.000"),
        ("an hour ahead", "same", "--thermal-offset -3600.000"),
        ("an hour ahead", "as stamped", "the cameras never ran together: /rgb/image_raw ends"),
        ("none", "same", "/thermal/image_raw holds no message: check the camera's driver"),
    ],
)
def test_an_output_without_pairs_is_an_error_that_says_why(
    fuse, tmp_path, bags, count, thermal, recorded, words
):
    rgb = rhythm(bags.START, count)
    stamps = {
        "zero": [0] * count,
        "uptime": rhythm(5 * SECOND, count),
        "an hour ahead": rhythm(bags.START + 3600 * SECOND, count),
        "none": [],
    }[thermal]
    times = {"rgb": rgb, "thermal": stamps if recorded == "as stamped" else rgb}
    path = write_bag(tmp_path / "in", bags, {"rgb": rgb, "thermal": stamps}, times)
    status, said, _ = fuse(path, "--thermal-topic", bags.THERMAL)
    assert status == 2
    (line,) = said
    assert line.startswith("amdanet: 0 pairs fused, nothing is written: ") and words in line
    assert not (tmp_path / "out").exists() and not (tmp_path / ".out.partial").exists()


def test_a_topic_without_messages_is_not_chosen_but_named(fuse, tmp_path, bags):
    stamps = {"rgb": rhythm(bags.START, 2), "thermal": []}
    status, (line,), _ = fuse(write_bag(tmp_path / "in", bags, stamps))
    assert status == 2 and "no message on /thermal/image_raw" in line


@pytest.mark.parametrize("start", [5 * SECOND, 17 * 10**17 + 3600 * SECOND])
def test_the_offset_that_is_advised_pairs_the_images(fuse, tmp_path, bags, start):
    rgb = rhythm(bags.START)
    stamps = {"rgb": rgb, "thermal": rhythm(start)}
    path = write_bag(tmp_path / "in", bags, stamps, {"rgb": rgb, "thermal": rgb})
    _, (line,), _ = fuse(path)
    offset = line.partition("--thermal-offset ")[2].split()[0]
    # Advice is about the stamps as they are, whatever offset was tried before.
    _, (line,), _ = fuse(path, "--thermal-offset", 120.5)
    assert line.partition("--thermal-offset ")[2].split()[0] == offset
    assert fuse(path, "--thermal-offset", offset)[0] == 0
    with BagReader(tmp_path / "out") as bag:
        assert bag.topics["/segmentation"].count == 20


def test_where_all_pairs_are_left_out_the_reason_stands_above(fuse, folders, tmp_path):
    given = folders(2)
    status, said, _ = fuse(given[1], given[0])
    assert status == 2
    assert "the thermal images were given first: exchange the two" in said[0]
    assert said[-1].startswith("amdanet: 0 pairs fused, 2 left out, nothing is written")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("stream", "value", "kind"),
    [
        ("thermal", 0, "black"),
        ("thermal", 65535, "white"),
        ("thermal", 90, "of one value"),
        ("rgb", 0, "black"),
        ("rgb", 130, "of one value"),
    ],
)
def test_images_without_content_are_counted_once_at_the_end(fuse, folders, stream, value, kind):
    rgb, thermal = folders(3)
    folder = rgb if stream == "rgb" else thermal
    for path in sorted(folder.iterdir())[:2]:
        cv2.imwrite(str(path), np.full_like(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), value))
    status, said, counts = fuse(rgb, thermal)
    assert status == 0 and counts[0].startswith("3 pairs fused")
    (about,) = [line for line in said if "without content" in line]
    assert f"{folder}: 2 of 3 pairs have an image without content (2 {kind})" in about
    assert said[-1] == about


def test_images_with_content_are_not_counted(fuse, folders):
    assert not [line for line in fuse(*folders(2))[1] if "content" in line]
