"""What stands in a cell's text besides words: ``@path``, ``@agent`` and ``{{variable}}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from archnb.errors import CellError
from archnb.workspace import Workspace

# A reference starts a word; `a@b.c` and `user@host` are none.
REFERENCE = re.compile(r"(?<![\w@./`'\"])@(?:\"([^\"\n]+)\"|([\w./\\~*-]*[\w/*]))")
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.DOTALL | re.MULTILINE)
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


def references(text: str) -> list[str]:
    """The paths and names behind each ``@`` outside code blocks, in order, each once.

    >>> references("Review @db/schema.sql and @compose.yaml, ask ops@example.org")
    ['db/schema.sql', 'compose.yaml']
    """
    outside = _FENCE.sub("", text)
    return list(dict.fromkeys(quoted or bare for quoted, bare in REFERENCE.findall(outside)))


def check_references(text: str, workspace: Workspace, agents: Collection[str]) -> None:
    """Raise :class:`CellError` where an ``@`` that looks like a path names nothing."""
    for name in references(text):
        if name in agents or not re.search(r"[./]", name):
            continue  # an agent, or a word such as @Entity that is nobody's business
        if not workspace.resolve(name).exists():
            raise CellError(
                f"@{name} names no file or folder of the workspace {workspace.root}, and no agent.",
                hint="Complete the name with Tab, or write it without @.",
            )


def insert_variables(text: str, lookup: Callable[[str], str | None]) -> str:
    """``{{name}}`` replaced by what ``lookup`` says of it; left as it stands where that is None."""

    def value(match: re.Match[str]) -> str:
        found = lookup(match[1])
        return match[0] if found is None else found

    return _VARIABLE.sub(value, text)
