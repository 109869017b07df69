"""The weights of `checkpoint: street`: what their file says, and what they see on real streets."""

import json
from pathlib import Path

import numpy as np
import pytest

from amdanet_ros.classes import STREET
from amdanet_ros.cli.main import main
from amdanet_ros.inference import Predictor
from amdanet_ros.inference.built_in_weights import checkpoint_file
from amdanet_ros.inference.checkpoint_file import read_checkpoint
from amdanet_ros.settings import Settings

STREET_SET = Path(__file__).parents[3] / "shared" / "street"


@pytest.fixture(scope="module")
def predictor():
    return Predictor.from_checkpoint("street", "cpu", "fp32", inference_size=(240, 320))


def test_they_are_the_default_small_and_name_the_street_classes():
    assert Settings().network.checkpoint == "street"
    with checkpoint_file("street") as path:
        assert path.stat().st_size < 25_000_000
    checkpoint, classes = read_checkpoint("street")
    assert classes.name == "street" and classes.names == STREET.names
    assert np.array_equal(classes.palette, STREET.palette)
    assert all(value.dtype.itemsize >= 4 for value in checkpoint.state.values())


def test_the_file_says_what_it_may_be_used_for_and_what_it_learned_from(capsys, predictor):
    assert main(["info", "street"]) == 0
    text = capsys.readouterr().out
    for words in ("for research and evaluation", "MSRS", "CC BY-NC", "street.yaml", "failures:"):
        assert words in text
    assert "for research and evaluation" in predictor.notice and "\n" not in predictor.notice
    scores = json.loads(read_checkpoint("street")[0].metadata["scores"])
    assert set(scores) == {"day", "night"} and scores["day"]["mean_iou"] > 0.5


def test_weights_without_a_notice_have_none():
    assert Predictor.from_checkpoint("demo", "cpu", "fp32").notice == ""


def test_the_fused_image_has_no_tint(predictor):
    random = np.random.default_rng(0)
    grey = np.repeat(random.integers(0, 90, (96, 128, 1), np.uint8), 3, axis=2)
    thermal = random.integers(0, 255, (96, 128), np.uint8)
    fused = predictor(grey, thermal).fused.astype(int)
    assert (fused.max(axis=2) - fused.min(axis=2)).max() <= 1


@pytest.mark.skipif(not STREET_SET.is_dir(), reason="../shared/street is not here")
def test_they_find_roads_and_objects_on_real_pairs(predictor):
    import cv2

    from amdanet_ros.evaluation.object_scores import ObjectScores

    objects = [STREET.names.index(name) for name in ("person", "bicycle", "vehicle")]
    scores, road = ObjectScores(objects), []
    root = STREET_SET / "msrs"
    for name in (root / "val.txt").read_text().split()[::5]:
        rgb = cv2.imread(str(root / "rgb" / f"{name}.jpg"))[..., ::-1]
        thermal = cv2.imread(str(root / "thermal" / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE)
        truth = cv2.imread(str(root / "objects" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
        found = predictor(np.ascontiguousarray(rgb), thermal).labels
        scores.add(truth, found)
        road.append((found[-40:, 200:440] == STREET.names.index("road")).mean())
    assert scores.mean_iou() > 0.35 and np.median(road) > 0.9


def test_they_recommend_the_size_of_their_training(capsys):
    chosen = Predictor.from_checkpoint("street", "cpu", "fp32")
    assert chosen.inference_size is None and chosen.size_for((480, 640)) == (240, 320)
    assert "240 x 320" in chosen.describe()


@pytest.mark.parametrize("text", ["big", "0x0", "240", "16x16", "99999x99999", "[240, 320]"])
def test_a_checkpoint_with_an_unreadable_recommended_size_is_refused_in_one_line(text):
    from dataclasses import replace

    from amdanet_ros.inference.checkpoint_file import recommended_size_of
    from amdanet_ros.network.checkpoint import CheckpointError

    checkpoint, _ = read_checkpoint("street")
    spoilt = replace(checkpoint, metadata={"inference_size": text})
    with pytest.raises(CheckpointError, match="inference_size") as caught:
        recommended_size_of(spoilt)
    assert "\n" not in str(caught.value)


def test_evaluate_computes_at_an_inference_size_as_the_predictor_does():
    import torch

    from amdanet_ros.evaluation.at_size import AtSize
    from amdanet_ros.inference.built_in_scene import built_in_scene

    checkpoint, _ = read_checkpoint("street")
    rgb, thermal = built_in_scene((96, 128))
    expected = Predictor.from_checkpoint("street", "cpu", "fp32", (48, 64))(rgb, thermal)
    first = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    second = torch.from_numpy(thermal)[None, None].float().expand(-1, 3, -1, -1) / 255
    with torch.inference_mode():
        found = AtSize(checkpoint.build().eval(), (48, 64))(first, second)
    assert (found.logits.argmax(1)[0].numpy() == expected.labels).mean() > 0.99
    fused = 255 * found.fused[0].permute(1, 2, 0).numpy()
    assert np.abs(fused - expected.fused).mean() < 1
