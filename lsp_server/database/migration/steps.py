"""Our operations as Alembic's: what `render.py` writes into a revision and `proof.py` runs, so that both are the same.

A step is one statement of a revision: one of Alembic's operation objects, a batch of them on one table, or a guard that stops
before rows would be in the way. Imports Alembic inside its functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lsp_server.database.equivalence import automatic_name, columns_in, primary_key_of
from lsp_server.database.migration.alembic_operations import (
    add_constraint,
    add_exclusion,
    alter_column,
    alterations,
    change_counter,
    create_index,
    create_table,
    drop_column,
    drop_constraint,
    drop_index,
    drop_table,
    fix_computed,
    rename_column,
    table_comment,
)
from lsp_server.database.migration.applying import applied
from lsp_server.database.migration.counters import counter_of
from lsp_server.database.migration.metadata import to_column, to_table
from lsp_server.database.migration.object_operations import CreateView, DropView, ObjectOperation
from lsp_server.database.migration.object_sql import comment_on, escaped, object_sql
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeCounter,
    ChangeEnum,
    ChangeTableComment,
    CreateEnum,
    CreateIndex,
    CreateSchema,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropSchema,
    DropTable,
    FillTable,
    FixComputed,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameTable,
    Replacements,
    TableKey,
)
from lsp_server.database.migration.renamed_parts import renamed_on_mysql, renamed_on_postgresql
from lsp_server.database.migration.sql import enum_sql, gone_values, name_sql, replaced_value, table_sql
from lsp_server.database.migration.step import Batch, Direct, Guard, Perhaps, Step
from lsp_server.database.migration.whole_table import ChangeTableOptions, options_sql
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    EnumType,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.sql_text import quoted

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.operations.ops import MigrateOperation

_WITHOUT_ROLLBACK = ("sqlite", "mysql", "mariadb")  # SQLite through its usual driver, which commits before DDL


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
    return _said_once(_guards_first(writer.steps))


def _said_once(steps: list[Step]) -> tuple[Step, ...]:
    """The same comment on steps that follow each other stands before the first."""
    found: list[Step] = []
    said: str | None = None
    for step in steps:
        comment = None if isinstance(step, Guard) else step.comment
        found.append(replace(step, comment=None) if comment is not None and comment == said and isinstance(step, Direct | Perhaps) else step)
        said = comment or said
    return tuple(found)


def _guards_first(steps: list[Step]) -> list[Step]:
    """Guards go before everything but the renames, so that nothing is half done when one of them stops."""
    first = 0
    for step in steps:
        if not isinstance(step, Direct) or not (_is_rename(step.operation) or step.clears_the_way):
            break
        first += 1
    guards = [step for step in steps[first:] if isinstance(step, Guard)]
    rest = [step for step in steps[first:] if not isinstance(step, Guard)]
    if not guards:
        return steps
    cleared = [step for step in steps[:first] if isinstance(step, Direct) and step.clears_the_way]
    return [*(step for step in steps[:first] if step not in cleared), *dict.fromkeys(guards), *cleared, *rest]


def _is_rename(operation: MigrateOperation) -> bool:
    from alembic.operations import ops

    return isinstance(operation, ops.RenameTableOp) or (
        isinstance(operation, ops.AlterColumnOp) and operation.modify_name is not None
    )


@dataclass(slots=True)
class _Writer:
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
    comments: list[str] = field(default_factory=list)
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
                self._outside(operation)
        self.state = applied(operation, self.state)

    def flush(self) -> None:
        """End the running batch."""
        if self.inside and self.group is not None:
            if self.batch:
                comment = "; ".join(dict.fromkeys(self.comments)) or None
                self.steps.append(Batch(self.group, tuple(self.inside), self._copy(), comment))
            else:
                comments = [*self.comments, None] if self.comments else [None]
                for number, operation in enumerate(self.inside):
                    self.steps.append(Direct(operation, comments[0] if number == 0 else None))
        self.steps += self.after_group
        self.group, self.group_state = None, None
        self.inside, self.group_operations, self.comments, self.after_group = [], [], [], []

    def _enter(self, table: TableKey) -> None:
        if not self.batch or self.group != table or self.after_group:
            self.flush()
        if self.group is None:
            self.group, self.group_state = table, self.state

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
                self._guard_rows(operation)
                self._put(operation, add_constraint(operation, self._name(operation.name)))
            case DropConstraint():
                self._put(operation, drop_constraint(operation, self._name(operation.name)))

    def _name(self, name: str) -> str:
        from sqlalchemy.sql.elements import conv

        return conv(name) if self.final_names else name

    def _guard_rows(self, operation: AddConstraint) -> None:
        """Where a failing step leaves the earlier ones behind, rows that break a new rule are counted before."""
        part = operation.constraint
        table = self.start.table(operation.table[1], operation.table[0])
        if self.dialect not in _WITHOUT_ROLLBACK or table is None:
            return
        place = table_sql(operation.table, self.dialect)
        if isinstance(part, Unique) and part.columns and all(table.column(column) for column in part.columns):
            names = [name_sql(column, self.dialect) for column in part.columns]
            given = " AND ".join(f"{name} IS NOT NULL" for name in names)
            query = (
                f"SELECT count(*) FROM (SELECT 1 FROM {place} WHERE {given} GROUP BY {', '.join(names)} "
                f"HAVING count(*) > 1) AS alike"
            )
            message = f"{operation.table[1]} has rows with the same {', '.join(part.columns)}: make them differ first"
            self.steps.append(Guard(query, message))
        elif isinstance(part, ForeignKey) and self.dialect != "sqlite" and part.columns and all(map(table.column, part.columns)):
            self._guard_targets(operation.table, part, place)
        elif isinstance(part, Check) and part.expression and columns_in(part.expression, table) == columns_in(
            part.expression, self.state.table(operation.table[1], operation.table[0]) or table
        ):
            query = f"SELECT count(*) FROM {place} WHERE NOT ({part.expression})"
            self.steps.append(Guard(query, f"{operation.table[1]} has rows that break {part.expression}: mend them first"))

    def _guard_targets(self, table: TableKey, key: ForeignKey, place: str) -> None:
        target = self.start.table(key.target_table or "", key.target_schema)
        columns, others = key.columns or (), key.target_columns or ("id",)
        if target is None or not all(map(target.column, others)):
            return
        own = [name_sql(column, self.dialect) for column in columns]
        given = " AND ".join(f"here.{name} IS NOT NULL" for name in own)
        same = " AND ".join(f"there.{name_sql(other, self.dialect)} = here.{name}" for other, name in zip(others, own))
        there = table_sql(target.key, self.dialect)
        query = f"SELECT count(*) FROM {place} AS here WHERE {given} AND NOT EXISTS (SELECT 1 FROM {there} AS there WHERE {same})"
        message = f"{table[1]} has rows whose {', '.join(columns)} is not in {target.name}: mend them first"
        self.steps.append(Guard(query, message))

    def _guard_values(self, table: TableKey, column: Column, after: EnumType | None, replaced: Replacements) -> None:
        """Rows that hold a value which goes, and for which nobody has named another."""
        before = column.type.enum or (column.type.item.enum if column.type.item is not None else None)
        if before is None or after is None or not isinstance(before.values, tuple) or not isinstance(after.values, tuple):
            return
        kept = {*after.values, *(value for value, _ in gone_values(before, after, replaced))}
        gone = [value for value in before.values if value not in kept]
        if not gone:
            return
        name, values = name_sql(column.name, self.dialect), ", ".join(map(quoted, gone))
        if self.dialect != "postgresql":
            where = f"{name} IN ({values})"
        else:
            where = f"{name}::text IN ({values})" if column.type.item is None else f"{name}::text[] && ARRAY[{values}]"
        message = f"{table[1]}.{column.name} has rows with {', '.join(gone)}, which goes: give them another value first"
        self.steps.append(Guard(f"SELECT count(*) FROM {table_sql(table, self.dialect)} WHERE {where}", message))

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
        name = f"{table}.{column.name}"
        if fill.sql is None:
            self.steps.append(Guard(
                f"SELECT count(*) FROM {table_sql(operation.table, self.dialect)}",
                f"{name} must have a value and no default is known: write the value for the rows that exist",
            ))
            self.flush()
        else:
            self.flush()
            update = f"UPDATE {table_sql(operation.table, self.dialect)} SET {name_sql(column.name, self.dialect)} = {fill.sql}"
            comment = f"Rows that exist get {fill.sql} in {name}: {fill.reason}."
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
            where = f"WHERE {name_sql(column, self.dialect)} IS NULL"
            if operation.fill.sql is None:
                message = f"{table}.{column} becomes NOT NULL, but there are rows without a value: fill them first"
                self.steps.append(Guard(f"SELECT count(*) FROM {table_sql(operation.table, self.dialect)} {where}", message))
            else:
                update = f"UPDATE {table_sql(operation.table, self.dialect)} SET {name_sql(column, self.dialect)} = {operation.fill.sql} {where}"
                comment = f"Rows without {table}.{column} get {operation.fill.sql}: {operation.fill.reason}."
                # The column is there already, so this may go before what the running batch collects.
                self.steps.append(Direct(ops.ExecuteSQLOp(update), comment))
        if "type" in operation.aspects:
            self._guard_values(operation.table, operation.before, operation.after.type.enum, operation.replaced)
        enum = operation.before.type.enum
        checked = enum is not None and enum.name is not None and enum.create_constraint and not enum.native
        if self.dialect in ("mysql", "mariadb") and "type" in operation.aspects and checked and enum is not None:
            # Alembic adds the check of the new values there, and leaves that of the old ones in its way.
            self.inside.append(ops.DropConstraintOp(enum.name, table, "check", schema=operation.table[0]))
        for part in self._by_values(operation):
            if part is not operation:
                self._enter(operation.table)
            counts = self._counts(part)
            self._put(part, *(alter_column(each, self.dialect, counts) for each in alterations(part, self.dialect)))

    def _counts(self, operation: AlterColumn) -> bool:
        """Whether MySQL must be told again that the column counts itself up."""
        table = self.state.table(operation.table[1], operation.table[0])
        if table is None or self.dialect not in ("mysql", "mariadb"):
            return False
        return all(counter_of(table, column, self.dialect) is not None for column in (operation.before, operation.after))

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

    def _copy(self) -> sa.Table | None:
        """The table as it is before the batch, where Alembic's own look at it would miss or misname something."""
        import sqlalchemy as sa

        if self.dialect != "sqlite" or self.group is None or self.group_state is None:
            return None
        table = self.group_state.table(self.group[1], self.group[0])
        dropped = [item for item in self.group_operations if isinstance(item, DropConstraint)]
        if table is None or table.incomplete is not None or not _recreates(self.group_operations):
            return None
        # A name that PostgreSQL would have given is none here: SQLite gives no names.
        nameless = [
            item
            for item in dropped
            if item.constraint.name in (None, automatic_name(table, replace(item.constraint, name=None), "postgresql"))
        ]
        if not nameless and not _hard_to_reflect(table):
            return None
        names: dict[object, str] = {item.constraint: item.name for item in nameless}
        names |= {replace(item.constraint, name=None): item.name for item in nameless}
        keys = primary_key_of(table)
        if keys:
            names |= {PrimaryKey(keys): item.name for item in nameless if isinstance(item.constraint, PrimaryKey)}
        return to_table(table, sa.MetaData(), self.dialect, names=names)

    # Outside

    def _fill_table(self, operation: FillTable) -> None:
        from alembic.operations import ops

        place = table_sql(operation.table, self.dialect)
        names = ", ".join(name_sql(name, self.dialect) for name in operation.columns)
        insert = f"INSERT INTO {place} ({names}) {operation.query}"
        self.steps.append(Direct(ops.ExecuteSQLOp(insert), f"The rows of {operation.table[1]} come out of the tables that had them."))
        counted = operation.counted
        if self.dialect == "postgresql" and counted is not None and counted.name in operation.columns:
            sequence = f"pg_get_serial_sequence({quoted(place)}, {quoted(counted.name)})"
            following = f"SELECT coalesce(max({name_sql(counted.name)}) + 1, 1) FROM {place}"
            self.steps.append(Direct(ops.ExecuteSQLOp(f"SELECT setval({sequence}, ({following}), false)")))

    def _object(self, operation: ObjectOperation) -> None:
        from alembic.operations import ops

        statement = ops.ExecuteSQLOp(escaped(object_sql(operation, self.dialect)))
        self.steps.append(Direct(statement, comment_on(operation, self.dialect), isinstance(operation, DropView)))
        if isinstance(operation, CreateView):
            indexes = [CreateIndex(operation.view.key, index, index.name or "") for index in operation.view.indexes]
            self.steps += [Direct(create_index(index, self.dialect)) for index in indexes]

    def _outside(self, operation: Operation) -> None:
        from alembic.operations import ops

        match operation:
            case CreateTable():
                self.steps += map(Direct, create_table(operation.table, self.dialect, self.final_names))
            case DropTable():
                self.steps += map(Direct, drop_table(operation.table, self.dialect))
            case RenameTable():
                reason = f" ({operation.evidence})" if operation.evidence else ""
                comment: str | None = f"A rename{reason}: the rows stay."
                schema = operation.target[0]
                if schema != operation.schema:
                    place = table_sql((operation.schema, operation.before), self.dialect)
                    move = f"ALTER TABLE {place} SET SCHEMA {name_sql(schema or 'public')}"
                    self.steps.append(Direct(ops.ExecuteSQLOp(move), comment))
                    comment = None
                if operation.before != operation.after:
                    self.steps.append(Direct(ops.RenameTableOp(operation.before, operation.after, schema=schema), comment))
            case RenameColumn():
                reason = f" ({operation.evidence})" if operation.evidence else ""
                self.steps.append(Direct(rename_column(operation, self.dialect), f"A rename{reason}: the values stay."))
            case ChangeTableComment():
                self.steps.append(Direct(table_comment(operation)))
            case ChangeTableOptions():
                place = table_sql(operation.table, self.dialect)
                self.steps += [Direct(ops.ExecuteSQLOp(sql)) for sql in options_sql(operation, place, self.dialect)]
                again = [AlterColumn(operation.table, column, column, ("type",)) for column in operation.columns]
                self.steps += [Direct(alter_column(each, self.dialect, self._counts(each))) for each in again]
            case CreateEnum() | DropEnum() | ChangeEnum():
                if isinstance(operation, ChangeEnum):
                    for key, column in operation.uses:
                        used = replace(column, type=_of_enum(column.type, operation.before))
                        self._guard_values(key, used, operation.after, operation.replaced)
                self.steps += [Direct(ops.ExecuteSQLOp(sql)) for sql in enum_sql(operation)]
            case ChangeCounter():
                self.steps += [Direct(made) for made in change_counter(operation, self.dialect)]
            case RenameConstraint():
                self.steps += renamed_on_postgresql(operation)
            case FillTable():
                self._fill_table(operation)
            case FixComputed():
                self.steps += [Direct(made) for made in fix_computed(operation, self.dialect)]
            case _ if isinstance(operation, ObjectOperation):
                self._object(operation)
            case CreateSchema():
                words = "CREATE SCHEMA IF NOT EXISTS" if operation.shared else "CREATE SCHEMA"
                self.steps.append(Direct(ops.ExecuteSQLOp(f"{words} {name_sql(operation.name)}")))
            case DropSchema() if operation.shared:
                pass  # others may use it too
            case DropSchema():
                self.steps.append(Direct(ops.ExecuteSQLOp(f"DROP SCHEMA {name_sql(operation.name)}")))


def _of_enum(type_: ColumnType, enum: EnumType) -> ColumnType:
    """The type with this state of its enumeration: on the way back the values are those of the upgrade's end."""
    return replace(type_, enum=enum) if type_.item is None else replace(type_, item=replace(type_.item, enum=enum))


def _recreates(operations: list[Operation]) -> bool:
    """Does SQLite copy the table for these, or can it add the columns as they are?"""
    for operation in operations:
        if not isinstance(operation, AddColumn):
            return True
        default = operation.column.server_default
        if default is not None and getattr(default, "sort", "") == "sql":
            return True
    return False


def _hard_to_reflect(table: Table) -> bool:
    """Parts that SQLAlchemy does not see, or not wholly, when it looks at a SQLite table."""
    return (
        bool(table.checks)
        or any(column.type.collation or column.computed is not None for column in table.columns)
        or any(_special(index) for index in table.indexes)
        or any(key.deferrable is not None for key in table.foreign_keys)
        or any(column.type.enum is not None and column.type.enum.create_constraint for column in table.columns)
    )


def _special(index: Index) -> bool:
    return index.where is not None or any(not column.replace("_", "a").isalnum() for column in index.columns or ())
