"""Scripted providers speak as the vendors do, told by the vendors' own clients, and fail as they are told to."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import httpx
import openai
import pytest
from pydantic_ai import Agent, ModelHTTPError
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import RunUsage

from checks.tree import ROOT
from tests.providers import DIALECTS, KEY, MODEL, Answer, Fault, Limits, Provider, Tokens, Tool, fails, rate_limited
from tests.providers.script import FaultKind

ADD = Tool(name="add", arguments={"a": 1, "b": 22}, id="call_1")
WHOLE = Answer(
    text="Ein Wort — and 漢字, “quoted”.",
    reasoning="Let me think.",
    tools=(ADD, Tool(name="greet", arguments={"who": "Zoë"}, id="call_2")),
    tokens=Tokens(input=40, cached=30, output=20, reasoning=5),
)
TEXT = "".join(WHOLE.text)
TOOLS: list[Any] = [
    {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
    }
]
ASKED: list[Any] = [{"role": "user", "content": "hi"}]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as served:
        yield served


@pytest.fixture
def gpt(provider: Provider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=provider.v1, api_key=KEY, max_retries=0, timeout=5) as client:
        yield client


@pytest.fixture
def claude(provider: Provider) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=provider.url, api_key=KEY, max_retries=0, timeout=5) as client:
        yield client


def test_openai_chat_reads_text_tools_and_usage(provider: Provider, gpt: openai.OpenAI) -> None:
    provider.script(WHOLE)
    done = gpt.chat.completions.create(model=MODEL, messages=ASKED)
    [choice] = done.choices
    assert (choice.message.content, choice.finish_reason) == (TEXT, "tool_calls")
    calls: list[Any] = list(choice.message.tool_calls or [])
    assert [(call.id, call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("call_1", "add", {"a": 1, "b": 22}),
        ("call_2", "greet", {"who": "Zoë"}),
    ]
    assert done.usage is not None
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (40, 20)
    assert done.usage.prompt_tokens_details and done.usage.prompt_tokens_details.cached_tokens == 30
    assert done.usage.completion_tokens_details and done.usage.completion_tokens_details.reasoning_tokens == 5


def test_openai_chat_puts_a_stream_together(provider: Provider, gpt: openai.OpenAI) -> None:
    provider.script(WHOLE)
    with gpt.chat.completions.stream(model=MODEL, messages=ASKED, stream_options={"include_usage": True}) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        done = stream.get_final_completion()
    assert [delta for delta in deltas if delta] == list(WHOLE.text)
    assert done.choices[0].message.content == TEXT
    calls: list[Any] = list(done.choices[0].message.tool_calls or [])
    assert [json.loads(call.function.arguments) for call in calls] == [{"a": 1, "b": 22}, {"who": "Zoë"}]
    assert done.usage is not None and done.usage.total_tokens == 60


def test_openai_chat_gives_usage_in_a_stream_only_when_asked(provider: Provider, gpt: openai.OpenAI) -> None:
    chunks = list(gpt.chat.completions.create(model=MODEL, messages=ASKED, stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_openai_responses_reads_text_reasoning_tools_and_usage(provider: Provider, gpt: openai.OpenAI) -> None:
    provider.script(WHOLE)
    done = gpt.responses.create(model=MODEL, input="hi")
    with gpt.responses.stream(model=MODEL, input="hi") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        streamed = stream.get_final_response()
    assert deltas == list(WHOLE.text)
    for one in (done, streamed):
        assert (one.status, one.output_text) == ("completed", TEXT)
        kinds = [item.type for item in one.output]
        assert kinds == ["reasoning", "message", "function_call", "function_call"]
        calls = [item for item in one.output if item.type == "function_call"]
        assert [(call.call_id, json.loads(call.arguments)) for call in calls] == [
            ("call_1", {"a": 1, "b": 22}),
            ("call_2", {"who": "Zoë"}),
        ]
        assert one.usage is not None
        assert (one.usage.input_tokens, one.usage.output_tokens, one.usage.total_tokens) == (40, 20, 60)
        assert one.usage.input_tokens_details.cached_tokens == 30
        assert one.usage.output_tokens_details.reasoning_tokens == 5


def test_anthropic_reads_text_thinking_tools_and_usage(provider: Provider, claude: anthropic.Anthropic) -> None:
    provider.script(WHOLE)
    done = claude.messages.create(model=MODEL, max_tokens=100, messages=ASKED)
    with claude.messages.stream(model=MODEL, max_tokens=100, messages=ASKED) as stream:
        pieces = list(stream.text_stream)
        streamed = stream.get_final_message()
    assert pieces == list(WHOLE.text)
    for one in (done, streamed):
        assert one.stop_reason == "tool_use"
        assert [block.type for block in one.content] == ["thinking", "text", "tool_use", "tool_use"]
        assert [block.input for block in one.content if block.type == "tool_use"] == [{"a": 1, "b": 22}, {"who": "Zoë"}]
        assert [block.text for block in one.content if block.type == "text"] == [TEXT]
        assert (one.usage.input_tokens, one.usage.cache_read_input_tokens, one.usage.output_tokens) == (10, 30, 20)


def test_models_and_embeddings_are_listed_in_the_shape_of_who_asks(
    gpt: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    assert [model.id for model in gpt.models.list()] == [MODEL]
    assert [model.id for model in claude.models.list()] == [MODEL]
    assert gpt.models.retrieve(MODEL).id == MODEL
    first, again, other = gpt.embeddings.create(model=MODEL, input=["a", "a", "b"]).data
    assert first.embedding == again.embedding != other.embedding
    assert sum(value * value for value in first.embedding) == pytest.approx(1)


@asynccontextmanager
async def drivers(provider: Provider) -> AsyncIterator[dict[str, Model]]:
    async with (
        openai.AsyncOpenAI(base_url=provider.v1, api_key=KEY, max_retries=0) as gpt,
        anthropic.AsyncAnthropic(base_url=provider.url, api_key=KEY, max_retries=0) as claude,
    ):
        yield {
            "openai": OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=gpt)),
            "openai-responses": OpenAIResponsesModel(MODEL, provider=OpenAIProvider(openai_client=gpt)),
            "anthropic": AnthropicModel(MODEL, provider=AnthropicProvider(anthropic_client=claude)),
        }


@pytest.mark.parametrize("dialect", ["openai", "openai-responses", "anthropic"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_agent_of_pydantic_ai_calls_a_tool_and_gets_its_answer(
    provider: Provider, dialect: str, stream: bool
) -> None:
    used = Tokens(input=7, output=3)
    provider.script(Answer(tools=(ADD,), tokens=used), Answer(text="It is 23.", tokens=used))

    async def run() -> tuple[str, RunUsage]:
        async with drivers(provider) as models:
            return await an_agent_adds(models[dialect], stream)

    said, usage = asyncio.run(run())
    assert said == "It is 23."
    assert (usage.input_tokens, usage.output_tokens, usage.requests) == (14, 6, 2)
    first, second = provider.log.wait(2)
    assert "23" in second.request.raw.decode()
    assert "23" not in first.request.raw.decode()
    assert provider.log.billed() == Tokens(input=14, output=6)


async def an_agent_adds(model: Model, stream: bool) -> tuple[str, RunUsage]:
    agent = Agent(model)

    @agent.tool_plain
    def add(a: int, b: int) -> int:
        return a + b

    if stream:
        async with agent.run_stream("What is 1 + 22?") as result:
            return await result.get_output(), result.usage
    done = await agent.run("What is 1 + 22?")
    return done.output, done.usage


def test_an_error_status_reaches_the_agent_as_one(provider: Provider) -> None:
    provider.script(fails("status", status=503))

    async def run() -> None:
        async with drivers(provider) as models:
            for name, model in models.items():
                with pytest.raises(ModelHTTPError) as caught:
                    await Agent(model).run("hi")
                assert caught.value.status_code == 503, name

    asyncio.run(run())


def test_wrong_key_unknown_model_and_limits_are_the_vendors_errors(
    provider: Provider, gpt: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        gpt.with_options(api_key="another").chat.completions.create(model=MODEL, messages=ASKED)
    with pytest.raises(openai.NotFoundError) as unknown:
        gpt.responses.create(model="another", input="hi")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(anthropic.AuthenticationError):
        claude.with_options(api_key="another").messages.create(model=MODEL, max_tokens=9, messages=ASKED)
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.create(model="another", max_tokens=9, messages=ASKED)
    provider.script(rate_limited(2, x_ratelimit_remaining_requests="0"))
    with pytest.raises(openai.RateLimitError) as limited:
        gpt.chat.completions.create(model=MODEL, messages=ASKED)
    assert limited.value.response.headers["retry-after"] == "2"
    assert limited.value.response.headers["x-ratelimit-remaining-requests"] == "0"
    assert provider.log.billed() == Tokens()


def test_a_window_of_requests_is_counted_down_and_closes() -> None:
    with (
        Provider(limits=Limits(2, 60)) as provider,
        openai.OpenAI(base_url=provider.v1, api_key=KEY, max_retries=0) as client,
    ):
        ask = client.chat.completions.with_raw_response.create
        left = [ask(model=MODEL, messages=ASKED).headers["x-ratelimit-remaining-requests"] for _ in range(2)]
        assert left == ["1", "0"]
        with pytest.raises(openai.RateLimitError) as caught:
            ask(model=MODEL, messages=ASKED)
        assert 0 < float(caught.value.response.headers["retry-after"]) <= 60


def test_an_answer_is_cut_at_the_limit_that_was_asked_for(
    provider: Provider, gpt: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    provider.script(Answer(text="one two three four five six"))
    done = gpt.chat.completions.create(model=MODEL, messages=ASKED, max_completion_tokens=3)
    assert (done.choices[0].message.content, done.choices[0].finish_reason) == ("one two", "length")
    message = claude.messages.create(model=MODEL, messages=ASKED, max_tokens=3)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 2)
    assert gpt.responses.create(model=MODEL, input="hi", max_output_tokens=3).status == "incomplete"


ADDRESSES = {
    "openai": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "google": f"/v1beta/models/{MODEL}:streamGenerateContent",
}
ENDS = {"openai": b"[DONE]", "openai-responses": b"response.completed", "anthropic": b"message_stop", "google": b"STOP"}


def exchange(provider: Provider, dialect: str, stream: bool = True, wait: float = 5.0) -> tuple[bytes, str]:
    """The bytes that came back, and how the connection ended: `end` (HTTP's), `close`, `reset` or `silence`."""
    path = ADDRESSES[dialect] if stream else ADDRESSES[dialect].replace("streamG", "g")
    body = json.dumps({"model": MODEL, "messages": ASKED, "stream": stream, "max_tokens": 500}).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: {len(body)}\r\n\r\n"
    received = b""
    with socket.create_connection(("127.0.0.1", provider.port), wait) as link:
        link.sendall(head.encode() + body)
        try:
            while not is_whole(received):
                if not (data := link.recv(65536)):
                    return received, "close"
                received += data
        except ConnectionResetError:
            return received, "reset"
        except TimeoutError:
            return received, "silence"
    return received, "end"


def is_whole(received: bytes) -> bool:
    """Whether an answer of HTTP has ended as it should."""
    head, parted, body = received.partition(b"\r\n\r\n")
    if not parted:
        return False
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    [length] = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")]
    return len(body) >= length


def body_of(received: bytes) -> bytes:
    """The body of an answer, or as much as came."""
    head, _, body = received.partition(b"\r\n\r\n")
    return b"".join(unchunked(body)) if b"transfer-encoding: chunked" in head else body


def is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def events(received: bytes) -> list[Any]:
    """The events of a stream, None in the place of those that are not JSON."""
    text = body_of(received).decode("utf-8", "replace")
    lines = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: ")]
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append(None)
    return found


def unchunked(body: bytes) -> Iterator[bytes]:
    while body:
        size, _, body = body.partition(b"\r\n")
        yield body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("reset", "reset"),
        ("close", "close"),
        ("stall", "silence"),
        ("early_end", "end"),
        ("truncated_utf8", "end"),
        ("garbage", "end"),
        ("error_event", "end"),
        ("malformed", "end"),
    ],
)
def test_a_fault_in_the_middle_leaves_what_came_before_whole_and_ends_as_told(
    provider: Provider, dialect: str, stream: bool, kind: FaultKind, ending: str
) -> None:
    at_event = kind in ("error_event", "malformed")
    fault = Fault(kind=kind, event=3 if stream else 0) if at_event else Fault(kind=kind, byte=120)
    provider.script(Answer(text="all of it is said here", fault=fault))
    received, how = exchange(provider, dialect, stream, wait=0.2)
    assert how == ending
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.isascii() == (kind not in ("truncated_utf8", "garbage"))
    if kind == "error_event":
        assert b'"error"' in received and ENDS[dialect] not in received
    elif not stream:
        assert not is_json(body_of(received))
    elif kind == "malformed":
        assert None in events(received)
    else:
        assert ENDS[dialect] not in received
    [entry] = provider.log.wait(1)
    assert (entry.outcome, entry.fault) == ("gone" if ending == "silence" else "failed", kind)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_fault_before_anything_else_is_what_the_client_sees(provider: Provider, dialect: str) -> None:
    provider.script(fails("hang"))
    assert exchange(provider, dialect, wait=0.2) == (b"", "silence")
    provider.script(fails("reset"))
    assert exchange(provider, dialect) == (b"", "reset")
    provider.script(fails("html"))
    assert b"content-type: text/html" in exchange(provider, dialect)[0]
    provider.script(fails("error_body"))
    received, _ = exchange(provider, dialect)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert json.loads(body_of(received))["error"]["message"] == "The server had an error"
    provider.script(fails("error_event", message="Too much"))
    [error] = events(exchange(provider, dialect)[0])
    assert "Too much" in json.dumps(error)
    provider.script(fails("status", status=529))
    assert exchange(provider, dialect)[0].startswith(b"HTTP/1.1 529 ")
    assert provider.log.wait(6)[0].outcome == "gone"
    assert provider.log.billed() == Tokens()


