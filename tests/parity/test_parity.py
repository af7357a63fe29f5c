"""The faces say the same: each command is on all of them, with the same fields, and answers the same call alike."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema  # type: ignore[import-untyped]
import pytest
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, Tool

from exosuit.core.registry import Command, Effect, Face
from exosuit.faces.mcp import tools
from exosuit.faces.nouns import NOUNS
from exosuit.faces.openapi import document
from exosuit.faces.signature import offered, wire_name
from exosuit.faces.spelling import words
from exosuit.faces.suit import REAL
from tests.parity.exceptions import NOT_ON_A_FACE, NOT_ON_THE_COMMAND_LINE
from tests.parity.shell import forked, started
from tests.repository import Repository
from tests.wire.serving import Served, serving

COMMANDS = list(REAL.load())
BY_NAME = {command.name: command for command in COMMANDS}
named = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)

ODD = os.fsdecode(b"odd \xff\n\\n\x1b")
"""A name that no face can say as it is."""
ODD_TEXT = r"odd \xff\n\\n\x1b"

BASE: dict[str, str | bytes | None] = {
    "app.py": "".join(f"def f{i}():\n    return {i}\n\n\n" for i in range(12)),
    "note.txt": "one\ntwo\nthree\n",
    "gone.txt": "away\n",
    ODD: "odd\n",
}
HEAD: dict[str, str | bytes | None] = {
    "app.py": "".join(f"def f{i}():\n    return {i * 2 if i in (2, 9) else i}\n\n\n" for i in range(12)),
    "note.txt": "one\ntwo and a half\nthree\nfour\n",
    "gone.txt": None,
    ODD: "odder\n",
    "new.txt": "fresh\n",
}
PATCH = "--- a/note.txt\n+++ b/note.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("workspace.show", {}),
    ("change.list", {}),
    ("change.import", {"revisions": "main..feature", "title": "A feature"}),
    ("change.import", {"revisions": "main..feature"}),
    ("change.import", {"revisions": "main..nowhere"}),
    ("change.import", {}),
    ("change.import", {"patch": "fix.patch"}),
    ("change.import", {"patch": "-"}),
    ("change.import", {"worktree": True, "against": "main~1"}),
    ("change.import", {"dirs": ["old", "new"]}),
    ("change.list", {}),
    ("change.show", {"change": "FEATURE"}),
    ("change.show", {"change": "FEATURE", "path": "*.txt", "no_atoms": True}),
    ("change.show", {"change": "no-such"}),
    ("change.accept", {"change": "FEATURE", "atoms": ["1.1", "3.1"], "why": "good"}),
    ("change.accept", {"change": "FEATURE", "atoms": ["9.9"]}),
    ("change.accept", {"change": "FEATURE"}),
    ("change.reject", {"change": "FEATURE", "path": "gone.txt", "why": "still used"}),
    ("change.clear", {"change": "FEATURE", "atoms": ["2"]}),
    ("change.edit", {"change": "FEATURE", "atom": "3.1", "with": "own.txt", "why": "better"}),
    ("change.edit", {"change": "FEATURE", "atom": "3.1"}),
    ("change.comment", {"change": "FEATURE", "text": "why two?", "atoms": ["1.1"]}),
    ("change.comment", {"change": "FEATURE", "text": " "}),
    ("change.search", {"change": "FEATURE", "query": "return", "limit": 2}),
    ("change.search", {"change": "FEATURE", "query": "(", "regex": True}),
    ("change.search", {"change": "FEATURE", "query": "x", "limit": 0}),
    ("change.plan", {"change": "FEATURE"}),
    ("change.plan", {"change": "no-such"}),
    ("change.evidence", {"change": "FEATURE", "only": ["secret", "interface"]}),
    ("change.evidence", {"change": "FEATURE", "only": ["no-such"]}),
    ("change.why", {"change": "FEATURE", "group": "no-such"}),
    ("change.report", {"change": "FEATURE", "format": "md"}),
    ("change.report", {"change": "FEATURE", "format": "html", "out": "page.html"}),
    ("ci.run", {"revisions": "main..feature", "fail_on": "unknown", "sarif": "found.sarif"}),
    ("ci.run", {"revisions": "main..nowhere"}),
    ("change.accept", {"change": "FEATURE", "group": "no-such"}),
    ("check.increments", {"change": "FEATURE"}),
    ("review.groups", {"change": "FEATURE", "wait": 60}),
    ("review.group", {"change": "FEATURE", "group": "no-such"}),
    ("change.missed", {"change": "FEATURE", "group": "no-such"}),
    ("change.apply", {"change": "FEATURE", "dry_run": True}),
    ("change.apply", {"change": "FEATURE"}),
    ("change.undo", {"change": "FEATURE"}),
    ("change.redo", {"change": "FEATURE"}),
    ("change.undo", {"change": "FEATURE"}),
    ("change.resolve", {"change": "FEATURE", "path": "note.txt", "take": "theirs"}),
    ("change.resolve", {"change": "FEATURE", "path": "note.txt", "take": "both"}),
    ("change.refresh", {"change": "FEATURE"}),
    ("change.export", {"change": "FEATURE", "all": True}),
    ("change.export", {"change": "FEATURE", "out": "out.patch"}),
    ("change.materialize", {"change": "FEATURE", "out": "tree", "accepted": True}),
    ("change.materialize", {"change": "FEATURE", "out": "tree2"}),
    ("review.overview", {"change": "FEATURE"}),
    ("review.states", {"change": "FEATURE", "since": 1}),
    ("review.rows", {"change": "FEATURE", "file": 1, "start": 0, "count": 20}),
    ("review.rows", {"change": "FEATURE", "file": 99}),
    ("review.context", {"change": "FEATURE", "file": 1, "old": 1, "new": 1, "count": 3}),
    ("review.region", {"change": "FEATURE", "atoms": "1.1"}),
    ("review.facts", {"change": "FEATURE", "file": 1}),
    ("review.stale", {"change": "FEATURE"}),
    ("check.list", {"what": "FEATURE"}),
    ("check.run", {"what": "FEATURE"}),
    ("check.run", {"what": "main~1", "only": ["none"]}),
    ("check.run", {"what": "nowhere"}),
    ("check.status", {}),
    ("check.stop", {}),
    ("model.list", {"no_local": True}),
    ("model.add", {"name": "here", "driver": "ollama", "model": "tiny"}),
    ("model.add", {"name": "here", "driver": "ollama", "model": "tiny", "key": "sk-secret"}),
    ("model.route", {"name": "smart", "supplies": ["here"]}),
    ("model.route", {"name": "smart", "supplies": ["hree"]}),
    ("model.test", {"name": "hree"}),
    ("model.probe", {"name": "hree"}),
    ("usage.show", {}),
    ("usage.show", {"by": ["app", "model"], "since": "2026-01-01"}),
    ("usage.show", {"until": "soon"}),
    ("usage.export", {"format": "otlp"}),
    ("usage.settle", {"call": "none", "cost": "0.01"}),
    ("file.list", {"query": "nt", "limit": 5}),
    ("file.read", {"path": "note.txt"}),
    ("file.read", {"path": "../outside"}),
    ("file.read", {"path": ODD_TEXT}),
    ("file.read", {"path": r"no\x00path"}),
    ("file.save", {"path": r"made \xfe\t", "text": "made\n", "id": ""}),
    ("change.accept", {"change": "FEATURE", "path": ODD_TEXT}),
    ("change.show", {"change": "FEATURE", "path": r"*\xff*"}),
    ("file.save", {"path": "note.txt", "text": "saved\n", "id": ""}),
    ("file.save", {"path": "made.txt", "text": "made\n", "id": ""}),
]
"""A whole session, good calls and bad ones, in this order on each face."""

STARTED = [("workspace.show", {}), ("change.import", {"revisions": "main..nowhere"})]

Ask = Callable[[Command, dict[str, Any]], dict[str, Any]]


@named
def test_every_command_is_on_every_face(command: Command) -> None:
    missing = {face.value for face in Face} - {face.value for face in command.faces}
    assert missing == set(NOT_ON_A_FACE.get(command.name, {}))


@named
def test_the_faces_offer_the_same_fields(command: Command) -> None:
    fields = {wire_name(name, field) for name, field in command.input.model_fields.items()}
    on_shell = {wire_name(name, command.input.model_fields[name]) for name in offered(command.input)}
    assert fields - on_shell == set(NOT_ON_THE_COMMAND_LINE.get(command.name, {}))
    tool = next(tool for tool in tools(REAL.load()) if tool.name == command.tool)
    assert set(tool.input_schema.get("properties", {})) == fields
    api = document(REAL.load())
    post = api["paths"][f"/api/{command.name}"]["post"]
    reference = post["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert set(api["components"]["schemas"][reference.rpartition("/")[2]].get("properties", {})) == fields
    assert ("get" in api["paths"][f"/api/{command.name}"]) == (command.effect is Effect.READ)


def test_the_exceptions_name_what_exists() -> None:
    assert set(NOT_ON_THE_COMMAND_LINE) | set(NOT_ON_A_FACE) <= set(BY_NAME)


def test_the_nouns_that_help_lists_are_those_of_the_registry() -> None:
    assert set(NOUNS) == {command.noun for command in COMMANDS}


def test_the_session_below_calls_every_command() -> None:
    assert {name for name, _ in CALLS} == set(BY_NAME)


@named
def test_a_field_with_effects_is_never_reached_by_a_command_that_says_it_reads(command: Command) -> None:
    if command.effect is Effect.READ:
        assert not {"out", "with", "save"} & {wire_name(n, f) for n, f in command.input.model_fields.items()}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repository = Repository.make(tmp_path_factory.mktemp("original") / "workspace")
    repository.commit("base", BASE)
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.commit("head", HEAD)
    repository.git("checkout", "--quiet", "main")
    repository.write({"fix.patch": PATCH, "own.txt": "mine\n", "old/a": "1\n", "new/a": "2\n"})
    return repository.path


@pytest.fixture
def fresh(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """The workspace as it was, always at the same place, with a state of its own for each face."""
    folder = tmp_path / "workspace"

    def made(face: str) -> Path:
        monkeypatch.setenv("EXOSUIT_STATE", str(tmp_path / f"state-{face}"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / f"state-{face}" / "config"))
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(original, folder, symlinks=True))

    return made


def files(folder: Path) -> dict[Path, bytes]:
    """The working tree."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file() and ".git" not in p.parts}


