"""A small network's checkpoint, the node in this process, and cameras and listeners around it."""

import os
import threading
from collections import Counter
from types import SimpleNamespace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

HEIGHT, WIDTH = 64, 96


@pytest.fixture
def make_node(ros_domain, checkpoint, loaded_once):
    """A function that makes the node with parameters (and other arguments)."""
    from rclpy.parameter import Parameter

    from amdanet_ros.ros.amdanet_node import AmdanetNode

    made = []

    def make(parameters=None, **kwargs):
        values = {"checkpoint": str(checkpoint), "device": "cpu", "precision": "fp32"}
        values |= {"engine": "torch", "max_age": 0.0}  # a busy machine may take longer
        values.update(parameters or {})
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        made.append(AmdanetNode(parameter_overrides=overrides, **kwargs))
        return made[-1]

    yield make
    for node in made:
        node.destroy_node()


@pytest.fixture
def make_loading_node(make_node, load, monkeypatch):
    """As ``make_node``; each configure loads a network of its own."""
    from amdanet_ros.inference import Predictor

    monkeypatch.setattr(Predictor, "of", load.__wrapped__)
    return make_node


@pytest.fixture
def bench(ros_domain, spin_until):
    """Cameras and listeners: see ``Bench``."""
    made = Bench(spin_until)
    yield made
    made.node.destroy_node()


@pytest.fixture
def heard(bench):
    """The last status of each name that the node under test told on /diagnostics."""
    from diagnostic_msgs.msg import DiagnosticArray

    latest = {}
    bench.node.create_subscription(
        DiagnosticArray,
        "/diagnostics",
        lambda array: latest.update({each.name: each for each in array.status}),
        10,
    )
    return latest


class Bench:
    """A node with a camera for each stream, which keeps what it hears."""

    def __init__(self, spin_until):
        import rclpy

        self.node = rclpy.create_node("bench")
        self.heard = {}
        self.cameras = {}
        self.sent = Counter()
        self._spin_until = spin_until
        self._numbers = np.random.default_rng(1)
        self._dut = None

    def run(self, node):
        """Let the node under test spin with the bench, and wait until it is active."""
        self._dut = node
        self.until(lambda: state(node) == "active")
        return node

    def until(self, predicate, timeout=60.0):
        """Spin bench and node until something holds."""
        self._spin_until(predicate, *filter(None, (self.node, self._dut)), timeout=timeout)

    def camera(self, stream, reliable=True, message_type=None, topic=None):
        """A publisher of a stream's images, known to the node under test when it returns."""
        from rclpy.qos import QoSProfile, ReliabilityPolicy
        from sensor_msgs.msg import Image

        policy = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        publisher = self.node.create_publisher(
            message_type or Image,
            topic or f"{stream}/image_raw",
            QoSProfile(depth=20, reliability=policy),
        )
        self.cameras[stream] = publisher
        if self._dut is not None:
            self.until(lambda: self._is_followed(publisher))
        return publisher

    def are_matched(self, publisher):
        """Whether publisher and node under test know each other: the one may before the other.

        What is published in between never reaches a best effort subscription.
        """
        return publisher.get_subscription_count() > 0 and any(
            each.topic_name == publisher.topic_name and each.get_publisher_count() > 0
            for each in self._dut.subscriptions
        )

    def _is_followed(self, publisher):
        """Whether the node under test subscribes as the publishers offer.

        It looks once a second, and what comes while it subscribes anew may be lost.
        """
        for pair in self._dut.camera_pairs.values():
            pair.subscription.update()
        topic = publisher.topic_name
        is_known = self._dut.count_publishers(topic) == self.node.count_publishers(topic)
        return is_known and self.are_matched(publisher)

    def listen(self, topic, message_type=None, qos=10):
        """Keep what comes on a topic; the node under test knows of it when this returns."""
        from sensor_msgs.msg import Image

        self.heard[topic] = []
        subscription = self.node.create_subscription(
            message_type or Image, topic, self.heard[topic].append, qos
        )
        if self._dut is not None:
            self.until(lambda: self.node.count_publishers(topic) > 0)
            self.until(lambda: self._is_listened_to(topic))
        return subscription

    def _is_listened_to(self, topic):
        topic = self.node.resolve_topic_name(topic)
        ours = [each for each in self._dut.publishers if each.topic_name == topic]
        return all(each.get_subscription_count() > 0 for each in ours)

    def cameras_on(self, of=""):
        """Both cameras, reliable, 8 bit RGB and 16 bit thermal."""
        self.camera(f"{of}rgb")
        self.camera(f"{of}thermal")

    def rgb(self, stamp, of="", **changes):
        """Publish an RGB image with a stamp in seconds and some fields changed; return it.

        ``of`` begins the topic's name: "front/" of a camera pair.
        """
        image = self._numbers.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        return self.send(f"{of}rgb", image, {"encoding": "rgb8", **changes}, stamp)

    def thermal(self, stamp, of="", **changes):
        """Publish a thermal image of a warm ramp with a stamp in seconds; return it."""
        noise = self._numbers.integers(0, 50, (HEIGHT, WIDTH))
        counts = (28000 + 30 * np.arange(WIDTH) + noise).astype(np.uint16)
        return self.send(f"{of}thermal", counts, {"encoding": "mono16", **changes}, stamp)

    def pair(self, stamp, offset=0.0, of=""):
        """Publish both images of a moment; return the RGB one."""
        self.thermal(stamp + offset, of)
        return self.rgb(stamp, of)

    def send(self, stream, image, changes, stamp):
        """Publish an image as a message, with some of its fields changed; return it."""
        from std_msgs.msg import Header

        from amdanet_ros.messages.image import image_message
        from amdanet_ros.ros.message_types import RclpyTypes

        header = Header(stamp=time_of(stamp), frame_id=f"{stream}_optical")
        encoding = "rgb8" if image.ndim == 3 else "mono16"
        message = image_message(RclpyTypes(), image, encoding, header)
        for name, value in changes.items():
            setattr(message, name, value)
        self.cameras[stream].publish(message)
        self.sent[stream] += 1
        return message

    def arrived(self):
        """Spin until the node under test has taken all that was sent to its synchroniser."""

        def all_taken():
            statistics = pairing(self._dut)
            return (
                statistics.rgb.received >= self.sent["rgb"]
                and statistics.thermal.received >= self.sent["thermal"]
            )

        self.until(all_taken)

    def pair_until_heard(self, topic, stamp, of=""):
        """Publish a pair and spin until something more is heard; return the RGB image."""
        count = len(self.heard[topic])
        message = self.pair(stamp, of=of)
        self.until(lambda: len(self.heard[topic]) > count)
        return message


