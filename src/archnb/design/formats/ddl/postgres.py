"""PostgreSQL's statements carried out on a catalog, as PostgreSQL's own parser understands them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import postgast
from google.protobuf.message import DecodeError
from postgast import pg_query_pb2 as pb

from archnb.design.elements import DataType, Source
from archnb.design.formats.ddl.catalog import Catalog
from archnb.design.formats.ddl.postgres_alter import alter
from archnb.design.formats.ddl.postgres_nodes import Place, strings
from archnb.design.formats.ddl.postgres_table import Tablemaker
from archnb.design.formats.ddl.replay import Unreadable, Walker
from archnb.design.formats.ddl.statements import Statement
from archnb.design.formats.ddl.tables import Address

_TABLES = (pb.OBJECT_TABLE, pb.OBJECT_VIEW, pb.OBJECT_MATVIEW, pb.OBJECT_FOREIGN_TABLE)
_TYPES = (pb.OBJECT_TYPE, pb.OBJECT_DOMAIN)


_TYPE_STATEMENTS = (
    "create_enum_stmt",
    "create_domain_stmt",
    "composite_type_stmt",
    "alter_enum_stmt",
)


class PostgresWalker:
    """Carries out statements; ``fallback`` takes those too deep for protobuf to hand over."""

    def __init__(self, catalog: Catalog, fallback: Callable[[], Walker]) -> None:
        self._catalog, self._fallback = catalog, fallback

    def apply(self, statement: Statement) -> None:
        text = statement.text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
        try:
            parsed = postgast.parse(text)
        except postgast.PgQueryError as error:
            raw = text.encode()
            offset = len(raw[: max(error.cursorpos - 1, 0)].decode("utf-8", "ignore"))
            raise Unreadable(error.message, offset) from None
        except DecodeError:
            self._fallback().apply(statement)
            return
        raw = text.encode()
        breaks = tuple(match.start() for match in re.finditer(b"\n", raw))
        place = Place(self._catalog.file, raw, statement.line, statement.end, breaks)
        for raw_statement in parsed.stmts:
            self._carry_out(raw_statement.stmt, place)

    def _carry_out(self, node: pb.Node, place: Place, schema: str = "") -> None:
        maker = Tablemaker(self._catalog, place, schema)
        match node.WhichOneof("node"):
            case "create_stmt":
                maker.create(node.create_stmt)
            case "create_foreign_table_stmt":
                maker.create(node.create_foreign_table_stmt.base_stmt, kind="foreign table")
            case "index_stmt":
                maker.index(node.index_stmt)
            case "alter_table_stmt":
                alter(maker, node.alter_table_stmt)
            case "view_stmt":
                view = node.view_stmt
                maker.derive(
                    view.view, view.query, strings(view.aliases), "view", again=view.replace
                )
            case "create_table_as_stmt":
                made = node.create_table_as_stmt
                kind = "materialized view" if made.objtype == pb.OBJECT_MATVIEW else "table"
                names = strings(made.into.col_names)
                maker.derive(made.into.rel, made.query, names, kind, again=made.if_not_exists)
            case "select_stmt":
                self._select(node, maker)
            case "create_schema_stmt":
                named = node.create_schema_stmt
                for element in named.schema_elts:
                    self._carry_out(
                        element, place.narrowed(), named.schemaname or named.authrole.rolename
                    )
            case "rename_stmt":
                self._rename(node.rename_stmt, place)
            case "alter_object_schema_stmt":
                self._set_schema(node.alter_object_schema_stmt, place)
            case "drop_stmt":
                self._drop(node.drop_stmt)
            case "comment_stmt":
                self._comment(node.comment_stmt)
            case "variable_set_stmt":
                self._set(node.variable_set_stmt)
            case kind if kind in _TYPE_STATEMENTS:
                self._type(node, maker, schema)
            case _:
                return

    def _select(self, node: pb.Node, maker: Tablemaker) -> None:
        select = node.select_stmt
        if select.HasField("into_clause"):
            maker.derive(
                select.into_clause.rel, node, strings(select.into_clause.col_names), "table"
            )
        for target in select.target_list:
            call = target.res_target.val.func_call
            if strings(call.funcname)[-1:] == ["set_config"]:
                values = [argument.a_const.sval.sval for argument in call.args]
                if values[0] == "search_path":
                    self._search([part.strip().strip('"') for part in values[1].split(",")])

    def _set(self, setting: pb.VariableSetStmt) -> None:
        if setting.name == "search_path":
            self._search([value.a_const.sval.sval for value in setting.args])

    def _search(self, path: list[str]) -> None:
        places = [name for name in path if name and not name.startswith(("$", "pg_"))]
        self._catalog.path = tuple(self._catalog.schema(name) for name in places) or ("",)

    def _rename(self, change: pb.RenameStmt, place: Place) -> None:
        catalog, source = self._catalog, place.source(change.relation.location)
        schema, name = change.relation.schemaname, change.relation.relname
        if change.rename_type == pb.OBJECT_SCHEMA:
            catalog.rename_schema(change.subname, change.newname)
        elif change.rename_type in _TYPES:
            if old := catalog.find_type(*_names(change.object)):
                catalog.rename_type(old, change.newname)
        elif change.rename_type == pb.OBJECT_INDEX or not catalog.find(schema, name):
            holder = catalog.holder(schema, name)
            if holder:
                catalog.rename_constraint(holder, name, change.newname)
            elif change.rename_type in (*_TABLES, pb.OBJECT_COLUMN, pb.OBJECT_TABCONSTRAINT):
                catalog.known(schema, name, source, quiet=change.missing_ok)
        elif table := catalog.find(schema, name):
            if change.rename_type == pb.OBJECT_COLUMN:
                catalog.rename_column(table, change.subname, change.newname)
            elif change.rename_type == pb.OBJECT_TABCONSTRAINT:
                catalog.rename_constraint(table, change.subname, change.newname)
            elif change.rename_type in _TABLES:
                catalog.move(table, name=change.newname)

    def _set_schema(self, change: pb.AlterObjectSchemaStmt, place: Place) -> None:
        if change.object_type in _TABLES:
            relation = change.relation
            source = place.source(relation.location)
            table = self._catalog.known(
                relation.schemaname, relation.relname, source, quiet=change.missing_ok
            )
            if table:
                self._catalog.move(table, schema=change.newschema)

    def _drop(self, drop: pb.DropStmt) -> None:
        catalog = self._catalog
        for target in drop.objects:
            if drop.remove_type == pb.OBJECT_SCHEMA:
                catalog.drop_schema(target.string.sval)
                continue
            schema, name = _names(target)
            if drop.remove_type in _TABLES:
                if table := catalog.find(schema, name):
                    catalog.drop(table)
            elif drop.remove_type == pb.OBJECT_INDEX:
                if table := catalog.holder(schema, name):
                    catalog.drop_constraint(table, name)
            elif drop.remove_type in _TYPES and (address := catalog.find_type(schema, name)):
                del catalog.types[address]

    def _comment(self, comment: pb.CommentStmt) -> None:
        catalog = self._catalog
        if comment.objtype in _TABLES:
            if table := catalog.find(*_names(comment.object)):
                table.comment = comment.comment
        elif comment.objtype == pb.OBJECT_COLUMN:
            *path, column = strings(comment.object.list.items)
            table = catalog.find(path[-2] if len(path) > 1 else "", path[-1] if path else "")
            found = catalog.column(table, column) if table else None
            if table and found:
                catalog.set_column(table, replace(found, comment=comment.comment))

    def _type(self, node: pb.Node, maker: Tablemaker, schema: str) -> None:
        catalog, source = self._catalog, Source(self._catalog.file, maker.place.line)
        match node.WhichOneof("node"):
            case "create_enum_stmt":
                values = tuple(strings(node.create_enum_stmt.vals))
                made = DataType("", values=values, source=source)
                names = _two(strings(node.create_enum_stmt.type_name), schema)
            case "create_domain_stmt":
                base = maker.spelled(node.create_domain_stmt.type_name)
                made = DataType("", base=base, source=source)
                names = _two(strings(node.create_domain_stmt.domainname), schema)
            case "composite_type_stmt":
                made = DataType("", source=source)
                named = node.composite_type_stmt.typevar
                names = (named.schemaname or schema, named.relname)
                maker.composite(names, node.composite_type_stmt)
            case _:
                self._add_value(node.alter_enum_stmt)
                return
        address = catalog.address(*names)
        catalog.types[address] = replace(made, schema=address[0], name=address[1])

    def _add_value(self, change: pb.AlterEnumStmt) -> None:
        address = self._catalog.find_type(*_two(strings(change.type_name)))
        if address and change.old_val:
            self._catalog.rename_value(address, change.old_val, change.new_val)
        elif address:
            neighbour, after = change.new_val_neighbor, change.new_val_is_after
            self._catalog.add_value(address, change.new_val, neighbour, after=after)


def _names(node: pb.Node) -> Address:
    """Schema ("" if unnamed) and name of an object, however the parser wraps it."""
    match node.WhichOneof("node"):
        case "type_name":
            return _two(strings(node.type_name.names))
        case "string":
            return "", node.string.sval
        case _:
            return _two(strings(node.list.items))


def _two(parts: list[str], schema: str = "") -> Address:
    return (parts[-2] if len(parts) > 1 else schema), (parts[-1] if parts else "")
