"""The line before one supply: so many calls at a time, the others wait for their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from exosuit.models.queue.shares import Shares, Waiting, Who


class Turn:
    """The right to make one call; `end` it once the call has ended, whichever way."""

    def __init__(self, line: Line, call: Waiting) -> None:
        self._line = line
        self._call: Waiting | None = call

    def end(self, tokens: int | None = None) -> None:
        """The call used so many tokens, None if nobody knows; the next one in line goes. Again is as if once."""
        call, self._call = self._call, None
        if call is not None:
            self._line.leave(call, tokens)


class Line:
    """One supply's, in this process. With `slots` of None nobody waits. For one thread at a time."""

    def __init__(self, slots: int | None = None, weights: Mapping[str, float] | None = None) -> None:
        self.slots = slots
        self.running = 0
        self._shares = Shares(weights)
        self._grants: dict[Waiting, asyncio.Future[None]] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._grants)

    async def turn(self, who: Who, tokens: int) -> Turn:
        """Wait for a turn; `tokens` is what the call may take, as far as it is known. Cancelled, it leaves the line."""
        call = Waiting(who, tokens)
        if self.slots is None:
            self.running += 1
            return Turn(self, call)
        self._shares.put(call)
        if self.running < self.slots and not self._grants:
            self.running += 1
            return Turn(self, self._shares.take())
        granted = asyncio.get_running_loop().create_future()
        self._grants[call] = granted
        try:
            await granted
        except asyncio.CancelledError:
            if self._grants.pop(call, None) is None:  # its turn came in the same moment
                self.leave(call, 0)
            else:
                self._shares.give_up(call)
            raise
        return Turn(self, call)

    def leave(self, call: Waiting, tokens: int | None) -> None:
        """A call has ended; whoever is next goes."""
        self.running -= 1
        if self.slots is None:
            return
        self._shares.end(call, tokens)
        while self._grants and self.running < self.slots:
            following = self._shares.take()
            self.running += 1
            self._grants.pop(following).set_result(None)
