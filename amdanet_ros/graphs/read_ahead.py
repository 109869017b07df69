"""The graph that a program used last, read while it still imports torch.

Torch's import holds Python for a second, and OpenVINO reads a graph for a second without Python.
Which graph that will be is known from the last start of the same program alone: the weights, from
which a graph's key is made, are not read yet. A wrong guess costs processor time, nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import openvino_core
from .graph_cache import GraphCache, cache_folder

_FORMAT = 1
_LARGEST_FILE = 1024 * 1024
"""Of the files whose content tells one call from another, bytes."""


@dataclass(frozen=True)
class GraphUse:
    """A graph of the cache, and how it is read.

    Attributes:
        key: of the entry.
        device: OpenVINO's name.
        precision: "fp32", "bf16" or "fp16".
        threads: on the CPU.
    """

    key: str
    device: str
    precision: str
    threads: int


class ReadAhead:
    """Reads a program's graph in a thread, and keeps which one it used for its next start.

    Args:
        program: its name.
        words: of the call; of those that name small files the content counts, not the name.
        cache: of graphs, where the note is kept too.
    """

    def __init__(self, program: str, words: Sequence[str], cache: GraphCache) -> None:
        self._cache = cache
        self._entry = f"used {_FORMAT} {program} {_digest(words)}"
        self._use = self._noted()
        self._found: Any = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        if self._use is not None:
            # No daemon: an interpreter that ends while OpenVINO computes aborts.
            self._thread = threading.Thread(target=self._read, name="read_ahead")
            self._thread.start()

    def has(self, key: str) -> bool:
        """Whether the graph of a key is read already."""
        return self._found is not None and self._use is not None and self._use.key == key

    def take(self, key: str) -> Any:
        """Return the compiled graph of a key, once; None: another one is read, or none."""
        if self._use is None or self._use.key != key:
            return None
        self._thread.join()
        found, self._found = self._found, None
        return found

    def note(self, use: GraphUse | None) -> None:
        """Keep which graph the program uses; None: none. What was read for nothing is dropped."""
        with self._lock:
            before, self._use, self._found = self._use, None, None
        if use is None:
            self._cache.remove(self._entry)
        elif use != before:
            self._cache.put(self._entry, json.dumps(asdict(use)).encode())

    def _noted(self) -> GraphUse | None:
        content = self._cache.get(self._entry)
        try:
            kept = json.loads(content or b"null")
            texts = [str(kept[name]) for name in ("key", "device", "precision")]
            return GraphUse(*texts, int(kept["threads"]))
        except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
            return None

    def _read(self) -> None:
        use = self._use
        content = self._cache.get(use.key)
        if content is None:
            return
        try:
            found = openvino_core.compile_model(content, use.device, use.precision, use.threads)
        except Exception:  # whatever it is: the engine reads it again and says what is wrong
            return
        with self._lock:
            if self._use is not None:
                self._found = found


_of_process: ReadAhead | None = None


def read_ahead(program: str, words: Sequence[str] = ()) -> None:
    """Begin to read the graph that the program used when it was called so the last time."""
    global _of_process
    _of_process = ReadAhead(program, words, GraphCache(cache_folder()))


def of_process() -> ReadAhead | None:
    """Return what this process reads ahead; None: its program does not."""
    return _of_process


def _digest(words: Sequence[str]) -> str:
    """Return a sum of words; launch files write parameters to a file of another name each time."""
    sums = hashlib.sha256()
    for word in words:
        sums.update(_content(word) or os.fsencode(word))
        sums.update(b"\n")
    return sums.hexdigest()


def _content(word: str) -> bytes | None:
    try:
        status = os.stat(word)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_FILE:
            return None
        with open(word, "rb") as file:
            return file.read(_LARGEST_FILE)
    except (OSError, ValueError):
        return None
