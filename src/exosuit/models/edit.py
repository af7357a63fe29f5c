"""Tables added to the user's own file: appended whole, checked before anything is written, replaced in one step."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from exosuit.core.errors import ExosuitError, UsageError
from exosuit.models.settings import parsed

Value = str | int | float | bool | list[str]
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")


def add_table(path: Path, kind: str, name: str, fields: Mapping[str, Value]) -> str:
    """Append `[kind.name]` to a file and return its text; the same table again is no error.

    Raises `bad-name`, `table-exists` for another table of that name, `bad-config` if the file or the table is wrong.
    """
    if not _NAME.match(name):
        raise UsageError("bad-name", f"{name!r} is no name", "letters, digits, - and _; 40 at most")
    block = f"[{kind}.{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in fields.items())
    old = path.read_bytes() if path.exists() else b""
    parsed(old, str(path))
    there = tomllib.loads(old.decode("utf-8-sig")).get(kind, {}).get(name)
    if there == dict(fields):
        return block
    if there is not None:
        raise ExosuitError("table-exists", f"{path} has a [{kind}.{name}] that says something else", "edit it there")
    new = old + (b"" if not old else b"\n" if old.endswith(b"\n") else b"\n\n") + block.encode()
    parsed(new, str(path))
    _write(path, new)
    return block


def _value(value: Value) -> str:
    """A value in TOML: its strings, numbers and lists are written as in JSON, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".exosuit-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path.resolve())
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
