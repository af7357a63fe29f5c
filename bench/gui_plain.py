"""The baseline: a page that holds every row of the change as an element, the way most tools draw a diff."""

from __future__ import annotations

import contextlib
import html
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CLASSES = {"-": "del", "+": "add", "~": "own", " ": "ctx", "@": "hd", "#": "fold", "!": "tell"}
HEAD = (
    "<!doctype html><meta charset=utf-8><title>plain</title><style>body{font:12.5px/20px monospace}"
    "div{display:grid;grid-template-columns:46px 46px 18px 1fr}b{white-space:pre-wrap;font-weight:400;"
    "overflow-wrap:anywhere}.add{background:#e7f6eb}.del{background:#fdeeec}.cur{outline:1px solid}</style>"
)
SCRIPT = (
    "<script>const rows=document.getElementsByTagName('div');let at=0;"
    "const go=(i)=>{rows[at].className=rows[at].className.replace(' cur','');at=i;rows[at].className+=' cur';"
    "rows[at].scrollIntoView({block:'nearest'})};addEventListener('keydown',(e)=>e.key==='j'&&go(at+1));"
    "const jump=(id)=>document.getElementById(id).scrollIntoView()</script>"
)


def page(files: list[list[Any]]) -> bytes:
    """All rows of all files, each a grid of four cells, marks left out (which flatters the plain page)."""
    parts = [HEAD]
    for number, rows in enumerate(files, 1):
        parts.append(f"<h2 id=f{number}>{number}</h2>")
        for kind, old, new, _atom, text, _marks in rows:
            cells = f"<i>{old or ''}</i><i>{new or ''}</i><i>{kind}</i><b>{html.escape(text)}</b>"
            parts.append(f"<div class={CLASSES[kind]}>{cells}</div>")
    parts.append(SCRIPT)
    return "".join(parts).encode()


def serve(content: bytes) -> ThreadingHTTPServer:
    """Serves the page on a free port of this machine, in a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the browser gave up, which is said elsewhere
                self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
