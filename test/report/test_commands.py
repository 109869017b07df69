"""`fuse --report` and `evaluate --report`: what the reports tell."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from amdanet_ros.cli.comparison_page import in_the_labels_indices, most_changed
from amdanet_ros.cli.evaluation_page import worst_and_best
from amdanet_ros.cli.main import main
from amdanet_ros.evaluation.comparison import pair_means
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import save_checkpoint


@pytest.fixture
def fuse(checkpoint, loaded_once, tmp_path, capsys):
    """A function that fuses: its status, the report's text, and the lines of stderr."""

    def run(*arguments, report="report.html"):
        network = ("--checkpoint", str(checkpoint), "--device", "cpu", "--precision", "fp32")
        path = tmp_path / report
        status = main(["fuse", *map(str, arguments), "--report", str(path), *network])
        said = capsys.readouterr().err.splitlines()
        return status, path.read_text() if path.is_file() else "", said

    return run


def test_the_report_of_a_bag_tells_pairs_plots_and_what_is_without_a_partner(fuse, tmp_path, bags):
    bags.write_pairs(tmp_path / "bag", count=14, thermal_delay=0.02)
    with bags.BagWriter(tmp_path / "late") as late, bags.BagReader(tmp_path / "bag") as bag:
        for number, message in enumerate(bag.messages()):
            if number != 5:  # one thermal image is missing
                late.write(message.topic, message.type, message.stamp_ns, message.raw)
    status, report, _ = fuse(tmp_path / "late", "-o", tmp_path / "out")
    assert status == 0
    assert report.count("<figure") == 12
    assert "13 pairs fused" in report
    assert "<td>rgb images</td><td>14</td>" in report
    assert re.search(r"<td>rgb</td><td>no message of the other [^<]*</td><td class=n>1<", report)
    for name in ("thermal", "overlay", "fused", "rgb"):
        assert report.count(f"<img alt='{name}'") == 12
    assert "20 ms</text>" in report, "the offset between the stamps"
    assert report.count("<svg class=plot") == 3
    assert "rgb</td><td>" in report and "/rgb/image_raw" in report
    assert len(report) < 1_000_000


