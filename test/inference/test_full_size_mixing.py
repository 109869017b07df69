"""Thermal's share is computed at the network's size and mixed at the RGB image's."""

import numpy as np
import pytest
import torch

from amdanet_ros.inference import Predictor
from amdanet_ros.inference.built_in_scene import built_in_scene
from amdanet_ros.inference.device_images import DeviceImages
from amdanet_ros.inference.folded import FoldedAMDANet
from amdanet_ros.inference.luminance_share import without_mixing
from amdanet_ros.inference.options import PredictOptions
from amdanet_ros.inference.transfer import Transfer
from amdanet_ros.network import AMDANet
from amdanet_ros.network.luminance_mixing import luminance, with_share

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("shallow_encoder")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return AMDANet(backbone="mit_b0", num_classes=4, embed_dim=16, luminance_mixing=True).eval()


def predictor(network, **settings):
    return Predictor(network, device="cpu", precision="fp32", **settings)


def test_at_the_images_own_size_it_is_what_the_network_mixes(network):
    rgb, thermal = built_in_scene((64, 96))
    first = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    second = torch.from_numpy(thermal)[None, None].float() / 255
    with torch.inference_mode():
        expected = network(first, second.expand(-1, 3, -1, -1)).fused[0].permute(1, 2, 0).numpy()
    fused = predictor(network)(rgb, thermal).fused
    assert np.abs(fused - 255 * expected).max() <= 0.51


def test_the_folded_network_gives_the_share_that_the_plain_one_does(network):
    first, second = torch.rand(1, 3, 64, 96), torch.rand(1, 1, 64, 96)
    decoding = without_mixing(network)
    with torch.inference_mode():
        mixed = network(first, second.expand(-1, 3, -1, -1)).fused
        share = luminance(FoldedAMDANet(decoding)(first, second).fused)
        torch.testing.assert_close(with_share(first, second, share), mixed, atol=1e-4, rtol=0)
    assert network.aux_head.luminance_mixing, "the network itself stays as it is"
    assert "luminance_mixing=False" in repr(FoldedAMDANet(decoding))


@pytest.mark.parametrize("size", [(64, 80), (48, 64)])
def test_edges_stay_as_sharp_as_the_images_at_a_smaller_inference_size(network, size):
    columns = np.indices((128, 160))[1]
    rgb = np.repeat((60 + 120 * (columns % 2)).astype(np.uint8)[..., None], 3, axis=2)
    thermal = np.full((128, 160), 100, np.uint8)
    fused = predictor(network, inference_size=size)(rgb, thermal).fused.astype(float)
    low, high = np.minimum(rgb[..., 0], 100), np.maximum(rgb[..., 0], 100)
    # The luminance lies between both images'. At the inference size the columns are one grey:
    # an image mixed there and enlarged has differences of less than 2.
    assert (fused[..., 0] >= low - 1).all() and (fused[..., 0] <= high + 1).all()
    assert np.abs(np.diff(fused[..., 0], axis=1)).mean() > 8


@pytest.mark.parametrize("size", [(64, 80), (32, 40), (96, 120)])
def test_rgb_keeps_its_chroma_at_any_inference_size(network, size):
    random = np.random.default_rng(1)
    rgb = random.integers(90, 160, (96, 120, 3), np.uint8)  # nothing is clipped
    thermal = random.integers(90, 160, (72, 90), np.uint8)
    fused = predictor(network, inference_size=size)(rgb, thermal).fused.astype(int)
    added = fused - rgb
    assert np.abs(added - added[..., :1]).max() <= 1 and np.abs(added).max() > 5


@pytest.mark.parametrize("stretch", [False, True])
@pytest.mark.parametrize("size", [(64, 80), (96, 120), (160, 200)])
def test_both_backends_mix_the_same(network, size, stretch):
    pair = built_in_scene((96, 120))
    options = PredictOptions(np.diag([1.02, 0.98, 1.0]), stretch)
    chosen = predictor(network, inference_size=size)
    host = chosen(*pair, {"fused"}, options).fused
    chosen._images = DeviceImages(CPU, Transfer(CPU))
    device = chosen(*pair, {"fused"}, options).fused
    assert host.dtype == device.dtype == np.uint8
    assert np.abs(host.astype(int) - device).mean() < 1
    assert host.min() == 0 and host.max() == 255 if stretch else True


def test_a_recommended_size_is_scaled_to_the_images_aspect(network):
    chosen = predictor(network, recommended_size=(240, 320))
    assert chosen.size_for((480, 640)) == (240, 320)
    assert chosen.size_for((240, 320)) == (240, 320)
    assert chosen.size_for((120, 160)) == (120, 160), "nothing is enlarged"
    for shape in ((720, 1280), (1280, 720), (512, 640), (1080, 1920)):
        height, width = chosen.size_for(shape)
        assert 0.98 * 76800 < height * width <= 76800
        assert width / height == pytest.approx(shape[1] / shape[0], rel=0.01)
    assert "240 x 320" in chosen.describe() and "recommends" in chosen.describe()


def test_an_explicit_size_wins_and_the_bound_on_megapixels_still_holds(network):
    explicit = predictor(network, inference_size=(64, 80), recommended_size=(240, 320))
    assert explicit.size_for((480, 640)) == (64, 80) and "recommends" not in explicit.describe()
    chosen = predictor(network, recommended_size=(240, 320))
    assert chosen.size_for((480, 640), PredictOptions(max_megapixels=0.02)) == (122, 163)
    assert chosen.size_for((480, 640), PredictOptions(max_megapixels=1.0)) == (240, 320)
