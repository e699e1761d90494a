"""The tables a script has made so far, under which names, and what could not be followed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from archnb.design.elements import (
    NOWHERE,
    Check,
    Column,
    DataType,
    Index,
    Problem,
    Source,
)
from archnb.design.formats.ddl.names import derived, quote

Address = tuple[str, str]  # schema ("" is the default one) and name
MOST_PROBLEMS = 200  # a file that is no SQL at all shall not answer with as many lines as it has


@dataclass(slots=True, eq=False)
class Reference:
    """A foreign key; ``target`` is the table itself once known, so that renames are followed."""

    columns: tuple[str, ...]
    target: Table | Address
    target_columns: tuple[str, ...]
    name: str
    on_delete: str
    source: Source


@dataclass(slots=True, eq=False)
class Table:
    """A table, view or index carrier in its present state; columns are kept by folded name."""

    schema: str
    name: str
    kind: str = "table"
    columns: dict[str, Column] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    key_name: str = ""
    indexes: list[Index] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    parents: list[Table] = field(default_factory=list)
    children: list[Table] = field(default_factory=list)
    comment: str = ""
    temporary: bool = False
    partitioning: str = ""
    source: Source = NOWHERE
    end: int = 0

    @property
    def address(self) -> Address:
        return self.schema, self.name

    @property
    def qualified(self) -> str:
        return qualified(self.address)


def type_name(address: Address) -> str:
    """A user's type as format_type() has it: with its schema unless that is the default one."""
    return ".".join(quote(part) for part in address if part)


def qualified(address: Address) -> str:
    """``schema.name``, or the bare name in the default schema."""
    return ".".join(part for part in address if part)


class Tables:
    """Everything a script has made so far, in one dialect.

    ``default`` is the schema that is written as ""; ``path`` is where unqualified names are looked
    for, and the first of it where they are made.
    """

    def __init__(self, file: str, dialect: str, default: str) -> None:
        self.file, self.dialect, self.default = file, dialect, default
        self.path: tuple[str, ...] = ("",)
        self.tables: dict[Address, Table] = {}
        self.types: dict[Address, DataType] = {}
        self.rows: dict[Address, dict[str, Column]] = {}  # composite types
        self.problems: list[Problem] = []
        self._names: dict[str, set[str]] = {}
        self._waiting: dict[Address, list[Reference]] = {}  # for tables that are yet to come

    # names

    def fold(self, name: str) -> str:
        """A name to compare by: outside PostgreSQL, case does not tell names apart."""
        return name if self.dialect == "postgres" else name.casefold()

    def schema(self, name: str) -> str:
        return "" if self.fold(name) == self.fold(self.default) else name

    def address(self, schema: str, name: str) -> Address:
        """Where a new table or type of that name lands."""
        return self.schema(schema) if schema else self.path[0], name

    def search(self, schema: str, name: str) -> list[Address]:
        """Where a name is looked for, in order."""
        return (
            [self.address(schema, name)]
            if schema
            else [(place, name) for place in (*self.path, "")]
        )

    def find(self, schema: str, name: str) -> Table | None:
        found = (self.tables.get(self._folded(place)) for place in self.search(schema, name))
        return next((table for table in found if table), None)

    def find_type(self, schema: str, name: str) -> Address | None:
        return next((place for place in self.search(schema, name) if place in self.types), None)

    def known(self, schema: str, name: str, source: Source, *, quiet: bool = False) -> Table | None:
        """The table, or None and a problem that says it is missing."""
        table = self.find(schema, name)
        if table is None and not quiet:
            shown = ".".join(part for part in (schema, name) if part)
            self.problem(
                source,
                f"{shown} is not defined in this text, so this statement changes nothing here",
            )
        return table

    def problem(self, source: Source, message: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(source, message))

    def _folded(self, address: Address) -> Address:
        return self.fold(address[0]), self.fold(address[1])

    def claim(self, table: Table, columns: Iterable[str], label: str, name: str) -> str:
        """``name``, or the one the engine would give where it has a rule; taken from now on."""
        taken = self._names.setdefault(table.schema, set())
        if not name and self.dialect == "postgres":
            name = derived(table.name, columns, label, taken)
        elif not name and self.dialect == "mysql" and label == "fkey":
            name = f"{table.name}_ibfk_{len(table.references) + 1}"
        elif not name and self.dialect == "mysql":
            name = next(iter(columns), "")
        taken.add(name)
        return name

    def free(self, table: Table, name: str) -> None:
        self._names.setdefault(table.schema, set()).discard(name)

    # tables

    def create(self, table: Table) -> bool:
        """Add a table; one that is there already stays, and the second is told as a problem."""
        place = self._folded(table.address)
        if place in self.tables:
            first = self.tables[place].source.line
            self.problem(
                table.source,
                f"{table.qualified} is already there (line {first}); this one is left out",
            )
            return False
        self.tables[place] = table
        for reference in self._waiting.pop(place, ()):
            reference.target = table
        return True

    def bind(self, reference: Reference) -> None:
        """Tie a reference to its table, now or as soon as that is made."""
        if isinstance(reference.target, tuple):
            schema, name = reference.target
            if table := self.find(schema, name):
                reference.target = table
            else:
                place = self._folded(self.address(schema, name))
                self._waiting.setdefault(place, []).append(reference)

    def drop(self, table: Table) -> None:
        """Remove a table, what depends on it, and its partitions and heirs."""
        for child in list(table.children):
            self.drop(child)
        for parent in table.parents:
            parent.children.remove(table)
        self.tables.pop(self._folded(table.address), None)
        names = [index.name for index in table.indexes] + [check.name for check in table.checks]
        for name in [*names, *(reference.name for reference in table.references), table.key_name]:
            self.free(table, name)
        for other, reference in self.referring(table):
            other.references.remove(reference)

    def drop_schema(self, name: str) -> None:
        place = self.schema(name)
        for table in [table for table in self.tables.values() if table.schema == place]:
            if self._folded(table.address) in self.tables:
                self.drop(table)
        for address in [address for address in self.types if address[0] == place]:
            del self.types[address]

    def rename_schema(self, old: str, new: str) -> None:
        place = self.schema(old)
        for table in [table for table in self.tables.values() if table.schema == place]:
            self.move(table, schema=new)

    def move(self, table: Table, *, schema: str | None = None, name: str | None = None) -> None:
        """Rename a table, or put it into another schema; the order of definition stays."""
        old = self._folded(table.address)
        table.schema = table.schema if schema is None else self.schema(schema)
        table.name = name or table.name
        new = self._folded(table.address)
        self.tables = {
            new if place == old else place: value for place, value in self.tables.items()
        }

    def add_value(self, address: Address, value: str, neighbour: str, *, after: bool) -> None:
        """A new value of an enum, beside ``neighbour`` or at the end."""
        values = list(self.types[address].values)
        if value not in values:
            at = values.index(neighbour) + after if neighbour in values else len(values)
            values.insert(at, value)
        self.types[address] = replace(self.types[address], values=tuple(values))

    def rename_value(self, address: Address, old: str, new: str) -> None:
        values = (new if value == old else value for value in self.types[address].values)
        self.types[address] = replace(self.types[address], values=tuple(values))

    def referring(self, table: Table) -> list[tuple[Table, Reference]]:
        return [
            (other, reference)
            for other in self.tables.values()
            for reference in other.references
            if reference.target is table
        ]
