"""Start the predictor again and again: what `auto` chooses, and when the first result is there.

    python benchmarks/starts.py [--starts 20] [--load 2] [--kept]

Each start is a process of its own. Its time begins before Python does and ends with the first
result. The first start has an empty cache; the others find its graphs and measure the choice
again, or with `--kept` take the kept choice as a node does. `--load` computes beside them in so
many endless loops, and another process starts again and again. Exits with 1 if two starts chose
differently.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_START = """
import json, os, sys
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
checkpoint, precision, height, width, kept = sys.argv[1:]
from amdanet_ros.graphs.read_ahead import read_ahead
read_ahead("starts", sys.argv[1:])
from amdanet_ros.inference import Predictor
from amdanet_ros.inference.built_in_scene import built_in_scene
from amdanet_ros.inference.choice_memory import ChoiceMemory
if kept == "0":
    ChoiceMemory.recall = lambda *_: None
size = int(height), int(width)
predictor = Predictor.from_checkpoint(checkpoint, "cpu", precision, size)
predictor(*built_in_scene(size))
print(json.dumps([predictor._engine.name.split(" (")[0], predictor.precision,
                  predictor.precision_reason]), flush=True)
"""
_BUSY = "while True: pass"
_STARTING = (
    "import subprocess, sys\nwhile True: subprocess.run([sys.executable, '-c', 'import torch'])"
)


def main() -> int:
    """Start, print a line for each start and a summary; 1 if the choices differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default="demo")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--size", type=int, nargs=2, default=(240, 320), metavar=("H", "W"))
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--load", type=int, default=0, help="endless loops beside the starts")
    parser.add_argument("--kept", action="store_true", help="take the kept choice")
    arguments = parser.parse_args()
    chosen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as cache, _load(arguments.load):
        environment = {**os.environ, "XDG_CACHE_HOME": cache, "PYTHONPATH": str(ROOT)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled
        for number in range(arguments.starts):
            size = [str(side) for side in arguments.size]
            words = [arguments.checkpoint, arguments.precision, *size, str(int(arguments.kept))]
            began = time.perf_counter()
            command = [sys.executable, "-c", _START, *words]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
                line = process.stdout.readline()
                seconds = time.perf_counter() - began
            engine, precision, reason = json.loads(line)
            chosen[f"{engine} {precision}"] += 1
            print(f"{number + 1}: {seconds:.1f} s, {engine} {precision} ({reason})", flush=True)
    for choice, count in chosen.most_common():
        print(f"{count} of {arguments.starts}: {choice}")
    return int(len(chosen) > 1)


@contextlib.contextmanager
def _load(loops: int) -> Iterator[None]:
    """Endless loops, and a process that starts others, while the body runs."""
    programs = [_BUSY] * loops + [_STARTING] * bool(loops)
    running = [subprocess.Popen([sys.executable, "-c", program]) for program in programs]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
