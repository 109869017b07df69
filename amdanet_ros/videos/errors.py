"""What goes wrong with a video."""

from ..bags.errors import BagError


class VideoError(BagError):
    """A video cannot be read; the message is one line that names it, the cause and the fix."""
