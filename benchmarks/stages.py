"""Where a small machine's time goes, and what smaller inputs, decoders and encoders would save.

    python benchmarks/stages.py [--street ../shared/street] [--rounds 9] [--write]

At the street weights' recommended size, on the CPU, with torch: the parts of a prediction; other
inference sizes with what they cost in agreement on the street set's 45 pairs of val.txt (against
maps on which published networks agree, see its README); and networks with smaller decoders and
encoders, whose accuracy is not known because they would have to be trained. All variants of a table
run alternately. `--write` writes the tables of docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

from amdanet_ros.evaluation.object_scores import ObjectScores  # noqa: E402
from amdanet_ros.inference import Predictor  # noqa: E402
from amdanet_ros.inference.built_in_scene import built_in_scene  # noqa: E402
from amdanet_ros.inference.folded import FoldedAMDANet  # noqa: E402
from amdanet_ros.inference.freed_memory import keep_freed_memory  # noqa: E402
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize  # noqa: E402
from amdanet_ros.whole_file import write_whole  # noqa: E402
from benchmarks.document_section import DOCUMENT, table, with_section  # noqa: E402
from benchmarks.gpu_checks import decoding_network, scene_on  # noqa: E402
from benchmarks.network import stirred_network  # noqa: E402
from benchmarks.network_measuring import interleaved, multiply_adds, parts_of  # noqa: E402

MARK = "small machines"
CPU = torch.device("cpu")
IMAGE = (480, 640)
DEFAULT = (240, 320)
SIZES = ((120, 160), (160, 224), (192, 256), DEFAULT, (480, 640))
MASK = frozenset({"labels"})
ALL = frozenset({"labels", "confidence", "fused", "overlay"})
PERSON, BICYCLE, VEHICLE = 7, 8, 9
DECODERS = (128, 256, 64, 32)
"""Channels of the segmentation decoder; the weights' own first."""

ENCODERS = {
    "MiT-B0": BACKBONES["mit_b0"],
    "MiT-B0, one block a stage": MixTransformerSize((32, 64, 160, 256), (1, 1, 1, 1)),
    "half of MiT-B0's channels": MixTransformerSize((16, 32, 80, 128), (2, 2, 2, 2)),
}


@contextmanager
def encoder(size: MixTransformerSize):
    """Let "mit_b0" be an encoder of another size."""
    kept = BACKBONES["mit_b0"]
    BACKBONES["mit_b0"] = size
    try:
        yield
    finally:
        BACKBONES["mit_b0"] = kept


