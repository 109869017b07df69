"""Compare the folded network and AMDANet with a plain forward (`plain_forward.py`).

    python benchmarks/network.py [--backbones mit_b0 mit_b4] [--sizes 480x640] [--check]

Same weights, same inputs, all variants alternately in one run. Prints Markdown: for each backbone
and size each variant's time, its ratio to the plain forward (median over the rounds), its error
relative to the plain forward and its peak memory; then the time by part and the lower bound. On a
shared machine `--clock cpu --threads 1` counts processor time. `--check` exits with 1 if a bound of
docs/performance.md does not hold.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from amdanet_ros.inference.device import choose_device
from amdanet_ros.inference.errors import DeviceUnavailableError
from amdanet_ros.inference.folded import FoldedAMDANet
from amdanet_ros.inference.plain_engine import PRECISIONS
from amdanet_ros.inference.timing import median_ratio
from amdanet_ros.network import AMDANet
from amdanet_ros.network.mix_transformer import BACKBONES
from benchmarks.network_measuring import (
    floor_seconds,
    interleaved,
    multiply_adds,
    parts_of,
    peak_memory,
    rates,
)
from benchmarks.plain_forward import PlainForward

PROMISED_RATIO = {"mit_b0": 6.0, "mit_b4": 2.4}
PROMISED_MEMORY = 1 / 3
LARGEST_ERROR = 3e-5

Run = Callable[[], tuple[torch.Tensor, torch.Tensor]]


def stirred_network(backbone: str, num_classes: int, embed_dim: int = 512) -> AMDANet:
    """Return a network with random numbers in every parameter and statistic."""
    torch.manual_seed(0)
    network = AMDANet(backbone=backbone, num_classes=num_classes, embed_dim=embed_dim).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.data.uniform_(-1, 1).mul_((3 / parameter[0].numel()) ** 0.5)
        elif parameter.ndim == 1:
            parameter.data.add_(torch.empty_like(parameter).uniform_(-0.2, 0.2))
    return network


def variants_of(
    network: AMDANet, size: tuple[int, int], device: torch.device, precisions: list[str]
) -> tuple[dict[str, Run], FoldedAMDANet]:
    """Return the variants by name, and the fp32 folded network for the times by part."""
    generator = torch.Generator().manual_seed(1)
    rgb = torch.rand(1, 3, *size, generator=generator).to(device)
    thermal = torch.rand(1, 1, *size, generator=generator).to(device)
    three = thermal.repeat(1, 3, 1, 1)
    network.to(device)
    plain = PlainForward(network.state_dict())
    folded = {name: FoldedAMDANet(network, PRECISIONS[name]).to(device) for name in precisions}
    runs: dict[str, Run] = {
        "plain": lambda: plain(rgb, three),
        "module": lambda: network(rgb, three)[:2],
    }
    for name, each in folded.items():
        runs[f"folded {name}"] = lambda each=each: each(rgb, thermal)
    return runs, folded["fp32"]


def relative_error(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the relative L2 error."""
    return ((got - expected).double().norm() / expected.double().norm()).item()


