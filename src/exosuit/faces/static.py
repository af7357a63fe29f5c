"""The GUI's bundle, out of memory: a request can name a file that was found there, and nothing else on the disk."""

from __future__ import annotations

import mimetypes
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from exosuit.core.errors import ExosuitError
from exosuit.faces.problem import problem

BUNDLE = Path(__file__).parent / "web"
SCREENS = frozenset({"", "change", "changes", "file", "files", "context", "runs", "ledger", "formats", "settings"})
"""First parts of addresses that the GUI itself takes apart (deep links): each is answered by index.html."""
HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.\w+$")
NONCE_META = '<meta name="csp-nonce" content="'
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
ABSENT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Exosuit</title>
<h1>The web bundle is not built</h1><p>In a checkout, <code>make web</code> builds it (needs Node), then reload.</p>
<p>The API works: <a href="/api/openapi.json">/api/openapi.json</a></p></html>"""


@dataclass(frozen=True)
class Asset:
    """One file of the bundle."""

    content: bytes
    media_type: str
    hashed: bool


def bundle(folder: Path) -> dict[str, Asset]:
    """The regular files below `folder` by their address; links are not followed."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.is_symlink():
            kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            address = "/" + path.relative_to(folder).as_posix()
            found[address] = Asset(path.read_bytes(), kind, bool(HASHED.search(path.name)))
    return found


class Static:
    """Answers a GET with a file of the bundle, or with the page for a screen's address."""

    def __init__(self, folder: Path = BUNDLE) -> None:
        self._folder = folder
        self._stamp = 0.0
        self._assets: dict[str, Asset] = {}

    def __call__(self, request: Request) -> Response:
        path = request.url.path
        if path.split("/")[1] in SCREENS:
            return self._page()
        asset = self._assets.get(path)
        if asset is None or path == "/index.html":
            return problem(ExosuitError("no-such-page", f"nothing is served at {path[:200]}", "start at /"), 404)
        forever = {"Cache-Control": "private, max-age=31536000, immutable"} if asset.hashed else {}
        return Response(asset.content, media_type=asset.media_type, headers=forever)

    def _page(self) -> Response:
        self._refresh()
        page = self._assets.get("/index.html")
        nonce = secrets.token_urlsafe(16)
        html = with_nonce(page.content.decode(), nonce) if page else ABSENT
        return HTMLResponse(html, headers={"Content-Security-Policy": policy(nonce)})

    def _refresh(self) -> None:
        """Read the bundle anew when it was rebuilt: the page names the files that go with it."""
        index = self._folder / "index.html"
        stamp = index.stat().st_mtime if index.is_file() else 0.0
        if stamp != self._stamp:
            self._stamp, self._assets = stamp, bundle(self._folder)


def with_nonce(html: str, nonce: str) -> str:
    """The page with this answer's nonce in `<meta name="csp-nonce">`, where the editor finds it for its styles."""
    return html.replace(NONCE_META, NONCE_META + nonce, 1)


def policy(nonce: str) -> str:
    """The page's content security policy: our own files and this server, nothing inline but styles with the nonce."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "connect-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types svelte-trusted-html",
        ]
    )
