"""`docs/commands.md`, made from the registry: `python -m exosuit.faces.docs` writes it, `--check` compares it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from exosuit.core.registry import Command, Effect, Registry, arguments
from exosuit.faces.nouns import NOUNS, WORDS
from exosuit.faces.signature import wire_name
from exosuit.faces.spelling import usage
from exosuit.faces.suit import REAL

PAGE = Path("docs/commands.md")

EFFECTS = {
    Effect.READ: "reads; changes nothing",
    Effect.PROPOSE: "adds to the store and the ledger; your files stay as they are",
    Effect.APPLY: "may write into the workspace; undone with `change undo`",
    Effect.EXTERNAL: "may write where you tell it to, outside the workspace",
}

SAMPLES: dict[str, dict[str, Any]] = {
    "change.import": {"revisions": "main..feature"},
    "change.accept": {"atoms": ["1.1", "3"]},
    "change.reject": {"path": "*.lock"},
    "change.clear": {"all": True},
    "change.edit": {"atom": "1.1", "with": "better.py"},
    "change.comment": {"text": "why this?", "atoms": ["1.1"]},
    "change.materialize": {"out": "tree", "accepted": True},
    "change.export": {"all": True},
    "change.resolve": {"path": "app.py"},
    "review.region": {"atoms": "3h2"},
    "file.read": {"path": "app.py"},
    "file.save": {"path": "app.py", "text": "print()", "id": ""},
}
"""Fields for the example of a command that the required ones alone do not make a good one of."""

HEAD = """# Commands

Made from the registry by `python -m exosuit.faces.docs`; a test fails when it is stale.

Every command is there three times with the same fields: on the command line, over HTTP, and as an MCP tool. All
answer with the same JSON. Fields in *italics* are for programs only.

**Command line.** `exosuit NOUN VERB …`, or `exo`. `-C DIR` names the workspace, `--json` prints the result as one
line of JSON; `exosuit NOUN VERB --help` says the rest. Files are found from your folder; `-` is standard input. An
error is two lines on standard error, `error:` and `hint:`; with `--json` it is one line of JSON there: `code`,
`message`, `hint`, `retryable`.

| exit code | |
|---|---|
| 0 | done |
| 1 | an error, and nothing was done; or an answer that leaves something to you: a failed check, a conflict |
| 2 | wrong usage |
| 130, 141 | stopped by Ctrl-C; the reader of a pipe has gone |

A conflict is left by an apply (with `--dry-run` too), an undo, a redo or a save. Over HTTP and as a tool
these are answers like any other: 200, with `conflicts` or verdicts in them.

**Paths** of a change or of the workspace are bytes, and written alike on every face, in and out: what can be read
stands for itself; a backslash is `\\\\`, a line feed, tab and carriage return are `\\n`, `\\t` and `\\r`, other control
characters and bytes that are not UTF-8 are `\\x1b` and `\\xff`, characters that nobody sees are `\\u202e`. So what is
printed can be copied and given back, to `--path` and in a glob too (in a shell, in single quotes). A name given as it
stands is found as well, unless that spells another file's. `-C`, `--out` and other files of yours are taken as they
stand.

**HTTP.** `exosuit serve` prints the address and its token, which is new at each start. A call is a POST of the fields
as JSON; commands that read take a GET with a query as well (a list is the same parameter more than once). Files are
found from the workspace. Errors are problem JSON (RFC 9457) with the same four keys: 422 for wrong fields, 404 for
what does not exist, 503 for what may work later, 409 for any other. The document of it all is `/api/openapi.json`;
`/api/events` is a WebSocket that sends `{"seq", "change"}` for each change with news.

A call that takes long stops when its client closes the connection, with nothing half done; checks that a page runs and
what it began to write go on. With `/api/events?calls=1` come `{"call", "command", "done", "total", "what"}` for calls
of more than a second, named as their header `Exosuit-Call` says, and `{"call", "over"}` at the end. The curl lines
below assume

