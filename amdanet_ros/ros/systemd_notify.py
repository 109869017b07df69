"""Tells systemd, where it started the process, that the node is ready and works."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from ..one_line import one_line


class SystemdNotifier:
    """Sends the messages of ``sd_notify(3)`` to the socket that ``NOTIFY_SOCKET`` names.

    Without that variable it does nothing. What cannot be sent is left: the node works without it.

    Args:
        environment: of the process.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if self._address[:1] in ("\0", "/") and len(self._address) > 1:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    @property
    def is_on(self) -> bool:
        """Whether systemd listens."""
        return self._socket is not None

    def send(self, **fields: object) -> bool:
        """Send fields such as ``READY=1``; return whether that was possible."""
        if self._socket is None:
            return False
        text = "\n".join(f"{name}={one_line(value)}" for name, value in fields.items())
        try:
            self._socket.sendto(text.encode(), self._address)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Say that the process is stopping, and close the socket."""
        self.send(STOPPING=1)
        if self._socket is not None:
            self._socket.close()
        self._socket = None
