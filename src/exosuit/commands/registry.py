"""The one registry that all commands of the distribution are written into, and that all faces read."""

from exosuit.core.registry import Registry

registry = Registry()
command = registry.command


def load() -> Registry:
    """The registry with every command in it (importing the modules is what registers them)."""
    from exosuit.commands import change, decide, file, review, workspace  # noqa: F401

    return registry
