"""Training pairs of recordings, as `amdanet extract` and `amdanet fleet` take and write them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .errors import CommandError
from .said import bars_hidden, say

if TYPE_CHECKING:
    from ..extraction.selection import Candidate
    from ..extraction.set_writer import SetWriter
    from ..fuse.source import Source
    from ..fuse.tally import FuseOutcome, Tally
    from ..inference import Predictor
    from ..pipeline.health import ModalityHealth
    from ..settings import Settings


class Recording(NamedTuple):
    """What holds both cameras.

    Attributes:
        path: of it, or of its RGB images.
        source: of its pairs.
    """

    path: Path
    source: Source


class Chosen(NamedTuple):
    """Pairs that are taken.

    Attributes:
        recordings: all that were looked through.
        candidates: number of pairs that could be taken.
        taken: the most different ones; ``recording`` counts in ``recordings``.
    """

    recordings: Sequence[Recording]
    candidates: int
    taken: Sequence[Candidate]


class Extracted(NamedTuple):
    """What was written.

    Attributes:
        names: of the pairs, in the order of time.
        outcome: what the labels and the cameras' health say about them.
    """

    names: Sequence[str]
    outcome: FuseOutcome


def chosen_pairs(
    recordings: Sequence[Recording], settings: Settings, arguments: argparse.Namespace
) -> Chosen:
    """Look through recordings and choose; what is left out is said.

    Args:
        recordings: one at least.
        settings: of the pipeline.
        arguments: of `amdanet extract`.

    Raises:
        CommandError: fewer than two pairs can be taken.
        BagError, OSError: a recording cannot be read.
    """
    from ..extraction.selection import farthest
    from ..pipeline.options import IDENTITY

    candidates = [
        each
        for index, recording in enumerate(recordings)
        for each in _candidates(index, recording.source, settings, arguments)
    ]
    if len(candidates) < 2:
        raise CommandError(
            f"{len(candidates)} pairs can be taken, and a set needs 2: record longer, or see above "
            "why others are left out"
        )
    taken = [candidates[i] for i in farthest(candidates, arguments.count, arguments.change)]
    if len(taken) < 2:
        raise CommandError(
            f"all {len(candidates)} pairs look alike, and a set needs 2 different ones: record "
            "while the cameras move, or give a smaller --change"
        )
    thermal = settings.fusion.thermal
    if thermal.registration_from == "homography" and tuple(thermal.registration) == IDENTITY:
        say(
            [
                "thermal.registration is not set: both cameras are taken to see the same; else "
                "amdanet register writes a file for --params-file"
            ]
        )
    return Chosen(recordings, len(candidates), taken)


def write_set(
    folder: Path,
    chosen: Chosen,
    predictor: Predictor,
    settings: Settings,
    arguments: argparse.Namespace,
) -> Extracted:
    """Write the chosen pairs, labelled, as a data set.

    Args:
        folder: exists and is empty.
        chosen: the pairs.
        predictor: labels them.
        settings: of the pipeline.
        arguments: of `amdanet extract`.

    Raises:
        CommandError: fewer than two can be labelled.
        BagError, InferenceError, OSError: what went wrong meanwhile.
    """
    from ..extraction.set_writer import SetWriter
    from ..fuse.tally import Tally

    network = f"{settings.network.checkpoint} (confidence {arguments.confidence:g})"
    writer = SetWriter(folder, predictor.classes, network)
    tally = Tally()
    names = _write(writer, chosen, predictor, settings, arguments, tally)
    writer.close(_lists(names, arguments.held))
    return Extracted(names, tally.outcome(len(chosen.taken) - len(names)))


def _candidates(
    index: int, source: Source, settings: Settings, arguments: argparse.Namespace
) -> list[Candidate]:
    """Return what can be taken of a recording; what is left out is said."""
    from tqdm import tqdm

    from ..extraction.looking import look_through
    from ..extraction.selection import Candidate
    from .finding_text import text
    from .left_out import LeftOut
    from .no_pairs import why_no_pairs

    left_out, found = LeftOut(source.streams), []
    unhealthy: dict[str, list[str]] = {}
    looks = look_through(source, settings.fusion, arguments.every, arguments.degraded_rgb)
    for look in tqdm(looks, source.description, unit="pair", disable=bars_hidden(), leave=False):
        if look.error is not None:
            say(left_out.add(look.pair, look.error))
        elif look.unhealthy is not None:
            stream, health = look.unhealthy
            hint = " (--degraded-rgb takes such)" if _can_be_taken(stream, health) else ""
            sentence = f"{source.streams[stream]}: {health.reason}{hint}"
            unhealthy.setdefault(re.sub(r"\d+", "", sentence), []).append(sentence)
        else:
            pair = look.pair
            found.append(Candidate(index, pair.name, pair.recorded_ns, look.appearance))
    say(left_out.further())
    for sentences in unhealthy.values():
        say([f"{len(sentences)} pairs are left out: {sentences[0]}"])
    say(source.remarks)
    if not (found or left_out.count or unhealthy):
        say([f"{source.description}: {why_no_pairs(source, settings.sync.slop)}"])
    elif found:
        say(text(each, source.streams) for each in source.findings)
    return found


def _can_be_taken(stream: str, health: ModalityHealth) -> bool:
    from ..pipeline.health import HealthStatus

    return stream == "rgb" and health.status == HealthStatus.DEGRADED


def _write(
    writer: SetWriter,
    chosen: Chosen,
    predictor: Predictor,
    settings: Settings,
    arguments: argparse.Namespace,
    tally: Tally,
) -> list[str]:
    """Write and count all pairs that are taken, labelled; return their names."""
    from tqdm import tqdm

    from ..disk_room import check_room
    from ..extraction.registered_pair import registered
    from ..extraction.set_writer import name_of
    from ..images.errors import BadImage
    from ..pipeline.geometry import GeometryCache
    from ..pipeline.pipeline import FusionPipeline
    from ..pipeline.registration_error import RegistrationError
    from .left_out import LeftOut

    pipeline = FusionPipeline(predictor, settings.fusion)
    names: list[str] = []
    progress = tqdm(total=len(chosen.taken), unit="pair", disable=bars_hidden())
    for index, (recording, source) in enumerate(chosen.recordings):
        wanted = {each.name for each in chosen.taken if each.recording == index}
        geometries, left_out = GeometryCache(), LeftOut(source.streams)
        for pair in source if wanted else ():
            if pair.name not in wanted:
                continue
            pipeline.reset()  # of pairs that are far apart in time
            try:
                images = pair.read()
                fusion = pipeline.process(images, frozenset({"mask", "confidence", "statistics"}))
                both = registered(images, settings.fusion, geometries)
            except (BadImage, RegistrationError) as error:
                say(left_out.add(pair, error))
                continue
            labels = fusion.mask.copy()
            labels[fusion.confidence < arguments.confidence] = 255
            name = name_of(recording, pair.name, set(names))
            facts = {
                "recording": str(recording),
                "places": dict(pair.places),
                "stamp_ns": images.stamp_ns,
            }
            size = writer.put(name, both, labels, fusion.confidence, facts)
            if not names:  # others may be smaller, but hardly by half
                check_room(writer.folder, size * (len(chosen.taken) - 1) // 2)
            tally.add(fusion)
            names.append(name)
            progress.update()
        say(left_out.further())
    progress.close()
    if len(names) < 2:
        raise CommandError(
            f"{len(names)} pairs could be labelled, and a set needs 2: see above why"
        )
    return names


def _lists(names: list[str], share: float) -> dict[str, list[str]]:
    from ..extraction.selection import held_out

    held = held_out(len(names), share)
    return {
        "train": [name for i, name in enumerate(names) if i not in held],
        "test": [name for i, name in enumerate(names) if i in held],
    }
