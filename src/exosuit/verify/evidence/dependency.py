"""Packages that are new, looser bounds, and locks that do not hold what their manifest asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exosuit.verify.evidence.manifests import Locked, Need, folded, locked, needs
from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.touch import Touch, each, shown
from exosuit.verify.plan.places import is_locked, is_test, is_vendored
from exosuit.verify.plan.reading import LARGEST

KIND = "dependency"

LONGEST_LINE = 10_000
"""Bytes of a line in which a package's name is looked for."""

_LOCKS = {
    b"pyproject.toml": (b"poetry.lock", b"uv.lock", b"pdm.lock", b"requirements.lock"), b"Pipfile": (b"Pipfile.lock",),
    b"package.json": (b"package-lock.json", b"npm-shrinkwrap.json"), b"Cargo.toml": (b"Cargo.lock",),
}  # fmt: skip
"""Which lock files stand beside a manifest."""

_ONLY_OPTIONAL = (b"requirements.lock",)
"""Locks that need not hold what is optional."""


def dependency(material: Material) -> list[Evidence]:
    """New and loosened dependencies of a change, by name."""
    files = [one for one in material.files if not is_vendored(one.path) and not is_test(one.path)]
    known = {
        need.name for touch in files for need in needs(touch.file.file.old_path or touch.path, touch.file.base) or ()
    }
    return each(files, KIND, lambda touch: _of_file(material, touch, known))


def _of_file(material: Material, touch: Touch, known: set[str]) -> Iterator[Evidence]:
    new = needs(touch.path, touch.file.head)
    if new is not None and touch.file.head:
        old = {(one.group, one.name): one for one in needs(touch.path, touch.file.base) or ()}
        lock = _lock(material, touch)
        for need in dict.fromkeys(new):
            before = old.get((need.group, need.name))
            if before is None and need.name not in known:
                yield _added(material, touch, need, lock)
            elif before is not None and before.bound != need.bound:
                yield from _rebound(touch, before, need)
        if lock is not None and touch.added:
            yield from _against_lock(touch, new, *lock)
    elif is_locked(touch.path):
        yield from _in_lock(touch)


def _lines(touch: Touch, name: str) -> list[int]:
    """The added lines that name a package."""
    short = ((line, text) for line, text in touch.new_lines() if len(text) < LONGEST_LINE)
    return [
        line for line, text in short
        if name.encode() in text.lower() or name in folded(text.decode("utf-8", "replace"))
    ]  # fmt: skip


def _added(material: Material, touch: Touch, need: Need, lock: tuple[str, Mapping[str, Locked]] | None) -> Evidence:
    licence = material.licences(need.name)
    if not licence and lock is not None and need.name in lock[1]:
        licence = lock[1][need.name].licence
    told = f"its licence is {shown(licence.encode())[:60]}" if licence else "its licence is not known here"
    bound = f" ({need.bound})" if need.bound else ", at any version"
    title = f"{touch.name} asks for `{need.name}`{bound}, which nothing asked for; {told}."
    lines = _lines(touch, need.name)
    if need.is_address:
        title = f"{touch.name} takes `{need.name}` from an address of its own: {need.bound[:80]}."
        return touch.evidence(KIND, "differs", title, head=lines)
    return touch.evidence(KIND, "unknown", title, head=lines)


def _rebound(touch: Touch, old: Need, new: Need) -> Iterator[Evidence]:
    """A bound that lets more in than it did: a pin or an upper bound is gone."""
    lines = _lines(touch, new.name)
    was, now = (f"`{one.bound}`" if one.bound else "any version" for one in (old, new))
    if new.is_address and not old.is_address:
        title = f"{touch.name} now takes `{new.name}` from an address of its own: {new.bound[:80]}."
        yield touch.evidence(KIND, "differs", title, head=lines)
    elif _is_closed(old.bound) and not _is_closed(new.bound):
        title = f"{touch.name} lets more versions of `{new.name}` in: {was} became {now}."
        yield touch.evidence(KIND, "unknown", title, head=lines)


def _is_closed(bound: str) -> bool:
    """Whether a bound has an upper end."""
    return bool(bound) and (any(sign in bound for sign in ("<", "==", "~=", "^", "~")) or bound[0].isdigit())


def _lock(material: Material, touch: Touch) -> tuple[str, Mapping[str, Locked]] | None:
    """The lock beside a manifest at head, with its name; None where there is none that can be read."""
    folder, _slash, name = touch.path.rpartition(b"/")
    for one in _LOCKS.get(name, ()):
        path = folder + b"/" + one if folder else one
        blob = material.reading.head_tree.get(path)
        if blob:
            data = material.reading.blob(blob)
            held = locked(path, data) if len(data) < LARGEST else None
            return (shown(path), held) if held is not None else None
    return None


def _against_lock(touch: Touch, wanted: list[Need], name: str, held: Mapping[str, Locked]) -> Iterator[Evidence]:
    """Whether a lock holds all that is asked for: of what changed, in so many words."""
    groups = {"build-system", "peerDependencies", "optionalDependencies"}
    asked = [one for one in wanted if one.group not in groups and not one.is_address]
    if name.endswith("requirements.lock"):
        asked = [one for one in asked if one.group == "dependencies"]
    missing = sorted({one.name for one in asked} - held.keys())
    touched = {one.name: lines for one in asked if (lines := _lines(touch, one.name))}
    for one in missing:
        if one in touched:
            title = f"{name} does not hold `{one}`, which {touch.name} asks for."
            yield touch.evidence(KIND, "against", title, head=touched[one])
    held_lines = [line for one, lines in touched.items() if one in held for line in lines]
    if held_lines and not missing:
        title = f"{name} holds every package that {touch.name} asks for; by name."
        yield touch.evidence(KIND, "supports", title, head=held_lines)


def _in_lock(touch: Touch) -> Iterator[Evidence]:
    """Packages that a lock brings, and hashes that changed though the version did not."""
    old, new = locked(touch.path, touch.file.base), locked(touch.path, touch.file.head)
    if new is None:
        return
    before = old or {}
    brought = sorted(new.keys() - before.keys())
    if brought and before:
        lines = [line for line, text in touch.new_lines() if any(one.encode() in text.lower() for one in brought[:200])]
        more = f" and {len(brought) - 5:,} more" if len(brought) > 5 else ""
        title = f"{touch.name} brings {len(brought):,} packages that were not there: {', '.join(brought[:5])}{more}."
        yield touch.evidence(KIND, "unknown", title, head=lines)
    for name in sorted(new.keys() & before.keys()):
        for version, hashes in new[name].versions.items():
            was = before[name].versions.get(version)
            if was and hashes and not was & hashes:
                lines = [line for line, text in touch.new_lines() if any(one.encode() in text for one in hashes)]
                title = f"{touch.name} has other hashes for `{name}` {version}, the same version as before."
                yield touch.evidence(KIND, "against", title, head=lines)
