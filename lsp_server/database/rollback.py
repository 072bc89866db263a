"""What the downgrade of a revision makes of the schema: is it the inverse of its upgrade, and if not, where and why.

Compares the schema before a revision with the one after its upgrade and downgrade. What is not known on either side
is no difference. Says nothing about rows. Completing a downgrade is `migration/`'s work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lsp_server.database.compare_objects import implied_sequences
from lsp_server.database.fold.state import Refusal, State
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Default,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.operations import Opaque, Step
from lsp_server.database.replay import HistoryReplay, Replayer
from lsp_server.database.view_text import same_view
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that is otherwise after upgrade and downgrade than before.

    `sort`: "left over" (the upgrade made it, the downgrade leaves it), "not restored" (the upgrade took it), "altered".
    `element`: "table", "column", "primary key", "foreign key", "unique constraint", "check", "index", "enum", "trigger", ….
    `cause`: "forgotten", or what is otherwise: "type", "nullability", "default", "definition", "values".
    """

    sort: str
    element: str
    subject: tuple[str, ...]  # ("users", "email"): table and name, or the name alone
    cause: str
    before: str | None = None
    after: str | None = None

    @property
    def message(self) -> str:
        name = f"the {self.element} {'.'.join(self.subject)}"
        if self.sort == "left over":
            return f"{name} is left over"
        if self.sort == "not restored":
            return f"{name} is not restored"
        if self.cause == "values":
            kept = [value for value in (self.after or "").split(", ") if value not in (self.before or "").split(", ")]
            if kept:
                return f"{name} keeps the value{'s' if len(kept) > 1 else ''} {', '.join(kept)}"
            return f"{name} has the values {self.after} instead of {self.before}"
        return f"{name} comes back with another {self.cause}: {self.after} instead of {self.before}"


@dataclass(frozen=True, slots=True)
class DowngradeOutcome:
    """What a downgrade does right after its upgrade. `refusal`: the database refuses it; the differences are then empty.

    `unsure` says why the comparison may have missed something; differences that are listed hold all the same.
    """

    revision: str
    state: str  # `Revision.downgrade_state`
    refusal: Refusal | None = None
    differences: tuple[Difference, ...] = ()
    unsure: Unknown | None = None
    steps: tuple[Step, ...] = ()

    @property
    def reverses(self) -> bool | None:
        """Whether the downgrade undoes the upgrade; None where the text does not tell."""
        if self.state in ("missing", "raises") or self.refusal is not None or self.differences:
            return False
        return None if self.unsure is not None else True


def downgrade_outcome(replayer: Replayer, replay: HistoryReplay, identifier: str) -> DowngradeOutcome | None:
    """The outcome of a revision's downgrade, run right after its upgrade; None for a revision that was not replayed."""
    found = replay.revision(identifier)
    if found is None or found.refusal is not None:
        return None
    revision = found.revision
    if revision.downgrade_state in ("missing", "raises"):
        return DowngradeOutcome(identifier, revision.downgrade_state)
    state = found.after.copy()
    steps, refusal = replayer.run(revision, "downgrade", state, replay.environment)
    unsure = next((step.condition for step in (*found.steps, *steps) if step.condition is not None), None)
    unsure = unsure if unsure is not None else next(
        (step.operation.reason for step in (*found.steps, *steps) if isinstance(step.operation, Opaque)), None)  # fmt: skip
    if refusal is not None:
        return DowngradeOutcome(identifier, revision.downgrade_state, refusal, unsure=unsure, steps=steps)
    return DowngradeOutcome(identifier, revision.downgrade_state, None, tuple(differences(found.before, state)), unsure, steps)


