"""A legend: the classes' names and colours."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..classes import ClassTable

BACKGROUND = (255, 255, 255)
INK = (30, 30, 30)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_GAP = 8


def legend(
    table: ClassTable, width: int, classes: Sequence[int] | None = None, text_height: int = 12
) -> np.ndarray:
    """Draw colour swatches with class names, in as many lines as the width needs.

    Args:
        table, width: names and colours; of the image, in pixels.
        classes: indices to show, in this order; None: all.
        text_height: of a capital letter, in pixels.

    Returns:
        height x width x 3 uint8 RGB; the number of lines decides the height.

    Raises:
        ValueError: too small a width, or an index that the table does not have.
    """
    shown = range(len(table)) if classes is None else classes
    if any(not 0 <= index < len(table) for index in shown):
        raise ValueError(f"class indices {list(shown)}: {table.name} has 0 to {len(table) - 1}")
    if width < 4 * text_height:
        raise ValueError(f"a legend of {width} pixels is too narrow for letters of {text_height}")
    line_height, swatch = 2 * text_height, int(1.5 * text_height)
    placed, x, line = [], _GAP, 0
    for index in shown:
        entry = swatch + 5 + text_width(table.names[index], text_height)
        if x > _GAP and x + entry + _GAP > width:
            x, line = _GAP, line + 1
        placed.append((index, x, line))
        x += entry + 2 * _GAP
    canvas = np.full((_GAP + (line + 1) * line_height, width, 3), BACKGROUND, np.uint8)
    for index, left, row in placed:
        top = _GAP // 2 + row * line_height
        color = tuple(int(c) for c in table.palette[index])
        corner = (left + swatch, top + swatch)
        cv2.rectangle(canvas, (left, top), corner, color, -1)
        cv2.rectangle(canvas, (left, top), corner, INK, 1)
        baseline = top + (swatch + text_height) // 2
        write(canvas, table.names[index], (left + swatch + 5, baseline), text_height)
    return canvas


def text_width(text: str, text_height: int) -> int:
    """Return the width of a line of text in pixels."""
    return cv2.getTextSize(text, _FONT, _scale(text_height), 1)[0][0]


def write(canvas: np.ndarray, text: str, origin: tuple[int, int], text_height: int) -> None:
    """Draw a line of text into an image; `origin` (x, y) is the left end of its baseline."""
    cv2.putText(canvas, text, origin, _FONT, _scale(text_height), INK, 1, cv2.LINE_AA)


def _scale(text_height: int) -> float:
    return text_height / 21.0  # the font's capital letters are 21 pixels high at scale 1
