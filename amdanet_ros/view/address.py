"""Where the page is served, and under which names a browser may ask for it."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from ..one_line import one_line
from ..programs.errors import ProgramError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """An address to listen on.

    Attributes:
        ip: an IPv4 or IPv6 address of this machine; 0.0.0.0 and :: are all of them.
        port: 1 to 65535; 0: any that is free.
    """

    ip: str = LOOPBACK
    port: int = 0

    @classmethod
    def of(cls, text: str, port: int) -> Address:
        """Return the address of an option's text.

        Raises:
            ProgramError: it is no IP address.
        """
        if text == "localhost":
            return cls(LOOPBACK, port)
        try:
            return cls(str(ipaddress.ip_address(text.strip("[]"))), port)
        except ValueError:
            raise ProgramError(
                f"--address {one_line(text, 60)} is no IP address: give one of this machine, such "
                "as 192.168.1.20, or 0.0.0.0 for all of them"
            ) from None

    @property
    def family(self) -> socket.AddressFamily:
        """IPv4 or IPv6."""
        return socket.AF_INET6 if ":" in self.ip else socket.AF_INET

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.ip).is_loopback

    @property
    def url(self) -> str:
        """What to open in a browser on this machine."""
        ip = ipaddress.ip_address(self.ip)
        shown = LOOPBACK if ip.is_unspecified else self.ip
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}/"

    def is_host(self, host: str | None) -> bool:
        """Whether a request's ``Host`` is a name of this server.

        Another site whose name is made to lead here (DNS rebinding) sends its own name.
        """
        name, port = _split(host or "")
        if port != str(self.port):
            return False
        if name.lower() == "localhost":
            return self.is_local or ipaddress.ip_address(self.ip).is_unspecified
        try:
            asked = ipaddress.ip_address(name)
        except ValueError:
            own = socket.gethostname().lower()
            return not self.is_local and name.lower().rstrip(".") in (own, f"{own}.local")
        listens_on = ipaddress.ip_address(self.ip)
        return listens_on.is_unspecified or asked == listens_on


def _split(host: str) -> tuple[str, str]:
    """Return name and port of a ``Host``; the port is 80 where it names none."""
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest.removeprefix(":") or "80"
    name, _, port = host.partition(":")
    return name, port or "80"


@contextlib.contextmanager
def naming_errors(address: Address) -> Iterator[None]:
    """Turn an error of the block, which binds the address, into one line.

    Raises:
        ProgramError: it cannot be bound; the line says why and what to do.
    """
    try:
        yield
    except OSError as error:
        raise ProgramError(_words(error, address)) from error


def _words(error: OSError, address: Address) -> str:
    where = f"{address.ip} port {address.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{where} is in use by another program: choose another with --port, or --port 0 for "
            "any that is free"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{where} needs the rights of root: choose a --port from 1024 to 65535"
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return (
            f"--address {address.ip} is no address of this machine: `ip address` lists them, and "
            "0.0.0.0 is all of them"
        )
    return f"{where} cannot be served: {error.strerror or error}"
