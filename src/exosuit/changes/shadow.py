"""The shadow repository: a git directory outside the tree in which snapshots live.

It borrows the objects of the workspace's own repository (alternates, and hard links to its packs, so that a later `gc`
there takes nothing away) and never writes to it. Attributes that would convert bytes on their way in are off.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import threading
from pathlib import Path

import pygit2

from exosuit.changes.git import git
from exosuit.core.errors import ExosuitError

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"

_ATTRIBUTES = "* -text !diff !merge -ident -filter !eol !working-tree-encoding\n"
_CONFIG = (
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\tautocrlf = false\n\tsafecrlf = false\n"
    "\tlooseCompression = 1\n\tprotectHFS = true\n\tprotectNTFS = true\n\tfsync = committed\n\tfsyncMethod = batch\n"
    "[gc]\n\tauto = 0\n"
)


class Shadow:
    """Blobs and trees by id. Reads and writes are safe from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.git_dir = folder
        self._lock = threading.RLock()
        if not (folder / "HEAD").exists():
            with _disk_errors(folder):
                _make(folder)
        self._repository = _opened(folder)
        self._own = pygit2.Odb()
        self._own.add_backend(pygit2.OdbBackendLoose(str(folder / "objects"), 1, True, 0, 0), 1)

    def borrow(self, objects: Path) -> None:
        """Use the object folder of another repository too, and keep its packs alive by hard links where that works.

        A link stands for the folder, since not every reader of `alternates` knows how to quote an unusual path.
        """
        alternates, link = self.git_dir / "objects" / "info" / "alternates", self.git_dir / "borrowed"
        if not link.is_symlink() or os.readlink(link) != str(objects) or not alternates.exists():
            with _disk_errors(self.git_dir):
                _point(link, objects)
                _write_whole(alternates, "../borrowed\n")
            with self._lock:
                self._repository = _opened(self.git_dir)
        _link_packs(objects / "pack", self.git_dir / "objects" / "pack")

    def blob(self, name: str) -> bytes:
        """The bytes of a blob; an empty id is no bytes. Raises `lost-object` when it is gone."""
        if not name:
            return b""
        with self._lock:
            try:
                return bytes(self._odb(name).data)
            except (KeyError, ValueError, pygit2.GitError) as error:
                raise _lost(name) from error

    def size(self, name: str) -> int:
        """The length of a blob in bytes."""
        if not name:
            return 0
        with self._lock:
            try:
                return int(self._odb(name).size)
            except (KeyError, ValueError, pygit2.GitError) as error:
                raise _lost(name) from error

    def put(self, data: bytes) -> str:
        """Store a blob, in the shadow itself even where the workspace's repository has it for now; return its id."""
        with self._lock, _disk_errors(self.git_dir):
            return str(self._own.write(pygit2.enums.ObjectType.BLOB, data))

    get = blob

    def entry(self, tree: str, path: bytes) -> tuple[int, str] | None:
        """Mode and id of what stands at `path` in a tree, or None."""
        with self._lock:
            whole = self._tree(tree)
            try:
                found = whole[os.fsdecode(path)]
            except KeyError:
                return None
            return int(found.filemode), str(found.id)

    def replace(self, tree: str, entries: dict[bytes, tuple[int, str] | None]) -> str:
        """The tree with some paths put (mode, id) or taken away (None)."""
        if not entries:
            return tree
        with self._lock, _disk_errors(self.git_dir):
            index = pygit2.Index()
            index.read_tree(self._tree(tree))
            for path, entry in entries.items():
                if entry is None:
                    with contextlib.suppress(OSError, KeyError):
                        index.remove(os.fsdecode(path))
            for path, entry in entries.items():
                if entry is not None:
                    mode, name = entry
                    index.add(pygit2.IndexEntry(os.fsdecode(path), pygit2.Oid(hex=name), pygit2.enums.FileMode(mode)))
            return str(index.write_tree(self._repository))

    def listing(self, tree: str) -> list[tuple[bytes, int, str]]:
        """Path, mode and id of everything in a tree that is not itself a tree, in git's order."""
        found: list[tuple[bytes, int, str]] = []
        with self._lock:
            try:
                self._list(self._tree(tree), b"", found)
            except KeyError as error:
                raise _lost(tree) from error
        return found

    def _list(self, tree: pygit2.Tree, above: bytes, found: list[tuple[bytes, int, str]]) -> None:
        for entry in tree:
            path = above + (entry.raw_name or b"")
            if isinstance(entry, pygit2.Tree):
                self._list(entry, path + b"/", found)
            else:
                found.append((path, int(entry.filemode), str(entry.id)))

    def _odb(self, name: str) -> pygit2.Blob:
        found = self._repository[name]
        if not isinstance(found, pygit2.Blob):
            raise KeyError(name)
        return found

    def _tree(self, name: str) -> pygit2.Tree:
        """A tree; raises `lost-object` when it is gone."""
        try:
            found = self._repository[name]
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise _lost(name) from error
        if not isinstance(found, pygit2.Tree):
            raise _lost(name)
        return found

    def check_out(self, tree: str, out: Path) -> None:
        """Write a tree into a folder that is absent or empty, all of it or nothing; raises `not-empty`."""
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ExosuitError("not-empty", f"{out} is there already and not empty", "name a new folder")
        real = out.resolve()
        try:
            real.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".exosuit-{secrets.token_hex(6)}-", dir=real.parent) as scratch:
                made = Path(scratch) / "tree"
                self._write_tree(tree, made)
                os.replace(made, real)  # takes the place of a folder only where that is empty
        except OSError as error:
            raise ExosuitError(
                "cannot-write", f"cannot make {out} ({error.strerror})", "name another folder"
            ) from error

    def _write_tree(self, tree: str, out: Path) -> None:
        """Let git write a tree into a new folder; it refuses paths that no folder may hold."""
        index = self.git_dir / f"out-{os.getpid()}-{threading.get_ident()}.index"
        env = {"GIT_DIR": str(self.git_dir), "GIT_INDEX_FILE": str(index)}
        try:
            git(["read-tree", tree], env={**env, "GIT_WORK_TREE": str(self.git_dir)})
            out.mkdir()
            git(["checkout-index", "-a", "-f", "-q"], env={**env, "GIT_WORK_TREE": str(out)}, cwd=out)
        finally:
            index.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    """A bare repository of our own making: no templates, no hooks, nobody's config."""
    for name in ("objects/info", "objects/pack", "refs/heads", "info"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "config").write_text(_CONFIG)
    (folder / "info" / "attributes").write_text(_ATTRIBUTES)
    _write_whole(folder / "HEAD", "ref: refs/heads/none\n")


