"""Which bags a list, a folder or a pattern means, and how their outputs are called."""

import os

import pytest

from amdanet_ros.fleet.manifest import ManifestError, find_units, shard
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
    from pathlib import Path

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
        ("# nothing\n", "no bag in"),
        ("a\0b", "no list of bags"),
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


def test_a_bag_in_the_output_folder_is_refused(tree):
    with pytest.raises(ManifestError, match="lies in the output"):
        names(tree / "run1", out=tree)


def test_files_that_drivers_keep_are_not_overwritten(tree, tmp_path):
    (tmp_path / "bags.txt").write_text("in/run1\tresults.jsonl\n")
    assert names(tmp_path / "bags.txt").keys() == {"bags/results.jsonl"}


def test_links_to_bags_are_followed_but_not_around(tree):
    os.symlink(tree, tree / "day" / "round")
    os.symlink(tree / "run1", tree / "day" / "link")
    assert {"day/link", "run1"} <= names(tree).keys()
    assert not [name for name in names(tree) if "round" in name]


def test_shards_hold_each_unit_once(tree):
    units = find_units([str(tree)], tree / "out")
    shared = [shard(units, rank, 3) for rank in range(3)]
    assert sorted(sum(shared, []), key=lambda each: each.name) == units
    assert {len(each) for each in shared} == {2}
