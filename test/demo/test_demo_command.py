"""`amdanet demo` from the command line to the files it leaves."""

import json

import cv2
import pytest

from amdanet_ros.bags.reader import BagReader
from amdanet_ros.cli.main import main


@pytest.mark.slow
def test_the_demo_leaves_a_bag_a_contact_sheet_and_a_summary(
    params_file, tmp_path, domain_id, capfd
):
    folder = tmp_path / "demo_output"
    options = ("--duration", "2", "--params-file", str(params_file))
    assert main(["demo", "--output", str(folder), *options]) == 0
    said = capfd.readouterr().out
    for name in ("contact_sheet.png", "summary.md", "output_bag"):
        assert str(folder / name) in said
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["faults"] == []
    assert summary["chain"]["rgb_images"] == 20
    with BagReader(folder / "output_bag") as bag:
        assert bag.topics["/segmentation"].count == summary["chain"]["published"] > 0
    assert 0.0 <= summary["scores"]["miou"] < 1.0
    assert cv2.imread(str(folder / "contact_sheet.png")).shape[1] > 1600
    assert "AMDANet mit_b0" in (folder / "summary.md").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rate", "0"], "--rate"),
        (["--duration", "0"], "duration"),
        (["--params-file", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_mistake_is_a_line_and_status_2(tmp_path, capsys, options, words):
    assert main(["demo", "--output", str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
