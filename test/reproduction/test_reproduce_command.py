"""`amdanet reproduce`, from the command line to tables and figures."""

import csv
import json

import cv2
import numpy as np
import pytest

from amdanet_ros.cli.main import main
from amdanet_ros.evaluation import protocols
from amdanet_ros.network.checkpoint import load_checkpoint
from amdanet_ros.reproduction import runner
from amdanet_ros.reproduction.runner import DONE, SCORES
from amdanet_ros.training.trainer import BEST, LAST

ROWS_OF_TABLE_5 = ("without local", "without global", "without SFE", "full")


def trained_at(out):
    """Return the time at which each run's weights were written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in out.glob("runs/*/best.*")}


def test_tab5_puts_our_numbers_beside_the_published_ones(reproduce, work):
    assert reproduce("tab5") == 0
    out = work / "out"
    values = json.loads((out / "tab5.json").read_text())
    assert tuple(row["row"] for row in values["rows"]) == ROWS_OF_TABLE_5
    runs = {row["ours"]["scenes"]["runs"]["0"] for row in values["rows"]}
    assert len(runs) == 4, "each row has a network of its own"
    for row in values["rows"]:
        ours = row["ours"]["scenes"]
        scores = json.loads((out / "runs" / ours["runs"]["0"] / SCORES).read_text())
        assert scores["pairs"] == 2
        for score in ("mIoU", "mean_accuracy", "mean_precision"):
            assert ours[score]["mean"] == pytest.approx(100 * scores[score], abs=1e-3)
    full = values["rows"][3]
    assert full["published"] == {"mfnet": {"mIoU": 62.1, "mAP": 77.1}}
    page = (out / "tab5.md").read_text()
    mean = full["ours"]["scenes"]["mIoU"]["mean"]
    line = next(line for line in page.splitlines() if line.startswith("| full |"))
    assert line.startswith(f"| full | {mean:.1f} | ") and line.endswith(" | 62.1 | 77.1 |")
    table = list(csv.DictReader((out / "tab5.csv").open()))
    assert {"row": "full", "source": "published", "score": "mAP", "value": "77.1"}.items() <= (
        table[-1].items()
    )


def test_what_is_trained_is_loaded(reproduce, work, capsys):
    assert reproduce("tab5") == 0
    before = trained_at(work / "out")
    capsys.readouterr()
    assert reproduce("tab5") == 0
    assert capsys.readouterr().out.count("already trained") == 4
    assert trained_at(work / "out") == before


@pytest.mark.parametrize("damage", [b"", b"[1]", b"\xff", b"[" * 5000], ids=range(4))
def test_scores_that_cannot_be_read_are_made_again(reproduce, work, damage):
    assert reproduce("tab5") == 0
    scores = min(work.glob(f"out/runs/*/{SCORES}"))
    before = json.loads(scores.read_text())
    scores.write_bytes(damage)
    assert reproduce("tab5") == 0
    assert json.loads(scores.read_text()) == before


def test_a_run_that_was_cut_off_goes_on(reproduce, tmp_path, capsys, monkeypatch):
    def interrupted(path, values):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runner, "_write_whole", interrupted)
        assert reproduce("fig2", out=tmp_path) == 130
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / LAST).is_file() and not (folder / DONE).exists()
    capsys.readouterr()
    assert reproduce("fig2", out=tmp_path) == 0
    assert "continuing" in capsys.readouterr().out
    assert (folder / DONE).is_file() and not (folder / LAST).exists()
    (folder / BEST).unlink()
    assert reproduce("fig2", out=tmp_path) == 0
    assert (folder / BEST).is_file(), "weights that are gone are trained again"


def test_fig2_shows_test_images_and_their_labels(reproduce, work):
    assert reproduce("fig2") == 0
    facts = json.loads((work / "out" / "fig2.json").read_text())
    assert [p["image"] for p in facts["images"]] == ["scene_2000150", "scene_2000151"]
    image = cv2.imread(str(work / "out" / "fig2.png"))
    assert image.shape[1] == 6 + 5 * 326
    sky = np.array((230, 170, 110))  # B, G, R of the demo's class table
    truth = image[48:, 6 + 2 * 326 : 6 + 2 * 326 + 320]
    assert (truth == sky).all(axis=2).any()


def test_tab6_trains_what_stands_in_for_the_local_alignment(reproduce, work):
    assert reproduce("tab6") == 0
    rows = json.loads((work / "out" / "tab6.json").read_text())["rows"]
    assert [row["row"] for row in rows] == ["CBAM", "DANet", "AMDANet"]
    runs = [row["ours"]["scenes"]["runs"]["0"] for row in rows]
    for run, alignment in zip(runs, ("cbam", "danet", "amdanet"), strict=True):
        network = load_checkpoint(work / "out" / "runs" / run / "best.safetensors").build()
        assert network.config.local_alignment == alignment
    assert rows[0]["published"]["fmb"] == {"mIoU": 63.3, "mAP": 74.8}


def test_figures_of_given_weights_train_nothing(reproduce, work, tmp_path, capsys):
    words = ["fig2", "--weights", "scenes=demo", "--images", "scene_2000151"]
    assert reproduce(*words, out=tmp_path) == 0
    assert "training" not in capsys.readouterr().out
    facts = json.loads((tmp_path / "fig2.json").read_text())
    assert facts["weights"] == "demo"
    assert [p["image"] for p in facts["images"]] == ["scene_2000151"]
    assert reproduce("fig2", "--weights", "scenes=demo", "--images", "moon", out=tmp_path) == 2
    assert "moon is not among the 2 test pairs" in capsys.readouterr().err


def test_fig1_scores_every_exposure(reproduce, work):
    assert reproduce("fig1") == 0
    facts = json.loads((work / "out" / "fig1.json").read_text())
    assert [p["stops"] for p in facts["images"]] == [0, 2, 4] * 2
    assert list(facts["mIoU_by_stops"]) == ["0", "1", "2", "3", "4"]


@pytest.fixture
def data_sets(tmp_path):
    """Write MFNet of a few made-up images in the authors' layout; returns the folder above."""
    root, random = tmp_path / "data" / "mfnet", np.random.default_rng(0)
    names = [f"{i:05d}D" for i in range(4)]
    for folder, shape in (("Visible", (48, 64, 3)), ("Infrared", (48, 64)), ("Label", (48, 64))):
        (root / folder).mkdir(parents=True)
        for name in names:
            top = 9 if folder == "Label" else 256
            image = random.integers(0, top, shape, np.uint8)
            assert cv2.imwrite(str(root / folder / f"{name}.png"), image)
    for split in ("train", "test"):
        (root / f"{split}.txt").write_text("\n".join(names))
    return root.parent


