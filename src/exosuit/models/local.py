"""Model servers on this machine: the known ports of the loopback are asked what they are; no other port is touched."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

SECONDS = 1.0
"""How long one answer may take; a port that nobody listens on says so at once."""
MOST_BYTES = 4_000_000
MOST_MODELS = 200
PORTS: Mapping[str, int] = {"ollama": 11434, "lmstudio": 1234, "llamacpp": 8080, "vllm": 8000}


@dataclass(frozen=True)
class LocalModel:
    """A model that a server has; `context` in tokens and `tools` are None where the server does not tell."""

    name: str
    context: int | None = None
    tools: bool | None = None


@dataclass(frozen=True)
class LocalServer:
    """A server that answered as its driver does."""

    driver: str
    base_url: str
    models: tuple[LocalModel, ...]


class Asker:
    """Asks one port of the loopback for JSON; what is not JSON, or not there, is None."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, body: dict[str, Any] | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request("GET" if body is None else "POST", path, sent, {"content-type": "application/json"})
            answer = connection.getresponse()
            return json.loads(answer.read(MOST_BYTES)) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            return None
        finally:
            connection.close()


def found(ports: Mapping[str, int] = PORTS) -> list[LocalServer]:
    """The servers that answer on the known ports, in the order of `ports`; all are asked at once."""
    with ThreadPoolExecutor(max_workers=max(1, len(ports))) as pool:
        answers = pool.map(lambda item: _asked(*item), ports.items())
        return [server for server in answers if server is not None]


def _asked(driver: str, port: int) -> LocalServer | None:
    models = _WAYS[driver](Asker(port))
    return None if models is None else LocalServer(driver, f"http://127.0.0.1:{port}/v1", tuple(models[:MOST_MODELS]))


def _ollama(asker: Asker) -> list[LocalModel] | None:
    """`/api/tags` names the models, `/api/show` tells context and abilities of each (Ollama's API reference)."""
    listed = _list(asker.get("/api/tags"), "models")
    if listed is None:
        return None
    models = []
    for name in [str(one["name"]) for one in listed if one.get("name")][:20]:
        shown = _table(asker.get("/api/show", {"model": name}))
        context = [value for key, value in _table(shown.get("model_info")).items() if key.endswith(".context_length")]
        abilities = shown.get("capabilities")
        tools = "tools" in abilities if isinstance(abilities, list) else None
        models.append(LocalModel(name, _whole(context[0] if context else None), tools))
    return models


def _lmstudio(asker: Asker) -> list[LocalModel] | None:
    """`/api/v0/models` tells more than the compatible `/v1/models` (LM Studio's REST API)."""
    listed = _list(asker.get("/api/v0/models"), "data")
    if listed is None:
        return None
    usable = [one for one in listed if one.get("id") and one.get("type") != "embeddings"]
    return [LocalModel(str(one["id"]), _whole(one.get("max_context_length"))) for one in usable]


def _llamacpp(asker: Asker) -> list[LocalModel] | None:
    """`/props` is llama.cpp's own, and tells the context that the server runs with."""
    props = _table(asker.get("/props"))
    listed = _list(asker.get("/v1/models"), "data")
    if listed is None or "default_generation_settings" not in props:
        return None
    context = _whole(_table(props["default_generation_settings"]).get("n_ctx"))
    return [LocalModel(str(one["id"]), context) for one in listed if one.get("id")]


def _vllm(asker: Asker) -> list[LocalModel] | None:
    """`/v1/models` with vLLM's `max_model_len`, or owned by it; anything else on the port is not taken for vLLM."""
    listed = _list(asker.get("/v1/models"), "data")
    if not listed or not any(one.get("owned_by") == "vllm" or "max_model_len" in one for one in listed):
        return None
    return [LocalModel(str(one["id"]), _whole(one.get("max_model_len"))) for one in listed if one.get("id")]


_WAYS: Mapping[str, Callable[[Asker], list[LocalModel] | None]] = {
    "ollama": _ollama,
    "lmstudio": _lmstudio,
    "llamacpp": _llamacpp,
    "vllm": _vllm,
}


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any, name: str) -> list[dict[str, Any]] | None:
    """The list of tables under `name`; None if the answer is of another shape."""
    inner = _table(value).get(name)
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
