"""The same schemas and operations as SQLite can have them, and what was taken out on the way, in words.

Types that SQLite lacks become TEXT, schemas vanish from names, defaults and expressions it does not understand are left out.
Enumerations are columns of text there, so their types are neither made nor dropped.
"""

from __future__ import annotations

import dataclasses
import re
import sqlite3
from dataclasses import dataclass, field, replace
from typing import Any

from lsp_server.database.equivalence import default_schema, family_of, for_dialect
from lsp_server.database.migration.metadata import NotSayable, to_type
from lsp_server.database.migration.object_operations import ObjectOperation
from lsp_server.database.migration.operations import (
    AddConstraint,
    AlterColumn,
    ChangeCounter,
    ChangeEnum,
    ChangeTableComment,
    CreateEnum,
    CreateIndex,
    CreateSchema,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropSchema,
    Operation,
)
from lsp_server.database.migration.values import default_sql
from lsp_server.database.migration.whole_table import ChangeTableOptions
from lsp_server.database.model import Check, Column, ColumnType, Database, Default, Exclusion, Index, Table
from lsp_server.unknown import Unknown

_FOREIGN = {"ARRAY", "JSONB", "INTERVAL"}


@dataclass(frozen=True, slots=True)
class Shadowed:
    before: Database
    after: Database
    operations: tuple[Operation, ...]
    not_proved: tuple[str, ...]


def translate(before: Database, after: Database, operations: tuple[Operation, ...], dialect: str | None) -> Shadowed:
    """Everything as it is for SQLite; unchanged for a plan that was made for it."""
    if dialect == "sqlite":
        return Shadowed(before, after, operations, ())
    translator = _Translator()
    kept = [
        translator.value(operation)
        for operation in operations
        if not translator.unheard(operation)
    ]
    return Shadowed(
        translator.value(before),
        translator.value(after),
        tuple(operation for operation in kept if operation is not None),
        tuple(dict.fromkeys(translator.left_out)),
    )


