"""What a snapshot says it depends on, read from its files and never run: pyproject.toml (PEP 621, PEP 735) and lists.

A set is the same whatever order or file its parts come from, so that an environment for it can be shared.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from exosuit.core.errors import ExosuitError
from exosuit.core.parsed import toml

Read = Callable[[str], bytes | None]
"""The bytes of a file of the snapshot by its path; None where there is none."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[A-Za-z0-9._,\s-]*\])?\s*(\(?[<>=!~][^@#;/\\]*)?(;[^#\\]*)?")
_NAME = re.compile(r"[-_.]+")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!-]*")
_MOST_LISTS = 32


@dataclass(frozen=True)
class Wanted:
    """What of a project is wanted besides what it cannot do without: `[environment]` of `exosuit.toml`."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """The project as if it were installed: what `importlib.metadata` tells of it."""

    name: str
    version: str
    entry_points: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @property
    def id(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Dependencies:
    """Requirements as PEP 508 writes them, sorted; and the project itself, where it has a name."""

    requirements: tuple[str, ...]
    project: Project | None = None

    @property
    def id(self) -> str:
        """The same for the same set."""
        return hashlib.sha256("\n".join(self.requirements).encode()).hexdigest()[:16]


def dependencies(read: Read, wanted: Wanted) -> Dependencies:
    """What a snapshot depends on.

    Raises `unreadable-dependencies` for what cannot be read, and for what is not a name with versions: a path, an
    address, an option. A snapshot does not choose from where something is installed.
    """
    found: set[str] = set()
    data = _pyproject(read)
    told = _table(data.get("project", {}))
    found.update(_words(told.get("dependencies", [])))
    optional = _table(told.get("optional-dependencies", {}))
    own = _normal(str(told.get("name", "")))
    for extra in wanted.extras:
        found.update(_extra(optional, extra, own, set()))
    groups = {_normal(name): parts for name, parts in _table(data.get("dependency-groups", {})).items()}
    for group in wanted.groups:
        found.update(_group(groups, _normal(group), ()))
    for path in wanted.requirements:
        found.update(_listed(read, path, set()))
    return Dependencies(tuple(sorted(map(_plain, found))), _project(told))


def _pyproject(read: Read) -> dict[str, Any]:
    text = read("pyproject.toml")
    try:
        return toml(text or b"")
    except ValueError as error:
        raise _unreadable(f"pyproject.toml cannot be read ({error})") from None


def _extra(optional: dict[str, Any], name: str, own: str, seen: set[str]) -> Iterable[str]:
    """An extra's requirements; one may name others of the same project: `package[test,docs]`."""
    seen.add(_normal(name))
    parts: object = next((parts for key, parts in optional.items() if _normal(key) == _normal(name)), [])
    for one in _words(parts):
        bare, _, rest = one.partition("[")
        if own and rest and _normal(bare.strip()) == own:
            for other in rest.partition("]")[0].split(","):
                if _normal(other.strip()) not in seen:
                    yield from _extra(optional, other.strip(), own, seen)
        else:
            yield one


def _group(groups: dict[str, Any], name: str, above: tuple[str, ...]) -> Iterable[str]:
    if name in above:
        raise _unreadable(f"dependency group {name} includes itself")
    for part in groups.get(name, []):
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict) and isinstance(part.get("include-group"), str):
            yield from _group(groups, _normal(part["include-group"]), (*above, name))


def _listed(read: Read, path: str, seen: set[str]) -> Iterable[str]:
    """The lines of a requirements file and of those that it includes by `-r`."""
    seen.add(path)
    text = read(path)
    if text is None or len(seen) > _MOST_LISTS:
        raise _unreadable(f"{path} is not there" if text is None else "requirements files include too many others")
    for line in text.decode("utf-8", "replace").replace("\\\n", " ").splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).split(" --hash=")[0].strip()
        included = re.fullmatch(r"(?:-r|--requirement)[\s=]*(\S+)", bare)
        if included:
            other = posixpath.normpath(posixpath.join(posixpath.dirname(path), included[1]))
            if other not in seen:
                yield from _listed(read, other, seen)
        elif bare:
            yield bare


def _plain(requirement: str) -> str:
    text = requirement.strip()
    if not _PLAIN.fullmatch(text):
        raise _unreadable(f"{text[:80]!r} is not a name with versions")
    return text


def _project(told: dict[str, Any]) -> Project | None:
    name, version = told.get("name"), told.get("version", "0")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        return None
    points = {
        "console_scripts": _table(told.get("scripts", {})),
        "gui_scripts": _table(told.get("gui-scripts", {})),
        **{group: _table(names) for group, names in _table(told.get("entry-points", {})).items()},
    }
    clean = {
        group: tuple(sorted((key, to) for key, to in names.items() if isinstance(to, str) and _one_line(key + to)))
        for group, names in points.items()
        if _one_line(group)
    }
    known = isinstance(version, str) and _VERSION.fullmatch(version)
    return Project(
        name, version if known else "0", tuple(sorted((group, names) for group, names in clean.items() if names))
    )


def _one_line(text: str) -> bool:
    return "\n" not in text and "\r" not in text and "]" not in text.partition("=")[0]


def _normal(name: str) -> str:
    return _NAME.sub("-", name).lower()


def _words(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _unreadable("pyproject.toml has dependencies that are no list of words")
    return value


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _unreadable(what: str) -> ExosuitError:
    return ExosuitError(
        "unreadable-dependencies", what, "mend it, or take `build` out of [environment] in exosuit.toml"
    )
