"""The one family of errors: what went wrong, and what to type next."""

from __future__ import annotations

from exosuit.core.escapes import spelled_out


class ExosuitError(Exception):
    """Something a person can act on.

    `code` is stable and hyphenated (`no-such-revision`); `message` says what and where; `hint` says what to
    type; `retryable` tells a program that the same call may succeed later. Every face shows all four: the
    CLI as `error:` and `hint:` lines, HTTP as problem JSON (RFC 9457), MCP as a tool error.
    """

    def __init__(self, code: str, message: str, hint: str = "", *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.retryable = retryable

    def as_dict(self) -> dict[str, object]:
        """The error as data that any JSON can carry: `code`, `message`, `hint`, `retryable`."""
        told = {"message": spelled_out(self.message), "hint": spelled_out(self.hint)}
        return {"code": self.code, **told, "retryable": self.retryable}


class UsageError(ExosuitError):
    """The call itself was malformed: the CLI exits 2 rather than 1, HTTP answers 422 rather than 409."""
