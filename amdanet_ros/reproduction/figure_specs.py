"""The supplement's figures and what our versions show.

Figure 1 is a failure case under overexposure; Figures 2 to 7 compare segmentations and fused
images. We do not know which of them shows which data set: our Figures 2 to 4 show the segmentation
and 5 to 7 the fusion of one data set each. The supplement's other methods are left out.
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
