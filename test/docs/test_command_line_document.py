"""docs/command_line.md: written from what the commands declare."""

import pytest

from amdanet_ros.cli.main import COMMANDS, parser


def test_the_document_is_what_the_commands_declare_now(project, writer):
    written = (project / "docs" / "command_line.md").read_text()
    document = writer("command_line").command_line_document()
    assert written == document, "run python scripts/write_documents.py"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_in_its_section(project, command, capsys):
    written = (project / "docs" / "command_line.md").read_text()
    section = written.split(f"\n## amdanet {command}\n")[1].split("\n## ")[0]
    with pytest.raises(SystemExit):
        parser(command).parse_args([command, "--help"])
    told = capsys.readouterr().out
    options = {word.strip("[],") for word in told.split() if word.strip("[],").startswith("--")}
    options = {each for each in options if each.strip("-").replace("-", "").isalpha()}
    assert len(options) >= 1
    for option in options - {"--help"}:
        assert option in section
