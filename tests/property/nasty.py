"""What Hypothesis draws: contents, paths and pairs of trees, with all that git can hold."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from exosuit.changes.atoms import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK
from exosuit.changes.change import Change, Provenance
from exosuit.changes.diff import diff_trees
from exosuit.changes.shadow import EMPTY_TREE, Shadow

Tree = dict[bytes, tuple[int, bytes]]
"""Mode and bytes by path; of a submodule the bytes are the hex commit id."""

LINES = st.sampled_from(
    [
        b"\n", b"\n", b"}\n", b"    return 1\n", b"    return 2\n", b"def f(a, b):\n", b"def f(a, b, c):\n",
        b"class A:\n", b"# Title\n", b"\r\n", b"x = 1\r\n", b"x = 2\r\n", b"a\rb\r", b"a\rc\n", b"\r", b" \t\n",
        b"\xff\xfe\xfa\n",
        b"caf\xc3\xa9\n", b"cafe\xcc\x81\n", b"\\ No newline at end of file\n",
        b"@@ -1,2 +3,4 @@ def f\n", b"--- a/x\n",
        b"+++ b/x\n", b"-- x\n", b"++ y\n", b"diff --git a/x b/x\n", b"Binary files a/x and b/x differ\n",
        b"GIT binary patch\n", b":100644 100644 1 2 M\tx\n", b"long " * 900 + b"\n", b"\x1b[31mred\x1b[0m\n", b"\f\n",
    ]
)  # fmt: skip
ENDS = st.sampled_from([b"", b"", b"", b"end", b"\r", b"    return 1", b"\\", b"\xff"])
TEXTS = st.builds(lambda lines, end: b"".join(lines) + end, st.lists(LINES, max_size=14), ENDS)
BINARIES = st.builds(lambda a, b: a + b"\0" + b, TEXTS, TEXTS)
CONTENTS = st.one_of(TEXTS, TEXTS, TEXTS, BINARIES)

ATTRIBUTES = (
    b"* text eol=crlf\n* -diff\n* ident\n* filter=x\n* working-tree-encoding=UTF-16\n* merge=binary\n"
    b"* diff=external\n[attr]text -diff\n*.x binary\n"
)
PATHS = [
    b"a", b"a/b", b"a/b/c", b"a-b", b"a.b", b"b", b"c", b"c/d", b"sp ace", b"new\nline", b'quo"te', b"back\\slash",
    b"tab\tx",
    b"caf\xc3\xa9", b"cafe\xcc\x81", b"-dash", b"--", b"\xff\xfe", b"d\xff/x", b"'", b"x.py", b"x.md", b" ", b"a => b",
    b"{a => b}", b"@", b"*", b"[z]", b"!n", b"#h", b":(top)x", b".hidden", b"\x01", b"\x7f",
]  # fmt: skip


@st.composite
def edited(draw: st.DrawFn, text: bytes) -> bytes:
    """A text with some stretches of its lines replaced."""
    lines = text.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(lines)))
        end = min(len(lines), start + draw(st.integers(0, 3)))
        lines[start:end] = draw(st.lists(LINES, max_size=4))
    return b"".join(lines) + draw(st.sampled_from([b"", b"", b"no newline"]))


@st.composite
def entries(draw: st.DrawFn) -> tuple[int, bytes]:
    mode = draw(st.sampled_from([REGULAR] * 6 + [EXECUTABLE, SYMLINK, SUBMODULE]))
    if mode == SUBMODULE:
        return mode, draw(st.sampled_from([b"1" * 40, b"2" * 40]))
    if mode == SYMLINK:
        return mode, draw(st.sampled_from([b"a", b"../../etc/passwd", b"/abs", b"new\nline", b"\xff"]))
    return mode, draw(CONTENTS)


def put(tree: Tree, path: bytes, entry: tuple[int, bytes]) -> None:
    """Set a path, taking away what could not stand beside it."""
    for other in list(tree):
        if other.startswith(path + b"/") or path.startswith(other + b"/"):
            del tree[other]
    tree[path] = entry


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    tree: Tree = {}
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=6)):
        put(tree, path, draw(entries()))
    if draw(st.integers(0, 3)) == 0:
        tree[b".gitattributes"] = (REGULAR, ATTRIBUTES)
    return tree


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A base and what some edits, renames, swaps, and changes of mode and type make of it."""
    base = draw(trees())
    head = dict(base)
    for path in list(base):
        mode, data = base[path]
        what = draw(st.sampled_from(["keep", "edit", "edit", "delete", "mode", "type", "rename", "below", "swap"]))
        if path not in head:
            continue
        if what == "edit" and mode in (REGULAR, EXECUTABLE):
            head[path] = (mode, draw(edited(data)))
        elif what == "delete":
            del head[path]
        elif what == "mode" and mode in (REGULAR, EXECUTABLE):
            head[path] = (mode ^ REGULAR ^ EXECUTABLE, data if draw(st.booleans()) else draw(edited(data)))
        elif what == "type":
            head[path] = draw(entries())
        elif what == "rename":
            del head[path]
            new = data if mode in (SYMLINK, SUBMODULE) or draw(st.booleans()) else draw(edited(data))
            put(head, draw(st.sampled_from(PATHS)), (mode, new))
        elif what == "below":
            del head[path]
            put(head, path + b"/below", (mode, data))
        elif what == "swap":
            other = draw(st.sampled_from(sorted(base)))
            if other in head and other != path:
                head[path], head[other] = head[other], head[path]
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=2)):
        put(head, path, draw(entries()))
    return base, head


def store(shadow: Shadow, tree: Tree) -> str:
    """A tree written into the shadow repository."""
    named: dict[bytes, tuple[int, str] | None] = {
        path: (mode, data.decode() if mode == SUBMODULE else shadow.put(data)) for path, (mode, data) in tree.items()
    }
    return shadow.replace(EMPTY_TREE, named)


@dataclass(frozen=True)
class Taken:
    """A pair of trees taken apart."""

    base: Tree
    head: Tree
    change: Change


def taken_apart(shadow: Shadow, base: Tree, head: Tree, key: str = "pair") -> Taken:
    ids = store(shadow, base), store(shadow, head)
    files = tuple(diff_trees(shadow.git_dir, *ids))
    return Taken(base, head, Change("c0ffee", "A pair", "", *ids, Provenance("dirs", "a pair", key), files))
