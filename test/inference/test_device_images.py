"""The images of the GPU backend, run on the CPU: they agree with OpenCV's to a grey level."""

import cv2
import numpy as np
import pytest
import torch

from amdanet_ros.inference.built_in_scene import built_in_scene
from amdanet_ros.inference.device_images import DeviceImages
from amdanet_ros.inference.host_images import HostImages
from amdanet_ros.inference.image_backend import InputGeometry, OverlayStyle
from amdanet_ros.inference.plain_engine import EngineOutput
from amdanet_ros.inference.resampling import Resampler
from amdanet_ros.inference.thermal_normalization import ThermalNormalizer
from amdanet_ros.inference.transfer import Transfer
from amdanet_ros.registration.lens import Lens
from amdanet_ros.registration.pixel_map import PlaneMap, View
from amdanet_ros.registration.rig import Rig, RigCamera

CPU = torch.device("cpu")
GREY_LEVEL = 1.0 / 255.0
SHIFTED = np.array([[1.02, 0.03, -4.0], [-0.02, 0.98, 3.5], [1e-4, -5e-5, 1.0]])


def inputs(backend, rgb, thermal, normalizer, size, homography):
    """What a backend gives to the network: RGB, thermal."""
    geometry = InputGeometry(rgb.shape[:2], size, homography)
    return backend.rgb_input(rgb, size), backend.thermal_input(normalizer.frame(thermal), geometry)


@pytest.fixture(params=[False, True], ids=["direct", "staged"])
def device(request):
    return DeviceImages(CPU, Transfer(CPU, pinned=request.param))


@pytest.fixture
def scene():
    """RGB 96 x 128 uint8, thermal 72 x 96 counts."""
    rgb, _ = built_in_scene((96, 128))
    _, heat = built_in_scene((72, 96))
    return rgb, (28000 + 12 * heat.astype(np.uint16)).astype(np.uint16)


@pytest.mark.parametrize("size", [(96, 128), (48, 64), (64, 80), (128, 160), (120, 64)])
def test_images_of_every_size_become_the_same_inputs(device, scene, size):
    normalizers = ThermalNormalizer(), ThermalNormalizer()
    for _ in range(2):  # the second frame has smoothed bounds
        mine = inputs(device, *scene, normalizers[0], size, None)
        theirs = inputs(HostImages(), *scene, normalizers[1], size, None)
        for got, expected in zip(mine, theirs, strict=True):
            assert got.shape == expected.shape
            # OpenCV weighs in steps of 1/2048 and rounds to 8 bits.
            assert (got - expected).abs().max() <= GREY_LEVEL
    assert normalizers[0].bounds == normalizers[1].bounds


@pytest.mark.parametrize(
    ("dtype", "mode", "bounds"),
    [
        (np.uint8, "percentile", None),
        (np.uint8, "fixed", (20.0, 200.0)),
        (np.uint16, "fixed", (28100.0, 30000.0)),
        (np.uint16, "none", None),
        (np.float32, "percentile", None),
        (np.float64, "fixed", (0.2, 0.7)),
    ],
)
def test_every_thermal_type_becomes_the_same_input(device, dtype, mode, bounds):
    rgb, heat = built_in_scene((64, 96))
    thermal = {
        np.uint8: heat,
        np.uint16: (28000 + 10 * heat.astype(np.uint16)).astype(np.uint16),
    }.get(dtype, (heat / 255.0).astype(dtype))
    mine = inputs(device, rgb, thermal, ThermalNormalizer(mode, bounds), (64, 96), None)[1]
    theirs = inputs(HostImages(), rgb, thermal, ThermalNormalizer(mode, bounds), (64, 96), None)
    torch.testing.assert_close(mine, theirs[1], atol=2e-5, rtol=0)


def test_counts_beyond_the_signed_range_stay_what_they_are(device):
    rgb, _ = built_in_scene((32, 32))
    counts = np.linspace(1, 65534, 32 * 32).astype(np.uint16).reshape(32, 32)
    mine = inputs(device, rgb, counts, ThermalNormalizer("none"), (32, 32), None)[1]
    np.testing.assert_allclose(mine[0, 0].numpy(), counts / 65535.0, atol=1e-6)


@pytest.mark.parametrize("damage", ["missing", "dead"])
def test_missing_and_dead_pixels_are_repaired(device, scene, damage):
    rgb, thermal = scene
    thermal = thermal.copy() if damage == "dead" else thermal.astype(np.float32)
    thermal[10, 20] = 0 if damage == "dead" else np.nan
    mine = inputs(device, rgb, thermal, ThermalNormalizer(), (48, 64), None)[1]
    theirs = inputs(HostImages(), rgb, thermal, ThermalNormalizer(), (48, 64), None)[1]
    torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("size", [(96, 128), (64, 96)])
