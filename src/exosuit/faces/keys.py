"""Who may talk to a server: the token of this start, the cookie that stands for it, and links that work once."""

from __future__ import annotations

import hashlib
import hmac
import secrets


class Keys:
    """The secrets of one server start. Comparisons take the same time whatever is compared (hmac.compare_digest)."""

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.cookie_name = f"exosuit-{port}"
        self._cookie = hmac.new(self.token.encode(), b"exosuit cookie", hashlib.sha256).hexdigest()
        self._links: set[str] = set()

    def link(self) -> str:
        """A token for one visit: a browser's command line and history are no place for one that lasts."""
        made = secrets.token_urlsafe(32)
        self._links.add(made)
        return made

    def admits_bearer(self, header: str) -> bool:
        """Whether an `Authorization` header carries the token."""
        scheme, _, given = header.partition(" ")
        return scheme.lower() == "bearer" and _same(given.strip(), self.token)

    def admits_cookie(self, header: str) -> bool:
        """Whether a `Cookie` header carries this server's cookie.

        Cookies know no ports, so what any program on this machine has set comes along, well-formed or not, perhaps
        under our own name too: each part is looked at by itself (RFC 6265, 5.4), where a parser would give up.
        """
        parts = (part.strip(" \t").partition("=") for part in header.split(";"))
        return any(name == self.cookie_name and _same(value, self._cookie) for name, _, value in parts)

    def redeem(self, given: str) -> bool:
        """Whether the token of a link is good; one made by `link` is used up."""
        for known in tuple(self._links):
            if _same(given, known):
                self._links.discard(known)
                return True
        return _same(given, self.token)

    def set_cookie(self) -> str:
        """The `Set-Cookie` value: out of reach for scripts and for other sites, gone when the browser closes."""
        return f"{self.cookie_name}={self._cookie}; Path=/; HttpOnly; SameSite=Strict"


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), known.encode())
