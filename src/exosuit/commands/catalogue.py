"""Every command there is: importing the modules is what writes them into the registry."""

from exosuit.commands import (  # noqa: F401
    change,
    check,
    decide,
    evidence,
    file,
    groups,
    missed,
    model,
    order,
    plan,
    report,
    review,
    stand,
    usage,
    workspace,
)
from exosuit.commands.registry import registry
from exosuit.core.registry import Registry


def load() -> Registry:
    """The registry with every command in it."""
    return registry
