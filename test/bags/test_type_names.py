"""A type's name that comes from a bag or from another node never runs anything."""

import sys

import pytest

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.message_types import knows
from amdanet_ros.bags.type_names import is_topic_name, package_and_kind
from amdanet_ros.bags.writer import BagWriter

HOSTILE = (
    "this/msg/X", "evil_beside/msg/Thing", "antigravity/msg/Fly", "os/msg/Path",
    "evil_beside/Thing", "evil_beside.inner/msg/Thing", "../evil_beside/msg/Thing",
    "evil_beside/msg/../../Thing", "",
    "evil_beside/msg/Thing\n", "evil_beside/msg/__class__", "evil_beside/srv/Thing", "/msg/Thing",
    "Evil_beside/msg/Thing", "evil_beside//msg/Thing", "evil_beside/msg/thing",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_type_name_imports_nothing(tmp_path, monkeypatch, name):
    pytest.importorskip("rclpy")
    from amdanet_ros.ros.message_types import message_class

    for package in ("evil_beside", "vision_msgs"):
        for folder in (
            tmp_path / package,
            tmp_path / package / "msg",
            tmp_path / package / "inner",
        ):
            folder.mkdir(exist_ok=True)
            (folder / "__init__.py").write_text("import sys\nsys.ran_beside_the_bag = True\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    with pytest.raises(LookupError) as refused:
        message_class(name)
    assert "\n" not in str(refused.value)
    with pytest.raises(LookupError):
        message_class("vision_msgs/msg/Detection2D")
    assert not hasattr(sys, "ran_beside_the_bag")
    assert not {each for each in sys.modules if each.startswith(("evil", "this", "antigravity"))}
    assert set(sys.modules) == before
    assert not knows(name)


def test_types_that_are_installed_are_found():
    pytest.importorskip("rclpy")
    from amdanet_ros.ros.message_types import message_class

    for name in ("sensor_msgs/msg/Image", "amdanet_ros/msg/SemanticSegmentation"):
        assert package_and_kind(name) == tuple(name.split("/msg/"))
        assert message_class(name).__name__ == name.rpartition("/")[2]


def test_a_type_that_only_a_path_leads_to_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "share" / "robot_msgs" / "msg").mkdir(parents=True)
    (tmp_path / "share" / "robot_msgs" / "msg" / "Torn.msg").write_text("what [is this\n")
    (tmp_path / "Arm.msg").write_text("float64 angle\n")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    with BagWriter(tmp_path / "bag") as bag:
        for name in ("robot_msgs/msg/Torn", "../../x/msg/Arm", "robot_msgs/msg/../../../Arm"):
            with pytest.raises(BagError):
                bag.add_topic("/arm", name)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("/rgb/image_raw", True),
        ("/_hidden/a1", True),
        ("rgb", False),
        ("/", False),
        ("/a//b", False),
        ("/a b", False),
        ("/1a", False),
        ("/a/", False),
        ("/a__b", False),
        ("/a\n", False),
        ("/" + "a" * 300, False),
    ],
)
def test_topic_names_are_those_of_ros(name, right):
    assert is_topic_name(name) == right
