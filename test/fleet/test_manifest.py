"""Which bags a list, a folder or a pattern means, and how their outputs are called."""

import gzip
import os
import shutil
from pathlib import Path

import pytest

from amdanet_ros.fleet.bag_search import BagSearch
from amdanet_ros.fleet.manifest import find_units, shard
from amdanet_ros.fleet.search import ManifestError
from amdanet_ros.fuse.written_files import MARK


@pytest.fixture
def tree(tmp_path):
    """Bags of all kinds; their content does not matter here."""
    for name, files in {
        "run1": ("metadata.yaml", "run1_0.mcap"),
        "day/run2": ("metadata.yaml", "run2_0.db3", "run2_1.db3"),
        "day/cut": ("cut_0.mcap", "cut_1.mcap"),
        "day/loose": ("morning.mcap", "noon.mcap.zstd", "old.bag"),
        "day/output": ("metadata.yaml", "output.mcap", MARK),
        ".run1.partial": ("metadata.yaml",),
        "notes": ("readme.txt",),
    }.items():
        folder = tmp_path / "in" / name
        folder.mkdir(parents=True)
        for file in files:
            (folder / file).write_text(name)
    return tmp_path / "in"


def names(*inputs, out="/nowhere/out"):
    return {unit.name: unit.input for unit in find_units([str(i) for i in inputs], Path(out))}


def test_a_folder_gives_its_bags_at_any_depth_and_no_outputs(tree):
    assert names(tree) == {
        "run1": f"{tree}/run1",
        "day/run2": f"{tree}/day/run2",
        "day/cut": f"{tree}/day/cut",
        "day/loose/morning": f"{tree}/day/loose/morning.mcap",
        "day/loose/noon": f"{tree}/day/loose/noon.mcap.zstd",
        "day/loose/old": f"{tree}/day/loose/old.bag",
    }


def test_a_bag_stands_for_itself(tree):
    assert names(tree / "run1") == {"run1": f"{tree}/run1"}
    assert names(tree / "day" / "loose" / "morning.mcap").keys() == {"morning"}
    assert names(tree / "run1", tree / "day" / "run2").keys() == {"run1", "run2"}


def test_a_pattern_names_by_what_it_leaves_open(tree):
    assert names(f"{tree}/day/*").keys() == {
        "run2", "cut", "loose/morning", "loose/noon", "loose/old",
    }  # fmt: skip
    assert names(f"{tree}/**/*.mcap").keys() == {
        "day/cut/cut_0", "day/cut/cut_1", "day/loose/morning",
    }  # fmt: skip


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_list_has_an_input_a_line_and_may_name_outputs(tree, tmp_path, ending):
    lines = [
        "# bags", "", "in/run1", f"{tree}/day/cut\tfirst/cut", "in/day/loose/morning.mcap",
        "/elsewhere/gone",
    ]  # fmt: skip
    (tmp_path / "bags.txt").write_text("\ufeff" + ending.join(lines), newline="")
    assert names(tmp_path / "bags.txt") == {
        "in/run1": f"{tree}/run1",
        "first/cut": f"{tree}/day/cut",
        "in/day/loose/morning": f"{tree}/day/loose/morning.mcap",
        "elsewhere/gone": "/elsewhere/gone",
    }


def test_a_bag_that_is_named_twice_is_one(tree, tmp_path):
    (tmp_path / "bags.txt").write_text(f"in/run1\n{tree}/run1\n./in/run1/\n")
    assert names(tmp_path / "bags.txt").keys() == {"in/run1"}
    assert names(tree / "run1", tree / "run1").keys() == {"run1"}


def test_outputs_within_the_inputs_are_no_inputs(tree):
    assert names(tree, out=tree / "day").keys() == {"run1"}


