"""Why views give no calibration."""


class CalibrationError(ValueError):
    """The views do not determine it; the message is one line: what is missing and what to do."""
