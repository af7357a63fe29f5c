"""What packages a file asks for, and what a lock file holds: names, bounds, hashes. Names as PEP 503 folds them."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exosuit.core.parsed import json_of, toml
from exosuit.verify.plan.python.source import parse

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*?)\s*(?:;.*)?$")
_PINNED = re.compile(rb"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_HASHES = re.compile(rb"--hash=([a-z0-9]+:[0-9a-f]+)")


LONGEST = 1_000
"""Signs of a line that can be a requirement."""


@dataclass(frozen=True)
class Need:
    """A package that is asked for: `bound` as written, empty for any; `group` is where (`dependencies`, `dev`…)."""

    name: str
    bound: str
    group: str

    @property
    def is_address(self) -> bool:
        """Whether it comes from a place of its own rather than from an index."""
        return bool(re.search(r"^@|://|^(?:git|file|github|https?)[:+]", self.bound))


@dataclass(frozen=True)
class Locked:
    """A package in a lock: its versions, and the hashes of each."""

    versions: dict[str, frozenset[str]]
    licence: str = ""


def folded(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needs(path: bytes, data: bytes) -> list[Need] | None:
    """What a manifest asks for; None where the file is none, or cannot be read. What is not written out is left out."""
    name = path.rpartition(b"/")[2].decode("utf-8", "replace")
    try:
        if name in ("pyproject.toml", "Pipfile", "Cargo.toml"):
            table = toml(data)
            return list({"pyproject.toml": _project, "Pipfile": _pipfile, "Cargo.toml": _cargo}[name](table))
        if name == "package.json":
            return list(_package(json_of(data or b"{}")))
        if name == "setup.cfg":
            return list(_setup_cfg(data))
        if name == "setup.py":
            return list(_setup(data))
    except (ValueError, configparser.Error, AttributeError, TypeError):
        return None
    if re.search(r"(?:^|[-_.])(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|in)$", name) or (
        re.search(rb"(?:^|/)requirements/[^/]+\.(?:txt|in)$", path)
    ):
        return _plain(data.decode("utf-8", "replace").splitlines(), name)
    return None


def _plain(lines: list[str], group: str) -> list[Need] | None:
    """The requirements of a file that holds one a line; None where most lines are something else."""
    said = [line for line in lines if line.strip() and not line.lstrip().startswith(("#", "-"))]
    read = [requirement(line.split(" #")[0].split(" --hash")[0], group) for line in said]
    found = [one for one in read if one is not None]
    return found if 2 * len(found) >= len(said) else None


def requirement(text: str, group: str) -> Need | None:
    """A requirement as PEP 508 writes it."""
    if len(text) > LONGEST or text.lstrip().startswith(("#", "-")):
        return None
    match = _REQUIREMENT.match(text.rstrip("\\ \t"))
    if match is None:
        return None
    bound = match[2].strip("() ")
    return Need(folded(match[1]), bound, group) if not bound or bound[0] in "<>=!~@" else None


def _listed(items: Any, group: str) -> Iterator[Need]:
    for one in items if isinstance(items, list) else []:
        need = requirement(one, group) if isinstance(one, str) else None
        if need is not None:
            yield need


def _project(table: dict[str, Any]) -> Iterator[Need]:
    project = table.get("project", {})
    yield from _listed(project.get("dependencies"), "dependencies")
    for group, items in (project.get("optional-dependencies") or {}).items():
        yield from _listed(items, group)
    for group, items in (table.get("dependency-groups") or {}).items():
        yield from _listed(items, group)
    yield from _listed(table.get("build-system", {}).get("requires"), "build-system")
    poetry = table.get("tool", {}).get("poetry", {})
    groups = {"dependencies": poetry.get("dependencies"), "dev": poetry.get("dev-dependencies")}
    groups |= {name: one.get("dependencies") for name, one in (poetry.get("group") or {}).items()}
    for group, items in groups.items():
        yield from _tabled(items, group)


def _tabled(items: Any, group: str) -> Iterator[Need]:
    """Packages by name, the bound a text or a table with a version or an address."""
    for name, bound in (items or {}).items():
        if name == "python":
            continue
        written = bound
        if isinstance(bound, dict):
            address = next((str(bound[key]) for key in ("git", "url", "path") if key in bound), "")
            written = f"@ {address}" if address else bound.get("version", "")
        yield Need(folded(name), "" if written == "*" else str(written), group)


def _pipfile(table: dict[str, Any]) -> Iterator[Need]:
    yield from _tabled(table.get("packages"), "packages")
    yield from _tabled(table.get("dev-packages"), "dev")


def _cargo(table: dict[str, Any]) -> Iterator[Need]:
    for group in ("dependencies", "dev-dependencies", "build-dependencies"):
        yield from _tabled(table.get(group), group)


def _package(table: dict[str, Any]) -> Iterator[Need]:
    for group in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
        for name, bound in (table.get(group) or {}).items():
            yield Need(name.lower(), "" if bound in ("*", "latest") else str(bound), group)


def _setup_cfg(data: bytes) -> Iterator[Need]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(data.decode("utf-8"))
    if parser.has_option("options", "install_requires"):
        yield from _listed(parser.get("options", "install_requires").splitlines(), "dependencies")
    if parser.has_section("options.extras_require"):
        for group, text in parser["options.extras_require"].items():
            yield from _listed(text.splitlines(), group)


_GROUPS = {"install_requires": "dependencies", "setup_requires": "build-system", "tests_require": "tests"}


def _setup(data: bytes) -> Iterator[Need]:
    """What the call of `setup` writes out, by itself or by a name that is set once."""
    source = parse(data)
    if source is None:
        raise ValueError("not Python")
    named: dict[str, Any] = {}
    for statement in source.statements:
        node: Any = statement.node
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            named[node.targets[0].id] = node.value
        call = getattr(node, "value", None)
        if not isinstance(call, ast.Call):
            continue
        for one in call.keywords:
            value = named.get(one.value.id, one.value) if isinstance(one.value, ast.Name) else one.value
            if one.arg in _GROUPS:
                yield from _listed(_texts(value), _GROUPS[one.arg])
            elif one.arg == "extras_require" and isinstance(value, ast.Dict):
                for key, items in zip(value.keys, value.values, strict=True):
                    yield from _listed(_texts(items), str(getattr(key, "value", "extra")))


def _texts(node: Any) -> list[str]:
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    return [one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def locked(path: bytes, data: bytes) -> dict[str, Locked] | None:
    """The packages of a lock file by name; None where it is none that is known, or cannot be read."""
    name = path.rpartition(b"/")[2]
    try:
        if name in (b"poetry.lock", b"uv.lock", b"pdm.lock", b"Cargo.lock"):
            return _tables(toml(data))
        if name in (b"package-lock.json", b"npm-shrinkwrap.json"):
            return _npm(json_of(data))
        if name == b"Pipfile.lock":
            return _pipenv(json_of(data))
        if name.endswith(b".lock") and b"requirements" in name:
            return _pins(data)
    except (ValueError, AttributeError, TypeError, KeyError):
        return None
    return None


def _merged(found: Iterator[tuple[str, str, frozenset[str], str]]) -> dict[str, Locked]:
    packages: dict[str, Locked] = {}
    for name, version, hashes, licence in found:
        known = packages.setdefault(name, Locked({}, licence))
        known.versions[version] = known.versions.get(version, frozenset()) | hashes
    return packages


def _tables(table: dict[str, Any]) -> dict[str, Locked]:
    def each() -> Iterator[tuple[str, str, frozenset[str], str]]:
        for one in table.get("package", []):
            files = [*one.get("files", []), *one.get("wheels", []), *([one["sdist"]] if "sdist" in one else [])]
            hashes = {str(file.get("hash", "")) for file in files if isinstance(file, dict)} | {one.get("checksum", "")}
            yield folded(one["name"]), str(one.get("version", "")), frozenset(hashes - {""}), ""

    return _merged(each())


def _npm(table: dict[str, Any]) -> dict[str, Locked]:
    def each() -> Iterator[tuple[str, str, frozenset[str], str]]:
        for path, one in (table.get("packages") or {}).items():
            if path:
                name = path.rpartition("node_modules/")[2].lower()
                licence = one.get("license", "")
                yield name, str(one.get("version", "")), frozenset(str(one.get("integrity", "")).split()), str(licence)
        for name, one in (table.get("dependencies") or {}).items() if "packages" not in table else ():
            yield name.lower(), str(one.get("version", "")), frozenset(str(one.get("integrity", "")).split()), ""

    return _merged(each())


def _pipenv(table: dict[str, Any]) -> dict[str, Locked]:
    def each() -> Iterator[tuple[str, str, frozenset[str], str]]:
        for group in ("default", "develop"):
            for name, one in table.get(group, {}).items():
                yield folded(name), str(one.get("version", "")).lstrip("="), frozenset(one.get("hashes", [])), ""

    return _merged(each())


def _pins(data: bytes) -> dict[str, Locked]:
    def each() -> Iterator[tuple[str, str, frozenset[str], str]]:
        matches = list(_PINNED.finditer(data))
        ends = [*(match.start() for match in matches[1:]), len(data)]
        for match, end in zip(matches, ends, strict=True):
            hashes = frozenset(one.decode() for one in _HASHES.findall(data, match.end(), end))
            yield folded(match[1].decode()), match[2].decode("ascii", "replace"), hashes, ""

    return _merged(each())
