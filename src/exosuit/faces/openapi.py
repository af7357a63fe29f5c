"""The HTTP API in OpenAPI 3.1, made from the registry: one POST a command, a GET as well for those that only read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic.json_schema import models_json_schema

from exosuit import __version__
from exosuit.core.registry import Command, Effect, Face, Registry
from exosuit.faces.problem import MEDIA_TYPE, SCHEMA

Schema = dict[str, Any]
ERRORS = {
    "400": "The request is not JSON, or not well formed.",
    "401": "No token, or a wrong one.",
    "403": "Another site asked.",
    "404": "What was named does not exist.",
    "409": "The command could not do it; nothing was changed.",
    "413": "The request is too large.",
    "415": "The request is not application/json.",
    "422": "The fields are wrong.",
    "500": "A defect of the server.",
    "503": "Busy; the same call may succeed later.",
}


def document(registry: Registry) -> Schema:
    """The whole document. Schemas are the models' own; a field's JSON name is its alias."""
    commands = [command for command in registry if Face.HTTP in command.faces]
    pairs: list[tuple[Any, Literal["validation", "serialization"]]] = []
    for command in commands:
        pairs += [(command.input, "validation"), (command.output, "serialization")]
    references, defined = models_json_schema(list(dict.fromkeys(pairs)), ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Exosuit",
            "version": __version__,
            "description": "Every command of the registry. The token is the one that the server printed at its start.",
        },
        "security": [{"token": []}, {"cookie": []}],
        "paths": {f"/api/{command.name}": _path(command, references) for command in commands},
        "components": {
            "schemas": {**defined.get("$defs", {}), "Problem": SCHEMA},
            "responses": {status: _problem(doc) for status, doc in ERRORS.items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "exosuit-{port}"},
            },
        },
    }


def _path(command: Command, references: dict[Any, Schema]) -> Schema:
    answer = references[(command.output, "serialization")]
    shared = {
        "tags": [command.noun],
        "summary": command.summary,
        "description": command.doc,
        "x-effect": command.effect.value,
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": answer}}},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS},
        },
    }
    body = {"required": True, "content": {"application/json": {"schema": references[(command.input, "validation")]}}}
    path: Schema = {"post": {"operationId": command.name, **shared, "requestBody": body}}
    if command.effect is Effect.READ:
        path["get"] = {"operationId": f"get.{command.name}", **shared, "parameters": _parameters(command)}
    return path


def _parameters(command: Command) -> list[Schema]:
    """The fields as query parameters; a list is the same parameter more than once."""
    schema = command.input.model_json_schema(by_alias=True)
    required = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": field,
            **({"description": field["description"]} if "description" in field else {}),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _problem(doc: str) -> Schema:
    return {"description": doc, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
