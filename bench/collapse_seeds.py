"""Operators applied to real Python files, with semantic edits hidden in them whose lines are written down."""

from __future__ import annotations

import ast
import builtins
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

Files = dict[str, str]
Where = set[tuple[str, int]]
"""Lines (path, number from 0)."""


@dataclass
class Seeded:
    """A base, a head, and what is known of them.

    `hidden_base` and `hidden_head` are lines of semantic edits; `missed` are lines of the base that the operator should
    have changed and was kept from; `exceptions` are lines of the head that it changed and that were then edited.
    """

    operator: str
    base: Files
    head: Files
    hidden_base: Where = field(default_factory=set)
    hidden_head: Where = field(default_factory=set)
    missed: Where = field(default_factory=set)
    exceptions: Where = field(default_factory=set)


def parses(text: str) -> bool:
    """Whether it is Python."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def statements(text: str) -> list[ast.stmt]:
    """Simple statements on a line of their own, docstrings left out."""
    lines = text.splitlines()
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign | ast.Return | ast.AugAssign | ast.Expr | ast.Assert | ast.Raise):
            alone = node.lineno == node.end_lineno and ";" not in lines[node.lineno - 1]
            whole = not lines[node.lineno - 1][: node.col_offset].strip()
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if alone and whole and not is_text and "#" not in lines[node.lineno - 1]:
                found.append(node)
    return sorted(found, key=lambda node: node.lineno)


def changed(line: str, rng: random.Random) -> str:
    """A line with one edit that changes what it means; the line itself where there is nothing to edit."""
    edits: list[tuple[str, str]] = [
        (r" == ", " != "), (r" \+ ", " - "), (r" and ", " or "), (r"\bnot ", ""), (r"\bTrue\b", "False"),
        (r"\bNone\b", f"{rng.randrange(10_000, 99_999)}"), (r"\b\d+\b", f"{rng.randrange(10_000, 99_999)}"),
        (r"\bself\.(\w+)", rf"self._{rng.randrange(1000)}\1"), (r"\((\w+), (\w+)\)", r"(\2, \1)"),
        (r"^(\s*)return (.+)$", rf"\1return [{rng.randrange(1000)}, \2]"), (r" in ", " not in "),
    ]  # fmt: skip
    rng.shuffle(edits)
    for pattern, new in edits:
        edited = re.sub(pattern, new, line, count=1)
        if edited != line:
            return edited
    return line


def hide(seeded: Seeded, rng: random.Random, count: int, among: Callable[[str, int], bool] | None = None) -> None:
    """Put `count` semantic edits into the head, on lines that `among` allows; their lines are noted."""
    places = [
        (path, node.lineno - 1)
        for path, text in seeded.head.items()
        if path.endswith(".py") and seeded.base.get(path) != text and parses(text)
        for node in statements(text)
        if among is None or among(path, node.lineno - 1)
    ]
    rng.shuffle(places)
    for path, line in places:
        if count <= 0:
            return
        if (path, line) in seeded.hidden_head:
            continue
        lines = seeded.head[path].splitlines(keepends=True)
        edited = changed(lines[line], rng)
        text = "".join([*lines[:line], edited, *lines[line + 1 :]])
        if edited != lines[line] and parses(text) and ast.dump(ast.parse(text)) != ast.dump(ast.parse("".join(lines))):
            seeded.head[path] = text
            seeded.hidden_head.add((path, line))
            count -= 1


def _over_lines(base: Files, change: Callable[[str, list[str]], list[str]]) -> Files:
    """Each Python file with its lines changed, where the result is still Python."""
    head = {}
    for path, text in base.items():
        made = "".join(change(path, text.splitlines(keepends=True))) if path.endswith(".py") else text
        head[path] = made if parses(made) or not path.endswith(".py") else text
    return head


def comments(base: Files, rng: random.Random) -> Seeded:
    """Comments written above some statements, and after some."""

    def change(path: str, lines: list[str]) -> list[str]:
        out = list(lines)
        for node in reversed(statements(base[path])):
            indent = lines[node.lineno - 1][: node.col_offset]
            if rng.random() < 0.1:
                out.insert(node.lineno - 1, f"{indent}# Note {rng.randrange(1000)} for readers\n")
            elif rng.random() < 0.1:
                out[node.lineno - 1] = out[node.lineno - 1].rstrip("\n") + f"  # see {rng.randrange(1000)}\n"
        return out

    return Seeded("comments", base, _over_lines(base, change))


def formatting(base: Files, rng: random.Random) -> Seeded:
    """Calls spread over lines, as a formatter would."""

    def change(path: str, lines: list[str]) -> list[str]:
        out = list(lines)
        for node in statements(base[path]):
            value = getattr(node, "value", None)
            line = out[node.lineno - 1]
            if isinstance(value, ast.Call) and value.args and not value.keywords and rng.random() < 0.5:
                indent = line[: node.col_offset]
                cut = value.args[0].col_offset
                last = value.end_col_offset or 0
                if line.isascii() and line[cut - 1] == "(" and line[last - 1] == ")":
                    out[node.lineno - 1] = f"{line[:cut]}\n{indent}    {line[cut : last - 1]}\n{indent}){line[last:]}"
        return out

    return Seeded("formatting", base, _over_lines(base, change))


def quotes(base: Files, rng: random.Random) -> Seeded:
    """Simple strings in the other quotes."""
    double = re.compile(r"(?<![\w\"'\\])\"([\w ./-]+)\"(?![\"'])")

    def change(path: str, lines: list[str]) -> list[str]:
        rows = {node.lineno - 1 for node in statements(base[path]) if rng.random() < 0.4}
        return [double.sub(r"'\1'", line) if i in rows and "'" not in line else line for i, line in enumerate(lines)]

    made = _over_lines(base, change)
    return Seeded("quotes", base, {p: t if _same_tree(t, base[p]) else base[p] for p, t in made.items()})


def _same_tree(a: str, b: str) -> bool:
    return a == b or ast.dump(ast.parse(a)) == ast.dump(ast.parse(b))


def local_names(base: Files, rng: random.Random) -> Seeded:
    """Locals of functions renamed; which names are local is told by the compiler's own tables."""
    import symtable

    head = dict(base)
    for path, text in base.items():
        if not path.endswith(".py"):
            continue
        tables = [symtable.symtable(text, path, "exec")]
        lines = [line.encode() for line in text.splitlines(keepends=True)]
        nodes = {(n.name, n.lineno): n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)}
        while tables:
            table = tables.pop()
            tables += table.get_children()
            node = nodes.get((table.get_name(), table.get_lineno()))
            if table.get_type() != "function" or node is None or table.get_children() or rng.random() < 0.5:
                continue
            source = ast.get_source_segment(text, node) or ""
            symbols = [s for s in table.get_symbols() if s.is_local() and not s.is_parameter()]
            words = [s.get_name() for s in symbols if not s.is_imported()]
            words = [
                w for w in words if not w.startswith("_") and len(re.findall(rf"['\"][^'\"\n]*\b{w}\b", source)) == 0
            ]
            if not words or re.search(r"locals|eval|exec|vars|dir|inspect|stack|compile|f['\"]|query|globals", source):
                continue
            old, new = words[0], f"{words[0]}_{rng.randrange(100, 999)}"
            uses = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == old]
            if any(isinstance(n, ast.ExceptHandler | ast.MatchAs) and n.name == old for n in ast.walk(node)):
                continue
            for use in sorted(uses, key=lambda n: (n.lineno, -n.col_offset)):
                row, at = use.lineno - 1, use.col_offset
                lines[row] = lines[row][:at] + new.encode() + lines[row][at + len(old.encode()) :]
        head[path] = b"".join(lines).decode()
    return Seeded("local names", base, head)


