"""An arrived image: checked at once, decoded once, whoever asks."""

import threading

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import CompressedImage, Image

from amdanet_ros.images.errors import BadImage
from amdanet_ros.pipeline import arrived_image
from amdanet_ros.pipeline.arrived_image import ArrivedImage
from amdanet_ros.ros.arrival_health import ArrivalHealth


def compressed(image, stamp=1):
    message = CompressedImage(format="png", data=cv2.imencode(".png", image)[1].tobytes())
    message.header.stamp.sec, message.header.frame_id = stamp, "optical"
    return message


@pytest.fixture
def decoded(monkeypatch):
    """The messages that were decoded; it takes until ``gate`` is set. ``started``: it began."""
    calls, started, gate = [], threading.Semaphore(0), threading.Event()
    real = arrived_image.rgb_from_message

    def slow(message, reading):
        calls.append(message)
        started.release()
        assert gate.wait(20)
        return real(message, reading)

    monkeypatch.setattr(arrived_image, "rgb_from_message", slow)
    return calls, started, gate


def test_it_is_decoded_once_for_all_threads(decoded):
    calls, _, gate = decoded
    image = ArrivedImage("rgb", compressed(np.full((8, 10, 3), 7, np.uint8)))
    assert (image.stamp_ns, image.frame_id, calls) == (1_000_000_000, "optical", [])
    results = []
    threads = [threading.Thread(target=lambda: results.append(image.image())) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert all(each is results[0] for each in results)
    assert results[0].shape == (8, 10, 3)


def test_health_and_pair_share_what_was_decoded(decoded):
    calls, started, gate = decoded
    health = ArrivalHealth((0, 0, 0, 0), pytest.fail)
    image = ArrivedImage("rgb", compressed(np.full((8, 10, 3), 255, np.uint8)))
    health.measure(image)
    assert started.acquire(timeout=20)
    gate.set()
    image.image()
    health.close()
    assert len(calls) == 1
    assert health.latest["rgb"].saturated == 1.0


def test_what_cannot_be_used_is_refused_at_once_or_when_it_is_decoded():
    with pytest.raises(BadImage, match="nonsense") as refused:
        ArrivedImage("thermal", Image(height=2, width=2, encoding="nonsense"))
    assert refused.value.stream == "thermal"
    whole = bytes(compressed(np.full((8, 10, 3), 7, np.uint8)).data)
    broken = CompressedImage(format="png", data=whole[:41] + bytes(9) + whole[50:])
    image = ArrivedImage("rgb", broken)
    for _ in range(2):
        with pytest.raises(BadImage, match="does not decode") as refused:
            image.image()
        assert refused.value.stream == "rgb"


def test_raw_images_have_a_sample_for_the_health_and_compressed_ones_none():
    pixels = np.zeros((480, 640, 3), np.uint8)
    raw = Image(height=480, width=640, encoding="rgb8", step=1920, data=pixels.tobytes())
    assert ArrivedImage("rgb", raw).sample().size < pixels.size / 20
    assert ArrivedImage("rgb", compressed(pixels)).sample() is None
    counts = np.zeros((4, 6), np.uint16)
    raw = Image(height=4, width=6, encoding="mono16", step=12, data=counts.tobytes())
    assert ArrivedImage("thermal", raw).sample().shape == (4, 6)
    assert ArrivedImage("thermal", compressed(counts)).sample() is None
    grey = Image(height=4, width=6, encoding="rgb8", step=18, data=bytes(72))
    assert ArrivedImage("thermal", grey).sample() is None
