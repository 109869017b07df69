"""Extract training pairs from recordings: registered, undamaged, different, with first labels.

Examples:
  amdanet extract my_bag -o my_set --params-file rig.yaml
  amdanet extract rgb.mp4 thermal.mp4 -o my_set
  amdanet extract bags.txt "2026-*/run_*" -o my_set
  amdanet extract monday.mcap tuesday.mcap -o my_set --every 2 --count 300 --degraded-rgb

A pair is looked at every --every seconds, and taken where both images are as they should be. Of
these the most different --count are written, in appearance and in time, and none that differs from
another by less than --change (0: no bound; two places differ by about 1). The set has the layout of
training, labels by the network (255 where its confidence is below --confidence), its confidence as
images, and lists: test.txt holds spans of time that train.txt does not have.

The set appears when it is whole; recordings are not written to.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..one_line import one_line
from ..programs.arguments import number
from ..videos.video_names import is_video
from .errors import CommandError
from .input_errors import mistakes_as_command_errors
from .many_inputs import all_inputs
from .said import say
from .settings_arguments import add_settings_arguments, read_settings
from .source_arguments import add_camera_info_arguments, add_pairing_arguments, open_source

if TYPE_CHECKING:
    from ..extraction.selection import Candidate
    from ..extraction.set_writer import SetWriter
    from ..fuse.source import Source
    from ..inference import Predictor
    from ..pipeline.health import ModalityHealth
    from ..settings import Settings

SUMMARY = "extract different, undamaged, registered pairs of bags for training, with first labels"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "bags",
        type=Path,
        nargs="+",
        metavar="BAG",
        help="bags, folders of RGB and thermal, videos (RGB and thermal by turns), or lists, "
        "patterns and folders of bags",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--every",
        type=number("--every", float, 0, 1e6),
        default=1.0,
        metavar="S",
        help="seconds between pairs that are looked at; 0: each",
    )
    parser.add_argument(
        "--count", type=number("--count", int, 2, 1e6), default=200, help="most pairs to write"
    )
    parser.add_argument(
        "--change",
        type=number("--change", float, 0, 10),
        default=0.1,
        help="least difference of two pairs",
    )
    parser.add_argument(
        "--confidence",
        type=number("--confidence", float, 0, 1),
        default=0.6,
        help="least confidence of a label; below it the pixel is not labelled (255)",
    )
    parser.add_argument(
        "--held",
        type=number("--held", float, 0.01, 0.9),
        default=0.2,
        help="share of the pairs for test.txt",
    )
    parser.add_argument(
        "--degraded-rgb",
        action="store_true",
        help="take pairs whose RGB image is dark, too bright or without contrast too (night)",
    )
    add_pairing_arguments(parser)
    add_camera_info_arguments(parser)
    add_settings_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Extract; returns 0.

    Raises:
        CommandError: a mistake in the call or the input, fewer than two pairs, a full disk.
    """
    # Before torch is loaded: threads that wait spinning starve each other on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    with mistakes_as_command_errors(arguments.output, goes_on=False):
        return _extract(arguments)


def _extract(arguments: argparse.Namespace) -> int:
    from ..extraction.selection import farthest
    from ..extraction.set_writer import SetWriter
    from ..inference import Predictor
    from ..pipeline.options import IDENTITY
    from ..whole_folder import whole_folder

    settings = read_settings(arguments, {"thermal.smoothing": 0.0})
    named = arguments.bags
    arguments.bags = all_inputs(named, arguments.output, arguments.stacked is not None)
    recordings = list(_recordings(arguments))
    sources = [_source(arguments, settings, *each) for each in recordings]
    _check_output(arguments, named, sources)
    candidates = [
        each
        for index, source in enumerate(sources)
        for each in _candidates(index, source, settings, arguments)
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
    predictor = Predictor.of(settings.network)
    print(f"{len(taken)} of {len(candidates)} pairs; labels: {predictor.describe()}", flush=True)
    if predictor.notice:
        print(one_line(predictor.notice, 500), flush=True)
    network = f"{settings.network.checkpoint} (confidence {arguments.confidence:g})"
    with whole_folder(arguments.output) as folder:
        writer = SetWriter(folder, predictor.classes, network)
        read = [(first, source) for (first, _), source in zip(recordings, sources, strict=True)]
        names = _write(writer, read, taken, predictor, settings, arguments)
        writer.close(_lists(names, arguments.held))
    print(f"{len(names)} pairs with first labels: {arguments.output}")
    return 0


def _recordings(arguments: argparse.Namespace) -> Iterator[tuple[Path, Path | None]]:
    """Yield what holds both cameras: a bag, a folder, a stacked video, or two videos in a row."""
    given = list(arguments.bags)
    while given:
        first = given.pop(0)
        is_half = is_video(first) and not arguments.stacked and given and is_video(given[0])
        yield first, given.pop(0) if is_half else None


def _source(
    arguments: argparse.Namespace, settings: Settings, first: Path, thermal: Path | None
) -> Source:
    given = argparse.Namespace(**{**vars(arguments), "input": first, "thermal": thermal})
    return open_source(given, settings)


def _check_output(
    arguments: argparse.Namespace, named: Sequence[Path], sources: list[Source]
) -> None:
    from ..output_place import check_new_folder, folders_of, keep_apart

    files = [file for source in sources for file in source.files]
    given = [Path(each) for each in (arguments.params_file, arguments.checkpoint) if each]
    read = [*named, *arguments.bags, *files, *folders_of(files, named), *given]
    keep_apart(arguments.output, read)
    check_new_folder(arguments.output)


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
    for look in tqdm(looks, source.description, unit="pair", disable=None, leave=False):
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
    recordings: Sequence[tuple[Path, Source]],
    taken: Sequence[Candidate],
    predictor: Predictor,
    settings: Settings,
    arguments: argparse.Namespace,
) -> list[str]:
    """Write all pairs that are taken, labelled; returns their names in the order of time.

    Args:
        recordings: each one's path and source, in the order of ``Candidate.recording``.
    """
    from tqdm import tqdm

    from ..extraction.registered_pair import registered
    from ..extraction.set_writer import name_of
    from ..images.errors import BadImage
    from ..pipeline.geometry import GeometryCache
    from ..pipeline.pipeline import FusionPipeline
    from ..pipeline.registration_error import RegistrationError
    from .left_out import LeftOut

    pipeline = FusionPipeline(predictor, settings.fusion)
    names: list[str] = []
    progress = tqdm(total=len(taken), unit="pair", disable=None)
    for index, (recording, source) in enumerate(recordings):
        wanted = {each.name for each in taken if each.recording == index}
        geometries, left_out = GeometryCache(), LeftOut(source.streams)
        for pair in source if wanted else ():
            if pair.name not in wanted:
                continue
            pipeline.reset()  # of pairs that are far apart in time
            try:
                images = pair.read()
                fusion = pipeline.process(images, frozenset({"mask", "confidence"}))
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
            writer.put(name, both, labels, fusion.confidence, facts)
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
