"""How PostgreSQL does an operation without keeping others waiting: the statements in its place, and those of later revisions.

One function per sort of operation. Statements are source text without indentation; the author's own are kept as written and only
get an argument more. Where the way back is not a statement that can be found, there is no rewrite.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_server.database.hazards.rewrites import has_volatile_default
from lsp_server.database.model import Check, Column, Database, ForeignKey, Table, Unique
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeRows,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Keep,
    Key,
    Operation,
    Step,
)
from lsp_server.database.replay import HistoryReplay, RevisionReplay
from lsp_server.document import Document
from lsp_server.python.edit import remove_argument, set_argument
from lsp_server.python.lower import Node
from lsp_server.python.module import ModuleFacts
from lsp_server.repair.later_revisions import Later
from lsp_server.repair.revision_text import AUTOCOMMIT, dedented, outside_transaction, source_of, statement_at
from lsp_server.snapshot import Snapshot
from lsp_server.text import Edit, apply_edits

_BATCH = 10_000  # rows that one transaction of a filling changes
_FLAGS = re.IGNORECASE | re.DOTALL
_NAME = r'(?:"[^"]+"|[A-Za-z_]\w*)'
_ONE_VALUE = re.compile(
    rf"update\s+(?:only\s+)?(?:{_NAME}\.)?{_NAME}\s+set\s+(?P<column>{_NAME})\s*=\s*"
    r"(?P<value>'(?:[^']|'')*'|[-+]?[\d.]+|true|false|now\(\)|current_timestamp)\s*;?\s*", _FLAGS)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rewrite:
    """`upgrade` takes the operation's place; `downgrade` that of what undoes it, None leaves that; `later` follows."""

    upgrade: tuple[str, ...]
    downgrade: tuple[str, ...] | None = None
    later: tuple[Later, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """An operation that is a statement of its own in `upgrade()`; `back` is the statement of `downgrade()` that undoes it."""

    document: Document
    facts: ModuleFacts
    found: RevisionReplay
    step: Step
    statement: Node
    back: Node | None
    database: Database  # the schema after the revision

    @property
    def is_alone(self) -> bool:
        """Whether the upgrade does nothing else, so that no transaction is torn apart by an autocommit block."""
        return len(self.found.steps) == 1

    @property
    def call(self) -> Node:
        return self.statement[3]  # type: ignore[no-any-return]

    @property
    def sql(self) -> str | None:
        """The statement of `op.execute("…")`; None for one of Alembic's own operations, or a text put together."""
        return _sql_of(self.call)

    @property
    def quote(self) -> str:
        text = self.document.text
        return "'" if text.count("'") > text.count('"') - 3 * text.count('"""') else '"'

    def table(self, key: Key) -> Table | None:
        return next((table for table in self.database.tables if table.key == key), None)


def place_of(snapshot: Snapshot, replay: HistoryReplay, found: RevisionReplay, step: Step) -> Place | None:
    """None where the operation shares its statement with others, or stands in something else."""
    document = snapshot.document(found.revision.path)
    if document is None or [each.location for each in found.steps].count(step.location) != 1:
        return None
    facts = snapshot.module(document.path)
    statement = statement_at(facts, document, step.location.span)
    if statement is None or found.revision.upgrade is None or not found.revision.upgrade.span.covers(step.location.span):
        return None
    if _name(statement[3]) == "execute" and _sql_of(statement[3]) is None:
        return None
    back = _back(snapshot, document, facts, found, step.operation)
    return Place(document, facts, found, step, statement, back, found.after.database(replay.history.folder))


def rewrite(place: Place) -> Rewrite | None:
    """The way without the lock; None where there is none, or not from here."""
    match place.step.operation:
        case CreateIndex() | DropIndex():
            return _index(place)
        case AddConstraint(_, ForeignKey() | Check()):
            return _validated_later(place)
        case AddConstraint(_, Unique()):
            return _unique_by_index(place)
        case AlterColumn():
            return _not_null_by_check(place)
        case AddColumn(_, column) if has_volatile_default(column):
            return _filled_later(place)
        case ChangeRows():
            return _filled_in_batches(place)
    return None


def with_timeout(place: Place) -> Rewrite | None:
    return Rewrite((_timeout(place), dedented(place.document, place.statement)))


# Indexes


def _index(place: Place) -> Rewrite | None:
    """Built or dropped CONCURRENTLY, which no transaction allows: in a revision that does nothing else."""
    outside = _concurrently(place, place.statement)
    if outside is None:
        return None
    if place.is_alone:
        return Rewrite((outside,))
    back = _concurrently(place, place.back) if place.back is not None else None
    if back is None:
        return None
    operation = place.step.operation
    index = operation.index.name if isinstance(operation, CreateIndex) else getattr(operation, "name", None)
    verb = "build" if isinstance(operation, CreateIndex) else "drop"
    purpose = "An index is built and dropped while others write, which takes a revision of its own outside of a transaction."
    return Rewrite((), (), (Later(f"{verb} {index or 'an index'}", purpose, (outside,), (back,)),))


def _concurrently(place: Place, statement: Node) -> str | None:
    call = statement[3]
    if _name(call) in ("create_index", "drop_index"):
        return outside_transaction(_edited(place, statement, [set_argument(place.document, call, "postgresql_concurrently", "True")]))
    sql = _sql_of(call)
    if sql is None:
        return None
    changed, count = re.subn(r"^(\s*(?:create\s+(?:unique\s+)?|drop\s+)index)\b", r"\1 CONCURRENTLY", sql, count=1, flags=_FLAGS)
    return outside_transaction(_execute(place, changed)) if count else None


# Constraints


def _validated_later(place: Place) -> Rewrite | None:
    operation = place.step.operation
    assert isinstance(operation, AddConstraint)
    name = _name_of(place, operation)
    if name is None:
        return None
    sql = place.sql
    if sql is not None:
        added = _execute(place, f"{sql.rstrip().rstrip(';').rstrip()} NOT VALID")
    else:
        added = _edited(place, place.statement, [set_argument(place.document, place.call, "postgresql_not_valid", "True")])
    validate = _execute(place, f"ALTER TABLE {_table(operation.table)} VALIDATE CONSTRAINT {_sql_name(name)}")
    purpose = "Looks at the rows that were there before, without keeping anybody waiting. There is nothing to undo."
    return Rewrite((added,), None, (Later(f"validate {name}", purpose, (validate,), ()),))


def _unique_by_index(place: Place) -> Rewrite | None:
    operation = place.step.operation
    assert isinstance(operation, AddConstraint)
    unique, name = operation.constraint, _name_of(place, operation)
    if not isinstance(unique, Unique) or not unique.columns or name is None:
        return None
    if unique.nulls_not_distinct or re.search(r"\b(deferrable|initially)\b", source_of(place.document, place.statement), re.IGNORECASE):
        return None
    written = f"op.f({_string(place, name)})" if "op.f(" in source_of(place.document, place.statement) else _string(place, name)
    columns = ", ".join(_string(place, column) for column in unique.columns)
    index = (
        f"op.create_index({written}, {_string(place, operation.table[1])}, [{columns}], unique=True"
        f"{_schema(place, operation.table)}, postgresql_concurrently=True)"
    )
    constraint = f"ALTER TABLE {_table(operation.table)} ADD CONSTRAINT {_sql_name(name)} UNIQUE USING INDEX {_sql_name(name)}"
    lines = (outside_transaction(_laid_out(place, index)), _timeout(place), _execute(place, constraint))
    if place.is_alone:
        return Rewrite(lines)
    if place.back is None:
        return None
    purpose = "The index is built while others write; the constraint takes it over in a moment."
    return Rewrite((), (), (Later(f"make {name} unique", purpose, lines, (dedented(place.document, place.back),)),))


def _not_null_by_check(place: Place) -> Rewrite | None:
    operation = place.step.operation
    assert isinstance(operation, AlterColumn)
    changed = [part for part in (operation.name, operation.type, operation.server_default, operation.comment) if not isinstance(part, Keep)]
    if operation.nullable is not False or changed or place.back is None:
        return None
    steps = _tightening(place, operation.table, operation.column, dedented(place.document, place.statement))
    if steps is None:
        return None
    check, drop, upgrade = steps
    later = Later(f"{operation.table[1]} {operation.column} is not null", _TIGHTENS, upgrade,
                  (check, dedented(place.document, place.back)))  # fmt: skip
    return Rewrite((check,), (drop,), (later,))


_TIGHTENS = "The rows are looked at while others write; NOT NULL then takes the check's word for it."


def _tightening(place: Place, key: Key, column: str, set_not_null: str) -> tuple[str, str, tuple[str, ...]] | None:
    """The statements that add the check, drop it, and make NOT NULL of it; None where its name is taken."""
    name, table = f"ck_{key[1]}_{column}_not_null"[:63], _table(key)
    holder = place.table(key)
    if holder is None or any(each.name == name for each in holder.checks):
        return None
    check = _execute(place, f"ALTER TABLE {table} ADD CONSTRAINT {_sql_name(name)} CHECK ({_sql_name(column)} IS NOT NULL) NOT VALID")
    validate = _execute(place, f"ALTER TABLE {table} VALIDATE CONSTRAINT {_sql_name(name)}")
    drop = _execute(place, f"ALTER TABLE {table} DROP CONSTRAINT {_sql_name(name)}")
    return check, drop, (validate, _timeout(place), set_not_null, drop)


# Rows


def _filled_later(place: Place) -> Rewrite | None:
    """A column whose default differs from row to row: new rows get it at once, the others in batches."""
    operation = place.step.operation
    assert isinstance(operation, AddColumn)
    if _name(place.call) != "add_column" or len(place.call[4]) != 2 or place.call[4][1][0] != "call":
        return None
    made, key, column = place.call[4][1], operation.table, operation.column
    default = next((keyword[1] for keyword in made[5] if keyword[0] == "server_default"), None)
    removed = remove_argument(place.document, made, "server_default")
    if default is None or removed is None:
        return None
    edits = [removed]
    if column.nullable is False:
        edits.append(set_argument(place.document, made, "nullable", "True"))
    table, name = _string(place, key[1]), _string(place, column.name)
    given = _laid_out(place, f"op.alter_column({table}, {name}, server_default={source_of(place.document, default)}{_schema(place, key)})")
    upgrade = [_edited(place, place.statement, edits), given]
    purpose = "The rows that were there before get their values in small transactions."
    fill, title = _fill(key, column, "DEFAULT"), f"fill {key[1]} {column.name}"
    if column.nullable is not False:
        return Rewrite(tuple(upgrade), None, (Later(title, f"{purpose} There is nothing to undo.", (fill,), ()),))
    loose = _laid_out(place, f"op.alter_column({table}, {name}, nullable=True{_schema(place, key)})")
    steps = _tightening(place, key, column.name, loose.replace("nullable=True", "nullable=False"))
    if steps is None:
        return None
    # The check comes behind the filling: until then running code may still write to rows without a value.
    check, drop, tighten = steps
    later = (
        Later(title, purpose, (fill, _timeout(place), check), (drop,)),
        Later(f"{key[1]} {column.name} is not null", _TIGHTENS, tighten, (check, loose)),
    )
    return Rewrite(tuple(upgrade), None, later)


def _filled_in_batches(place: Place) -> Rewrite | None:
    """One value for a column that the revision has just added: what is NULL still is what is left to do."""
    match = _ONE_VALUE.fullmatch((place.sql or "").strip())
    if match is None:
        return None
    for each in place.found.steps[: place.found.steps.index(place.step)]:
        operation = each.operation
        if not isinstance(operation, AddColumn) or operation.column.name != _plain(match["column"]):
            continue
        column = operation.column
        if column.nullable is True and column.server_default is None and re.search(rf"\b{re.escape(operation.table[1])}\b", match[0]):
            return Rewrite((_fill(operation.table, column, match["value"]),))
    return None


def _fill(key: Key, column: Column, value: str) -> str:
    table, name = _table(key), _sql_name(column.name)
    return f'''{AUTOCOMMIT}
    op.execute(
        """
        DO $$ BEGIN
            LOOP
                UPDATE {table} SET {name} = {value}
                WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {name} IS NULL LIMIT {_BATCH}));
                EXIT WHEN NOT FOUND;
                COMMIT;
            END LOOP;
        END $$
        """
    )'''


# Text


def _back(snapshot: Snapshot, document: Document, facts: ModuleFacts, found: RevisionReplay, operation: Operation) -> Node | None:
    """The one statement of the downgrade that undoes an operation."""
    steps = next((outcome.steps for _, each, outcome in snapshot.downgrades if each.revision.id == found.revision.id), ())
    undoing = [each for each in steps if _undoes(each.operation, operation, found)]
    if len(undoing) != 1 or [each.location for each in steps].count(undoing[0].location) != 1:
        return None
    return statement_at(facts, document, undoing[0].location.span)


def _undoes(back: Operation, operation: Operation, found: RevisionReplay) -> bool:
    match operation, back:
        case CreateIndex(_, index), DropIndex(name):
            return name is not None and name == index.name
        case DropIndex(name), CreateIndex(_, index):
            return name is not None and name == index.name
        case AddConstraint(table, constraint), DropConstraint(other, name):
            return table == other and name is not None and name == constraint.name
        case AlterColumn(table, column, nullable=False), AlterColumn(other, same, nullable=True):
            return (table, column) == (other, same) and isinstance(back.type, Keep) and isinstance(back.name, Keep)
    return False


def _name_of(place: Place, operation: AddConstraint) -> str | None:
    """The constraint's name, also where the database has chosen it."""
    if operation.constraint.name is not None:
        return operation.constraint.name
    table = place.table(operation.table)
    if table is None or isinstance(operation.constraint, Check):
        return None
    wanted = operation.constraint.columns
    every = table.foreign_keys if isinstance(operation.constraint, ForeignKey) else table.uniques
    names = [each.name for each in every if each.columns == wanted]
    return names[0] if len(names) == 1 else None


def _edited(place: Place, statement: Node, edits: list[Edit]) -> str:
    """The source of a statement after edits inside it."""
    text = place.document.text
    after = apply_edits(text, edits)
    changed = Document(place.document.path, after)
    return dedented(changed, (*statement[:2], statement[2] + len(after) - len(text), *statement[3:]))


def _name(call: Node) -> str | None:
    return call[3][4] if call[3][0] == "attr" else None


def _sql_of(call: Node) -> str | None:
    if _name(call) != "execute" or len(call[4]) != 1 or call[5]:
        return None
    given = call[4][0]
    if given[0] == "call" and _name(given) == "text" and len(given[4]) == 1 and not given[5]:
        given = given[4][0]
    return given[3] if given[0] == "const" and isinstance(given[3], str) else None


def _string(place: Place, text: str) -> str:
    from lsp_server.database.migration.layout import string

    return string(text, place.quote)


def _laid_out(place: Place, source: str) -> str:
    from lsp_server.database.migration.layout import lay_out

    return "\n".join(lay_out(source, 0, 84, place.quote))


def _execute(place: Place, sql: str) -> str:
    if "\n" in sql:
        return f'op.execute("""{sql}""")'
    return f"op.execute({_string(place, sql)})"


def _timeout(place: Place) -> str:
    setting = _string(place, "SET LOCAL lock_timeout = '5s'")
    return f"op.execute({setting})"


def _table(key: Key) -> str:
    from lsp_server.database.migration.sql import table_sql

    return table_sql(key)


def _sql_name(name: str) -> str:
    from lsp_server.database.migration.sql import name_sql

    return name_sql(name)


def _plain(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()


def _schema(place: Place, key: Key) -> str:
    return f", schema={_string(place, key[0])}" if key[0] else ""
