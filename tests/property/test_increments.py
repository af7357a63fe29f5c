"""Laws of increments: whatever closed set is taken of generated Python files parses, and lacks no name."""

from __future__ import annotations

import ast
import builtins
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exosuit.changes.atoms import REGULAR
from exosuit.changes.decisions import ACCEPTED, Range
from exosuit.changes.materialize import materialize_file, sides
from exosuit.changes.shadow import Shadow
from exosuit.verify.increments.closure import Closure
from exosuit.verify.increments.increments import increments
from exosuit.verify.increments.model import Edge
from exosuit.verify.increments.order import condensed
from tests.property.nasty import Taken, Tree, taken_apart


@pytest.fixture(scope="module")
def shadow(tmp_path_factory: pytest.TempPathFactory) -> Shadow:
    return Shadow(tmp_path_factory.mktemp("increments") / "shadow.git")


SIMPLE = [
    "a = 1", "b = [\n    1,\n    2,\n]", "c = '''\nelse:\n  # text\n\n'''", "d = 1; e = 2", "f = 1 + \\\n    2",
    "# a comment", "", "pass", "g(\n    # inside\n    3\n)", "h = 4", "if a: b = 5", "\"\"\"else:\n\"\"\"",
]  # fmt: skip
OPENERS = [
    ["if x:"], ["if x:", "elif y:"], ["if x:", "elif y:", "elif z:", "else:"], ["if x:", "else:"], ["for i in x:"],
    ["while x:", "else:"], ["try:", "except A:"], ["try:", "except A:", "except B:", "else:", "finally:"],
    ["with x:"], ["with x, \\\n        y:"], ["class A:"], ["class A(\n    B,\n):"], ["@deco\nclass A:"],
    ["def m(self):"], ["@one\n@two(\n    1\n)\ndef m(self, *a):"], ["async def m():"], ["try:", "finally:"],
    ["match x:\n    case 1:"],
]  # fmt: skip


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """Lines of a block, without indentation of its own; never empty."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4 if depth else 6))):
        if depth < 3 and draw(st.integers(0, 2)) == 0:
            width = draw(st.sampled_from(["    ", "    ", "  "]))
            for clause in draw(st.sampled_from(OPENERS)):
                inner = width * 2 if clause.startswith("match") else width
                body = draw(blocks(depth + 1))
                lines += [*clause.split("\n"), *(indented(body, inner))]
        else:
            lines += draw(st.sampled_from(SIMPLE)).split("\n")
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lines):
        lines.append("pass")
    return lines


@st.composite
def classes(draw: st.DrawFn) -> list[str]:
    """A class whose methods may come after it, and others that may not."""
    lines = (
        ["@deco", "class A:"] if draw(st.integers(0, 4)) == 0 else [draw(st.sampled_from(["class A:", "class A(A):"]))]
    )
    for number in range(draw(st.integers(1, 4))):
        body = draw(blocks(2))
        kind = draw(st.sampled_from(["def", "def", "other"]))
        inside = [f"def m{number}(self):", *indented(body, "    ")] if kind == "def" else body
        lines += [*indented(inside, "    "), *draw(st.sampled_from([[], [""], ["", "    # a comment", ""]]))]
    return lines


def indented(lines: list[str], by: str) -> list[str]:
    """Lines moved to the right, those inside long strings too: what they say does not matter here."""
    return [by + line if line else line for line in lines]


@st.composite
def edits(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """Some lines left out, doubled, changed or swapped: most of the result does not parse, and is left out then."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    lines = list(lines)
    for _ in range(draw(st.integers(1, 4))):
        at, end = sorted(dice.choices(range(len(lines) + 1), k=2))
        end = min(end, at + 3)
        kind = dice.randrange(4)
        if kind == 0:
            del lines[at:end]
        elif kind == 1:
            lines[at:at] = lines[at:end]
        elif kind == 2:
            lines[at:end] = [line.replace("1", "7").replace("x", "xx") for line in lines[at:end]]
        else:
            lines[at:end] = indented(lines[at:end], "    ")
        lines = lines or ["pass"]
    return lines


def parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True


