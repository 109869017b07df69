"""Videos as input: stamps, both cameras in one or two files, damage, and what must not happen."""

import json
import os
import threading

import cv2
import numpy as np
import pytest

from amdanet_ros.bags.reader import BagReader
from amdanet_ros.cli.main import main
from amdanet_ros.fuse.video_source import VideoSource
from amdanet_ros.inference import Predictor
from amdanet_ros.videos.errors import VideoError
from amdanet_ros.videos.reader import START_NS, VideoReader, cameras_of
from amdanet_ros.videos.stacking import parts_of
from amdanet_ros.videos.stacking_names import STACKINGS
from amdanet_ros.videos.video_file import VideoFile

COUNT = 6


def write_video(path, frames, code="FFV1", rate=10.0):
    """Frames of 8-bit BGR or of 8- or 16-bit grey as a video file; FFV1 keeps grey values."""
    first = frames[0]
    options = [cv2.VIDEOWRITER_PROP_IS_COLOR, int(first.ndim == 3)]
    if first.dtype == np.uint16:
        options += [cv2.VIDEOWRITER_PROP_DEPTH, cv2.CV_16U]
    fourcc, size = cv2.VideoWriter_fourcc(*code), first.shape[1::-1]
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, rate, size, options)
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def rewrite(path, change):
    """Change the bytes of a file."""
    data = bytearray(path.read_bytes())
    changed = change(data)
    path.write_bytes(data if changed is None else changed)


def block_times(data):
    """Where the times of the frames of a Matroska file of one cluster stand."""
    marks = [b"\x81" + (100 * index).to_bytes(2, "big") for index in range(COUNT)]
    places = [data.find(marks[0], data.find(b"\x1f\x43\xb6\x75") + 10)]
    for mark in marks[1:]:
        places.append(data.find(mark, places[-1] + 3))
    return [at + 1 for at in places]


