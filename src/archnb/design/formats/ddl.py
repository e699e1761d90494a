"""SQL data definition: scripts and dumps of PostgreSQL, MySQL, SQLite and SQL Server as designs, designs as PostgreSQL."""

from __future__ import annotations

import re
from typing import get_args, Literal

from archnb.design.elements import Design
from archnb.design.formats._ddl_catalog import Catalog
from archnb.design.formats._ddl_design import design as as_design
from archnb.design.formats._ddl_replay import Walker, replay
from archnb.design.formats._ddl_statements import Script
from archnb.design.formats.base import Format


def read(text: str, file: str, dialect: str | None = None, *, native: bool = True) -> Design:
    from archnb.design.formats._ddl_postgres import PostgresWalker

    script = Script(text, dialect or "postgres")
    catalog = Catalog(file, dialect or "postgres", "public")
    replay(script, PostgresWalker(catalog, lambda: None), catalog)
    return as_design(catalog)
