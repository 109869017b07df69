"""What the documents name exists: files, links, commands, parameters, launch arguments."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "amdanet_ros" / "weights" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")

of_each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS]
)


def prose(document):
    """Return a document without its blocks of code."""
    return BLOCK.sub("", document.read_text())


def links(document):
    """Return (file, anchor) of each link that is no address."""
    found = []
    for link in LINK.findall(prose(document)):
        if not re.match(r"[a-z]+:", link):
            name, _, anchor = link.partition("#")
            found.append(((document.parent / name).resolve() if name else document, anchor))
    return found


def anchors(document):
    """Return the anchors of a document's headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE):
        words = LINK.sub("]", heading).replace("[", "").replace("]", "").strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number, first = 0, anchor
        while anchor in found:
            number += 1
            anchor = f"{first}-{number}"
        found.add(anchor)
    return found


def lines_of_code(document):
    """Return the lines of all blocks of code; those that go on after a backslash as one."""
    code = "".join(content for _, content in BLOCK.findall(document.read_text()))
    return [line.strip() for line in re.sub(r"\\\n\s*", "", code).splitlines()]


@of_each_document
def test_its_links_resolve(document):
    for file, anchor in links(document):
        assert file.exists(), file
        if anchor:
            assert anchor in anchors(file), f"{file.name}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=[path.name for path in PAGES])
def test_it_is_in_the_index(page):
    index = ROOT / "docs" / "index.md"
    assert page == index or page in [file for file, _ in links(index)]


def test_every_document_is_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document not in reached:
            reached.add(document)
            waiting += [file for file, _ in links(document) if file.suffix == ".md"]
    assert set(DOCUMENTS) <= reached


@of_each_document
def test_the_files_it_names_exist(document):
    text = document.read_text()
    for name in re.findall(r"`((?:config|test|docs|launch|benchmarks)/[\w/.]+)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(amdanet_ros/[\w/.]+\.\w+|pyproject\.toml)`", text):
        assert (ROOT / name).exists(), name
    for name, function in re.findall(r"`(test/[\w/]+\.py)::(\w+)`", text):
        assert f"def {function}(" in (ROOT / name).read_text(), (name, function)


@of_each_document
def test_its_commands_can_be_called(document):
    from amdanet_ros.cli.main import COMMANDS, parser

    for line in lines_of_code(document):
        words = shlex.split(line, comments=True) if line.startswith("amdanet ") else []
        if len(words) > 1 and words[1] in COMMANDS:
            try:
                parser(words[1], words[1:]).parse_args(words[1:])
            except SystemExit as error:
                assert error.code == 0, line


@of_each_document
def test_the_parameters_it_names_exist(document):
    from amdanet_ros.settings import known_parameters

    text = document.read_text()
    named = set(re.findall(r"`((?:sync|thermal|rgb|fused|qos)\.[a-z_]+)[`:]", text))
    named |= set(re.findall(r"param set /amdanet ([a-z_.]+)", text))
    assert named <= known_parameters(["front", "rear"]).keys()


@of_each_document
def test_its_parameter_files_are_read(document, tmp_path):
    from amdanet_ros.params_file import read_params_file
    from amdanet_ros.settings import settings_of

    for language, content in BLOCK.findall(document.read_text()):
        if language == "yaml" and "ros__parameters" in content:
            file = tmp_path / "rig.yaml"
            file.write_text(content)
            assert settings_of(read_params_file(file))


def test_the_arguments_of_launch_files_they_name_exist():
    pytest.importorskip("launch.actions")
    pytest.importorskip("launch_ros.actions")
    from launch.launch_description_sources import get_launch_description_from_any_launch_file

    named = set()
    for document in DOCUMENTS:
        for line in lines_of_code(document):
            called = re.match(r"ros2 launch amdanet_ros (\w+\.launch\.py)(.*)$", line)
            if called:
                file = ROOT / "launch" / called[1]
                description = get_launch_description_from_any_launch_file(str(file))
                known = {each.name for each in description.get_launch_arguments()}
                given = set(re.findall(r"(?<=\s)(\w+):=", called[2].split("#")[0]))
                assert given <= known, (document.name, called[1], given - known)
                named.add(file)
    assert named == set((ROOT / "launch").glob("*.launch.py"))
