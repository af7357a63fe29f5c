"""Every command there is: importing the modules is what writes them into the registry."""

from exosuit.commands import change, check, decide, file, groups, missed, model, plan, review, stand, workspace  # noqa: F401
from exosuit.commands.registry import registry
from exosuit.core.registry import Registry


def load() -> Registry:
    """The registry with every command in it."""
    return registry
