"""Why the images of a pair cannot be registered."""

from __future__ import annotations

from ..findings import Finding, FindingKind, Level


class RegistrationError(Exception):
    """A pair cannot be registered.

    Attributes:
        finding: why: ``NO_CAMERA_INFO``, ``SAME_CAMERA_INFO``, ``BAD_CALIBRATION``,
            ``BAD_REGISTRATION`` or ``NO_COMMON_VIEW``.
    """

    def __init__(self, kind: FindingKind, stream: str | None = None, **values: float | str) -> None:
        self.finding = Finding(kind, stream, Level.ERROR, values)
        super().__init__(f"{kind.name} {stream or ''} {values or ''}".strip())