def measure(
    backbone: str, size: tuple[int, int], device: torch.device, options: argparse.Namespace
) -> dict:
    """Measure all variants of a backbone at a size; print a section and return the numbers."""
    network = stirred_network(backbone, options.classes)
    runs, folded = variants_of(network, size, device, options.precisions)
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    seconds = interleaved(runs, options.repeats, device, clock)
    logits, fused = runs["plain"]()
    labels = logits.max(1).indices
    print(f"\n## {backbone}, {size[0]} x {size[1]}\n")
    print("| | median ms | ratio | error logits | error fused | labels kept | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    numbers = {}
    for name, run in runs.items():
        outputs = run()
        numbers[name] = {
            "ms": 1e3 * statistics.median(seconds[name]),
            "ratio": median_ratio(seconds["plain"], seconds[name]),
            "logits_error": relative_error(outputs[0], logits),
            "fused_error": relative_error(outputs[1], fused),
            "labels": (outputs[0].max(1).indices == labels).float().mean().item(),
            "peak_mib": peak_memory(run, device),
        }
        print(
            f"| {name} | {{ms:.1f}} | {{ratio:.2f}} | {{logits_error:.1e}} | {{fused_error:.1e}} | "
            "{labels:.2%} | {peak_mib:.0f} |".format(**numbers[name])
        )
    run = runs["folded fp32"]
    parts = parts_of(folded, run, device)
    whole = sum(parts.values())
    print("\nFolded fp32 by part, ms: " + ", ".join(
        f"{name} {1e3 * part:.1f} ({part / whole:.0%})" for name, part in parts.items()
    ))  # fmt: skip
    reached = rates(device)
    gmacs = multiply_adds(run)
    weights = sum(buffer.nbytes for buffer in folded.buffers())
    images = 4 * size[0] * size[1] * (3 + 1 + 3 + options.classes)
    floor = floor_seconds(gmacs, weights + images, reached)
    print(
        f"\nFloor: {gmacs:.1f} GMAC (plain {multiply_adds(runs['plain']):.1f}) at "
        f"{reached.gmacs:.0f} GMAC/s, {(weights + images) / 1e6:.0f} MB at "
        f"{reached.gigabytes:.0f} GB/s: {1e3 * floor:.1f} ms"
    )
    return {"backbone": backbone, "size": size, "variants": numbers, "floor_ms": 1e3 * floor}


def broken_bounds(result: dict) -> list[str]:
    """Return a sentence for each bound of fp32 on the CPU that does not hold."""
    where = f"{result['backbone']} at {result['size'][0]} x {result['size'][1]}"
    plain, folded = result["variants"]["plain"], result["variants"]["folded fp32"]
    sentences = []
    if folded["logits_error"] > LARGEST_ERROR or folded["fused_error"] > LARGEST_ERROR:
        sentences.append(f"{where}: error above {LARGEST_ERROR}")
    least = PROMISED_RATIO.get(result["backbone"])
    if result["size"] == (480, 640) and least is not None and folded["ratio"] < least:
        sentences.append(f"{where}: {folded['ratio']:.2f} times the plain forward, not {least}")
    if folded["peak_mib"] > PROMISED_MEMORY * plain["peak_mib"]:
        share = folded["peak_mib"] / plain["peak_mib"]
        sentences.append(f"{where}: {share:.2f} of the plain forward's memory, not a third")
    return sentences


def size_of(text: str) -> tuple[int, int]:
    """Read HEIGHTxWIDTH."""
    try:
        height, width = (int(side) for side in text.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write HEIGHTxWIDTH, such as 480x640") from None
    return height, width


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--backbones", nargs="+", choices=sorted(BACKBONES), default=["mit_b0", "mit_b4"]
    )
    parser.add_argument("--sizes", nargs="+", type=size_of, default=[(480, 640)])
    parser.add_argument("--classes", type=int, default=9)
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--precisions", nargs="+", choices=sorted(PRECISIONS), default=["fp32"])
    parser.add_argument("--repeats", type=int, default=5, help="rounds, after one that warms up")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bound does not hold")
    options = parser.parse_args(arguments)
    options.precisions = list(dict.fromkeys(["fp32", *options.precisions]))
    torch.set_num_threads(options.threads)
    try:
        device = choose_device(options.device)
    except (DeviceUnavailableError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    print(
        f"torch {torch.__version__}, {name}, {options.threads} threads, {options.clock} clock, "
        f"{options.repeats} rounds"
    )
    with torch.inference_mode():
        results = [
            measure(backbone, size, device, options)
            for backbone in options.backbones
            for size in options.sizes
        ]
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    broken = [sentence for result in results for sentence in broken_bounds(result)]
    for sentence in broken if device.type == "cpu" else []:
        print(f"\nBROKEN {sentence}")
    return 1 if broken and options.check and device.type == "cpu" else 0


if __name__ == "__main__":
    raise SystemExit(main())
