"""docs/reproduction.md: its commands can be called, its tables hold the published values."""

import re
import shlex

import pytest

from amdanet_ros.cli.main import parser
from amdanet_ros.reproduction.table_specs import TABLES


@pytest.fixture(scope="module")
def text(project):
    return (project / "docs" / "reproduction.md").read_text()


def test_its_commands_can_be_called(text):
    commands = re.findall(r"^amdanet (reproduce .+?)(?:\s+#.*)?$", text, re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        assert parser("reproduce").parse_args(shlex.split(command)).out == "reproduction"


@pytest.mark.parametrize("name", TABLES)
def test_its_tables_hold_the_published_values(text, name):
    spec = TABLES[name]
    title = f"**{name.replace('tab', 'Table ')}: {spec.title}**"
    section = text.split(title)[1].split("\n**")[0]
    rows = {}
    for line in re.findall(r"^\| (.+) \|$", section, re.MULTILINE)[1:]:
        row, *cells = line.split(" | ")
        rows[row] = cells
    assert rows.keys() == {variant.row for variant in spec.variants}
    for variant in spec.variants:
        if not variant.published:
            continue
        scores = [variant.published[data_set] for data_set in spec.data_sets]
        values = [v for s in scores for v in ((s.miou, s.map) if spec.with_map else (s.miou,))]
        assert rows[variant.row][-len(values) :] == [f"{value:.1f}" for value in values]


def test_files_it_names_exist(text, project):
    for name in re.findall(r"`((?:config|test)/[\w/.]+)`", text):
        assert (project / name).exists(), name
    for link in re.findall(r"\]\(([\w./]+)\)", text):
        assert (project / "docs" / link).is_file(), link
