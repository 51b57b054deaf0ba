"""Access to the dashboard: only for pages that it has served itself.

Any page that a browser has open can open a websocket to this machine, and a name that resolves to 127.0.0.1
today and to another address tomorrow makes a foreign page ours (DNS rebinding). So every request must be
addressed to a name that is certainly this server's, and one that tells where it comes from must come from
there. Responses carry a policy by which the browser fetches nothing from other hosts and shows the page in
no foreign frame.

Source: RFC 6455, section 10.2 (Origin of websockets); RFC 9110, section 7.2 (Host).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws://{host}; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
POLICY_VIOLATION = 1008  # of a websocket
LOCAL = ("127.0.0.1", "localhost", "::1")


class Guard:
    """Application that refuses requests addressed to or sent by other hosts.

    Args:
        app: the application behind it.
        host: the address that the server listens on.
        port: its port.
    """

    def __init__(self, app: App, host: str, port: int) -> None:
        self.app, self.port = app, port
        self.names = frozenset({host.lower(), *LOCAL})
        self.open = not is_local(host)
        if self.open:
            self.names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        reason = self.objection(scope["headers"], socket_wanted=scope["type"] == "websocket")
        if reason is None:
            await self.app(scope, receive, self._with_policy(scope, send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": reason})
        else:
            await _refuse(send, reason)

    def objection(self, headers: Iterable[tuple[bytes, bytes]], socket_wanted: bool = False) -> str | None:
        """Return the reason why a request is refused; None if it is not.

        Args:
            headers: (name, value) in the order given, names in lower case.
            socket_wanted: True if it asks for a websocket, for which a browser always sends the origin.
        """
        given = list(headers)
        hosts = [value.decode("latin-1").lower() for name, value in given if name == b"host"]
        origins = [value.decode("latin-1").lower() for name, value in given if name == b"origin"]
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return "This request is addressed to another host."
        if socket_wanted and not origins:
            return "This request does not say which page it comes from."
        if any(origin != f"http://{hosts[0]}" for origin in origins):
            return "This request comes from a foreign page."
        return None

    def _is_ours(self, host: str) -> bool:
        """Return True if a Host header has a known name of this server, or any address if it is open."""
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname, parts.port
        except ValueError:
            return False
        if name is None or parts.username is not None or parts.path or (port or 80) != self.port:
            return False
        return name in self.names or (self.open and _is_address(name))

    def _with_policy(self, scope: Scope, send: Send) -> Send:
        host = next(value for name, value in scope["headers"] if name == b"host").decode("latin-1")

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = POLICY.format(host=host).encode("latin-1")
                message["headers"] = [*message["headers"], (b"content-security-policy", policy)]
            await send(message)

        return sent


def is_local(host: str) -> bool:
    """Return True if an address can be reached from this machine only."""
    return host.lower() == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _refuse(send: Send, reason: str) -> None:
    body = f"{reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