def joined(lines: list[str]) -> bytes:
    return "\n".join(lines).encode() + b"\n"


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Two sides of a Python file, both of which parse: a few edits apart, or with nothing but chance in common."""
    base = draw(blocks())
    way = draw(st.sampled_from(["edits", "chance", "class", "class"]))
    if way == "class":
        base, head = draw(st.permutations([base, [*base, *draw(classes()), *draw(blocks())]]))
    else:
        head = draw(edits(base)) if way == "edits" else draw(blocks())
    assume(parses(joined(base)) and parses(joined(head)))
    return joined(base), joined(head)


def closed_sets(taken: Taken, shadow: Shadow, seed: int) -> list[list[Range]]:
    """Every prefix of the order, and random closed sets."""
    found = increments(taken.change, shadow.blob)
    closure, dice = Closure(found), random.Random(seed)
    prefixes = [closure.atoms(range(length)) for length in range(len(found) + 1)]
    chances = [dice.random() for _ in range(12)]
    picked = [[at for at in range(len(found)) if dice.random() < chance] for chance in chances]
    return prefixes + [closure.atoms(closure.of(one)) for one in picked]


def with_(taken: Taken, shadow: Shadow, chosen: list[Range]) -> dict[bytes, bytes]:
    states = bytearray(taken.change.atoms)
    for first, end in chosen:
        states[first:end] = bytes([ACCEPTED]) * (end - first)
    tree = {path: data for path, (_, data) in taken.base.items()}
    for file in taken.change.files:
        first, end = taken.change.range_of(file)
        placed = materialize_file(file, *sides(file, shadow), states[first:end])
        tree.pop(file.old_path, None)
        if placed.data is not None:
            tree[placed.path] = placed.data
    return tree


@settings(max_examples=150, deadline=None)
@given(pair=files(), seed=st.integers(0, 2**32))
def test_every_closed_set_of_a_python_file_parses(shadow: Shadow, pair: tuple[bytes, bytes], seed: int) -> None:
    base, head = pair
    taken = taken_apart(shadow, {b"a.py": (REGULAR, base)}, {b"a.py": (REGULAR, head)})
    for chosen in closed_sets(taken, shadow, seed):
        data = with_(taken, shadow, chosen)[b"a.py"]
        assert parses(data), data.decode()


NAMES = [f"name{i}" for i in range(6)]
MODULES = ["alpha", "beta", "gamma"]


@st.composite
def packages(draw: st.DrawFn, homes: dict[str, str]) -> Tree:
    """Modules that define the names as `homes` says and use some others, with the imports that this takes."""
    tree: Tree = {}
    for module in MODULES:
        own = [name for name in NAMES if homes.get(name) == module]
        if not own and draw(st.booleans()):
            continue
        used = {name: draw(st.sets(st.sampled_from(sorted(homes)), max_size=2)) for name in own}
        wanted = sorted({one for names in used.values() for one in names if homes[one] != module})
        lines = [f"from pack.{homes[one]} import {one}" for one in wanted]
        if draw(st.booleans()):
            lines.insert(0, "import os")
        for name in own:
            calls = " + ".join(f"{one}()" for one in sorted(used[name])) or "0"
            lines += ["", "", f"def {name}():", f"    value = {calls}", f"    return value + {draw(st.integers(1, 3))}"]
        tree[f"pack/{module}.py".encode()] = (REGULAR, joined(lines))
    return tree


@st.composite
def package_pairs(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """Two states of a package between which definitions come, go and move."""
    homes = [
        {n: m for n in NAMES if (m := draw(st.sampled_from([*MODULES, ""])))} or {NAMES[0]: MODULES[0]} for _ in "bh"
    ]
    return draw(packages(homes[0])), draw(packages(homes[1]))


def lacking(tree: dict[bytes, bytes]) -> list[str]:
    """Names that a module uses and does not bind, or imports from one that does not bind them."""
    bound, used, wanted = {}, [], []
    for path, data in tree.items():
        module = path.decode().removesuffix(".py").replace("/", ".")
        nodes = list(ast.walk(ast.parse(data)))
        bound[module] = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        bound[module] |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                wanted += [(node.module or "", alias.name) for alias in node.names]
                bound[module] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Name) and node.id != "value":
                used.append((module, node.id))
    return [f"{m}.{name}" for m, name in used + wanted if name not in bound.get(m, set()) | set(dir(builtins))]


@settings(max_examples=150, deadline=None)
@given(pair=package_pairs(), seed=st.integers(0, 2**32))
def test_no_closed_set_of_a_package_lacks_a_name(shadow: Shadow, pair: tuple[Tree, Tree], seed: int) -> None:
    taken = taken_apart(shadow, *pair)
    assert not lacking({path: data for path, (_, data) in taken.head.items()})
    for chosen in closed_sets(taken, shadow, seed):
        tree = with_(taken, shadow, chosen)
        assert not lacking(tree), (tree, lacking(tree))


@given(st.integers(1, 30), st.data())
def test_increments_are_the_atoms_once_and_every_prefix_holds_what_it_needs(atoms: int, data: st.DataObject) -> None:
    numbers = st.integers(0, atoms - 1)
    edges = [Edge(a, b, "") for a, b in data.draw(st.lists(st.tuples(numbers, numbers), max_size=60))]
    found = condensed(atoms, edges)
    assert sorted(a for one in found for s, e in one.atoms for a in range(s, e)) == list(range(atoms))
    of = {a: one.id for one in found for s, e in one.atoms for a in range(s, e)}
    closure, place = Closure(found), {one.id: at for at, one in enumerate(found)}
    for edge in edges:
        needed, needing = place[of[edge.needs]], place[of[edge.atom]]
        assert needed <= needing and needed in closure.of([needing]) and needing in closure.above([needed])
    for at, one in enumerate(found):
        for name in one.after:
            rest = [place[other] for other in one.after if other != name]
            assert place[name] < at and place[name] not in closure.of(rest)
