"""The workspace itself."""

from __future__ import annotations

from exosuit import __version__
from exosuit.commands.models import Nothing
from exosuit.commands.registry import command
from exosuit.commands.review_models import WorkspaceShown
from exosuit.commands.session import Session
from exosuit.core.escapes import folder_text
from exosuit.core.registry import Effect


@command("workspace.show", effect=Effect.READ)
def show(session: Session, _ask: Nothing) -> WorkspaceShown:
    """Where you are: the folder, its branch and revision, how many changes it holds, and where their state is kept."""
    workspace = session.workspace
    repository = workspace.repository
    revision = repository.commit("HEAD")[:12] if repository and repository.has_commits() else ""
    return WorkspaceShown(
        root=folder_text(workspace.root),
        name=folder_text(workspace.root.name),
        git=repository is not None,
        branch=repository.branch() if repository else "",
        revision=revision,
        changes=len(workspace.store.ids()),
        state=folder_text(workspace.state),
        version=__version__,
    )
