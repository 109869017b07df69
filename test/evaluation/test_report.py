"""Reports: printing, writing, merging."""

import csv
import io
import json

import numpy as np
import pytest

from amdanet_ros.evaluation.confusion_matrix import ConfusionMatrix
from amdanet_ros.evaluation.report import EvaluationReport, merged_reports

CLASSES = ("road", "guardrail", "car")


def report(condition, labels, predicted, fusion=None, pairs=1):
    matrix = ConfusionMatrix(3)
    matrix.add(np.array(labels), np.array(predicted))
    return EvaluationReport(CLASSES, {condition: matrix}, fusion or {}, {"pairs": pairs})


def test_scores_are_given_with_and_without_the_guardrail():
    values = report("", [0, 0, 1, 2], [0, 0, 0, 2]).as_dict()
    assert values["mIoU"] == pytest.approx((2 / 3 + 0 + 1) / 3, abs=1e-6)
    assert values["mIoU_without_guardrail"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-6)


def test_json_holds_no_nan_and_csv_the_same_numbers():
    made = report("day", [0, 0], [0, 0], {"EN": 6.5})
    values = json.loads(made.as_json())
    assert values["classes"]["car"]["IoU"] is None
    assert values["conditions"] == {"day": 1.0}
    rows = list(csv.DictReader(io.StringIO(made.as_csv())))
    assert {"kind": "class", "name": "road", "score": "IoU", "value": "1.0"} in rows
    assert {"kind": "fusion", "name": "all", "score": "EN", "value": "6.5"} in rows


def test_the_table_names_every_class_and_condition():
    table = report("night", [0, 2], [0, 0], {"EN": 6.5}).as_table()
    for word in (*CLASSES, "mean", "night", "EN 6.500"):
        assert word in table


def test_shares_merge_into_one_report():
    made = merged_reports(
        [
            report("day", [0, 2], [0, 2], {"EN": 6.0}, pairs=1),
            report("night", [0, 2], [0, 0], {"EN": 7.0}, pairs=3),
        ]
    )
    assert made.total.counts.sum() == 4
    assert set(made.matrices) == {"day", "night"}
    assert made.fusion["EN"] == pytest.approx(6.75)
    assert made.facts["pairs"] == 4