def time_of(seconds):
    """A stamp of seconds, exact to the nanosecond."""
    from amdanet_ros.messages.stamps import time_message
    from amdanet_ros.ros.message_types import RclpyTypes

    return time_message(RclpyTypes(), round(seconds * 1e9))


def stamp_of(message):
    """A message's stamp in seconds, rounded to the microsecond."""
    from amdanet_ros.messages.stamps import nanoseconds

    return round(nanoseconds(message.header.stamp) * 1e-9, 6)


def state(node):
    """The lifecycle state in words."""
    return node.state


def pairing(node, pair=""):
    """Statistics of a camera pair's synchroniser."""
    return node.camera_pairs[pair].subscription.synchronizer.statistics


def counts(node, pair=""):
    """What became of a camera pair's pairs."""
    return node.camera_pairs[pair].counters.snapshot()


def info_came(node, stream):
    """Whether a calibration has come."""
    return node.camera_pairs[""].subscription.inputs[stream].info is not None


@pytest.fixture
def held(monkeypatch):
    """Holds the network: (started, gate), each a semaphore."""
    from amdanet_ros.inference import Predictor

    started, gate = threading.Semaphore(0), threading.Semaphore(0)
    real = Predictor.__call__

    def slow(self, *arguments):
        started.release()
        assert gate.acquire(timeout=30)
        return real(self, *arguments)

    monkeypatch.setattr(Predictor, "__call__", slow)
    return started, gate


@pytest.fixture
def helpers():
    """Functions for tests."""
    return SimpleNamespace(
        time_of=time_of,
        stamp_of=stamp_of,
        state=state,
        pairing=pairing,
        counts=counts,
        info_came=info_came,
        height=HEIGHT,
        width=WIDTH,
    )