def _opened(folder: Path) -> pygit2.Repository:
    pygit2.option(pygit2.enums.Option.SET_OWNER_VALIDATION, False)
    for level in (pygit2.enums.ConfigLevel.SYSTEM, pygit2.enums.ConfigLevel.XDG, pygit2.enums.ConfigLevel.GLOBAL):
        pygit2.option(pygit2.enums.Option.SET_SEARCH_PATH, level, "")
    pygit2.option(pygit2.enums.Option.ENABLE_FSYNC_GITDIR, True)
    try:
        repository = pygit2.Repository(
            str(folder), pygit2.enums.RepositoryOpenFlag.NO_SEARCH | pygit2.enums.RepositoryOpenFlag.BARE
        )
        if EMPTY_TREE not in repository:
            repository.TreeBuilder().write()
        return repository
    except (pygit2.GitError, OSError) as error:
        raise ExosuitError(
            "damaged-store",
            f"{folder} cannot be read as a repository ({error})",
            f"move {folder.parent} away to start afresh; your working tree is not affected",
        ) from error


def _write_whole(path: Path, text: str) -> None:
    """Replace a small file in one step, so that a kill leaves the old or the new one."""
    temporary = _beside(path)
    temporary.write_text(text)
    temporary.replace(path)


def _point(link: Path, target: Path) -> None:
    """Let a symbolic link point to `target`, in one step."""
    temporary = _beside(link)
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _beside(path: Path) -> Path:
    """A name for the new version of a small file, of this thread's own."""
    return path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")


def _link_packs(source: Path, target: Path) -> None:
    """Hard-link packs that are not there yet; another file system or an odd permission just means no link."""
    try:
        have = set(os.listdir(target))
        names = [name for name in os.listdir(source) if name.endswith((".pack", ".idx")) and name not in have]
    except FileNotFoundError:
        return
    for name in sorted(names, key=lambda name: name.endswith(".idx")):
        with contextlib.suppress(OSError):
            os.link(source / name, target / name)


def _lost(name: str) -> ExosuitError:
    return ExosuitError(
        "lost-object",
        f"object {name} is not in the store any more",
        "import the change again (the repository it came from was cleaned up or moved)",
    )


@contextlib.contextmanager
def _disk_errors(folder: Path):  # type: ignore[no-untyped-def]
    try:
        yield
    except (OSError, pygit2.GitError) as error:
        raise ExosuitError(
            "store-write-failed",
            f"cannot write {folder} ({error})",
            "free some space or check permissions, then repeat; nothing was changed",
        ) from error
