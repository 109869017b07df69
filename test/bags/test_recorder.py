"""The recorder over real DDS: what it hears is in the bag, whatever ends it."""

import itertools
import signal
import subprocess
import sys

import pytest

rclpy = pytest.importorskip("rclpy")

from rclpy.parameter import Parameter  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from rclpy.serialization import deserialize_message  # noqa: E402
from rosbags.interfaces import QosReliability  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from amdanet_ros.bags.reader import BagReader  # noqa: E402
from amdanet_ros.bags.writer import BagWriter  # noqa: E402

RECORDER = "ros.recorder_node"
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def speaker(ros_domain):
    node = rclpy.create_node("speaker")
    yield node
    node.destroy_node()


@pytest.fixture
def until(speaker, spin_until):
    return lambda predicate, *nodes: spin_until(predicate, speaker, *nodes, timeout=60.0)


@pytest.fixture
def recorder_node(ros_domain, tmp_path):
    """A function that makes a recorder in this process; its bag is tmp_path/bag."""
    from amdanet_ros.bags.recording_options import RecordingOptions
    from amdanet_ros.ros.recorder_node import RecorderNode

    return lambda *topics: RecorderNode(RecordingOptions(topics, str(tmp_path / "bag")))


def say(publisher, numbers):
    for index in numbers:
        publisher.publish(String(data=str(index)))
    publisher.wait_for_all_acked()


def contents(path, topic):
    with BagReader(path) as bag:
        return [message.deserialize().data for message in bag.messages((topic,))]


def record_under(clock, count, recorder, until):
    """Say on /clock that it is second 100 until so many messages are recorded; close the bag."""
    time = Clock()
    time.clock.sec = 100

    def recorded():
        clock.publish(time)
        # They may come late: a latched one comes once its reader knows the writer.
        return recorder.count == count

    until(recorded, recorder)
    recorder.close()


def words(*numbers):
    return [str(index) for index in numbers]


@pytest.mark.parametrize(
    ("storage", "how"),
    [("sqlite3", signal.SIGINT), ("mcap", signal.SIGTERM), ("mcap", signal.SIGHUP)],
)
def test_it_records_until_a_signal_and_ends_with_status_0(
    start, speaker, until, tmp_path, storage, how
):
    publisher = speaker.create_publisher(String, "/wanted", 100)
    other = speaker.create_publisher(String, "/unwanted", 10)
    path = tmp_path / "bag"
    recorder = start(RECORDER, "/wanted", "-o", path, "--storage", storage)
    until(lambda: publisher.get_subscription_count())
    other.publish(String(data="0"))
    say(publisher, range(20))
    recorder.send(how)
    assert recorder.wait(60) == 0
    assert contents(path, "/wanted") == words(*range(20))
    with BagReader(path) as bag:
        assert set(bag.topics) == {"/wanted"}
        assert bag.topics["/wanted"].count == 20
        (offered,) = bag.topics["/wanted"].qos
        assert offered.reliability == QosReliability.RELIABLE


def test_it_takes_topics_that_come_later_and_follows_what_they_offer(
    recorder_node, speaker, until, tmp_path, monkeypatch
):
    recorder = recorder_node("/early", "/late")
    early = speaker.create_publisher(String, "/early", 10)
    until(lambda: early.get_subscription_count(), recorder)
    late = speaker.create_publisher(String, "/late", BEST_EFFORT)
    until(lambda: late.get_subscription_count(), recorder)
    # A publisher that offers less than the recorder asked for: it asks for less from then on.
    modest = speaker.create_publisher(String, "/early", BEST_EFFORT)
    until(lambda: modest.get_subscription_count() and early.get_subscription_count(), recorder)
    heard = set()
    write = BagWriter.write

    def watch(bag, topic, kind, stamp_ns, raw):
        heard.add(deserialize_message(raw, String).data.split()[0])
        write(bag, topic, kind, stamp_ns, raw)

    monkeypatch.setattr(BagWriter, "write", watch)
    numbers = itertools.count()

    # Best effort: what is published before its reader knows the writer never comes.
    def all_heard():
        number = next(numbers)
        for word, publisher in (("early", early), ("modest", modest), ("late", late)):
            publisher.publish(String(data=f"{word} {number}"))
        return heard == {"early", "modest", "late"}

    until(all_heard, recorder)
    recorder.close()
    for topic, kinds in (("/early", {"early", "modest"}), ("/late", {"late"})):
        found = contents(tmp_path / "bag", topic)
        assert {each.split()[0] for each in found} == kinds
        assert len(found) == len(set(found))
    with BagReader(tmp_path / "bag") as bag:
        (offered,) = bag.topics["/late"].qos
    assert offered.reliability == QosReliability.BEST_EFFORT


