"""Class tables: the names and colours of the classes of each data set.

Palettes are R, G, B in index order (the released scripts hand B, G, R to OpenCV; these are turned
round).
"""

from __future__ import annotations

import colorsys
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

UNLABELED = 255
"""Mask value of a pixel without a class (vision_msgs/LabelInfo: UNLABELED); "ignore" in labels."""

NONE_OF = 254
"""Label of a pixel that is known to be none of some classes; which, the data set says."""

MOST_CLASSES = NONE_OF
"""Class indices are 0 to 253."""


@dataclass(frozen=True, eq=False)
class ClassTable:
    """Names and colours of the classes that a network tells apart.

    Attributes:
        name: of the data set, for people.
        names: K class names; the position is the class index.
        palette: K x 3 uint8, RGB.
        ignored: values in label images that count as no label, beside 255; they may be indices.
    """

    name: str
    names: tuple[str, ...]
    palette: np.ndarray
    ignored: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        palette = np.asarray(self.palette, dtype=np.uint8)
        if palette.shape != (len(self.names), 3):
            raise ValueError(
                f"class table {self.name!r}: {len(self.names)} names need a palette of shape "
                f"({len(self.names)}, 3), not {palette.shape}"
            )
        palette.flags.writeable = False
        object.__setattr__(self, "palette", palette)

    def __len__(self) -> int:
        return len(self.names)


def without(labels: np.ndarray, ignored: Collection[int]) -> np.ndarray:
    """Return label values in which those to ignore have become 255; a copy where there are any.

    Args:
        labels: of any integer type that holds 255.
        ignored: values.
    """
    if not ignored:
        return labels
    return np.where(np.isin(labels, list(ignored)), labels.dtype.type(UNLABELED), labels)


_RESCUE_AND_STREET_COLORS = [
    (0, 0, 0), (179, 228, 228), (181, 57, 133), (67, 162, 177), (200, 178, 50), (132, 45, 199),
    (66, 172, 84), (179, 73, 79), (76, 99, 166), (66, 121, 253), (137, 165, 91), (155, 97, 152),
    (105, 153, 140), (222, 215, 158), (135, 113, 90),
]  # fmt: skip

MFNET = ClassTable(
    "MFNet",
    ("unlabeled", "car", "person", "bike", "curve", "car_stop", "guardrail", "color_cone", "bump"),
    np.array([
        (0, 0, 0), (64, 0, 128), (64, 64, 0), (0, 128, 192), (0, 0, 192), (128, 128, 0),
        (64, 64, 128), (192, 128, 128), (192, 64, 0),
    ]),
)  # fmt: skip
FMB = ClassTable(
    "FMB",
    (
        "background", "Road", "Sidewalk", "Building", "Lamp", "Sign", "Vegetation", "Sky", "Person",
        "Car", "Truck", "Bus", "Motorcycle", "Bicycle", "Pole",
    ),
    np.array(_RESCUE_AND_STREET_COLORS),
)  # fmt: skip
PST900 = ClassTable(
    "PST900",
    ("Background", "Hand-Drill", "BackPack", "Fire-Extinguisher", "Survivor"),
    np.array(_RESCUE_AND_STREET_COLORS[:5]),
)
DEMO = ClassTable(
    "demo",
    (
        "road", "road_mark", "sidewalk", "building", "vegetation", "sky", "sign", "car", "person",
        "animal",
    ),
    np.array([
        (96, 96, 104), (255, 255, 255), (190, 150, 190), (150, 90, 60), (60, 140, 50),
        (110, 170, 230), (250, 200, 0), (30, 60, 200), (230, 40, 60), (255, 130, 0),
    ]),
)  # fmt: skip
STREET = ClassTable(
    "street",
    (
        "road", "sidewalk", "building", "fence", "pole", "vegetation", "sky", "person", "bicycle",
        "vehicle",
    ),
    np.array([
        (128, 64, 128), (244, 35, 232), (70, 70, 70), (190, 153, 153), (220, 190, 40),
        (107, 142, 35), (70, 130, 180), (220, 20, 60), (119, 11, 32), (0, 0, 142),
    ]),
)  # fmt: skip
"""Cameras on roads; colours near those of Cityscapes (Cordts et al., CVPR 2016)."""

_TABLES = {table.name.lower(): table for table in (MFNET, FMB, PST900, DEMO, STREET)}
_PUBLISHED = (MFNET, FMB, PST900)


def class_table(name: str) -> ClassTable:
    """Return the table of a data set ("mfnet", "street", ...; case does not matter).

    Raises:
        ValueError: no such table.
    """
    try:
        return _TABLES[name.lower()]
    except KeyError:
        raise ValueError(
            f"no class table {name!r}: choose one of {', '.join(sorted(_TABLES))}"
        ) from None


def class_table_of_size(num_classes: int) -> ClassTable:
    """Return the published table of that size (9 MFNet, 15 FMB, 5 PST900), else a generated one.

    Each class has a colour of its own.
    """
    for table in _PUBLISHED:
        if len(table) == num_classes:
            return table
    # The hues come again after 100 classes, then darker.
    hues = [
        colorsys.hsv_to_rgb((0.61 * i) % 1.0, 0.75, 0.95 - 0.25 * (i // 100))
        for i in range(num_classes)
    ]
    palette = np.round(255 * np.array(hues, dtype=np.float64).reshape(-1, 3)).astype(np.uint8)
    return ClassTable(
        f"{num_classes} classes", tuple(f"class_{i}" for i in range(num_classes)), palette
    )
