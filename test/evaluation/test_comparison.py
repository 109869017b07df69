"""Whether a new network is better than an old one: counts, interval, verdict, command."""

import functools
import json

import cv2
import numpy as np
import pytest
import torch

from amdanet_ros.cli.main import main
from amdanet_ros.evaluation.comparison import PairCounts, compared, label_rows
from amdanet_ros.evaluation.label_origin import LABEL_ORIGIN, label_digest
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import save_checkpoint
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize

NAMES = ("road", "person")


def counts(shares, classes=NAMES, seed=0):
    """N pairs of half road, half person, of which so much is found."""
    found = PairCounts(classes, NAMES)
    random = np.random.default_rng(seed)
    rows = label_rows(NAMES, NAMES, False)
    for share in shares:
        truth = np.repeat(np.array([0, 1], np.uint8), 200).reshape(20, 20)
        right = random.random(truth.shape) < share
        found.add(rows[truth], np.where(right, truth, 1 - truth).astype(np.uint8))
    return found.array()


def test_counts_go_by_names_and_leave_out_what_is_not_known():
    found = PairCounts(("sky", "person", "road"), NAMES)
    rows = label_rows(("road", "person", "tree"), NAMES, none_of=True)
    truth = np.array([[0, 0, 1, 1, 2, 254, 255]], np.uint8)
    found.add(rows[truth], np.array([[2, 0, 1, 2, 1, 1, 1]], np.uint8))
    # road: one hit, one called sky, and person called road; person: a hit, and two false ones.
    np.testing.assert_array_equal(found.array()[0], [[1, 1], [3, 4], [2, 2]])
    unknown = label_rows(NAMES, NAMES, none_of=False)
    assert unknown[254] == 255


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ([0.7] * 12, [0.8] * 12, "better"),
        ([0.8] * 12, [0.7] * 12, "worse"),
        ([0.8] * 12, [0.8] * 12, "not told apart"),
        ([0.5, 0.9] * 6, [0.9, 0.5] * 6, "not told apart"),
        ([0.7] * 4, [0.9] * 4, "not told apart"),
    ],
)
def test_the_verdict_follows_from_the_interval(old, new, verdict):
    found = compared(counts(old), counts(new, seed=1), NAMES)
    assert found.verdict == verdict
    assert verdict in found.sentence() and "95 % interval" in found.sentence()
    assert found.interval[0] <= found.difference <= found.interval[1]
    again = compared(counts(old), counts(new, seed=1), NAMES)
    assert again.interval == found.interval


def test_the_same_network_is_never_better():
    found = compared(counts([0.6, 0.9, 0.8] * 4), counts([0.6, 0.9, 0.8] * 4), NAMES)
    assert found.interval == (0.0, 0.0) and found.verdict == "not told apart"


def test_a_class_that_no_label_has_is_left_out():
    array = counts([0.8] * 6)
    array[:, 2, 1] = 0
    found = compared(array, array, NAMES)
    assert np.isnan(found.old[1]) and found.old[0] == pytest.approx(found.new[0])
    with pytest.raises(ValueError, match="nothing can be said"):
        compared(np.zeros((5, 3, 2)), np.zeros((5, 3, 2)), NAMES)


