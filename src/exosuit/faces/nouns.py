"""What `exosuit --help` lists, as plain strings: it must not cost the import of a single command."""

from __future__ import annotations

from collections.abc import Mapping

NOUNS: Mapping[str, str] = {
    "change": "Import, show, decide, apply, undo and export changes.",
    "review": "Open the review of a change in the browser; what its screen reads.",
    "check": "Run the checks of a change, a revision or the workspace, in the sandbox.",
    "ci": "Import, plan, gather evidence and report in a pipeline, with an exit code by policy.",
    "model": "Supplies of models and routes over them: list, add, test.",
    "usage": "What models were used for and what it cost: sums, tables, spans.",
    "file": "List, read and save files of the workspace; a save is a change like any other.",
    "workspace": "Where the workspace and its state are.",
}
"""Each noun of the registry with its line; a test holds it against the registry."""

DEFAULTS: Mapping[str, str] = {"check": "check.run", "ci": "ci.run", "usage": "usage.show"}
"""What a noun alone means: `exosuit check last` is `exosuit check run last`."""

WORDS: Mapping[str, str] = {
    "review": "Import a change and open its review in the browser.",
    "serve": "Serve the workspace to its user: GUI, HTTP API and MCP, on this machine only.",
    "mcp": "Serve the commands as MCP tools over standard input and output.",
    "demo": "Open the review of a small made-up change in a workspace of its own.",
    "completion": "Print the completion script of a shell.",
}
"""Words that are not commands of the registry: each starts a face rather than doing something to a change."""
