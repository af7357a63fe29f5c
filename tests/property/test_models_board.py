"""Laws of the board: wherever answers are cut, what the consumer has in the end is one whole answer."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import (
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
    ToolCallPartDelta,
)

from exosuit.models.board import Board

pieces = st.lists(st.text(st.sampled_from("ab \n\té🧵"), max_size=5), min_size=1, max_size=6)
Answer = list[tuple[str, list[str]]]
answers = st.lists(st.tuples(st.sampled_from(["text", "thinking", "tool"]), pieces), max_size=5)
texts = st.lists(st.tuples(st.just("text"), pieces), min_size=1, max_size=1)


def stream(answer: Answer) -> tuple[list[ModelResponseStreamEvent], ModelResponse]:
    """An answer's events as a driver gives them, and the response at their end."""
    events: list[ModelResponseStreamEvent] = []
    parts: list[ModelResponsePart] = []
    for index, (kind, said) in enumerate(answer):
        whole = "".join(said)
        if kind == "tool":
            args = ['{"a": "', *(one.encode("unicode_escape").decode().replace("\\", "/") for one in said), '"}']
            start: ModelResponsePart = ToolCallPart("tool", args[0], f"call-{index}")
            deltas: list[TextPartDelta | ThinkingPartDelta | ToolCallPartDelta] = [
                ToolCallPartDelta(args_delta=one) for one in args[1:]
            ]
            parts.append(ToolCallPart("tool", "".join(args), f"call-{index}"))
        elif kind == "text":
            start, deltas = TextPart(said[0]), [TextPartDelta(one) for one in said[1:]]
            parts.append(TextPart(whole))
        else:
            start, deltas = ThinkingPart(said[0]), [ThinkingPartDelta(content_delta=one) for one in said[1:]]
            parts.append(ThinkingPart(whole))
        events.append(PartStartEvent(index=index, part=start))
        events += [PartDeltaEvent(index=index, delta=one) for one in deltas]
    return events, ModelResponse(parts=parts, finish_reason="stop")


class Consumer:
    """Goes by the events alone."""

    def __init__(self) -> None:
        self.parts: dict[int, ModelResponsePart] = {}

    def take(self, events: Sequence[ModelResponseStreamEvent]) -> None:
        for event in events:
            if isinstance(event, PartStartEvent):
                self.parts[event.index] = event.part
            elif isinstance(event, PartDeltaEvent):
                part = self.parts[event.index]
                assert not isinstance(part, ToolCallPart), "a tool call comes whole"
                self.parts[event.index] = event.delta.apply(part)

    def has(self) -> list[tuple[type, object]]:
        return plain([self.parts[place] for place in sorted(self.parts)])


def plain(parts: Sequence[ModelResponsePart]) -> list[tuple[type, object]]:
    """Parts without those that are empty: a part that was replaced by nothing is one."""
    found = [
        (type(part), part.args if isinstance(part, ToolCallPart) else getattr(part, "content", "")) for part in parts
    ]
    return [one for one in found if one[1]]


def follow(board: Board, consumer: Consumer, events: Sequence[ModelResponseStreamEvent]) -> None:
    for event in events:
        consumer.take(list(board.take(event)))


@given(st.lists(st.tuples(answers, st.integers(0, 40)), max_size=3), answers, st.booleans())
def test_an_answer_that_is_begun_anew_any_number_of_times_is_the_last_one(
    broken: list[tuple[Answer, int]], last: Answer, hold: bool
) -> None:
    board, consumer = Board(hold=hold), Consumer()
    for answer, cut in broken:
        consumer.take(list(board.restart()))
        follow(board, consumer, stream(answer)[0][:cut])
    consumer.take(list(board.restart()))
    events, response = stream(last)
    follow(board, consumer, events)
    consumer.take(list(board.finish(response)))
    assert plain(board.final()) == plain(response.parts) == consumer.has()


@given(texts, st.integers(0, 10), st.integers(0, 10), st.lists(st.tuples(st.just("tool"), pieces), max_size=2))
def test_an_answer_that_others_go_on_with_is_the_one_that_was_begun(
    begun: Answer, cut: int, again: int, tools: Answer
) -> None:
    whole = "".join(begun[0][1])
    board, consumer = Board(), Consumer()
    consumer.take(list(board.restart()))
    follow(board, consumer, stream(begun)[0][:cut])
    for stop in (again, None):
        said = board.prefix
        assert whole.startswith(said)
        assert said == said.rstrip()
        if said:
            board.go_on()
        else:
            consumer.take(list(board.restart()))
        rest = whole[len(said) :]
        events, response = stream(
            [("text", [rest[place : place + 2] for place in range(0, len(rest), 2)] or [""]), *tools]
        )
        follow(board, consumer, events[:stop])
        if stop is None:
            consumer.take(list(board.finish(response)))
    assert consumer.has()[:1] == plain([TextPart(whole)])[:1] or not whole
    assert [one for one in consumer.has() if one[0] is TextPart] == plain([TextPart(whole)])
    assert plain(board.final()) == consumer.has()
    assert len([part for part in board.final() if isinstance(part, ToolCallPart)]) == len(tools)
