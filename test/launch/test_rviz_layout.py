"""RViz's configuration holds a saved layout: without one Qt shows every dock, at any place."""

import struct

import pytest
import yaml

AREAS = {0: "left", 1: "right", 2: "top", 3: "bottom"}
DIRECTIONS = {1: "beside", 2: "below"}  # Qt::Horizontal, Qt::Vertical


class MainWindowState:
    """Reads what ``QMainWindow::saveState`` wrote (qmainwindow.cpp, qdockarealayout.cpp)."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def _take(self, layout):
        values = struct.unpack_from(f">{layout}", self._data, self._at)
        self._at += struct.calcsize(f">{layout}")
        return values if len(values) > 1 else values[0]

    def areas(self):
        """The docks by area: (direction, parts); a dock is (name, shown, width, height)."""
        assert self._take("II") == (0xFF, 0)  # version marker, version
        assert self._take("B") == 0xFD  # docks
        found = {}
        for _ in range(self._take("I")):
            area, *size = self._take("III")
            found[AREAS[area]] = self._sequence(size)
        return found

    def _sequence(self, size):
        assert self._take("B") == 0xFC  # no tabs
        direction = DIRECTIONS[self._take("B")]
        return direction, [self._part(direction, size) for _ in range(self._take("I"))]

    def _part(self, direction, size):
        kind = self._take("B")
        if kind == 0xFC:  # parts within
            _, extent, _, _ = self._take("IIII")
            return self._sequence(_within(size, direction, extent))
        assert kind == 0xFB
        length = self._take("I")
        name = self._data[self._at : self._at + length].decode("utf-16-be")
        self._at += length
        shown = bool(self._take("B") & 1)
        _, extent, _, _ = self._take("IIII")
        return name, shown, *_within(size, direction, extent)


def _within(size, direction, extent):
    width, height = size
    return (extent, height) if direction == "beside" else (width, extent)


def docks_in(area):
    """All docks of an area, by name."""
    found = {}
    for part in area[1]:
        found |= docks_in(part) if isinstance(part[1], list) else {part[0]: part}
    return found


@pytest.fixture(scope="module")
def config(project):
    return yaml.safe_load((project / "config" / "amdanet.rviz").read_text())


@pytest.fixture(scope="module")
def window(config):
    return config["Window Geometry"]


@pytest.fixture(scope="module")
def areas(window):
    return MainWindowState(bytes.fromhex(window["QMainWindow State"])).areas()


def test_both_sides_are_shown_and_no_panel_is_collapsed(config, window):
    assert window["Hide Left Dock"] is False
    assert window["Hide Right Dock"] is False
    shown = config["Visualization Manager"]["Displays"] + config["Panels"]
    for name in (each["Name"] for each in shown):
        assert window[name] == {"collapsed": False}, name


def test_a_dock_is_shown_exactly_where_its_display_is_enabled(config, areas):
    docks = {name: dock for area in areas.values() for name, dock in docks_in(area).items()}
    displays = config["Visualization Manager"]["Displays"]
    expected = {each["Name"]: each["Enabled"] for each in displays} | {"Displays": True}
    assert {name: dock[1] for name, dock in docks.items()} == expected


def test_cameras_are_above_and_outputs_below_large_beside_a_small_3d_view(areas, window):
    direction, (above, below) = areas["right"]
    assert direction == "below"
    assert above[0] == below[0] == "beside"
    assert list(docks_in(above)) == ["RGB", "Thermal"]
    assert [name for name, dock in docks_in(below).items() if dock[1]] == ["Fused", "Classes"]
    images = [dock for dock in docks_in(areas["right"]).values() if dock[1]]
    for name, _, width, height in images:
        assert width >= 0.36 * window["Width"], name
        assert height >= 0.4 * window["Height"], name
    assert list(docks_in(areas["bottom"])) == ["Displays"]


def test_no_display_needs_a_plugin_that_may_be_missing(config):
    """RViz aborts where an image transport's plugin is not installed, though it is disabled."""
    topics = [each["Topic"]["Value"] for each in config["Visualization Manager"]["Displays"]]
    transports = ("/compressed", "/compressedDepth", "/theora", "/zstd", "/ffmpeg")
    assert len(topics) == 5
    assert not [topic for topic in topics if topic.endswith(transports)]
    classes = {each["Class"] for each in config["Visualization Manager"]["Displays"]}
    assert classes == {"rviz_default_plugins/Image"}


def test_the_frames_have_one_name_each(project, config):
    """The fixed frame is the RGB images' frame in every file that names one."""
    from amdanet_ros.demo.recording import FRAMES

    fixed = config["Visualization Manager"]["Global Options"]["Fixed Frame"]
    assert fixed == FRAMES["rgb"] == "rgb_optical_frame"
    assert FRAMES["thermal"] == "thermal_optical_frame"
    for path in (project / "config" / "cameras").glob("*.yaml"):
        parameters = yaml.safe_load(path.read_text()).get("/**", {}).get("ros__parameters", {})
        named = [value for key, value in parameters.items() if key.endswith("frame_id")]
        assert set(named) <= set(FRAMES.values()), path.name
