"""What providers answer besides chats: the list of their models, and embeddings."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import Any

from tests.providers.dialect import CREATED, Request
from tests.providers.script import Tokens, count

SIZE = 16
"""Numbers in an embedding, unless `dimensions` asks for others."""


def models(request: Request, names: list[str]) -> dict[str, Any] | None:
    """The list of models, or the model that the path names, in the dialect that the request speaks; else None."""
    root, _, asked = request.path.rpartition("/models")
    if root not in ("/v1", "/v1beta") or (asked and asked[1:] not in names):
        return None
    shape = _google if root == "/v1beta" else _anthropic if "anthropic-version" in request.headers else _openai
    shapes = [shape(name) for name in names]
    if asked:
        return shape(asked[1:])
    if shape is _google:
        return {"models": shapes}
    if shape is _openai:
        return {"object": "list", "data": shapes}
    return {"data": shapes, "has_more": False, "first_id": names[0], "last_id": names[-1]} if names else {"data": []}


def _openai(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "scripted"}


def _anthropic(name: str) -> dict[str, Any]:
    born = "2025-10-09T08:53:20Z"
    return {"type": "model", "id": name, "display_name": name, "created_at": born, "lifecycle": "active"}


def _google(name: str) -> dict[str, Any]:
    can = ["generateContent", "streamGenerateContent"]
    return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": can}


def embeddings(request: Request) -> tuple[dict[str, Any], Tokens]:
    """One vector of length 1 for each input, made from its SHA-256: equal texts have equal vectors."""
    asked = request.body.get("input", [])
    texts = [asked] if isinstance(asked, str) else [str(text) for text in asked]
    size = int(request.body.get("dimensions") or SIZE)
    coded = request.body.get("encoding_format") == "base64"
    spent = Tokens(input=sum(map(count, texts)))
    data = []
    for index, text in enumerate(texts):
        vector = unit_vector(text, size)
        packed = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": packed if coded else vector})
    billed = {"prompt_tokens": spent.input, "total_tokens": spent.input}
    return {"object": "list", "data": data, "model": request.body.get("model", ""), "usage": billed}, spent


def unit_vector(text: str, size: int) -> list[float]:
    """A direction that depends on every byte of the text."""
    raw = [hashlib.sha256(f"{place}:{text}".encode()).digest()[0] - 127.5 for place in range(size)]
    length = sum(value * value for value in raw) ** 0.5
    return [value / length for value in raw]
