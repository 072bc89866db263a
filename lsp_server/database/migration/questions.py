"""What a plan would have to know and no text tells: open questions, as values, and those that were answered.

A question is asked where a wrong guess would lose or invent values: was it renamed, what do rows get, which time zone is meant.
Found in the operations themselves, so that whatever plans them asks the same. Asks nobody; the answers are `answers.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from lsp_server.database.casts import convertible
from lsp_server.database.equivalence import family_of, same_type
from lsp_server.database.migration.answers import (
    AS_ANSWERED,
    BACKFILL,
    DERIVE,
    DERIVE_ROWS,
    FALLBACK,
    RENAME_COLUMNS,
    RENAME_TABLES,
    RENAME_VALUES,
    RESTORE,
    ZONE,
    Answers,
    enum_subject,
    for_column,
)
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeEnum,
    CreateTable,
    DropColumn,
    Operation,
    TableKey,
)
from lsp_server.database.migration.renames import Rename
from lsp_server.database.model import EnumType, ForeignKey, Table


class Need(StrEnum):
    """How much hangs on an answer."""

    MUST = "must"  # without it there is no plan that would be right
    MAY = "may"  # without it the upgrade stops where rows need one


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several possible answers; `answer` None says "none of it"."""

    answer: str | None
    text: str
    loses: bool = False  # values go with this choice