def test_what_it_heard_is_readable_after_kill_9(start, speaker, until, tmp_path, bags):
    path = tmp_path / "bag"
    publisher = speaker.create_publisher(Image, "/image", 10)
    image = Image(height=480, width=640, encoding="rgb8", step=1920, data=bytes(640 * 480 * 3))
    recorder = start(RECORDER, "--all", "-o", path)
    until(lambda: publisher.get_subscription_count())

    def readable():
        image.header.stamp.sec += 1
        publisher.publish(image)
        try:
            with BagReader(path) as bag:
                return bag.topics["/image"].count >= 10
        except Exception:  # read while it is being written
            return False

    until(readable)
    recorder.kill()
    with BagReader(path) as bag:
        stamps = [message.deserialize().header.stamp.sec for message in bag.messages(("/image",))]
    assert len(stamps) >= 10
    assert stamps == list(range(stamps[0], stamps[0] + len(stamps)))


def test_latched_messages_from_before_simulated_time_are_kept(
    recorder_node, speaker, until, tmp_path
):
    recorder = recorder_node("/classes", "/numbers")
    recorder.set_parameters([Parameter("use_sim_time", value=True)])
    latched = speaker.create_publisher(String, "/classes", LATCHED)
    latched.publish(String(data="7"))
    numbers = speaker.create_publisher(String, "/numbers", LATCHED)
    clock = speaker.create_publisher(Clock, "/clock", 10)
    publishers = (latched, numbers, clock)
    until(lambda: all(one.get_subscription_count() for one in publishers), recorder)
    numbers.publish(String(data="1"))
    record_under(clock, 2, recorder, until)
    assert contents(tmp_path / "bag", "/classes") == words(7)
    with BagReader(tmp_path / "bag") as bag:
        assert bag.start_ns == 100_000_000_000


def test_a_latched_message_is_recorded_where_nothing_else_follows(
    recorder_node, speaker, until, tmp_path
):
    recorder = recorder_node("/classes")
    recorder.set_parameters([Parameter("use_sim_time", value=True)])
    latched = speaker.create_publisher(String, "/classes", LATCHED)
    latched.publish(String(data="7"))
    clock = speaker.create_publisher(Clock, "/clock", 10)
    record_under(clock, 1, recorder, until)
    assert contents(tmp_path / "bag", "/classes") == words(7)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "NEW"], "--all"),
        (["/rgb", "-o", "PRESENT"], "exists"),
    ],
)
def test_a_mistake_is_a_line_and_status_2(pair_bag, capsys, domain_id, arguments, words):
    from amdanet_ros.cli.main import main

    places = {"PRESENT": str(pair_bag[0]), "NEW": str(pair_bag[0].parent / "new")}
    assert main(["record", *(places.get(each, each) for each in arguments)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_a_disk_that_takes_no_more_ends_it_with_a_line_and_a_readable_bag(
    child_environment, speaker, until, tmp_path, storage
):
    path = tmp_path / "bag"
    words = ["-m", "amdanet_ros.ros.recorder_node", "/a", "-o", str(path), "--storage", storage]
    with subprocess.Popen(
        ["sh", "-c", 'ulimit -f 4000; exec "$0" "$@"', sys.executable, *words],
        env=child_environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            publisher = speaker.create_publisher(String, "/a", 100)
            until(lambda: publisher.get_subscription_count())
            message = String(data="x" * 100_000)

            def ended():
                publisher.publish(message)
                return process.poll() is not None

            until(ended)
            said = process.stderr.read()
        finally:
            process.kill()
    assert process.returncode == 2
    assert said.splitlines()[-1].startswith("amdanet_recorder: ") and "Traceback" not in said
    assert len(contents(path, "/a")) > 2