def on_shell(folder: Path) -> list[dict[str, Any]]:
    """Each call as a process of its own in the workspace; two of them are started as anybody would."""

    def ask(command: Command, fields: dict[str, Any]) -> dict[str, Any]:
        run = started if (command.name, fields) in STARTED else forked
        given = PATCH.encode() if fields.get("patch") == "-" else b""
        done = run([*words(command, fields), "--json"], folder, given)
        answer = dict(json.loads(done.stdout or done.stderr))
        assert done.returncode in ((1, 2) if "code" in answer else (0, 1)), done.stderr
        assert bool(done.stdout) != ("code" in answer)
        return answer

    return session(ask, folder)


def on_http(served: Served, folder: Path) -> list[dict[str, Any]]:
    """Each call as a POST; those that read by GET as well, with the same answer."""

    def ask(command: Command, fields: dict[str, Any]) -> dict[str, Any]:
        answer = served.post(command.name, _as_text(fields))
        assert answer.headers["content-type"] == (
            "application/json" if answer.status == 200 else "application/problem+json"
        )
        if command.effect is Effect.READ:
            assert served.get(f"/api/{command.name}?{_query(fields)}").json == answer.json
        return {
            k: v
            for k, v in answer.json.items()
            if k not in ("type", "title", "status", "detail") or answer.status == 200
        }

    return session(ask, folder)


