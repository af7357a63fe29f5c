"""Errors over HTTP: problem JSON (RFC 9457) with the fields of ExosuitError beside the standard ones."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import JSONResponse

from exosuit.core.errors import ExosuitError, UsageError

MEDIA_TYPE = "application/problem+json"

SCHEMA = {
    "type": "object",
    "description": "What went wrong (RFC 9457), and what to do next.",
    "required": ["type", "title", "status", "detail", "code", "message", "hint", "retryable"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The same as `message`."},
        "code": {"type": "string", "description": "Stable and hyphenated: `no-such-change`."},
        "message": {"type": "string", "description": "What went wrong, and where."},
        "hint": {"type": "string", "description": "What to do next; may be empty."},
        "retryable": {"type": "boolean", "description": "Whether the same call may succeed later."},
    },
}


def status_of(error: ExosuitError) -> int:
    """422 for a malformed call, 404 for what does not exist, 503 for what may work later, 409 for any other error."""
    if error.code == "internal":
        return 500
    if error.code.startswith("no-such-"):
        return 404
    if isinstance(error, UsageError):
        return 422
    return 503 if error.retryable else 409


def problem(error: ExosuitError, status: int | None = None, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response that says it."""
    code = status if status is not None else status_of(error)
    body = {"type": "about:blank", "title": HTTPStatus(code).phrase, "status": code, "detail": error.message}
    extra = {"Retry-After": "1"} if error.retryable else {}
    return JSONResponse(body | error.as_dict(), code, media_type=MEDIA_TYPE, headers=extra | (headers or {}))
