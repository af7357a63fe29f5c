"""What the browser tests review: a small key-value store, and a change of it with a bit of everything in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.repository import Repository

STORE = '''"""A store of values by key, kept in one file."""

from __future__ import annotations

import json
from pathlib import Path


class Store:
    """Values by key; every change is written at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values = {}
        if path.exists():
            self.values = json.loads(path.read_text())

    def get(self, key, default=None):
        """The value of a key, or the default."""
        return self.values.get(key, default)

    def put(self, key, value):
        """Set a value."""
        self.values[key] = value
        self.write()

    def drop(self, key):
        """Forget a key."""
        if key in self.values:
            del self.values[key]
        self.write()

    def keys(self):
        """All keys, sorted."""
        return sorted(self.values)

    def write(self):
        """Write the whole store."""
        text = json.dumps(self.values)
        self.path.write_text(text)
'''

STORE_EDITS = (
    ("self.values = {}\n", "self.values: dict[str, str] = {}\n"),
    ("def get(self, key, default=None):", "def get(self, key: str, default: str | None = None) -> str | None:"),
    ("        if key in self.values:\n            del self.values[key]\n", "        self.values.pop(key, None)\n"),
    (
        "        text = json.dumps(self.values)\n        self.path.write_text(text)\n",
        (
            "        text = json.dumps(self.values, indent=2, sort_keys=True)\n"
            '        temporary = self.path.with_suffix(".tmp")\n'
            "        temporary.write_text(text)\n        temporary.replace(self.path)\n"
        ),
    ),
)

QUEUE = '''"""A queue on top of the store."""

from depot.store import Store


def push(store: Store, item: str) -> int:
    """Put an item at the end; how many there are now."""
    items = (store.get("queue") or "").split()
    store.put("queue", " ".join([*items, item]))
    return len(items) + 1


def pull(store: Store) -> str | None:
    """Take the first item."""
    items = (store.get("queue") or "").split()
    if not items:
        return None
    store.put("queue", " ".join(items[1:]))
    return items[0]
'''

TESTS = """from depot.store import Store


def test_a_value_is_there_after_it_was_put(tmp_path):
    store = Store(tmp_path / "s.json")
    store.put("a", "1")
    assert store.get("a") == "1"


def test_a_dropped_key_is_gone(tmp_path):
    store = Store(tmp_path / "s.json")
    store.put("a", "1")
    store.drop("a")
    assert store.get("a") is None
"""

HOSTILE = (
    "<script>window.__pwned = 1</script>\n"
    '<img src=x onerror="window.__pwned = 2">\n'
    "\x1b[31mred\x1b[0m and \x1b]0;title\x07\n"
    "access = '\u202eresu\u202c'  # \u2066admin\u2069\n"
    "zero\u200bwidth and a bell \x07\n"
    "{{constructor.constructor('window.__pwned = 3')()}}\n"
)


def before() -> dict[str, str | bytes | None]:
    """The files that the change starts from."""
    return {
        "src/depot/store.py": STORE,
        "src/depot/__init__.py": "",
        "src/depot/old_name.py": "VERSION = 1\n" + "".join(f"LIMIT_{n} = {n}\n" for n in range(12)),
        "tests/test_store.py": TESTS,
        "docs/long.md": "".join(f"Line {n} of the manual.\n" for n in range(1, 161)),
        "logo.bin": bytes(range(256)),
        "gone.txt": "nobody needs this\n",
        "run.sh": "#!/bin/sh\necho depot\n",
    }


def after() -> dict[str, str | bytes | None]:
    """What the change does to them: edits, new files, a rename, a deletion, bytes, hostile text, a megabyte line."""
    store = STORE
    for old, new in STORE_EDITS:
        assert old in store
        store = store.replace(old, new)
    manual = "".join(f"Line {n} of the {'handbook' if n % 40 == 0 else 'manual'}.\n" for n in range(1, 161))
    return {
        "src/depot/store.py": store,
        "src/depot/queue.py": QUEUE,
        "src/depot/old_name.py": None,
        "src/depot/limits.py": "VERSION = 2\n" + "".join(f"LIMIT_{n} = {n}\n" for n in range(12)),
        "tests/test_store.py": TESTS.replace('"1"', '"one"'),
        "docs/long.md": manual,
        "docs/hostile.md": HOSTILE,
        "docs/wide.md": "x" * 1_000_000 + "\nshort\n",
        "logo.bin": bytes(reversed(range(256))),
        "gone.txt": None,
    }


def build(repository: Repository) -> None:
    """Two commits: branch `main` before, and checked out; branch `agent` after."""
    repository.commit("The depot", before())
    repository.git("checkout", "--quiet", "-b", "agent")
    repository.commit("What the agent made", after())
    repository.git("checkout", "--quiet", "main")


def branch(repository: Repository, name: str, parent: str = "agent") -> None:
    """One more branch with the same change and a file of its own, so that its review starts from nothing."""
    text = f"# {name}\n"
    stream = (
        f"commit refs/heads/{name}\ncommitter A Tester <tester@example.invalid> 1700000600 +0000\n"
        f"data {len(name)}\n{name}\nfrom refs/heads/{parent}^0\nM 644 inline docs/name.md\ndata {len(text)}\n{text}\n"
    )
    repository.git("fast-import", "--quiet", given=stream.encode())
