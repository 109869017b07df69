"""docs/reliability.md: its figures are those of the record, and the tests that it names exist."""

import json

import pytest

pytest.importorskip("rclpy")


@pytest.fixture
def reliability(writer):
    return writer("reliability")


def test_the_document_says_what_was_recorded(project, reliability):
    written = (project / "docs" / "reliability.md").read_text()
    assert written == reliability.reliability_document(), "run python scripts/write_documents.py"


def test_the_tests_that_it_names_exist(project, reliability):
    named = [path for _, _, where in reliability.HELD for path in where.split(", ")]
    assert [path for path in named if not (project / path).exists()] == []


def test_the_record_holds_no_fault_a_million_inputs_and_all_targets(project, reliability):
    record = json.loads(reliability.RECORD.read_text())
    fuzz, attack, soak = (record[part]["found"] for part in ("fuzz", "attack", "soak"))
    assert [each["target"] for each in fuzz if each["fault"]] == []
    assert sum(each["inputs"] for each in fuzz) >= 1_000_000
    modules = {path.stem for path in (project / "fuzz" / "corpus").iterdir()}
    assert {each["target"] for each in fuzz} >= modules
    assert attack["rounds"] > 0
    assert [phase["name"] for phase in soak] == ["quiet", "cycles", "busy", "quiet again"]
    assert sum(phase["seconds"] for phase in soak) >= 1800