def _query(fields: dict[str, Any]) -> str:
    pairs = [(name, str(value).lower() if isinstance(value, bool) else value) for name, value in fields.items()]
    return urlencode(pairs, doseq=True)


def _as_text(fields: dict[str, Any]) -> dict[str, Any]:
    """Where a shell has standard input, a program has the text."""
    return {"patch_text": PATCH} if fields.get("patch") == "-" else fields


async def on_stdio(folder: Path) -> tuple[list[Tool], list[dict[str, Any]]]:
    """Each call as a tool over standard input and output, by the official client."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "exosuit", "-C", str(folder), "mcp"], env=dict(os.environ)
    )
    async with stdio_client(server) as (incoming, outgoing), ClientSession(incoming, outgoing) as client:
        await client.initialize()
        offered_tools = (await client.list_tools()).tools
        answers = Answers(folder)
        while answers.following is not None:
            command, fields = answers.following
            result = await client.call_tool(command.tool, _as_text(fields))
            assert isinstance(result, CallToolResult)
            answers.take(_unwrapped(result))
        return offered_tools, answers.taken


def _unwrapped(result: CallToolResult) -> dict[str, Any]:
    text = json.loads(result.content[0].text)  # type: ignore[union-attr]
    assert result.is_error or result.structured_content == text
    return dict(text)


def session(ask: Ask, folder: Path) -> list[dict[str, Any]]:
    """All calls in order."""
    answers = Answers(folder)
    while answers.following is not None:
        answers.take(ask(*answers.following))
    return answers.taken


class Answers:
    """Goes through the calls, with the id of the feature's change put in once it is known, and keeps the answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.feature = ""
        self.taken: list[dict[str, Any]] = []

    @property
    def following(self) -> tuple[Command, dict[str, Any]] | None:
        """The next call, None at the end."""
        if len(self.taken) == len(CALLS):
            return None
        name, fields = CALLS[len(self.taken)]
        return BY_NAME[name], {key: self.feature if value == "FEATURE" else value for key, value in fields.items()}

    def take(self, answer: dict[str, Any]) -> None:
        """Keep an answer; a good one fits the command's output schema."""
        assert self.following is not None
        command = self.following[0]
        if "code" not in answer:
            jsonschema.validate(answer, command.output.model_json_schema(by_alias=True, mode="serialization"))
        if command.name == "change.import" and not self.feature:
            self.feature = answer["change"]
        self.taken.append(normal(answer, self.folder))