def test_a_homography_moves_the_thermal_image_to_the_same_place(device, scene, size):
    scaling = np.diag([128 / 96, 96 / 72, 1.0])
    homography = SHIFTED @ scaling
    mine = inputs(device, *scene, ThermalNormalizer(), size, homography)[1]
    theirs = inputs(HostImages(), *scene, ThermalNormalizer(), size, homography)[1]
    # OpenCV looks up places in steps of 1/32 pixel.
    assert (mine - theirs).abs().mean() < 0.25 * GREY_LEVEL
    assert (mine - theirs).abs().max() < 16 * GREY_LEVEL
    border = theirs == 0
    assert 0.01 < border.float().mean() < 0.5
    assert ((mine == 0) == border).float().mean() > 0.98


@pytest.mark.parametrize("size", [(96, 128), (64, 96)])
def test_a_pixel_map_moves_the_thermal_image_to_the_same_place(device, scene, size):
    """Both lenses bent: the map of torch is the map of OpenCV."""
    barrel = Lens(False, (-0.3, 0.1, 0.001, -0.001))
    cameras = [
        RigCamera(np.array([[f, 0, width / 2], [0, f, height / 2], [0, 0, 1.0]]), barrel)
        for f, (height, width) in ((90.0, (96, 128)), (90.0, (72, 96)))
    ]
    rig = Rig(*cameras, np.eye(3), np.array([0.1, 0.0, 0.0]))
    pixel_map = PlaneMap(rig, 0.5, View((0, 0, 96, 128)))
    geometry = InputGeometry((96, 128), size, None, pixel_map)
    for _ in range(2):  # the second time from what is kept
        mine = device.thermal_input(ThermalNormalizer().frame(scene[1]), geometry)
        theirs = HostImages().thermal_input(ThermalNormalizer().frame(scene[1]), geometry)
        assert (mine - theirs).abs().mean() < 0.25 * GREY_LEVEL
        assert (mine - theirs).abs().max() < 16 * GREY_LEVEL
    border = theirs == 0
    assert 0.1 < border.float().mean() < 0.6
    assert ((mine == 0) == border).float().mean() > 0.98


def test_what_lies_behind_the_camera_is_not_seen():
    image = torch.ones(1, 32, 32)
    folded = np.array([[1.0, 0, 0], [0, 1.0, 0], [-0.1, 0, 1.0]])
    seen = Resampler(CPU).warp(image, np.linalg.inv(folded), (32, 32))[0]
    assert seen[:, 11:].abs().max() == 0
    assert seen[0, 0] == 1


@pytest.mark.parametrize("size", [(64, 80), (96, 120), (160, 200), (33, 200)])
@pytest.mark.parametrize("stretch", [False, True])
def test_results_of_every_size_come_down_the_same(device, size, stretch):
    random = torch.Generator().manual_seed(3)
    coarse = torch.rand(1, 12, 8, 10, generator=random)
    fine = torch.nn.functional.interpolate(coarse, (64, 80), mode="bilinear")
    output = EngineOutput(8.0 * fine[:, :9], 0.2 + 0.6 * fine[:, 9:])
    style = OverlayStyle(np.random.default_rng(0).integers(0, 255, (9, 3), np.uint8), 0.4, 0.3)
    style.palette[2] = 0
    results = []
    for backend in (device, HostImages()):
        found = backend.outputs(output, size, True, stretch)
        found["overlay"] = backend.draw(found, style)
        results.append(backend.arrays(found))
    mine, theirs = results
    assert mine.keys() == theirs.keys() == {"labels", "confidence", "fused", "overlay"}
    np.testing.assert_array_equal(mine["labels"], theirs["labels"])
    assert np.abs(mine["confidence"] - theirs["confidence"]).max() < 1e-3
    assert cv2.norm(mine["fused"], theirs["fused"], cv2.NORM_INF) <= 2
    apart = np.abs(mine["overlay"].astype(int) - theirs["overlay"]).max(axis=2)
    # Where the confidence lies on the threshold either may be right.
    assert (apart > 2).mean() < 1e-3
    assert {each.dtype for each in (mine["labels"], mine["fused"])} == {np.dtype(np.uint8)}


def test_what_depends_on_sizes_is_made_once(device, scene, monkeypatch):
    from amdanet_ros.inference import resampling

    made = []
    real = resampling.area_matrix
    monkeypatch.setattr(resampling, "area_matrix", lambda *a: made.append(a) or real(*a))
    for _ in range(3):
        inputs(device, *scene, ThermalNormalizer(), (48, 64), None)
    assert sorted(made) == [(72, 48), (96, 48), (96, 64), (128, 64)]


def test_the_predictor_gives_the_same_either_way():
    from amdanet_ros.inference import Predictor
    from amdanet_ros.network import AMDANet

    torch.manual_seed(0)
    network = AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16).eval()
    predictor = Predictor(network, device="cpu", precision="fp32", inference_size=(64, 80))
    pair = built_in_scene((96, 120))
    want = {"labels", "confidence", "fused", "overlay"}
    host = predictor(*pair, want)
    predictor._images = DeviceImages(CPU, Transfer(CPU))
    device = predictor(*pair, want)
    assert (device.labels == host.labels).mean() > 0.99
    assert np.abs(device.fused.astype(int) - host.fused).max() <= 4
    assert np.abs(device.confidence - host.confidence).mean() < 0.01
