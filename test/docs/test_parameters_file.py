"""config/amdanet.yaml: every parameter with its default, written from what is declared."""

from amdanet_ros.parameters import flat
from amdanet_ros.params_file import read_params_file
from amdanet_ros.settings import PARAMETERS, Settings, settings_of


def test_the_file_is_what_is_declared_now(project, writer):
    written = (project / "config" / "amdanet.yaml").read_text()
    document = writer("parameters_file").parameters_file()
    assert written == document, "run python scripts/write_documents.py"


def test_it_sets_every_parameter_to_its_default(project):
    values = read_params_file(project / "config" / "amdanet.yaml")
    assert list(values) == [each.name for each in PARAMETERS]
    assert settings_of(values) == {"": Settings()}
    assert {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()} == flat(
        Settings()
    )