def differences(before: State, after: State) -> Iterable[Difference]:
    """Where two schemas are certainly not the same. Columns' order does not count."""
    if before.blind is not None or after.blind is not None:
        return
    for key in sorted(before.tables.keys() | after.tables.keys(), key=str):
        old, new = before.tables.get(key), after.tables.get(key)
        if any(table is not None and table.maybe is not None for table in (old, new)):
            continue
        if new is None and old is not None:
            yield Difference("not restored", "table", (old.full_name,), "forgotten")
        elif old is None and new is not None:
            yield Difference("left over", "table", (new.full_name,), "forgotten")
        elif old is not None and new is not None and old is not new:
            yield from _in_table(old, new)
    for key in sorted(before.enums.keys() | after.enums.keys(), key=str):
        left, right = before.enums.get(key), after.enums.get(key)
        if left is None or right is None:
            yield Difference("left over" if left is None else "not restored", "enum", (key[1],), "forgotten")
        elif not isinstance(left.values, Unknown) and not isinstance(right.values, Unknown) and left.values != right.values:
            yield Difference("altered", "enum", (key[1],), "values", ", ".join(left.values), ", ".join(right.values))
    yield from _objects(before, after)
    for sort, name in sorted(before.objects.keys() ^ after.objects.keys()):
        if sort == "trigger":
            yield Difference("left over" if (sort, name) in after.objects else "not restored", sort, (name,), "forgotten")


def _objects(before: State, after: State) -> Iterable[Difference]:
    for key in sorted(before.views.keys() | after.views.keys(), key=str):
        old, new = before.views.get(key), after.views.get(key)
        view = old or new
        if view is None or any(each is not None and each.maybe is not None for each in (old, new)):
            continue
        if old is None or new is None:
            yield Difference("left over" if old is None else "not restored", view.sort, (view.full_name,), "forgotten")
        elif old is not new and same_view(old, new, before.dialect) is False:
            yield Difference("altered", view.sort, (view.full_name,), "query", str(old.query), str(new.query))
    # A serial's own sequence is told by nobody before somebody makes it anew, with its name.
    implied = {name for state in (before, after) for table in state.tables.values() for name in implied_sequences(table)}
    for key in sorted((before.sequences.keys() ^ after.sequences.keys()) - implied, key=str):
        sequence = before.sequences.get(key) or after.sequences[key]
        if sequence.maybe is None:
            yield Difference("left over" if key in after.sequences else "not restored", "sequence", (sequence.full_name,), "forgotten")


def _in_table(old: Table, new: Table) -> Iterable[Difference]:
    left, right = {each.name: each for each in old.columns}, {each.name: each for each in new.columns}
    for name in (*left, *(name for name in right if name not in left)):
        one, two = left.get(name), right.get(name)
        if any(column is not None and column.maybe is not None for column in (one, two)):
            continue
        if one is None or two is None:
            if old.incomplete is None and new.incomplete is None:
                yield Difference("left over" if one is None else "not restored", "column", (old.full_name, name), "forgotten")
        elif one is not two:
            yield from _in_column(old, one, two)
    if old.incomplete is not None or new.incomplete is not None:
        return
    yield from _named("primary key", old, [old.primary_key] if old.primary_key else [], [new.primary_key] if new.primary_key else [])
    yield from _named("foreign key", old, old.foreign_keys, new.foreign_keys)
    yield from _named("unique constraint", old, old.uniques, new.uniques)
    yield from _named("check", old, old.checks, new.checks)
    yield from _named("exclusion constraint", old, old.exclusions, new.exclusions)
    yield from _named("index", old, old.indexes, new.indexes)


def _in_column(table: Table, old: Column, new: Column) -> Iterable[Difference]:
    subject = (table.full_name, old.name)
    one, two = type_text(old.type), type_text(new.type)
    if one is not None and two is not None and one != two:
        yield Difference("altered", "column", subject, "type", one, two)
    if isinstance(old.nullable, bool) and isinstance(new.nullable, bool) and old.nullable != new.nullable:
        words = {True: "NULL", False: "NOT NULL"}
        yield Difference("altered", "column", subject, "nullability", words[old.nullable], words[new.nullable])
    if not isinstance(old.server_default, Unknown) and not isinstance(new.server_default, Unknown):
        boolean = (one, two) == ("BOOLEAN", "BOOLEAN")
        before, after = default_text(old.server_default, boolean), default_text(new.server_default, boolean)
        counted = "sequence" in (before, after) and (_is_counted(old) or _is_counted(new))
        if before != after and not counted:
            yield Difference("altered", "column", subject, "default", before or "none", after or "none")


_Element = PrimaryKey | ForeignKey | Unique | Check | Exclusion | Index


