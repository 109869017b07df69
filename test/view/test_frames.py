"""What is sent of a frame; that a slow or missing watcher delays nobody."""

import threading

import cv2
import numpy as np
import pytest

from amdanet_ros.view.arrivals import Arrivals
from amdanet_ros.view.frame import ClassShare, Encoding, encoded
from amdanet_ros.view.frame_hub import FrameHub
from amdanet_ros.view.pace import Pace


def test_a_part_holds_the_numbers_and_each_image(server, watch, put, frame, next_part):
    _, stream = watch()
    put(frame(level=10))
    described, files = next_part(stream)
    assert described["stamp"] == "1700000000.000000010"
    assert described["offset_ms"] == -2.5
    assert described["classes"][1] == {
        "name": "person", "color": "#e61e3c", "area": 0.25, "confidence": 0.8
    }  # fmt: skip
    assert described["health"]["thermal"] == {"status": "frozen", "reason": "shutter"}
    assert list(files) == ["fused", "overlay", "rgb", "thermal"]
    for place, data in enumerate(files.values()):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (48, 64, 3)
        assert abs(int(image[20, 20, 0]) - (10 + 60 * place)) < 3


def test_the_channels_are_red_green_blue(server, watch, put, frame, next_part):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 250
    _, stream = watch()
    put(frame(images={"rgb": red}))
    _, files = next_part(stream)
    image = cv2.imdecode(np.frombuffer(files["rgb"], np.uint8), cv2.IMREAD_COLOR)  # B, G, R
    assert image[8, 8, 2] > 230 and image[8, 8, :2].max() < 30


@pytest.mark.parametrize(
    ("size", "sent"), [((100, 400), (50, 200)), ((2000, 100), (400, 20)), ((30, 100), (30, 100))]
)
def test_large_images_are_sent_smaller(frame, size, sent):
    image = np.zeros((*size, 3), np.uint8)
    part = encoded(frame(images={"fused": image}), Encoding(most_width=200))
    assert f'"width": {sent[1]}, "height": {sent[0]}'.encode() in part


def test_numbers_that_are_none_and_strange_names_do_not_break_the_page(
    server, watch, put, frame, next_part
):
    nan = float("nan")
    _, stream = watch()
    put(
        frame(
            classes=[ClassShare("</script>\n\0", (1, 2, 3), nan, float("inf"))],
            latencies={"computing": nan, "median": 3.0},
            notes=["n" * 10_000] * 100,
            stamp_ns=None,
            offset_ns=None,
        )
    )
    described, _ = next_part(stream)
    assert described["classes"][0]["area"] == 0.0
    assert "\n" not in described["classes"][0]["name"]
    assert described["latencies"] == {"median": 3.0}
    assert sum(map(len, described["notes"])) < 20_000
    assert described["stamp"] is None


def test_a_watcher_gets_the_newest_frame_and_never_one_twice():
    hub = FrameHub(1)
    assert hub.next(0, timeout=0) is None
    for each in (b"a", b"b", b"c"):
        hub.put(each)
    number, newest = hub.next(0, timeout=0)
    assert newest == b"c"
    assert hub.next(number, timeout=0) is None
    hub.close()
    assert hub.next(number, timeout=60) is None


def test_a_browser_that_reads_nothing_delays_neither_the_source_nor_others(
    server, watch, put, frame, next_part
):
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    large = {"images": {"fused": noise}}
    watch(buffer=4096)  # it reads the head of the answer, and nothing after it
    _, fast = watch()
    for level in range(12):  # megabytes: more than the system keeps for a connection
        put(frame(level=level, **large))
        described, _ = next_part(fast)
        assert described["stamp"].endswith(f"{level:09d}")
    assert server.hub.watchers == 2


def test_a_browser_that_was_slow_goes_on_with_the_newest(server, watch, put, frame, next_part):
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    _, slow = watch(buffer=4096)
    _, fast = watch()
    for level in range(1, 21):
        put(frame(level=level, images={"fused": noise}))
        next_part(fast)
    seen = []
    while not seen or seen[-1] != 20:
        described, _ = next_part(slow)
        seen.append(int(described["stamp"][-9:]))
    assert seen == sorted(set(seen))
    assert len(seen) < 12


def test_who_has_left_is_not_counted(server, watch):
    hub = server.hub
    status, stream = watch()
    assert "200" in status
    assert hub.wait_for_watcher(5)
    gone = threading.Event()
    stream.raw._sock.shutdown(2)

    def look():
        while hub.watchers:
            hub.next(0, 0.05)
        gone.set()

    threading.Thread(target=look, daemon=True).start()
    assert gone.wait(5)


def test_pairs_come_no_faster_than_recorded(monkeypatch):
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(round(seconds, 6))
        now[0] += seconds

    monkeypatch.setattr("amdanet_ros.view.pace.time.monotonic", lambda: now[0])
    monkeypatch.setattr("amdanet_ros.view.pace.time.sleep", sleep)
    pace = Pace(rate=2.0)
    for stamp, took in ((0, 0.0), (1.0, 0.1), (2.0, 0.7), (3.0, 0.0), (1000.0, 0.0), (999.0, 0.0)):
        pace.wait(int(stamp * 1e9))
        now[0] += took
    assert slept == [0.5, 0.4, 0.0, 2.0, 0.0]


def test_what_arrives_is_put_together_by_stamps():
    arrivals = Arrivals()
    for number in range(5):
        arrivals.put_camera("rgb", number * 100_000_000, 10, f"rgb {number}")
        arrivals.put_camera("thermal", number * 100_000_000 + 30_000_000, 10, f"heat {number}")
    assert not arrivals.put_output("overlay", 200_000_000, "o")
    assert not arrivals.put_output("fused", 200_000_000, "f")
    assert arrivals.put_output("segmentation", 200_000_000, "s")
    assert arrivals.outputs(200_000_000) == {"overlay": "o", "fused": "f", "segmentation": "s"}
    assert arrivals.camera("rgb", 200_000_000) == "rgb 2"
    assert arrivals.camera("thermal", 240_000_000) == "heat 2"
    assert arrivals.camera("thermal", 10**18) == "heat 4"  # clocks apart: the last one
    assert arrivals.camera("thermal") == "heat 4"
    assert arrivals.last_pair == 200_000_000


def test_what_is_kept_of_the_topics_is_bounded():
    arrivals = Arrivals()
    for number in range(1000):
        arrivals.put_camera("rgb", number, 6_000_000, number)
        arrivals.put_output("fused", number, number)
    assert arrivals.camera("rgb", 0) > 990
    assert arrivals.outputs(0) == {}
    arrivals.put_camera("rgb", 1000, 10**9, "large")  # one is always kept
    assert arrivals.camera("rgb") == "large"
