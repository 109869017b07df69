"""The supplement's tables as variants of one base experiment."""

from __future__ import annotations

from dataclasses import dataclass

_LOSS_NOTE = (
    "The loss is the supplement's L_total = alpha1 L_seg + alpha2 L_fus + alpha3 L_cr; the "
    "released code is the row with alpha1 = 1, alpha2 = alpha3 = 0.5."
)
_MAP_NOTE = (
    "The supplement's second score is called mAP, yet nothing in the release computes an average "
    "precision. By its size it is a mean class accuracy or a mean class precision: both of ours "
    "are given."
)


@dataclass(frozen=True)
class Variant:
    """A row of a table.

    Attributes:
        row: its name; for a row of the supplement, its key in `published.PUBLISHED`.
        changes: of the base experiment, each "section.key=value" as `--set` takes it.
    """

    row: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSpec:
    """A table of the supplement.

    Attributes:
        name: "tab1" to "tab6".
        title: what varies.
        heading: of the first column.
        data_sets: of the supplement's table, in its order.
        variants: the rows.
        notes: printed below the table.
        with_map: whether the supplement's table has "mAP".
    """

    name: str
    title: str
    heading: str
    data_sets: tuple[str, ...]
    variants: tuple[Variant, ...]
    notes: tuple[str, ...]
    with_map: bool = False


def _weight_table(name: str, weight: str, values: tuple[str, ...], others: str) -> TableSpec:
    return TableSpec(
        name,
        f"Weight {weight} of the loss ({others})",
        weight,
        ("mfnet", "fmb", "pst900"),
        tuple(Variant(value, (f"loss.{weight}={value}",)) for value in values),
        (_LOSS_NOTE,),
    )


def _threshold(tau: str) -> Variant:
    return Variant(tau, ("network.sci_rule=supplement", f"network.sci_tau={tau}"))


TABLES = {
    spec.name: spec
    for spec in (
        _weight_table("tab1", "alpha1", ("0.3", "0.5", "0.7", "1"), "alpha2 = alpha3 = 0.5"),
        _weight_table("tab2", "alpha2", ("0.3", "0.5", "0.6", "0.7"), "alpha1 = 1, alpha3 = 0.5"),
        _weight_table("tab3", "alpha3", ("0.3", "0.5", "0.6", "0.7"), "alpha1 = 1, alpha2 = 0.5"),
        TableSpec(
            "tab4",
            "Threshold tau of semantic consistency inference (SCI)",
            "tau",
            ("mfnet", "fmb", "pst900"),
            (*(_threshold(tau) for tau in ("0.2", "0.4", "0.6", "0.8")), Variant("always on")),
            (
                "Rows of tau use the supplement's rule (a pair whose mean cosine similarity "
                "reaches tau keeps its features). The released code compares 0.1 x the mean cosine "
                "with 0.4, which is always below, so that its SCI is always on: that is the last "
                "row, and what all other tables use.",
            ),
        ),
        TableSpec(
            "tab5",
            "Local alignment, global alignment and salient feature enhancement (SFE) left out",
            "network",
            ("mfnet",),
            (
                Variant("without local", ("network.local_alignment=none",)),
                Variant("without global", ("network.global_alignment=false",)),
                Variant("without SFE", ("network.sfe=false",)),
                Variant("full"),
            ),
            (
                _MAP_NOTE,
                "Without local alignment the pair is not changed; without global alignment its "
                "mean is the semantic feature.",
            ),
            with_map=True,
        ),
        TableSpec(
            "tab6",
            "CBAM and DANet in the place of the local alignment",
            "local alignment",
            ("fmb", "mfnet"),
            (
                Variant("CBAM", ("network.local_alignment=cbam",)),
                Variant("DANet", ("network.local_alignment=danet",)),
                Variant("AMDANet"),
            ),
            (
                _MAP_NOTE,
                "Of the same network on MFNet the supplement gives an mAP of 77.1 in Table 5 and "
                "77.4 in Table 6.",
            ),
            with_map=True,
        ),
    )
}
"""The tables by name."""