@pytest.fixture
def data_set(tmp_path):
    """Six pairs: bright is person."""
    root = tmp_path / "set"
    for folder in ("Visible", "Infrared", "Label"):
        (root / folder).mkdir(parents=True)
    digests = {}
    for index in range(6):
        random = np.random.default_rng(index)
        labels = (cv2.GaussianBlur(random.normal(size=(40, 48)), (0, 0), 4) > 0).astype(np.uint8)
        cv2.imwrite(str(root / "Visible" / f"{index}.png"), np.dstack([labels * 200] * 3))
        cv2.imwrite(str(root / "Infrared" / f"{index}.png"), labels * 200)
        cv2.imwrite(str(root / "Label" / f"{index}.png"), labels)
        digests[str(index)] = label_digest(labels)
    (root / "test.txt").write_text("".join(f"{index}\n" for index in range(6)))
    (root / "classes.yaml").write_text(json.dumps({"names": list(NAMES)}))
    (root / LABEL_ORIGIN).write_text(json.dumps({"network": "street", "labels": digests}))
    return root


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A function that gives a file with the weights of a small network with these classes."""
    folder = tmp_path_factory.mktemp("weights")

    @functools.cache
    def write(name, classes, seed=0):
        torch.manual_seed(seed)
        network = AMDANet(backbone="mit_micro", num_classes=len(classes), embed_dim=16)
        save_checkpoint(folder / name, network, classes=classes)
        return str(folder / name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "mit_micro", MixTransformerSize((8, 16, 40, 64), (1, 1, 1, 1)))
        yield write


def test_the_command_says_it_and_whose_labels_these_are(data_set, weights, tmp_path, capsys):
    old, new = weights("old.safetensors", ("sky", "road")), weights("new.safetensors", NAMES, 1)
    rest = ["--data", str(data_set), "--device", "cpu", "--out", str(tmp_path / "scores")]
    assert main(["evaluate", old, new, *rest]) == 0
    said = capsys.readouterr().out
    first = json.loads((tmp_path / "scores" / "comparison.json").read_text())
    assert main(["evaluate", new, "--against", old, *rest]) == 0
    assert json.loads((tmp_path / "scores" / "comparison.json").read_text()) == first
    assert first["verdict"] in ("better", "worse", "not told apart") and first["verdict"] in said
    assert f"{old} does not know person" in said
    assert "6 of 6 label images are as street wrote them" in said and "not truth" in said
    assert main(["evaluate", new, new, *rest, "--objects", "person"]) == 0
    assert "not told apart: mean IoU +0.0 points" in capsys.readouterr().out


def test_corrected_labels_are_not_called_agreement(data_set, weights, capsys):
    labels = cv2.imread(str(data_set / "Label" / "0.png"), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(data_set / "Label" / "0.png"), 1 - labels)
    rest = ["--data", str(data_set), "--device", "cpu"]
    new = weights("new.safetensors", NAMES)
    assert main(["evaluate", new, *rest]) == 0
    assert "5 of 6 label images" in capsys.readouterr().out
    (data_set / LABEL_ORIGIN).write_text("[]")
    assert main(["evaluate", new, *rest]) == 0
    assert "label images are" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["NEW", "NEW", "--against", "NEW", "--data", "SET"], "three checkpoints"),
        (["NEW", "NEW", "--synthetic", "1:1"], "give --data"),
        (["NEW", "NEW", "--data", "SET", "--fusion-metrics"], "--fusion-metrics is for one"),
        (["NEW", "NEW", "--data", "SET", "--objects", "cow"], "no class 'cow'"),
        (["NEW", "absent.pth", "--data", "SET"], "absent.pth"),
        (["OTHER", "--data", "SET"], "classes.yaml"),
        (["OTHER", "--data", "SET", "--objects", "sky"], "classes.yaml"),
    ],
)
def test_mistakes_are_one_line(data_set, weights, capsys, words, said):
    places = {
        "NEW": weights("new.safetensors", NAMES),
        "OTHER": weights("other.safetensors", ("sky", "road")),
        "SET": str(data_set),
    }
    assert main(["evaluate", *(places.get(word, word) for word in words), "--device", "cpu"]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


@pytest.mark.parametrize("options", [[], ["--against", "NEW"], ["--objects", "person"]])
def test_images_without_content_are_said_with_the_data_set(data_set, weights, capsys, options):
    for name in ("0", "3"):
        path = data_set / "Infrared" / f"{name}.png"
        cv2.imwrite(str(path), np.zeros_like(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)))
    new = weights("new.safetensors", NAMES)
    options = [new if word == "NEW" else word for word in options]
    assert main(["evaluate", new, "--data", str(data_set), "--device", "cpu", *options]) == 0
    said = capsys.readouterr().err
    assert f"amdanet: {data_set}, thermal: 2 of 6 pairs have an image without content (2 b" in said
    assert f"{data_set}, RGB" not in said
