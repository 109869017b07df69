"""Finding a network's state dict in what a training saved, under whatever names.

Trainings keep it under "model", "state_dict", "net", "ema" and many others, some within each
other. Wrappers put words before the names: "module." (DistributedDataParallel), "_orig_mod."
(torch.compile), "model." or "net." (Lightning and own classes). The one that all names of the
network follow is found by a parameter that every Mix Transformer has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .inert_pickle import Made, mapping_of
from .pth_tensors import is_array, is_tensor

FIRST_PARAMETER = ("patch_embed1", "proj", "weight")
"""Of a Mix Transformer: the parts of its name."""

_WRAPPERS = frozenset(
    ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"]
)
"""Parts of a name that torch's wrappers put anywhere into it."""
_COUNTERS = frozenset(["total_ops", "total_params", "n_averaged"])
"""Last parts of names that profilers (thop) and averaging add; no weights."""
_AVERAGED = re.compile(r"(^|[._])(ema|teacher|average|averaged|shadow|swa)([._]|$)", re.IGNORECASE)
_DEEPEST = 4
_MOST_MAPPINGS = 10_000


class AmbiguousNameError(ValueError):
    """Two entries are the same parameter; the message names it."""


def find_state_dict(content: Any, root: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Return the entries of a network's state dict, by the names that they have in the network.

    Where a file holds several of them, one that is not averaged (named "ema", "teacher", ...)
    goes before an averaged one, then one that lies less deep, then the first. If none holds
    the network, its first mapping with tensors is returned, so that an error can name what
    there is.

    Args:
        content: of a file: mappings within mappings, tensors (torch's or unread).
        root: parts of the name that stand before `FIRST_PARAMETER` in the network ("backbone").

    Returns:
        Tensors and numpy arrays by name; None if there are no tensors.

    Raises:
        AmbiguousNameError: two entries with the name of one parameter.
    """
    anchor = root + FIRST_PARAMETER
    ranked = []
    fallback: Mapping[Any, Any] | None = None
    for order, (place, mapping) in enumerate(_mappings(content)):
        if fallback is None and any(map(is_tensor, mapping.values())):
            fallback = mapping
        for prefix in _prefixes(mapping, anchor):
            path = ".".join((*place, prefix))
            rank = bool(_AVERAGED.search(path)), len(place), order, prefix.count("."), len(prefix)
            ranked.append((rank, prefix, mapping))
    if ranked:
        _, prefix, mapping = min(ranked, key=lambda each: each[0])
        return _entries(mapping, prefix)
    return None if fallback is None else _entries(fallback, "")


def _mappings(content: Any) -> Iterator[tuple[tuple[str, ...], Mapping[Any, Any]]]:
    """Yield the mappings of a file with the names that lead to them, the outermost first."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), content)]
    seen: set[int] = set()
    for place, value in waiting:  # grows within the loop
        mapping = mapping_of(value)
        if mapping is None or id(mapping) in seen or len(seen) >= _MOST_MAPPINGS:
            continue
        seen.add(id(mapping))
        yield place, mapping
        if len(place) < _DEEPEST:
            waiting += [
                ((*place, key[:100]), each)
                for key, each in mapping.items()
                if isinstance(key, str) and isinstance(each, (dict, Made))
            ]


def _prefixes(mapping: Mapping[Any, Any], anchor: tuple[str, ...]) -> Iterator[str]:
    """Yield what stands before the network's names, with a dot at its end, or empty."""
    for key in mapping:
        if isinstance(key, str) and key.endswith(anchor[-1]):
            parts = key.split(".")
            kept = [at for at, part in enumerate(parts) if part not in _WRAPPERS]
            first = kept[-len(anchor) :]
            if tuple(parts[at] for at in first) == anchor:
                yield "".join(f"{part}." for part in parts[: first[0]])


def _entries(mapping: Mapping[Any, Any], prefix: str) -> dict[str, Any]:
    """Return the tensors and arrays whose names begin with a prefix, without it."""
    entries: dict[str, Any] = {}
    for key, value in mapping.items():
        name = str(key)
        if not name.startswith(prefix) or not (is_tensor(value) or is_array(value)):
            continue
        parts = [part for part in name[len(prefix) :].split(".") if part not in _WRAPPERS]
        if parts and parts[-1] in _COUNTERS:
            continue
        short = ".".join(parts)
        if short in entries:
            raise AmbiguousNameError(short)
        entries[short] = value
    return entries
