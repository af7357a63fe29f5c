"""What a path says about a file: tests, prose, generated, locked, vendored; and what its first lines say."""

from __future__ import annotations

import re

_TEST = re.compile(
    rb"(?:^|/)(?:tests?|testing|specs?|__tests__|fixtures|conftest)(?:/|\.py$)|(?:^|/)test_[^/]*$|[^/]*(?:_test|\.test|\.spec)\.\w+$"
)
_PROSE = re.compile(
    rb"\.(?:md|rst|txt|adoc|po|pot|tex)$|(?:^|/)(?:README|CHANGES|CHANGELOG|LICENSE|AUTHORS|NEWS|HISTORY)[^/]*$"
)
_LOCKED = re.compile(
    rb"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|Pipfile\.lock"
    rb"|pdm\.lock|Cargo\.lock|go\.sum|Gemfile\.lock|composer\.lock|flake\.lock|[\w.-]*requirements[\w.-]*\.lock)$"
)
_VENDORED = re.compile(rb"(?:^|/)(?:_?vendor(?:ed)?|third_party|node_modules|extern(?:al)?|bower_components)/")
_GENERATED = re.compile(
    rb"(?:^|/)(?:dist|build|__snapshots__)/|\.min\.(?:js|css)$|\.(?:map|snap|svg|pb\.go)$|_pb2(?:_grpc)?\.pyi?$"
)
_SAYS_GENERATED = re.compile(
    rb"@generated|(?i:code generated .{0,80}do not edit|do not edit.{0,80}generated|auto-?generated (?:by|file|from)"
    rb"|(?:generated|written) (?:by|with|from) [^\n]{1,80}do not (?:edit|modify|change)"
    rb"|this file (?:is|was) (?:auto(?:matically)?[- ]?)?(?:generated|compiled))"
)


def is_test(path: bytes) -> bool:
    """Tests and what only they use."""
    return bool(_TEST.search(path))


def is_collected(path: bytes) -> bool:
    """A module in which test runners look for tests."""
    name = path.rpartition(b"/")[2]
    return name.endswith(b".py") and (name.startswith(b"test_") or name.endswith(b"_test.py"))


def is_prose(path: bytes) -> bool:
    """Text for people."""
    return bool(_PROSE.search(path)) and not is_locked(path)


def is_locked(path: bytes) -> bool:
    """A lock file: what a package manager wrote."""
    return bool(_LOCKED.search(path))


def is_vendored(path: bytes) -> bool:
    """A copy of somebody else's code, by its folder."""
    return bool(_VENDORED.search(path))


def is_generated(path: bytes, text: bytes) -> bool:
    """Made by a program, by its name or by what its first lines say. Nothing has been run again."""
    return bool(_GENERATED.search(path)) or bool(_SAYS_GENERATED.search(text[:2000]))


_DATA = re.compile(
    rb"(?:^|/)(?:fixtures|testdata|test_data|data|certs|samples|cassettes|snapshots|golden)/.*\.(?:txt|html?|ya?ml|toml|out)$"
    rb"|\.(?:jsonl?|ndjson|geojson|csv|tsv|xml|pem|crt|cer|key|csr|srl|cnf|ipynb|har|dat|svg|sql|log|diff|patch)$"
)


def is_data(path: bytes) -> bool:
    """Data that tests read: by its ending, in a folder of tests."""
    return is_test(path) and bool(_DATA.search(path)) and not path.endswith(b".py")


def section(path: bytes) -> int:
    """Where in the order of looking a file belongs: code, tests, prose."""
    return 2 if is_prose(path) else 1 if is_test(path) else 0
