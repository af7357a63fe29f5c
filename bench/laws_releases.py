"""Source distributions of released packages, fetched by pip's own client into a cache outside the repository.

`pip download` would run each package's build to learn its requirements; asked through its library, the same finder and
the same session give the file alone, from whatever index pip is set up for. Run as a program it fetches one release.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

PAIRS = (
    ("packaging", "23.1", "23.2"), ("click", "8.1.6", "8.1.7"), ("click", "8.0.4", "8.1.0"),
    ("flask", "2.3.3", "3.0.0"), ("flask", "3.0.3", "3.1.0"), ("jinja2", "3.1.2", "3.1.3"),
    ("jinja2", "3.0.3", "3.1.0"), ("werkzeug", "3.0.0", "3.0.1"), ("werkzeug", "2.3.8", "3.0.0"),
    ("requests", "2.31.0", "2.32.0"), ("requests", "2.28.2", "2.29.0"), ("attrs", "22.2.0", "23.1.0"),
    ("attrs", "23.1.0", "23.2.0"), ("httpx", "0.26.0", "0.27.0"), ("rich", "13.6.0", "13.7.0"),
    ("pytest", "7.4.4", "8.0.0"), ("black", "23.12.1", "24.1.0"), ("networkx", "3.1", "3.2"),
    ("pygments", "2.16.1", "2.17.0"), ("sphinx", "7.2.6", "7.3.0"), ("sqlalchemy", "2.0.24", "2.0.25"),
    ("sqlalchemy", "1.4.46", "2.0.0"), ("django", "5.0.1", "5.0.2"), ("django", "4.2", "5.0"),
)  # fmt: skip
"""(package, release, the next one): from a hundred changed lines to more than a hundred thousand."""


def cache() -> Path:
    """Where releases are kept."""
    return user_cache_path("exosuit", appauthor=False) / "bench-laws"


def release(folder: Path, package: str, version: str) -> Path:
    """The folder with a release's files, fetched and unpacked on first use. Raises RuntimeError with pip's words."""
    if not hasattr(tarfile, "data_filter"):
        raise RuntimeError("this Python cannot unpack an archive without trusting it: 3.11.4 or newer can")
    unpacked = folder / f"{package}-{version}"
    if not unpacked.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        program = [sys.executable, __file__, package, version, str(folder)]
        done = subprocess.run(program, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{package} {version}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            with tarfile.open(folder / f"{package}-{version}.tar.gz") as archive:
                archive.extractall(scratch, filter="data")
            (top,) = Path(scratch).iterdir()
            top.rename(unpacked)
    return unpacked


def fetch(package: str, version: str, folder: Path) -> None:
    """Let pip find the source distribution, download it, and hold it against the digest that the index gives."""
    from pip._internal.commands.download import DownloadCommand

    command = DownloadCommand("download", "Fetch a source distribution.")
    options, _ = command.parse_args(["--no-binary", ":all:", "--ignore-requires-python", package])
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options=options, session=session, ignore_requires_python=True)
        links = [c.link for c in finder.find_all_candidates(package) if str(c.version) == version]
        sources = [link for link in links if link.filename.endswith(".tar.gz")]
        if not sources:
            raise SystemExit("the index has no such source distribution")
        answer = session.get(sources[0].url_without_fragment, headers={"Accept-Encoding": "identity"})
        answer.raise_for_status()
    if hashlib.new(sources[0].hash_name or "sha256", answer.content).hexdigest() != sources[0].hash:
        raise SystemExit("what came is not what the index promises")
    whole = folder / f"{package}-{version}.tar.gz"
    partial = whole.with_suffix(f".{os.getpid()}")
    partial.write_bytes(answer.content)
    partial.replace(whole)


if __name__ == "__main__":
    fetch(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
