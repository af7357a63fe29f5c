"""A law of increments of JavaScript: no closed set of a package lacks a name that both of its ends have."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exosuit.changes.atoms import REGULAR
from exosuit.changes.shadow import Shadow
from tests.property.nasty import Tree, taken_apart
from tests.property.test_increments import closed_sets, joined, with_

NAMES = [f"name{i}" for i in range(6)]
MODULES = ["alpha.js", "beta.ts", "deep/gamma.mjs"]


@pytest.fixture(scope="module")
def shadow(tmp_path_factory: pytest.TempPathFactory) -> Shadow:
    return Shadow(tmp_path_factory.mktemp("increments") / "shadow.git")


def written(home: str, module: str) -> str:
    """How one module of the package names another."""
    return ("../" if module.startswith("deep/") else "./") + home


@st.composite
def packages(draw: st.DrawFn, homes: dict[str, str]) -> Tree:
    """Modules that export the names as `homes` says and use some others, with the imports that this takes."""
    tree: Tree = {}
    for module in MODULES:
        own = [name for name in NAMES if homes.get(name) == module]
        if not own and draw(st.booleans()):
            continue
        used = {name: draw(st.sets(st.sampled_from(sorted(homes)), max_size=2)) for name in own}
        wanted = sorted({one for names in used.values() for one in names if homes[one] != module})
        lines = [f"import {{ {one} }} from '{written(homes[one], module)}';" for one in wanted]
        late = draw(st.booleans())
        for name in own:
            calls = " + ".join(f"{one}()" for one in sorted(used[name])) or "0"
            body = [f"  const value = {calls};", f"  return value + {draw(st.integers(1, 3))};", "}"]
            lines += ["", f"{'' if late else 'export '}function {name}() {{", *body]
        lines += ["", *(f"export {{ {name} }};" for name in own if late)]
        tree[f"pack/{module}".encode()] = (REGULAR, joined(lines))
    return tree


@st.composite
def package_pairs(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """Two states of a package between which definitions come, go and move."""
    homes = [
        {n: m for n in NAMES if (m := draw(st.sampled_from([*MODULES, ""])))} or {NAMES[0]: MODULES[0]} for _ in "bh"
    ]
    return draw(packages(homes[0])), draw(packages(homes[1]))


def lacking(tree: dict[bytes, bytes]) -> list[str]:
    """Names that a module uses or exports and does not have, has twice, or imports and nobody exports."""
    texts = {path.decode().removeprefix("pack/"): data.decode() for path, data in tree.items()}
    exported = {module: set(re.findall(r"export (?:function |\{ )(\w+)", text)) for module, text in texts.items()}
    found = []
    for module, text in texts.items():
        imports = re.findall(r"import \{ (\w+) \} from '(?:\./|\.\./)(.+)'", text)
        found += [f"{module}: {name} of {home}" for name, home in imports if name not in exported.get(home, set())]
        has = re.findall(r"function (\w+)", text) + [name for name, _ in imports]
        found += [f"{module}: {name} twice" for name in set(has) if has.count(name) > 1]
        used = set(re.findall(r"(name\d)\(\)[ ;]", text)) | set(re.findall(r"export \{ (\w+)", text))
        found += [f"{module}: {name}" for name in used - set(has)]
    return found


@settings(max_examples=120, deadline=None)
@given(pair=package_pairs(), seed=st.integers(0, 2**32))
def test_no_closed_set_of_a_package_lacks_a_name(shadow: Shadow, pair: tuple[Tree, Tree], seed: int) -> None:
    taken = taken_apart(shadow, *pair)
    assert not lacking({path: data for path, (_, data) in taken.head.items()})
    for chosen in closed_sets(taken, shadow, seed):
        tree = with_(taken, shadow, chosen)
        assert not lacking(tree), (tree, lacking(tree))