@pytest.mark.parametrize(
    "lines, words",
    [
        ("in/run1\tsame\nin/day/cut\tsame\n", "would both be written"),
        ("in/run1\ta\nin/day/cut\ta/b\n", "would lie in the output"),
        ("in/run1\t../a\n", "no name for the output"),
        ("in/run1\t/a\n", "no name for the output"),
        ("in/run1\t\n", "line 1"),
        ("\nin/run1\ta\tb\tc\n", "line 2"),
        ("in/run1\ta\nin/day/cut\t.a.partial\n", "no name for the output"),
        ("# nothing\n", "no bag in"),
        ("a\0b", "no list of bags"),
        ("\ufeffin/run1\n".encode("utf-16").decode("latin-1"), "in UTF-8"),
    ],
)
def test_a_list_that_is_not_clear_is_refused_in_one_line(tree, tmp_path, lines, words):
    (tmp_path / "bags.txt").write_text(lines)
    with pytest.raises(ManifestError, match=words) as refused:
        names(tmp_path / "bags.txt")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", ["missing", "missing/*", "notes"])
def test_inputs_without_a_bag_are_refused(tree, given):
    with pytest.raises(ManifestError, match=given.replace("*", r"\*")):
        names(tree / given)


@pytest.mark.parametrize("given", ["run1", ".", "day", "day/../run1"])
def test_a_bag_in_the_output_folder_is_refused(tree, given):
    with pytest.raises(ManifestError, match="lies in the output"):
        names(tree / given, out=tree)


def test_what_is_no_file_and_no_folder_is_refused(tree):
    os.mkfifo(tree / "pipe")
    for given in (tree / "pipe", "/dev/null"):
        with pytest.raises(ManifestError, match="is a pipe or a device: give a list"):
            names(given)


def test_files_that_drivers_keep_are_not_overwritten(tree, tmp_path):
    (tmp_path / "bags.txt").write_text("in/run1\tresults.jsonl\n")
    assert names(tmp_path / "bags.txt").keys() == {"bags/results.jsonl"}


def test_links_to_bags_are_followed_but_not_around(tree, tmp_path):
    os.symlink(tree, tree / "day" / "round")
    os.renames(tree / "run1", tmp_path / "elsewhere" / "run1")
    os.symlink(tmp_path / "elsewhere" / "run1", tree / "day" / "link")
    assert "day/link" in names(tree)
    assert not [name for name in names(tree) if "round" in name]


def test_a_bag_that_has_several_paths_is_one_unless_a_list_names_each(tree, tmp_path):
    for link in ("a_link", "z_link"):
        os.symlink(tree / "run1", tree / link)
    assert [name for name in names(tree) if "day" not in name] == ["run1"]
    assert names(tree / "z_link", tree / "run1", tree / "a_link").keys() == {"run1"}
    (tmp_path / "bags.txt").write_text("in/a_link\tfirst\nin/run1\nin/z_link\tsecond\n")
    assert names(tmp_path / "bags.txt").keys() == {"first", "in/run1", "second"}


def test_a_list_may_hold_folders_and_patterns(tree, tmp_path):
    (tmp_path / "bags.txt").write_text("in/day\tsunday\nin/r*\nin/notes\nin/none*\n")
    assert names(tmp_path / "bags.txt").keys() == {
        "sunday/run2", "sunday/cut", "sunday/loose/morning", "sunday/loose/noon",
        "sunday/loose/old", "in/run1", "in/notes", "in/none*",
    }  # fmt: skip
    (tree / "bags.txt").write_text("*\nday/loose/*.mcap\n")
    assert {"run1", "day/cut", "day/loose/morning"} <= names(tree / "bags.txt").keys()


def test_a_list_may_be_compressed(tree, tmp_path):
    (tmp_path / "bags.gz").write_bytes(gzip.compress(b"in/run1\n"))
    assert names(tmp_path / "bags.gz").keys() == {"in/run1"}
    (tmp_path / "bags.gz").write_bytes(gzip.compress(b"in/run1\n" * 99)[:-9])
    with pytest.raises(ManifestError, match="compression is damaged"):
        names(tmp_path / "bags.gz")


@pytest.mark.parametrize("name", ["page\x0c1", "line\u20281", "caf\udce9", "[x]", "a*", " #1"])
def test_names_that_are_not_plain_are_taken_as_they_are(tree, tmp_path, name):
    os.rename(tree / "run1", tree / name)
    assert names(tree)[name] == f"{tree}/{name}"
    (tmp_path / "bags.txt").write_text(f"in/{name}\n", errors="surrogateescape")
    assert names(tmp_path / "bags.txt") == {f"in/{name}": f"{tree}/{name}"}


VIDEOS = ("run_rgb.mp4", "run_thermal.MP4", "DJI_0001_V.mov", "DJI_0001_T.mov", "dashcam.mp4")
ON_FOLDER = {
    "day/run": ("run_rgb.mp4", "run_thermal.MP4"), "day/DJI_0001": VIDEOS[2:4],
}  # fmt: skip


@pytest.fixture
def videos(tree):
    """The tree with videos in a folder, beside a bag."""
    for name in VIDEOS:
        (tree / "day" / name).write_text(name)
    return tree / "day"


def both(*inputs, **how):
    """The inputs' files by the name of the output, and bytes."""
    search = BagSearch(Path("/nowhere/out"), **how)
    found = find_units([str(each) for each in inputs], Path("/nowhere/out"), search)
    files = {each.name: [each.input, each.thermal] for each in found}
    return {name: tuple(map(os.path.basename, filter(None, two))) for name, two in files.items()}


def test_two_videos_that_belong_together_by_their_names_are_one_input(videos):
    found = both(videos.parent)
    assert {name: files for name, files in found.items() if len(files) > 1} == ON_FOLDER
    assert "day/run2" in found and not any("dashcam" in name for name in found)
    assert both(videos)["run"] == ON_FOLDER["day/run"]
    (videos / "run").mkdir()
    (videos / "run" / "metadata.yaml").write_text("")
    assert both(videos)["run"] == ("run",)  # of which the videos may be copies
    shutil.rmtree(videos / "run")
    unit = next(each for each in find_units([str(videos)], Path("/o")) if each.name == "run")
    assert unit.size == len("run_rgb.mp4") + len("run_thermal.MP4")


def test_videos_that_are_named_belong_together_too_and_none_is_left_out(videos, tmp_path):
    assert both(f"{videos}/*.m*", f"{videos}/*.MP4") == {
        "run": ON_FOLDER["day/run"],
        "DJI_0001": ON_FOLDER["day/DJI_0001"],
        "dashcam": ("dashcam.mp4",),
    }
    assert both(videos / VIDEOS[1], videos / VIDEOS[0]) == {"run": ON_FOLDER["day/run"]}
    lines = [
        f"in/day/{VIDEOS[0]}", f"in/day/{VIDEOS[1]}", "in/day/dashcam.mp4\tnight\tin/day/heat.avi",
        f"in/day/{VIDEOS[2]}\t\t{videos}/{VIDEOS[3]}",
    ]  # fmt: skip
    (tmp_path / "list").write_text("\n".join(lines))
    assert both(tmp_path / "list") == {
        "in/day/run": ON_FOLDER["day/run"],
        "in/day/DJI_0001_V": ON_FOLDER["day/DJI_0001"],
        "night": ("dashcam.mp4", "heat.avi"),
    }


def test_each_stacked_video_is_an_input_but_for_outputs(videos):
    (videos / "fused.mp4").write_bytes(b"\0\0\0\x1ffreewritten by amdanet fuse")
    found = both(videos, stacked=True)
    stems = {"run_rgb", "run_thermal", "DJI_0001_V", "DJI_0001_T", "dashcam"}
    assert found.keys() == {*stems, "run2", "cut", "loose/morning", "loose/noon", "loose/old"}
    assert both(videos / "dashcam.mp4", stacked=True) == {"dashcam": ("dashcam.mp4",)}


def test_a_folder_that_cannot_be_read_is_told_as_what_fails(tree, monkeypatch):
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("loose"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    # Who runs the tests may be allowed to read everything.
    monkeypatch.setattr(os, "scandir", refusing)
    assert names(tree).keys() == {"run1", "day/run2", "day/cut", "day/loose"}
    assert names(f"{tree}/d*").keys() == {"day/run2", "day/cut", "day/loose"}
    assert names(tree / "day" / "loose").keys() == {"loose"}


def test_shards_hold_each_unit_once(tree):
    units = find_units([str(tree)], tree / "out")
    shared = [shard(units, rank, 3) for rank in range(3)]
    assert sorted(sum(shared, []), key=lambda each: each.name) == units
    assert {len(each) for each in shared} == {2}
