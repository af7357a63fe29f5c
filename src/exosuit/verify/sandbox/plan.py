"""What a keeper is told and what it tells: the two messages between our process and a run's keeper."""

from __future__ import annotations


class Plan:
    """One run as the keeper sees it: plain strings and numbers, so that it crosses a pipe by `marshal`."""

    def __init__(self, told: dict[str, object]) -> None:
        self.__dict__.update(told)

    command: list[str]
    env: dict[str, str]
    tree: str
    at: str
    readable: list[str]
    network: bool
    scratch: str
    etc: str
    filter: bytes
    bare_filter: bytes
    bwrap: str
    namespaces: bool
    root: bool
    seconds: float
    cpu: float
    memory: int
    processes: int
    output: int
    kept: int
    file: int
    disk: int
    files: int
    returned: int
