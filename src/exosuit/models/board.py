"""What the consumer of a stream has been given, across supplies: nothing lost, nothing doubled, no half tool call.

Text and reasoning are shown as they come. Trailing white space is held back until more text follows, so that what was
shown is always something that another supply can go on from. From the first tool call on, everything is held until the
answer is whole. An answer that is begun anew replaces the parts that were shown, by a start event with their index.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pydantic_ai.messages import (
    BaseToolCallPart,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
)

from exosuit.models.failures import Failure, Kind

Events = Iterator[ModelResponseStreamEvent]


@dataclass
class Slot:
    """A part that was shown: what it began as, what was added, and white space that is held back."""

    part: ModelResponsePart
    pieces: list[str] = field(default_factory=list)
    space: str = ""

    def now(self) -> ModelResponsePart:
        """The part as it has been shown so far."""
        if self.pieces and isinstance(self.part, TextPart | ThinkingPart):
            self.part = replace(self.part, content=self.part.content + "".join(self.pieces))
            self.pieces.clear()
        return self.part


class Board:
    """The parts that were shown, and how those of the request at hand map onto them.

    With `hold` nothing is shown until the answer is whole.
    """

    def __init__(self, *, hold: bool = False) -> None:
        self._hold = hold
        self._slots: list[Slot] = []
        self._used = 0
        self._map: dict[int, int] = {}
        self._held: set[int] = set()
        self._dropped: set[int] = set()
        self._seam: int | None = None
        self._before = ""
        self._final: list[ModelResponsePart] | None = None
        self._spoiled = False

    @property
    def prefix(self) -> str:
        """The text from which another supply could go on; empty if it has to begin anew."""
        parts = [slot.now() for slot in self._slots[: self._used]]
        if self._spoiled or not parts or not isinstance(parts[-1], TextPart):
            return ""
        if not all(isinstance(part, TextPart | ThinkingPart) for part in parts):
            return ""
        return "".join(part.content for part in parts if isinstance(part, TextPart))

    @property
    def is_shown(self) -> bool:
        """Whether the consumer has seen any part."""
        return self._used > 0

    def parts(self) -> list[ModelResponsePart]:
        """All that is on the board, blanked parts too: places are as in the events."""
        return [slot.now() for slot in self._slots]

    def final(self) -> list[ModelResponsePart]:
        """The answer's parts: whole after `finish`, as far as they were shown before."""
        return [slot.now() for slot in self._slots[: self._used]] if self._final is None else self._final

    def spoil(self) -> None:
        """What was shown is nothing to go on from: the next answer begins anew."""
        self._spoiled = True

    def go_on(self) -> None:
        """The next events go on with the text that was shown last."""
        self._begin()
        self._seam = self._used - 1
        slot = self._slots[self._seam]
        slot.space = ""  # whoever goes on writes it again
        part = slot.now()
        self._before = part.content if isinstance(part, TextPart) else ""

    def restart(self) -> Events:
        """The next events are an answer of their own: blank what was shown."""
        self._begin()
        for place in range(self._used):
            self._slots[place] = Slot(TextPart(""))
            yield PartStartEvent(index=place, part=TextPart(""))
        self._used, self._spoiled = 0, False

    def take(self, event: ModelResponseStreamEvent) -> Sequence[ModelResponseStreamEvent]:
        """An event of the request at hand, as the consumer is to see it."""
        if isinstance(event, PartStartEvent):
            return list(self._start(event.index, event.part))
        if isinstance(event, PartDeltaEvent) and event.index not in self._held and event.index not in self._dropped:
            slot = self._slots[self._map[event.index]]
            if isinstance(event.delta, TextPartDelta):
                return self._add(event.index, event.delta.content_delta)
            if isinstance(event.delta, ThinkingPartDelta) and event.delta.content_delta:
                slot.pieces.append(event.delta.content_delta)
            return [replace(event, index=self._map[event.index])]
        return ()

    def finish(self, response: ModelResponse) -> Events:
        """The request's answer is whole: show what was held. Raises Failure if it does not add up."""
        parts = list(response.parts)
        if sorted([*self._map, *self._held, *self._dropped]) != list(range(len(parts))):
            raise Failure(Kind.BROKEN, "the parts of the answer do not add up")
        for part in parts:
            check_call(part, response)
        final: dict[int, ModelResponsePart] = {
            place: slot.now() for place, slot in enumerate(self._slots[: self._used])
        }
        for index, place in sorted(self._map.items()):
            yield from self._release(place)
            final[place] = self._checked(index, parts[index], place)
        for index in sorted(self._held):
            place = self._used
            self._put(Slot(parts[index]))
            final[place] = parts[index]
            yield PartStartEvent(index=place, part=parts[index])
        self._final = [final[place] for place in sorted(final)]

    def _begin(self) -> None:
        self._map, self._held, self._dropped = {}, set(), set()
        self._seam, self._before = None, ""

    def _start(self, index: int, part: ModelResponsePart) -> Events:
        if index in self._map:  # the provider replaces a part of its own
            raise Failure(Kind.BROKEN, "a part of the answer was begun twice")
        if self._hold or self._held or isinstance(part, BaseToolCallPart):
            self._held.add(index)
        elif self._seam is not None and isinstance(part, TextPart):
            self._map[index], self._seam = self._seam, None
            yield from self._add(index, part.content)
        elif self._seam is not None and isinstance(part, ThinkingPart):
            self._dropped.add(index)
        else:
            yield from self._show(index, part)

    def _show(self, index: int, part: ModelResponsePart) -> Events:
        if self._used:
            yield from self._release(self._used - 1)
        space = ""
        if isinstance(part, TextPart):
            visible = part.content.rstrip()
            part, space = replace(part, content=visible), part.content[len(visible) :]
        self._map[index] = self._used
        self._put(Slot(part, space=space))
        yield PartStartEvent(index=self._map[index], part=part)

    def _put(self, slot: Slot) -> None:
        """Onto the next free place, which may be that of a part that was blanked."""
        self._slots[self._used : self._used + 1] = [slot]
        self._used += 1

    def _add(self, index: int, text: str) -> Sequence[ModelResponseStreamEvent]:
        slot = self._slots[self._map[index]]
        text = slot.space + text
        visible = text.rstrip()
        slot.space = text[len(visible) :]
        if not visible:
            return ()
        slot.pieces.append(visible)
        return [PartDeltaEvent(index=self._map[index], delta=TextPartDelta(content_delta=visible))]

    def _release(self, place: int) -> Events:
        """Show the white space that a part ends in."""
        slot = self._slots[place]
        if slot.space:
            slot.pieces.append(slot.space)
            yield PartDeltaEvent(index=place, delta=TextPartDelta(content_delta=slot.space))
            slot.space = ""

    def _checked(self, index: int, part: ModelResponsePart, place: int) -> ModelResponsePart:
        """A part as the request gave it at its end, held against what was shown of it."""
        shown = self._slots[place].now()
        if not isinstance(part, TextPart) or not isinstance(shown, TextPart):
            return part
        before = self._before if self._before and self._is_seam(index) else ""
        if shown.content != before + part.content:
            self.spoil()
            raise Failure(Kind.BROKEN, "the text of the answer does not add up")
        return replace(part, content=shown.content)

    def _is_seam(self, index: int) -> bool:
        """Whether a part is the one that went on: the first of its request that was not dropped."""
        return index == min(self._map)


def check_call(part: ModelResponsePart, response: ModelResponse) -> None:
    """Raises Failure for a tool call without a name, or with arguments that are not a JSON object."""
    if not isinstance(part, ToolCallPart) or (part.tool_name and is_object(part.args)):
        return
    if response.finish_reason == "length":
        raise Failure(Kind.LENGTH, "the request's own limit of tokens cut a tool call")
    raise Failure(Kind.BROKEN, f"the arguments of a call of {part.tool_name or 'no tool'} are not a JSON object")


def is_object(args: object) -> bool:
    """Whether the arguments of a call can be read; none at all mean an empty object."""
    if not isinstance(args, str):
        return args is None or isinstance(args, dict)
    try:
        return not args or isinstance(json.loads(args), dict)
    except (ValueError, RecursionError):
        return False
