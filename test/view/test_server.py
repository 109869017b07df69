"""Who gets the page: GET alone, under this server's own name, and no more than it can serve."""

import re
import socket
import time
import urllib.request

import pytest

from amdanet_ros.programs.errors import ProgramError
from amdanet_ros.view import server as module
from amdanet_ros.view.address import Address
from amdanet_ros.view.frame_hub import FrameHub
from amdanet_ros.view.server import MOST_WATCHERS, ViewServer

HOST = b"Host: 127.0.0.1:PORT\r\n\r\n"


@pytest.mark.parametrize("path", ["", "app.js", "charts.js", "style.css"])
def test_the_page_comes_whole_and_allows_nothing_of_others(standing_server, path):
    with urllib.request.urlopen(standing_server.address.url + path, timeout=10) as answer:
        content = answer.read().decode()
        policy = answer.headers["Content-Security-Policy"]
        assert int(answer.headers["Content-Length"]) == len(content.encode())
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert not re.search(r"https?://|//[a-z]+\.", content)


def test_everything_that_the_page_loads_is_served(standing_server):
    server = standing_server
    page, _ = server.files["/"]
    named = set(re.findall(r'(?:src|href)="([^":]+)"', page.decode()))
    script, _ = server.files["/app.js"]
    named |= {each[2:] for each in re.findall(r'from "(.+?)"', script.decode())}
    assert {f"/{each}" for each in named} | {"/"} == set(server.files)


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"POST / HTTP/1.1", 405),
        (b"HEAD / HTTP/1.1", 405),
        (b"PUT /stream HTTP/1.1", 405),
        (b"OPTIONS * HTTP/1.1", 405),
        (b"MADE-UP / HTTP/1.1", 405),
        (b"GET /absent HTTP/1.1", 404),
        (b"GET /../server.py HTTP/1.1", 404),
        (b"GET /%2e%2e/server.py HTTP/1.1", 404),
        (b"GET //etc/passwd HTTP/1.1", 404),
        (b"GET http://127.0.0.1/ HTTP/1.1", 404),
        (b"GET / HTTP/9.0", 505),
        (b"nonsense", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1", 414),
    ],
)
def test_other_requests_are_refused_in_a_sentence(ask, request_line, status):
    answer = ask(request_line + b"\r\n" + HOST)
    assert re.match(rf"HTTP/1.1 {status} ", answer), answer[:200]
    assert "Content-Security-Policy: default-src 'none'" in answer
    assert ("Allow: GET" in answer) == (status == 405)
    body = answer.partition("\r\n\r\n")[2]
    assert "<" not in body and len(body) < 200


@pytest.mark.parametrize(
    "host",
    [
        b"Host: evil.example:PORT",
        b"Host: evil.example",
        b"Host: 127.0.0.1",
        b"Host: 127.0.0.1:1",
        b"Host: 127.0.0.1.evil.example:PORT",
        b"Host: 192.168.1.1:PORT",
        b"Host:",
        b"Accept: */*",
        b"Host: 127.0.0.1:PORT\r\nHost: evil.example",
    ],
)
@pytest.mark.parametrize("path", [b"/", b"/stream"])
def test_under_another_name_nothing_is_served(ask, path, host):
    answer = ask(b"GET " + path + b" HTTP/1.1\r\n" + host + b"\r\n\r\n")
    assert answer.startswith("HTTP/1.1 421 ")
    assert "answers under no other name" in answer


@pytest.mark.parametrize("host", [b"localhost:PORT", b"LOCALHOST:PORT"])
def test_localhost_is_a_name_of_this_machine(ask, host):
    assert ask(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("ip", "host", "is_own"),
    [
        ("0.0.0.0", "192.168.1.20:80", True),
        ("0.0.0.0", "[fe80::1]:80", True),
        ("0.0.0.0", "192.168.1.20", True),
        ("0.0.0.0", f"{socket.gethostname()}:80", True),
        ("0.0.0.0", f"{socket.gethostname()}.local:80", True),
        ("0.0.0.0", "localhost:80", True),
        ("0.0.0.0", "evil.example:80", False),
        ("192.168.1.20", "192.168.1.20:80", True),
        ("192.168.1.20", "192.168.1.21:80", False),
        ("192.168.1.20", "localhost:80", False),
        ("::1", "[::1]:80", True),
        ("::1", "[::2]:80", False),
        ("::1", "::1", False),
        ("127.0.0.1", f"{socket.gethostname()}.evil.example:80", False),
    ],
)
def test_names_of_addresses(ip, host, is_own):
    assert Address(ip, 80).is_host(host) == is_own


@pytest.mark.parametrize(
    "told",
    [
        b"Sec-Fetch-Site: cross-site",
        b"Sec-Fetch-Site: same-site",
        b"Origin: http://other.example",  # of browsers that do not tell the site
        b"Origin: null",
        b"Sec-Fetch-Site: same-origin\r\nOrigin: http://127.0.0.1:1",
    ],
)
def test_pages_of_other_sites_get_no_frames(ask, told):
    answer = ask(b"GET /stream HTTP/1.1\r\n" + told + b"\r\n" + HOST)
    assert answer.startswith("HTTP/1.1 403 ")


def test_too_many_browsers_are_refused_until_one_leaves(server, watch):
    lines = [watch() for _ in range(MOST_WATCHERS)]
    assert all("200" in status for status, _ in lines)
    status, stream = watch()
    assert "503" in status
    assert b"watch already" in stream.read()
    lines[0][1].raw._sock.shutdown(2)
    end = time.monotonic() + 10
    while server.hub.watchers == MOST_WATCHERS:
        assert time.monotonic() < end
        server.hub.next(0, 0.05)
    assert "200" in watch()[0]


def test_connections_that_ask_nothing_end_and_do_not_block_others(monkeypatch):
    """They come with no byte at all, or byte by byte."""
    monkeypatch.setattr(module, "_REQUEST_S", 0.3)
    with ViewServer(Address(), FrameHub(1)) as server:
        place = ("127.0.0.1", server.address.port)
        idle = [socket.create_connection(place, timeout=10) for _ in range(40)]
        idle[0].sendall(b"GET / HTTP/1.1\r\nHos")
        for line in idle:
            try:
                while line.recv(1000):
                    pass
            except ConnectionResetError:
                pass
            line.close()
        with urllib.request.urlopen(server.address.url, timeout=10) as answer:
            assert answer.status == 200


def test_the_server_ends_while_browsers_watch(watch, server):
    _, stream = watch()
    server.hub.close()
    assert stream.read() == b""


@pytest.mark.parametrize("text", ["", "robot", "1.2.3", "256.1.1.1", "http://127.0.0.1", "\0"])
def test_what_is_no_address_is_one_line(text):
    with pytest.raises(ProgramError, match="no IP address") as error:
        Address.of(text, 0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("text", "ip"), [("localhost", "127.0.0.1"), ("[::1]", "::1")])
def test_addresses_are_read(text, ip):
    assert Address.of(text, 8).ip == ip


def test_an_address_that_cannot_be_bound_is_one_line(server, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    cases = [(Address("127.0.0.1", server.address.port), "in use.*--port 0")]
    cases += [(Address("203.0.113.1", 0), "no address of this machine")]
    for address, words in cases:
        with pytest.raises(ProgramError, match=words):
            ViewServer(address, FrameHub(1))
    monkeypatch.setattr("socketserver.TCPServer.server_bind", refused)
    with pytest.raises(ProgramError, match="root.*1024"):
        ViewServer(Address("127.0.0.1", 80), FrameHub(1))
