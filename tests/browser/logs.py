"""A second change for the browser tests: one replacement in many files, with an exception, missed places and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.repository import Repository

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")
BASE, HEAD = "logs", "logs-agent"
CHECKS = """[check.words]
command = ["sh", "-c", "echo '<img src=x onerror=window.__pwned=4>'; ! grep -rn stack src"]

[check.slow]
command = ["sleep", "30"]
timeout = 60
"""


def module(name: str, call: str, extra: str = "") -> str:
    """A module with one function that logs."""
    return (
        f"import log\n\n\n# tells what {name} does\ndef {name}(x):\n"
        f'    log.{call}("{name} was called"{extra})\n    return x\n'
    )


def before() -> dict[str, str | bytes | None]:
    """`log.warn` in ten files, and two checks: one that the change breaks, one that takes its time."""
    modules: dict[str, str | bytes | None] = {f"src/logs/{name}.py": module(name, "warn") for name in NAMES}
    return modules | {"exosuit.toml": CHECKS}


def after() -> dict[str, str | bytes | None]:
    """`log.warning` in eight, in one of them with an argument more; one comment and one function are other too."""
    files: dict[str, str | bytes | None] = {
        f"src/logs/{name}.py": module(name, "warning", ", stack=True" if name == "theta" else "") for name in NAMES[:8]
    }
    alpha = module("alpha", "warning").replace("# tells", "# says")
    return files | {"src/logs/alpha.py": f"{alpha}\n\ndef more(y):\n    return y * 2\n"}


def build(repository: Repository) -> None:
    """Branch `logs` before and `logs-agent` after; `main` stays checked out."""
    repository.git("checkout", "--quiet", "-b", BASE)
    repository.commit("Modules that log", before())
    repository.git("checkout", "--quiet", "-b", HEAD)
    repository.commit("warn is warning now", after())
    repository.git("checkout", "--quiet", "main")
