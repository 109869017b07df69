"""What is wrong with files of annotations."""

from __future__ import annotations


class AnnotationError(ValueError):
    """Annotations cannot be used; the message is one line: file, cause and fix."""
