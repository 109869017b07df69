"""Print all that pyproject.toml asks for, one requirement a line, for `pip install -r`.

Build, run time and extras together: what a development environment needs.
"""

from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10; pip carries one
    from pip._vendor import tomli as tomllib

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
wanted = project["build-system"]["requires"] + project["project"]["dependencies"]
for extra in project["project"]["optional-dependencies"].values():
    wanted += extra
print("\n".join(dict.fromkeys(wanted)))