def test_the_paper_preset_trains_and_scores_a_data_set(reproduce, data_sets, tmp_path, monkeypatch):
    monkeypatch.setitem(protocols.RELEASED_WINDOWS, "mfnet", (64, 64))
    assert reproduce("fig2", preset="paper", data=data_sets, out=tmp_path / "out") == 0
    facts = json.loads((tmp_path / "out" / "fig2.json").read_text())
    assert facts["data_set"] == "mfnet"
    assert [p["image"] for p in facts["images"]] == ["00000D", "00001D"]


def test_missing_data_is_named_before_anything_is_trained(data_sets, tmp_path, capsys):
    call = ["reproduce", "all", "--data", str(data_sets), "--out", str(tmp_path / "out")]
    (data_sets / "mfnet" / "test.txt").unlink()
    assert main(call) == 2
    error = capsys.readouterr().err
    for name in ("mfnet/test.txt", "FMB/", "PST900/", "--data-sets", "docs/training.md"):
        assert name in error
    assert not (tmp_path / "out").exists()


def test_the_plan_names_each_run_once(data_sets, tmp_path, capsys):
    call = ["--data", str(data_sets), "--data-sets", "mfnet", "--out", str(tmp_path), "--plan"]
    assert main(["reproduce", "tab1", "tab2", "tab3", "fig2", *call, "--seeds", "0,1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * (1 + 3 * 3), "the three tables share the published weights' row"
    assert all(line.startswith("to train") for line in lines)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seeds", "one"], "--seeds"),
        (["--preset", "paper"], "--data ROOT"),
        (["--preset", "tiny", "--data-sets", "fmb"], "--data-sets"),
        (["--preset", "tiny", "--limit", "0"], "--limit is 0"),
        (["--preset", "tiny", "--weights", "mars=demo"], "--weights 'mars=demo'"),
        (["--preset", "tiny", "--set", "networks.embed_dim=9"], "unknown key networks"),
    ],
)
def test_mistakes_end_with_one_line(tmp_path, capsys, words, message):
    if "--preset" not in words:
        words = [*words, "--preset", "tiny"]
    assert main(["reproduce", "tab5", "--out", str(tmp_path / "out"), *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("amdanet: ") and error.count("\n") == 1
