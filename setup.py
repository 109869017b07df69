"""Build for pip: run CMakeLists.txt, as colcon does, and put what it installs into the wheel."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
NAME = "amdanet_ros"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


def ros_prefix() -> Path:
    """Return the prefix of the ROS generators: the venv, pip's build overlay, or a system ROS."""
    return Path(importlib.util.find_spec("rosidl_parser").origin).resolve().parents[4]


class CMakeInstall(build_ext):
    """Runs CMake into a staging folder.

    The Python package found there becomes the wheel's, the rest goes to sys.prefix.
    """

    def run(self):
        """Build, install into the staging folder, and move the files to their places."""
        build = Path(self.build_temp).resolve() / "cmake"
        stage = Path(self.build_temp).resolve() / "stage"
        prefix = str(ros_prefix())
        built_with = build / "ros_prefix"
        # The cache of an earlier isolated build points to an overlay that pip has deleted.
        if not built_with.is_file() or built_with.read_text() != prefix:
            shutil.rmtree(build, ignore_errors=True)
        shutil.rmtree(stage, ignore_errors=True)
        environment = {**os.environ, "AMENT_PREFIX_PATH": prefix, "CMAKE_PREFIX_PATH": prefix}
        configure = [
            "cmake", "-S", str(HERE), "-B", str(build),
            "-DBUILD_TESTING=OFF",
            "-DCMAKE_BUILD_TYPE=Release",
            f"-DCMAKE_INSTALL_PREFIX={stage}",
            f"-DPython3_EXECUTABLE={sys.executable}",
            f"-DCMAKE_PROJECT_INCLUDE={HERE}/cmake/pypi_wheels_fix.cmake",
            "-DCMAKE_INSTALL_RPATH=$ORIGIN:$ORIGIN/../../..",
        ]  # fmt: skip
        if shutil.which("ninja"):
            configure += ["-G", "Ninja"]
        subprocess.check_call(configure, env=environment)
        built_with.write_text(prefix)
        install = ["cmake", "--build", str(build), "--target", "install", "-j2"]
        subprocess.check_call(install, env=environment)

        site = Path("lib") / PYTHON / "site-packages"
        target = (HERE if self.inplace else Path(self.build_lib)) / NAME
        if not self.inplace:
            # A file that was removed from the source tree must not stay in the wheel.
            shutil.rmtree(target, ignore_errors=True)
        unwanted = shutil.ignore_patterns("__pycache__", "*.c")
        shutil.copytree(stage / site / NAME, target, dirs_exist_ok=True, ignore=unwanted)
        data = {}
        for path in sorted(stage.rglob("*")):
            where = path.relative_to(stage)
            if path.is_file() and site not in where.parents and where.parts[0] != "include":
                data.setdefault(str(where.parent), []).append(str(path))
        if self.inplace:
            # An editable install ignores data_files.
            for where, files in data.items():
                (Path(sys.prefix) / where).mkdir(parents=True, exist_ok=True)
                for file in files:
                    shutil.copy2(file, Path(sys.prefix) / where)
            return
        self.distribution.data_files = sorted(data.items())

    def get_outputs(self):
        """The compiled modules are copied above; setuptools has none of its own to list."""
        return []


setup(
    packages=[NAME],
    # Makes the wheel platform specific; CMakeInstall builds it.
    ext_modules=[Extension(f"{NAME}._messages", sources=[])],
    cmdclass={"build_ext": CMakeInstall},
    zip_safe=False,
)
