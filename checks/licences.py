"""Licences of what we ship on: every run-time dependency, direct or not, and every package behind the web bundle."""

from __future__ import annotations

import json
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PERMISSIVE = {
    "0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT",
    "MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
}  # fmt: skip

EXCEPTIONS = {
    "certifi": "MPL-2.0: a list of certificates that others install and read; nothing of it is in our files",
    "pygit2": "GPL-2.0 with the linking exception of libgit2: linking it into a work of any licence is allowed",
}
"""Python packages allowed in spite of their licence, each with the reason."""

WEB_TOOLS = {
    "axe-core": "MPL-2.0: looks for accessibility faults in tests; nothing of it is in the bundle",
    "lightningcss": "MPL-2.0: makes the CSS smaller at build time; nothing of it is in the bundle",
}
"""Web packages that are only run, never shipped; what their platform parts are called starts with the same name."""

SPELLINGS = {
    "mit license": "MIT",
    "the mit license (mit)": "MIT",
    "bsd license": "BSD-3-Clause",
    "bsd": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "apache software license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "isc license (iscl)": "ISC",
    "python software foundation license": "PSF-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}
"""What packages wrote before PEP 639 asked for SPDX expressions."""


def requirements(root: str) -> dict[str, Distribution]:
    """All distributions that `root` needs at run time on this machine, by name, itself left out."""
    found: dict[str, Distribution] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(root, frozenset())]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found[name] = distribution(name)
        for line in found[name].requires or []:
            need = Requirement(line)
            environments = [{"extra": extra} for extra in ("", *extras)]
            if need.marker is None or any(need.marker.evaluate(environment) for environment in environments):
                waiting.append((canonicalize_name(need.name), frozenset(need.extras)))
    del found[root]
    return dict(sorted(found.items()))


def licence_of(package: Distribution) -> str:
    """The licence as an SPDX expression, or whatever the package says instead; empty if it says nothing."""
    said = package.metadata
    if "License-Expression" in said:
        return said["License-Expression"]
    classifiers = [c for c in said.get_all("Classifier") or [] if c.startswith("License :: ")]
    names = [c.rpartition(" :: ")[2] for c in classifiers if c != "License :: OSI Approved"]
    names = names or [said["License"].partition("\n")[0].strip()] if "License" in said else names
    return " AND ".join(SPELLINGS.get(name.lower(), name) for name in names)


def is_permissive(expression: str) -> bool:
    """Whether an SPDX expression can be met by permissive licences alone. `A WITH exception` is not looked into."""
    if not expression or " WITH " in expression.upper():
        return False
    parts = re.split(r"\s+(?:AND|and)\s+", expression.replace("(", " ").replace(")", " ").strip())
    return all(any(choice.strip() in PERMISSIVE for choice in re.split(r"\s+(?:OR|or)\s+", part)) for part in parts)


def problems(root: Path) -> list[str]:
    """Each dependency whose licence is neither permissive nor excepted, and each exception that nothing needs."""
    try:
        licences = {name: licence_of(package) for name, package in requirements("exosuit").items()}
    except PackageNotFoundError as error:
        return [f"{error} is needed but not installed"]
    found = [not_permissive(name, licences[name]) for name in licences if name not in EXCEPTIONS]
    found += [f"{name}: excepted, but nothing needs it" for name in EXCEPTIONS if name not in licences]
    return [problem for problem in found if problem] + web_problems(root)


def not_permissive(name: str, licence: str) -> str:
    """The complaint about a package; empty if its licence will do."""
    return "" if is_permissive(licence) else f"{name}: licence {licence or 'not said'!r} is not known to be permissive"


def web_problems(root: Path) -> list[str]:
    """The same for web/package-lock.json; build tools too, for they leave parts of themselves in the bundle."""
    lock = root / "web" / "package-lock.json"
    if not lock.exists():
        return []
    packages: dict[str, dict[str, object]] = json.loads(lock.read_text("utf-8"))["packages"]
    found = []
    for place, entry in packages.items():
        name = place.rpartition("node_modules/")[2]
        if name and not any(name == tool or name.startswith(f"{tool}-") for tool in WEB_TOOLS):
            found.append(not_permissive(name, str(entry.get("license", ""))))
    return [problem for problem in found if problem]
