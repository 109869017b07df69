"""docs/robot.md names files, arguments and parameters that exist, and answers each complaint."""

import re

import pytest


@pytest.fixture(scope="module")
def text(project):
    return (project / "docs" / "robot.md").read_text()


def test_each_complaint_has_its_answer(text):
    rows = re.findall(r"^\| (\d+b?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    assert [number for number, _, _ in rows] == [
        *map(str, range(1, 8)),
        "7b",
        *map(str, range(8, 41)),
    ]
    assert all(len(answer) > 7 for _, _, answer in rows)


def test_the_node_says_what_the_list_of_symptoms_quotes(text, project):
    rows = re.findall(r"^\| (.+?) \|", text.partition("## 9.")[2].partition("## 10.")[0], re.M)
    code = "".join(path.read_text() for path in (project / "amdanet_ros").rglob("*.py"))
    code = re.sub(r'"\s+f?"', "", code)  # literals over several lines
    quoted = [words for row in rows for words in re.findall(r'"(.+?)"', row)]
    assert len(quoted) > 6
    for words in quoted:
        for part in words.split("..."):
            assert part.partition(",")[0].strip() in code, words


def test_parameters_it_names_exist(text):
    from amdanet_ros.settings import PARAMETERS

    known = {spec.name for spec in PARAMETERS}
    named = set(re.findall(r"`((?:sync|thermal|rgb|fused|qos)\.[a-z_]+)", text))
    named |= set(re.findall(r"param set /amdanet ([a-z_.]+)", text))
    assert named and named <= known


def test_files_it_names_exist(text, project):
    for name in re.findall(r"`((?:config|test|docs)/[\w/.]+)`", text):
        assert (project / name).exists(), name
    for name in re.findall(r"`(amdanet_ros/[\w/.]+|pyproject\.toml)`", text):
        assert (project / name).exists(), name
    for name, function in re.findall(r"`(test/[\w/]+\.py)::(\w+)`", text):
        assert f"def {function}(" in (project / name).read_text(), (name, function)
    for link in re.findall(r"\]\(([\w./]+\.md)\)", text):
        assert (project / "docs" / link).is_file(), link


def test_arguments_of_launch_files_it_names_exist(text, project):
    pytest.importorskip("launch.actions")
    pytest.importorskip("launch_ros.actions")
    from launch.launch_description_sources import get_launch_description_from_any_launch_file

    commands = re.findall(
        r"^ros2 launch amdanet_ros (\w+\.launch\.py)((?:.*\\\n)*.*)$", text, re.MULTILINE
    )
    assert len({name for name, _ in commands}) == 5
    for name, rest in commands:
        description = get_launch_description_from_any_launch_file(str(project / "launch" / name))
        known = {each.name for each in description.get_launch_arguments()}
        given = set(re.findall(r"(?<=\s)(\w+):=", rest.split("#")[0]))
        assert given <= known, (name, given - known)
