"""The player over real DDS: the bag's bytes, at the bag's pace, in laps, until a signal."""

import argparse
import os
import signal
import threading
from itertools import pairwise

import pytest

rclpy = pytest.importorskip("rclpy")

from rclpy.qos import QoSProfile, ReliabilityPolicy  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from amdanet_ros.bags.reader import BagReader  # noqa: E402
from amdanet_ros.bags.writer import BagWriter  # noqa: E402

PLAYER = "ros.player_node"
WAIT = ("--wait-for-subscribers", "60")
BEST_EFFORT = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.fixture
def listener(ros_domain):
    node = rclpy.create_node("listener")
    yield node
    node.destroy_node()


@pytest.fixture
def listen(listener):
    """A function that keeps what comes on a topic, serialised."""

    def make(topic, kind=Image, qos=100, raw=True):
        heard = []
        listener.create_subscription(kind, topic, heard.append, qos, raw=raw)
        return heard

    return make


@pytest.fixture
def play(ros_domain):
    """A function that plays in a thread; it returns one that waits for the end."""
    from amdanet_ros.bags.playback_options import add_playback_arguments, read_playback_options
    from amdanet_ros.ros.player_node import run_player

    started = []

    def make(*arguments):
        parser = argparse.ArgumentParser()
        add_playback_arguments(parser)
        options = read_playback_options(parser.parse_args([*map(str, arguments), *WAIT]))
        status = []
        thread = threading.Thread(target=lambda: status.append(run_player(options)))
        started.append(thread)
        thread.start()

        def ended():
            thread.join(60)
            return status

        return ended

    yield make
    rclpy.try_shutdown()
    for thread in started:
        thread.join(60)


@pytest.fixture
def until(listener, spin_until):
    return lambda predicate: spin_until(predicate, listener, timeout=60.0)


def in_bag(path, topic):
    with BagReader(path) as bag:
        return [bytes(message.raw) for message in bag.messages((topic,))]


def number(raw):
    """What a serialised String of a number says."""
    return int(bytes(raw)[8:].rstrip(b"\0"))


def write_numbers(path, numbers, period=0.02):
    from rclpy.serialization import serialize_message

    with BagWriter(path) as bag:
        for index in numbers:
            raw = serialize_message(String(data=str(index)))
            bag.write("/numbers", "std_msgs/msg/String", round(1e9 * (1 + index * period)), raw)


def test_all_bytes_arrive_in_order_and_the_player_ends_well(start, listen, until, pair_bag, bags):
    path, _ = pair_bag
    rgb, thermal = listen("/camera/color"), listen(bags.THERMAL)
    # As launch files do: with the names of the same camera that this bag does not hold.
    beside = ("/rgb/image_raw/compressed:=/camera/color/compressed", "/rgb/camera_info:=/camera/i")
    remaps = (f"{bags.RGB}:=/camera/color", *beside)
    player = start(PLAYER, path, "--rate", "4", *WAIT, "--remap", *remaps)
    until(lambda: len(rgb) == len(thermal) == 10)
    assert player.wait(30) == 0
    assert [bytes(raw) for raw in rgb] == in_bag(path, bags.RGB)
    assert [bytes(raw) for raw in thermal] == in_bag(path, bags.THERMAL)


def test_a_part_of_a_bag_plays_and_only_the_topics_asked_for(play, listen, until, pair_bag, bags):
    path, _ = pair_bag
    rgb, thermal = listen(bags.RGB), listen(bags.THERMAL)
    # The pairs lie at 0, 0.1, ... 0.9 s.
    ended = play(path, "--topics", bags.RGB, "--start-offset", "0.25", "--duration", "0.4")
    until(lambda: len(rgb) == 4)
    assert ended() == [0]
    assert [bytes(raw) for raw in rgb] == in_bag(path, bags.RGB)[3:7]
    assert not thermal


def test_laps_repeat_the_bag_and_the_clock_goes_back_only_between_them(
    play, listen, until, tmp_path
):
    write_numbers(tmp_path / "bag", range(30))
    numbers, clock = listen("/numbers", String), listen("/clock", Clock, raw=False)
    ended = play(
        tmp_path / "bag", "--loop", "3", "--rate", "2", "--clock", "200", "--clock-subscribers", "1"
    )
    until(lambda: len(numbers) == 90)
    assert ended() == [0]
    assert [number(raw) for raw in numbers] == 3 * list(range(30))
    times = [tick.clock.sec + 1e-9 * tick.clock.nanosec for tick in clock]
    back = [after - before for before, after in pairwise(times) if after < before]
    assert len(back) == 2
    assert max(back) < -0.3
    assert min(times) >= 1.0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_an_endless_loop_with_status_0(start, listen, until, tmp_path, how):
    write_numbers(tmp_path / "bag", range(20))
    numbers = listen("/numbers", String)
    player = start(PLAYER, tmp_path / "bag", "--loop", "--rate", "10", *WAIT)
    until(lambda: len(numbers) > 45)
    player.send(how)
    assert player.wait(30) == 0


