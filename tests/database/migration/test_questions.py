"""Questions: asked where a guess could lose or invent values, gone once they are answered, and never asked for nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from lsp_server.database.migration.answers import Answers, read_answers
from lsp_server.database.migration.conventions import Conventions
from lsp_server.database.migration.operations import FillTable, RenameColumn, RenameTable
from lsp_server.database.migration.plan import Plan, plan
from lsp_server.database.migration.questions import Need
from lsp_server.database.migration.render import render
from lsp_server.database.model import Column, ColumnType, Database, EnumType, ForeignKey
from tests.database.migration.changes import DATE, INTEGER, MOMENT, TEXT, TITLE, book, schema, table, varchar

AWARE = ColumnType("TIMESTAMP WITH TIME ZONE")
FIXED = Conventions(revision_id=lambda: "1", created=lambda: datetime(2000, 1, 1))


def open_in(planned: Plan) -> list[tuple[str, Need]]:
    return [(question.place, question.need) for question in planned.questions]


def mood(*values: str) -> ColumnType:
    return ColumnType("VARCHAR", (9,), EnumType("mood", values, native=True))


def moody(*values: str) -> Database:
    made = book(Column("mood", mood(*values)))
    kinds = (EnumType("mood", values, native=True),)
    return replace(made, enums=kinds)


def test_a_column_that_needs_a_value_asks_for_it_unless_it_has_one() -> None:
    asking = plan(book(), book(Column("isbn", varchar(20), False)), "postgresql")
    assert open_in(asking) == [("backfill: book.isbn", Need.MUST)]
    assert asking.unanswered == asking.questions
    for answer in ("'-'", None):
        told = plan(asking.before, asking.after, "postgresql", read_answers({"backfill": {"book.isbn": answer}}))
        assert told.questions == ()
    assert plan(book(), book(Column("isbn", varchar(20))), "postgresql").questions == ()


def test_what_was_answered_stands_in_the_revision() -> None:
    told = plan(book(), book(Column("isbn", varchar(20), False)), "sqlite", Answers(values={"book.isbn": "'-'"}))
    assert [each.text for each in told.answered] == ["backfill book.isbn = '-'"]
    assert "Answered: backfill book.isbn = '-'." in render(told, FIXED).text


def test_a_tightened_column_may_be_answered() -> None:
    tightened = plan(book(Column("isbn", varchar(20))), book(Column("isbn", varchar(20), False)), "postgresql")
    assert open_in(tightened) == [("backfill: book.isbn", Need.MAY)]
    assert tightened.unanswered == ()


def test_a_value_may_have_been_renamed_or_is_gone() -> None:
    before, after = moody("new", "paid"), moody("new", "settled")
    unsure = plan(before, after, "postgresql")
    (question,) = unsure.questions
    assert (question.place, question.need) == ("rename_enum_values: mood.paid", Need.MUST)
    assert [choice.answer for choice in question.choices] == ["settled", None]
    assert plan(before, after, "postgresql", Answers(enum_renames={"mood.paid": "settled"})).questions == ()

    gone = plan(before, after, "postgresql", read_answers({"rename_enum_values": {"mood.paid": None}}))
    (question,) = gone.questions
    assert (question.place, question.need) == ("enum_fallback: mood.paid", Need.MAY)
    assert [choice.answer for choice in question.choices] == ["new", "settled", None]
    assert plan(before, after, "postgresql", Answers(enum_fallbacks={"mood.paid": "new"})).questions == ()
    assert plan(moody("new"), moody("new", "paid"), "postgresql").questions == ()


def test_values_without_a_type_of_their_own_are_called_by_their_column() -> None:
    def status(*values: str) -> Database:
        return book(Column("status", ColumnType("ENUM", (), EnumType(None, values, native=True))))

    asked = plan(status("new", "paid"), status("new", "settled"), "mysql")
    assert open_in(asked) == [("rename_enum_values: book.status.paid", Need.MUST)]
    told = plan(asked.before, asked.after, "mysql", Answers(enum_renames={"book.status.paid": "settled"}))
    assert told.questions == ()


def test_rows_with_a_value_that_goes_stop_the_step_with_words() -> None:
    text = render(plan(moody("new", "paid"), moody("new"), "postgresql"), FIXED).text
    assert "mood::text IN ('paid')" in text and "book.mood has rows with paid, which goes: give them another value first" in text
    added = render(plan(moody("new"), moody("new", "paid"), "postgresql"), FIXED).text
    assert added.index("def downgrade") < added.index("has rows with paid")


@pytest.mark.parametrize(("dialect", "asked"), [("postgresql", ["assume_timezone: book.sold"]), ("mysql", []), ("sqlite", [])])
def test_moments_without_a_zone(dialect: str, asked: list[str]) -> None:
    planned = plan(book(Column("sold", MOMENT)), book(Column("sold", AWARE)), dialect)
    assert [question.place for question in planned.unanswered] == asked


def test_where_no_cast_leads_an_expression_is_asked_for_in_both_directions() -> None:
    before, after = book(Column("sold", replace(INTEGER))), book(Column("sold", DATE))
    assert [question.place for question in plan(before, after, "postgresql").unanswered] == [
        "derive_columns: book.sold", "restore_columns: book.sold",
    ]  # fmt: skip
    told = plan(
        before, after, "postgresql",
        Answers(derived={"book.sold": "DATE '1970-01-01' + sold"}, restored={"book.sold": "sold - DATE '1970-01-01'"}),
    )  # fmt: skip
    up, _, down = render(told, FIXED).text.partition("def downgrade")
    assert told.questions == ()
    assert "DATE '1970-01-01' + sold" in up and "sold - DATE '1970-01-01'" in down
    assert plan(book(Column("sold", TEXT)), book(Column("sold", INTEGER)), "postgresql").questions == ()


def test_a_column_that_a_new_table_has_too_may_have_moved() -> None:
    before = book(Column("phone", varchar(20)))
    to_book = ForeignKey(("book_id",), "book", ("id",))
    phones = table("phone_book", Column("phone", varchar(20)), Column("book_id", INTEGER), to_book)
    after = Database("app.models", (*book().tables, phones))
    asked = plan(before, after, "postgresql")
    assert open_in(asked) == [("derive_rows: phone_book", Need.MUST)]
    assert not asked.settled_hazards, "whether values are lost hangs on the answer"
    moved = plan(before, after, "postgresql", Answers(rows={"phone_book": "SELECT id, phone FROM book"}))
    assert moved.questions == () and any(isinstance(each, FillTable) for each in moved.operations)
    lost = plan(before, after, "postgresql", read_answers({"derive_rows": {"phone_book": None}}))
    assert lost.questions == () and [hazard.code for hazard in lost.settled_hazards] == ["data_loss_up"]
    apart = Database("app.models", (*book().tables, replace(phones, foreign_keys=())))
    assert plan(before, apart, "postgresql").questions == ()


def test_a_perhaps_renamed_column_is_one_question() -> None:
    asked = plan(book(Column("isbn", varchar(20), False)), book(Column("code", varchar(20), False)), "postgresql")
    (question,) = asked.questions
    assert question.place == "rename_columns: book.isbn"
    assert [(choice.answer, choice.loses) for choice in question.choices] == [("code", False), (None, True)]
    none = plan(asked.before, asked.after, "postgresql", read_answers({"rename_columns": {"book.isbn": None}}))
    assert open_in(none) == [("backfill: book.code", Need.MUST)]


def test_answers_about_columns_leave_tables_to_the_evidence() -> None:
    before = schema(table("writer", Column("name", TEXT)), *book(Column("phone", varchar(20))).tables)
    after = schema(table("writers", Column("name", TEXT)), *book(Column("mail", varchar(20))).tables)
    told = plan(before, after, "postgresql", read_answers({"rename_columns": {"book.phone": "mail"}}))
    assert {type(each) for each in told.operations[:2]} == {RenameTable, RenameColumn}
    assert told.questions == ()


def test_a_table_that_goes_to_another_schema_keeps_its_rows() -> None:
    before, after = schema(table("book", TITLE)), schema(replace(table("book", TITLE), schema="archive"))
    moved = plan(before, after, "postgresql")
    assert [rename.moved_to for rename in moved.renames] == ["archive"]
    assert plan(before, after, "mysql").renames == ()
