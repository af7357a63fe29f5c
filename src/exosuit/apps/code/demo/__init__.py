"""The demo: a small library with a history, and a change on top such as an agent makes; docs/demo.md tells more."""

from exosuit.apps.code.demo.workspace import Demo, build, find

__all__ = ["Demo", "build", "find"]
