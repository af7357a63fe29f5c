"""README.md and docs/ are executed: what they show is what happens.

In a fenced block marked
- `console`, each line that starts with `$ ` is run by sh; it must exit 0, and where output is shown below it, that is
  what it must print (`...` stands for anything: within a line, or on a line of its own for any lines);
- `sh`, the whole block is run as one script that must exit 0;
- `python`, the block is run as one script that must exit 0;
- `json` or `toml`, the block must parse;
- `text`, `mermaid` or `diff`, nothing is run: such a block shows, it does not tell anybody to type.
Any other mark, and a block without one, is a problem: nothing slips through. So is a link to a file that is not there.

All blocks of one document share a fresh folder, which is a git repository of two commits with one edit on top (see
`prepare`), and a fresh home; the project's own commands are on PATH. A block that cannot run here says why in a comment
on the line above it: `<!-- not run: it starts a server -->`; the check lists these. A comment `<!-- exits 1 -->` there
says that a block shows a failure: its last command must exit with that number.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from checks.tree import files

FENCE = re.compile(
    r"^(?:<!-- (?P<note>[^\n]*?) -->\n\n?)?(?P<tick>```+)(?P<mark>[^\n`]*)\n(?P<body>.*?)^(?P=tick)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
NOT_RUN = re.compile(r"not run: (?P<why>.{8,})")
EXITS = re.compile(r"exits (?P<code>[1-9]\d*)")
LINK = re.compile(r"\]\(([^()\s]+)[^()]*\)|<img[^>]*\ssrc=\"([^\"]+)\"")
SHOWN = ("text", "mermaid", "diff")
SECONDS = 120


@dataclass(frozen=True)
class Block:
    """A fenced block: its mark, its text, the comment above it, and `file:line` of its first line."""

    mark: str
    body: str
    note: str
    place: str


def blocks(path: Path, root: Path) -> list[Block]:
    """The fenced blocks of a Markdown file, in order."""
    text = path.read_text("utf-8")
    found = []
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start("body")) + 1
        place = f"{path.relative_to(root).as_posix()}:{line}"
        found.append(Block(match["mark"].strip(), match["body"], match["note"] or "", place))
    return found


def documents(root: Path) -> list[Path]:
    """README.md and every Markdown file under docs/."""
    return [p for p in files(root, ".md") if p == root / "README.md" or (root / "docs") in p.parents]


def not_run(block: Block) -> str:
    """The reason why a block is not run; empty if it is."""
    match = NOT_RUN.fullmatch(block.note)
    return match["why"] if match else ""


def notes(root: Path) -> list[str]:
    """The blocks that are not run, with the reason that stands beside them."""
    every = [block for path in documents(root) for block in blocks(path, root)]
    return [f"{block.place}: not run: {not_run(block)}" for block in every if not_run(block)]


def problems(root: Path) -> list[str]:
    """One entry for each dead link, and each block that does not do what it shows; what comes after it is still run."""
    found = []
    for path in documents(root):
        found += dead_links(path, root)
        with tempfile.TemporaryDirectory(prefix="exosuit-docs-") as scratch:
            folder, environment = prepare(Path(scratch))
            for block in blocks(path, root):
                problem = "" if not_run(block) else run(block, folder, environment)
                found += [f"{block.place}: {problem}"] if problem else []
    return found


def dead_links(path: Path, root: Path) -> list[str]:
    """Links and pictures whose target in the tree does not exist; addresses elsewhere are not looked at."""
    prose = FENCE.sub("", path.read_text("utf-8"))
    targets = [target.partition("#")[0] for pair in LINK.findall(prose) for target in pair if target]
    inside = [target for target in targets if target and ":" not in target]
    place = path.relative_to(root).as_posix()
    return [
        f"{place}: links to {target}, which is not there" for target in inside if not (path.parent / target).exists()
    ]


def prepare(scratch: Path) -> tuple[Path, dict[str, str]]:
    """The folder that a document's blocks run in, and their environment.

    The folder is a git repository: `greet.py` and `README.md`, a second commit that changes both, and an edit of
    `greet.py` that is not committed.
    """
    home, folder = scratch / "home", scratch / "work"
    home.mkdir(mode=0o700)
    folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    environment = kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]),
        "HOME": str(home),
        "EXOSUIT_STATE": str(home / "state"),
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    (home / ".gitconfig").write_text(
        "[user]\nname = A Reader\nemail = reader@example.invalid\n[init]\ndefaultBranch = main\n"
    )
    versions = [
        ('def greet(name):\n    return "Hello " + name\n', "# Greetings\n"),
        ('def greet(name):\n    return f"Hello {name}"\n', "# Greetings\n\nSays hello.\n"),
    ]
    subprocess.run(["git", "init", "--quiet"], cwd=folder, env=environment, check=True)
    for number, (code, prose) in enumerate(versions, 1):
        (folder / "greet.py").write_text(code)
        (folder / "README.md").write_text(prose)
        subprocess.run(["git", "add", "--all"], cwd=folder, env=environment, check=True)
        subprocess.run(["git", "commit", "--quiet", "-m", f"version {number}"], cwd=folder, env=environment, check=True)
    (folder / "greet.py").write_text('def greet(name="you"):\n    return f"Hello {name}"\n')
    return folder, environment


def run(block: Block, folder: Path, environment: dict[str, str]) -> str:
    """What is wrong with a block; empty if nothing is."""
    exits = EXITS.fullmatch(block.note)
    expected = int(exits["code"]) if exits else 0
    if block.mark in SHOWN:
        return ""
    if block.mark in ("json", "toml"):
        return unparsable(block)
    if block.mark == "console":
        return run_console(block, folder, environment, expected)
    commands = {"sh": ["sh", "-eu", "-c", block.body], "python": [sys.executable, "-c", block.body]}
    if block.mark not in commands:
        return f"a block marked {block.mark!r}: nothing says whether it is to be run"
    code, output = execute(commands[block.mark], folder, environment)
    return "" if code == expected else f"exit code {code} where {expected} is due: {last_lines(output)}"


def unparsable(block: Block) -> str:
    """Why a json or toml block does not parse; empty if it does."""
    try:
        json.loads(block.body) if block.mark == "json" else tomllib.loads(block.body)
    except ValueError as error:
        return f"not {block.mark}: {error}"
    return ""


def run_console(block: Block, folder: Path, environment: dict[str, str], expected: int) -> str:
    """Run the commands of a console block one by one; all but the last must exit 0, the last with `expected`."""
    sessions = commands_of(block.body)
    if not sessions:
        return "a console block without a line that starts with `$ `"
    for index, (command, shown) in enumerate(sessions):
        due = expected if index == len(sessions) - 1 else 0
        code, output = execute(["sh", "-c", command], folder, environment)
        if code != due:
            return f"`{command}`: exit code {code} where {due} is due: {last_lines(output)}"
        if shown and not matches(shown, output):
            return f"`{command}` prints something else than is shown: {last_lines(output)}"
    return ""


def commands_of(body: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output shown below it. A backslash at the end continues it."""
    sessions: list[tuple[str, str]] = []
    open_command = False
    for line in body.splitlines():
        if line.startswith("$ "):
            sessions.append((line[2:], ""))
        elif sessions and open_command:
            sessions[-1] = (sessions[-1][0] + "\n" + line.removeprefix("> "), "")
        elif sessions:
            sessions[-1] = (sessions[-1][0], sessions[-1][1] + line + "\n")
        open_command = bool(sessions) and not sessions[-1][1] and line.endswith("\\")
    return sessions


def matches(shown: str, printed: str) -> bool:
    """Whether the output shown is what was printed; `...` stands for anything, blanks at line ends do not count."""
    lines = [line.rstrip() for line in shown.strip().splitlines()]
    pattern = ""
    for line in lines:
        pattern += r"(?:.*\n)*?" if line.strip() == "..." else ".*?".join(map(re.escape, line.split("..."))) + r"\n"
    given = "".join(line.rstrip() + "\n" for line in printed.strip().splitlines())
    return re.fullmatch(pattern, given) is not None


def execute(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command without input; its exit code, and what it printed to both outputs. Nothing it started survives."""
    with tempfile.TemporaryFile() as output:
        running = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = running.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            code = -1
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        output.seek(0)
        printed = output.read().decode("utf-8", "replace")
    return code, printed if code != -1 else f"{printed}\nstill running after {SECONDS} s; does it start a server?"


def last_lines(output: str) -> str:
    """The last three lines of an output in one."""
    return " | ".join(output.strip().splitlines()[-3:]) or "no output"