def median_ms(
    runs: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Return each variant's median; they run alternately."""
    with torch.inference_mode():
        seconds = interleaved(runs, rounds, CPU, clock)
    return {name: 1e3 * statistics.median(each) for name, each in seconds.items()}


def stages(size: tuple[int, int], rounds: int, clock: Callable[[], float]) -> dict:
    """Return the ms of a prediction, "mask" and "all" outputs, and of the network's parts.

    Returns:
        "parts", by outputs: "network" and "images", the rest; "network" by part, of all outputs.
    """
    predictor = Predictor.from_checkpoint("street", "cpu", "fp32", size, engine="torch")
    pair, images = built_in_scene(IMAGE), scene_on(CPU, size)
    folded = FoldedAMDANet(decoding_network("street"))
    ms = median_ms(
        {
            "mask": lambda: predictor(*pair, MASK),
            "mask network": lambda: folded(*images, want_fused=False),
            "all": lambda: predictor(*pair, ALL),
            "all network": lambda: folded(*images),
        },
        rounds,
        clock,
    )
    with torch.inference_mode():
        measured = [
            parts_of(folded, lambda: folded(*images), CPU, clock) for _ in range(rounds + 1)
        ][1:]
    return {
        "parts": {
            kind: {"network": ms[f"{kind} network"], "images": ms[kind] - ms[f"{kind} network"]}
            for kind in ("mask", "all")
        },
        "network": {
            part: 1e3 * statistics.median(each[part] for each in measured) for part in measured[0]
        },
    }


def sizes(
    street: Path | None,
    every: Sequence[tuple[int, int]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, dict]:
    """Return the ms of a mask at each inference size, and how it agrees on the street set.

    Returns:
        By "H x W": "ms", "gmacs"; with the street set "iou" of person, bicycle and vehicle,
        "mean", and "equal", the share of labels equal to those at the default size.
    """
    predictors = {
        f"{size[0]} x {size[1]}": Predictor.from_checkpoint(
            "street", "cpu", "fp32", size, engine="torch"
        )
        for size in every
    }
    pair = built_in_scene(IMAGE)
    runs = {name: lambda p=p: p(*pair, MASK) for name, p in predictors.items()}
    ms = median_ms(runs, rounds, clock)
    folded = FoldedAMDANet(decoding_network("street"))
    rows: dict[str, dict] = {}
    for name, size in zip(predictors, every, strict=True):
        images = scene_on(CPU, size)
        with torch.inference_mode():
            gmacs = multiply_adds(lambda images=images: folded(*images, want_fused=False))
        rows[name] = {"ms": ms[name], "gmacs": gmacs}
    if street is None:
        return rows
    scores = {name: ObjectScores((PERSON, BICYCLE, VEHICLE)) for name in predictors}
    equal: dict[str, list[float]] = {name: [] for name in predictors}
    default = f"{DEFAULT[0]} x {DEFAULT[1]}"
    for rgb, thermal, known in street_pairs(street):
        labels = {name: each(rgb, thermal, MASK).labels for name, each in predictors.items()}
        for name, found in labels.items():
            scores[name].add(known, found)
            equal[name].append(float((found == labels[default]).mean()))
    for name, row in rows.items():
        iou = scores[name].iou()
        row |= {"iou": iou.tolist(), "mean": float(np.nanmean(iou))}
        row["equal"] = statistics.mean(equal[name])
    return rows


def street_pairs(street: Path):
    """Yield RGB, thermal and the map of what is known, of each pair of val.txt."""
    folder = street / "msrs"
    for name in (folder / "val.txt").read_text().split():
        rgb, thermal, known = (_image(folder, kind, name) for kind in ("rgb", "thermal", "objects"))
        yield cv2.cvtColor(rgb, cv2.COLOR_BGR2RGB), thermal, known


def _image(folder: Path, kind: str, name: str) -> np.ndarray:
    path = next(path for path in (folder / kind).glob(f"{Path(name).stem}.*"))
    image = cv2.imread(str(path), cv2.IMREAD_COLOR if kind == "rgb" else cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise OSError(f"{path} is not an image")
    return image


def variants(
    rounds: int, size: tuple[int, int] = DEFAULT, clock: Callable[[], float] = time.perf_counter
) -> dict[str, dict]:
    """Return the ms of networks with random weights: mask alone, and with the fused image.

    Returns:
        By name: "mask", "both" (ms), "gmacs" of a mask, "megabytes" of the weights in fp32.
    """
    images, networks, rows = scene_on(CPU, size), {}, {}
    for name, widths in ENCODERS.items():
        with encoder(widths):
            for channels in DECODERS if name == "MiT-B0" else (DECODERS[0], DECODERS[-1]):
                network = stirred_network("mit_b0", 10, channels)
                key = f"{name}; decoder {channels}"
                networks[key] = FoldedAMDANet(network)
                weights = sum(each.numel() for each in network.parameters()) * 4 / 1e6
                rows[key] = {"megabytes": weights}
    runs: dict[str, Callable[[], object]] = {}
    for key, network in networks.items():
        runs[f"{key} mask"] = lambda network=network: network(*images, want_fused=False)
        runs[f"{key} both"] = lambda network=network: network(*images)
    ms = median_ms(runs, rounds, clock)
    for key, row in rows.items():
        with torch.inference_mode():
            row["gmacs"] = multiply_adds(runs[f"{key} mask"])
        row |= {kind: ms[f"{key} {kind}"] for kind in ("mask", "both")}
    return rows


def section(found: dict) -> str:
    """Return the section's Markdown."""
    parts, network = found["stages"]["parts"], found["stages"]["network"]
    names = {"network": "network", "images": "images in and out"}
    rows = [
        [
            words,
            *(f"{parts[kind][part] / sum(parts[kind].values()):.1%}" for kind in ("mask", "all")),
            *(f"{parts[kind][part]:.1f}" for kind in ("mask", "all")),
        ]
        for part, words in names.items()
    ]
    whole = sum(network.values())
    grouped = _grouped(network)
    inside = [[name, f"{ms / whole:.1%}", f"{ms:.1f}"] for name, ms in grouped.items()]
    default = found["sizes"]["240 x 320"]
    by_size = []
    for name, row in found["sizes"].items():
        cells = [
            name,
            f"{row['ms'] / default['ms']:.2f}",
            f"{row['ms']:.0f}",
            f"{row['gmacs']:.2f}",
        ]
        if "iou" in row:
            iou = ", ".join(f"{value:.3f}" for value in row["iou"])
            cells += [f"{row['mean']:.3f}", iou, f"{row['equal']:.1%}"]
        by_size.append(cells + [""] * (7 - len(cells)))
    own = next(iter(found["variants"].values()))
    small = [
        [
            name,
            f"{row['mask'] / own['mask']:.2f}",
            f"{row['mask']:.0f}, {row['both']:.0f}",
            f"{row['gmacs']:.2f}",
            f"{row['megabytes']:.1f}",
            "see above" if row is own else "not measured: not trained",
        ]
        for name, row in found["variants"].items()
    ]
    return "\n\n".join(
        [
            f"`python benchmarks/stages.py --street ../shared/street --write`: 480 x 640 images, "
            f"`checkpoint: street` at 240 x 320, fp32 with torch, threads: {found['threads']}, "
            f"{'processor' if found['clock'] == 'cpu' else 'wall'} time. Over "
            "DDS: the section Latency.",
            table(
                [
                    "",
                    "share: mask alone",
                    "share: all outputs",
                    "ms: mask alone",
                    "ms: all outputs",
                ],
                rows,
            ),
            table(["of the network", "share", "ms"], inside),
            "Inference sizes; agreement with published predictions on 45 pairs (IoU, disputed "
            "pixels left out), and with the mask at 240 x 320:",
            table(
                [
                    "",
                    "time",
                    "ms, mask",
                    "GMAC",
                    "mean",
                    "person, bicycle, vehicle",
                    "equal labels",
                ],
                by_size,
            ),
            "Smaller networks, random weights:",
            table(["", "time", "ms: mask, with fused", "GMAC", "MB", "accuracy"], small),
        ]
    )


def _grouped(network: dict[str, float]) -> dict[str, float]:
    """Sum the parts of the four stages by kind."""
    grouped: dict[str, float] = {}
    for part, ms in network.items():
        kind = part.partition(": ")[2] or part
        grouped[kind] = grouped.get(kind, 0.0) + ms
    return dict(sorted(grouped.items(), key=lambda each: -each[1]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; write the tables where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--street", type=Path, help="folder of the street set, for the agreement")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--from", dest="earlier", type=Path, help="numbers of an earlier run")
    parser.add_argument("--write", action="store_true", help="write the tables")
    given = parser.parse_args(arguments)
    if given.earlier is not None:
        found = json.loads(given.earlier.read_text())
    else:
        keep_freed_memory()
        clock = time.process_time if given.clock == "cpu" else time.perf_counter
        found = {
            "threads": torch.get_num_threads(),
            "clock": given.clock,
            "stages": stages(DEFAULT, given.rounds, clock),
            "variants": variants(given.rounds, DEFAULT, clock),
            "sizes": sizes(given.street, SIZES, given.rounds, clock),
        }
    print(section(found))
    if given.json is not None:
        write_whole(given.json, json.dumps(found, indent=1) + "\n")
    if given.write:
        write_whole(DOCUMENT, with_section(DOCUMENT.read_text(), MARK, section(found)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
