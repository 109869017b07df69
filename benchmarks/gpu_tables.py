"""The tables of a run of `benchmarks/gpu.py`, for docs/performance.md."""

from __future__ import annotations

from benchmarks.document_section import table

MARK = "gpu"
COMMAND = "`python benchmarks/gpu.py`"
NOT_RUN = f"{COMMAND} (no ROS, no pytest; within 8 minutes): not run yet: no GPU was at hand."
MOST_GROWTH_MIB = 32.0
"""Of the host's resident memory after a tenth of the long run; the device's may not grow."""


def gpu_section(found: dict | None) -> str:
    """Return the section's Markdown; without a run it says so."""
    if found is None:
        return NOT_RUN
    parts = [
        f"{COMMAND}, {found['seconds']:.0f} s: {found['device']}, torch {found['torch']}. "
        "Random weights unless a name says other; every row's variants run alternately.",
        _times(found),
        _precisions(found),
        _memory(found),
        _checks(found),
    ]
    return "\n\n".join(part for part in parts if part)


def broken(found: dict) -> list[str]:
    """Return a sentence for each check that failed and each bound that does not hold."""
    sentences = [
        f"{name}: {check['words']}" for name, check in found["checks"].items() if not check["held"]
    ]
    run = found.get("long_run")
    if run and run["settled"]:
        for place, most in (("device_mib", 0.0), ("host_mib", MOST_GROWTH_MIB)):
            grown = run["end"][place] - run["settled"][place]
            if grown > most:
                sentences.append(f"long run: {place} grew by {grown:.0f}")
    for key, row in found["times"].items():
        for name, engine in row.get("engines", {}).items():
            if "without" in engine:
                sentences.append(f"{key} {name}: {engine}")
    return sentences


def floor_ms(row: dict, rates: dict, precision: str) -> float:
    """Return the lower bound of a network's time: its products, or its weights' bytes."""
    size = 0.5 if precision != "fp32" else 1.0
    products = row["gmacs"] / rates["gmacs"][precision]
    return 1e3 * max(products, size * row["weights"] / 1e9 / rates["copy"])


def _times(found: dict) -> str:
    rates, rows = found["floors"], []
    for key, row in found["times"].items():
        if "left_out" in row:
            rows.append([key, row["left_out"], "", "", "", ""])
            continue
        ms = row["ms"]
        eager = ms["eager fp32"]
        names = ("graphed fp32", "graphed fp16", "graphed bf16")
        whole = ms["whole fp16"]
        bytes_ms = 1e3 * sum(row["image_bytes"][way] / 1e9 / rates[way] for way in ("up", "down"))
        rows.append(
            [
                key,
                ", ".join(f"{eager / ms[name]:.2f}" for name in names),
                ", ".join(f"{ms[name]:.2f}" for name in ("eager fp32", *names)),
                ", ".join(f"{floor_ms(row, rates, each):.2f}" for each in ("fp32", "fp16")),
                f"{whole:.2f} ({row['ms95']['whole fp16']:.2f})",
                f"{whole - ms['graphed fp16']:.2f} ({bytes_ms:.2f})",
            ]
        )
    heads = [
        "",
        "ratio to eager fp32: graphed fp32, fp16, bf16",
        "ms: eager fp32, graphed fp32, fp16, bf16",
        "ms, floor: fp32, fp16",
        "ms, images in and out, fp16 (95 %)",
        "of it the images' way, ms (floor of its copies)",
    ]
    gmacs = rates["gmacs"]
    return table(heads, rows) + (
        f"\n\nFloors, of this run: products {gmacs['fp32']:.0f} GMAC/s in fp32, "
        f"{gmacs['fp16']:.0f} in fp16, {gmacs['bf16']:.0f} in bf16; copies {rates['copy']:.0f} "
        f"GB/s on the device, {rates['up']:.1f} up, {rates['down']:.1f} down."
    )


def _precisions(found: dict) -> str:
    if not found["precisions"]:
        return "Precisions against float64: no time was left."
    rows = [
        [
            f"{weights}, {precision}",
            f"{errors['labels']:.2%}",
            f"{errors['logits']:.1e}",
            f"{errors['fused']:.1e}",
        ]
        for weights, by_precision in found["precisions"].items()
        for precision, errors in by_precision.items()
    ]
    return table(["against float64", "equal labels", "largest error: logits", "fused"], rows)


def _memory(found: dict) -> str:
    rows = [
        [key, ", ".join(f"{row['peak_mib'][name]:.0f}" for name in ("eager fp32", "graphed fp16"))]
        for key, row in found["times"].items()
        if "peak_mib" in row
    ]
    text = table(["", "peak MiB beside what is kept: eager fp32, graphed fp16"], rows)
    run = found.get("long_run")
    if not run:
        return f"{text}\n\nLong run: no time was left."
    text += (
        f"\n\nStreet weights, fp16, two sizes: {run['frames']:,} frames of {run['asked']:,} in "
        f"{run['seconds']:.0f} s"
    )
    if not run["settled"]:
        return f"{text}: too few to tell."
    return text + (
        f"; device, host MiB after a tenth: {run['settled']['device_mib']:.0f}, "
        f"{run['settled']['host_mib']:.0f}; at the end: {run['end']['device_mib']:.0f}, "
        f"{run['end']['host_mib']:.0f}."
    )


def _checks(found: dict) -> str:
    rows = [
        [name, "holds" if check["held"] else "**does not hold**", _cell(check["words"])]
        for name, check in found["checks"].items()
    ]
    return table(["check (`benchmarks/gpu_checks.py`)", "", ""], rows)


def _cell(words: str) -> str:
    return words.replace("|", "/").replace("<", "‹")[:200]
