"""The costmap files fit their class tables, the layer's parameters and this package's outputs."""

import re

import pytest
import yaml

from amdanet_ros import classes
from amdanet_ros.messages import OUTPUTS

TABLES = {
    table.name.lower(): table
    for table in (classes.MFNET, classes.FMB, classes.PST900, classes.DEMO, classes.STREET)
}
GROUND = {"road", "road_mark", "sidewalk"}
PEOPLE = {"person", "survivor"}
VEHICLES = {"car", "truck", "bus", "motorcycle", "bicycle", "bike", "vehicle"}
LAYER_TOPICS = {
    "segmentation_topic": "sensor_msgs/msg/Image",
    "confidence_topic": "sensor_msgs/msg/Image",
    "labels_topic": "vision_msgs/msg/LabelInfo",
}
"""What semantic_segmentation_layer.cpp (a70cf6e) subscribes to of this package."""
LAYER = {
    *("plugin", "enabled", "combination_method", "observation_sources"),
    *("publish_debug_topics", "use_approximate_time_sync"),
}
SOURCE = {
    *(*LAYER_TOPICS, "pointcloud_topic", "observation_persistence", "expected_update_rate"),
    *("class_types", "max_obstacle_distance", "min_obstacle_distance", "tile_map_decay_time"),
    *("visualize_tile_map", "use_cost_selection"),
}
CLASS_TYPE = {
    "classes": list,
    "base_cost": int,
    "max_cost": int,
    "mark_confidence": int,
    "samples_to_max_cost": int,
    "dominant_priority": bool,
}
"""The parameters that it declares, with their types: others are ignored without a word."""


def test_each_class_table_has_a_file_and_each_file_a_table(project):
    files = {path.name for path in (project / "config" / "nav2").iterdir()}
    assert files == {f"{name}_costmap.yaml" for name in TABLES}


@pytest.fixture(params=TABLES)
def case(request, project):
    """A class table and the parameters of its costmap."""
    path = project / "config" / "nav2" / f"{request.param}_costmap.yaml"
    content = yaml.safe_load(path.read_text())
    return TABLES[request.param], content["local_costmap"]["local_costmap"]["ros__parameters"]


@pytest.fixture
def table(case):
    return case[0]


@pytest.fixture
def layer(case):
    return case[1]["semantic_layer"]


@pytest.fixture
def source(layer):
    return layer[layer["observation_sources"]]


@pytest.fixture
def costs(source):
    """The class type of each class."""
    return {
        name: source[kind] for kind in source["class_types"] for name in source[kind]["classes"]
    }


def test_every_class_is_in_one_class_type_and_no_other_name_is(table, source):
    named = [name for kind in source["class_types"] for name in source[kind]["classes"]]
    assert sorted(named) == sorted(table.names)


def test_ground_is_free_and_people_and_vehicles_are_lethal(table, costs):
    small = {name.lower(): costs[name] for name in table.names}
    for name in GROUND & small.keys():
        assert small[name]["base_cost"] == small[name]["max_cost"] == 0, name
    for name in (PEOPLE | VEHICLES) & small.keys():
        assert small[name]["base_cost"] == small[name]["max_cost"] == 254, name
        assert small[name]["dominant_priority"] is True, name
    assert PEOPLE & small.keys()
    for name, kind in small.items():
        assert 0 <= kind["base_cost"] <= kind["max_cost"] <= 254, name


def test_the_layer_knows_every_parameter_by_name_and_type(layer, source):
    assert layer["plugin"] == "semantic_segmentation_layer::SemanticSegmentationLayer"
    assert layer.keys() == (layer.keys() & LAYER) | {layer["observation_sources"]}
    assert source.keys() == (source.keys() & SOURCE) | set(source["class_types"])
    for kind in source["class_types"]:
        assert {name: type(value) for name, value in source[kind].items()} == CLASS_TYPE, kind
    for name in ("min_obstacle_distance", "max_obstacle_distance", "tile_map_decay_time"):
        assert isinstance(source[name], float)  # rclcpp takes no integer for a double


def test_the_layers_topics_are_outputs_of_the_layers_types(source):
    types = {f"/{output.topic}": output.type for output in OUTPUTS}
    assert {name: types[source[name]] for name in LAYER_TOPICS} == LAYER_TOPICS
    assert not source["pointcloud_topic"].startswith("/segmentation")


