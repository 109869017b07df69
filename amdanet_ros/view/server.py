"""Serves the page and its frames over HTTP; answers GET alone, and only under its own name."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import sys
import threading
import time
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .address import Address, naming_errors
from .frame import NOTHING
from .frame_hub import FrameHub

MOST_WATCHERS = 8
_MOST_CONNECTIONS = 32
_REQUEST_S = 5.0
"""Within this time a request must have come."""
_SENDING_S = 30.0
"""A browser that takes no part of a frame for so long is given up."""
_TURN_S = 0.1
_LOOK_S = 0.5
_ALIVE_S = 5.0
_SEND_BUFFER = 256 * 1024
"""Frames wait here for a slow browser; the fewer, the newer is what it shows."""

_PAGE = Path(__file__).resolve().parent / "page"
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/charts.js": ("charts.js", "text/javascript; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class ViewServer(ThreadingHTTPServer):
    """Serves the frames of a hub to at most ``MOST_WATCHERS`` browsers.

    Use as a context manager: within the block it serves, in threads of its own.

    Args:
        address: to listen on.
        hub: gives the frames.

    Attributes:
        address: with the port in use.
        hub: gives the frames.
        files: content and type by path.

    Raises:
        ProgramError: the address cannot be used.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = _MOST_CONNECTIONS

    def __init__(self, address: Address, hub: FrameHub) -> None:
        self.address_family = address.family
        self.hub = hub
        self.files = {path: ((_PAGE / name).read_bytes(), t) for path, (name, t) in _FILES.items()}
        self._free = threading.Semaphore(_MOST_CONNECTIONS)
        self._asking: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        with naming_errors(address):
            super().__init__((address.ip, address.port), _Handler)
        self.address = Address(address.ip, self.server_address[1])

    def server_bind(self) -> None:
        """Bind without looking up the machine's name, which may take long without a network."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        socketserver.TCPServer.server_bind(self)

    def __enter__(self) -> ViewServer:
        serve = partial(self.serve_forever, poll_interval=_TURN_S)
        threading.Thread(target=serve, name="view server", daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.hub.close()
        self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, or close the connection where there are too many."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        with self._lock:
            self._asking[request] = time.monotonic() + _REQUEST_S
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread can be started
            self._forget(request)
            self._free.release()
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and count the connection as free afterwards."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._forget(request)
            self._free.release()

    def service_actions(self) -> None:
        """End the connections whose request has not come in time, byte by byte too."""
        now = time.monotonic()
        with self._lock:
            late = [request for request, end in self._asking.items() if end < now]
        for request in late:
            self._forget(request)
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def _forget(self, request: socket.socket) -> None:
        with self._lock:
            self._asking.pop(request, None)

    def has_asked(self, request: socket.socket) -> None:
        """Note that a connection's request has come."""
        self._forget(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that go away; other errors as usual."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: ViewServer
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"
    server_version = "amdanet"
    sys_version = ""
    timeout = _REQUEST_S

    def do_GET(self) -> None:
        self.server.has_asked(self.connection)
        self.close_connection = True
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not self.server.address.is_host(hosts[0].strip()):
            self._refuse(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"This server is {self.server.address.url} and answers under no other name.",
            )
            return
        path = self.path.partition("?")[0]
        if path == "/stream":
            self._stream()
        elif path in self.server.files:
            content, kind = self.server.files[path]
            self._start(HTTPStatus.OK, kind, len(content))
            self.wfile.write(content)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such page: the page is /.")

    def _stream(self) -> None:
        site, origin = self.headers.get("Sec-Fetch-Site"), self.headers.get("Origin")
        is_own = origin is None or self.server.address.is_host(origin.partition("://")[2])
        if not is_own or site not in (None, "same-origin", "none"):
            self._refuse(HTTPStatus.FORBIDDEN, "Pages of other sites get no frames.")
            return
        with self.server.hub.watching() as is_admitted:
            if not is_admitted:
                self._refuse(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    f"{MOST_WATCHERS} browsers watch already: close one of them.",
                )
                return
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            self.connection.settimeout(_SENDING_S)
            self._start(HTTPStatus.OK, "application/octet-stream", None)
            self.wfile.flush()
            self._send_frames()

    def _send_frames(self) -> None:
        number, silent_since = 0, time.monotonic()
        while not (self.server.hub.is_closed or self._has_left()):
            taken = self.server.hub.next(number, _LOOK_S)
            if taken is not None:
                number, frame = taken
            elif time.monotonic() - silent_since < _ALIVE_S:
                continue
            else:
                frame = NOTHING
            silent_since = time.monotonic()
            # Part by part: the limit of time is for each, so that slow lines are served too.
            for start in range(0, len(frame), _SEND_BUFFER):
                self.connection.sendall(frame[start : start + _SEND_BUFFER])

    def _has_left(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1024)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what http.server refuses: other methods, and what is no request."""
        self.close_connection = True
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is answered.", {"Allow": "GET"})
        else:
            self._refuse(HTTPStatus(code), "This is no request that is answered.")

    def _refuse(
        self, status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None
    ) -> None:
        content = f"{sentence}\n".encode()
        self._start(status, "text/plain; charset=utf-8", len(content), headers)
        if self.command != "HEAD":
            self.wfile.write(content)

    def _start(
        self,
        status: HTTPStatus,
        kind: str,
        length: int | None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        content = {"Content-Type": kind, "Connection": "close"}
        if length is not None:
            content["Content-Length"] = str(length)
        for name, value in {**content, **_HEADERS, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing: what is asked for is no event of the node."""