_SEES_ORDER = re.compile(r"globals|vars|locals|__dict__|dir\(|eval|exec|__module__|_getframe")


def order(base: Files, rng: random.Random) -> Seeded:
    """A top-level function and the next one in the other order, where nothing is evaluated when they are defined."""
    head = dict(base)
    for path, text in base.items():
        if not path.endswith(".py") or _SEES_ORDER.search(text):
            continue
        body = ast.parse(text).body
        pairs = [(a, b) for a, b in pairwise(body) if _plain(a) and _plain(b)]
        if pairs:
            first, second = rng.choice(pairs)
            lines = text.splitlines(keepends=True)
            a, b, c, d = first.lineno - 1, first.end_lineno or 0, second.lineno - 1, second.end_lineno or 0
            head[path] = "".join([*lines[:a], *lines[c:d], *lines[b:c], *lines[a:b], *lines[d:]])
    return Seeded("order", base, {path: text if parses(text) else base[path] for path, text in head.items()})


def _plain(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef) or node.decorator_list or node.args.defaults or node.args.kw_defaults:
        return False
    named = [a.annotation for a in node.args.args if a.annotation] + ([node.returns] if node.returns else [])
    simple = all(isinstance(one, ast.Name) and hasattr(builtins, one.id) for one in named)
    return simple and not node.name.startswith(("__", "test", "p_", "t_", "pytest_", "step", "task"))


