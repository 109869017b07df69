"""What hangs is told within 2 s: by the service, the diagnostics and to systemd."""

import socket
import time

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticStatus
from std_srvs.srv import Trigger

from amdanet_ros.findings import FindingKind, Level
from amdanet_ros.ros.counters import Counters
from amdanet_ros.ros.finding_text import NO_NAMES, text
from amdanet_ros.ros.systemd_notify import SystemdNotifier
from amdanet_ros.ros.watchdog import SHORTEST_HANG_S, hang_of

MASK = "segmentation/mask"
NODE = "amdanet: node"


@pytest.mark.parametrize(
    ("seconds", "timeout", "usual", "bound"),
    [
        (0.0, 0.0, 0.0, None),
        (1.4, 0.0, 0.0, None),
        (1.6, 0.0, 0.0, 1.5),
        (1.6, 0.0, 0.01, 1.5),
        (4.9, 0.0, 1.0, None),
        (5.1, 0.0, 1.0, 5.0),
        (1.6, 2.0, 0.01, None),
        (0.3, 0.2, 1.0, 0.2),
    ],
)
def test_a_hang_is_longer_than_the_timeout_or_far_longer_than_usual(seconds, timeout, usual, bound):
    hang = hang_of(seconds, timeout, usual)
    if bound is None:
        assert hang is None
        return
    assert (hang.kind, hang.level) == (FindingKind.WORKER_HANGS, Level.ERROR)
    assert hang.values == {"seconds": seconds, "bound": bound}
    assert f"for {seconds:.1f} s" in text(hang, NO_NAMES)


@pytest.mark.parametrize(
    ("measured", "pixels", "usual"),
    [
        ((), 640 * 480, 3.6864),  # a minute a megapixel, divided by five
        (((0.6, 640 * 480),), 640 * 480, 0.6),
        (((0.6, 640 * 480),), 1280 * 720, 1.8),  # seven times as long are well within 5 x 1.8 s
        (((1.8, 1280 * 720),), 640 * 480, 1.8),
        (((0.2, 320 * 240), (0.6, 640 * 480)), 640 * 480, 0.8),
    ],
)
def test_an_inference_may_take_longer_for_larger_images(measured, pixels, usual):
    counters = Counters()
    assert counters.snapshot().usual == 0.0
    for seconds, size in measured:
        counters.begin(size)
        counters.publish(False, {"inference": seconds})
    counters.begin(pixels)
    assert counters.snapshot().usual == pytest.approx(usual)
    counters.forget_durations()
    counters.begin(pixels)
    assert counters.snapshot().usual == pytest.approx(12e-6 * pixels)


@pytest.fixture
def listener(tmp_path):
    """A function that makes systemd's socket: its name in the environment, and the socket."""
    made = []

    def make(is_abstract=False):
        path = str(tmp_path / "notify")
        made.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        made[-1].bind("\0" + path if is_abstract else path)
        made[-1].setblocking(False)
        return ("@" if is_abstract else "") + path, made[-1]

    yield make
    for each in made:
        each.close()


def received(listening):
    messages = []
    try:
        while True:
            messages.append(listening.recv(4096).decode())
    except BlockingIOError:
        return messages


@pytest.mark.parametrize("is_abstract", [False, True])
def test_systemd_gets_its_fields(listener, is_abstract):
    name, listening = listener(is_abstract)
    systemd = SystemdNotifier({"NOTIFY_SOCKET": name})
    assert systemd.is_on
    assert systemd.send(READY=1, STATUS="active\nWATCHDOG=1")
    assert systemd.send(WATCHDOG=1)
    systemd.close()
    assert not systemd.send(WATCHDOG=1)
    sent = ["READY=1\nSTATUS=active\\nWATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
    assert received(listening) == sent


@pytest.mark.parametrize("name", ["", "@", "/nowhere/notify", "vsock:2:1234", "x", "/" + "y" * 300])
def test_no_socket_or_a_wrong_one_hinders_nothing(name):
    systemd = SystemdNotifier({"NOTIFY_SOCKET": name} if name else {})
    assert not systemd.send(READY=1)
    systemd.close()


def health(bench):
    """Ask ``~/health``; the answer."""
    client = bench.node.create_client(Trigger, "/amdanet/health")
    bench.until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    bench.until(future.done)
    bench.node.destroy_client(client)
    return future.result()


@pytest.mark.alone
def test_a_worker_that_hangs_is_told_and_told_again_when_it_goes_on(
    bench, make_node, heard, held, listener, monkeypatch
):
    name, systemd = listener()
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    started, gate = held
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    answer = health(bench)
    assert (answer.success, answer.message) == (True, "active")
    bench.until(lambda: NODE in heard)
    told = received(systemd)
    assert told[0] == "READY=1\nSTATUS=active"
    assert "WATCHDOG=1" in told
    bench.pair(1.0)
    bench.until(lambda: started.acquire(blocking=False))
    since = time.monotonic()
    bench.until(lambda: heard[NODE].level == DiagnosticStatus.ERROR)
    assert time.monotonic() - since + 0.2 > SHORTEST_HANG_S
    assert time.monotonic() - since < 2.0 + 0.5  # of a loaded machine
    assert "the worker has computed one pair for" in heard[NODE].message
    answer = health(bench)
    assert not answer.success
    assert answer.message.startswith("active; the worker has computed one pair for")
    received(systemd)
    health(bench)
    bench.until(lambda: NODE in heard and time.monotonic() - since > 2.5)
    assert "WATCHDOG=1" not in received(systemd)
    gate.release()
    bench.until(lambda: bench.heard[MASK])
    bench.until(lambda: heard[NODE].level == DiagnosticStatus.OK)
    assert health(bench).success
    bench.until(lambda: "WATCHDOG=1" in received(systemd))


def test_health_says_why_the_node_does_not_work(bench, make_node):
    bench._dut = make_node({"checkpoint": "missing.pth"})
    bench.until(lambda: bench._dut._failure is not None)
    answer = health(bench)
    assert not answer.success
    assert answer.message.startswith("unconfigured; configure failed: ")
    assert "missing.pth" in answer.message
    assert "\n" not in answer.message
