"""The /etc of a run: copies of what holds no secret, and one user, so that no name of the machine's users is told."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from pathlib import Path

from exosuit.verify.sandbox.system import HOME, PROGRAMS, listed, of_etc

_USERS = f"check:x:%d:%d:check:{HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
_GROUPS = "check:x:%d:\nnogroup:x:65534:\n"
_lock = threading.Lock()


def etc(folder: Path, *, network: bool) -> Path:
    """A folder to stand at /etc in a run: copies of what of_etc names, and one user. Made once below `folder`.

    Named after what is in it, so that it is made anew when the machine's changes, and never while somebody uses it.
    """
    paths = of_etc(network)
    seen = [(path, os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in paths]
    made = folder / f"etc-{hashlib.sha256(repr((seen, os.getuid(), os.getgid())).encode()).hexdigest()[:16]}"
    with _lock:
        if made.exists():
            return made
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = Path(tempfile.mkdtemp(dir=folder, prefix="draft-"))
        for path in paths:
            _copy(path, draft / path.removeprefix("/etc/"))
        (draft / "passwd").write_text(_USERS % (os.getuid() or 1000, os.getgid() or 1000))
        (draft / "group").write_text(_GROUPS % (os.getgid() or 1000))
        draft.chmod(0o755)
        try:
            draft.rename(made)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return made


def _copy(path: str, target: Path) -> None:
    """Copy what can be read; a link stays one where it leads beside itself or to what every run may read."""
    if os.path.islink(path):
        leads = os.readlink(path)
        if ".." not in leads and leads.startswith(("/etc/alternatives/", *PROGRAMS) if leads[0] == "/" else leads):
            if not leads.endswith(".gz"):  # pages of the manual
                target.symlink_to(leads)
            return
    if os.path.isdir(path):
        target.mkdir(parents=True)
        for name in listed(path):
            _copy(f"{path}/{name}", target / name)
    elif os.path.isfile(path) and os.access(path, os.R_OK):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
