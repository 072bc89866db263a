"""Two schemas -> the operations that lead from the first to the second, in an order that databases accept.

The plan decides what is done and in which order; how it is written is `render.py`'s business, what may go wrong
`hazards.py`'s. It is static: rows are not known, only that there may be some.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from lsp_server.database.compare import Difference, compare, plain_identity
from lsp_server.database.equivalence import automatic_name, default_schema, family_of, native_enums, primary_key_of
from lsp_server.database.migration.answers import RENAME_COLUMNS, RENAME_TABLES, RENAMES, Answers, for_column
from lsp_server.database.migration.applying import apply_operations
from lsp_server.database.migration.counters import counter_of
from lsp_server.database.migration.earlier_names import earlier_names
from lsp_server.database.migration.hazards import Hazard, find_hazards
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeCounter,
    ChangeEnum,
    ChangeTableComment,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropTable,
    Fill,
    FillTable,
    FixComputed,
    Operation,
    RenameColumn,
    RenameConstraint,
    TableKey,
)
from lsp_server.database.migration.plan_objects import carried, followed, made_schema, schemas_of_moves, with_objects
from lsp_server.database.migration.questions import Answered, Question, answered_questions, open_questions
from lsp_server.database.migration.renames import Rename, find_renames, rename_operations
from lsp_server.database.migration.sql import name_sql, selected_columns, selected_sources, table_sql
from lsp_server.database.migration.values import default_sql, must_be_given, placeholder
from lsp_server.database.migration.whole_table import ChangeTableOptions, options_changed, recoded_keys
from lsp_server.database.model import (
    Check,
    Column,
    Database,
    EnumType,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.naming import kept_name
from lsp_server.database.table_options import keeps_foreign_keys
from lsp_server.unknown import Unknown

_WITH_SCHEMAS = ("postgresql", "mssql")


@dataclass(frozen=True, slots=True)
class Plan:
    """`obstacles`: what had to be left out and why; a plan with obstacles does not lead all the way.

    `questions` are open, `answered` those whose answers it follows.
    """

    before: Database
    after: Database
    dialect: str | None
    operations: tuple[Operation, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    renames: tuple[Rename, ...] = ()
    obstacles: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    answered: tuple[Answered, ...] = ()

    @property
    def unanswered(self) -> tuple[Question, ...]:
        """The questions without whose answers this is no plan that could be right."""
        return tuple(question for question in self.questions if question.must)

    @property
    def settled_hazards(self) -> tuple[Hazard, ...]:
        """The hazards that do not hang on an open question: values may be lost in a table that one speaks of, or may not."""
        asked = {question.table[1] for question in self.unanswered if question.table is not None}
        return tuple(hazard for hazard in self.hazards if hazard.code != "data_loss_up" or hazard.table not in asked)

    @property
    def title(self) -> str:
        """One line for a list of choices, such as "rename customer.phone to phone_text"."""
        named = [
            f"rename {rename.table[1]}.{rename.column} to {rename.new_name}"
            if rename.column
            else f"rename table {rename.table[1]} to {rename.new_name}"
            for rename in self.renames
        ]
        return ", ".join(named)


def plan(
    before: Database,
    after: Database,
    dialect: str | None,
    answers: Answers | None = None,
    evidence: tuple[Rename, ...] = (),
) -> Plan:
    """The plan for one answer to every question; without answers only certain renames are renames.

    `evidence`: renames that somebody else knows of, an editor or the history of the texts.
    """
    answers = answers or Answers()
    before, after = _with_kept_names(before, dialect), _with_kept_names(after, dialect)
    names = earlier_names(before, after, dialect)
    before = names.before
    declared, after = after, carried(before, after, dialect)
    certain, unsure = _renames(before, after, dialect, answers, evidence)
    renames = (*(answers.renames or ()), *certain)
    start = _with_real_names(before, renames, dialect)
    first = rename_operations(renames, start)
    renamed = apply_operations(start, first)
    after = followed(after, declared, first, dialect)
    builder = _Builder(renamed, after, dialect, answers, names.doubtful)
    builder.obstacles += names.obstacles
    differences = compare(renamed, after, dialect, exact=True)
    operations = (*schemas_of_moves(first, start, after), *first, *builder.build(differences))
    operations = with_objects(operations, before, after, differences, dialect, builder.obstacles)
    hazards = find_hazards(operations, before, dialect)
    questions = open_questions(operations, unsure, answers, dialect)
    answered = answered_questions(operations, answers)
    return Plan(before, after, dialect, operations, hazards, renames, tuple(builder.obstacles), questions, answered)


def alternatives(
    before: Database,
    after: Database,
    dialect: str | None,
    answers: Answers | None = None,
    evidence: tuple[Rename, ...] = (),
) -> tuple[Plan, ...]:
    """One plan, or two where it is not certain whether something was renamed: first the one that loses nothing."""
    answers = answers or Answers()
    certain, unsure = _renames(before, after, dialect, answers, evidence)
    if not unsure:
        return (plan(before, after, dialect, answers, evidence),)
    named = (*(answers.renames or ()), *certain)
    decided = (replace(answers, renames=renames, settled=RENAMES) for renames in ((*named, *unsure), named))
    return tuple(plan(before, after, dialect, each) for each in decided)


def _renames(
    before: Database, after: Database, dialect: str | None, answers: Answers, evidence: tuple[Rename, ...]
) -> tuple[tuple[Rename, ...], tuple[Rename, ...]]:
    """The certain and the unsure renames of the kinds that nobody has answered."""
    settled = answers.settled if answers.renames is not None else frozenset[str]()
    if settled == RENAMES:
        return (), ()
    found = find_renames(compare(before, after, dialect, exact=True), before, after, dialect, evidence)
    open_ = [each for each in found if (RENAME_COLUMNS if each.column is not None else RENAME_TABLES) not in settled]
    return tuple(each for each in open_ if each.certain), tuple(each for each in open_ if not each.certain)


def _with_kept_names(database: Database, dialect: str | None) -> Database:
    """Models belong to no database: here their names are cut as this kind of database will have them."""

    def kept(part: Part) -> Part:
        name = kept_name(part.name, dialect) if part.name is not None else None
        return part if name == part.name else replace(part, name=name)

    def table(table: Table) -> Table:
        return replace(
            table,
            primary_key=table.primary_key and kept(table.primary_key),
            foreign_keys=tuple(map(kept, table.foreign_keys)),
            uniques=tuple(map(kept, table.uniques)),
            checks=tuple(map(kept, table.checks)),
            exclusions=tuple(map(kept, table.exclusions)),
            indexes=tuple(map(kept, table.indexes)),
        )

    return replace(database, tables=tuple(map(table, database.tables)))


def _with_real_names(database: Database, renames: Iterable[Rename], dialect: str | None) -> Database:
    """Constraints that the database named keep that name when their table or column is renamed."""
    touched = {rename.table for rename in renames}
    if dialect == "sqlite" or not touched:
        return database

    def named(table: Table) -> Table:
        if table.key not in touched:
            return table
        return replace(
            table,
            foreign_keys=tuple(_named(table, key, dialect) for key in table.foreign_keys),
            uniques=tuple(_named(table, unique, dialect) for unique in table.uniques),
            checks=tuple(_named(table, check, dialect) for check in table.checks),
        )

    return replace(database, tables=tuple(map(named, database.tables)))


Part = TypeVar("Part", ForeignKey, Unique, Check, Exclusion, PrimaryKey, Index)


def _named(table: Table, part: Part, dialect: str | None) -> Part:
    return replace(part, name=part.name or automatic_name(table, part, dialect))


@dataclass(slots=True)
class _Steps:
    """Operations by what must come before what."""

    schemas: list[Operation] = field(default_factory=list)
    enums: list[Operation] = field(default_factory=list)
    freed_keys: list[Operation] = field(default_factory=list)
    freed: list[Operation] = field(default_factory=list)
    options: list[Operation] = field(default_factory=list)
    created: list[Operation] = field(default_factory=list)
    added: list[Operation] = field(default_factory=list)
    altered: list[Operation] = field(default_factory=list)
    bound: list[Operation] = field(default_factory=list)
    bound_keys: list[Operation] = field(default_factory=list)
    filled: list[Operation] = field(default_factory=list)
    dropped_columns: list[Operation] = field(default_factory=list)
    dropped: list[Operation] = field(default_factory=list)
    dropped_enums: list[Operation] = field(default_factory=list)
    comments: list[Operation] = field(default_factory=list)

    def ordered(self, dialect: str | None) -> tuple[Operation, ...]:
        inside: list[Operation] = [
            *self.freed_keys,
            *self.freed,
            *self.options,
            *self.added,
            *self.altered,
            *self.bound,
            *self.bound_keys,
            *self.filled,
            *self.dropped_columns,
        ]
        if dialect == "sqlite":
            # There a table is copied for each group of changes: one group per table, and new tables first.
            tables = list(dict.fromkeys(operation.table for operation in inside))  # type: ignore[union-attr]
            inside.sort(key=lambda operation: tables.index(operation.table))  # type: ignore[union-attr]
            middle = [*self.created, *inside]
        else:
            split = len(self.freed_keys) + len(self.freed) + len(self.options)
            middle = [*inside[:split], *self.created, *inside[split:]]
        return (
            *self.schemas,
            *self.enums,
            *middle,
            *self.dropped,
            *self.dropped_enums,
            *self.comments,
        )


class _Builder:
    """Turns differences into operations; `obstacles` collects what cannot be said."""

    def __init__(
        self, before: Database, after: Database, dialect: str | None, answers: Answers,
        doubtful: frozenset[tuple[TableKey, str]] = frozenset(),
    ) -> None:  # fmt: skip
        self.doubtful = doubtful
        self.before = before
        self.after = after
        self.dialect = dialect
        self.answers = answers
        self.obstacles: list[str] = []
        self.steps = _Steps()

    def build(self, differences: tuple[Difference, ...]) -> tuple[Operation, ...]:
        self._schemas(differences)
        self._create_tables([item.after for item in differences if item.element == "table" and item.before is None])
        self._drop_tables([item.before for item in differences if item.element == "table" and item.after is None])
        altered: dict[tuple[TableKey, str], list[Difference]] = {}
        for item in differences:
            if item.path[0] == "enum":
                self._enum(item)
            elif item.path[0] in ("view", "sequence"):
                continue  # they stand around all this
            elif item.element == "table":
                continue
            elif item.element == "column":
                self._column(item)
            elif item.column is not None:
                altered.setdefault((_key(item), item.column), []).append(item)
            elif item.element == "comment":
                self._table_comment(item)
            elif item.element == "options":
                self._options(item)
            else:
                self._part(item)
        for (key, _name), items in altered.items():
            self._alter(key, items)
        self._unbind_recoded()
        self._counters()
        self._implicit_indexes()
        return self.steps.ordered(self.dialect)

    # Schemas and enums

    def _schemas(self, differences: tuple[Difference, ...]) -> None:
        if self.dialect not in _WITH_SCHEMAS:
            return
        there = {table.key[0] for table in self.before.tables} | set(self.before.schemas)
        new = [item.after.key[0] for item in differences if item.element == "table" and isinstance(item.after, Table)]
        for name in dict.fromkeys(new):
            if name is not None and name not in there:
                self.steps.schemas.append(made_schema(name, self.after))

    def _enum(self, item: Difference) -> None:
        if isinstance(item.before, EnumType) and isinstance(item.after, EnumType):
            uses = tuple(
                (table.key, column)
                for table in self.before.tables
                for column in table.columns
                if item.before in native_enums(column.type, self.dialect)
            )
            self.steps.enums.append(ChangeEnum(item.before, item.after, uses, self.answers.replacements(item.after)))
        elif isinstance(item.after, EnumType):
            if isinstance(item.after.values, Unknown):
                self.obstacles.append(f"the values of the type {item.after.name} are not known")
            else:
                self.steps.enums.append(CreateEnum(item.after))
        elif isinstance(item.before, EnumType) and not isinstance(item.before.values, Unknown):
            self.steps.dropped_enums.append(DropEnum(item.before))

    # Tables

    def _create_tables(self, elements: list[object]) -> None:
        tables = [element for element in elements if isinstance(element, Table)]
        tables = [table for table in tables if self._sayable(table)]
        ordered, late = creation_order(tables)
        for table in ordered:
            keys = [key for key in table.foreign_keys if self.dialect != "sqlite" and self._must_wait(key, late, table)]
            kept = tuple(key for key in table.foreign_keys if key not in keys)
            self.steps.created.append(CreateTable(replace(table, foreign_keys=kept)))
            for key in keys:
                self.steps.bound_keys.append(self._add(table, key))
            query = self.answers.rows.get(table.full_name)
            columns = selected_columns(query, self.dialect) if query is not None else None
            if query is not None and columns is not None:
                counted = next((column for column in table.columns if counter_of(table, column, self.dialect) is not None), None)
                self.steps.filled.append(FillTable(table.key, columns, query, counted))

    def _must_wait(self, key: ForeignKey, late: set[tuple[TableKey, TableKey]], table: Table) -> bool:
        target = (default_schema(key.target_schema), key.target_table or "")
        existing = self.before.table(target[1], target[0])
        if existing is not None:
            return any(existing.column(column) is None for column in key.target_columns or ())
        return (table.key, target) in late or key.use_alter

    def _drop_tables(self, elements: list[object]) -> None:
        tables = [element for element in elements if isinstance(element, Table)]
        ordered, late = creation_order(tables)
        for table in reversed(ordered):
            keys = [
                key
                for key in table.foreign_keys
                if self.dialect != "sqlite"
                and (table.key, (default_schema(key.target_schema), key.target_table or "")) in late
            ]
            for key in keys:
                self.steps.freed_keys.append(self._drop(table, key))
            kept = tuple(key for key in table.foreign_keys if key not in keys)
            self.steps.dropped.append(DropTable(replace(table, foreign_keys=kept)))

    def _table_comment(self, item: Difference) -> None:
        if isinstance(item.before, Table) and isinstance(item.after, Table):
            texts = (item.before.comment, item.after.comment)
            if not isinstance(texts[0], Unknown) and not isinstance(texts[1], Unknown):
                self.steps.comments.append(ChangeTableComment(_key(item), texts[0], texts[1]))

    def _options(self, item: Difference) -> None:
        if isinstance(item.before, Table) and isinstance(item.after, Table):
            change = options_changed(item.before, item.after, self.dialect, "option" in self.after.whole)
            if isinstance(change, str):
                self.obstacles.append(f"the option {change} of {item.after.full_name} is not changed by any one statement")
            else:
                self.steps.options.append(change)

    def _unbind_recoded(self) -> None:
        """Keys over texts step aside while one of their ends is converted to another character set."""
        changes = [change for change in self.steps.options if isinstance(change, ChangeTableOptions)]
        gone = {(item.table, item.name) for item in self.steps.freed_keys if isinstance(item, DropConstraint)}
        for table, key in recoded_keys(self.before, changes, self.dialect):
            drop, add = self._drop(table, key), self._add(table, key)
            if isinstance(drop, DropConstraint) and (drop.table, drop.name) not in gone:
                self.steps.freed_keys.append(drop)
                self.steps.bound_keys.append(add)

    # Columns

    def _column(self, item: Difference) -> None:
        key = _key(item)
        if isinstance(item.after, Column):
            table = self.after.table(key[1], key[0])
            if table is not None and self._known(table, item.after):
                self.steps.added.append(AddColumn(key, item.after, self._fill(key, item.after, item.after)))
        elif isinstance(item.before, Column):
            table = self.before.table(key[1], key[0])
            if table is not None and self._known(table, item.before):
                self.steps.dropped_columns.append(DropColumn(key, item.before, self._refill(table, item.before)))

    def _fill(self, key: TableKey, column: Column, wanted: Column) -> Fill | None:
        """What rows without a value get when `wanted` asks for one."""
        derived = for_column(self.answers.derived, key, wanted.name)
        if derived is not None:
            return Fill(derived, "derived from the other columns", given=True, restores=True)
        if column.primary_key is True and family_of(column.type) in ("INTEGER", "BIGINT", "SMALLINT"):
            return None
        if not must_be_given(column):
            return None
        given = for_column(self.answers.values, key, wanted.name)
        if given is not None:
            return Fill(given, "the value given for existing rows", given=True)
        text = default_sql(wanted.default, self.dialect)
        return Fill(text, "the model's default") if text is not None else Fill(None, "no value is known")

    def _refill(self, table: Table, column: Column) -> Fill | None:
        """What rows get if a dropped column comes back: its values are gone, a placeholder must do where one can."""
        moved = self._moved(table, column)
        if moved is not None:
            return Fill(moved, "from the table it moved to", given=True, restores=True)
        fill = self._fill(table.key, column, column)
        if fill is None or fill.sql is not None:
            return fill
        alone = any(unique.columns == (column.name,) for unique in table.uniques) or any(
            index.unique is True and index.columns == (column.name,) for index in table.indexes
        )
        refers = any(column.name in (key.columns or ()) for key in table.foreign_keys)
        stand_in = None if alone or refers else placeholder(column.type, self.dialect)
        return Fill(stand_in, "a placeholder: the values are gone") if stand_in is not None else fill

    def _moved(self, table: Table, column: Column) -> str | None:
        """The expression that fetches a column's values back from a new table that was filled with them."""
        keys = primary_key_of(table) or ()
        for name, query in self.answers.rows.items():
            sources = selected_sources(query, table.name, self.dialect)
            if len(keys) == 1 and column.name in sources and keys[0] in sources:
                schema, _, bare = name.rpartition(".")
                place = table_sql((schema or None, bare), self.dialect)
                own = f"{table_sql(table.key, self.dialect)}.{name_sql(keys[0], self.dialect)}"
                there = name_sql(sources[keys[0]], self.dialect)
                return f"(SELECT {place}.{name_sql(sources[column.name], self.dialect)} FROM {place} WHERE {place}.{there} = {own})"
        return None

    def _alter(self, key: TableKey, items: list[Difference]) -> None:
        before, after = items[0].before, items[0].after
        table = self.after.table(key[1], key[0])
        if not isinstance(before, Column) or not isinstance(after, Column) or table is None:
            return
        if not self._known(table, after) or not self._known(table, before):
            return
        elements = ("type" if item.element == "enum" else item.element for item in items)
        aspects = tuple(dict.fromkeys(element for element in elements if element != "identity"))
        if not aspects:
            return
        if after.computed is None and aspects == ("computed",):
            plain = replace(after, server_default=None)
            self.steps.freed += _kept_aside(table, before, plain) if self.dialect == "sqlite" else [FixComputed(key, before, plain)]
            return
        if "computed" in aspects:
            # No database turns a plain column into a computed one, or changes the expression, everywhere.
            self.steps.freed.append(DropColumn(key, before, self._refill(table, before)))
            self.steps.added.append(AddColumn(key, after, self._fill(key, after, after)))
            return
        changed = _changed(before, after, aspects)
        fill = None
        if "nullable" in aspects:
            demanding = changed if changed.nullable is False else before
            fill = self._tightening(key, demanding, after)
        enum = after.type.enum or before.type.enum
        replaced = self.answers.replacements(enum, f"{key[1]}.{after.name}") if enum is not None else ()
        spoken = [for_column(given, key, after.name) for given in (self.answers.zones, self.answers.derived, self.answers.restored)]
        if any(spoken) and self.dialect != "postgresql" and "type" in aspects:
            self.obstacles.append(f"{key[1]}.{after.name} changes its type: only PostgreSQL takes a zone or an expression for it")
        self.steps.altered.append(AlterColumn(key, before, changed, aspects, fill, replaced, *spoken))

    def _tightening(self, key: TableKey, column: Column, wanted: Column) -> Fill:
        given = for_column(self.answers.values, key, column.name)
        if given is not None:
            return Fill(given, "the value given for existing rows", given=True)
        for default, reason in ((column.server_default, "the database's default"), (wanted.default, "the model's default")):
            text = default_sql(default, self.dialect)
            if text is not None:
                return Fill(text, reason)
        return Fill(None, "no value is known")

    # Constraints and indexes

    def _part(self, item: Difference) -> None:
        key = _key(item)
        old, new = self.before.table(key[1], key[0]), self.after.table(key[1], key[0])
        if item.element == "name" and old is not None and new is not None:
            self._rename(old, item.before, item.after)
            return
        if item.before is not None and old is not None:
            gone = self._drop(old, item.before)
            (self.steps.freed_keys if isinstance(item.before, ForeignKey) else self.steps.freed).append(gone)
        if item.after is not None and new is not None:
            come = self._add(new, item.after)
            (self.steps.bound_keys if isinstance(item.after, ForeignKey) else self.steps.bound).append(come)

    def _rename(self, table: Table, before: object, after: object) -> None:
        """The same constraint under another name: said so where the database has words for it, made anew elsewhere."""
        parts = (PrimaryKey, ForeignKey, Check, Unique, Index)
        assert isinstance(before, parts) and isinstance(after, parts)
        if self.dialect in ("postgresql", "mysql", "mariadb"):
            named = replace(before, name=before.name or automatic_name(table, before, self.dialect))
            doubtful = (table.key, named.name or "") in self.doubtful
            self.steps.bound.append(RenameConstraint(table.key, named, after.name or "", doubtful))
            return
        gone, come = self._drop(table, before), self._add(table, after)
        (self.steps.freed_keys if isinstance(before, ForeignKey) else self.steps.freed).append(gone)
        (self.steps.bound_keys if isinstance(after, ForeignKey) else self.steps.bound).append(come)

    def _counters(self) -> None:
        """Columns that come to count themselves up in another way: their key, their type or their identity has changed."""
        for new in self.after.tables:
            old = self.before.table(new.name, new.schema)
            if old is None or self.dialect not in ("postgresql", "mysql", "mariadb"):
                continue
            for column in new.columns:
                earlier = old.column(column.name)
                if earlier is None or earlier.computed is not None or column.computed is not None:
                    continue
                counters = counter_of(old, earlier, self.dialect), counter_of(new, column, self.dialect)
                if counters[0] == counters[1] or not self._recounted(old, earlier, new, column):
                    continue
                bare = replace(column, identity=None)
                change = ChangeCounter(new.key, bare, *counters)
                if self.dialect != "postgresql" and None not in counters:
                    continue  # the change of the type says it
                if counters[1] is None:
                    self.steps.freed.insert(0, change)  # what counts itself up must be a key as long as it does
                else:
                    self.steps.bound.append(change)

    def _recounted(self, old: Table, before: Column, new: Table, after: Column) -> bool:
        """Whether something changed that says so: history and models may spell the same counter differently."""
        return (
            set(primary_key_of(old) or ()) != set(primary_key_of(new) or ())
            or plain_identity(before) != plain_identity(after)
            or family_of(before.type) != family_of(after.type)
        )

    def _implicit_indexes(self) -> None:
        """MySQL makes an index for each foreign key that has none, and leaves it behind when the key goes."""
        if self.dialect not in ("mysql", "mariadb"):
            return
        # An engine that forgets foreign keys keeps their indexes.
        forgetful = {
            table.key for database in (self.before, self.after) for table in database.tables if not keeps_foreign_keys(table.options, self.dialect)
        }
        gone = [item for item in self.steps.freed_keys if isinstance(item, DropConstraint) and item.table not in forgetful]
        come = [item for item in self.steps.bound_keys if isinstance(item, AddConstraint) and item.table not in forgetful]
        kept = {(item.table, item.constraint.columns) for item in come if isinstance(item.constraint, ForeignKey)}
        left = {(item.table, item.constraint.columns) for item in gone if isinstance(item.constraint, ForeignKey)}
        for drop in gone:
            key, table = drop.constraint, self.before.table(drop.table[1], drop.table[0])
            if isinstance(key, ForeignKey) and key.columns and table is not None and (drop.table, key.columns) not in kept:
                chosen = re.fullmatch(rf"{re.escape(table.name)}_ibfk_\d+", drop.name) is not None
                later = self.after.table(drop.table[1], drop.table[0])
                if later is not None and all(later.column(name) for name in key.columns) and not _indexed(table, key.columns):
                    name = key.columns[0] if chosen else drop.name
                    self.steps.freed.append(DropIndex(table.key, Index(name, key.columns), name, implicit=True))
        for add in come:
            key, table = add.constraint, self.after.table(add.table[1], add.table[0])
            if isinstance(key, ForeignKey) and key.columns and table is not None and (add.table, key.columns) not in left:
                new = self.before.table(add.table[1], add.table[0])
                if new is not None and not _indexed(table, key.columns):
                    self.steps.bound.append(CreateIndex(table.key, Index(add.name, key.columns), add.name, implicit=True))

    def _add(self, table: Table, part: object) -> Operation:
        assert isinstance(part, (ForeignKey, Unique, Check, Exclusion, PrimaryKey, Index))
        named = replace(part, name=part.name or automatic_name(table, part, self.dialect))
        if isinstance(named, Index):
            return CreateIndex(table.key, named, named.name or "")
        return AddConstraint(table.key, named, named.name or "")

    def _drop(self, table: Table, part: object) -> Operation:
        assert isinstance(part, (ForeignKey, Unique, Check, Exclusion, PrimaryKey, Index))
        name = part.name or automatic_name(table, part, self.dialect)
        if isinstance(part, Index):
            return DropIndex(table.key, part, name)
        return DropConstraint(table.key, part, name)

    # What can be said

    def _sayable(self, table: Table) -> bool:
        if table.incomplete is not None:
            self.obstacles.append(f"table {table.full_name} is not fully known: {table.incomplete.what}")
            return False
        known = [self._known(table, column) for column in table.columns]  # all of them: each obstacle is named
        return all(known)

    def _known(self, table: Table, column: Column) -> bool:
        for what in (column.type.family, column.nullable, column.server_default, column.computed):
            if isinstance(what, Unknown):
                self.obstacles.append(f"{table.full_name}.{column.name} is not fully known: {what.what}")
                return False
        return True


