"""A network's object scores by view and condition, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from .object_scores import ObjectScores


class ObjectReport:
    """Scores by view ("as it is", "RGB black", ...) and condition ("day", "night").

    Args:
        names: of all classes.
        scores: by view, by condition.
        facts: whatever else is to be known: checkpoint, data ...
    """

    def __init__(
        self,
        names: Sequence[str],
        scores: Mapping[str, Mapping[str, ObjectScores]],
        facts: Mapping[str, object],
    ) -> None:
        self.facts = dict(facts)
        self.values = {
            view: {condition: found.as_dict(names) for condition, found in by_condition.items()}
            for view, by_condition in scores.items()
        }
        counted = [each for view in list(scores.values())[:1] for each in view.values()]
        known = sum(each.known for each in counted)
        whole = known + sum(each.unknown for each in counted)
        self.facts["known_pixels"] = known / whole if whole else 0.0
        self.facts["meaning"] = _meaning(self.facts["known_pixels"])

    def as_table(self) -> str:
        """Return a Markdown table: a row for each view and condition."""
        rows = [
            (f"{view}, {condition}" if condition else view, found)
            for view, by_condition in self.values.items()
            for condition, found in sorted(by_condition.items())
        ]
        columns = list(dict.fromkeys(name for _, found in rows for name in found))
        lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
        for title, found in rows:
            cells = [f"{found[name]:.3f}" if name in found else "" for name in columns]
            lines.append(f"| {title} | {' | '.join(cells)} |")
        said = filter(None, [self.facts["meaning"], self.facts.get("remark")])
        return "\n".join([*lines, "", *said])

    def as_json(self) -> str:
        """Return facts and scores as JSON; a class that occurs nowhere is null."""
        return json.dumps({**self.facts, "scores": _without_nan(self.values)}, indent=2)


def _meaning(known: float) -> str:
    """Return what the IoU is measured against; of the boxes everything is known."""
    if known == 0.0:
        return "no pixel is labelled: only boxes are scored"
    if known == 1.0:
        return "IoU: of all pixels, as the labels have them"
    return (
        f"IoU: agreement with the labels on the {100 * known:.1f} % of the pixels that they know; "
        "the others, as where several labellers differ, are not counted, so it is no score on all "
        "pixels"
    )


def _without_nan(value):
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if value != value else value
