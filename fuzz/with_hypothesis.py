"""Fuzzing of one target by hypothesis, where atheris has no wheel; ``__main__`` starts it.

    python -m fuzz.with_hypothesis TARGET FOUND SECONDS FOLDER_FOR_FAULTS [CORPUS...]

Prints how many inputs were run. What ends in a fault is described in the file FOUND, its input lies
in the folder.
"""

from __future__ import annotations

import itertools
import sys
import time
import traceback
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .target import Target
from .targets import target_of

_BATCH = 200


def inputs(target: Target, begin: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return any bytes, and inputs to begin with that are changed in some places."""
    changes = st.lists(
        st.tuples(st.integers(0, target.longest), st.integers(0, 3), st.binary(max_size=8)),
        max_size=6,
    )
    changed = st.tuples(st.sampled_from(begin), changes).map(lambda both: _changed(*both))
    return st.one_of(changed, changed, st.binary(max_size=target.longest))


def _changed(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, removed, put in changes:
        at %= len(data) + 1
        data = data[:at] + put + data[at + removed * len(put) :]
    return data


def main() -> int:
    """Fuzz for some seconds; returns 1 after a fault."""
    name, found, seconds, folder, *corpora = sys.argv[1:]
    target = target_of(name)
    begin = target.seeds()
    begin += [path.read_bytes() for corpus in corpora for path in Path(corpus).iterdir()]
    runs = itertools.count()
    end = time.monotonic() + float(seconds)
    last = b""

    @settings(
        max_examples=_BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(target, begin))
    def batch(data: bytes) -> None:
        nonlocal last
        last = data
        next(runs)
        target(data)

    try:
        for number in itertools.count():
            if time.monotonic() > end:
                break
            seed(number)(batch)()
    except BaseException:
        Path(found).write_text(traceback.format_exc())
        (Path(folder) / f"{name}-fault").write_bytes(last)
        return 1
    finally:
        print(f"stat::number_of_executed_units: {next(runs)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