def test_every_byte_is_a_place_where_a_stream_can_be_cut(provider: Provider) -> None:
    provider.script(Answer(text="ab"))
    whole = body_of(exchange(provider, "google")[0])
    for byte in range(0, len(whole), 37):
        provider.script(Answer(text="ab", fault=Fault(kind="close", byte=byte)))
        received, how = exchange(provider, "google")
        assert (len(body_of(received)), how) == (byte, "close")


def test_drops_come_one_by_one(provider: Provider) -> None:
    provider.script(Answer(text="slow", fault=Fault(kind="drip", event=1, seconds=0.001)))
    received, how = exchange(provider, "google")
    assert how == "end" and ENDS["google"] in body_of(received)
    assert received.count(b"\r\n1\r\n") > 100


def test_what_is_cut_is_billed_for_its_input_and_what_went_out(provider: Provider) -> None:
    said = Answer(text="aaaa bbb ccc ddd", tokens=Tokens(input=100, output=8))
    provider.script(said.model_copy(update={"fault": Fault(kind="reset", event=3)}))
    exchange(provider, "openai")
    [entry] = provider.log.wait(1)
    assert entry.billed == Tokens(input=100, output=4)


def test_a_client_that_leaves_is_noticed_at_once_and_billed_to_there(provider: Provider) -> None:
    provider.script(Answer(text="one two three four", pace=0.05, tokens=Tokens(input=10, output=4)))
    with httpx.Client(base_url=provider.url, headers={"x-api-key": KEY}) as client:
        fields = {"model": MODEL, "max_tokens": 99, "messages": ASKED, "stream": True}
        with client.stream("POST", "/v1/messages", json=fields) as answer:
            next(answer.iter_bytes())
        left = time.monotonic()
    [entry] = provider.log.wait(1)
    assert entry.outcome == "gone"
    assert entry.ended - left < 1
    assert entry.billed.input == 10 and entry.billed.output < 4


