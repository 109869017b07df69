"""Made frames, and a server of the page in this process."""

import json
import socket
import struct

import numpy as np
import pytest

from amdanet_ros.view.address import Address
from amdanet_ros.view.frame import CameraState, ClassShare, ViewFrame, encoded
from amdanet_ros.view.frame_hub import FrameHub
from amdanet_ros.view.server import MOST_WATCHERS, ViewServer


def made_frame(level: int = 0, size: tuple[int, int] = (48, 64), **changes) -> ViewFrame:
    """Return a frame of even grey images, with two classes."""
    images = {
        name: np.full((*size, 3), (level + 60 * place) % 256, np.uint8)
        for place, name in enumerate(("fused", "overlay", "rgb", "thermal"))
    }
    whole = {
        "source": "made for a test",
        "images": images,
        "stamp_ns": 1_700_000_000_000_000_000 + level,
        "offset_ns": -2_500_000,
        "classes": [
            ClassShare("road", (90, 90, 90), 0.75, 0.9),
            ClassShare("person", (230, 30, 60), 0.25, 0.8),
        ],
        "health": {"rgb": CameraState("ok"), "thermal": CameraState("frozen", "shutter")},
        "latencies": {"computing": 12.5},
    }
    return ViewFrame(**{**whole, **changes})


def read_part(stream):
    """Return the description and the files of the next part of a stream, None of an empty one."""
    (length,) = struct.unpack(">I", stream.read(4))
    if length == 0:
        return None
    described = json.loads(stream.read(length))
    return described, {each["name"]: stream.read(each["bytes"]) for each in described["images"]}


@pytest.fixture
def frame():
    """``made_frame``."""
    return made_frame


@pytest.fixture
def next_part():
    """``read_part``."""
    return read_part


@pytest.fixture
def server():
    """The page of an own hub, served on a free port of this machine."""
    with ViewServer(Address(), FrameHub(MOST_WATCHERS)) as made:
        yield made


@pytest.fixture(scope="module")
def standing_server():
    """The same for all tests of a file that leave it as it is."""
    with ViewServer(Address(), FrameHub(MOST_WATCHERS)) as made:
        yield made


@pytest.fixture
def ask(standing_server):
    """A function that sends bytes to a server and returns its whole answer as text."""
    port = standing_server.address.port

    def send(request: bytes) -> str:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(request.replace(b"PORT", str(port).encode()))
            answer = b""
            while chunk := line.recv(65536):
                answer += chunk
        return answer.decode()

    return send


@pytest.fixture
def watch(server):
    """A function that opens the stream: gives a file of bytes whose answer's head is read."""
    opened = []

    def connect(buffer: int | None = None):
        line = socket.socket()
        if buffer:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        line.settimeout(10)
        line.connect(("127.0.0.1", server.address.port))
        host = f"127.0.0.1:{server.address.port}"
        line.sendall(f"GET /stream HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        stream = line.makefile("rb")
        opened.extend((stream, line))
        status = stream.readline().decode()
        while stream.readline() not in (b"\r\n", b""):
            pass
        return status, stream

    yield connect
    for each in opened:
        each.close()


@pytest.fixture
def put(server):
    """A function that encodes a frame and puts it on the page."""
    return lambda made: server.hub.put(encoded(made))