def test_what_was_recorded_best_effort_is_offered_best_effort(play, until, listen, tmp_path, bags):
    bags.write_pairs(tmp_path / "bag", reliable=False)
    deaf, hearing = listen(bags.RGB), listen(bags.RGB, qos=BEST_EFFORT)
    thermal = listen(bags.THERMAL, qos=BEST_EFFORT)
    ended = play(tmp_path / "bag")
    until(lambda: hearing and thermal)
    assert ended() == [0]
    assert not deaf


def test_what_cannot_be_played_is_left_out_with_a_warning(
    play, listen, until, tmp_path, monkeypatch, capfd
):
    folder = tmp_path / "share" / "robot_msgs" / "msg"
    folder.mkdir(parents=True)
    (folder / "Arm.msg").write_text("float64 angle\n")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path), prepend=os.pathsep)
    with BagWriter(tmp_path / "bag") as bag:
        bag.write("/arm", "robot_msgs/msg/Arm", 1, b"\0\1\0\0" + bytes(8))
        for topic in ("/words", "/no\ntopic", "/5"):
            bag.write(topic, "std_msgs/msg/String", 2, b"\0\1\0\0\2\0\0\0" + b"1\0")
        bag.write("/words", "std_msgs/msg/String", 3, b"no CDR")
    words = listen("/words", String)
    ended = play(tmp_path / "bag")
    until(lambda: words)
    assert ended() == [0]
    said = capfd.readouterr().err
    assert "topic /arm is left out: message type robot_msgs/msg/Arm is not installed" in said
    assert "topic /no\\ntopic is left out: ROS has no such names" in said
    assert "topic /5 is left out: ROS has no such names" in said
    assert "1 message of /words left out as damaged: it is no CDR" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["BAG", "--topics", "/camera"], "/rgb/image_raw, /thermal/image_raw"),
        (["BAG", "--remap", "/rgb"], "FROM:=TO"),
        (["BAG", "--remap", "/rgb/image_raw:=/a b"], "FROM:=TO"),
        (["BAG", "--remap", "/rgb:=/a"], "/rgb/image_raw, /thermal/image_raw"),
        (["BAG", "--remap", "/rgb/image_rwa:=/a"], "did you mean /rgb/image_raw?"),
        (["BAG", "--remap", "/heat/camera_info:=/a"], "has no topic /heat/camera_info"),
        (["BAG", "--remap", "/rgb/compressed:=/a"], "has no topic /rgb/compressed"),
        (["BAG", "--remap", "/rgb/image_raw:=/a", "/rgb/image_raw:=/b"], "twice"),
        (["BAG", "--start-offset", "99"], "0.9"),
        (["BAG", "--start-offset", "inf"], "--start-offset"),
        (["BAG", "--start-offset", "nan"], "--start-offset"),
        (["BAG", "--duration", "0"], "--duration"),
        (["BAG", "--loop", "--start-offset", "0.05", "--duration", "0.01"], "no message"),
        (["BAG", "--rate", "nan"], "--rate"),
        (["BAG", "--clock", "-1"], "--clock"),
        (["BAG", "--rate", "0"], "--rate"),
        (["BAG", "--start-offset", "-1"], "--start-offset"),
    ],
)
def test_a_mistake_is_a_line_and_status_2(pair_bag, capsys, domain_id, arguments, words):
    from amdanet_ros.cli.main import main

    path, _ = pair_bag
    assert main(["play", *(str(path) if each == "BAG" else each for each in arguments)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_recorded_clock_is_left_out_where_the_player_makes_one(
    play, listen, until, tmp_path, capfd
):
    from rclpy.serialization import serialize_message

    with BagWriter(tmp_path / "bag") as bag:
        for index in range(20):
            stamp = round(1e9 * (5 + 0.02 * index))
            recorded = Clock()
            recorded.clock.sec = 1000 + index
            bag.write("/clock", "rosgraph_msgs/msg/Clock", stamp, serialize_message(recorded))
            raw = serialize_message(String(data=str(index)))
            bag.write("/numbers", "std_msgs/msg/String", stamp, raw)
    numbers, clock = listen("/numbers", String), listen("/clock", Clock, raw=False)
    ended = play(tmp_path / "bag", "--clock", "100", "--clock-subscribers", "1")
    until(lambda: len(numbers) == 20)
    assert ended() == [0]
    times = [tick.clock.sec + 1e-9 * tick.clock.nanosec for tick in clock]
    assert times == sorted(times)
    assert times[0] >= 5.0 and times[-1] < 6.0
    assert "topic /clock is left out" in capfd.readouterr().err
