"""What must hold on a GPU: each check takes a device and raises AssertionError where it fails.

They need torch, numpy and OpenCV alone, no test runner; `benchmarks/gpu.py` runs them, and the
tests run them on the CPU, where a recording is replayed by running the engine again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import cv2
import numpy as np
import torch

from amdanet_ros.inference import OutOfMemoryError, Predictor
from amdanet_ros.inference.built_in_scene import built_in_scene
from amdanet_ros.inference.checkpoint_file import read_checkpoint
from amdanet_ros.inference.device_images import DeviceImages
from amdanet_ros.inference.folded import FoldedAMDANet
from amdanet_ros.inference.graphed_engine import GraphedEngine, record_cuda_graph
from amdanet_ros.inference.host_images import HostImages
from amdanet_ros.inference.image_backend import InputGeometry, OverlayStyle
from amdanet_ros.inference.luminance_share import gives_share, without_mixing
from amdanet_ros.inference.options import PredictOptions
from amdanet_ros.inference.plain_engine import PRECISIONS, EngineOutput
from amdanet_ros.inference.precision import AGREEMENT
from amdanet_ros.inference.thermal_normalization import ThermalNormalizer
from amdanet_ros.inference.transfer import Transfer
from amdanet_ros.network import AMDANet

GREY_LEVEL = 1.0 / 255.0
SIZES = ((96, 128), (70, 90), (64, 160), (128, 96), (33, 45))
"""More than a graphed engine keeps recordings of."""

_SHIFTED = np.array([[1.02, 0.03, -4.0], [-0.02, 0.98, 3.5], [1e-4, -5e-5, 1.0]])


def replayed_by_running(run: Callable[[], EngineOutput]) -> tuple[EngineOutput, Callable]:
    """Stand in for `record_cuda_graph` on a CPU: a replay runs again, into the same outputs."""
    output = EngineOutput(*(None if part is None else part.clone() for part in run()))

    def replay() -> None:
        for target, part in zip(output, run(), strict=True):
            if target is not None:
                target.copy_(part)

    return output, replay


def decoding_network(weights: str) -> AMDANet:
    """Return a built-in network; without its luminance mixing, as the predictor runs it."""
    network = read_checkpoint(weights)[0].build().eval()
    return without_mixing(network) if gives_share(network) else network


def engine_of(network: AMDANet, device: torch.device, precision: str) -> GraphedEngine:
    """Return the engine that the predictor has on a GPU; on a CPU see `replayed_by_running`."""
    record = record_cuda_graph if device.type == "cuda" else replayed_by_running
    return GraphedEngine(FoldedAMDANet(network, PRECISIONS[precision]).to(device), record)


def scene_on(device: torch.device, size: tuple[int, int], seed: int = 0) -> list[torch.Tensor]:
    """Return the built-in scene as the network's inputs."""
    rgb, thermal = (torch.from_numpy(image) / 255.0 for image in built_in_scene(size, seed))
    return [
        rgb.permute(2, 0, 1)[None].contiguous().to(device),
        thermal[None, None].contiguous().to(device),
    ]


