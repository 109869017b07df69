"""`amdanet fuse`: every pair once, as the predictor sees it, however often it is interrupted."""

import cv2
import numpy as np
import pytest
from rosbags.interfaces import QosDurability, QosReliability

from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.topics import choose_topics
from amdanet_ros.bags.writer import BagWriter
from amdanet_ros.classes import MFNET
from amdanet_ros.cli.main import main
from amdanet_ros.inference import Predictor, ThermalNormalizer
from amdanet_ros.inference.class_statistics import class_statistics
from amdanet_ros.messages import OUTPUTS
from amdanet_ros.pairing import SyncOptions

KINDS = ("fused", "mask", "overlay", "side_by_side")


@pytest.fixture
def fuse(network_options):
    """A function that runs the command and returns its status."""
    return lambda *arguments: main(["fuse", *map(str, arguments), *network_options])


@pytest.fixture
def pair_bag(tmp_path, bags):
    """A bag of six pairs at 10 Hz: its folder and the RGB stamps."""
    path = tmp_path / "pairs"
    return path, bags.write_pairs(path, count=6)


@pytest.fixture
def folder(tmp_path, bags):
    """Five pairs, NAME_rgb.png and NAME_thermal.png."""
    path = tmp_path / "images"
    path.mkdir()
    for index in range(5):
        rgb, thermal = bags.images(index)
        cv2.imwrite(str(path / f"street_{index}_rgb.png"), rgb[..., ::-1])
        cv2.imwrite(str(path / f"street_{index}_thermal.png"), thermal)
    return path


@pytest.fixture(scope="module")
def predictor(checkpoint):
    """A predictor with the small weights."""
    return Predictor.from_checkpoint(checkpoint, "cpu", "fp32")


@pytest.fixture
def predictions(predictor, bags):
    """A function that gives what the predictor says of the first pairs in a row."""

    def make(count, smoothing):
        normalizer = ThermalNormalizer(smoothing=smoothing)
        pairs = [bags.images(index) for index in range(count)]
        return [predictor(rgb, normalizer.frame(thermal)) for rgb, thermal in pairs]

    return make


@pytest.fixture
def interrupted_after(monkeypatch):
    """A function that has Ctrl-C pressed at the next prediction but some; counts predictions."""
    real = Predictor.__call__
    calls = []

    def set_limit(limit=None):
        calls.clear()

        def call(self, *arguments):
            if limit is not None and len(calls) == limit:
                raise KeyboardInterrupt
            calls.append(1)
            return real(self, *arguments)

        monkeypatch.setattr(Predictor, "__call__", call)
        return calls

    return set_limit


def read(path):
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None, path
    return pixels if pixels.ndim == 2 else pixels[..., ::-1]


def contents(path):
    with BagReader(path) as bag:
        return [(m.topic, m.stamp_ns, bytes(m.raw)) for m in bag.messages()]


def left_over(tmp_path):
    return [path.name for path in tmp_path.iterdir() if "part" in path.name]


def test_a_folder_of_pairs_becomes_images(fuse, folder, tmp_path, predictions):
    assert fuse(folder, "-o", tmp_path / "out") == 0
    for index, expected in enumerate(predictions(5, smoothing=0.0)):
        name = f"street_{index}.png"
        np.testing.assert_array_equal(read(tmp_path / "out" / "fused" / name), expected.fused)
        np.testing.assert_array_equal(read(tmp_path / "out" / "mask" / name), expected.labels)
        wide = read(tmp_path / "out" / "side_by_side" / name)
        np.testing.assert_array_equal(np.split(wide, 4, axis=1)[2], expected.fused)
        overlay = read(tmp_path / "out" / "overlay" / name)
        np.testing.assert_array_equal(np.split(wide, 4, axis=1)[3], overlay)
    assert not left_over(tmp_path)


