"""docs/robot.md quotes what the node says; docs/notes/complaints.md answers each complaint."""

import re


def test_each_complaint_has_its_answer(project):
    text = (project / "docs" / "notes" / "complaints.md").read_text()
    rows = re.findall(r"^\| (\d+b?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    assert [number for number, _, _ in rows] == [
        *map(str, range(1, 8)),
        "7b",
        *map(str, range(8, 41)),
    ]
    assert all(len(answer) > 7 for _, _, answer in rows)


def test_the_node_says_what_the_list_of_symptoms_quotes(project):
    text = (project / "docs" / "robot.md").read_text()
    assert_quotes_are_in_the_code(text.partition("## 9. By symptom")[2], project, 6)


def test_the_commands_say_what_getting_started_quotes(project):
    text = (project / "docs" / "getting_started.md").read_text()
    assert_quotes_are_in_the_code(text.partition("## When it does not work")[2], project, 2)


def assert_quotes_are_in_the_code(section, project, least):
    rows = re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
    code = "".join(path.read_text() for path in (project / "amdanet_ros").rglob("*.py"))
    code = re.sub(r'"\s+f?"', "", code)  # literals over several lines
    code = code.replace("{p}", "")  # in front of a parameter: the camera pair's name, if it has one
    quoted = [words for row in rows for words in re.findall(r'"(.+?)"', row)]
    assert len(quoted) > least
    for words in quoted:
        for part in words.split("..."):
            assert part.partition(",")[0].strip() in code, words
