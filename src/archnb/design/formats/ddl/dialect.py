"""Which dialect of SQL a script is written in, guessed from its words."""

from __future__ import annotations

import re

DIALECTS = ("postgres", "mysql", "sqlite", "tsql")
_LOOKED_AT = 50_000  # characters: a dump shows its dialect in its first tables
_ALIASES = {
    "postgresql": "postgres", "pg": "postgres", "psql": "postgres", "mariadb": "mysql",
    "sqlite3": "sqlite", "mssql": "tsql", "sqlserver": "tsql", "transact": "tsql",
}  # fmt: skip
_DIRECTIVE = re.compile(
    r"^[ \t]*(?:--|#|/\*)\s*(?:archnb[: ]\s*)?dialect\s*[:=]\s*(\w+)", re.MULTILINE
)
_QUOTED = re.compile(r"'[^'\n]*'")
_COMMENT = re.compile(r"^[ \t]*(?:--|#|/?\*).*$", re.MULTILINE)
_SIGNS: dict[str, tuple[tuple[int, str], ...]] = {  # of lower-case text without its strings
    "postgres": (
        (5, r"\$\w*\$|plpgsql|^\\|create extension|search_path"),
        (4, r"::\w|serial\b|timestamptz|jsonb|bytea|owner to"),
        (3, r"as identity|comment on|public\.\w"),
        (3, r"with(?:out)? time zone|as enum|character varying|inherits\s*\("),
    ),
    "mysql": (
        (5, r"auto_increment|engine\s*=\s*\w|^delimiter |lock tables|/\*!\d+"),
        (4, r"`\w+`|unsigned|charset|character set\s*=?\s*utf8|enum\s*\(\s*''"),
        (2, r"mediumtext|tinyint|^[ \t]*(?:unique )?key \S+\s*\(|^use \w+\s*;"),
    ),
    "sqlite": (
        (6, r"autoincrement|^pragma|without rowid|sqlite_"),
        (3, r"\] integer|integer (?:not null )?primary key"),
        (2, r"\)\s*strict\b|datetime\s*\(''|collate nocase"),
    ),
    "tsql": (
        (6, r"^go\s*;?\s*$|\[dbo\]|dbo\.|identity\s*\(\s*\d|clustered"),
        (2, r"\[\w+\]|nvarchar|uniqueidentifier|getdate\s*\(|datetime2|n''"),
    ),
}
_NAMED = {
    "postgres": r"postgres|pg_dump",
    "mysql": r"mysql|mariadb",
    "sqlite": r"sqlite",
    "tsql": r"sql ?server|mssql|t-?sql",
}
_COMPILED = {
    dialect: tuple((weight, re.compile(sign, re.MULTILINE)) for weight, sign in signs)
    for dialect, signs in _SIGNS.items()
}


def named(dialect: str) -> str:
    """The dialect of that name or alias, or "" if it is none that is read."""
    name = dialect.strip().lower()
    name = _ALIASES.get(name, name)
    return name if name in DIALECTS else ""


def detect(text: str, file: str = "") -> str:
    """The dialect a script is most likely written in; ``-- dialect: NAME`` in it decides.

    >>> detect("create table a (id int auto_increment primary key)")
    'mysql'
    >>> detect("create table a (id bigint)")
    'postgres'
    """
    head = text[:_LOOKED_AT].lower()
    if (directive := _DIRECTIVE.search(head[:4000])) and (found := named(directive[1])):
        return found
    said = "\n".join([file.lower(), *_COMMENT.findall(head[:4000])])
    plain = _QUOTED.sub("''", head if "/*!" in head else _COMMENT.sub("", head))
    score = {
        dialect: sum(weight for weight, sign in signs if sign.search(plain))
        + 4 * bool(re.search(_NAMED[dialect], said))
        for dialect, signs in _COMPILED.items()
    }
    return max(
        DIALECTS, key=lambda dialect: score[dialect]
    )  # PostgreSQL comes first, and wins a tie