def test_two_folders_are_matched_by_name(fuse, folder, tmp_path):
    rgb, thermal = tmp_path / "color", tmp_path / "infrared"
    rgb.mkdir()
    thermal.mkdir()
    for index in range(3):
        (folder / f"street_{index}_rgb.png").rename(rgb / f"{index}.png")
        (folder / f"street_{index + 1}_thermal.png").rename(thermal / f"{index + 1}.png")
    assert fuse(rgb, thermal, "-o", tmp_path / "out") == 0
    names = [path.name for path in sorted((tmp_path / "out" / "mask").iterdir())]
    assert names == ["1.png", "2.png"]


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_video_has_a_frame_for_each_pair(fuse, pair_bag, tmp_path, suffix):
    film = tmp_path / f"film{suffix}"
    assert fuse(pair_bag[0], "-o", film, "--video-rate", "5") == 0
    video = cv2.VideoCapture(str(film))
    frames = 0
    while video.read()[0]:
        frames += 1
    assert frames == 6
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(5)
    assert not left_over(tmp_path)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_bag_becomes_a_bag_as_the_node_publishes_it(fuse, tmp_path, bags, predictions, storage):
    stamps = bags.write_pairs(tmp_path / "in", count=4, storage=storage)
    assert fuse(tmp_path / "in", "-o", tmp_path / "out") == 0
    published = {f"/{output.topic}": output for output in OUTPUTS}
    for topic in ("/fused/camera_info", "/segmentation/camera_info"):
        del published[topic]  # the bag has none of the RGB camera
    found = {}
    with BagReader(tmp_path / "out") as bag:
        assert bag.topics.keys() == published.keys()
        for topic in bag.topics.values():
            output, (offered,) = published[topic.name], topic.qos
            assert topic.type == output.type
            assert topic.count == (1 if output.latched else 4)
            assert offered.reliability == QosReliability.RELIABLE
            assert (offered.durability == QosDurability.TRANSIENT_LOCAL) == output.latched
        for message in bag.messages():
            found.setdefault(message.topic, []).append(message.deserialize())
    (classes,) = found.pop("/segmentation/label_info")
    assert [each.class_name for each in classes.class_map] == list(MFNET.names)
    for messages in found.values():
        headers = [message.header for message in messages]
        assert [h.stamp.sec * 10**9 + h.stamp.nanosec for h in headers] == stamps
        assert {h.frame_id for h in headers} == {"rgb_optical"}
    expected = predictions(4, smoothing=0.9)
    for index, each in enumerate(expected):
        fused = found["/fused/image_raw"][index]
        assert (fused.encoding, fused.height, fused.width) == ("rgb8", *each.fused.shape[:2])
        np.testing.assert_array_equal(fused.data, each.fused.ravel())
        segmentation = found["/segmentation"][index]
        np.testing.assert_array_equal(segmentation.mask.data, each.labels.ravel())
        np.testing.assert_allclose(
            segmentation.class_areas,
            class_statistics(each.labels, each.confidence, 9).areas,
            atol=1e-6,
        )
        assert segmentation.time_offset.nanosec == 10_000_000
        assert segmentation.thermal_health.status == 0


def test_topics_are_told_by_name_or_by_option(fuse, tmp_path, bags):
    with BagWriter(tmp_path / "in") as bag:
        for topic, which, encoding in (
            ("/boson/image", 1, "mono16"),
            ("/front/color", 0, "rgb8"),
            ("/zed/left", 0, "rgb8"),
        ):
            pixels = bags.images(0)[which]
            bag.write_message(topic, 1, bags.image(bags.START, pixels, encoding))
    with BagReader(tmp_path / "in") as bag:
        assert choose_topics(bag)[:2] == ("/front/color", "/boson/image")
        assert choose_topics(bag, "/zed/left")[:2] == ("/zed/left", "/boson/image")
    assert fuse(tmp_path / "in", "-o", tmp_path / "out", "--rgb-topic", "/zed/left") == 0


