"""What each room of the package may import; no circle of rooms or of files."""

import ast
import sys
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "amdanet_ros"
NAME = PACKAGE.name

ARRAYS = "numpy cv2"
ROS = (
    "rclpy rcl_interfaces lifecycle_msgs builtin_interfaces std_msgs std_srvs sensor_msgs "
    "diagnostic_msgs rosgraph_msgs ament_index_python msg"
)
ROSLESS = "images inference registration visualization findings parameters classes"

ALLOWED = {
    "classes": "numpy",
    "bounded_yaml": "yaml",
    "class_table_file": "yaml numpy bounded_yaml classes one_line user_folders regular_file",
    "findings": "",
    "graphs": "openvino optional_package user_folders",
    "disk_room": "",
    "environment_number": "one_line",
    "output_place": "programs disk_room regular_file",
    "parameters": "",
    "one_line": "",
    "piped_file": "",
    "regular_file": "",
    "optional_package": "",
    "programs": "one_line user_folders",
    "resources": "",
    "dds_profile": "",
    "user_folders": "one_line",
    "whole_file": "",
    "whole_folder": "",
    "images": f"{ARRAYS} one_line regular_file",
    "pairing": "findings parameters",
    "network": "torch numpy classes one_line whole_file user_folders regular_file",
    "registration": f"yaml {ARRAYS} images bounded_yaml one_line user_folders regular_file",
    "visualization": f"{ARRAYS} images classes",
    "inference": f"torch onnx onnxruntime onnxscript openvino {ARRAYS} graphs images network "
    "registration visualization parameters classes class_table_file one_line "
    "optional_package user_folders regular_file",
    "pipeline": f"{ARRAYS} {ROSLESS} one_line",
    "settings": "inference pairing pipeline parameters",
    "params_file": "yaml bounded_yaml one_line parameters piped_file settings",
    "messages": f"{ARRAYS} images pipeline registration classes",
    "bags": "rosbags yaml lz4 backports compression numpy images pairing resources programs "
    "one_line regular_file",
    "videos": f"{ARRAYS} bags images one_line",
    "fuse": f"{ARRAYS} {ROSLESS} bags videos messages pairing pipeline settings output_place",
    "report": f"{ARRAYS} output_place one_line whole_file",
    "fleet": "ray bags videos fuse output_place programs one_line whole_file report "
    "optional_package user_folders regular_file",
    "view": f"{ARRAYS} images pipeline visualization programs one_line",
    "ros": f"{ROS} rosbags torch launch launch_ros numpy {ROSLESS} graphs network bags messages "
    "pairing pipeline resources settings one_line programs params_file ros.shims "
    "view dds_profile user_folders regular_file",
    "ros.shims": "rclpy message_filters vision_msgs",
    "calibration": f"yaml {ARRAYS} inference registration",
    "synthetic": f"{ARRAYS} registration classes",
    "evaluation": f"torch {ARRAYS} network inference classes one_line optional_package "
    "regular_file",
    "training": f"torch torchvision kornia PIL yaml tqdm {ARRAYS} network inference visualization "
    "synthetic evaluation bounded_yaml classes class_table_file images one_line whole_file "
    "optional_package user_folders disk_room environment_number regular_file",
    "annotation": f"{ARRAYS} images training evaluation classes class_table_file one_line "
    "whole_file regular_file",
    "extraction": f"{ARRAYS} {ROSLESS} fuse pipeline evaluation class_table_file",
    "reproduction": f"torch {ARRAYS} network inference visualization training evaluation classes "
    "class_table_file resources whole_file",
    "demo": f"{ROS} {ARRAYS} {ROSLESS} synthetic evaluation bags messages fuse resources "
    "output_place programs report dds_profile",
    "cli": f"rclpy torch tqdm yaml {ARRAYS} {ROSLESS} graphs network pairing pipeline settings "
    "params_file messages bags videos fuse fleet ros ros.shims training evaluation extraction "
    "annotation calibration reproduction synthetic demo resources output_place one_line programs "
    "whole_file whole_folder class_table_file view report dds_profile user_folders "
    "disk_room environment_number __init__ regular_file",
    "__init__": "",
}
"""Room: what it may import beside the standard library."""


def room_of(path):
    """The room of a module, given as names below the package."""
    return "ros.shims" if path[:2] == ("ros", "shims") else path[0]


def is_module(path):
    place = PACKAGE.joinpath(*path)
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def imported(file):
    """Modules that a file imports, in functions too, and whether they are the package's own."""
    own = file.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (NAME, *own[: len(own) - node.level]) if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            parts = [(*base, alias.name) for alias in node.names]
            modules = [part if is_module(part[1:]) else base for part in parts]
        else:
            continue
        for module in modules:
            inside = module[0] == NAME
            if inside or module[0] not in sys.stdlib_module_names:
                yield inside, (module[1:] or ("__init__",)) if inside else module


def path_of(file):
    """The names of a file below the package."""
    own = file.relative_to(PACKAGE).with_suffix("").parts
    return tuple(part for part in own if part != "__init__") or own


FILES = {path_of(file): file for file in sorted(PACKAGE.rglob("*.py"))}


@pytest.fixture(scope="module")
def graph():
    """What each file imports."""
    return {path: set(imported(file)) for path, file in FILES.items()}


@pytest.mark.parametrize("room", sorted({room_of(path) for path in FILES}))
def test_a_room_imports_only_what_the_table_allows(graph, room):
    allowed = {room, *ALLOWED[room].split()}
    forbidden = {
        f"{'/'.join(path)}: {'.'.join(module)}"
        for path, modules in graph.items()
        if room_of(path) == room
        for inside, module in modules
        if (room_of(module) if inside else module[0]) not in allowed
    }
    assert not forbidden


def test_no_circle_of_rooms_or_of_files(graph):
    rooms, files = defaultdict(set), {}
    for path, modules in graph.items():
        files[path] = {module for inside, module in modules if inside}
        rooms[room_of(path)] |= {room_of(module) for module in files[path]} - {room_of(path)}
    for imports in (rooms, files):
        try:
            TopologicalSorter(imports).prepare()
        except CycleError as error:
            pytest.fail(" imports ".join(map(str, reversed(error.args[1]))))
