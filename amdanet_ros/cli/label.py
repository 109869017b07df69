"""Complete the labels of a data set by a network: a round of self-training.

amdanet label street_1.safetensors --data street240 --into Label_1 --none-of person bicycle vehicle

What is labelled stays. Pixels of label 254 (none of the named classes) get the network's class
among the others, images without any label get the network's labels, of each class where the
network is surest.
"""

from __future__ import annotations

import argparse

from ..programs.arguments import number
from ..user_folders import expanded

SUMMARY = "complete partial labels by a network (self-training)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("checkpoint", help="the network, .safetensors or .pth")
    parser.add_argument("--data", required=True, metavar="FOLDER", help="the data set's folder")
    parser.add_argument("--split", default="train", help="the list to label, SPLIT.txt")
    parser.add_argument("--into", required=True, metavar="NAME", help="folder of the new labels")
    parser.add_argument(
        "--none-of", nargs="+", default=[], metavar="CLASS", help="what label 254 excludes"
    )
    parser.add_argument(
        "--not-in",
        nargs="+",
        action="append",
        default=[],
        metavar=("SPLIT", "CLASS"),
        help="the images of SPLIT.txt show none of these of --none-of: what the network takes for "
        "one is labelled 254; may be repeated",
    )
    parser.add_argument(
        "--confidence",
        type=number("--confidence", float, 0, 1),
        default=0.6,
        help="least probability to be taken",
    )
    parser.add_argument(
        "--share",
        type=number("--share", float, 0, 1),
        default=0.6,
        help="of each class's pixels, the surest, to be taken",
    )
    parser.add_argument(
        "--scales",
        type=number("--scales", float, 0.05, 20),
        nargs="+",
        default=[1.0],
        metavar="SCALE",
        help="of the images that the network looks at; its opinion is the mean (default: 1)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")


def run(arguments: argparse.Namespace) -> int:
    """Label; returns 0."""
    from ..disk_room import check_room
    from ..inference.checkpoint_file import read_checkpoint
    from ..inference.errors import DemoWeightsMissingError
    from ..network.checkpoint import CheckpointError
    from ..training.config import ConfigError
    from ..training.image_folder import ImageFolder
    from ..training.labelled_pair import DataError
    from ..training.network_labels import Teacher, write_labels
    from ..training.processes import device_of, processes
    from .errors import CommandError

    try:
        device_of(arguments.device)
        checkpoint, table = read_checkpoint(arguments.checkpoint)
        names = checkpoint.classes
        if names is None:
            raise CommandError(f"{arguments.checkpoint} does not name its classes")
        unknown = [name for name in arguments.none_of if name not in names]
        if unknown:
            raise CommandError(f"--none-of: no class {unknown[0]!r}; known: {', '.join(names)}")
        absent = [names.index(name) for name in arguments.none_of]
        check_room(expanded(arguments.data))  # every image is read next
        pairs = ImageFolder(arguments.data, arguments.split, table, partial=bool(absent))
        not_shown = {
            name: [names.index(each) for each in classes]
            for split, classes in _not_in(arguments)
            for name in ImageFolder.names_of(pairs.root, split)
        }
        with processes(arguments.device) as here:
            network = checkpoint.build().to(here.device)
            counts = write_labels(
                Teacher(network, here.device, arguments.scales),
                pairs,
                arguments.into,
                absent,
                arguments.confidence,
                arguments.share,
                not_shown,
            )
    except (CheckpointError, ConfigError, DataError, DemoWeightsMissingError) as error:
        raise CommandError(str(error)) from error
    whole = sum(counts.values())
    for label, count in counts.items():
        name = names[label] if label < len(names) else {254: "none of", 255: "not known"}[label]
        print(f"{name}: {100 * count / whole:.1f} %")
    return 0


def _not_in(arguments: argparse.Namespace) -> list[tuple[str, list[str]]]:
    """Return the lists of `--not-in`, each with its classes, which `--none-of` must name."""
    from .errors import CommandError

    for split, *classes in arguments.not_in:
        if not classes:
            raise CommandError(f"--not-in {split}: name the classes that its images do not show")
        others = [name for name in classes if name not in arguments.none_of]
        if others:
            raise CommandError(f"--not-in {split}: {others[0]!r} is not among --none-of")
    return [(split, classes) for split, *classes in arguments.not_in]
