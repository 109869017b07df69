"""What our writer puts into a bag, beside what rosbags' own methods put there."""

import pytest
import yaml
from rosbags.rosbag2 import Reader, StoragePlugin, Writer

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.rosbag2_writer import VERSION, Rosbag2Writer
from amdanet_ros.bags.writer import quality

TOPICS = {
    "/none": ("sensor_msgs/msg/Image", []),
    "/one": ("sensor_msgs/msg/Image", [quality(True)]),
    "/two: 'ü\"": ("vision_msgs/msg/LabelInfo", [quality(False, True), quality(True, depth=1)]),
}


@pytest.mark.parametrize(
    ("storage", "suffix"), [(StoragePlugin.MCAP, ".mcap"), (StoragePlugin.SQLITE3, ".db3")]
)
@pytest.mark.parametrize("count", [0, 2])
def test_content_and_metadata_are_those_of_rosbags(tmp_path, storage, suffix, count):
    found = []
    for kind in (Writer, Rosbag2Writer):
        path = tmp_path / kind.__name__ / "bag"
        with kind(path, version=VERSION, storage_plugin=storage) as writer:
            for topic, (name, qos) in TOPICS.items():
                if kind is Rosbag2Writer:
                    connection = writer.connect(topic, name, qos)
                else:
                    connection = writer.add_connection(
                        topic, name, typestore=typestore(), offered_qos_profiles=qos
                    )
                for stamp in range(count):
                    writer.write(connection, 10**18 + stamp, topic.encode())
        with Reader(path) as reader:
            connections = [each._replace(owner=None) for each in reader.connections]
            messages = [(c.topic, stamp, raw) for c, stamp, raw in reader.messages()]
        metadata = yaml.safe_load((path / "metadata.yaml").read_text("utf8"))
        found.append((connections, messages, metadata))
        names = sorted(each.name for each in path.iterdir())
        assert names == ["bag" + suffix, "metadata.yaml"]
    assert found[0] == found[1]
    assert len(found[0][1]) == 3 * count