def largest(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the largest difference over the largest value."""
    scale = expected.abs().max().clamp_min(1e-12)
    return ((got.double() - expected.double()).abs().max() / scale).item()


def check_graphs(device: torch.device) -> str:
    """A recorded run gives the engine's own numbers at each size and choice of outputs."""
    network = decoding_network("demo")
    own, worst = FoldedAMDANet(network).to(device), 0.0
    graphed = engine_of(network, device, "fp32")
    with torch.inference_mode():
        for number, size in enumerate((*SIZES, SIZES[0])):
            for wants in ((True, True), (True, False), (False, True)):
                images = scene_on(device, size, seed=number)
                kept = [image.clone() for image in images]
                expected, got = own(*images, *wants), graphed(*images, *wants)
                for one, other, wanted in zip(got, expected, wants, strict=True):
                    assert (one is not None) == wanted, f"{size}: not what was wanted"
                    if wanted:
                        worst = max(worst, largest(one, other))
                assert all(map(torch.equal, images, kept)), f"{size}: the inputs were changed"
    assert "without" not in graphed.name, graphed.name
    assert worst < 1e-4, f"a replay differs from the engine by {worst:.1e}"
    return f"{len(SIZES)} sizes, largest difference {worst:.1e}"


def check_transfer(device: torch.device) -> str:
    """Arrays arrive whole, and no later copy changes them."""
    transfer = Transfer(device, pinned=True)
    random = np.random.default_rng(0)
    kept = []
    for number in range(12):
        shape = ((480, 640, 3), (480, 640), (17, 31))[number % 3]
        array = random.integers(0, 256, shape, np.uint8)
        (back,) = transfer.download([transfer.upload("image", array)])
        kept.append((array, back))
    for array, back in kept:
        assert np.array_equal(array, back), "a copy was changed by a later one"
    return f"{len(kept)} copies"


def check_inputs(device: torch.device) -> str:
    """Images of every type and size become the inputs that OpenCV makes of them."""
    backend, worst = DeviceImages(device, Transfer(device)), 0.0
    rgb, heat = built_in_scene((96, 128))
    kinds = {
        "uint8": heat,
        "uint16": (28000 + 12 * heat.astype(np.uint16)).astype(np.uint16),
        "float32": (heat / 255.0).astype(np.float32),
    }
    for name, thermal in kinds.items():
        for size in ((96, 128), (48, 64), (64, 80), (160, 200)):
            for homography in (None, _SHIFTED):
                made = []
                for each in (backend, HostImages()):
                    geometry = InputGeometry(rgb.shape[:2], size, homography)
                    frame = ThermalNormalizer().frame(thermal)
                    made.append((each.rgb_input(rgb, size), each.thermal_input(frame, geometry)))
                for got, expected in zip(*made, strict=True):
                    apart = (got.cpu() - expected).abs()
                    # OpenCV rounds to 8 bits, and looks up places in steps of 1/32 pixel.
                    allowed = GREY_LEVEL if homography is None else 16 * GREY_LEVEL
                    assert apart.max() <= allowed, f"{name} at {size}: {apart.max():.3f} apart"
                    assert apart.mean() <= 0.5 * GREY_LEVEL, f"{name} at {size}: mean too far"
                    worst = max(worst, apart.max().item()) if homography is None else worst
    return f"largest difference {255 * worst:.2f} grey levels"


def check_outputs(device: torch.device) -> str:
    """Labels, confidence, fused image and overlay are those that OpenCV makes."""
    random = torch.Generator().manual_seed(3)
    coarse = torch.rand(1, 12, 8, 10, generator=random)
    fine = torch.nn.functional.interpolate(coarse, (64, 80), mode="bilinear")
    style = OverlayStyle(np.random.default_rng(0).integers(1, 255, (9, 3), np.uint8), 0.4, 0.3)
    share = 1.0
    for size in ((64, 80), (96, 120), (160, 200), (33, 200)):
        results = []
        for place, backend in (
            (device, DeviceImages(device, Transfer(device))),
            (torch.device("cpu"), HostImages()),
        ):
            output = EngineOutput(8.0 * fine[:, :9].to(place), 0.2 + 0.6 * fine[:, 9:].to(place))
            found = backend.outputs(output, size, True, False)
            found["overlay"] = backend.draw(found, style)
            results.append(backend.arrays(found))
        mine, theirs = results
        equal = float((mine["labels"] == theirs["labels"]).mean())
        share = min(share, equal)
        assert equal > 0.999, f"{size}: {equal:.2%} of the labels are equal"
        assert np.abs(mine["confidence"] - theirs["confidence"]).max() < 2e-3, f"{size}: confidence"
        assert cv2.norm(mine["fused"], theirs["fused"], cv2.NORM_INF) <= 2, f"{size}: fused"
        apart = np.abs(mine["overlay"].astype(int) - theirs["overlay"]).max(axis=2)
        assert (apart > 2).mean() < 5e-3, f"{size}: overlay"
    return f"{share:.2%} of labels equal"


def check_predictor(device: torch.device) -> str:
    """Whole predictions are those of the CPU, also after other sizes."""
    least, options = 1.0, PredictOptions(homography=_SHIFTED, confidence_threshold=0.2)
    for weights in ("demo", "street"):
        here = Predictor.from_checkpoint(weights, str(device), "fp32", (96, 128), engine="torch")
        here._images = DeviceImages(device, Transfer(device))  # on a CPU too
        there = Predictor.from_checkpoint(weights, "cpu", "fp32", (96, 128), engine="torch")
        for size in ((96, 128), (144, 192), (96, 128)):
            pair = built_in_scene(size)
            needed = {"labels", "confidence", "fused", "overlay"}
            got, expected = here(*pair, needed, options), there(*pair, needed, options)
            equal = float((got.labels == expected.labels).mean())
            least = min(least, equal)
            assert equal > 0.99, f"{weights} at {size}: {equal:.2%} of the labels are equal"
            apart = np.abs(got.fused.astype(int) - expected.fused).mean()
            assert apart < 1.0, f"{weights} at {size}: the fused image differs by {apart:.2f}"
            assert np.abs(got.confidence - expected.confidence).mean() < 0.01, (
                f"{weights} at {size}"
            )
    return f"{least:.2%} of labels equal to the CPU's"


def check_precisions(device: torch.device) -> str:
    """Each precision stays near float64 on trained weights; returns the errors of each."""
    said = []
    for weights in ("demo", "street"):
        for name, found in errors_to_float64(weights, device, (96, 128)).items():
            limit = 1e-4 if name == "fp32" else 0.1
            assert found["logits"] < limit, f"{weights} {name}: logits {found['logits']:.1e}"
            assert found["labels"] > (0.999 if name == "fp32" else AGREEMENT - 0.01), (
                f"{weights} {name}: {found['labels']:.2%} of the labels are equal"
            )
            said.append(f"{weights} {name} {found['labels']:.2%}")
    return "labels equal to float64's: " + ", ".join(said)


@functools.cache
def errors_to_float64(
    weights: str, device: torch.device, size: tuple[int, int]
) -> dict[str, dict[str, float]]:
    """Return the largest relative errors of a built-in network's engines on a device.

    The reference is the network itself, not folded, in float64.

    Returns:
        "logits", "fused" and "labels" (share equal, 0 to 1) by precision.
    """
    network = decoding_network(weights)
    images = scene_on(device, size)
    exact = read_checkpoint(weights)[0].build().eval()
    exact = (without_mixing(exact) if gives_share(exact) else exact).double().to(device)
    with torch.inference_mode():
        three = images[1].expand(-1, 3, -1, -1)
        reference = exact(images[0].double(), three.double())
        labels = reference.logits.argmax(1)
        errors = {}
        for name in PRECISIONS:
            output = engine_of(network, device, name)(*images)
            errors[name] = {
                "logits": largest(output.logits, reference.logits),
                "fused": largest(output.fused, reference.fused),
                "labels": (output.logits.argmax(1) == labels).double().mean().item(),
            }
    return errors


def check_choice(device: torch.device) -> str:
    """The precision "auto" is chosen, says why, and keeps the labels."""
    network, classes = read_checkpoint("demo")
    chosen = Predictor(network.build(), classes, str(device), "auto", (96, 128))
    exact = Predictor(network.build(), classes, str(device), "fp32", (96, 128))
    pair = built_in_scene((96, 128))
    equal = float((chosen(*pair).labels == exact(*pair).labels).mean())
    assert chosen.precision_reason, "no reason"
    assert equal >= AGREEMENT - 0.01, f"{equal:.2%} of the labels are equal"
    return f"{chosen.precision}: {chosen.precision_reason}"


def check_memory_fault(device: torch.device) -> str:
    """Too little memory is one clear line, and the next pair is computed."""
    if device.type != "cuda":
        return "not on a CPU"
    predictor = Predictor.from_checkpoint("demo", str(device), "fp32", engine="torch")
    pair = built_in_scene((96, 128))
    before = predictor(*pair).labels
    total = torch.cuda.get_device_properties(device).total_memory
    used = torch.cuda.memory_reserved(device)
    torch.cuda.set_per_process_memory_fraction(min(1.0, (used + 64 * 2**20) / total), device)
    try:
        predictor(*built_in_scene((2048, 2048)), options=PredictOptions(max_megapixels=8.0))
        raise AssertionError("2048 x 2048 fitted 64 MiB")
    except OutOfMemoryError as error:
        message = str(error)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
    assert "inference_size" in message and "\n" not in message, message
    assert np.array_equal(predictor(*pair).labels, before), "other labels afterwards"
    return message


CHECKS: tuple[Callable[[torch.device], str], ...] = (
    check_transfer,
    check_inputs,
    check_outputs,
    check_graphs,
    check_predictor,
    check_precisions,
    check_choice,
    check_memory_fault,
)
