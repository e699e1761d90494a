"""What ALTER TABLE says in PostgreSQL's parse tree, carried out on a catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from postgast import pg_query_pb2 as pb

from archnb.design.elements import Column, Source
from archnb.design.formats.ddl.postgres_nodes import text
from archnb.design.formats.ddl.postgres_table import Tablemaker, partition_bound
from archnb.design.formats.ddl.tables import Table

_FOLLOWED = frozenset(
    (
        pb.AT_AddColumn, pb.AT_DropColumn, pb.AT_ColumnDefault, pb.AT_SetNotNull, pb.AT_DropNotNull,
        pb.AT_AlterColumnType, pb.AT_AddIdentity, pb.AT_DropIdentity, pb.AT_DropExpression,
        pb.AT_SetExpression, pb.AT_AddConstraint, pb.AT_DropConstraint, pb.AT_AttachPartition,
        pb.AT_DetachPartition, pb.AT_AddInherit, pb.AT_DropInherit,
    )
)  # fmt: skip


def alter(maker: Tablemaker, statement: pb.AlterTableStmt) -> None:
    """Carry out each command that changes what a design shows; owners and storage do not."""
    if statement.objtype not in (pb.OBJECT_TABLE, pb.OBJECT_FOREIGN_TABLE):
        return
    commands = [each.alter_table_cmd for each in statement.cmds]
    wanted = [command for command in commands if command.subtype in _FOLLOWED]
    if not wanted:
        return
    table = maker.known(statement.relation, quiet=statement.missing_ok)
    if table is None:
        return
    source = maker.place.source(statement.relation.location)
    for command in wanted:
        _carry_out(maker, table, command, source, only=not statement.relation.inh)


def _carry_out(
    maker: Tablemaker, table: Table, command: pb.AlterTableCmd, source: Source, *, only: bool
) -> None:
    catalog, body = maker.catalog, cast("pb.Node", getattr(command, "def"))
    match command.subtype:
        case pb.AT_AddColumn:
            maker.add_column(table, body.column_def, quiet=command.missing_ok)
        case pb.AT_DropColumn:
            if _there(maker, table, command, source):
                catalog.drop_column(table, command.name)
        case pb.AT_AddConstraint:
            maker.constrain(table, body.constraint)
        case pb.AT_DropConstraint:
            found = catalog.drop_constraint(table, command.name, only=only)
            if not found and not command.missing_ok and not _not_null_name(command.name):
                catalog.problem(source, f"{table.qualified} has no constraint {command.name}")
        case pb.AT_AttachPartition | pb.AT_DetachPartition:
            child = maker.known(body.partition_cmd.name)
            if child and command.subtype == pb.AT_AttachPartition:
                child.partitioning = partition_bound(body.partition_cmd.bound)
                catalog.inherit(child, table, partition=True)
            elif child:
                catalog.detach(child, table)
        case pb.AT_AddInherit | pb.AT_DropInherit:
            parent = maker.known(body.range_var)
            if parent and command.subtype == pb.AT_AddInherit:
                catalog.inherit(table, parent, partition=False)
            elif parent:
                catalog.detach(table, parent)
        case _:
            change = _column_change(maker, command, body)
            if _there(maker, table, command, source):
                for one in catalog.family(table, only=only):
                    if column := catalog.column(one, command.name):
                        catalog.set_column(one, change(column))


def _column_change(
    maker: Tablemaker, command: pb.AlterTableCmd, body: pb.Node
) -> Callable[[Column], Column]:
    match command.subtype:
        case pb.AT_ColumnDefault:
            default = text(body) if body.WhichOneof("node") else ""
            return lambda column: replace(column, default=default)
        case pb.AT_SetNotNull:
            return lambda column: replace(column, nullable=False)
        case pb.AT_DropNotNull:
            return lambda column: replace(column, nullable=True)
        case pb.AT_AlterColumnType:
            kind = maker.spelled(body.column_def.type_name)
            return lambda column: replace(column, type=kind)
        case pb.AT_AddIdentity:
            return lambda column: replace(column, nullable=False, generated=True, default="")
        case pb.AT_SetExpression:
            expression = text(body)
            return lambda column: replace(column, default=expression)
        case _:  # DROP IDENTITY, DROP EXPRESSION
            return lambda column: replace(column, generated=False, default="")


def _there(maker: Tablemaker, table: Table, command: pb.AlterTableCmd, source: Source) -> bool:
    if maker.catalog.column(table, command.name):
        return True
    if not command.missing_ok:
        maker.catalog.problem(source, f"{table.qualified} has no column {command.name}")
    return False


def _not_null_name(name: str) -> bool:
    """Since version 18 NOT NULL has a name too; it is not followed."""
    return "not_null" in name
