"""Steps that trials of simulated fleets share, whatever runs their workers."""

import os
import signal
import time
from collections import Counter

from benchmarks.simulated_fleet import noted


def fill(folder, **inputs):
    """Write inputs: each name's words say what becomes of it."""
    for name, words in inputs.items():
        (folder / name).write_text(words)


def until(holds, seconds=60):
    """Wait until something holds that files of other processes show."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def replaces_a_worker_killed_within_a_unit(place, start, **others):
    """Kill the worker that has input a half done; the driver has to finish all, each step once."""
    source, out = place
    fill(source, a="steps wait", **others)
    driver = start()
    until(lambda: len(noted(out, "steps")) == 3)
    lines = (out / "begun").read_text().splitlines()
    os.kill(next(int(line.split()[1]) for line in lines if line[0] == "a"), signal.SIGKILL)
    until(lambda: noted(out, "begun")["a"] == 2)
    fill(source, go="")
    assert driver.wait(timeout=60) == 0
    assert noted(out, "made") == Counter(["a", *others])
    assert noted(out, "steps") == Counter(f"a/{number}" for number in range(6))
