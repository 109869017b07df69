"""Published values fit the tables' rows; the writer's mean and deviation over seeds."""

import csv
import io

import pytest

from amdanet_ros.reproduction.table_specs import TABLES
from amdanet_ros.reproduction.table_writer import ReproducedTable

PUBLISHED = {
    name: {variant.row: variant.published for variant in spec.variants if variant.published}
    for name, spec in TABLES.items()
}


def test_every_row_of_the_supplement_has_scores_of_all_its_data_sets():
    for name, spec in TABLES.items():
        rows = {variant.row for variant in spec.variants}
        assert rows - PUBLISHED[name].keys() <= {"always on"}
        for published in PUBLISHED[name].values():
            assert published.keys() == set(spec.data_sets)
            assert all((score.map is not None) == spec.with_map for score in published.values())


def test_the_full_network_has_the_same_miou_in_every_table():
    rows = {"tab1": "1", "tab2": "0.5", "tab3": "0.5", "tab4": "0.4", "tab5": "full"}
    for name, row in (*rows.items(), ("tab6", "AMDANet")):
        for data_set, score in PUBLISHED[name][row].items():
            assert score.miou == PUBLISHED["tab1"]["1"][data_set].miou


@pytest.fixture
def table():
    """Two rows of Table 6 scored with three seeds, one row with none."""
    made = ReproducedTable(TABLES["tab6"], ("mfnet",), {"preset": "paper"}, ("A note.",))
    for row, values in (("CBAM", (0.5, 0.6, 0.7)), ("AMDANet", (0.8, 0.8, None))):
        for seed, value in enumerate(values):
            scores = dict.fromkeys(("mIoU", "mean_accuracy", "mean_precision"), value)
            made.scores[row, "mfnet", seed] = {**scores, "run": f"run_{seed}"}
    return made


def test_a_row_gives_mean_and_deviation_over_its_seeds(table):
    row = next(line for line in table.as_markdown().splitlines() if line.startswith("| CBAM"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == ["CBAM", *["60.0 ± 10.0"] * 3, "60.8", "73.1", "63.3", "74.8"]
    ours = table.as_dict()["rows"][0]["ours"]["mfnet"]
    assert ours["mIoU"] == {
        "by_seed": {0: 50.0, 1: 60.0, 2: 70.0},
        "mean": 60.0,
        "deviation": 10.0,
    }


def test_a_seed_without_a_score_does_not_count(table):
    ours = table.as_dict()["rows"][2]["ours"]["mfnet"]["mIoU"]
    assert ours == {"by_seed": {0: 80.0, 1: 80.0}, "mean": 80.0, "deviation": 0.0}


def test_a_row_without_scores_shows_none(table):
    row = next(line for line in table.as_markdown().splitlines() if line.startswith("| DANet"))
    assert row.startswith("| DANet | - | - | - | 60.5 | 74.3 |")


def test_the_page_says_how_far_rows_and_seeds_lie_apart(table):
    page = table.as_markdown()
    assert "On mfnet the rows' mean mIoU differ by up to 20.0 points" in page
    assert "largest deviation of one row is 10.0" in page
    assert "- A note." in page


def test_the_csv_file_has_a_line_for_every_number(table):
    lines = list(csv.DictReader(io.StringIO(table.as_csv())))
    ours = [line for line in lines if line["source"] == "ours" and line["row"] == "CBAM"]
    assert len(ours) == 3 * (3 + 2)
    published = [line for line in lines if line["source"] == "published"]
    assert len(published) == 3 * 2 * 2
