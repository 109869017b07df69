"""The supplement's figures: which of ours stands for which.

What is known of them: Figure 1 is a failure case under overexposure, Figures 2 to 7 compare
segmentations and fused images. Which of 2 to 7 shows which data set we do not know; with three
data sets and two kinds ours are one each: 2 to 4 segmentation, 5 to 7 fusion. They show our network
alone: images of the methods it is compared with in the supplement are not ours to make.
"""

from __future__ import annotations

from dataclasses import dataclass

OVEREXPOSURE, SEGMENTATION, FUSION = "overexposure", "segmentation", "fusion"


@dataclass(frozen=True)
class FigureSpec:
    """A figure of the supplement.

    Attributes:
        name: "fig1" to "fig7".
        kind: "overexposure", "segmentation" or "fusion".
        data_sets: that it shows.
    """

    name: str
    kind: str
    data_sets: tuple[str, ...]


FIGURES = {
    spec.name: spec
    for spec in (
        FigureSpec("fig1", OVEREXPOSURE, ("mfnet",)),
        FigureSpec("fig2", SEGMENTATION, ("mfnet",)),
        FigureSpec("fig3", SEGMENTATION, ("fmb",)),
        FigureSpec("fig4", SEGMENTATION, ("pst900",)),
        FigureSpec("fig5", FUSION, ("mfnet",)),
        FigureSpec("fig6", FUSION, ("fmb",)),
        FigureSpec("fig7", FUSION, ("pst900",)),
    )
}
"""The figures by name."""
