"""A report as one page that stands by itself: no script, no request, everything from the change escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from exosuit.commands.report_facts import Report, Row, Told
from exosuit.core.escapes import HIDDEN, path_text
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.verdict import WORDS

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--plus:#2da44e22;--minus:#cf222e22}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:0}
section{border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem;margin:1rem 0}
table{border-collapse:collapse}td,th{padding:.1rem .8rem .1rem 0;text-align:left}td.n{text-align:right}
.word{font-weight:600;border:1px solid var(--line);border-radius:4px;padding:0 .4rem}
.against{background:#cf222e33}.differs{background:#bf870033}.unknown{background:#8882}
.supported{background:#0969da22}.proved{background:#2da44e33}
.why{opacity:.8;margin:.3rem 0}pre{overflow:auto;font:13px/1.45 ui-monospace,monospace;margin:.5rem 0}
pre span{display:block;white-space:pre;unicode-bidi:isolate}.a{background:var(--plus)}.r{background:var(--minus)}
code{unicode-bidi:isolate}
"""


def safe(text: str) -> str:
    """A text from outside as HTML: hidden characters written out, markup as text, odd bytes as signs."""
    seen = HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return escape(seen.encode("utf-8", "backslashreplace").decode("utf-8"))


def page(report: Report) -> str:
    """The report as an HTML page."""
    return "\n".join(_parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    change, stats = report.change, report.stats
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{safe(change.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    yield f"<h1>{safe(change.title)}</h1>"
    yield (
        f"<p>Change <code>{safe(change.id)}</code>: {stats.files:,} files, "
        f"+{change.added:,} −{change.removed:,} lines, "
        f"{stats.decisions:,} decisions; {stats.proved:,} lines carry a proof.</p>"
    )
    yield "<table>\n<tr><th>verdict</th><th>lines</th></tr>"
    for word in WORDS:
        yield f'<tr><td><span class="word {word}">{word}</span></td><td class="n">{report.tally[word]:,}</td></tr>'
    yield "</table>\n<p>What is most likely to be wrong, per line of reading, comes first.</p>"
    for at, one in enumerate(report.told, 1):
        yield from _section(at, one)
    yield "</body>\n</html>"


def _section(at: int, one: Told) -> Iterator[str]:
    word = one.verdict.word
    yield f'<section id="{safe(one.group.id)}">'
    yield f'<h2>{at}. <span class="word {word}">{word}</span> {safe(one.group.title)}</h2>'
    yield f'<p class="why">{one.group.lines:,} lines. {safe(one.place.reason)}.<br>{safe(one.verdict.why)}</p>'
    if one.evidence:
        yield "<ul>"
        yield from (_piece(piece) for piece in one.evidence)
        yield "</ul>"
    if one.rows:
        yield f"<details{' open' if at == 1 else ''}>"
        yield f"<summary>{len(one.rows):,} of {one.group.lines:,} lines</summary><pre>"
        yield "".join(_code(one.rows))
        yield "</pre></details>"
    yield "</section>"


def _piece(piece: Evidence) -> str:
    where = ", ".join(f"{path_text(at.path)}:{at.first}" for at in piece.lines[:3])
    detail = f"<br>{safe(piece.detail)}" if piece.detail else ""
    again = f"<br><code>{safe(piece.reproduce)}</code>" if piece.reproduce else ""
    return f"<li><b>{safe(piece.kind)}</b> {safe(piece.title)} <code>{safe(where)}</code>{detail}{again}</li>"


def _code(rows: tuple[Row, ...]) -> Iterator[str]:
    path = b""
    for row in rows:
        if row.path != path:
            path = row.path
            yield f"<span><b>{safe(path_text(path))}</b></span>"
        yield f'<span class="{"a" if row.sign == "+" else "r"}">{row.line:>5} {row.sign} {safe(row.text)}</span>'
