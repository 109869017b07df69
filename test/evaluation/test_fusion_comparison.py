"""Classical fusions by their definition, and a network beside them."""

import importlib.util
import json

import cv2
import numpy as np
import pytest

from amdanet_ros.classes import STREET
from amdanet_ros.cli.main import main
from amdanet_ros.evaluation.classical_fusion import (
    CLASSICAL,
    chroma_error,
    fused_by,
    pyramid_fusion,
)
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import save_checkpoint


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    rgb = random.integers(60, 190, (64, 80, 3), np.uint8)
    return rgb, random.integers(60, 190, (64, 80)).astype(np.float64)


def test_a_pyramid_of_one_image_twice_is_that_image(images):
    assert np.allclose(pyramid_fusion(images[1], images[1]), images[1])


def test_a_pyramid_takes_the_stronger_detail_and_the_mean_of_the_rest():
    flat, spot = np.full((64, 64), 100.0), np.full((64, 64), 40.0)
    spot[30:34, 30:34] = 200.0
    fused = pyramid_fusion(flat, spot)
    assert fused[5, 5] == pytest.approx(70, abs=1)
    assert fused[32, 32] > 200 - 60


@pytest.mark.parametrize("method", CLASSICAL)
def test_classical_fusions_keep_rgbs_colours(images, method):
    rgb, thermal = images
    assert chroma_error(fused_by(method, rgb, thermal), rgb) < 2.0


def test_chroma_error_is_in_levels():
    rgb = np.full((4, 4, 3), 100, np.uint8)
    blue = rgb.copy()
    blue[..., 2] += 10
    # Cb rises by 0.5 x 10, Cr falls by 0.0813 x 10.
    assert chroma_error(blue, rgb) == pytest.approx((5.0 + 0.813) / 2, abs=0.01)


@pytest.mark.skipif(
    importlib.util.find_spec("torchmetrics") is None, reason="torchmetrics is not installed"
)
def test_the_command_puts_a_network_beside_them(tmp_path, data_set_of, capsys):
    network = AMDANet(
        backbone="mit_b0", num_classes=len(STREET), embed_dim=16, luminance_mixing=True
    )
    save_checkpoint(tmp_path / "n.safetensors", network, classes=STREET.names)
    command = ["evaluate", str(tmp_path / "n.safetensors"), "--data", str(data_set_of(2))]
    assert main([*command, "--compare-fusions", "--out", str(tmp_path)]) == 0
    assert "| Laplacian pyramid, night |" in capsys.readouterr().out
    scores = json.loads((tmp_path / "fusions.json").read_text())["night"]
    three = [scores[method]["Qabf"] for method in CLASSICAL]
    assert scores["mean of the three"]["Qabf"] == pytest.approx(np.mean(three))
    assert scores["network"]["chroma error"] < 20


@pytest.fixture
def data_set_of(tmp_path):
    def write(count):
        root = tmp_path / "set"
        for folder in ("Visible", "Infrared", "Label"):
            (root / folder).mkdir(parents=True)
        random = np.random.default_rng(1)
        for name in map(str, range(count)):
            image = random.integers(0, 255, (64, 64, 3), np.uint8)
            cv2.imwrite(str(root / f"Visible/{name}.png"), image)
            cv2.imwrite(str(root / f"Infrared/{name}.png"), image[..., 0])
            cv2.imwrite(str(root / f"Label/{name}.png"), np.full((64, 64), 254, np.uint8))
        for split in ("test", "test_night"):
            (root / f"{split}.txt").write_text("".join(f"{i}\n" for i in range(count)))
        return root

    return write
