"""Documents and data that no longer match the tree: links, code blocks, names that are gone, versions, broken data."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping
from posixpath import join, normpath
from urllib.parse import unquote

from exosuit.core.parsed import json_of, toml
from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.prose import Block, Prose, read_prose, same_anchor
from exosuit.verify.evidence.python.interface import definitions
from exosuit.verify.evidence.touch import Touch, each, shown
from exosuit.verify.plan.places import is_data, is_locked, is_test, is_vendored
from exosuit.verify.plan.reading import LARGEST, Reading

KIND = "document"

MOST_READ = 4_000_000
"""Bytes of documents that the change does not touch and that are searched for names that are gone, at most."""

_TEXTS = (b".md", b".rst", b".markdown", b".mdx")
_HISTORY = re.compile(
    rb"(?i)(?:^|/)(?:change|history|news|release|migrat|upgrad|whatsnew|deprecat|todo|roadmap|log|adr)"
)
_SAYS_GONE = re.compile(
    r"(?i)\b(?:removed?|deprecat\w*|renamed?|formerly|previously|was|were|used to|no longer|instead|replaced?|dropped"
    r"|old|legacy|until|before|changed)\b|versionchanged|versionremoved"
)
_CALLED = re.compile(r"^(?:[\w.]+\.)?([A-Za-z_]\w{3,})(?:\(.*\))?$")
_OPTION = re.compile(rb"[\"'](--[a-z][a-z0-9-]{2,40})[\"'=\s,/]")


def document(material: Material) -> list[Evidence]:
    """What documents say that is not so at head."""
    reading = material.reading
    texts = [one for one in material.files if one.path.lower().endswith(_TEXTS) and not is_vendored(one.path)]
    read: dict[bytes, Prose] = {}
    found = each(texts, KIND, lambda touch: _of_text(reading, touch, read))
    found += each(material.files, KIND, _data)
    found += _gone_names(material, read)
    return found + _versions(material)


def _of_text(reading: Reading, touch: Touch, read: dict[bytes, Prose]) -> Iterator[Evidence]:
    if not touch.file.head:
        return
    prose = read[touch.path] = read_prose(touch.file.head_lines)
    for link in prose.links:
        if link.line in touch.added:
            yield from _link(reading, touch, prose, link.line, link.target)
    before = None
    for block in prose.blocks:
        lines = touch.changed("head", block.first, block.last)
        if not lines or not (words := unparsable(block)):
            continue
        before = before or read_prose(touch.file.base_lines)
        if not any(unparsable(old) and old.language == block.language for old in before.blocks):
            title = f"{touch.name}:{block.first + 1}: a block marked {block.language} does not parse: {words}."
            yield touch.evidence(KIND, "against", title, head=lines)


_ENDS = (
    ".md",
    ".rst",
    ".txt",
    ".png",
    ".svg",
    ".jpg",
    ".gif",
    ".py",
    ".ipynb",
    ".toml",
    ".json",
    ".yml",
    ".yaml",
    ".cfg",
    ".sh",
)
"""Names that end so are files, not references that a generator of sites resolves."""

_ELSEWHERE = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:|^//|[{}$<>*|]|^#?$")


def _link(reading: Reading, touch: Touch, prose: Prose, line: int, target: str) -> Iterator[Evidence]:
    """A link of a document to a file of the tree, or to a heading."""
    if _ELSEWHERE.search(target) or not reading.head_tree:
        return
    path, _hash, anchor = unquote(target).partition("#")
    path = path.partition("?")[0]
    where = touch.path
    if path:
        folder = "" if path.startswith("/") else _folder(touch.path)
        full = normpath(join(folder, path.lstrip("/"))).encode("utf-8", "replace")
        if full.startswith(b".."):
            return
        where = _resolved(reading, full) or b""
        if not where:
            sure = not path.startswith("/") and path.lower().endswith(_ENDS)
            sure = sure and any(one.startswith(full.rpartition(b"/")[0]) for one in reading.head_tree)
            title = f"{touch.name}:{line + 1} links to {shown(path.encode())}, which is not in the tree."
            yield touch.evidence(KIND, "against" if sure else "unknown", title, head=[line])
            return
    if anchor and where.lower().endswith((b".md", b".markdown")) and where in (touch.path, *reading.head_tree):
        there = prose if where == touch.path else _prose_at(reading, where)
        if (
            there is not None
            and not there.is_generated
            and same_anchor(anchor) not in {same_anchor(one) for one in there.anchors}
        ):
            heading = shown(anchor.encode())[:60]
            title = f"{touch.name}:{line + 1} links to #{heading}, a heading that {shown(where)} has not."
            yield touch.evidence(KIND, "against", title, head=[line])


def _folder(path: bytes) -> str:
    return path.rpartition(b"/")[0].decode("utf-8", "replace")


def _resolved(reading: Reading, full: bytes) -> bytes | None:
    """The file that a path names, or what generators of sites make of it; a folder counts by anything in it."""
    full = b"" if full == b"." else full
    tries = [full, *(full + end for end in (b".md", b".rst", b".markdown", b"/index.md", b"/README.md", b"/index.rst"))]
    if full.endswith(b".html"):
        tries += [full[:-5] + b".md", full[:-5] + b".rst"]
    for one in tries:
        if one in reading.head_tree:
            return one
    folder = full + b"/" if full else b""
    return full or b"." if any(one.startswith(folder) for one in reading.head_tree) else None


def _prose_at(reading: Reading, path: bytes) -> Prose | None:
    data = reading.blob(reading.head_tree[path])
    return read_prose(data.splitlines()) if len(data) < LARGEST else None


_TEMPLATE = re.compile(r"\{\{|\{%|<[a-z][\w -]*>|^\s*(?:\.\.\.|…)", re.MULTILINE)


def unparsable(block: Block) -> str:
    """Why a block is not what it is marked as; empty where it is, or where nobody can tell."""
    text = textwrap.dedent(block.text)
    if not text.strip() or _TEMPLATE.search(text):
        return ""
    try:
        if block.language in ("python", "py", "python3"):
            return "" if ">>>" in text else _python(text)
        if block.language == "json" and "//" not in text and "..." not in text:
            json_of(text.encode())
        elif block.language == "toml" and "..." not in text:
            toml(text.encode())
    except ValueError as error:
        return str(error).partition("\n")[0][:100]
    return ""


def _python(text: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "block", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        return f"{error.msg} in line {error.lineno}"
    except (MemoryError, RecursionError):
        return ""
    return ""


_LOADS: dict[bytes, Callable[[bytes], object]] = {
    b".json": json_of, b".ipynb": json_of, b".toml": toml,
}  # fmt: skip
"""What reads a file of data, by the end of its name."""


def _data(touch: Touch) -> Iterator[Evidence]:
    """JSON and TOML that parsed and does not."""
    load = next((one for end, one in _LOADS.items() if touch.path.endswith(end)), None)
    if (
        load is None
        or not touch.file.head.strip()
        or is_test(touch.path)
        or is_data(touch.path)
        or is_locked(touch.path)
    ):
        return
    try:
        load(touch.file.head)
    except ValueError as error:
        try:
            load(touch.file.base)
        except ValueError:
            return  # it never was, or it is a dialect with comments
        said = str(error).partition("\n")[0][:100]
        line = getattr(error, "lineno", 0)
        lines = [line - 1] if line - 1 in touch.added else list(touch.added)
        yield touch.evidence(KIND, "against", f"{touch.name} does not parse any more: {said}.", head=lines)


def _gone_names(material: Material, read: dict[bytes, Prose]) -> list[Evidence]:
    """Names that the code had at base and has not at head, and that documents still name."""
    gone = _gone(material)
    return _still_named(material, read, gone) if gone else []


def _gone(material: Material) -> dict[str, tuple[Touch, int]]:
    """Definitions and options that are gone from all files of the change, with where they were (line from 0)."""
    before: dict[str, tuple[Touch, int]] = {}
    after: set[str] = set()
    for touch in material.python:
        if touch.file.head_source is not None:
            after |= definitions(touch.file.head_source)
        if is_test(touch.path):
            continue
        base = touch.file.base_source
        for index in touch.old_statements if base is not None else ():
            assert base is not None
            name = getattr(base.statements[index].node, "name", None)
            if isinstance(name, str) and len(name) > 3 and not name.startswith("_"):
                before.setdefault(name, (touch, base.starts[index]))
        for line in touch.removed:
            for option in _OPTION.findall(touch.file.base_lines[line] + b" "):
                before.setdefault(option.decode(), (touch, line))
    heads = [one.file.head for one in material.python if not is_test(one.path)]
    return {
        name: where for name, where in before.items()
        if name not in after and not any(_bound(name, True).search(head) for head in heads)
    }  # fmt: skip


def _bound(name: str, imports: bool) -> re.Pattern[bytes]:
    """A name where something is given it (an import too, if that counts); an option wherever it stands."""
    plain = re.escape(name.encode())
    if name.startswith("-"):
        return re.compile(rb"(?<![\w-])" + plain + rb"(?![\w-])")
    ways = [rb"\b(?:def|class|as|function|const|let|var)\s+%s\b", rb"^\s*%s\s*[:=]", rb"\.%s\s*=", rb"[\"']%s[\"']"]
    ways += [rb"\bimport\b[^\n]*\b%s\b"] if imports else []
    return re.compile(b"|".join(way.replace(b"%s", plain) for way in ways), re.MULTILINE)


def _still_named(material: Material, read: dict[bytes, Prose], gone: dict[str, tuple[Touch, int]]) -> list[Evidence]:
    found: list[Evidence] = []
    touched = {one.path: one for one in material.files}
    left = MOST_READ
    elsewhere: dict[str, bool] = {}
    for path, blob in material.reading.head_tree.items():
        if not path.lower().endswith(_TEXTS) or _HISTORY.search(path) or is_vendored(path) or is_test(path):
            continue
        data = material.reading.blob(blob)
        left -= len(data)
        if left < 0:
            break
        if not any(name.encode() in data for name in gone):
            continue
        lines = data.splitlines()
        for line, text in (read.get(path) or read_prose(lines)).names:
            name = _named(text)
            around = b" ".join(lines[max(0, line - 2) : line + 2]).decode("utf-8", "replace")
            if name not in gone or _SAYS_GONE.search(around):
                continue
            if name not in elsewhere:
                elsewhere[name] = _is_elsewhere(material.reading, name)
            if not elsewhere[name]:
                found.append(_told(gone[name], name, path, line, touched.get(path)))
                del gone[name]
    return found


def _named(text: str) -> str:
    """The name in a piece of code, if it is no more than a name: plain words are left out."""
    if text.startswith("--"):
        return text.partition("=")[0].partition(" ")[0]
    match = _CALLED.match(text)
    if match is None:
        return ""
    name = match[1]
    return name if "_" in name or "(" in text or "." in text or re.search(r"[a-z][A-Z]|^[A-Z][a-z]", name) else ""


def _is_elsewhere(reading: Reading, name: str) -> bool:
    """Whether code that the change does not touch has the name."""
    pattern = _bound(name, False)
    left = MOST_READ
    for path, blob in reading.head_tree.items():
        if path.endswith((b".py", b".pyi", b".toml", b".cfg", b".js", b".ts", b".c", b".pyx")) and not is_test(path):
            data = reading.blob(blob)
            left -= len(data)
            if left < 0 or pattern.search(data):
                return True
    return False


def _told(where: tuple[Touch, int], name: str, path: bytes, line: int, touch: Touch | None) -> Evidence:
    code, at = where
    title = f"{shown(path)}:{line + 1} still names `{name}`, which is gone from {code.name}."
    if touch is not None and line in touch.added:
        return touch.evidence(KIND, "against", title, head=[line])
    return code.evidence(KIND, "against", title, base=[at])


_VERSIONS = (
    (re.compile(rb"(?:^|/)(?:pyproject|Cargo)\.toml$"),
     re.compile(rb"^version\s*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)),
    (re.compile(rb"(?:^|/)setup\.cfg$"), re.compile(rb"^version\s*=\s*([\w.+!-]+)\s*$", re.MULTILINE)),
    (re.compile(rb"(?:^|/)setup\.py$"), re.compile(rb"^\s*version\s*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)),
    (re.compile(rb"(?:^|/)package\.json$"), re.compile(rb"^  ?(?: {2})?\"version\"\s*:\s*\"([^\"]+)\"", re.MULTILINE)),
    (re.compile(rb"(?:^|/)CITATION\.cff$"), re.compile(rb"^version:\s*[\"']?([\w.+-]+)", re.MULTILINE)),
    (re.compile(rb"(?:^|/)(?:__init__|_?_?version_?_?|__about__|_version)\.py$"),
     re.compile(rb"^(?:__version__|VERSION|version)\s*(?::\s*\w+\s*)?=\s*[\"']([^\"']+)[\"']", re.MULTILINE)),
)  # fmt: skip
"""Where a package says its version, and how."""


def _versions(material: Material) -> list[Evidence]:
    """Places that said the same version at base and no longer do."""
    reading = material.reading
    old, new = (_stated(reading, tree) for tree in (reading.base_tree, reading.head_tree))
    found: list[Evidence] = []
    touched = {one.path: one for one in material.files}
    for path in sorted(old.keys() & new.keys()):
        if old[path] == new[path] or path not in touched:
            continue
        behind = [one for one in old if one != path and old[one] == old[path] and new.get(one) not in (None, new[path])]
        if behind and (new[behind[0]] == old[path] or behind[0] > path):
            touch = touched[path]
            lines = [line for line, text in touch.new_lines() if new[path] in text]
            other = f"{shown(behind[0])} says {shown(new[behind[0]])}"
            title = f"{touch.name} says version {shown(new[path])}, {other}; they agreed."
            found.append(touch.evidence(KIND, "against", title, head=lines))
    return found


def _stated(reading: Reading, tree: Mapping[bytes, str]) -> dict[bytes, bytes]:
    """The version that each place near the root of a tree says."""
    found: dict[bytes, bytes] = {}
    for path, blob in tree.items():
        if path.count(b"/") > 2 or is_test(path) or is_vendored(path):
            continue
        pattern = next((version for name, version in _VERSIONS if name.search(path)), None)
        match = pattern.search(reading.blob(blob)[:LARGEST]) if pattern else None
        if match:
            found[path] = match[1]
    return found
