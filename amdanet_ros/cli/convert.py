"""Convert a data set, as it is distributed, to the layout that training and evaluation read.

amdanet convert mfnet ir_seg_dataset MFNet
amdanet convert fmb FMB_download FMB
amdanet convert pst900 PST900_RGBT_Dataset PST900
amdanet convert street street STREET --size 240 320

Files that an earlier call wrote are kept: call again to continue an interrupted conversion.
"""

from __future__ import annotations

import argparse

SUMMARY = "convert MFNet, FMB, PST900 or the street set to the layout that train and evaluate read"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data_set", choices=("mfnet", "fmb", "pst900", "street"), help="which one")
    parser.add_argument("source", metavar="SOURCE", help="its folder as distributed")
    parser.add_argument("destination", metavar="DEST", help="folder to write")
    parser.add_argument(
        "--classes", default="", help="class table of the labels, a YAML file (default: the set's)"
    )
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        default=(240, 320),
        metavar=("H", "W"),
        help="size of the street set's images as written (default: 240 320)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Convert; returns 0."""
    from ..class_table_file import ClassTableError, class_table_of
    from ..training.dataset_conversion import convert
    from ..training.labelled_pair import DataError
    from ..training.street_conversion import convert_street
    from .errors import CommandError

    try:
        if arguments.data_set == "street":
            if arguments.classes:
                raise CommandError("convert street: --classes is for the other data sets")
            size = tuple(arguments.size)
            counts = convert_street(arguments.source, arguments.destination, size)
            print(", ".join(f"{name}.txt {count}" for name, count in counts.items()))
            print(f"data set: {arguments.destination}")
            return 0
        table = class_table_of(arguments.classes) if arguments.classes else None
        done = convert(arguments.data_set, arguments.source, arguments.destination, table)
    except (ClassTableError, DataError, OSError, ImportError) as error:
        raise CommandError(str(error)) from error
    lists = ", ".join(f"{name}.txt {count}" for name, count in done.lists.items())
    print(f"{done.written} pairs written, {done.kept} kept; {lists}")
    print(f"data set: {arguments.destination}")
    return 0
