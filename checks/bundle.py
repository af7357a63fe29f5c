"""The web bundle in the tree is what its sources build to, byte for byte, and its types are what the server says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from checks.tree import BUNDLE


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder by relative path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def differences(committed: dict[str, bytes], built: dict[str, bytes]) -> list[str]:
    """One line for each file that is missing, left over, or other than a rebuild gives."""
    found = [f"{BUNDLE}{name}: missing, a rebuild makes it" for name in built.keys() - committed.keys()]
    found += [f"{BUNDLE}{name}: left over, a rebuild does not make it" for name in committed.keys() - built.keys()]
    both = committed.keys() & built.keys()
    found += [f"{BUNDLE}{name}: differs from a rebuild" for name in both if committed[name] != built[name]]
    return [f"{line}; run make web and commit" for line in sorted(found)]


def rebuild(web: Path, target: Path) -> list[str]:
    """Build a copy of the web sources into `target` from a clean install; what went wrong, or nothing."""
    if shutil.which("npm") is None:
        return ["npm is not on PATH: the bundle cannot be compared with a rebuild"]
    environment = os.environ | {"PYTHON": sys.executable}
    with tempfile.TemporaryDirectory(prefix="exosuit-web-") as scratch:
        copy = Path(scratch) / "web"
        shutil.copytree(web, copy, ignore=shutil.ignore_patterns("node_modules"))
        for command in (
            ["npm", "ci", "--no-audit", "--no-fund"],
            ["npm", "run", "api:check"],
            ["npm", "run", "check"],
            ["npm", "test", "--if-present"],
            ["npm", "run", "build", "--", "--outDir", str(target), "--emptyOutDir"],
        ):
            done = subprocess.run(
                command, cwd=copy, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
            if done.returncode:
                return [f"{' '.join(command[:3])} failed in web/:", *(done.stdout + done.stderr).splitlines()[-30:]]
    return []


def problems(root: Path) -> list[str]:
    """What keeps the committed bundle from being a rebuild of web/; needs npm and the packages."""
    if not (root / "web" / "package.json").exists():
        return []
    with tempfile.TemporaryDirectory(prefix="exosuit-bundle-") as scratch:
        target = Path(scratch) / "bundle"
        return rebuild(root / "web", target) or differences(contents(root / BUNDLE), contents(target))


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path.cwd())) or 0)
