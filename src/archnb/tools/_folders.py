"""The folders that a change would create, said in the title of its card."""

from __future__ import annotations

from dataclasses import replace

from archnb.permission.requests import Changes, Request
from archnb.workspace import Workspace


def with_folders(request: Request, workspace: Workspace) -> Request:
    """``request`` with the number of folders it would create, where it creates any."""
    if not isinstance(request.preview, Changes):
        return request
    created = {
        folder
        for diff in request.preview.diffs
        if diff.after is not None
        for folder in workspace.missing_folders(diff.path)
    }
    if not created:
        return request
    count = f"{len(created)} folder{'s' * (len(created) != 1)}"
    return replace(request, title=f"{request.title} (creates {count})")