def test_a_bag_is_paired_by_stamp_within_the_slop(tmp_path, bags):
    bags.write_pairs(tmp_path / "near", thermal_delay=0.04)
    bags.write_pairs(tmp_path / "far", thermal_delay=0.049)

    def offsets(name, **options):
        sync = SyncOptions(**options)
        return [pair.offset_ns for pair in bags.pairs_in(tmp_path / name, sync=sync)]

    assert offsets("near", slop=0.045) == [40_000_000] * 10
    assert offsets("far", slop=0.045) == []
    assert offsets("far", slop=0.045, thermal_offset=-0.049) == [0] * 10


@pytest.mark.parametrize("form", ["images", "video", "bag"])
def test_interrupted_it_goes_on_where_it_was_with_the_same_result(
    fuse, pair_bag, tmp_path, interrupted_after, form
):
    path, _ = pair_bag
    suffix = ".avi" if form == "video" else ""
    whole, resumed = tmp_path / f"whole{suffix}", tmp_path / f"resumed{suffix}"
    options = ("--format", form)
    calls = interrupted_after()
    assert fuse(path, "-o", whole, *options) == 0
    assert len(calls) == 6
    interrupted_after(3)
    assert fuse(path, "-o", resumed, *options) == 130
    assert not resumed.exists()
    calls = interrupted_after(1)
    assert fuse(path, "-o", resumed, *options) == 130
    calls = interrupted_after()
    assert fuse(path, "-o", resumed, *options) == 0
    assert len(calls) == 2
    if form == "bag":
        assert contents(whole) == contents(resumed)
    elif form == "video":
        assert whole.read_bytes() == resumed.read_bytes()
    else:
        for kind in KINDS:
            names = sorted(file.name for file in (whole / kind).iterdir())
            assert len(names) == 6
            for name in names:
                assert (whole / kind / name).read_bytes() == (resumed / kind / name).read_bytes()
    assert not left_over(tmp_path)


def test_what_was_done_with_other_settings_is_not_used(fuse, pair_bag, tmp_path, interrupted_after):
    path, _ = pair_bag
    interrupted_after(3)
    assert fuse(path, "-o", tmp_path / "out") == 130
    calls = interrupted_after()
    assert fuse(path, "-o", tmp_path / "out", "--inference-size", "32", "32") == 0
    assert len(calls) == 6


def test_a_half_written_piece_is_not_taken_for_done(fuse, pair_bag, tmp_path, interrupted_after):
    path, _ = pair_bag
    interrupted_after(3)
    assert fuse(path, "-o", tmp_path / "out") == 130
    pieces = sorted((tmp_path / ".out.partial").glob("*.npz"))
    assert len(pieces) == 3
    torn = pieces[2].read_bytes()[:1000]
    pieces[2].unlink()
    pieces[2].with_suffix(".part").write_bytes(torn)
    calls = interrupted_after()
    assert fuse(path, "-o", tmp_path / "out") == 0
    assert len(calls) == 4
    with BagReader(tmp_path / "out") as bag:
        assert bag.topics["/segmentation"].count == 6


