"""Images to look at: coloured classes, overlays, legends, contact sheets. Knows no ROS."""

from .colorize import colorize_labels, colorize_thermal
from .contact_sheet import ContactRow, contact_sheet
from .legend import legend
from .overlay import overlay

__all__ = [
    "ContactRow",
    "colorize_labels",
    "colorize_thermal",
    "contact_sheet",
    "legend",
    "overlay",
]
