"""One pair as other cameras give it, and a command that scores all views."""

import json

import cv2
import numpy as np
import pytest

from amdanet_ros.classes import STREET
from amdanet_ros.cli.main import main
from amdanet_ros.evaluation.views import VIEWS, ViewedPairs
from amdanet_ros.inference.thermal_normalization import ThermalNormalizer
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import save_checkpoint
from amdanet_ros.training.labelled_pair import LabelledPair


@pytest.fixture
def pair():
    ramp = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (48, 1))
    rgb = np.stack([ramp, ramp, 255 - ramp], -1)
    return LabelledPair("00001N", rgb, ramp, np.zeros_like(ramp), "night")


def test_what_is_lost_is_lost_and_the_rest_stays(pair):
    dark, alone = VIEWS["RGB black"](pair), VIEWS["thermal lost"](pair)
    assert not dark.rgb.any() and np.array_equal(dark.thermal, pair.thermal)
    assert np.array_equal(alone.thermal, cv2.cvtColor(pair.rgb, cv2.COLOR_RGB2GRAY))
    assert np.array_equal(alone.rgb, pair.rgb)


@pytest.mark.parametrize("view", ["14-bit counts", "TLinear"])
def test_raw_thermal_is_what_such_a_camera_gives(pair, view):
    raw = VIEWS[view](pair).thermal
    assert raw.dtype == np.uint16
    limits = (0, 2**14) if "counts" in view else (27_315, 32_000)
    assert limits[0] < raw.min() and raw.max() < limits[1]
    seen = ThermalNormalizer(smoothing=0.0)(raw)
    assert np.corrcoef(seen.ravel(), pair.thermal.ravel())[0, 1] > 0.99
    assert np.array_equal(raw, VIEWS[view](pair).thermal)  # the same noise each time


def test_the_cameras_own_bits_are_flatter(pair):
    own = VIEWS["own 8 bits"](pair).thermal
    assert own.dtype == np.uint8 and own.min() == 53
    assert np.ptp(own.astype(int)) == pytest.approx(0.79 * np.ptp(pair.thermal.astype(int)), abs=1)


def test_raw_thermal_is_not_made_from_raw_thermal(pair):
    with pytest.raises(ValueError, match="00001N: .* 8-bit thermal images, not uint16"):
        VIEWS["TLinear"](pair._replace(thermal=pair.thermal.astype(np.uint16)))


def test_pairs_are_seen_one_by_one(pair):
    seen = list(ViewedPairs([pair, pair], VIEWS["RGB black"]))
    assert len(seen) == 2 and not seen[1].rgb.any()


def test_the_command_scores_every_view_with_boxes(tmp_path, capsys):
    root, weights = tmp_path / "set", tmp_path / "street.safetensors"
    for folder in ("Visible", "Infrared", "Label"):
        (root / folder).mkdir(parents=True)
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    cv2.imwrite(str(root / "Visible/1N.png"), image)
    cv2.imwrite(str(root / "Infrared/1N.png"), image[..., 0])
    labels = np.full((48, 64), 254, np.uint8)
    labels[10:30, 10:20] = STREET.names.index("person")
    cv2.imwrite(str(root / "Label/1N.png"), labels)
    (root / "test.txt").write_text("1N\n")
    (root / "test_night.txt").write_text("1N\n")
    (root / "boxes.json").write_text(json.dumps({"1N": [[0, 10, 10, 20, 30]]}))
    network = AMDANet(backbone="mit_b0", num_classes=len(STREET), embed_dim=16)
    save_checkpoint(weights, network, classes=STREET.names, palette=STREET.palette)
    command = ["evaluate", str(weights), "--data", str(root), "--out", str(tmp_path / "scores")]
    assert main([*command, "--objects", "person", "vehicle", "--views"]) == 0
    assert "| RGB black, night |" in capsys.readouterr().out
    written = json.loads((tmp_path / "scores/objects.json").read_text())
    assert written["pairs"] == 1 and set(written["scores"]) == set(VIEWS)
    assert {"person", "box_hits", "stray"} <= set(written["scores"]["TLinear"]["night"])
    assert main([*command, "--objects", "cat"]) == 2
    assert "no class 'cat'" in capsys.readouterr().err
