"""No test reaches the network: a Python that imports this refuses to leave the machine.

The test process imports it from tests/conftest.py, what a test starts by `sitecustomize` beside it. An audit hook
(PEP 578) sees each connection and look-up wherever in the interpreter it is made. Sockets of the loopback and of the
file system pass.
"""

from __future__ import annotations

import ipaddress
import sys

attempts: list[str] = []
"""Where this process tried to go, for those who swallow the exception."""


class NetworkReached(BaseException):
    """A test tried to leave the machine; a BaseException, so that no `except Exception` swallows it."""


def is_local(host: object) -> bool:
    """Whether a host name or address stays on this machine."""
    if isinstance(host, bytes):
        host = host.decode("utf-8", "replace")
    if host is None or host in ("", "localhost", "localhost."):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return str(host).endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """The audit hook: raises NetworkReached for a connection or a look-up beyond the loopback."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    if not is_local(host):
        attempts.append(f"{event} {host!r}")
        raise NetworkReached(f"a test reached for the network: {event} {host!r}")


sys.addaudithook(watch)