def replacement(base: Files, rng: random.Random) -> Seeded:
    """A name replaced everywhere by a new one, some lines left out, some edited as well."""
    words: dict[str, int] = {}
    for path, text in base.items():
        if path.endswith(".py"):
            for word in re.findall(r"\b[a-z_]\w{4,}\b", text):
                words[word] = words.get(word, 0) + 1
    some = sorted(word for word, count in words.items() if 12 <= count <= 80)
    seeded = Seeded("replacement", base, dict(base))
    if not some:
        return seeded
    old, new = rng.choice(some), f"fresh_{rng.randrange(1000, 9999)}"
    places = [
        (path, i)
        for path, text in base.items()
        if path.endswith(".py")
        for i, line in enumerate(text.splitlines())
        if re.search(rf"\b{old}\b", line)
    ]
    seeded.missed = set(rng.sample(places, min(2, len(places) // 6)))
    for path in {path for path, _line in places}:
        lines = base[path].splitlines(keepends=True)
        for i, line in enumerate(lines):
            if (path, i) in places and (path, i) not in seeded.missed:
                lines[i] = re.sub(rf"\b{old}\b", new, line)
        seeded.head[path] = "".join(lines)
    touched = set(places) - seeded.missed
    hide(seeded, rng, 2, lambda path, line: (path, line) in touched)
    seeded.exceptions = set(seeded.hidden_head)
    return seeded


def moved(base: Files, rng: random.Random) -> Seeded:
    """Functions that use nothing but built-ins, moved from one file to a new one."""
    head = dict(base)
    for path, text in sorted(base.items()):
        if not path.endswith(".py") or "import *" in text:
            continue
        tree = ast.parse(text)
        future = "".join(line for line in text.splitlines(keepends=True) if line.startswith("from __future__"))
        bound = {name for n in tree.body for name in _bound(n)}
        for node in tree.body:
            if not _plain(node) or not isinstance(node, ast.FunctionDef) or (node.end_lineno or 0) - node.lineno < 4:
                continue
            if {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & bound:
                continue
            lines = text.splitlines(keepends=True)
            body = lines[node.lineno - 1 : node.end_lineno]
            head[path] = "".join(lines[: node.lineno - 1] + lines[node.end_lineno :])
            head[path.removesuffix(".py") + f"_moved_{rng.randrange(100)}.py"] = future + "".join(body)
            break
    whole = all(parses(text) for path, text in head.items() if path.endswith(".py"))
    return Seeded("move", base, head if whole else dict(base))


def _bound(node: ast.stmt) -> set[str]:
    """Names that stand in a top-level statement and may be the module's."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def wrapped(base: Files, rng: random.Random) -> Seeded:
    """The first argument of all calls of one function wrapped in another call, some places left out, some edited."""
    calls: dict[str, list[tuple[str, ast.Call]]] = {}
    for path, text in base.items():
        for node in ast.walk(ast.parse(text)) if path.endswith(".py") and text.isascii() else ():
            first = node.args[0] if isinstance(node, ast.Call) and node.args else None
            if isinstance(node, ast.Call) and first is not None and first.lineno == first.end_lineno:
                name = ast.unparse(node.func)
                if re.fullmatch(r"[\w.]+", name) and not isinstance(first, ast.Starred | ast.GeneratorExp):
                    calls.setdefault(name, []).append((path, node))
    seeded = Seeded("wrapper", base, dict(base))
    some = sorted(name for name, places in calls.items() if 12 <= len(places) <= 80)
    if not some:
        return seeded
    chosen = sorted(calls[rng.choice(some)], key=lambda place: (place[0], place[1].args[0].lineno))
    inner = {id(part) for _path, node in chosen for part in ast.walk(node) if part is not node}
    chosen = [(path, node) for path, node in chosen if id(node) not in inner]
    left = set(rng.sample(range(len(chosen)), min(2, len(chosen) // 6)))
    seeded.missed = {(chosen[at][0], chosen[at][1].lineno - 1) for at in left}
    outer, touched = f"fresh_{rng.randrange(1000, 9999)}", set()
    for at, (path, node) in sorted(enumerate(chosen), key=lambda one: (one[1][1].lineno, -one[1][1].col_offset)):
        first, row = node.args[0], node.args[0].lineno - 1
        if at not in left and (path, node.lineno - 1) not in seeded.missed:
            lines = seeded.head[path].splitlines(keepends=True)
            start, end, line = first.col_offset, first.end_col_offset or 0, lines[row]
            lines[row] = f"{line[:start]}{outer}({line[start:end]}){line[end:]}"
            seeded.head[path] = "".join(lines)
            touched.add((path, row))
    hide(seeded, rng, 2, lambda path, line: (path, line) in touched)
    seeded.exceptions = set(seeded.hidden_head)
    return seeded


def annotated(base: Files, rng: random.Random) -> Seeded:
    """Parameters and results of functions annotated, with names that have to be imported; defaults stay."""

    def change(path: str, lines: list[str]) -> list[str]:
        out, tree = list(lines), ast.parse(base[path])
        first = next((node for node in tree.body if isinstance(node, ast.Import)), None)
        kinds = ["int", "str", "None"] + (["typing.Any", "typing.Optional[int]"] if first else [])
        for node in ast.walk(tree):
            line = lines[node.lineno - 1] if isinstance(node, ast.FunctionDef) else ""
            if isinstance(node, ast.FunctionDef) and re.match(r"\s*def \w+\([\w, ]*\):$", line) and rng.random() < 0.5:
                names = re.sub(
                    r"\b(?!self\b|cls\b)(\w+)", lambda m: f"{m[0]}: {rng.choice(kinds)}", line.partition("(")[2][:-3]
                )
                out[node.lineno - 1] = f"{line.partition('(')[0]}({names}) -> {rng.choice(kinds)}:\n"
        if first and out != lines and not re.search(r"\btyping\b", base[path]):
            out[first.lineno - 1] = "import typing\n" + out[first.lineno - 1]
        return out

    return Seeded("annotations", base, _over_lines(base, change))


def literals(base: Files, rng: random.Random) -> Seeded:
    """f-strings of one field for `%` texts, which the base is given first; one place is left as it was."""
    found = re.compile(r"""(?<![\w"'\\])f(["'])([^"'%{}\\\n]*)\{([a-z_][\w.]*)\}([^"'%{}\\\n]*)\1(?=[\s),\]:]|$)""")
    seeded = Seeded("literals", dict(base), dict(base))
    places = []
    for path, text in base.items():
        lines = text.splitlines(keepends=True)
        for row in {node.lineno - 1 for node in statements(text)}:
            if len(found.findall(lines[row])) == 1:
                lines[row] = found.sub(r"(\1\2%s\4\1 % (\3,))", lines[row])
                places.append((path, row))
        seeded.base[path] = "".join(lines)
    if len(places) < 5 or not all(map(parses, seeded.base.values())):
        return Seeded("literals", base, dict(base))
    places.sort()
    for path, row in rng.sample(places, 1):
        seeded.missed.add((path, row))
        lines = seeded.head[path].splitlines(keepends=True)
        lines[row] = seeded.base[path].splitlines(keepends=True)[row]
        seeded.head[path] = "".join(lines)
    touched = set(places) - seeded.missed
    hide(seeded, rng, 1, lambda path, line: (path, line) in touched)
    seeded.exceptions = set(seeded.hidden_head)
    return seeded


def decorated(base: Files, rng: random.Random) -> Seeded:
    """A decorator put on all functions of a file that have none, one left out, another one put on one of them."""
    seeded = Seeded("decorators", base, dict(base))
    path = rng.choice(sorted(base))
    nodes = [node for node in ast.walk(ast.parse(base[path])) if isinstance(node, ast.FunctionDef)]
    plain = sorted(node.lineno for node in nodes if not node.decorator_list)
    if len(plain) < 6:
        return seeded
    left, odd = rng.sample(plain, 2)
    lines: list[str] = []
    for number, line in enumerate(base[path].splitlines(keepends=True), 1):
        if number in plain and number != left:
            if number == odd:
                seeded.hidden_head.add((path, len(lines)))
            lines.append(f"{line[: len(line) - len(line.lstrip())]}@fresh_{8 if number == odd else 7}\n")
        lines.append(line)
    seeded.head[path] = "".join(lines)
    seeded.missed, seeded.exceptions = {(path, left - 1)}, set(seeded.hidden_head)
    return seeded


def dead_code(base: Files, rng: random.Random) -> Seeded:
    """Functions that nothing names put into the base and removed; one of each file is named elsewhere, in a comment."""
    seeded = Seeded("dead code", dict(base), dict(base))
    some = rng.sample(sorted(base), 2)
    for path in some:
        names = [f"{word}{rng.randrange(1000, 9999)}" for word in ("gather", "spread", "keep")]
        texts = [f"\n\ndef {name}(a, b=None):\n    return [a, {rng.randrange(99)}]\n" for name in names]
        seeded.base[path] = base[path] + "".join(texts)
        other = next(one for one in sorted(base) if one not in some)
        seeded.base[other] += f"# {names[-1]}\n"
        seeded.head[other] = seeded.base[other]
        first = seeded.base[path].count("\n") - texts[-1].count("\n")
        seeded.hidden_base |= {(path, first + row) for row, line in enumerate(texts[-1].splitlines()) if line}
    return seeded


_SIGNATURES = (
    ("a, b, c=0", "{x}, {i}, c={y}", "a, c=0", "{x}, c={y}"),
    ("a, b, c=0", "{x}, {i}, c={y}", "a, b, d=0", "{x}, {i}, d={y}"),
    ("a, b, c", "{x}, {i}, {y}", "c, a, b", "{y}, {x}, {i}"),
)
"""Parameters and arguments, before and after."""


def signature(base: Files, rng: random.Random) -> Seeded:
    """A parameter of a function of the base removed, renamed or moved with the calls; one is left, one edited too."""
    seeded = Seeded("signature", dict(base), dict(base))
    old, called, new, after = rng.choice(_SIGNATURES)
    name, paths = f"fresh_{rng.randrange(1000, 9999)}", sorted(base)
    sides = ((seeded.base, old, called), (seeded.head, new, after))
    for side, parameters, _arguments in sides:
        side[paths[0]] += f"\n\ndef {name}({parameters}):\n    return a\n\n\n"
    count = rng.randrange(6, 16)
    odd, left = rng.sample(range(count), 2)
    for i in range(count):
        path, values = rng.choice(paths), {"x": f"left{i}", "y": f"right.get({i})", "i": rng.randrange(100)}
        rows = [f"print({name}({arguments.format(**values)}))\n" for _side, _parameters, arguments in sides]
        if i == left:
            seeded.missed.add((path, seeded.base[path].count("\n")))
            rows[1] = rows[0]
        if i == odd:
            seeded.hidden_head.add((path, seeded.head[path].count("\n")))
            rows[1] = rows[1].replace("left", "wrong")
        for side, row in zip((seeded.base, seeded.head), rows, strict=True):
            side[path] += row + "\n"
    seeded.exceptions = set(seeded.hidden_head)
    return seeded


def extracted(base: Files, rng: random.Random) -> Seeded:
    """What functions return given a name first; in some places only what is evaluated later, which counts as hidden."""
    seeded = Seeded("variables", base, dict(base))
    for path, text in base.items():
        lines = text.splitlines(keepends=True)
        inside = {
            part.lineno
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef) and not re.search(r"locals|eval|vars|super", ast.unparse(node))
            for part in ast.walk(node)
            if isinstance(part, ast.Return)
        }
        out, number = [], 0
        chosen = {n.lineno: n for n in statements(text) if n.lineno in inside and isinstance(n, ast.Return) and n.value}
        for row, line in enumerate(lines, 1):
            node = chosen.get(row)
            value = node.value if isinstance(node, ast.Return) else None
            if value is None or not line.isascii() or rng.random() < 0.4:
                out.append(line)
                continue
            number += 1
            late = isinstance(value, ast.BinOp | ast.Compare | ast.BoolOp) and rng.random() < 0.5
            last = {ast.BinOp: "right", ast.Compare: "comparators", ast.BoolOp: "values"}.get(type(value), "")
            found = getattr(value, last, value)
            part = (found[-1] if isinstance(found, list) else found) if late else value
            if late and isinstance(part, ast.expr) and line[part.col_offset - 1] == "(":
                late, part = False, value
            start, end = part.col_offset, part.end_col_offset
            if late:
                seeded.hidden_head |= {(path, len(out)), (path, len(out) + 1)}
            out.append(f"{line[: len(line) - len(line.lstrip())]}fresh_{number} = {line[start:end]}\n")
            out.append(f"{line[:start]}fresh_{number}{line[end:]}")
        seeded.head[path] = "".join(out) if parses("".join(out)) else text
        if seeded.head[path] == text:
            seeded.hidden_head = {place for place in seeded.hidden_head if place[0] != path}
    return seeded


OPERATORS: tuple[Callable[[Files, random.Random], Seeded], ...] = (
    comments, formatting, quotes, local_names, order, replacement, moved, wrapped, annotated, literals, decorated,
    dead_code, signature, extracted,
)  # fmt: skip


def composed(base: Files, rng: random.Random) -> Seeded:
    """Two operators, one after the other."""
    first = rng.choice((local_names, order))(base, rng)
    second = rng.choice((formatting, comments))(first.head, rng)
    return Seeded(f"{first.operator} + {second.operator}", base, second.head)