def _kept_aside(table: Table, computed: Column, plain: Column) -> list[Operation]:
    """SQLite has no words for the end of a computed column: its values wait in another one that takes its place."""
    name = f"{plain.name}_values"
    while table.column(name) is not None:
        name += "_"
    aside, key = replace(plain, name=name), table.key
    return [
        AddColumn(key, aside, Fill(name_sql(computed.name, "sqlite"), "the values computed so far", given=True, restores=True)),
        DropColumn(key, computed),
        RenameColumn(key, aside, plain.name, "the computed column made plain"),
    ]


def creation_order(tables: Iterable[Table]) -> tuple[list[Table], set[tuple[TableKey, TableKey]]]:
    """Tables with the referenced before the referring, and the (referring, referenced) pairs that close a circle."""
    remaining = {table.key: table for table in tables}
    ordered: list[Table] = []
    late: set[tuple[TableKey, TableKey]] = set()
    while remaining:
        ready = [table for table in remaining.values() if not _waits_for(table, remaining)]
        if not ready:
            # A circle: the first of it goes first, its keys into the circle follow later.
            ready = [next(iter(remaining.values()))]
            late |= {(ready[0].key, target) for target in _waits_for(ready[0], remaining)}
        for table in ready:
            ordered.append(table)
            del remaining[table.key]
    return ordered, late


def _waits_for(table: Table, remaining: Mapping[TableKey, Table]) -> list[TableKey]:
    targets = [(default_schema(key.target_schema), key.target_table or "") for key in table.foreign_keys]
    return [target for target in targets if target in remaining and target != table.key]


def _indexed(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether some key or index begins with these columns."""
    starts = [primary_key_of(table) or ()]
    starts += [unique.columns or () for unique in table.uniques]
    starts += [index.columns or () for index in table.indexes]
    return any(start[: len(columns)] == columns for start in starts)


def _key(item: Difference) -> TableKey:
    schema, _, name = item.path[1].rpartition(".")
    return (schema or None, name)


def _changed(before: Column, after: Column, aspects: tuple[str, ...]) -> Column:
    """The column before with only these aspects of the column after."""
    return replace(
        before,
        type=after.type if "type" in aspects else before.type,
        nullable=after.nullable if "nullable" in aspects else before.nullable,
        server_default=after.server_default if "server_default" in aspects else before.server_default,
        identity=after.identity if "identity" in aspects else before.identity,
        comment=after.comment if "comment" in aspects else before.comment,
    )
