"""Our operations as Alembic's: what `render.py` writes into a revision and `proof.py` runs, so that both are the same.

A step is one statement of a revision: one of Alembic's operation objects, a batch of them on one table, or a guard that stops
before rows would be in the way (`step.py` has the words). Here is decided what goes together and in which order; the looks at
rows are in `guards.py`, what SQLite's copies are told in `copies.py`, what stands alone in `outside.py`. Imports Alembic inside
its functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lsp_server.database.migration.alembic_operations import (
    add_constraint,
    add_exclusion,
    alter_column,
    alterations,
    create_index,
    drop_column,
    drop_constraint,
    drop_index,
)
from lsp_server.database.migration.applying import applied
from lsp_server.database.migration.counters import counts_on_mysql
from lsp_server.database.migration.metadata import to_column
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    FillTable,
    Operation,
    RenameConstraint,
    TableKey,
)
from lsp_server.database.migration.renamed_parts import renamed_on_mysql
from lsp_server.database.migration.sql import gone_values, name_sql, replaced_value, table_sql
from lsp_server.database.migration.step import Batch, Direct, Guard, Perhaps, Step
from lsp_server.database.migration.steps.copies import copy_of
from lsp_server.database.migration.steps.guards import (
    guard_of_new_column,
    guard_of_nulls,
    guards_first,
    guards_of_rows,
    guards_of_values,
)
from lsp_server.database.migration.steps.outside import steps_outside
from lsp_server.database.model import Database, Exclusion, Index, PrimaryKey
from lsp_server.database.sql_text import quoted

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.operations.ops import MigrateOperation


def to_steps(
    operations: Iterable[Operation],
    start: Database,
    dialect: str | None,
    *,
    batch: bool = False,
    final_names: bool = False,
) -> tuple[Step, ...]:
    """The steps of one direction, from the schema `start`. Raises NotSayable.

    `batch` wraps changes of tables in `batch_alter_table` on every database; SQLite always needs it. `final_names` marks
    names as complete, so that a naming convention is not applied to them once more.
    """
    writer = _Writer(start, start, dialect, batch or dialect == "sqlite", final_names)
    for operation in operations:
        writer.add(operation)
    writer.flush()
    return _said_once(guards_first(writer.steps))


def _said_once(steps: list[Step]) -> tuple[Step, ...]:
    """The same comment on steps that follow each other stands before the first."""
    found: list[Step] = []
    said: str | None = None
    for step in steps:
        comment = None if isinstance(step, Guard) else step.comment
        found.append(replace(step, comment=None) if comment is not None and comment == said and isinstance(step, Direct | Perhaps) else step)
        said = comment or said
    return tuple(found)


@dataclass(slots=True)
class _Writer:
    """`start` is the schema before everything, `state` the one that the steps so far lead to; `group` the table of the running batch."""

    start: Database
    state: Database
    dialect: str | None
    batch: bool
    final_names: bool
    steps: list[Step] = field(default_factory=list)
    group: TableKey | None = None
    group_state: Database | None = None
    group_operations: list[Operation] = field(default_factory=list)
    inside: list[MigrateOperation] = field(default_factory=list)
    after_group: list[Step] = field(default_factory=list)

    def add(self, operation: Operation) -> None:
        match operation:
            case FillTable() if operation.undone:
                pass
            case RenameConstraint() if self.dialect in ("mysql", "mariadb") and not isinstance(operation.constraint, PrimaryKey):
                self.flush()
                self.steps += renamed_on_mysql(operation, self.dialect, self._name)
            case RenameConstraint() if self.dialect != "postgresql" and isinstance(operation.constraint, Index):
                index = operation.constraint
                self.add(DropIndex(operation.table, index, index.name or ""))
                self.add(CreateIndex(operation.table, replace(index, name=operation.after), operation.after))
                return
            case RenameConstraint() if self.dialect != "postgresql" and not isinstance(operation.constraint, Index):
                old, new = operation.constraint, replace(operation.constraint, name=operation.after)
                self.add(DropConstraint(operation.table, old, old.name or ""))
                self.add(AddConstraint(operation.table, new, operation.after))
                return
            case AddColumn() | DropColumn() | AlterColumn() | AddConstraint() | DropConstraint():
                self._enter(operation.table)
                self._change(operation)
            case CreateIndex():
                if self.batch and self.group == operation.table:
                    self.after_group.append(Direct(create_index(operation, self.dialect)))
                else:
                    self.flush()
                    self.steps.append(Direct(create_index(operation, self.dialect)))
            case DropIndex():
                if self.dialect != "sqlite":
                    self.flush()  # MySQL keeps an index as long as a foreign key needs it
                # Before the copying starts: a batch copies what it finds. Within a running group the earlier steps of
                # the same table cannot need the index, so it may go first.
                self.steps.append(Direct(drop_index(operation)))
                if self.group_state is not None and self.group == operation.table:
                    self.group_state = applied(operation, self.group_state)
            case _:
                self.flush()
                self.steps += steps_outside(operation, self.state, self.dialect, self.final_names)
        self.state = applied(operation, self.state)

    def flush(self) -> None:
        """End the running batch."""
        if self.inside and self.group is not None:
            if self.batch:
                self.steps.append(Batch(self.group, tuple(self.inside), self._copy()))
            else:
                self.steps += map(Direct, self.inside)
        self.steps += self.after_group
        self.group, self.group_state = None, None
        self.inside, self.group_operations, self.after_group = [], [], []

    def _enter(self, table: TableKey) -> None:
        if not self.batch or self.group != table or self.after_group:
            self.flush()
        if self.group is None:
            self.group, self.group_state = table, self.state

    def _copy(self) -> sa.Table | None:
        """What a batch has to be told about the table, where Alembic would not see it as it is before the batch."""
        if self.dialect != "sqlite" or self.group is None or self.group_state is None:
            return None
        table = self.group_state.table(self.group[1], self.group[0])
        return copy_of(table, self.group_operations) if table is not None else None

    # Inside a table

    def _change(self, operation: AddColumn | DropColumn | AlterColumn | AddConstraint | DropConstraint) -> None:
        match operation:
            case AddColumn():
                self._add_column(operation)
            case DropColumn():
                self._put(operation, drop_column(operation))
            case AlterColumn():
                self._alter_column(operation)
            case AddConstraint() if isinstance(operation.constraint, Exclusion):
                table = self.state.table(operation.table[1], operation.table[0])
                self.flush()
                self.steps.append(Direct(add_exclusion(operation.table, operation.constraint, operation.name, table)))
            case AddConstraint():
                self.steps += guards_of_rows(operation, self.start, self.state, self.dialect)
                self._put(operation, add_constraint(operation, self._name(operation.name)))
            case DropConstraint():
                self._put(operation, drop_constraint(operation, self._name(operation.name)))

    def _name(self, name: str) -> str:
        from sqlalchemy.sql.elements import conv

        return conv(name) if self.final_names else name

    def _put(self, operation: Operation, *made: MigrateOperation) -> None:
        self.group_operations.append(operation)
        self.inside += made

    def _add_column(self, operation: AddColumn) -> None:
        from alembic.operations import ops

        schema, table = operation.table
        column, fill = operation.column, operation.fill
        if fill is None:
            self._put(operation, ops.AddColumnOp(table, to_column(column, self.dialect), schema=schema))
            return
        loose = replace(column, nullable=True)
        self._put(operation, ops.AddColumnOp(table, to_column(loose, self.dialect), schema=schema))
        if fill.sql is None:
            self.steps.append(guard_of_new_column(operation, self.dialect))
            self.flush()
        else:
            self.flush()
            update = f"UPDATE {table_sql(operation.table, self.dialect)} SET {name_sql(column.name, self.dialect)} = {fill.sql}"
            comment = f"Rows that exist get {fill.sql} in {table}.{column.name}: {fill.reason}."
            self.steps.append(Direct(ops.ExecuteSQLOp(update), comment))
        if column.nullable is not False:
            return
        self.group = operation.table
        self.group_state = applied(AddColumn(operation.table, loose), self.state)
        tighten = AlterColumn(operation.table, loose, column, ("nullable",))
        self._put(tighten, alter_column(tighten, self.dialect))

    def _alter_column(self, operation: AlterColumn) -> None:
        from alembic.operations import ops

        table = operation.table[1]
        column = operation.before.name
        if operation.tightens and operation.fill is not None:
            if operation.fill.sql is None:
                self.steps.append(guard_of_nulls(operation, self.dialect))
            else:
                name = name_sql(column, self.dialect)
                update = f"UPDATE {table_sql(operation.table, self.dialect)} SET {name} = {operation.fill.sql} WHERE {name} IS NULL"
                comment = f"Rows without {table}.{column} get {operation.fill.sql}: {operation.fill.reason}."
                # The column is there already, so this may go before what the running batch collects.
                self.steps.append(Direct(ops.ExecuteSQLOp(update), comment))
        if "type" in operation.aspects:
            self.steps += guards_of_values(operation.table, operation.before, operation.after.type.enum, operation.replaced, self.dialect)
        enum = operation.before.type.enum
        checked = enum is not None and enum.name is not None and enum.create_constraint and not enum.native
        if self.dialect in ("mysql", "mariadb") and "type" in operation.aspects and checked and enum is not None:
            # Alembic adds the check of the new values there, and leaves that of the old ones in its way.
            self.inside.append(ops.DropConstraintOp(enum.name, table, "check", schema=operation.table[0]))
        for part in self._by_values(operation):
            if part is not operation:
                self._enter(operation.table)
            counts = counts_on_mysql(part, self.state, self.dialect)
            self._put(part, *(alter_column(each, self.dialect, counts) for each in alterations(part, self.dialect)))

    def _by_values(self, operation: AlterColumn) -> list[AlterColumn]:
        """Values that go are replaced on the way: first the column takes both the old ones and the new, then only these."""
        from alembic.operations import ops

        old, new = operation.before.type.enum, operation.after.type.enum
        pairs = gone_values(old, new, operation.replaced)
        if not pairs or old is None or new is None or not isinstance(old.values, tuple) or not isinstance(new.values, tuple):
            return [operation]
        both = replace(new, values=(*old.values, *(value for value in new.values if value not in old.values)))
        wide = replace(operation.before, type=replace(operation.after.type, enum=both))
        widen = AlterColumn(operation.table, operation.before, wide, ("type",))
        self._put(widen, *(alter_column(part, self.dialect, False) for part in alterations(widen, self.dialect)))
        self.flush()
        name = name_sql(operation.before.name, self.dialect)
        update = (
            f"UPDATE {table_sql(operation.table, self.dialect)} SET {name} = {replaced_value(name, pairs)} "
            f"WHERE {name} IN ({', '.join(quoted(value) for value, _ in pairs)})"
        )
        words = ", ".join(f"{value} becomes {other}" for value, other in pairs)
        self.steps.append(Direct(ops.ExecuteSQLOp(update), f"Rows follow: {words}."))
        self.state = applied(widen, self.state)
        self._enter(operation.table)
        return [replace(operation, before=wide)]