@dataclass(frozen=True, slots=True)
class Question:
    """`key` and `subject` are where the answer stands in the answers: `{key: {subject: answer}}`.

    `choices` are all there are; without any, a value is asked for, which `expected` describes, `suggestion` being a likely one.
    `otherwise` says what happens without an answer. `table` and `columns` are what the answer is about.
    """

    key: str
    subject: str
    text: str
    need: Need
    table: TableKey | None
    columns: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    expected: str = ""
    suggestion: str | None = None
    otherwise: str = ""

    @property
    def must(self) -> bool:
        return self.need is Need.MUST

    @property
    def place(self) -> str:
        """Where the answer belongs: `backfill: customer.phone`."""
        return f"{self.key}: {self.subject}"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that has its answer; None: "none of it"."""

    key: str
    subject: str
    answer: str | None

    @property
    def text(self) -> str:
        return f"{self.key} {self.subject} = {self.answer if self.answer is not None else 'none'}"


def open_questions(
    operations: Iterable[Operation], unsure: Iterable[Rename], answers: Answers, dialect: str | None
) -> tuple[Question, ...]:
    """What these operations leave open, and which renames are unsure, less what was answered; the weightiest first."""
    operations, unsure = tuple(operations), tuple(unsure)
    found = [*_renames(unsure), *_moves(operations, answers, dialect)]
    for operation in operations:
        match operation:
            case AddColumn():
                found += _added(operation)
            case AlterColumn():
                found += _altered(operation, answers, dialect)
            case ChangeEnum():
                found += _values(operation.before, operation.after, operation.replaced, "", operation.uses, answers)
    renamed = {(rename.table, rename.new_name) for rename in unsure if rename.column is not None}
    found = [each for each in found if each.key != BACKFILL or (each.table, each.columns[0]) not in renamed]  # only if it is none
    left = [question for question in dict.fromkeys(found) if not answers.has_declined(question.key, question.subject)]
    return tuple(sorted(left, key=lambda question: not question.must))


def answered_questions(operations: Iterable[Operation], answers: Answers) -> tuple[Answered, ...]:
    """The answers that these operations follow, so that a revision can say whose word it stands on."""
    found: list[Answered] = []
    for rename in answers.renames or ():
        if rename.evidence == AS_ANSWERED:
            sort = RENAME_TABLES if rename.column is None else RENAME_COLUMNS
            found.append(Answered(sort, rename.subject, rename.new_name))
    for operation in operations:
        match operation:
            case AddColumn(key, column) | DropColumn(key, column):
                found += _said(((DERIVE, answers.derived), (BACKFILL, answers.values)), key, column.name, operation.fill)
            case AlterColumn(key, before, after):
                tightening = operation.fill if operation.fill is not None and operation.fill.given else None
                for given, used in (
                    ((BACKFILL, answers.values), tightening),
                    ((ZONE, answers.zones), operation.zone),
                    ((DERIVE, answers.derived), operation.using),
                    ((RESTORE, answers.restored), operation.back),
                ):
                    found += _said((given,), key, after.name, used)
                found += _replaced(before.type.enum, f"{key[1]}.{before.name}", answers)
            case ChangeEnum(enum, _):
                found += _replaced(enum, "", answers)
            case CreateTable(made) if made.full_name in answers.rows:
                found.append(Answered(DERIVE_ROWS, made.full_name, answers.rows[made.full_name]))
    return tuple(dict.fromkeys(found))


def _said(given: Iterable[tuple[str, Mapping[str, str]]], table: TableKey, column: str, used: object) -> Iterator[Answered]:
    for key, values in given:
        answer = for_column(values, table, column)
        if answer is not None and used is not None:
            yield Answered(key, f"{table[1]}.{column}", answer)
            return


def _replaced(enum: EnumType | None, place: str, answers: Answers) -> Iterator[Answered]:
    for key, given in ((RENAME_VALUES, answers.enum_renames), (FALLBACK, answers.enum_fallbacks)):
        for subject, value in given.items():
            alone = replace(answers, enum_renames={}, enum_fallbacks={subject: value})
            if enum is not None and alone.replacements(enum, place):
                yield Answered(key, subject, value)


# Renames


def _renames(unsure: Iterable[Rename]) -> Iterator[Question]:
    for rename in unsure:
        key, sort, what = (RENAME_TABLES, "table ", "rows") if rename.column is None else (RENAME_COLUMNS, "", "values")
        name = rename.subject
        text = f"was {sort and 'the '}{sort}{name} renamed to {rename.new_name}, or is it dropped with its {what}?"
        choices = (Choice(rename.new_name, f"renamed to {rename.new_name}"), Choice(None, f"dropped: the {what} of {name} go", True))
        columns = () if rename.column is None else (rename.column, rename.new_name)
        yield Question(key, name, text, Need.MUST, rename.table, columns, choices)


def _moves(operations: tuple[Operation, ...], answers: Answers, dialect: str | None) -> Iterator[Question]:
    """Columns that go while a new table with the same comes, and one of the two refers to the other: their values may have moved."""
    gone = [each for each in operations if isinstance(each, DropColumn) and each.column.computed is None]
    for operation in operations:
        if not isinstance(operation, CreateTable) or operation.table.full_name in answers.rows:
            continue
        new = operation.table
        moved = [
            each for each in gone
            if _refer(operations, new, each.table) and (other := new.column(each.column.name)) is not None and same_type(each.column.type, other.type, dialect, exact=True) is True
            and not (each.fill is not None and each.fill.restores)
        ]  # fmt: skip
        if not moved:
            continue
        names = ", ".join(f"{each.table[1]}.{each.column.name}" for each in moved)
        text = f"did the values of {names} move to the new table {new.full_name}? A query gives its first rows, none leaves it empty"
        columns = tuple(each.column.name for each in moved)
        yield Question(
            DERIVE_ROWS, new.full_name, text, Need.MUST, moved[0].table, columns, expected="a query for the new table's rows",
            otherwise=f"the values of {names} would go",
        )  # fmt: skip


def _refer(operations: tuple[Operation, ...], new: Table, other: TableKey) -> bool:
    """Whether a key leads from the new table to the other one, or back."""
    keys = [(new.key, key) for key in new.foreign_keys]
    keys += [(each.table, each.constraint) for each in operations if isinstance(each, AddConstraint) and isinstance(each.constraint, ForeignKey)]
    ends = [{place, key.target_key} for place, key in keys]
    return {new.key, other} in ends


# Values


def _added(operation: AddColumn) -> Iterator[Question]:
    if operation.fill is None or operation.fill.sql is not None:
        return
    name = f"{operation.table[1]}.{operation.column.name}"
    yield Question(
        BACKFILL, name, f"{name} must have a value and has no default: which one do the rows get that exist?", Need.MUST,
        operation.table, (operation.column.name,), expected="an SQL expression, such as 0 or 'unknown'",
        otherwise="the upgrade stops if there are rows",
    )  # fmt: skip


def _altered(operation: AlterColumn, answers: Answers, dialect: str | None) -> Iterator[Question]:
    table, before, after = operation.table, operation.before, operation.after
    name = f"{table[1]}.{after.name}"
    if operation.tightens and operation.fill is not None and operation.fill.sql is None:
        yield Question(
            BACKFILL, name, f"{name} becomes NOT NULL: which value do rows get that have none?", Need.MAY, table, (after.name,),
            expected="an SQL expression, such as 0 or 'unknown'", otherwise="the upgrade stops if a row has none",
        )  # fmt: skip
    if "type" not in operation.aspects:
        return
    old, new = before.type.enum, after.type.enum
    if old is not None and new is not None:
        uses = ((table, before),)
        yield from _values(old, new, operation.replaced, name, uses, answers)
    if dialect != "postgresql":
        return
    families = (family_of(before.type), family_of(after.type))
    if set(families) == {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITHOUT TIME ZONE"} and operation.zone is None:
        yield Question(
            ZONE, name, f"in which time zone are the moments of {name} that have none?", Need.MUST, table, (after.name,),
            expected="a time zone, such as UTC or Europe/Berlin", suggestion="UTC",
        )  # fmt: skip
    if operation.using is None and convertible(before.type, after.type) is False:
        what = f"no cast leads from {before.type.sql} to {after.type.sql}"
        yield Question(
            DERIVE, name, f"{what}: which expression gives the new value of {name}?", Need.MUST, table, (after.name,),
            expected=f"an SQL expression over {before.name}",
        )  # fmt: skip
    if operation.back is None and convertible(after.type, before.type) is False:
        what = f"no cast leads back from {after.type.sql} to {before.type.sql}"
        yield Question(
            RESTORE, name, f"{what}: which expression gives the old value of {name} on a downgrade?", Need.MUST, table, (after.name,),
            expected=f"an SQL expression over {after.name}",
        )  # fmt: skip


def _values(
    before: EnumType, after: EnumType, replaced: tuple[tuple[str, str], ...], place: str, uses: tuple[tuple[TableKey, object], ...],
    answers: Answers,
) -> Iterator[Question]:
    """A value that goes while others come was perhaps renamed; one that just goes may still stand in rows."""
    if not isinstance(before.values, tuple) or not isinstance(after.values, tuple):
        return
    known = {old for old, new in replaced if new in after.values}
    come = [value for value in after.values if value not in before.values and value not in {new for _, new in replaced}]
    table = uses[0][0] if uses else None
    columns = tuple(getattr(column, "name", "") for _, column in uses)
    for value in before.values:
        if value in after.values or value in known:
            continue
        subject = enum_subject(after, place, value)
        if come and not answers.has_declined(RENAME_VALUES, subject):
            choices = [Choice(new, f"renamed to {new}") for new in come]
            choices.append(Choice(None, "goes, rows with it stop the upgrade"))
            text = f"was the value {value} of {after.name or place} renamed?"
            yield Question(RENAME_VALUES, subject, text, Need.MUST, table, columns, tuple(choices))
            continue
        choices = [Choice(new, f"rows get {new}") for new in after.values]
        choices.append(Choice(None, "the upgrade stops at such rows"))
        yield Question(
            FALLBACK, subject, f"which value do rows get that have {value} in {after.name or place}?", Need.MAY, table, columns,
            tuple(choices), otherwise="the upgrade stops at such rows",
        )  # fmt: skip
