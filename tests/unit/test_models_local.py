"""Model servers of this machine are found by asking the ports they are known for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from exosuit.models.local import LocalModel, found

Serve = Callable[[dict[str, Any]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves fixed answers by path on a free port, and returns the port; bytes go out as they are."""
    servers: list[ThreadingHTTPServer] = []

    def start(answers: dict[str, Any]) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                answer = answers.get(self.path)
                self.send_response(200 if answer is not None else 404)
                self.end_headers()
                self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                """Nothing is logged."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return int(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


PATHS = ("/api/tags", "/api/v0/models", "/props", "/v1/models")
OLLAMA = {
    "/api/tags": {"models": [{"name": "tiny:latest"}]},
    "/api/show": {"model_info": {"llama.context_length": 8192}, "capabilities": ["completion", "tools"]},
}
LMSTUDIO = {"/api/v0/models": {"data": [{"id": "m", "type": "llm", "max_context_length": 4096}, {"type": "llm"}]}}
LLAMACPP = {"/props": {"default_generation_settings": {"n_ctx": 2048}}, "/v1/models": {"data": [{"id": "x.gguf"}]}}
VLLM = {"/v1/models": {"data": [{"id": "v", "owned_by": "vllm", "max_model_len": 1024}]}}


@pytest.mark.parametrize(
    ("driver", "answers", "model"),
    [
        ("ollama", OLLAMA, LocalModel("tiny:latest", 8192, True)),
        ("lmstudio", LMSTUDIO, LocalModel("m", 4096)),
        ("llamacpp", LLAMACPP, LocalModel("x.gguf", 2048)),
        ("vllm", VLLM, LocalModel("v", 1024)),
    ],
)
def test_a_server_is_shown_with_its_models_and_their_context(
    serve: Serve, driver: str, answers: dict[str, Any], model: LocalModel
) -> None:
    port = serve(answers)
    [server] = found({driver: port})
    assert server.driver == driver
    assert server.base_url == f"http://127.0.0.1:{port}/v1"
    assert server.models == (model,)


@pytest.mark.parametrize("driver", ["ollama", "lmstudio", "llamacpp", "vllm"])
@pytest.mark.parametrize(
    "answers",
    [
        {"/v1/models": {"data": [{"id": "gpt"}]}, "/": b"<html>hello</html>"},
        dict.fromkeys(PATHS, b"<html>"),
        dict.fromkeys(PATHS, b"[" * 100_000),
        dict.fromkeys(PATHS, b"[1]"),
    ],
)
def test_something_else_on_the_port_is_not_taken_for_a_model_server(
    serve: Serve, driver: str, answers: dict[str, Any]
) -> None:
    assert found({driver: serve(answers)}) == []


def test_nobody_on_the_port_is_nothing_found() -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert found({"ollama": free.getsockname()[1]}) == []
