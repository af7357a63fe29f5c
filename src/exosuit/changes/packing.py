"""Runs as bytes: how a change of a million lines is kept small, and read file by file only when looked at."""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import overload

from exosuit.changes.atoms import Run

_WIDE = "I" if array("I").itemsize == 4 else "L"


def pack_numbers(numbers: Sequence[int]) -> bytes:
    """Unsigned 32-bit numbers, little endian, deflated."""
    packed = array(_WIDE, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return zlib.compress(packed.tobytes(), 1)


def unpack_numbers(data: bytes) -> array[int]:
    """The inverse of `pack_numbers`."""
    numbers = array(_WIDE)
    numbers.frombytes(zlib.decompress(data))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def pack_runs(runs: Sequence[Run]) -> bytes:
    """Each run as its four numbers, the count of pairs (or all ones for a whole run), and the pairs."""
    numbers: list[int] = []
    for run in runs:
        numbers += (run.base_at, run.base_n, run.head_at, run.head_n, _WHOLE if run.whole else len(run.pairs))
        for pair in run.pairs:
            numbers += pair
    return pack_numbers(numbers)


_WHOLE = 0xFFFFFFFF


def unpack_runs(data: bytes) -> tuple[Run, ...]:
    """The inverse of `pack_runs`."""
    numbers = unpack_numbers(data)
    runs, at = [], 0
    while at < len(numbers):
        base_at, base_n, head_at, head_n, count = numbers[at : at + 5]
        at += 5
        if count == _WHOLE:
            runs.append(Run(base_at, base_n, head_at, head_n, whole=True))
            continue
        flat = numbers[at : at + 2 * count]
        runs.append(Run(base_at, base_n, head_at, head_n, tuple(zip(flat[::2], flat[1::2], strict=True))))
        at += 2 * count
    return tuple(runs)


class PackedRuns(Sequence[Run]):
    """Runs that are unpacked the first time somebody looks at one."""

    def __init__(self, data: bytes, reading: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """`reading` is entered while the bytes are unpacked: who stored them knows what to say of damage."""
        self._data = data
        self._reading = reading

    @cached_property
    def _runs(self) -> tuple[Run, ...]:
        with self._reading():
            return unpack_runs(self._data)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Run]: ...
    def __getitem__(self, index: int | slice) -> Run | Sequence[Run]:
        return self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._runs)
