"""The one registry that all commands of the distribution are written into, and that all faces read."""

from exosuit.core.registry import Registry

registry = Registry()
command = registry.command