@dataclass(slots=True)
class _Translator:
    left_out: list[str] = field(default_factory=list)

    def unheard(self, operation: Operation) -> bool:
        """Operations without any effect on SQLite."""
        if isinstance(operation, ObjectOperation):
            self.left_out.append("views and sequences: SQLite has others")
            return True
        match operation:
            case CreateEnum() | DropEnum() | ChangeEnum():
                name = operation.after.name if isinstance(operation, ChangeEnum) else operation.enum.name
                self.left_out.append(f"type {name}: SQLite has no named enumerations")
                return not isinstance(operation, ChangeEnum)
            case CreateSchema() | DropSchema():
                self.left_out.append(f"schema {operation.name}: SQLite has none")
                return True
            case ChangeCounter():
                self.left_out.append(f"how {operation.table[1]}.{operation.column.name} counts itself up: SQLite has no sequences")
                return True
            case ChangeTableOptions():
                self.left_out.append("options of tables: SQLite has others")
                return True
            case ChangeTableComment():
                self.left_out.append("comments: SQLite has none")
                return True
            case CreateIndex() | DropIndex():
                return self._index(operation.index) is None
            case AddConstraint() | DropConstraint() if isinstance(operation.constraint, Exclusion):
                self.left_out.append(f"exclusion constraint {operation.name}: SQLite has none")
                return True
            case AddConstraint() | DropConstraint() if isinstance(operation.constraint, Check):
                return not self._check(operation.constraint)
        return False

    def value(self, item: Any) -> Any:
        """The item with everything in it translated."""
        if isinstance(item, ColumnType):
            return self._type(item)
        if isinstance(item, Column):
            return self._column(item)
        if isinstance(item, AlterColumn):
            return self._altered(item)
        if isinstance(item, Table):
            return self._table(item)
        if isinstance(item, Database):
            item = replace(item, views=(), sequences=())
        if isinstance(item, tuple):
            parts = [self.value(part) for part in item]
            return type(item)(*parts) if hasattr(item, "_fields") else tuple(parts)
        if isinstance(item, (Unknown, Default)) or not dataclasses.is_dataclass(item) or isinstance(item, type):
            return item
        changes: dict[str, Any] = {}
        for part in dataclasses.fields(item):
            old = getattr(item, part.name)
            if part.name in ("schema", "target_schema"):
                new: Any = None
            elif part.name == "table" and isinstance(old, tuple):
                new = (None, old[1])
            elif part.name == "uses":
                new = ()
            else:
                new = self.value(old)
            if new is not old:
                changes[part.name] = new
        return replace(item, **changes)

    def _type(self, type_: ColumnType) -> ColumnType:
        type_ = replace(for_dialect(type_, "sqlite"), variants=())
        if type_.enum is not None and isinstance(type_.enum.values, tuple):
            # A column of text: which values it takes is not SQLite's business, unless a CHECK says so.
            return replace(type_, family="VARCHAR", enum=None, arguments=(255,)) if type_.enum.native else type_
        family = family_of(type_)
        if family in _FOREIGN or family is None:
            self.left_out.append(f"type {type_.sql or type_.python or 'unknown'}: SQLite has none")
            return ColumnType("TEXT")
        try:
            made = to_type(type_, "sqlite")
        except NotSayable:
            self.left_out.append(f"type {type_.sql}: SQLite has none")
            return ColumnType("TEXT")
        if made.__module__.startswith("sqlalchemy.dialects"):
            if family.startswith(("TIMESTAMP", "TIME")):
                return replace(type_, arguments=())
            self.left_out.append(f"type {type_.sql}: SQLite has none")
            return ColumnType("TEXT")
        return type_

    def _column(self, column: Column) -> Column:
        default = column.server_default
        text = default_sql(default, "sqlite")
        if text is not None and not (isinstance(default, Default) and default.sort == "constant"):
            text = re.sub(r"::\s*[\w ]+(\[\])?(\(\d+\))?", "", text)
            if understood(text):
                default = Default("sql", text)
            else:
                self.left_out.append(f"default {text}: SQLite does not know it")
                default = None
        computed = column.computed
        if isinstance(computed, str) and not understood(computed, names=True):
            self.left_out.append(f"expression {computed}: SQLite does not know it")
            computed = None
        return replace(
            column,
            type=self._type(column.type),
            server_default=None if isinstance(default, Default) and default.sort == "sequence" else default,
            computed=computed,
            identity=None,
            comment=None,
        )

    def _altered(self, operation: AlterColumn) -> AlterColumn | None:
        aspects = tuple(aspect for aspect in operation.aspects if aspect not in ("comment", "identity"))
        if len(aspects) < len(operation.aspects):
            self.left_out.append("comments and identities: SQLite has none")
        if not aspects:
            return None
        return replace(
            operation,
            table=(None, operation.table[1]),
            before=self._column(operation.before),
            after=self._column(operation.after),
            aspects=aspects,
        )

    def _table(self, table: Table) -> Table:
        columns = tuple(map(self._column, table.columns))
        checks = tuple(check for check in table.checks if self._check(check))
        indexes = tuple(index for index in map(self._index, table.indexes) if index is not None)
        keys = tuple(replace(key, target_schema=None) for key in table.foreign_keys)
        if default_schema(table.schema) is not None:
            self.left_out.append(f"schema {table.schema}: SQLite has none")
        return replace(
            table, schema=None, columns=columns, checks=checks, indexes=indexes, foreign_keys=keys, comment=None,
            exclusions=(),
        )

    def _check(self, check: Check) -> bool:
        if check.expression is None or understood(check.expression, names=True):
            return True
        self.left_out.append(f"check {check.expression}: SQLite does not know it")
        return False

    def _index(self, index: Index) -> Index | None:
        texts = [*(index.columns or ()), *([index.where] if isinstance(index.where, str) else [])]
        if index.method not in (None, "btree") or index.include or index.operators:
            self.left_out.append(f"index {index.name}: SQLite has no such kind")
            return None
        if not all(understood(text, names=True) for text in texts):
            self.left_out.append(f"index {index.name}: SQLite does not know its expression")
            return None
        return index


def understood(expression: str, *, names: bool = False) -> bool:
    """Does SQLite understand this expression? With `names`, of columns that it may not know."""
    bare = re.sub(r"(?i)\s+(asc|desc)?(\s+nulls\s+(first|last))?\s*$", "", expression)
    with sqlite3.connect(":memory:") as connection:
        try:
            connection.execute(f"EXPLAIN SELECT ({bare})")
        except sqlite3.Error as error:
            return names and str(error).startswith("no such column")
    return True