def test_the_costmap_has_the_layer_and_inflation_and_says_what_costs_mean(case, project):
    table, parameters = case
    assert parameters["plugins"] == ["semantic_layer", "inflation_layer"]
    assert all("plugin" in parameters[name] for name in parameters["plugins"])
    text = (project / "config" / "nav2" / f"{table.name.lower()}_costmap.yaml").read_text()
    for kind in parameters["semantic_layer"]["rgbt"]["class_types"]:
        assert re.search(rf"# [A-Z].*\n(\s+#.*\n)*\s+{kind}:\n", text), f"{kind} is not explained"


ECHO = "import sys\nprint('CALLED', ' '.join(sys.argv), flush=True)\n"
NEEDED = {
    "rclcpp_components": "component_container",
    "depth_image_proc": "depth_image_proc",
    "nav2_costmap_2d": "nav2_costmap_2d",
    "nav2_lifecycle_manager": "lifecycle_manager",
    "semantic_segmentation_layer": "semantic_segmentation_layer",
}


@pytest.mark.parametrize("missing", NEEDED)
def test_a_missing_package_is_told_with_its_fix(
    run_launch, include, capfd, install_program, missing
):
    pytest.importorskip("launch_ros.actions")
    for package, executable in NEEDED.items():
        if package != missing:
            install_program(package, executable, ECHO)
    assert run_launch([include("nav2_costmap.launch.py")]) == 1
    told = "".join(capfd.readouterr())
    assert f"the ROS package {missing} is not installed" in told
    assert "CALLED" not in told


def started(launch_file, context_values):
    """What the launch file would start with these arguments, as its actions."""
    from launch import LaunchContext
    from launch.launch_description_sources.python_launch_file_utilities import (
        load_python_launch_file_as_module,
    )

    context = LaunchContext()
    context.launch_configurations.update(context_values)
    module = load_python_launch_file_as_module(str(launch_file))
    return module, context


@pytest.fixture
def arguments():
    return {
        "class_table": "street",
        "costmap_file": "",
        "namespace": "front",
        "depth_topic": "depth/image_rect_raw",
        "depth_info_topic": "/depth/camera_info",
        "rgb_info_topic": "rgb/camera_info",
        "cloud_topic": "rgb/points",
        "aligned": "false",
        "costmap": "true",
        "use_sim_time": "false",
    }


def test_the_costmap_gets_the_topics_of_the_namespace(project, arguments):
    pytest.importorskip("launch_ros.actions")
    module, context = started(project / "launch" / "nav2_costmap.launch.py", arguments)
    source = module._costmap_parameters(context)["semantic_layer"]["rgbt"]
    assert source["segmentation_topic"] == "/front/segmentation/mask"
    assert source["labels_topic"] == "/front/segmentation/label_info"
    assert source["pointcloud_topic"] == "/front/rgb/points"


def test_a_file_that_is_no_costmap_is_told(project, arguments, tmp_path):
    pytest.importorskip("launch_ros.actions")
    own = tmp_path / "own.yaml"
    own.write_text("local_costmap: {}\n")
    arguments["costmap_file"] = str(own)
    module, context = started(project / "launch" / "nav2_costmap.launch.py", arguments)
    with pytest.raises(ValueError, match="has no local_costmap"):
        module._costmap_parameters(context)


@pytest.mark.parametrize(("aligned", "plugins"), [("false", 2), ("true", 1)])
def test_depth_is_registered_unless_it_is_aligned(project, arguments, aligned, plugins):
    pytest.importorskip("launch_ros.actions")
    arguments["aligned"] = aligned
    module, context = started(project / "launch" / "nav2_costmap.launch.py", arguments)
    container = module._cloud(context)
    described = container._ComposableNodeContainer__composable_node_descriptions
    assert len(described) == plugins
    text = [
        ("".join(part.text for part in a), "".join(part.text for part in b))
        for each in described
        for a, b in each.remappings
    ]
    assert ("points", "/front/rgb/points") in text
    assert ("depth/camera_info" if plugins == 2 else "camera_info", "/depth/camera_info") in text
    if plugins == 2:
        assert ("image_rect", "/front/depth_registered/image_rect") in text
