"""Proof on a real database: a schema applied to a throw-away engine, which has the last word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from archnb.design.databases.base import Database, Limit
from archnb.design.formats import ddl
from archnb.design.reading import read_texts, recognise, text_of
from archnb.design.verdicts import Verdict
from archnb.errors import ReadError

ENGINES = ("auto", "sqlite", "postgres")
_UNPROVABLE = {"mysql": "MySQL", "tsql": "SQL Server"}
_SUFFIXES = (".sql", ".ddl")
_DOWN_FILE = re.compile(r"(?:^|[._-])(?:down|undo|rollback)(?:[._-]|$)|^U\d[\w.]*__", re.IGNORECASE)
_DOWN_MARK = re.compile(  # dbmate, goose and sql-migrate, MyBatis: what undoes the file follows
    r"^[ \t]*--[ \t]*(?:migrate:down\b|\+(?:goose|migrate)[ \t]+down\b|//[ \t]*@undo\b)",
    re.IGNORECASE | re.MULTILINE,
)


@cache
def databases() -> tuple[Database, ...]:
    """Every engine there is a module for."""
    import archnb.design.databases as folder
    from archnb.parts import collect

    return tuple(collect(folder, Database))


def verify(
    *paths: str | Path,
    text: str | None = None,
    engine: str = "auto",
    limit: Limit | None = None,
) -> tuple[Verdict, ...]:
    """What a real, throw-away engine says of a schema: files, folders of migrations, or ``text``.

    All SQL is applied in the order given to one new database; a folder stands for its migrations
    in the order of their numbers, without those that undo. ``engine`` is ``auto`` (by the dialect
    of the SQL), ``sqlite`` or ``postgres``. What cannot be proved here has a verdict with ``ok``
    None. Raises ``ReadError`` for a missing file, an unknown engine, or what is no schema.

    >>> [verdict] = verify(text="create table a (id integer primary key autoincrement);")
    >>> verdict.engine, verdict.ok
    ('SQLite', True)
    """
    files = [file for path in paths for file in schema_files(Path(path))]
    texts: dict[str, str] = {}
    for file in files:
        texts |= text_of(file)
    if text is not None:
        texts[""] = text
    return verify_texts(texts, engine=engine, limit=limit)


def verify_texts(
    texts: Mapping[str, str], *, engine: str = "auto", limit: Limit | None = None
) -> tuple[Verdict, ...]:
    """Like :func:`verify`, for texts by name, in order."""
    if engine not in ENGINES:
        raise ReadError(f"There is no engine {engine!r}.", hint=f"Use one of {', '.join(ENGINES)}.")
    kinds = {name: _kind(name, text, engine) for name, text in texts.items()}
    if "ddl" in kinds.values() and kinds.get("") == "":
        kinds[""] = "ddl"  # typed beside a script, it goes on with it
    if "" in kinds.values() or not kinds:
        name = next((name for name, kind in kinds.items() if not kind), "")
        raise ReadError(
            f"There is no schema in {name or 'it'} to prove.",
            hint="Give SQL (a file, a folder of migrations, or text) or an OpenAPI file.",
        )
    scripts = {name: texts[name] for name, kind in kinds.items() if kind == "ddl"}
    verdicts = _prove(scripts, engine, limit or Limit())
    verdicts += [
        _read_only(kind, name, texts[name]) for name, kind in kinds.items() if kind == "openapi"
    ]
    return tuple(verdicts)


def _kind(name: str, text: str, engine: str) -> str:
    """What can be done with a text: ``ddl``, ``openapi``, or "" (nothing).

    Where an engine is named, what is no OpenAPI is SQL: the engine says what it thinks of it.
    """
    known = recognise(name, text)
    kind = known.name if known and known.name in ("ddl", "openapi") else ""
    return kind or ("ddl" if engine != "auto" and text.strip() else "")


def schema_files(path: Path) -> list[Path]:
    """The path itself, or of a folder the SQL files that build a schema up, in order."""
    if not path.is_dir():
        return [path]
    found = [
        file
        for file in path.rglob("*")
        if file.suffix.lower() in _SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and not _DOWN_FILE.search(file.stem)
    ]
    if not found:
        raise ReadError(f"There is no SQL file in {path}.", hint="Name a folder of migrations.")
    return sorted(found, key=lambda file: _order(file.relative_to(path)))


def _order(path: Path) -> tuple[bool, list[tuple[int, str]]]:
    """V2 before V10; Flyway's repeatable scripts (``R__``) after all others."""
    parts = re.findall(r"\d+|\D+", path.as_posix().lower())
    natural = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
    return path.name.startswith("R__"), natural


def _prove(scripts: Mapping[str, str], engine: str, limit: Limit) -> list[Verdict]:
    groups: dict[str, dict[str, str]] = {}
    common = ddl.detect("\n".join(scripts.values()), " ".join(scripts)) if scripts else ""
    for name, text in scripts.items():
        dialect = engine
        if engine == "auto":  # a migration without signs of its own goes with the rest
            own = ddl.detect(text, name)
            dialect = own if own != "postgres" else common
        groups.setdefault(dialect, {})[name] = _upwards(text)
    known = {database.dialect: database for database in databases()}
    verdicts = []
    for dialect, group in groups.items():
        database = known.get(dialect)
        if database is None:
            reason = "archnb has no engine for this dialect; it was not translated to another"
            verdicts.append(Verdict(_UNPROVABLE.get(dialect, dialect), reason=reason))
        elif missing := database.missing():
            verdicts.append(Verdict(database.title, reason=missing))
        else:
            verdicts.append(database.prove(group, limit))
    return verdicts


def _upwards(text: str) -> str:
    """A migration without the part that undoes it."""
    mark = _DOWN_MARK.search(text)
    return text[: mark.start()] if mark else text


def _read_only(kind: str, name: str, text: str) -> Verdict:
    """What archnb's own reader says, which is no proof."""
    problems = read_texts({name: text}, format=kind).design.problems
    return Verdict(
        "OpenAPI",
        ok=False if problems else None,
        problems=problems,
        reason="" if problems else "archnb's reader finds no fault, and nothing else was asked",
        checked=f"{name or 'the text'}, read only",
    )