def test_images_that_are_left_out_are_told_with_their_reason(fuse, tmp_path, bags):
    rgb, thermal = tmp_path / "rgb", tmp_path / "<b>heat"
    for index in range(3):
        for folder, image in zip((rgb, thermal), bags.images(index), strict=True):
            folder.mkdir(exist_ok=True)
            cv2.imwrite(str(folder / f"{index}.png"), image)
    (thermal / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nand nothing more")
    status, report, said = fuse(rgb, thermal, "-o", tmp_path / "out")
    assert status == 0
    assert "2 pairs fused, 1 left out" in report
    assert "pair 1 is left out: " in report and "&lt;b&gt;heat/1.png" in report
    assert "<b>heat" not in report
    assert report.count("<figure") == 2
    again, changed, _ = fuse(rgb, thermal, "-o", tmp_path / "out", "--overwrite")
    assert again == 0 and "2 pairs fused" in changed


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("bag/report.html", "lies in the recording"),
        ("out/report.html", "lies in the output"),
        ("out", "a report is HTML"),
        ("rgb.html", "was not written by amdanet"),
        ("file.txt/report.html", "not a directory"),
    ],
)
def test_a_report_at_a_wrong_place_stops_the_job_before_it_begins(
    fuse, tmp_path, bags, report, words
):
    bags.write_pairs(tmp_path / "bag", count=1)
    (tmp_path / "rgb.html").write_text("mine")
    (tmp_path / "file.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    status, _, said = fuse(tmp_path / "bag", "-o", tmp_path / "out", report=report)
    assert status == 2
    assert words in said[-1].lower() if words.islower() else words in said[-1]
    assert sorted(tmp_path.rglob("*")) == before


def test_no_output_no_report(fuse, tmp_path, bags):
    bags.write_pairs(tmp_path / "bag", count=2, thermal_delay=5.0)
    assert fuse(tmp_path / "bag", "-o", tmp_path / "out")[:2] == (2, "")


@pytest.fixture
def data_set(tmp_path):
    """Four pairs of a set whose labels are the demo's first classes."""
    root = tmp_path / "set"
    numbers = np.random.default_rng(0)
    for part, kind in (("Visible", 3), ("Infrared", 1), ("Label", 1)):
        (root / part).mkdir(parents=True)
        for index in range(10):
            image = numbers.integers(0, 3 if part == "Label" else 256, (48, 64, kind), np.uint8)
            cv2.imwrite(str(root / part / f"{index}.png"), image.squeeze())
    (root / "test.txt").write_text("\n".join(map(str, range(10))) + "\n")
    return root


def test_the_report_of_an_evaluation_tells_scores_confusion_and_pairs(data_set, tmp_path, capsys):
    path = tmp_path / "scores.html"
    command = ["evaluate", "demo", "--data", str(data_set), "--device", "cpu"]
    assert main([*command, "--report", str(path)]) == 0
    report = path.read_text()
    assert f"report: {path}" in capsys.readouterr().out
    assert report.count("<figure") == 8
    assert "<h2>Worst pairs</h2>" in report and "<h2>Best pairs</h2>" in report
    scores = [float(each) for each in re.findall(r"mIoU ([0-9.]+) %</figcaption>", report)]
    worst, best = scores[:4], scores[4:]
    assert worst == sorted(worst) and best == sorted(best, reverse=True)
    assert max(worst) <= min(best)
    for name in ("RGB", "thermal", "fused", "true", "predicted"):
        assert report.count(f"<img alt='{name}'") == 8
    for name in ("road", "sidewalk", "mean"):
        assert f"<td>{name}</td><td class=n>" in report
    assert main([*command, "--compare-fusions", "--report", str(path)]) == 2
    assert "leave out --compare-fusions" in capsys.readouterr().err
    for wrong in (data_set / "test.txt", data_set / "Visible"):
        assert main([*command, "--report", str(wrong)]) == 2
        assert wrong.exists()


@pytest.mark.parametrize("extra", [[], ["--objects", "thing", "person"]])
def test_the_report_of_two_networks_tells_verdict_classes_and_what_changed_most(
    data_set, tmp_path, capsys, extra
):
    (data_set / "classes.yaml").write_text("names: [road, thing, person]")
    weights = []
    for seed, classes in enumerate((("road", "person"), ("person", "thing", "road"))):
        torch.manual_seed(seed)
        network = AMDANet(backbone="mit_b0", num_classes=len(classes), embed_dim=16)
        weights.append(str(tmp_path / f"{seed}.safetensors"))
        save_checkpoint(weights[-1], network, classes=classes)
    path = tmp_path / "change.html"
    command = ["evaluate", *weights, "--data", str(data_set), "--device", "cpu", *extra]
    assert main([*command, "--report", str(path), "--out", str(tmp_path)]) == 0
    said, report = capsys.readouterr().out, path.read_text()
    assert f"report: {path}" in said
    found = json.loads((tmp_path / "comparison.json").read_text())
    assert found["verdict"] in report and weights[0] in report and weights[1] in report
    assert ("does not know" in report) and ("<td>road</td>" in report) == (not extra)
    assert f"{100 * found['classes']['person']['new']:.1f} %" in report
    pairs = re.findall(r"mIoU ([0-9.]+) %, then ([0-9.]+) %</figcaption>", report)
    changes = [float(new) - float(old) for old, new in pairs]
    assert changes and report.count("<figure") == len(changes) <= 8
    for name in ("RGB", "thermal", "old", "new", "true"):
        assert report.count(f"<img alt='{name}'") == len(changes)
    for wrong in (weights[1], data_set / "test.txt"):
        before = Path(wrong).read_bytes()
        assert main([*command, "--report", str(wrong)]) == 2
        assert Path(wrong).read_bytes() == before
    assert main([*command[:3], "--data", str(data_set), "--report", str(path), "--views"]) == 2


def test_a_pair_has_lost_or_won_or_neither():
    nan = float("nan")
    assert most_changed([0.2, -0.1, nan, 0.0, -0.3]) == ([4, 1], [0])
    assert most_changed([0.1 * i for i in range(1, 9)]) == ([], [7, 6, 5, 4])
    counts = np.array([[[2, 0], [4, 5], [3, 0]], [[1, 1], [2, 4], [2, 2]], [[0, 0]] * 3], float)
    assert pair_means(counts)[:2].tolist() == [0.5, 0.375] and np.isnan(pair_means(counts)[2])


def test_a_networks_map_is_shown_in_the_labels_classes():
    predicted = np.array([[0, 1, 2]], np.uint8)
    shown = in_the_labels_indices(predicted, ("sky", "person", "road"), ("road", "person"))
    assert shown.tolist() == [[255, 1, 0]]


def test_worst_and_best_are_different_pairs_and_without_a_label_there_is_none():
    nan = float("nan")
    assert worst_and_best([0.5, nan, 0.1]) == ([2, 0], [])
    assert worst_and_best([0.1 * i for i in range(9)]) == ([0, 1, 2, 3], [8, 7, 6, 5])
    assert worst_and_best([nan]) == ([], [])