@pytest.fixture(scope="module")
def made(tmp_path_factory, bags):
    """A folder with videos of the same scene."""
    place = tmp_path_factory.mktemp("videos")
    pairs = [bags.images(index) for index in range(COUNT)]
    colours = [rgb[..., ::-1].copy() for rgb, _ in pairs]
    grey = [((thermal - 28900) // 10).astype(np.uint8) for _, thermal in pairs]
    wide = [cv2.cvtColor(cv2.resize(each, (64, 48)), cv2.COLOR_GRAY2BGR) for each in grey]
    write_video(place / "rgb.mp4", colours, "mp4v")
    write_video(place / "rgb.avi", colours, "MJPG")
    write_video(place / "heat.mkv", [thermal for _, thermal in pairs])
    write_video(place / "grey.mkv", grey)
    write_video(place / "slow.mkv", [thermal for _, thermal in pairs[:2]], rate=3.0)
    write_video(place / "large.avi", [np.zeros((96, 128, 3), np.uint8)], "MJPG")
    stacks = {"vertical": np.vstack, "horizontal": np.hstack}
    for name, stack in stacks.items():
        both = [stack(each) for each in zip(colours, wide, strict=True)]
        write_video(place / f"{name}.avi", both, "MJPG")
    return place


@pytest.fixture(scope="module")
def predictor(checkpoint):
    return Predictor.from_checkpoint(checkpoint, "cpu", "fp32")


@pytest.fixture
def amdanet(predictor, monkeypatch, capsys, made):
    """A function that runs a command in the videos' folder: status, lines of stderr, of stdout."""
    monkeypatch.setattr(Predictor, "from_checkpoint", lambda *_: predictor)
    monkeypatch.chdir(made)

    def run(*arguments):
        status = main([str(each) for each in arguments])
        told = capsys.readouterr()
        said = [line for line in told.err.splitlines() if line.startswith("amdanet: ")]
        return status, said, told.out.splitlines()

    return run


def stamps(path):
    return [frame.stamp_ns for frame in VideoFile(path).frames()]


def test_grey_videos_keep_their_values_and_colours_stay_bgr(made, bags):
    for name, expected in (("heat.mkv", np.uint16), ("grey.mkv", np.uint8)):
        frames = list(VideoFile(made / name).frames())
        assert len(frames) == COUNT
        assert frames[0].pixels.dtype == expected and frames[0].pixels.ndim == 2
    np.testing.assert_array_equal(next(VideoFile(made / "heat.mkv").frames()).pixels,
                                  bags.images(0)[1])  # fmt: skip
    frame = next(VideoFile(made / "rgb.avi").frames()).pixels
    assert frame.shape == (48, 64, 3)
    with VideoReader(made / "rgb.mp4", made / "grey.mkv") as videos:
        first, second = list(videos.messages())[:2]
        assert (first.topic, first.deserialize().encoding) == (str(made / "rgb.mp4"), "bgr8")
        assert (second.topic, second.deserialize().encoding) == (str(made / "grey.mkv"), "mono8")
        assert first.header_stamp_ns == START_NS


@pytest.mark.parametrize("name", ["rgb.mp4", "rgb.avi", "heat.mkv"])
def test_stamps_are_those_of_the_container(made, name):
    assert stamps(made / name) == [100_000_000 * index for index in range(COUNT)]


def test_a_rate_that_varies_is_kept_and_times_that_run_back_are_not(made, tmp_path):
    data = bytearray((made / "heat.mkv").read_bytes())
    places = block_times(data)
    for at, time in zip(places[3:], (350, 900, 800), strict=True):
        data[at : at + 2] = time.to_bytes(2, "big")
    (tmp_path / "varies.mkv").write_bytes(data)
    assert stamps(tmp_path / "varies.mkv") == [
        each * 1_000_000 for each in (0, 100, 200, 350, 900, 1000)
    ]


def test_a_rotation_in_the_metadata_is_ignored(made, tmp_path):
    (tmp_path / "turned.mp4").write_bytes((made / "rgb.mp4").read_bytes())

    def turn(data):
        at = data.find(b"tkhd") + 44
        numbers = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
        data[at : at + 36] = b"".join(each.to_bytes(4, "big", signed=True) for each in numbers)

    rewrite(tmp_path / "turned.mp4", turn)
    turned = cv2.VideoCapture(str(tmp_path / "turned.mp4"), cv2.CAP_FFMPEG)
    assert turned.read()[1].shape == (64, 48, 3)
    (first, *_), (second, *_) = (
        list(VideoFile(path).frames()) for path in (made / "rgb.mp4", tmp_path / "turned.mp4")
    )
    np.testing.assert_array_equal(first.pixels, second.pixels)


@pytest.mark.parametrize("stacking", STACKINGS)
@pytest.mark.parametrize("size", [(4, 6), (5, 7)])
def test_a_stacked_frame_has_two_halves_of_the_same_size(stacking, size):
    frame = np.arange(size[0] * size[1]).reshape(size)
    parts = parts_of(frame, stacking)
    assert parts["rgb"].shape == parts["thermal"].shape
    first, second = ("thermal", "rgb") if "thermal_first" in stacking else ("rgb", "thermal")
    assert parts[first][0, 0] == frame[0, 0]
    assert parts[second][-1, -1] == frame[-1, -1]


def test_two_videos_become_a_bag_and_are_left_as_they_are(amdanet, made, tmp_path):
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    status, said, told = amdanet("fuse", "rgb.mp4", "heat.mkv", "-o", tmp_path / "out")
    assert (status, told[-1]) == (0, f"{COUNT} pairs fused: {tmp_path / 'out'}")
    with BagReader(tmp_path / "out") as bag:
        fused = list(bag.messages(("/fused/image_raw",)))
        assert [each.header_stamp_ns for each in fused] == [
            START_NS + 100_000_000 * index for index in range(COUNT)
        ]
        assert fused[0].deserialize().header.frame_id == "rgb_camera"
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before
    for output in ("rgb.mp4", "heat.mkv"):
        status, said, _ = amdanet(
            "fuse", "rgb.mp4", "heat.mkv", "-o", output, "--overwrite", "--format", "video"
        )
        assert status == 2 and len(said) == 1
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


def test_videos_of_different_rates_are_paired_by_stamp_and_give_a_video_of_the_slower_rate(
    amdanet, tmp_path
):
    status, _, told = amdanet("fuse", "rgb.mp4", "slow.mkv", "-o", tmp_path / "out.mp4")
    assert (status, told[-1]) == (0, f"2 pairs fused: {tmp_path / 'out.mp4'}")
    assert VideoFile(tmp_path / "out.mp4").rate == 3.0
    status, _, told = amdanet(
        "fuse", "rgb.mp4", "slow.mkv", "--thermal-offset", "0.3", "-o", tmp_path / "later"
    )
    assert (status, told[-1]) == (0, f"1 pairs fused: {tmp_path / 'later'}")


@pytest.mark.parametrize("stacking", ["vertical", "horizontal"])
def test_one_stacked_video_gives_what_its_halves_give(amdanet, made, tmp_path, stacking):
    given = ("fuse", f"{stacking}.avi", "--stacked", stacking)
    status, said, told = amdanet(*given, "-o", tmp_path / "out", "--format", "images")
    assert (status, told[-1]) == (0, f"{COUNT} pairs fused: {tmp_path / 'out'}"), said
    wide = cv2.imread(str(tmp_path / "out" / "side_by_side" / "000000.png"))
    rgb, thermal = np.split(wide, 4, axis=1)[:2]
    frame = next(VideoFile(made / f"{stacking}.avi").frames()).pixels
    np.testing.assert_array_equal(rgb, parts_of(frame, stacking)["rgb"])
    assert thermal.std() > 10


def test_info_register_and_extract_take_videos(amdanet, tmp_path):
    status, _, told = amdanet("info", "rgb.mp4")
    assert status == 0
    assert [line.split(None, 1)[1] for line in told[:3]] == [
        "rgb.mp4, 0.600 s", "64 x 48 pixels", "6, 10 a second",
    ]  # fmt: skip
    given = ("--every", "0", "--change", "0", "--count", "4", "-o", tmp_path / "set")
    status, said, told = amdanet("extract", "rgb.mp4", "heat.mkv", *given)
    assert (status, told[-1]) == (0, f"4 pairs with first labels: {tmp_path / 'set'}"), said
    status, said, _ = amdanet("register", "rgb.mp4", "heat.mkv", "-o", tmp_path / "rig.yaml")
    assert status == 2 and "no common edges" in said[0]


def test_extract_names_each_recording_of_two_videos_by_its_own(amdanet, tmp_path):
    given = ("--every", "0", "--change", "0", "--count", "8", "-o", tmp_path / "set")
    recordings = ("rgb.mp4", "heat.mkv", "rgb.avi", "grey.mkv")
    status, said, _ = amdanet("extract", *recordings, *given)
    assert status == 0, said
    facts = json.loads((tmp_path / "set" / "pairs.json").read_text())
    assert {each["recording"] for each in facts.values()} == {"rgb.mp4", "rgb.avi"}


@pytest.mark.parametrize("name", ["rgb.mp4", "rgb.avi", "heat.mkv"])
def test_of_a_video_cut_anywhere_what_is_there_is_read_and_counted(made, tmp_path, name):
    data = (made / name).read_bytes()
    file, seen = tmp_path / name, []
    # Without the table at its end an MP4 file cannot be read at all.
    for size in range(0, len(data) - 40, len(data) // 12):
        file.write_bytes(data[:size])
        try:
            video = VideoFile(file)
        except VideoError as error:
            assert "\n" not in str(error)
            continue
        read = sum(1 for _ in video.frames())
        seen.append(read)
        assert read == COUNT or f"{read} of {COUNT} frames can be read" in video.note, size
    assert seen == sorted(seen)
    assert bool(seen) == (name != "rgb.mp4")


def test_a_damaged_video_is_used_as_far_as_it_goes_and_one_line_says_so(amdanet, made, tmp_path):
    data = (made / "rgb.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) * 2 // 3])
    status, said, told = amdanet("fuse", tmp_path / "cut.avi", "heat.mkv", "-o", tmp_path / "out")
    assert status == 0
    count = int(told[-1].split()[0])
    assert 2 <= count < COUNT
    (line,) = [each for each in said if "frames can be read" in each]
    assert f"cut.avi: {count} of {COUNT} frames can be read" in line


def jpegs(data):
    """Where the JPEG images of a file lie, begin and end."""
    places, at = [], data.find(b"\xff\xd8\xff")
    while at >= 0:
        end = data.find(b"\xff\xd9", at) + 2
        places.append((at, end))
        at = data.find(b"\xff\xd8\xff", end)
    return places


def parts_of_stream(before=b"", after=b""):
    images = [np.full((48, 64, 3), 20 * index, np.uint8) for index in range(9)]
    return b"".join(before + cv2.imencode(".jpg", each)[1].tobytes() + after for each in images)


def stream(path):
    path.write_bytes(parts_of_stream())


def stream_of_a_network_camera(path):
    path.write_bytes(parts_of_stream(b"--next\r\nContent-Type: image/jpeg\r\n\r\n", b"\r\n"))


def container(path):
    write_video(path, [np.full((48, 64, 3), 20 * index, np.uint8) for index in range(9)], "MJPG")


@pytest.mark.parametrize("last", [4, 6, 9])
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("film.mjpeg", stream),
        ("film.mjpg", stream_of_a_network_camera),
        ("film.avi", container),
        ("film.mkv", container),
        ("film.mov", container),
    ],
)
def test_frames_in_a_row_that_do_not_decode_are_passed_over_and_counted(
    tmp_path, name, write, last
):
    write(tmp_path / name)
    whole = VideoFile(tmp_path / name)
    before = [each.stamp_ns for each in whole.frames()]
    assert (len(before), whole.note) == (9, "")

    def spoil(data):
        places = jpegs(data)
        assert len(places) == 9
        for begin, end in places[1:last]:
            data[begin + 20 : end - 2] = bytes(end - begin - 22)

    rewrite(tmp_path / name, spoil)
    video = VideoFile(tmp_path / name)
    assert [each.stamp_ns for each in video.frames()] == [*before[:1], *before[last:]]
    of = " of 9" if video.count else ""
    end = f"{(before[last:] or before)[-1 if last < 9 else 0] / 1e9:.3f} s"
    assert f"{10 - last}{of} frames can be read, the last one at {end}: " in video.note


@pytest.mark.parametrize(
    ("name", "code"),
    [("film.wmv", "WMV2"), ("film.asf", "WMV1"), ("film.flv", "FLV1"), ("film.mxf", "mpg2"),
     ("film.webm", "VP80")],
)  # fmt: skip
def test_a_video_that_ends_before_its_stated_length_says_so(tmp_path, name, code):
    noise = np.random.default_rng(0).integers(0, 255, (90, 106, 3), np.uint8)
    frames = [np.roll(noise, each, (0, 1))[:48, :64].copy() for each in range(30)]
    write_video(tmp_path / name, frames, code, rate=25.0)
    whole = VideoFile(tmp_path / name)
    assert (sum(1 for _ in whole.frames()), whole.note) == (30, "")
    rewrite(tmp_path / name, lambda data: data[: len(data) * 3 // 4])
    cut = VideoFile(tmp_path / name)
    read = sum(1 for _ in cut.frames())
    assert 2 < read < 30
    assert f"{read} of 30 frames can be read, the last one at " in cut.note


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_damaged_videos_are_read_or_refused(made, tmp_path, seed):
    numbers = np.random.default_rng(seed)
    for name in ("rgb.mp4", "rgb.avi", "heat.mkv"):
        for _ in range(10):
            data = np.frombuffer((made / name).read_bytes(), np.uint8).copy()
            places = numbers.integers(0, len(data), numbers.choice((1, 3, 30)))
            data[places] = numbers.integers(0, 256, len(places))
            (tmp_path / name).write_bytes(data.tobytes())
            try:
                last = -1
                for number, frame in enumerate(VideoFile(tmp_path / name).frames()):
                    assert frame.stamp_ns > last and frame.pixels.size
                    last = frame.stamp_ns
                    if number > 100:
                        break
            except VideoError as error:
                assert "\n" not in str(error)


MISTAKES = {
    "one video": (["rgb.mp4"], "rgb.mp4 is one video: give the RGB video and then the thermal"),
    "twice the same": (["rgb.mp4", "rgb.mp4"], "rgb.mp4 is given for both cameras"),
    "stacked and a second": (["vertical.avi", "heat.mkv", "--stacked", "vertical"],
                             "leave it out, or give vertical.avi alone"),
    "stacked of a folder": ([".", "--stacked", "vertical"], "--stacked is for one video"),
    "a word that is none": (["vertical.avi", "--stacked", "diagonal"], "invalid choice"),
    "a folder": (["rgb.mp4", "."], "rgb.mp4 is a video and . is none: give two videos"),
    "a folder first": ([".", "rgb.mp4"], "rgb.mp4 is a video and . is none: give two videos"),
    "a topic": (["rgb.mp4", "heat.mkv", "--rgb-topic", "/a"], "--rgb-topic is for bags"),
    "colours for heat": (["grey.mkv", "rgb.mp4"], "false colours"),
    "missing": (["rgb.mp4", "cold.mkv"], "cold.mkv does not exist"),
    "large": (["large.avi", "heat.mkv", "-p", "max_image_megapixels:=0.01"],
              "large.avi: the image has 128 x 96 pixels, more than"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_that_says_what_to_give(amdanet, tmp_path, case):
    given, words = MISTAKES[case]
    try:
        status, said, _ = amdanet("fuse", *given, "-o", tmp_path / "out")
    except SystemExit as left:
        assert (left.code, case) == (2, "a word that is none")
        return
    assert status == 2
    assert words in said[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"no video at all" * 99, "cannot be read as a video"),
        (b"#EXTM3U\n#EXTINF:1,\nheat.mkv\n", "is a list of videos"),
        (b"\n ffconcat version 1.0\nfile heat.mkv\n", "is a list of videos"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\n", "is a list of videos"),
        (b'<?xml version="1.0"?><MPD></MPD>', "is a list of videos"),
    ],
)
def test_what_is_no_video_is_refused_and_opens_nothing_else(tmp_path, content, words):
    for name in ("film.mp4", "http:__x.avi"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(VideoError, match=words) as error:
            VideoFile(tmp_path / name)
        assert "\n" not in str(error.value)


OPENS_OTHERS = {
    "session description": ("a.mp4", b"s=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 45678 RTP/AVP 32\n"),
    "list behind a tag": ("a.avi", b"ID3\3\0\0\0\0\0\x0a" + bytes(10) + b"ffconcat version 1.0\n"),
    "subtitles": ("a.mkv", b"# VobSub index file, v7 (do not modify this line!)\nsize: 720x480\n"),
    "pattern of images": ("a%d.gif", b"GIF89a" + bytes(60)),
}  # fmt: skip


def watched(pipe, opened):
    """Note once somebody opens a pipe for reading, and let them read nothing."""
    os.mkfifo(pipe)

    def wait():
        os.close(os.open(pipe, os.O_WRONLY))
        opened.append(pipe.name)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("kind", OPENS_OTHERS)
def test_ffmpeg_opens_no_file_that_was_not_named(tmp_path, kind):
    name, content = OPENS_OTHERS[kind]
    opened = []
    pipes = [tmp_path / each for each in ("a.sub", "a0.gif", "a1.gif")]
    threads = [watched(pipe, opened) for pipe in pipes]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VideoError, match="cannot be read as a video|has a % in its name"):
        VideoFile(tmp_path / name)
    found = list(opened)
    for pipe, thread in zip(pipes, threads, strict=True):
        if pipe.name not in found:
            os.close(os.open(pipe, os.O_RDONLY))
        thread.join()
    assert not found


def test_pairs_can_be_read_twice_and_each_time_are_the_same(made):
    rgb, thermal = made / "rgb.mp4", made / "heat.mkv"
    source = VideoSource(rgb, cameras_of(rgb, thermal), thermal=thermal)
    first, second = ([(each.name, each.recorded_ns) for each in source] for _ in range(2))
    assert first == second
    assert source.most == len(first) == COUNT
    assert source.files == (rgb, thermal)
    assert not source.remarks
