"""What CREATE TABLE and ALTER TABLE say in PostgreSQL's parse tree, carried out on a catalog."""

from __future__ import annotations

from dataclasses import replace

from postgast import pg_query_pb2 as pb

from archnb.design.elements import Check, Column, Index, Source
from archnb.design.formats.ddl.catalog import Catalog, origin
from archnb.design.formats.ddl.names import derived, literal, quote
from archnb.design.formats.ddl.postgres_nodes import (
    Place,
    columns_in,
    outputs,
    strings,
    text,
)
from archnb.design.formats.ddl.tables import Address, Reference, Table, type_name
from archnb.design.formats.ddl.types import BUILT_IN, serial, spelled

_ACTIONS = {"a": "", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_ORDER = {
    pb.CONSTR_PRIMARY: 0,
    pb.CONSTR_UNIQUE: 1,
    pb.CONSTR_EXCLUSION: 1,
    pb.CONSTR_CHECK: 2,
    pb.CONSTR_FOREIGN: 3,
}
_STRATEGIES = {
    pb.PARTITION_STRATEGY_RANGE: "range",
    pb.PARTITION_STRATEGY_LIST: "list",
    pb.PARTITION_STRATEGY_HASH: "hash",
}
_LIKE_CONSTRAINTS, _LIKE_DEFAULTS, _LIKE_GENERATED, _LIKE_IDENTITY, _LIKE_INDEXES = 4, 8, 16, 32, 64
_LIKE_COMMENTS = 1


class Tablemaker:
    """Carries out one statement; ``schema`` is where a CREATE SCHEMA puts the names inside it."""

    def __init__(self, catalog: Catalog, place: Place, schema: str = "") -> None:
        self.catalog, self.place, self._schema = catalog, place, schema

    # CREATE

    def create(self, statement: pb.CreateStmt, kind: str = "table") -> None:
        table = self._table(statement.relation, kind)
        if statement.if_not_exists and self._find(statement.relation):
            return
        if not self.catalog.create(table):
            return
        if statement.HasField("of_typename"):
            self._of(table, statement.of_typename)
        parents = [self.known(parent.range_var) for parent in statement.inh_relations]
        constraints: list[tuple[str, pb.Constraint]] = []
        for element in statement.table_elts:
            match element.WhichOneof("node"):
                case "column_def":
                    definition = element.column_def
                    self._column(table, definition)
                    constraints += [
                        (definition.colname, each.constraint) for each in definition.constraints
                    ]
                case "constraint":
                    constraints.append(("", element.constraint))
                case "table_like_clause":
                    self._like(table, element.table_like_clause)
                case _:
                    pass
        constraints += [("", each.constraint) for each in statement.constraints]
        for parent in filter(None, parents):
            self.catalog.inherit(table, parent, partition=statement.HasField("partbound"))
        if statement.HasField("partspec"):
            table.partitioning = _partition_by(statement.partspec)
        elif statement.HasField("partbound"):
            table.partitioning = partition_bound(statement.partbound)
        for column, constraint in sorted(
            constraints, key=lambda pair: _ORDER.get(pair[1].contype, 0)
        ):
            self.constrain(table, constraint, column)

    def derive(
        self,
        name: pb.RangeVar,
        query: pb.Node,
        aliases: list[str],
        kind: str,
        *,
        again: bool = False,
    ) -> None:
        """A view, or a table made from a query: its columns have names, and no stated type."""
        table = self._table(name, kind)
        if again and (known := self._find(name)):
            if kind != "view":
                return
            self.catalog.drop(known)
        source = self.place.source(name.location)
        stated = outputs(query)
        names = aliases + stated[len(aliases) :]
        table.columns = {each: Column(each, source=source) for each in names}
        self.catalog.create(table)

    def composite(self, name: Address, statement: pb.CompositeTypeStmt) -> None:
        """A row type, remembered for the tables that are made of it."""
        carrier = Table(*self.catalog.address(*name))
        for definition in statement.coldeflist:
            self._column(carrier, definition.column_def)
        self.catalog.rows[carrier.address] = carrier.columns

    def index(self, statement: pb.IndexStmt) -> None:
        table = self.known(statement.relation)
        if table is None or (
            statement.if_not_exists and any(own.name == statement.idxname for own in table.indexes)
        ):
            return
        made = Index(
            columns=tuple(_index_column(param) for param in statement.index_params),
            name=statement.idxname,
            unique=statement.unique,
            where=text(statement.where_clause) if statement.HasField("where_clause") else "",
            method=statement.access_method or "btree",
            source=self.place.extent(statement.relation.location)[0],
        )
        self.catalog.add_index(table, made, only=not statement.relation.inh)

    # columns

    def add_column(self, table: Table, definition: pb.ColumnDef, *, quiet: bool = False) -> None:
        """ALTER TABLE ... ADD COLUMN, with the constraints that stand behind it."""
        if self.catalog.column(table, definition.colname):
            if not quiet:
                message = f"{table.qualified} has a column {definition.colname} already"
                self.catalog.problem(self.place.source(definition.location), message)
            return
        carrier = Table(table.schema, table.name)
        self._column(carrier, definition)
        for column in carrier.columns.values():
            self.catalog.add_column(table, column)
        constraints = [each.constraint for each in definition.constraints]
        for constraint in sorted(constraints, key=lambda one: _ORDER.get(one.contype, 0)):
            self.constrain(table, constraint, definition.colname)

    def spelled(self, name: pb.TypeName) -> str:
        """The type as PostgreSQL itself would show it."""
        parts = strings(name.names)
        modifiers = [_modifier(each) for each in name.typmods]
        array = bool(name.array_bounds)
        if parts[:1] == ["pg_catalog"] or len(parts) == 1:
            schema, bare = "", parts[-1]
            if len(parts) > 1 or not self.catalog.find_type(self._schema, bare):
                named = bare if bare in BUILT_IN or len(parts) > 1 else quote(bare)
                return spelled(serial(bare) or named, modifiers, array=array)
        else:
            schema, bare = parts[-2], parts[-1]
        found = self.catalog.find_type(schema or self._schema, bare)
        address = found or self.catalog.address(schema, bare)
        return spelled(type_name(address), modifiers, array=array)

    def _column(self, table: Table, definition: pb.ColumnDef) -> None:
        """Add a column with what its own constraints say of NULL, default and identity."""
        name = definition.colname
        # a typed table has its columns already, and only adds options to them
        stated = self.catalog.column(table, name) or Column(name)
        shown, nullable, default = stated.type, stated.nullable, stated.default
        generated = False
        if definition.HasField("type_name"):
            kind = definition.type_name
            shown = self.spelled(kind)
            if len(kind.names) == 1 and serial(kind.names[0].string.sval):
                sequence = derived(table.name, [name], "seq", ())
                default = f"nextval({literal(type_name((table.schema, sequence)))}::regclass)"
                nullable = False
        for each in definition.constraints:
            constraint = each.constraint
            kind_of = constraint.contype
            if kind_of in (pb.CONSTR_NOTNULL, pb.CONSTR_PRIMARY):
                nullable = False
            elif kind_of == pb.CONSTR_DEFAULT:
                default = text(constraint.raw_expr)
            elif kind_of == pb.CONSTR_IDENTITY:
                nullable, generated = False, True
            elif kind_of == pb.CONSTR_GENERATED:
                default, generated = text(constraint.raw_expr), True
        source = self.place.source(definition.location)
        column = Column(name, shown, nullable, default, generated, source=source)
        self.catalog.set_column(table, column)

    def _of(self, table: Table, kind: pb.TypeName) -> None:
        address = self.catalog.find_type(*_last_two(strings(kind.names)))
        table.columns = dict(self.catalog.rows.get(address or ("", ""), {}))

    def _like(self, table: Table, clause: pb.TableLikeClause) -> None:
        """LIKE copies names, types and NOT NULL; the rest only where INCLUDING says so."""
        pattern, options = self.known(clause.relation), clause.options
        if pattern is None:
            return
        for column in pattern.columns.values():
            keep = _LIKE_DEFAULTS
            if column.generated:
                keep = _LIKE_GENERATED if column.default else _LIKE_IDENTITY
            copied = column if options & keep else replace(column, default="", generated=False)
            copied = copied if options & _LIKE_COMMENTS else replace(copied, comment="")
            self.catalog.set_column(
                table, replace(copied, source=self.place.source(clause.relation.location))
            )
        if options & _LIKE_CONSTRAINTS:
            table.checks += pattern.checks
        if options & _LIKE_INDEXES:
            if pattern.key:
                self.catalog.add_key(table, pattern.key, "", table.source)
            for index in pattern.indexes:
                self.catalog.add_index(table, replace(index, name=""), origin(index))

    # constraints

    def constrain(self, table: Table, constraint: pb.Constraint, column: str = "") -> None:
        """Add a constraint of the table, or of its ``column``."""
        catalog, source = self.catalog, self.place.source(constraint.location)
        keys = tuple(strings(constraint.keys)) or ((column,) if column else ())
        match constraint.contype:
            case pb.CONSTR_PRIMARY | pb.CONSTR_UNIQUE if constraint.indexname:
                primary = constraint.contype == pb.CONSTR_PRIMARY
                catalog.promote(
                    table, constraint.indexname, constraint.conname, source, primary=primary
                )
            case pb.CONSTR_PRIMARY:
                catalog.add_key(table, keys, constraint.conname, source)
            case pb.CONSTR_UNIQUE:
                index = Index(keys, constraint.conname, unique=True, source=source)
                catalog.add_index(table, index, "key")
            case pb.CONSTR_EXCLUSION:
                elements = [each.list.items[0] for each in constraint.exclusions]
                where = text(constraint.where_clause) if constraint.HasField("where_clause") else ""
                columns = tuple(_index_column(each) for each in elements)
                method = constraint.access_method or "btree"
                index = Index(
                    columns, constraint.conname, where=where, method=method, source=source
                )
                catalog.add_index(table, index, "excl")
            case pb.CONSTR_CHECK:
                named = columns_in(constraint.raw_expr)
                name = constraint.conname
                catalog.add_check(table, Check(text(constraint.raw_expr), named, name, source))
            case pb.CONSTR_FOREIGN:
                self._refer(table, constraint, column, source)
            case pb.CONSTR_NOTNULL if not column:
                for found in filter(None, (catalog.column(table, key) for key in keys)):
                    catalog.set_column(table, replace(found, nullable=False))
            case _:
                pass

    def _refer(self, table: Table, constraint: pb.Constraint, column: str, source: Source) -> None:
        relation = constraint.pktable
        target = self._find(relation) or (relation.schemaname or self._schema, relation.relname)
        reference = Reference(
            columns=tuple(strings(constraint.fk_attrs)) or (column,),
            target=target,
            target_columns=tuple(strings(constraint.pk_attrs)),
            name=constraint.conname,
            on_delete=_ACTIONS.get(constraint.fk_del_action, ""),
            source=source,
        )
        self.catalog.add_reference(table, reference)

    # names

    def _table(self, relation: pb.RangeVar, kind: str) -> Table:
        temporary = relation.relpersistence == "t"
        schema = "" if temporary else relation.schemaname or self._schema
        source, end = self.place.extent(relation.location)
        address = (
            ("", relation.relname) if temporary else self.catalog.address(schema, relation.relname)
        )
        return Table(address[0], address[1], kind, temporary=temporary, source=source, end=end)

    def _find(self, relation: pb.RangeVar) -> Table | None:
        within = self.catalog.find(self._schema, relation.relname) if self._schema else None
        inside = within if not relation.schemaname else None
        return inside or self.catalog.find(relation.schemaname, relation.relname)

    def known(self, relation: pb.RangeVar, *, quiet: bool = False) -> Table | None:
        """The table of that name, or None and a problem."""
        source = self.place.source(relation.location)
        return self._find(relation) or self.catalog.known(
            relation.schemaname, relation.relname, source, quiet=quiet
        )


def partition_bound(bound: pb.PartitionBoundSpec) -> str:
    """What makes a row fall into a partition, as ``FOR VALUES`` states it."""
    if bound.is_default:
        return "default"
    if bound.strategy == "h":
        return f"for values with (modulus {bound.modulus}, remainder {bound.remainder})"
    if bound.strategy == "l":
        return f"for values in ({', '.join(map(text, bound.listdatums))})"
    lower, upper = (
        ", ".join(map(text, datums)) for datums in (bound.lowerdatums, bound.upperdatums)
    )
    return f"for values from ({lower}) to ({upper})"


def _partition_by(spec: pb.PartitionSpec) -> str:
    elements = (each.partition_elem for each in spec.part_params)
    columns = [quote(each.name) if each.name else f"({text(each.expr)})" for each in elements]
    return f"by {_STRATEGIES.get(spec.strategy, 'range')} ({', '.join(columns)})"


def _index_column(node: pb.Node) -> str:
    return node.index_elem.name or f"({text(node.index_elem.expr)})"


def _modifier(node: pb.Node) -> str:
    if node.HasField("column_ref"):
        return strings(node.column_ref.fields)[-1]
    constant = node.a_const
    return constant.sval.sval or constant.fval.fval or str(constant.ival.ival)


def _last_two(parts: list[str]) -> Address:
    return (parts[-2] if len(parts) > 1 else ""), parts[-1]
