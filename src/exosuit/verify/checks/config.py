"""Checks that a workspace names itself, in `exosuit.toml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from exosuit.core.errors import ExosuitError
from exosuit.core.parsed import toml
from exosuit.verify.checks.check import TIMEOUT, Check

FILE = "exosuit.toml"
_KEYS = {"command": "a string or a list of strings", "timeout": "seconds", "network": "true or false", "env": "a table"}
_LISTS = ("readable", "extras", "groups", "requirements")


@dataclass(frozen=True)
class Settings:
    """What `exosuit.toml` says of checks: the checks, the interpreter (empty: find it), what else may be read.

    With `build`, an environment is made for what a snapshot depends on, these extras, groups and lists included.
    """

    checks: tuple[Check, ...] = ()
    python: str = ""
    readable: tuple[str, ...] = field(default=())
    build: bool = False
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


def settings(text: bytes | None) -> Settings:
    """Read the file; raises `bad-config` that says where and what is meant."""
    if text is None:
        return Settings()
    try:
        data = toml(text)
    except ValueError as error:
        raise _bad(str(error)) from None
    environment = _table(data.get("environment", {}), "environment")
    python, build = environment.get("python", ""), environment.get("build", False)
    lists = {name: environment.get(name, []) for name in _LISTS}
    unknown = sorted(environment.keys() - {"python", "build", *_LISTS})
    if unknown or not isinstance(python, str) or not isinstance(build, bool) or not all(map(_is_words, lists.values())):
        raise _bad(
            f"[environment] takes python = a path, build = true or false, and lists of words: {', '.join(_LISTS)}"
        )
    checks = _table(data.get("check", {}), "check")
    return Settings(
        tuple(_check(name, _table(told, f"check.{name}")) for name, told in checks.items()),
        python,
        build=build,
        **{name: tuple(words) for name, words in lists.items()},
    )


def _check(name: str, told: dict[str, Any]) -> Check:
    where = f"[check.{name}]"
    unknown = sorted(told.keys() - _KEYS.keys())
    if unknown:
        raise _bad(f"{where} has no {', '.join(unknown)}: it takes {', '.join(_KEYS)}")
    command, timeout, env = told.get("command"), told.get("timeout", TIMEOUT), told.get("env", {})
    right = {
        "command": bool(command) and (isinstance(command, str) or _is_words(command)),
        "timeout": isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout > 0,
        "network": isinstance(told.get("network", False), bool),
        "env": isinstance(env, dict) and _is_words([*env.values()]),
    }
    for key, is_right in right.items():
        if not is_right:
            raise _bad(f"{where} {key} is to be {_KEYS[key]}")
    words = ("sh", "-c", command) if isinstance(command, str) else tuple(command or ())
    return Check(name, words, float(timeout), told.get("network", False), env, found=False)


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) and "\0" not in word for word in value)


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _bad(f"[{where}] is to be a table")
    return value


def _bad(what: str) -> ExosuitError:
    return ExosuitError("bad-config", f"{FILE}: {what}", "see docs/checks.md")
