"""SQL data definition: scripts and dumps of four engines as designs, and designs as PostgreSQL."""

from __future__ import annotations

import re

from archnb.design.elements import Design
from archnb.design.formats.base import Format
from archnb.design.formats.ddl.catalog import Catalog
from archnb.design.formats.ddl.completion import complete
from archnb.design.formats.ddl.design import design as as_design
from archnb.design.formats.ddl.dialect import DIALECTS, detect, named
from archnb.design.formats.ddl.replay import Walker, replay
from archnb.design.formats.ddl.statements import Script
from archnb.design.formats.ddl.writing import write
from archnb.errors import ReadError

__all__ = ["DIALECTS", "FORMAT", "complete", "detect", "read", "recognise", "write"]

_DEFAULT_SCHEMA = {"postgres": "public", "mysql": "", "sqlite": "main", "tsql": "dbo"}
_DEFINES = re.compile(
    r"^[ \t]*(?:create|alter)\s+(?:or\s+replace\s+)?"
    r"(?:(?:temp\w*|unlogged|unique|foreign)\s+)*"
    r"(?:table|type|schema|view|index|domain|materialized\s+view)\s+[\w\"`\[]",
    re.IGNORECASE | re.MULTILINE,
)


def recognise(file: str, text: str) -> float:
    """Surely mine by its suffix, or where a line begins with CREATE TABLE or the like."""
    if file.lower().endswith((".sql", ".ddl")):
        return 1.0
    return 0.8 if _DEFINES.search(text[:200_000]) else 0.0


def read(text: str, file: str, dialect: str | None = None, *, native: bool = True) -> Design:
    """The tables, keys, indexes and types a script leaves behind, each with its line.

    The script is replayed in order; a statement that cannot be read is a ``Problem`` and costs
    nothing else. ``dialect`` is one of ``DIALECTS`` or an alias; where it is None, a comment
    ``-- dialect: NAME`` says it, or it is guessed. PostgreSQL is read by its own parser where that
    is installed, else (or with ``native`` False) through sqlglot's lexer. Raises ``ReadError`` for
    an unknown dialect only.
    """
    chosen = detect(text, file) if dialect is None else named(dialect)
    if not chosen:
        raise ReadError(
            f"{file}: there is no SQL dialect called {dialect}.",
            hint=f"Use one of {', '.join(DIALECTS)}.",
        )
    script = Script(text.replace("\ufeff", " ", 1) if text.startswith("\ufeff") else text, chosen)
    catalog = Catalog(file, chosen, _DEFAULT_SCHEMA[chosen])
    replay(script, _walker(catalog, native=native), catalog)
    return as_design(catalog)


def _walker(catalog: Catalog, *, native: bool) -> Walker:
    def lexed() -> Walker:
        from archnb.design.formats.ddl.sqlglot import SqlglotWalker

        return SqlglotWalker(catalog)

    if catalog.dialect != "postgres" or not native:
        return lexed()
    try:
        import postgast  # noqa: F401
    except ImportError:  # no wheel of its parser for this platform
        return lexed()
    from archnb.design.formats.ddl.postgres import PostgresWalker

    return PostgresWalker(catalog, lexed)


FORMAT = Format("ddl", (".sql", ".ddl"), recognise, read, write)
