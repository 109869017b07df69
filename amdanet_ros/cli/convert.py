"""Convert a data set, or annotations, to the layout that training and evaluation read.

amdanet convert mfnet ir_seg_dataset MFNet
amdanet convert fmb FMB_download FMB
amdanet convert pst900 PST900_RGBT_Dataset PST900
amdanet convert street street STREET --size 240 320
amdanet convert cvat MY_SET my_task --to
amdanet convert cvat my_task/annotations.xml MY_SET

Of data sets, files that an earlier call wrote are kept: call again to continue an interrupted
conversion.

cvat (CVAT for images 1.1), coco, labelme and labelstudio (all JSON) hold labels that people draw.
With --to the RGB images and labels of a data set are written as a task; without it annotations (a
file, a folder or a .zip) become label images of a data set that is there: areas are painted in
their order, pixels without one become 255, and an area "unlabeled" takes labels away. Classes go by
their names, also where --classes names other ones than the set's classes.yaml, which then becomes
them. The labels that were there stay beside, as Label_before_1.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..user_folders import expanded
from .size_argument import add_size_argument

if TYPE_CHECKING:
    from ..classes import ClassTable

SUMMARY = (
    "convert data sets to the layout that train and evaluate read, labels from and to CVAT, ..."
)

_DATA_SETS = ("mfnet", "fmb", "pst900", "street")
_ANNOTATIONS = ("cvat", "coco", "labelme", "labelstudio")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "data_set", choices=(*_DATA_SETS, *_ANNOTATIONS), help="which data set or annotations"
    )
    parser.add_argument(
        "source", metavar="SOURCE", help="its folder as distributed, or annotations; --to: a set"
    )
    parser.add_argument(
        "destination", metavar="DEST", help="folder to write, or the set that the labels belong to"
    )
    parser.add_argument(
        "--classes",
        default="",
        help="class table of the labels, a YAML file (default: the set's, or its classes.yaml)",
    )
    parser.add_argument(
        "--to", action="store_true", help="write a task for people from a data set's labels"
    )
    parser.add_argument(
        "--shapes",
        choices=("masks", "polygons"),
        help="what areas are written as (default: polygons for labelme, else masks)",
    )
    parser.add_argument(
        "--labels", default="Label", metavar="NAME", help="folder of the labels in the set"
    )
    add_size_argument(
        parser,
        "--size",
        "size of the street set's images as written (default: 240 320)",
        (240, 320),
    )


def run(arguments: argparse.Namespace) -> int:
    """Convert; returns 0."""
    from ..class_table_file import ClassTableError, class_table_of
    from ..training.dataset_conversion import convert
    from ..training.labelled_pair import DataError
    from ..training.street_conversion import convert_street
    from .errors import CommandError

    if arguments.data_set in _ANNOTATIONS:
        return _exchange(arguments)
    try:
        if arguments.to or arguments.shapes or arguments.labels != "Label":
            raise CommandError(f"--to, --shapes and --labels are for {', '.join(_ANNOTATIONS)}")
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
    except (ClassTableError, DataError, ImportError) as error:
        raise CommandError(str(error)) from error
    lists = ", ".join(f"{name}.txt {count}" for name, count in done.lists.items())
    print(f"{done.written} pairs written, {done.kept} kept; {lists}")
    print(f"data set: {arguments.destination}")
    return 0


def _exchange(arguments: argparse.Namespace) -> int:
    """Write annotations as labels of a data set, or its labels as a task."""
    from ..annotation.errors import AnnotationError
    from ..annotation.exchange import bring_back, write_task
    from ..class_table_file import ClassTableError
    from ..disk_room import check_room
    from ..output_place import OutputPlaceError, check_writable_kind, keep_apart
    from ..training.labelled_pair import DataError
    from ..whole_folder import whole_folder
    from .errors import CommandError

    kind, source, destination = (
        arguments.data_set,
        expanded(arguments.source),
        expanded(arguments.destination),
    )
    _check_direction(arguments.to, source, destination)
    try:
        if arguments.to:
            table, own = _tables(arguments, source)
            keep_apart(destination, [source, source / "Visible", source / "Label"])
            check_writable_kind(destination)
            if destination.exists() and not (
                destination.is_dir() and not any(destination.iterdir())
            ):
                raise OutputPlaceError(f"{destination} exists: give another DEST")
            polygons = None if arguments.shapes is None else arguments.shapes == "polygons"
            with whole_folder(destination) as folder:
                done = write_task(kind, source, folder, table, polygons, arguments.labels, own)
            print(f"{done.images} images written as a task for {kind}: {destination}")
            return 0
        if arguments.shapes:
            raise CommandError("--shapes is for --to")
        table, own = _tables(arguments, destination)
        check_room(destination)
        done = bring_back(kind, source, destination, table, own, arguments.labels)
    except (AnnotationError, ClassTableError, DataError) as error:
        raise CommandError(str(error)) from error
    for shape, count in done.left_out.items():
        print(f"left out, since they say no area: {count} x {shape}")
    kept = f"; the labels before: {done.before}" if done.before else ""
    print(f"{done.images} images labelled: {destination / arguments.labels}{kept}")
    return 0


def _check_direction(to_people: bool, source: Path, destination: Path) -> None:
    """Refuse a data set at the wrong end."""
    from .errors import CommandError

    here, there = ((each / "Visible").is_dir() for each in (source, destination))
    if here and not there and not to_people:
        raise CommandError(
            f"{source} is a data set: give --to to write it as a task for people; to bring labels "
            "back, name the annotations first, then the data set"
        )
    if there and not here and to_people:
        raise CommandError(
            f"{destination} is a data set, and {source} is none: leave out --to to bring labels "
            "back"
        )


def _tables(arguments: argparse.Namespace, root: Path) -> tuple[ClassTable, ClassTable | None]:
    """Return the class table of annotations, and that of the set's labels where it has one."""
    from ..class_table_file import class_table_of
    from .errors import CommandError

    file = root / "classes.yaml"
    own = class_table_of(file) if file.is_file() else None
    if arguments.classes:
        return class_table_of(arguments.classes), own
    if own is None:
        raise CommandError(
            f"{file} is missing: name a data set, and the class table with --classes"
        )
    return own, own
