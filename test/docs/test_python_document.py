"""docs/python.md: each block of code runs, after those before it."""

import importlib
import re

import cv2
import pytest


@pytest.fixture
def with_inputs(tmp_path, monkeypatch, bags, no_half_precision):
    """A working folder with the files that the page speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rgb, thermal = bags.images(0)
    cv2.imwrite("rgb.png", rgb[..., ::-1])
    cv2.imwrite("thermal.png", thermal)
    bags.write_pairs(tmp_path / "my_bag", count=3)
    lines = ["/**:", "  ros__parameters:", "    sync.slop: 0.04", "    max_age: 2"]
    (tmp_path / "rig.yaml").write_text("\n".join(lines))


def test_its_code_runs_from_top_to_bottom(project, with_inputs, tmp_path, bags, capsys):
    text = (project / "docs" / "python.md").read_text()
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert len(blocks) >= 9
    names = {}
    for block in blocks:
        above = text[: block.start()].count("\n") + 1
        exec(compile("\n" * above + block[1], "docs/python.md", "exec"), names)
    assert names["prediction"].labels.shape == names["rgb"].shape[:2]
    assert names["settings"].sync.slop == 0.04
    assert names["settings"].sync.max_wait == 0.2
    assert [pair.offset_ns for pair in names["pairs"]] == [9_000_000] * 10
    assert len(bags.pairs_in(tmp_path / "my_bag")) == len(names["images"]) == 3
    assert (tmp_path / "run" / "best.safetensors").is_file()
    printed = capsys.readouterr().out
    assert "overlay_alpha is 2.0: it must lie between 0.0 and 1.0" in printed
    assert "mIoU" in printed


def test_what_its_table_names_exists(project):
    text = (project / "docs" / "python.md").read_text()
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| (.+) \|$", text, re.MULTILINE)[2:]
    named = [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]
    assert len(named) >= 9
    for name in named:
        module, _, member = name.rpartition(".")
        assert hasattr(importlib.import_module(f"amdanet_ros.{module}"), member), name