def normal(answer: dict[str, Any], folder: Path) -> dict[str, Any]:
    """An answer without what must differ: where, when, by which face; the name that a patch was given under."""
    text = json.dumps(answer, sort_keys=True).replace(str(folder), "WORKSPACE")
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "TIME", text)
    text = re.sub(r'"actor": "(cli|http|mcp)"', '"actor": "FACE"', text)
    text = re.sub(r"state-(cli|http|mcp)", "STATE", text)
    text = re.sub(r"(patch|Patch) (standard input|given as text)", "PATCH", text)
    return dict(json.loads(text))


@pytest.mark.slow
def test_a_whole_session_gives_the_same_answers_on_every_face(fresh: Callable[[str], Path], tmp_path: Path) -> None:
    folder = fresh("cli")
    shell, trees = on_shell(folder), [files(folder)]
    with serving(fresh("http"), tmp_path) as served:
        http = on_http(served, folder)
    trees.append(files(folder))
    offered_tools, stdio = asyncio.run(on_stdio(fresh("mcp")))
    trees.append(files(folder))
    for (name, fields), by_shell, by_http, by_tool in zip(CALLS, shell, http, stdio, strict=True):
        assert by_http == by_shell, (name, fields)
        assert by_tool == by_shell, (name, fields)
    assert [tool.name for tool in offered_tools] == [command.tool for command in COMMANDS]
    assert trees[0] == trees[1] == trees[2]
