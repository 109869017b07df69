"""The bag of `amdanet fuse` holds what the node publishes for the same pairs and parameters.

The real node runs in its own process and gets a bag's messages one after the other; what it
publishes is recorded, serialised. Both sides take the same params file.
"""

import time
from itertools import groupby

import cv2
import numpy as np
import pytest
import torch
import yaml

rclpy = pytest.importorskip("rclpy")

from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from amdanet_ros.bags.message_types import typestore  # noqa: E402
from amdanet_ros.bags.reader import BagMessage, BagReader  # noqa: E402
from amdanet_ros.bags.topics import choose_topics  # noqa: E402
from amdanet_ros.bags.writer import BagWriter, quality  # noqa: E402
from amdanet_ros.cli.main import main  # noqa: E402
from amdanet_ros.messages import OUTPUTS  # noqa: E402
from amdanet_ros.ros.message_types import message_class  # noqa: E402
from amdanet_ros.settings import settings_of  # noqa: E402

SIZE, THERMAL_SIZE = (96, 128), (48, 64)
SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
PATIENCE_S = 2.0


@pytest.fixture
def write_drive(tmp_path, bags):
    """A function that writes a bag of both cameras and their calibrations; its path.

    RGB comes twice a second, thermal 20 ms later where ``has_thermal`` says so of the number of the
    RGB image. The scene warms up, so that the thermal bounds move; one pair is dark.
    """

    def images(count, start):
        for index in range(count):
            rgb, thermal = bags.images(index, *SIZE)
            if index == 2:
                rgb, thermal = rgb // 30, np.full_like(thermal, 28500)
            yield index, start + index * SECOND // 2, rgb, thermal + np.uint16(200 * index)

    def messages(count, start, has_thermal, coded):
        for index, stamp, rgb, thermal in images(count, start):
            later = stamp + 20_000_000
            yield "/rgb/camera_info", bags.camera_info(stamp, "rgb_optical", SIZE, 100.0, BARREL)
            if coded:
                yield f"{bags.RGB}/compressed", bags.compressed(stamp, rgb, "rgb_optical")
                if has_thermal(index):
                    heat = bags.compressed(later, thermal, "heat_optical")
                    yield f"{bags.THERMAL}/compressed", heat
                continue
            yield bags.RGB, bags.image(stamp, rgb, "rgb8", "rgb_optical")
            if has_thermal(index):
                info = bags.camera_info(later, "heat_optical", THERMAL_SIZE, 55.0, BARREL)
                yield "/thermal/camera_info", info
                yield bags.THERMAL, bags.image(later, thermal, "mono16", "heat_optical")

    def write(count, start, has_thermal, coded):
        path = tmp_path / f"drive_{start}"
        with BagWriter(path) as bag:
            for topic, message in messages(count, start, has_thermal, coded):
                stamp = message.header.stamp
                bag.add_topic(topic, message.__msgtype__, [quality(reliable=True)])
                bag.write_message(topic, stamp.sec * SECOND + stamp.nanosec, message)
        return path

    return write


@pytest.fixture
def params_file(tmp_path, checkpoint):
    """A function that writes parameters of the node to a file; its path."""

    def write(parameters):
        path = tmp_path / "rig.yaml"
        fixed = {
            "checkpoint": str(checkpoint),
            "device": "cpu",
            "precision": "fp32",
            "engine": "torch",
        }
        # Sums of floats depend on how many threads share them.
        fixed |= {"max_age": 0.0, "qos.reliability": "reliable", "threads": 1}
        content = {"amdanet": {"ros__parameters": {**fixed, **parameters}}}
        path.write_text(yaml.safe_dump(content))
        return path

    return write