def test_google_shapes_its_answers_and_streams_end_with_a_finish(provider: Provider) -> None:
    provider.script(WHOLE)
    with httpx.Client(base_url=f"{provider.url}/v1beta/models", headers={"x-goog-api-key": KEY}) as client:
        done = client.post(f"/{MODEL}:generateContent", json={"contents": []}).json()
        stream = client.post(f"/{MODEL}:streamGenerateContent?alt=sse", json={"contents": []})
    parts = done["candidates"][0]["content"]["parts"]
    assert [part["text"] for part in parts if not part.get("thought") and "text" in part] == [TEXT]
    assert [part["functionCall"]["args"] for part in parts if "functionCall" in part] == [
        {"a": 1, "b": 22},
        {"who": "Zoë"},
    ]
    assert done["usageMetadata"]["candidatesTokenCount"] + done["usageMetadata"]["thoughtsTokenCount"] == 20
    last = json.loads(stream.text.rstrip().rpartition("data: ")[2])
    assert last["candidates"][0]["finishReason"] == "STOP"
    assert last["usageMetadata"] == done["usageMetadata"]


def test_another_process_is_scripted_and_read_over_http() -> None:
    command = [sys.executable, "-m", "tests.providers", "--dialect", "anthropic", "--any-key"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url) as client:
            assert client.put("/_scripted/script", json=[{"texxt": "x"}]).status_code == 400
            assert client.put("/_scripted/script", json=[{"text": "Hello"}]).json() == {"answers": 1}
            with anthropic.Anthropic(base_url=url, api_key="any") as claude:
                said = claude.messages.create(model=MODEL, max_tokens=9, messages=ASKED)
            assert said.content[0].type == "text" and said.content[0].text == "Hello"
            assert client.post("/v1/chat/completions", json={"model": MODEL}).status_code == 404
            log = client.get("/_scripted/log").json()
        assert [entry["outcome"] for entry in log["requests"]] == ["answered", "refused"]
        assert "x-api-key" not in log["requests"][0]["headers"]
        assert log["billed"]["output"] == said.usage.output_tokens == 2
    finally:
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()
