"""An agent's to-do list as text and as HTML built by us."""

from __future__ import annotations

from collections.abc import Sequence

from archnb.conversation import Todo
from archnb.html import text_html, visible

_MARKS = {"pending": "☐", "in_progress": "▶", "completed": "☑", "cancelled": "☒"}


def todos_text(todos: Sequence[Todo]) -> str:
    """A line each: mark, words, and the state where the mark alone would say it."""
    lines = [f"{_MARKS[todo.status]} {todo.content}{_said(todo)}" for todo in todos]
    done = sum(todo.status == "completed" for todo in todos)
    return visible("\n".join([f"To do · {done} of {len(todos)} done", *lines]))


def todos_html(todos: Sequence[Todo]) -> str:
    """The same as a list; what is done or cancelled is struck through."""
    done = sum(todo.status == "completed" for todo in todos)
    items = "".join(
        f'<li style="list-style:none;{_style(todo)}">{_MARKS[todo.status]} '
        f"{text_html(todo.content)}{_said(todo)}</li>"
        for todo in todos
    )
    head = f"<strong>To do</strong> · {done} of {len(todos)} done"
    return f'<div>{head}<ul style="margin:2px 0;padding-left:8px">{items}</ul></div>'


def _said(todo: Todo) -> str:
    return {"in_progress": " (now)", "cancelled": " (cancelled)"}.get(todo.status, "")


def _style(todo: Todo) -> str:
    gone = todo.status in ("completed", "cancelled")
    return "text-decoration:line-through;opacity:.7" if gone else ""
