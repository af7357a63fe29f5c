"""Files that somebody's machine runs without being asked: builds, installs, pipelines, hooks, editors, agents."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from typing import Any

from exosuit.core.parsed import json_of, toml
from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.touch import Touch, each

KIND = "runs by itself"

_WHEN = {
    rb"(?:^|/)\.github/(?:workflows|actions)/.*\.ya?ml$": "in CI",
    rb"(?:^|/)(?:\.gitlab-ci\.ya?ml|\.travis\.ya?ml|azure-pipelines\.ya?ml|Jenkinsfile|appveyor\.ya?ml|\.drone\.ya?ml"
    rb"|\.cirrus\.ya?ml|bitbucket-pipelines\.ya?ml|\.circleci/config\.ya?ml|\.woodpecker/.*"
    rb"|\.buildkite/.*|cloudbuild\.ya?ml)$": "in CI",
    rb"(?:^|/)(?:GNUm|[Mm])akefile$|\.mk$|(?:^|/)[Jj]ustfile$|(?:^|/)Taskfile\.ya?ml$": "when a target is made",
    rb"(?:^|/)(?:tox\.ini|noxfile\.py)$": "when tests are run",
    rb"(?:^|/)conftest\.py$": "whenever tests are collected",
    rb"(?:^|/)\.pre-commit-config\.ya?ml$|(?:^|/)\.pre-commit-hooks\.ya?ml$|(?:^|/)lefthook\.ya?ml$": "at every commit",
    rb"(?:^|/)(?:\.husky|\.githooks|githooks|git-hooks)/": "at every commit",
    rb"(?:^|/)(?:site|user)customize\.py$": "at every start of Python",
    rb"\.pth$": "at every start of Python",
    rb"(?:^|/)\.devcontainer(?:/|\.json$)": "when the folder is opened in a container",
    rb"(?:^|/)\.vscode/(?:tasks|launch|settings)\.json$|\.code-workspace$": "in the editor of who opens the folder",
    rb"(?:^|/)\.idea/": "in the editor of who opens the folder",
    rb"(?:^|/)\.envrc$": "when a shell enters the folder",
    rb"(?:^|/)(?:\.npmrc|\.yarnrc(?:\.yml)?|pip\.conf|\.pypirc|\.bunfig\.toml)$": "when packages are installed",
    rb"(?:^|/)(?:Dockerfile|Containerfile)[^/]*$|(?:^|/)(?:docker-)?compose[^/]*\.ya?ml$": "when an image is made",
    rb"(?:^|/)(?:\.gitattributes|\.gitmodules|\.gitconfig)$": "when git reads the folder",
    rb"(?:^|/)(?:binding\.gyp|build\.rs|gradlew|build\.gradle(?:\.kts)?)$": "when the package is built",
    rb"(?:^|/)(?:\.mcp\.json|\.claude/settings[^/]*\.json|\.cursor/mcp\.json|\.vscode/mcp\.json|\.gemini/settings\.json"
    rb"|\.claude/hooks/.*)$": "when an agent opens the folder",
}  # fmt: skip
"""Paths, and when what is in them runs."""

_PLACES = [(re.compile(pattern), when) for pattern, when in _WHEN.items()]

_WRONG = {
    "what is downloaded is run at once":
    rb"\b(?:curl|wget|fetch)\b[^|\n]{0,300}\|\s*(?:sudo\s+)?(?:\w+=\S+\s+)*(?:ba|z|da|k)?sh\b"
    rb"|\b(?:ba|z)?sh\s+(?:-c\s+[\"']?\$\(|<\()\s*(?:curl|wget)|\beval\s+[\"']?\$\((?:curl|wget)"
    rb"|\b(?:curl|wget)\b[^|\n]{0,300}\|\s*(?:sudo\s+)?(?:python|perl|ruby|node)\d?\b",
    "what is run is written so that it cannot be read":
    rb"base64\s+(?:-d|-D|--decode)[^|\n]{0,200}\|\s*(?:ba|z)?sh\b|/dev/tcp/\d|\bnc\s+-e\b",
    "what a stranger wrote becomes part of a script":
    rb"\$\{\{[^}]{0,80}github\.(?:event\.(?:issue|pull_request|comment|review|discussion"
    rb"|head_commit|commits)\b[^}]{0,60}\b(?:title|body|ref|label|message|name|email)|head_ref)\b",
    "code of strangers runs with the secrets of the project": rb"^\s*-?\s*(?:on:\s*\[?.*)?\bpull_request_target\b",
    "every token may write everything": rb"^\s*permissions:\s*write-all\b",
    "it runs when the folder is opened": rb"\"runOn\"\s*:\s*\"folderOpen\"",
}  # fmt: skip
_WRONGS = [(re.compile(pattern), words) for words, pattern in _WRONG.items()]
_LOOSENED = re.compile(
    rb"^\s*continue-on-error:\s*true\b|\|\|\s*true\s*$|^\s*allow_failure:\s*true\b|--exit-zero\b|--no-verify\b"
)
_ELSEWHERE = re.compile(
    rb"(?i)(?:^|\s)(?:--)?(?:extra-)?index-url\b|^\s*(?:@[\w-]+:)?registry\s*=|--find-links\b|--trusted-host\b"
)
_INSTALLS = {"preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare", "prepublish", "prepack",
             "postpack",
             "dependencies", "preuninstall", "postuninstall"}  # fmt: skip
_NO_CODE = {"name", "version", "description", "long_description", "long_description_content_type", "author",
            "author_email",
            "maintainer", "maintainer_email", "url", "project_urls", "download_url", "license", "license_files",
            "classifiers",
            "keywords", "python_requires", "install_requires", "extras_require", "packages", "package_dir", "platforms",
            "tests_require", "include_package_data", "zip_safe", "package_data", "py_modules"}  # fmt: skip
_HOOKS = (
    ("build-system",), ("tool", "hatch", "build", "hooks"), ("tool", "hatch", "metadata", "hooks"),
    ("tool", "hatch", "build", "targets"), ("tool", "setuptools", "cmdclass"), ("tool", "setuptools", "ext-modules"),
    ("tool", "poetry", "build"), ("tool", "pdm", "build"), ("tool", "pdm", "scripts"), ("tool", "cibuildwheel"),
)  # fmt: skip


def executes(material: Material) -> list[Evidence]:
    """Changes of what runs on machines of others."""
    return each(material.files, KIND, _of_file)


def _of_file(touch: Touch) -> Iterator[Evidence]:
    name = touch.path.rpartition(b"/")[2]
    if name == b"setup.py":
        yield from _setup(touch)
    elif name == b"pyproject.toml":
        yield from _project(touch)
    elif name == b"setup.cfg":
        yield from _setup_cfg(touch)
    elif name == b"package.json":
        yield from _package(touch)
    else:
        when = next((when for pattern, when in _PLACES if pattern.search(touch.path)), "")
        lines = [
            line for line, text in touch.new_lines() if text.strip() and not text.lstrip().startswith((b"#", b"//"))
        ]
        if when and lines:
            newly = "New: " if not touch.file.base else ""
            yield touch.evidence(KIND, "unknown", f"{newly}{touch.name} runs {when}.", head=lines)
    if name in (b"package.json", b"setup.py") or name.endswith((b".sh", b".bash", b".pth")) or _runs(touch.path):
        yield from _wrong(touch)


def _runs(path: bytes) -> bool:
    return any(pattern.search(path) for pattern, _when in _PLACES)


def _wrong(touch: Touch) -> Iterator[Evidence]:
    """Lines that are dangerous wherever they run."""
    gone = {touch.file.base_lines[line].strip() for line in touch.removed}
    for line, text in touch.new_lines():
        if text.strip() in gone or text.lstrip().startswith(b"#") or len(text) > 20_000:
            continue
        where = f"{touch.name}:{line + 1}"
        for pattern, words in _WRONGS:
            if pattern.search(text):
                yield touch.evidence(KIND, "against", f"{where}: {words}.", head=[line])
        if touch.path.endswith(b".pth") and text.startswith((b"import ", b"import\t")):
            yield touch.evidence(KIND, "against", f"{where} runs code at every start of Python.", head=[line])
        if _LOOSENED.search(text):
            yield touch.evidence(KIND, "differs", f"{where}: a failure there no longer counts.", head=[line])
        if _ELSEWHERE.search(text):
            yield touch.evidence(KIND, "differs", f"{where}: packages come from another place.", head=[line])


def _setup(touch: Touch) -> Iterator[Evidence]:
    """What setup.py does beside stating what the package is."""
    source = touch.file.head_source
    if source is None:
        lines = list(touch.added)
    else:
        aside: set[int] = set()
        for index in touch.new_statements:
            statement = source.statements[index]
            call: Any = getattr(statement.node, "value", None)
            if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) == "setup":
                start = statement.start - call.lineno + 1
                for one in call.keywords:
                    if one.arg in _NO_CODE:
                        aside |= set(range(start + one.value.lineno - 1, start + (one.value.end_lineno or 0)))
        lines = [line for line in touch.added if line not in aside and touch.file.head_lines[line].strip()]
    if lines:
        title = f"{touch.name} runs when the package is built or installed."
        yield touch.evidence(KIND, "unknown", title, head=lines)


def _project(touch: Touch) -> Iterator[Evidence]:
    """Parts of pyproject.toml that name code to run at a build."""
    before, after = _toml(touch.file.base), _toml(touch.file.head)
    if before is None or after is None:
        return
    for steps in _HOOKS:
        old, new = _inside(before, steps), _inside(after, steps)
        if steps == ("tool", "hatch", "build", "targets"):
            old, new = _only_hooks(old), _only_hooks(new)
        if steps == ("build-system",):
            old, new = _backend(old), _backend(new)
        if new is not None and old != new:
            lines = _table(touch, ".".join(steps))
            title = f"[{'.'.join(steps)}] of {touch.name} says what runs when the package is built."
            yield touch.evidence(KIND, "unknown", title, head=lines)


def _backend(table: Any) -> Any:
    """Which backend builds; what it requires is for the detector of dependencies."""
    return {name: value for name, value in table.items() if name != "requires"} if isinstance(table, dict) else None


def _only_hooks(targets: Any) -> Any:
    if not isinstance(targets, dict):
        return None
    found = {name: one["hooks"] for name, one in targets.items() if isinstance(one, dict) and "hooks" in one}
    return found or None


def _toml(data: bytes) -> dict[str, Any] | None:
    try:
        return toml(data)
    except ValueError:
        return None


def _inside(table: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        table = table.get(step) if isinstance(table, dict) else None
    return table


def _table(touch: Touch, name: str) -> list[int]:
    """The added lines of a table of TOML and of those below it."""
    found, here = [], False
    for line, text in enumerate(touch.file.head_lines):
        if text.lstrip().startswith(b"["):
            here = text.strip().strip(b"[]").startswith(name.encode())
        if here and line in touch.added:
            found.append(line)
    return found


def _setup_cfg(touch: Touch) -> Iterator[Evidence]:
    """Commands that setup.cfg puts in place of those of the build."""
    parsed = []
    for data in (touch.file.base, touch.file.head):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(data.decode("utf-8"))
        except (configparser.Error, UnicodeDecodeError):
            return
        parsed.append({s: dict(parser[s]) for s in parser.sections()})
    old, new = ({**one.get("options", {}), **one.get("global", {})} for one in parsed)
    for name in ("cmdclass", "command_packages", "setup_hooks", "py_modules"):
        if name in new and new[name] != old.get(name):
            lines = [line for line, text in touch.new_lines() if name.encode() in text]
            title = f"{touch.name} names code that runs when the package is built: {name}."
            yield touch.evidence(KIND, "unknown", title, head=lines)


def _package(touch: Touch) -> Iterator[Evidence]:
    """Scripts of package.json that run at an install."""
    try:
        before = json_of(touch.file.base or b"{}")
        after = json_of(touch.file.head or b"{}")
    except ValueError:
        return
    old, new = (_inside(one, ("scripts",)) or {} for one in (before, after))
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    for name, script in new.items():
        if name in _INSTALLS and old.get(name) != script:
            lines = [line for line, text in touch.new_lines() if f'"{name}"'.encode() in text]
            title = (
                f"`{name}` of {touch.name} {'runs' if name not in old else 'now runs something else'} at an install."
            )
            yield touch.evidence(KIND, "differs", title, head=lines, detail=str(script)[:200])