```text
exosuit serve --port 7457 --json        # prints {"url": "http://127.0.0.1:7457/?token=…", "pid": …}
TOKEN=…                                 # from there
```

**MCP.** `exosuit mcp` for an agent that starts it (standard input and output), `/mcp` of the server for one that
connects (streamable HTTP, with the same token). A tool error's text is JSON with the same four keys. Calls report
progress to a client that sends a `progressToken`; `notifications/cancelled` stops them, or hanging up over HTTP.
"""


def page(registry: Registry) -> str:
    """The whole page."""
    parts = [HEAD, "## Words that start a face\n", *(_word(word, doc) for word, doc in WORDS.items()), ""]
    for noun, doc in NOUNS.items():
        parts.append(f"## {noun}\n\n{doc}\n")
        parts += [section(command) for command in registry if command.noun == noun]
    return "\n".join(parts).rstrip() + "\n"


def _word(word: str, doc: str) -> str:
    return f"- `exosuit {word}`: {doc}"


def section(command: Command) -> str:
    """One command: what it does, its fields and result, and how each face spells it."""
    rows = [_field_row(command, name, field) for name, field in command.input.model_fields.items()]
    table = ["| field | type | default | |", "|---|---|---|---|", *rows] if rows else ["No fields."]
    result = ", ".join(f"`{wire_name(name, field)}`" for name, field in command.output.model_fields.items())
    return "\n".join(
        [
            f"### {command.name}\n",
            f"{command.doc}\n",
            f"Effect: {command.effect.value} ({EFFECTS[command.effect]}). MCP tool: `{command.tool}`.\n",
            *table,
            f"\nResult: {result}.\n",
            "```text",
            usage(command),
            curl(command),
            "```\n",
        ]
    )


def curl(command: Command) -> str:
    """A call as a line for a shell."""
    body = json.dumps(sample(command), ensure_ascii=False)
    return f"curl -H \"Authorization: Bearer $TOKEN\" --json '{body}' http://127.0.0.1:7457/api/{command.name}"


def sample(command: Command) -> dict[str, Any]:
    """Fields of a call that the command takes: those required, and one of several where one is needed."""
    required = {
        wire_name(name, field): _sample(command, name, field)
        for name, field in command.input.model_fields.items()
        if field.is_required()
    }
    return required | SAMPLES.get(command.name, {})


def _sample(command: Command, name: str, field: FieldInfo) -> Any:
    """A value that stands for a required field."""
    if field.annotation is int:
        return 1
    schema = command.input.model_json_schema(by_alias=True)["properties"][wire_name(name, field)]
    if "enum" in schema:
        return schema["enum"][0]
    return "last" if name == "change" else (arguments(command.input)[name].metavar or name).upper()


def _field_row(command: Command, name: str, field: FieldInfo) -> str:
    label = wire_name(name, field)
    shown = f"*`{label}`*" if arguments(command.input)[name].hidden else f"`{label}`"
    schema = command.input.model_json_schema(by_alias=True)["properties"][label]
    default = "required" if field.is_required() else _default(field)
    return f"| {shown} | {kind(schema)} | {default} | {(field.description or '').replace('|', '¦')} |"


def kind(schema: dict[str, Any]) -> str:
    """A JSON schema in a word or two."""
    if "enum" in schema:
        return " or ".join(f"`{choice}`" for choice in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(option) for option in schema["anyOf"] if option.get("type") != "null")
    if "prefixItems" in schema:
        return " and ".join(kind(item) for item in schema["prefixItems"])
    if schema.get("type") == "array":
        return f"list of {kind(schema['items'])}"
    limits = [f"{word} {schema[key]:,}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([str(schema.get("type", "any")), *limits])


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value in (None, "", False) or value == [] else f"`{json.dumps(value)}`"


def main(words: list[str]) -> int:
    """Write the page, or with `--check` compare it; returns the exit code."""
    made = page(REAL.load())
    if words != ["--check"]:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(made, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == made:
        return 0
    print(f"error: {PAGE} is not what the registry gives\nhint: python -m exosuit.faces.docs", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
