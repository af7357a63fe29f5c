# mypy: allow-untyped-defs, allow-untyped-calls, allow-any-generics, disable-error-code="attr-defined"
"""Tells Exosuit which code of the tree a test run enters, and which files of it are opened: a plugin for pytest.

Writes one line of JSON a process into the folder that EXOSUIT_OUT names: {"functions": [[path, first line]…],
"files": [path…]}, paths from EXOSUIT_TREE. `functions` are bodies that were entered, `files` those whose code was run
otherwise (modules, classes), or that were opened. Depends on nothing and works on Python 3.9 or newer; from 3.12 on
through sys.monitoring, where code that was entered once costs nothing more.
"""

from __future__ import annotations

import json
import os
import sys
import threading

_OPTIMIZED = 1
_MONITOR = 4
_entered: set = set()
_opened: set = set()


def _entering(code, _offset=0):
    _entered.add(code)
    return sys.monitoring.DISABLE


def _profiled(frame, event, _given):
    if event == "call":
        _entered.add(frame.f_code)


def _audited(event, given):
    if event == "open" and given and isinstance(given[0], (str, bytes)):
        _opened.add(os.fsdecode(given[0]))


def pytest_configure():
    """Start at once: what is imported counts."""
    if "EXOSUIT_OUT" not in os.environ:
        return
    sys.addaudithook(_audited)
    if hasattr(sys, "monitoring"):
        sys.monitoring.use_tool_id(_MONITOR, "exosuit")
        sys.monitoring.register_callback(_MONITOR, sys.monitoring.events.PY_START, _entering)
        sys.monitoring.set_events(_MONITOR, sys.monitoring.events.PY_START)
    else:
        threading.setprofile(_profiled)
        sys.setprofile(_profiled)


def pytest_unconfigure():
    """Stop, and tell."""
    out = os.environ.get("EXOSUIT_OUT")
    if not out:
        return
    if hasattr(sys, "monitoring"):
        if sys.monitoring.get_tool(_MONITOR) == "exosuit":
            sys.monitoring.set_events(_MONITOR, 0)
            sys.monitoring.free_tool_id(_MONITOR)
    else:
        sys.setprofile(None)
        threading.setprofile(None)
    top = os.path.realpath(os.environ.get("EXOSUIT_TREE", os.getcwd())) + os.sep
    functions, files = set(), set()
    for code in list(_entered):
        path = _inside(code.co_filename, top)
        if path and code.co_flags & _OPTIMIZED:
            functions.add((path, code.co_firstlineno))
        elif path:
            files.add(path)
    files.update(filter(None, (_inside(path, top) for path in list(_opened))))
    with open(os.path.join(out, f"trace-{os.getpid()}.json"), "w", encoding="ascii") as file:
        json.dump({"functions": sorted(functions), "files": sorted(files)}, file)


def _inside(path, top):
    if path.startswith("<") or "__pycache__" in path:
        return ""
    whole = os.path.realpath(os.path.join(top, path))
    return whole[len(top) :] if whole.startswith(top) else ""
