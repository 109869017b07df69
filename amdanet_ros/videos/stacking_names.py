"""How the images of both cameras lie in the frames of one video."""

STACKINGS = (
    "vertical", "horizontal", "vertical_thermal_first", "horizontal_thermal_first",
)  # fmt: skip
"""RGB above or on the left; or thermal there."""
