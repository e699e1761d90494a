"""The columns, keys and indexes of tables while a script is replayed: one method per effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archnb.design.elements import Check, Column, Index, Source
from archnb.design.formats.ddl.tables import Address, Reference, Table, Tables, type_name


class Catalog(Tables):
    """Everything a script has made so far, in one dialect."""

    def inherit(self, child: Table, parent: Table, *, partition: bool) -> None:
        """Make ``child`` an heir (columns, checks), or a partition (keys and indexes too).

        Foreign keys stay with the parent: what PostgreSQL gives its partitions of them are shadows.
        """
        if child in self.family(parent, only=False) or parent in self.family(child, only=False):
            self.problem(child.source, f"{child.qualified} cannot inherit from {parent.qualified}")
            return
        child.parents.append(parent)
        parent.children.append(child)
        own = dict(child.columns)
        child.columns = {}
        for name, column in parent.columns.items():
            kept = own.pop(name, column)
            nullable = kept.nullable and column.nullable
            child.columns[name] = replace(kept, type=kept.type or column.type, nullable=nullable)
        child.columns |= own
        names = {check.name for check in child.checks}
        child.checks += [check for check in parent.checks if check.name not in names]
        if partition:
            child.kind = "partition"
            if parent.key and not child.key:
                self.add_key(child, parent.key, "", child.source)
            for index in parent.indexes:
                self._share(child, index)

    def detach(self, child: Table, parent: Table) -> None:
        if parent in child.parents:
            child.parents.remove(parent)
            parent.children.remove(child)
            child.kind = "table" if child.kind == "partition" else child.kind

    def family(self, table: Table, *, only: bool) -> list[Table]:
        """The table, and unless ``only`` everything below it, each once."""
        found = [table]
        seen = {table}
        for one in () if only else found:
            below = [child for child in one.children if child not in seen]
            found += below
            seen.update(below)
        return found

    # columns

    def column(self, table: Table, name: str) -> Column | None:
        return table.columns.get(self.fold(name))

    def add_column(self, table: Table, column: Column) -> None:
        for one in self.family(table, only=False):
            one.columns.setdefault(self.fold(column.name), column)

    def set_column(self, table: Table, column: Column) -> None:
        table.columns[self.fold(column.name)] = column

    def rename_type(self, old: Address, name: str) -> None:
        """Rename a type, in the columns that are of it too."""
        self.types[old[0], name] = replace(self.types.pop(old), name=name)
        before, after = type_name(old), type_name((old[0], name))
        for table in self.tables.values():
            for column in list(table.columns.values()):
                if column.type.removesuffix("[]") == before:
                    self.set_column(table, replace(column, type=column.type.replace(before, after)))

    def drop_column(self, table: Table, name: str) -> None:
        for one in self.family(table, only=False):
            one.columns.pop(self.fold(name), None)
            one.key = () if name in one.key else one.key
            one.indexes = [index for index in one.indexes if name not in index.columns]
            one.checks = [check for check in one.checks if name not in check.columns]
            one.references = [
                reference for reference in one.references if name not in reference.columns
            ]
        for other, reference in self.referring(table):
            if name in reference.target_columns:
                other.references.remove(reference)

    def rename_column(self, table: Table, old: str, new: str) -> None:
        def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(new if name == old else name for name in names)

        for one in self.family(table, only=False):
            one.columns = {
                self.fold(new) if place == self.fold(old) else place: replace(column, name=new)
                if place == self.fold(old)
                else column
                for place, column in one.columns.items()
            }
            one.key = renamed(one.key)
            one.indexes = [replace(index, columns=renamed(index.columns)) for index in one.indexes]
            one.checks = [replace(check, columns=renamed(check.columns)) for check in one.checks]
            for reference in one.references:
                reference.columns = renamed(reference.columns)
        for _, reference in self.referring(table):
            reference.target_columns = renamed(reference.target_columns)

    def named(self, table: Table, columns: Iterable[str]) -> tuple[str, ...]:
        """Column names as their definitions spell them."""
        return tuple(
            found.name if (found := self.column(table, name)) else name for name in columns
        )

    # constraints and indexes

    def add_key(self, table: Table, columns: Sequence[str], name: str, source: Source) -> None:
        if table.key:
            self.problem(
                source, f"{table.qualified} has a primary key already; this second one is left out"
            )
            return
        table.key = self.named(table, columns)
        table.key_name = self.claim(table, (), "pkey", name)
        for column in filter(None, (self.column(table, column) for column in table.key)):
            self.set_column(table, replace(column, nullable=False))

    def add_index(
        self, table: Table, index: Index, label: str = "idx", *, only: bool = False
    ) -> None:
        """Add an index or what stands behind a UNIQUE (``label`` "key") or EXCLUDE ("excl")."""
        columns = self.named(table, index.columns)
        parts = [_part(column) for column in columns]
        table.indexes.append(
            replace(index, columns=columns, name=self.claim(table, parts, label, index.name))
        )
        for child in () if only else table.children:
            if child.kind == "partition":
                self._share(child, replace(index, columns=columns), label)

    def _share(self, child: Table, index: Index, label: str = "") -> None:
        """Give a partition its own copy of an index, unless it has one that is equal."""
        same = [
            own
            for own in child.indexes
            if (own.columns, own.unique, own.where) == (index.columns, index.unique, index.where)
        ]
        if not same:
            self.add_index(child, replace(index, name=""), label or origin(index))

    def add_check(self, table: Table, check: Check) -> None:
        columns = self.named(table, check.columns)
        name = self.claim(table, columns if len(columns) == 1 else (), "check", check.name)
        for one in self.family(table, only=False):
            if all(
                known.name != name or not name for known in one.checks
            ):  # an heir may state it again
                one.checks.append(replace(check, name=name, columns=columns))

    def add_reference(self, table: Table, reference: Reference) -> None:
        reference.columns = self.named(table, reference.columns)
        reference.name = self.claim(table, reference.columns, "fkey", reference.name)
        self.bind(reference)
        table.references.append(reference)

    def drop_constraint(self, table: Table, name: str, *, only: bool = False) -> bool:
        """Remove the constraint (or index) of that name; False where there is none."""
        found = False
        for one in self.family(table, only=only):
            before = len(one.indexes), len(one.checks), len(one.references), one.key
            one.indexes = [
                index for index in one.indexes if self.fold(index.name) != self.fold(name)
            ]
            one.checks = [check for check in one.checks if self.fold(check.name) != self.fold(name)]
            one.references = [
                each for each in one.references if self.fold(each.name) != self.fold(name)
            ]
            if one.key and self.fold(one.key_name) == self.fold(name):
                one.key, one.key_name = (), ""
            found = found or before != (
                len(one.indexes),
                len(one.checks),
                len(one.references),
                one.key,
            )
        self.free(table, name)
        return found

    def rename_constraint(self, table: Table, old: str, new: str) -> None:
        self.free(table, old)
        self.claim(table, (), "", new)
        for one in self.family(table, only=False):
            one.indexes = [
                replace(index, name=new) if index.name == old else index for index in one.indexes
            ]
            one.checks = [
                replace(check, name=new) if check.name == old else check for check in one.checks
            ]
            for reference in one.references:
                reference.name = new if reference.name == old else reference.name
            one.key_name = new if one.key_name == old else one.key_name

    def holder(self, schema: str, index: str) -> Table | None:
        """The table that has an index of that name."""
        places = {place[0] for place in self.search(schema, index)}
        return next(
            (
                table
                for table in self.tables.values()
                if table.schema in places
                and (
                    table.key_name == index
                    or any(self.fold(own.name) == self.fold(index) for own in table.indexes)
                )
            ),
            None,
        )

    def promote(
        self, table: Table, index: str, name: str, source: Source, *, primary: bool
    ) -> None:
        """Make an existing unique index a constraint, which also renames it."""
        found = next((own for own in table.indexes if own.name == index), None)
        if found is None:
            self.problem(source, f"{table.qualified} has no index {index}")
        elif primary:
            table.indexes.remove(found)
            self.free(table, index)
            self.add_key(table, found.columns, name or index, source)
        else:
            self.rename_constraint(table, index, name or index)


def _part(column: str) -> str:
    """What an index column adds to a derived name: an expression its function, or ``expr``."""
    if not column.startswith("("):
        return column
    head = column[1:].split("(", 1)[0].strip()
    return head if head.isidentifier() and "(" in column[1:] else "expr"


def origin(index: Index) -> str:
    """Whether a constraint ("key") or CREATE INDEX ("idx") made it, as far as its name can tell."""
    return "key" if index.unique and (not index.name or index.name.endswith("_key")) else "idx"
