"""Print all requirements of pyproject.toml, one a line, for `pip install -r`.

Those of the build, of the package and of all extras: what a development environment needs.
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
