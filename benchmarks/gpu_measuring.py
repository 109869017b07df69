"""Times, memory and a long run of the network on a GPU; each result is plain JSON."""

from __future__ import annotations

import resource
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from amdanet_ros.classes import class_table_of_size
from amdanet_ros.inference import Predictor
from amdanet_ros.inference.built_in_scene import built_in_scene
from amdanet_ros.inference.folded import FoldedAMDANet
from amdanet_ros.inference.plain_engine import PRECISIONS
from benchmarks.gpu_checks import engine_of, scene_on
from benchmarks.network import stirred_network
from benchmarks.network_measuring import MIB, interleaved, multiply_adds, peak_memory, synchronize
from benchmarks.time_budget import TimeBudget

CLASSES = 9
SETTLED = 0.1
"""Share of a long run after which memory may not grow."""


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        backbones: names.
        sizes: (height, width) of the images.
        rounds: of each timing, at most.
        product, copy: side of the multiplied matrices; MiB that are copied.
        frames: of the long run.
        frame_size: (height, width) of its images.
    """

    backbones: tuple[str, ...] = ("mit_b0", "mit_b2", "mit_b4")
    sizes: tuple[tuple[int, int], ...] = ((480, 640), (720, 1280))
    rounds: int = 40
    product: int = 8192
    copy: int = 512
    frames: int = 10_000
    frame_size: tuple[int, int] = (480, 640)


TINY = Extent(("mit_b0",), ((96, 128),), 2, 64, 1, 20, (64, 96))
"""To try the script on a CPU, at the size of the checks: their errors to float64 serve too."""


def floors(device: torch.device, extent: Extent) -> dict:
    """Return the device's rates: products of two matrices in each precision, and copies.

    Returns:
        "gmacs" by precision (1e9 multiply-adds a second), "copy", "up" and "down" (1e9 bytes a
        second, on the device read and written; to it and from it through pinned memory).
    """
    side = extent.product
    products = {}
    for name, dtype in PRECISIONS.items():
        a = torch.rand(side, side, device=device).to(dtype)
        seconds = min(interleaved({"": lambda a=a: a @ a}, 5, device)[""])
        products[name] = side**3 / seconds / 1e9
    large = torch.empty(extent.copy * MIB, dtype=torch.uint8, device=device)
    host = torch.empty(extent.copy * MIB, dtype=torch.uint8, pin_memory=device.type == "cuda")
    other = torch.empty_like(large)
    seconds = interleaved(
        {
            "copy": lambda: other.copy_(large),
            "up": lambda: large.copy_(host, non_blocking=True),
            "down": lambda: host.copy_(large, non_blocking=True),
        },
        5,
        device,
    )
    rates = {name: large.nbytes / min(each) / 1e9 for name, each in seconds.items()}
    return {"gmacs": products, "copy": 2 * rates["copy"], "up": rates["up"], "down": rates["down"]}


def network_times(
    backbone: str, size: tuple[int, int], device: torch.device, extent: Extent, budget: TimeBudget
) -> dict:
    """Time a network with random weights: eager and as recorded, and with its images' way.

    "eager fp32" launches each operation; the others replay a recording; "whole fp16" is a
    prediction, uint8 images in, mask, confidence, fused image and overlay out on the host.

    Returns:
        "ms", "ms95" and "peak_mib" by variant, "gmacs" (1e9 multiply-adds of one run), "weights"
        (bytes in fp32), "image_bytes" (up and down), "rounds". `{"left_out": why}` if no time is
        left.
    """
    network = stirred_network(backbone, CLASSES)
    images = scene_on(device, size)
    eager = FoldedAMDANet(network).to(device)
    engines = {name: engine_of(network, device, name) for name in ("fp32", "fp16", "bf16")}
    predictor = Predictor(network, class_table_of_size(CLASSES), str(device), "fp16", size)
    pair = built_in_scene(size)
    needed = frozenset({"labels", "confidence", "fused", "overlay"})
    runs = {"eager fp32": lambda: eager(*images)}
    runs |= {f"graphed {name}": lambda e=e: e(*images) for name, e in engines.items()}
    runs["whole fp16"] = lambda: predictor(*pair, needed)
    with torch.inference_mode():
        for run in runs.values():  # records the graphs
            run()
        synchronize(device)
        begun = time.perf_counter()
        for run in runs.values():
            run()
        synchronize(device)
        rounds = budget.rounds(time.perf_counter() - begun, 0.15, extent.rounds)
        if not rounds:
            return {"left_out": "no time was left"}
        seconds = interleaved(runs, rounds, device)
        outputs = predictor(*pair, needed)
        down = [outputs.labels, outputs.confidence, outputs.fused, outputs.overlay]
        return {
            "ms": {name: 1e3 * statistics.median(each) for name, each in seconds.items()},
            "ms95": {name: 1e3 * float(np.percentile(each, 95)) for name, each in seconds.items()},
            "peak_mib": {name: peak_memory(run, device) for name, run in runs.items()},
            "gmacs": multiply_adds(runs["eager fp32"]),
            "weights": sum(buffer.nbytes for buffer in eager.state_dict().values()),
            "image_bytes": {
                "up": sum(image.nbytes for image in pair),
                "down": sum(array.nbytes for array in down),
            },
            "rounds": rounds,
            "engines": {name: engine.name for name, engine in engines.items()},
        }


def long_run(device: torch.device, extent: Extent, budget: TimeBudget) -> dict:
    """Predict frames with the street weights and watch the memory; other sizes come in between.

    Returns:
        "frames" (less than asked for if the time ends), "seconds", and "settled" and "end", each
        with "device_mib" (reserved) and "host_mib" (resident).
    """
    predictor = Predictor.from_checkpoint("street", str(device), "fp16", engine="torch")
    height, width = extent.frame_size
    pairs = [
        built_in_scene(size, seed)
        for seed, size in enumerate([(height, width)] * 3 + [(height * 3 // 4, width * 3 // 4)])
    ]
    choices = [frozenset({"labels"}), frozenset({"labels", "confidence", "fused", "overlay"})]
    settled, done, begun = None, 0, time.perf_counter()
    while done < extent.frames and budget.left() > 0:
        predictor(*pairs[done % len(pairs)], choices[done // 7 % 2])
        done += 1
        if done == max(1, int(SETTLED * extent.frames)):
            settled = _memory(device)
    return {
        "frames": done,
        "asked": extent.frames,
        "seconds": time.perf_counter() - begun,
        "settled": settled,
        "end": _memory(device),
    }


def _memory(device: torch.device) -> dict[str, float]:
    status = Path("/proc/self/status")
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if status.is_file():
        lines = status.read_text().splitlines()
        resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
    reserved = torch.cuda.memory_reserved(device) / MIB if device.type == "cuda" else 0.0
    return {"device_mib": reserved, "host_mib": resident}