@pytest.fixture
def one_thread():
    """The number of threads that the command takes for itself is given back."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


class Bench:
    """Cameras in front of the running node, and what is recorded of its outputs."""

    def __init__(self, spin_until, topics):
        self.node = rclpy.create_node("bench")
        self._spin_until = spin_until
        self._cameras = {
            name: self.node.create_publisher(message_class(topic.type), name, 10)
            for name, topic in topics.items()
        }
        self.heard = {}
        self.each_pair = []
        for output in OUTPUTS:
            try:
                kind = message_class(output.type)
            except LookupError:
                continue  # without the package of its type the node cannot publish it
            topic, qos = f"/{output.topic}", QoSProfile(depth=100)
            if output.latched:
                qos.durability = DurabilityPolicy.TRANSIENT_LOCAL
            else:
                self.each_pair.append(topic)
            self.heard[topic] = []
            self.node.create_subscription(kind, topic, self.heard[topic].append, qos, raw=True)

    def until(self, predicate):
        self._spin_until(predicate, self.node, timeout=120.0)

    def recorded(self, topic):
        """What was heard on a topic since the warm-up, serialised; the last one where latched."""
        if topic not in self.each_pair:
            return self.heard[topic][-1:]
        messages = [BagMessage(topic, "", 0, bytes(raw)) for raw in self.heard[topic]]
        return [each.raw for each in messages if each.header_stamp_ns >= START]

    def last_stamp(self, topic):
        return BagMessage(topic, "", 0, bytes(self.heard[topic][-1])).header_stamp_ns

    def publish(self, message):
        self._cameras[message.topic].publish(message.raw)

    def warm_up(self, messages):
        """Publish pairs until all outputs of the last one come; then let the node forget them.

        Both sides know each other then, and nothing that was published is still on its way.
        """
        self.until(lambda: all(p.get_subscription_count() for p in self._cameras.values()))
        pairs = groupby(messages, key=lambda message: message.header_stamp_ns * 2 // SECOND)
        last, published = None, -PATIENCE_S

        def all_come():
            nonlocal last, published
            if all(self.heard.values()) and all(self.last_stamp(t) == last for t in self.each_pair):
                return True
            if time.monotonic() - published > PATIENCE_S:
                pair = list(next(pairs)[1])
                for message in pair:
                    self.publish(message)
                last, published = pair[0].header_stamp_ns, time.monotonic()
            return False

        self.until(all_come)
        client = self.node.create_client(Trigger, "/amdanet/reset")
        self.until(client.service_is_ready)
        answer = client.call_async(Trigger.Request())
        self.until(answer.done)
        assert answer.result().success

    def play(self, messages, pairs):
        """Publish messages; after each, wait for the outputs of all pairs that are complete."""
        waiting = [{each.raw for each in (p.rgb, p.thermal) if each} for p in pairs]
        published, done = set(), 0
        for message in messages:
            self.publish(message)
            published.add(message.raw)
            done = sum(pair <= published for pair in waiting)
            self.until(lambda n=done: all(len(self.recorded(t)) >= n for t in self.each_pair))
        assert done == len(pairs)


@pytest.fixture
def run_node(ros_domain, spin_until, start):
    """A function that starts the node with a params file; its bench has cameras for topics."""
    made = []

    def make(file, topics):
        process = start("ros.amdanet_node", "--ros-args", "--params-file", file)
        made.append(Bench(spin_until, topics))
        process.wait_for("configured: ", 120.0, unless="configure failed")
        return made[-1]

    yield make
    for bench in made:
        bench.node.destroy_node()


def canonical(raw, kind):
    """A serialised message with zeros for padding: the middleware leaves there what it likes."""
    return bytes(typestore().serialize_cdr(typestore().deserialize_cdr(raw, kind), kind))


BARREL = (-0.3, 0.1, 0.001, 0.0, 0.0)
REGISTERED = {
    "thermal.crop": [2, 1, 0, 3],
    "thermal.registration": [2.0, 0.0, 9.0, 0.0, 2.0, 7.0, 0.0, 0.0, 1.0],
    "thermal.registration_sizes": [*SIZE, *THERMAL_SIZE],
    "crop_to_common_view": True,
}
VARIANTS = {
    "threshold, crop, registration, common view": {
        **REGISTERED,
        "confidence_threshold": 0.5,
        "overlay_alpha": 0.3,
        "fused.jpeg_quality": 70,
    },
    "camera_info": {
        "thermal.registration_from": "camera_info",
        "thermal.rotation": [1.0, 0.0, 0.02, 0.0, 1.0, 0.0, -0.02, 0.0, 1.0],
        "thermal.translation": [0.1, 0.0, 0.0],
        "thermal.registration_distance": 4.0,
        "crop_to_common_view": True,
        "thermal.smoothing": 0.5,
        "fused.stretch": True,
    },
    "reused thermal, compressed": {
        "sync.reuse_thermal": True,
        "sync.slop": 0.6,
        "inference_size": [64, 96],
        "rgb.transport": "compressed",
        "thermal.transport": "compressed",
    },
    # Long, so that no camera counts as silent because the machine is busy.
    "thermal stops": {**REGISTERED, "single_modality": "substitute", "max_wait": 4.0},
}


def always(index):
    return True


def every_other(index):
    return index % 2 == 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_fuse_writes_what_the_node_publishes(
    variant, write_drive, params_file, run_node, tmp_path, bags, one_thread
):
    parameters = VARIANTS[variant]
    file = params_file(parameters)
    coded = "compressed" in variant
    rhythm = every_other if "reused thermal" in variant else always
    stops = variant == "thermal stops"
    drive = write_drive(6, START, (lambda index: index < 3) if stops else rhythm, coded)
    warm_up = write_drive(100, START - 100 * SECOND, rhythm, coded)
    with BagReader(drive) as bag:
        topics = choose_topics(bag)[:2]
    settings = settings_of(parameters)[""]
    pairs = bags.pairs_in(drive, topics, settings.sync, substitute=stops)
    assert len({pair.rgb for pair in pairs}) == 6
    thermal = {pair.thermal for pair in pairs}
    assert len(thermal) == (6 if rhythm is always and not stops else 3 + stops)
    assert (None in thermal) == stops

    with BagReader(drive) as bag, BagReader(warm_up) as before:
        bench = run_node(file, bag.topics)
        bench.warm_up(before.messages())
        bench.play(bag.messages(), pairs)
    assert main(["fuse", str(drive), "-o", str(tmp_path / "out"), "--params-file", str(file)]) == 0

    with BagReader(tmp_path / "out") as bag:
        assert bag.topics.keys() == {f"/{output.topic}" for output in OUTPUTS}
        for topic, output in ((f"/{output.topic}", output) for output in OUTPUTS):
            fused = [canonical(m.raw, output.type) for m in bag.messages((topic,))]
            assert len(fused) == (1 if output.latched else 6)
            if topic in bench.heard:
                published = [canonical(raw, output.type) for raw in bench.recorded(topic)]
                assert fused == published, topic
