"""Plans: they lead from one schema to the other and back, in an order that databases accept, and guess nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_server.database.compare import compare
from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.applying import apply_operations
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeEnum,
    CreateEnum,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropTable,
    RenameColumn,
    RenameTable,
)
from lsp_server.database.migration.plan import alternatives, plan
from lsp_server.database.migration.renames import Rename
from lsp_server.database.migration.reversing import reverse_of, reversed_operations
from lsp_server.database.model import Column, ColumnType, Default, EnumType, Unique
from lsp_server.unknown import Unknown
from tests.database.migration.changes import (
    ALL,
    AUTHOR,
    BOOK_TAG,
    CIRCLE,
    INTEGER,
    WRITTEN,
    Change,
    book,
    schema,
    table,
    varchar,
)

DIALECTS = ("sqlite", "postgresql", "mysql")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("change", ALL, ids=str)
def test_a_plan_leads_there_and_back(change: Change, dialect: str) -> None:
    made = plan(change.before, change.after, dialect)
    assert made.operations
    there = apply_operations(change.before, made.operations)
    assert compare(there, change.after, dialect, exact=True) == ()
    assert compare(change.after, there, dialect, exact=True) == ()
    back = apply_operations(there, reversed_operations(made.operations))
    assert compare(back, change.before, dialect, exact=True) == ()
    assert compare(change.before, back, dialect, exact=True) == ()


@pytest.mark.parametrize("change", ALL, ids=str)
def test_the_reverse_of_the_reverse_is_the_operation(change: Change) -> None:
    for operation in plan(change.before, change.after, "postgresql").operations:
        assert reverse_of(reverse_of(operation)) == operation
        assert reverse_of(operation) != operation


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("change", ALL, ids=str)
def test_nothing_to_do_is_nothing_done(change: Change, dialect: str) -> None:
    for database in (change.before, change.after):
        assert plan(database, database, dialect).operations == ()


def test_referenced_tables_come_first_and_go_last() -> None:
    tables = schema(BOOK_TAG, WRITTEN, AUTHOR)
    made = [operation.table.name for operation in plan(schema(), tables, "postgresql").operations]  # type: ignore[union-attr]
    assert made == ["author", "book", "tag"]
    gone = [operation.table.name for operation in plan(tables, schema(), "postgresql").operations]  # type: ignore[union-attr]
    assert gone == ["tag", "book", "author"]


def test_a_circle_is_closed_by_a_key_of_its_own() -> None:
    operations = plan(schema(), schema(*CIRCLE), "postgresql").operations
    assert [type(operation) for operation in operations] == [CreateTable, CreateTable, AddConstraint]
    operations = plan(schema(*CIRCLE), schema(), "postgresql").operations
    assert [type(operation) for operation in operations] == [DropConstraint, DropTable, DropTable]


def test_a_named_enumeration_is_there_before_its_table_and_gone_after_it() -> None:
    mood = ColumnType("ENUM", enum=EnumType("mood", ("fine", "foul")))
    with_mood = schema(table("person", Column("mood", mood)))
    made = plan(schema(), with_mood, "postgresql").operations
    assert [type(operation) for operation in made] == [CreateEnum, CreateTable]
    gone = plan(with_mood, schema(), "postgresql").operations
    assert [type(operation) for operation in gone] == [DropTable, DropEnum]
    assert [type(operation) for operation in plan(schema(), with_mood, "sqlite").operations] == [CreateTable]


def test_a_value_added_to_a_named_enumeration() -> None:
    moods = [ColumnType("ENUM", enum=EnumType("mood", values)) for values in (("fine",), ("fine", "foul"))]
    before, after = (schema(table("person", Column("mood", mood))) for mood in moods)
    (operation,) = plan(before, after, "postgresql").operations
    assert isinstance(operation, ChangeEnum) and operation.only_adds
    (back,) = plan(after, before, "postgresql").operations
    assert isinstance(back, ChangeEnum) and not back.only_adds
    assert [hazard.code for hazard in plan(after, before, "postgresql").hazards] == ["may_fail_on_data"]


# Renames


def test_a_certain_rename_says_why() -> None:
    made = plan(book(Column("phone", varchar(20))), book(Column("phone_number", varchar(20))), "postgresql")
    (operation,) = made.operations
    assert isinstance(operation, RenameColumn) and operation.after == "phone_number"
    assert "similar name" in operation.evidence
    assert alternatives(made.before, made.after, "postgresql") == (made,)


def test_an_unsure_rename_is_offered_both_ways() -> None:
    before, after = book(Column("phone", varchar(20))), book(Column("mail", varchar(20)))
    kept, dropped = alternatives(before, after, "postgresql")
    assert [type(operation) for operation in kept.operations] == [RenameColumn]
    assert kept.title == "rename book.phone to mail"
    assert [type(operation) for operation in dropped.operations] == [AddColumn, DropColumn]
    undecided = plan(before, after, "postgresql")
    assert undecided.operations == dropped.operations
    assert [question.place for question in undecided.unanswered] == ["rename_columns: book.phone"]
    assert kept.questions == dropped.questions == ()
    assert "data_loss_up" in {hazard.code for hazard in dropped.hazards}


def test_another_type_is_no_rename() -> None:
    made = alternatives(book(Column("phone", varchar(20))), book(Column("phone2", INTEGER)), "postgresql")
    assert [[type(operation) for operation in one.operations] for one in made] == [[AddColumn, DropColumn]]


def test_an_answer_decides() -> None:
    before, after = book(Column("phone", varchar(20))), book(Column("mail", varchar(20)))
    rename = Rename((None, "book"), "phone", "mail", True, "the editor renamed it")
    (operation,) = plan(before, after, "postgresql", Answers(renames=(rename,))).operations
    assert isinstance(operation, RenameColumn)
    no = plan(book(Column("phone", varchar(20))), book(Column("phone_number", varchar(20))), None, Answers(renames=()))
    assert [type(operation) for operation in no.operations] == [AddColumn, DropColumn]


def test_references_follow_a_renamed_table() -> None:
    moved = replace(WRITTEN, foreign_keys=tuple(replace(key, target_table="book_author") for key in WRITTEN.foreign_keys))
    made = plan(schema(AUTHOR, WRITTEN), schema(replace(AUTHOR, name="book_author"), moved), "postgresql")
    assert [type(operation) for operation in made.operations] == [RenameTable]


# Values and hazards


def test_a_given_value_fills_what_nobody_knew() -> None:
    wanted = book(Column("isbn", varchar(13), nullable=False))
    made = plan(book(), wanted, "sqlite")
    assert [hazard.code for hazard in made.hazards] == ["needs_value"]
    made = plan(book(), wanted, "sqlite", Answers(values={"book.isbn": "'-'"}))
    (operation,) = made.operations
    assert isinstance(operation, AddColumn) and operation.fill is not None and operation.fill.sql == "'-'"
    assert [hazard.text for hazard in made.hazards] == [
        "rows without book.isbn get '-', the value given for existing rows"
    ]


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        (schema(AUTHOR), schema(), ["data_loss_up"]),
        (book(Column("isbn", varchar(13))), book(), ["data_loss_up"]),
        (book(), book(Column("isbn", varchar(13))), []),
        (book(Column("x", varchar(9))), book(Column("x", varchar(5))), ["may_fail_on_data"]),
        (book(Column("x", varchar(5))), book(Column("x", varchar(9))), ["may_fail_on_downgrade"]),
        (book(Column("x", INTEGER)), book(Column("x", INTEGER, False)), ["may_fail_on_data", "needs_value"]),
        (book(Column("x", INTEGER, False)), book(Column("x", INTEGER)), []),
    ],
)  # fmt: skip
def test_hazards(before, after, codes) -> None:  # type: ignore[no-untyped-def]
    assert [hazard.code for hazard in plan(before, after, "sqlite").hazards] == codes


def test_what_is_not_known_is_an_obstacle_and_left_out() -> None:
    odd = Column("place", ColumnType(Unknown("a type of another package")))
    made = plan(book(), book(odd), "postgresql")
    assert made.operations == ()
    assert made.obstacles == ("book.place is not fully known: a type of another package",)


def test_altering_keeps_what_it_does_not_name() -> None:
    comment = Unknown("a comment made at run time")
    before = book(Column("x", varchar(5), comment="old", server_default=Default("sql", "'a'")))
    after = book(Column("x", varchar(9), comment=comment, server_default=Default("sql", "'a'")))
    (operation,) = plan(before, after, "postgresql").operations
    assert isinstance(operation, AlterColumn)
    assert operation.aspects == ("type",) and operation.after.comment == "old"




def test_an_answer_about_what_is_gone_is_passed_over() -> None:
    answers = Answers(renames=(Rename((None, "gone"), None, "book", True, ""), Rename((None, "book"), "gone", "title", True, "")))
    assert plan(book(), book(), "postgresql", answers).operations == ()


def test_long_names_are_cut_as_each_database_will_have_them() -> None:
    name = "uq_" + "a_name_that_no_database_wants_" * 3
    column = Column("title", varchar(9))
    lengths = {}
    for dialect in DIALECTS:
        made = plan(schema(table("book", column)), schema(table("book", column, Unique(("title",), name))), dialect)
        (operation,) = made.operations
        assert isinstance(operation, AddConstraint)
        assert operation.constraint.name == operation.name
        lengths[dialect] = len(operation.name)
    assert lengths == {"sqlite": len(name), "postgresql": 60, "mysql": 61}


def test_a_computed_column_made_plain_keeps_its_values_on_sqlite() -> None:
    plain = Column("shout", varchar(9))
    before = schema(table("book", replace(plain, computed="upper(title)", persisted=True)))
    adding, dropping, renaming = plan(before, schema(table("book", plain)), "sqlite").operations
    assert isinstance(adding, AddColumn) and adding.fill is not None and adding.fill.sql == "shout"
    assert isinstance(dropping, DropColumn) and dropping.column.computed == "upper(title)"
    assert isinstance(renaming, RenameColumn) and renaming.after == "shout"


def test_another_type_of_the_same_sort_at_the_same_place_is_a_question() -> None:
    before = schema(table("book", Column("pages", INTEGER)))
    widened = schema(table("book", Column("length", ColumnType("BIGINT"))))
    renamed, dropped = alternatives(before, widened, "postgresql")
    assert [type(operation) for operation in renamed.operations] == [RenameColumn, AlterColumn]
    assert {hazard.code for hazard in renamed.hazards}.isdisjoint({"data_loss_up"})
    assert "data_loss_up" in {hazard.code for hazard in dropped.hazards}
    other = schema(table("book", Column("length", ColumnType("DATE"))))
    assert len(alternatives(before, other, "postgresql")) == 1


def test_the_place_for_computed_values_is_a_free_one() -> None:
    plain, taken = Column("shout", varchar(9)), Column("shout_values", varchar(9))
    before = schema(table("book", replace(plain, computed="upper(title)"), taken))
    adding, _, _ = plan(before, schema(table("book", plain, taken)), "sqlite").operations
    assert isinstance(adding, AddColumn) and adding.column.name not in ("shout", "shout_values")