def _named(element: str, table: Table, old: Iterable[_Element], new: Iterable[_Element]) -> Iterable[Difference]:
    old, new = list(old), list(new)
    if any(each.name is None or (not isinstance(each, PrimaryKey) and each.unknown is not None and not isinstance(each, Check))
           for each in (*old, *new)):  # fmt: skip
        return
    left, right = {each.name: each for each in old}, {each.name: each for each in new}
    for name in (*left, *(name for name in right if name not in left)):
        assert name is not None
        one, two = left.get(name), right.get(name)
        subject = (table.full_name, name)
        if one is None or two is None:
            yield Difference("left over" if one is None else "not restored", element, subject, "forgotten")
        elif one is not two and definition(one) != definition(two):
            yield Difference("altered", element, subject, "definition", definition(one), definition(two))


def definition(element: _Element) -> str:
    """What a key or index is, without its name, as text that can be compared."""
    columns = ", ".join(element.columns or ()) if not isinstance(element, Check) else ""
    match element:
        case ForeignKey():
            rules = [f" ON {word} {rule.upper()}" for word, rule in (("DELETE", element.ondelete), ("UPDATE", element.onupdate))
                     if isinstance(rule, str) and rule.upper() != "NO ACTION"]  # fmt: skip
            return f"({columns}) → {element.target_table} ({', '.join(element.target_columns or ())}){''.join(rules)}"
        case Index():
            where = f" WHERE {_plain(element.where)}" if isinstance(element.where, str) else ""
            method = element.method if element.method not in (None, "btree") else ""
            return f"{'UNIQUE ' if element.unique is True else ''}({_plain(columns)}) {method}{where}".strip()
        case Exclusion():
            return f"{element.method} ({', '.join(f'{text} WITH {operator}' for text, operator in element.elements or ())})"
        case Check():
            return "check"  # Expressions are respelled by the database; they are not compared.
    return f"({columns})"


def _plain(text: str) -> str:
    return re.sub(r"::[a-z ]+(?:\[\])?|[\s\"()]", "", text.lower())


_SAME_FAMILIES = {
    "CHARACTER VARYING": "VARCHAR", "STRING": "VARCHAR", "UNICODE": "VARCHAR", "DECIMAL": "NUMERIC", "DOUBLE": "DOUBLE PRECISION",
    "FLOAT": "DOUBLE PRECISION", "TIMESTAMP": "TIMESTAMP WITHOUT TIME ZONE", "DATETIME": "TIMESTAMP WITHOUT TIME ZONE",
    "TIME": "TIME WITHOUT TIME ZONE", "CHARACTER": "CHAR", "BLOB": "BYTEA", "INT": "INTEGER", "NVARCHAR": "VARCHAR",
}  # fmt: skip


def type_text(kind: ColumnType) -> str | None:
    """A type as text that can be compared; None where it is not known."""
    if kind.family == "ARRAY":
        inner = type_text(kind.item) if kind.item is not None else None
        return None if inner is None else f"{inner}[]"
    if isinstance(kind.family, Unknown):
        return None
    if kind.enum is not None and kind.enum.native:
        return kind.enum.name
    family = kind.family.upper()
    sizes = [str(size) for size in kind.arguments if size is not None]
    if len(sizes) == 2 and sizes[1] == "0":
        sizes.pop()
    if family in ("FLOAT", "DOUBLE PRECISION") and sizes:
        family, sizes = ("REAL" if sizes[0].isdigit() and int(sizes[0]) < 25 else "DOUBLE PRECISION"), []
    family = _SAME_FAMILIES.get(family, family)
    return f"{family}({', '.join(sizes)})" if sizes else family


def _is_counted(column: Column) -> bool:
    """Whether the database counts a column up without the program saying how: an integer primary key."""
    return column.primary_key is True and column.type.family in ("INTEGER", "BIGINT", "SMALLINT")


def default_text(default: Default | Unknown | None, boolean: bool = False) -> str | None:
    """A server default as text that can be compared: the same however it was written."""
    if default is None or isinstance(default, Unknown):
        return None
    if default.text is None or default.text.lower().startswith("nextval("):
        return "sequence"
    text = re.sub(r"::\s*[\w .\"]+(?:\(\d+\))?(?:\[\])?\s*$", "", default.text.strip()).strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    lowered = text.lower()
    if lowered in ("current_timestamp", "now()", "current_timestamp()"):
        return "now()"
    inner = lowered.strip("'")
    if boolean:
        return {"t": "true", "1": "true", "f": "false", "0": "false"}.get(inner, inner)
    return inner if inner in ("true", "false", "null") else text.strip("'")
