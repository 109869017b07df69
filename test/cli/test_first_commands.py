"""What a newcomer types first and gets wrong: one line that says what to do, status 2."""

import os
import shlex

import cv2
import pytest

from amdanet_ros.bags.writer import BagWriter
from amdanet_ros.cli.main import main

FILES = {
    "film.mp4": b"\0\0\0\x18ftypmp42",
    "heat.seq": b"FFF\0",
    "ros1.bag": b"#ROSBAG V2.0\n" + bytes(100),
    "readme/README.txt": b"read me",
    "empty.mcap": b"",
    "empty.pth": b"",
    "typo.yaml": b"/**:\n  ros__parameters:\n    thermal:\n      normalisation: fixed\n",
    "list.yaml": b"- 1\n- 2\n",
}


@pytest.fixture
def home(tmp_path, bags, monkeypatch):
    """A folder as a person has it, which is the current one."""
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for name in ("rgb", "thermal", "mixed", "recordings"):
        (tmp_path / name).mkdir()
    rgb, thermal = bags.images(0)
    cv2.imwrite(str(tmp_path / "rgb/1.png"), rgb)
    cv2.imwrite(str(tmp_path / "thermal/1.png"), thermal)
    cv2.imwrite(str(tmp_path / "mixed/left.jpg"), rgb)
    cv2.imwrite(str(tmp_path / "mixed/right.jpg"), rgb)
    for name in ("drive", "recordings/monday"):
        bags.write_pairs(tmp_path / name, count=1)
    with BagWriter(tmp_path / "colour_only") as bag:
        bag.write_message("/camera/image", 1, bags.image(bags.START, rgb, "rgb8"))
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("fuse film.mp4 -o out", "ffmpeg -i film.mp4"),
        ("fuse rgb heat.seq -o out", "heat.seq is a video"),
        ("fuse rgb/1.png -o out", "give the RGB image and the thermal image"),
        ("fuse rgb/1.png thermal -o out", "give two folders, or two images"),
        ("fuse drive recordings/monday -o out", "are two bags"),
        ("fuse drive thermal -o out", "give a bag alone"),
        ("fuse drive/metadata.yaml -o out", "give its folder, drive"),
        ("fuse recordings -o out", "give recordings/monday"),
        ("fuse ros1.bag -o out", "`rosbag reindex ros1.bag`"),
        ("fuse empty.mcap -o out", "empty.mcap"),
        ("fuse pipe -o out", "pipe"),
        ("fuse readme -o out", "holds no images"),
        ("fuse mixed -o out", "left.jpg and right.jpg, for example"),
        ("fuse rgb -o out", "1.png, for example"),
        ("fuse thermal rgb -o out", "the thermal images were given first"),
        ("fuse drvie -o out", "drvie does not exist"),
        ("fuse drive -o drive --overwrite", "is the input"),
        ("fuse drive -o film.mkv", "give --output film.mp4"),
        ("fuse drive -o shot.png", "give --output shot --format images"),
        ("fuse drive -o out.mcap", "give --output out"),
        ("fuse drive -o readme", "--overwrite"),
        ("fuse drive -o readme --overwrite", "was not written by amdanet fuse"),
        ("fuse drive -o out --rgb-topic /rgb", "/rgb/image_raw"),
        ("fuse drive -o out --rgb-topic rgb/image_raw", "did you mean /rgb/image_raw?"),
        ("fuse drive -o out --rgb-topic /rgb/imag_raw", "did you mean /rgb/image_raw?"),
        ("fuse drive -o out --thermal-topic /termal/image_raw", "did you mean /thermal/image_raw?"),
        ("register drive -o rig.yaml --rgb-topic /rgb/image", "did you mean /rgb/image_raw?"),
        (
            "fuse drive -o out --rgb-topic /rgb/image_raw --thermal-topic /rgb/image_raw",
            "is given for both cameras",
        ),
        ("fuse colour_only -o out", "--thermal-topic"),
        ("fuse drive -o out --checkpoint mfnet.pth", "mfnet.pth"),
        ("fuse drive -o out --checkpoint empty.pth", "empty.pth"),
        ("fuse drive -o out --checkpoint drive", "drive is a bag and no checkpoint"),
        ("fuse drive -o out --checkpoint pipe", "pipe is a pipe or a device: give the path of a"),
        ("fuse drive -o out --checkpoint dmo", "checkpoint dmo does not exist (did you mean demo?"),
        ("fuse drive -o out --checkpoint typo.yaml", "is a text file and no checkpoint"),
        ("benchmark Street.pth", "(did you mean street?)"),
        ("evaluate nowhere --data drive", "the name of built-in weights: street, demo"),
        ("export readme/README.txt -o out.onnx --size 64 96", "is a text file and no checkpoint"),
        ("info nowhere", "nowhere does not exist: give a bag, a folder, an image, a video, a ch"),
        ("fuse drive -o out --params-file typo.yaml", "thermal.normalization"),
        ("fuse drive -o out --params-file list.yaml", "list.yaml"),
        ("fuse drive -o out -p slop:=0.1", "sync.slop"),
        ("fuse drive -o out -p sync.slop=0.1", "write NAME:=VALUE"),
        ("fuse drive -o out --device gpu", "gpu"),
        ("fuse drive -o out --video-rate 0", "--video-rate"),
        ("fuse drive -o film.mp4/out", "not a directory: "),
        ("register drive -o rig", "ends in .yaml"),
        ("register drive -o typo.yaml", "--overwrite"),
        ("register drive -o typo.yaml --overwrite", "was not written by amdanet register"),
        ("register film.mp4 -o rig.yaml", "ffmpeg"),
        ("register mixed -o rig.yaml", "left.jpg and right.jpg, for example"),
    ],
)
def test_a_wrong_first_command_is_answered_in_one_line(home, capsys, command, words):
    before = sorted(str(path) for path in home.rglob("*"))
    assert main(shlex.split(command)) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("amdanet")]
    assert words in error[0]
    # Where pairs are left out, a second line says what became of the job.
    assert len(error) == (2 if "above" in error[-1] else 1)
    assert "Errno" not in error[0] and "Traceback" not in error[0]
    assert sorted(str(path) for path in home.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("fuse a -o b --thermal-ofset 3", "--thermal-ofset 3 (did you mean --thermal-offset?);"),
        ("register a -o b --rgb_topic=/rgb", "--rgb_topic=/rgb (did you mean --rgb-topic?);"),
        ("export a -o b --sise 4 5 --devise cpu", "(did you mean --size, --device?);"),
        ("info a again", "again;"),
    ],
)
def test_an_unknown_option_is_answered_by_its_command(capsys, command, words):
    with pytest.raises(SystemExit, match="2"):
        main(shlex.split(command))
    name = f"amdanet {command.split()[0]}"
    error = capsys.readouterr().err
    assert error.startswith(f"{name}: unrecognized arguments: ")
    assert f"{words} {name} --help shows the use" in error and error.count("\n") == 1