def test_an_image_that_cannot_be_read_is_left_out_and_named(fuse, folder, tmp_path, capsys):
    (folder / "street_1_rgb.png").write_bytes(b"not an image")
    color = np.zeros((24, 32, 3), np.uint8)
    color[:, :16, 2] = 255
    cv2.imwrite(str(folder / "street_3_thermal.png"), color)
    assert fuse(folder, "-o", tmp_path / "out") == 0
    names = sorted(path.stem for path in (tmp_path / "out" / "mask").iterdir())
    assert names == ["street_0", "street_2", "street_4"]
    captured = capsys.readouterr()
    assert "street_1_rgb.png" in captured.err
    assert "false colours" in captured.err
    assert "3 pairs fused, 2 left out" in captured.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NOWHERE", "-o", "NEW"], "nowhere does not exist"),
        (["EMPTY", "-o", "NEW"], "NAME_rgb.png"),
        (["IMAGES", "EMPTY", "-o", "NEW"], "same name"),
        (["BAG", "-o", "IMAGES"], "--overwrite"),
        (["BAG", "-o", "NEW", "--rgb-topic", "/camera"], "/rgb/image_raw, /thermal/image_raw"),
        (["BAG", "-o", "NEW", "--slop", "-1"], "slop"),
        (["BAG", "-o", "NEW", "--inference-size", "8", "8"], "32"),
        (["BAG", "-o", "NEW", "--registration", *"000000000"], "registration"),
        (["BAG", "-o", "NEW", "--thermal-normalization", "fixed"], "range"),
        (["BAG", "-o", "NEW", "--video-rate", "nan"], "--video-rate is nan"),
        (["BAG", "-o", "NEW.mkv"], ".mp4 or .avi"),
        (["BAG", "-o", "NEW.JPG"], "--format images"),
        (["BAG", "-o", "NEW.mcap"], "a bag is written as a folder"),
        (["IMAGES", "-o", "NEW.zip"], "images are written to a folder"),
        (["BAG", "-o", "NEW", "--format", "video"], "new.mp4"),
        (["BAG", "-o", "NEW.avi", "--format", "bag"], "the name of a video"),
    ],
)
def test_a_mistake_is_a_line_and_status_2(
    fuse, folder, pair_bag, tmp_path, capsys, arguments, words
):
    (tmp_path / "empty").mkdir()
    places = {
        "NOWHERE": tmp_path / "nowhere",
        "EMPTY": tmp_path / "empty",
        "IMAGES": folder,
        "BAG": pair_bag[0],
        "NEW": tmp_path / "new",
    }
    before = contents(pair_bag[0])
    assert fuse(*(places.get(each, each) for each in arguments)) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert contents(pair_bag[0]) == before
    assert not left_over(tmp_path) and not (tmp_path / "new").exists()


def test_a_checkpoint_that_is_missing_is_a_line_and_status_2(pair_bag, tmp_path, capsys):
    arguments = [str(pair_bag[0]), "-o", str(tmp_path / "new"), "--checkpoint", "no.safetensors"]
    assert main(["fuse", *arguments]) == 2
    assert "no.safetensors" in capsys.readouterr().err


def test_an_output_is_replaced_only_when_asked_to(fuse, pair_bag, tmp_path):
    path, _ = pair_bag
    out = tmp_path / "out"
    assert fuse(path, "-o", out) == 0
    first = contents(out)
    assert fuse(path, "-o", out) == 2
    assert contents(out) == first
    assert fuse(path, "-o", out, "--overwrite", "--slop", "0.001") == 2
    assert contents(out) == first
    assert fuse(path, "-o", out, "--overwrite", "--inference-size", "32", "32") == 0
    assert contents(out) != first
    assert not left_over(tmp_path)


@pytest.mark.parametrize("name", ["m3svd", "mfnet", "mfnet_lowres", "msrs", "pst900", "roadscene"])
def test_real_pairs_go_through(fuse, shared, tmp_path, name):
    source = shared / "data" / name
    assert fuse(source, "-o", tmp_path / "out", "--inference-size", "48", "64") == 0
    originals = sorted(source.glob("*_rgb.*"))
    assert originals
    for original in originals:
        stem = original.stem.removesuffix("_rgb")
        height, width = read(original).shape[:2]
        assert read(tmp_path / "out" / "fused" / f"{stem}.png").shape == (height, width, 3)
        mask = read(tmp_path / "out" / "mask" / f"{stem}.png")
        assert mask.shape == (height, width)
        assert mask.max() < 9


def test_a_bag_of_ros_1_gives_what_the_same_messages_give_in_ros_2(fuse, tmp_path, bags):
    bags.write_pairs(tmp_path / "bag", count=2)
    file = bags.write_as_ros1(tmp_path / "bag", tmp_path / "drive.bag", "bz2")
    before = file.read_bytes()
    for source, name in ((tmp_path / "bag", "of_2"), (file, "of_1")):
        assert fuse(source, "-o", tmp_path / name) == 0
    assert contents(tmp_path / "of_1") == contents(tmp_path / "of_2") != []
    assert fuse(file, "-o", file, "--overwrite") == 2
    assert file.read_bytes() == before
