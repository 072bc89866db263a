"""The format of answers: what it says, and that everything else is refused with words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lsp_server.database.migration.answers import KEYS, Answers, AnswersError, parse_answers, read_answers, strangers
from lsp_server.database.migration.operations import STAYS
from lsp_server.database.model import Column, EnumType
from tests.database.migration.changes import TITLE, book

PAGE = Path(__file__).parents[3] / "docs" / "answers.md"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "this is not JSON"),
        ("[]", "an object is expected"),
        ('{"rename_column": {}}', "there is no key `rename_column`; did you mean `rename_columns`?"),
        ('{"colour": {}}', "there is no key `colour`; known: rename_tables"),
        ('{"backfill": ["customer.phone"]}', "`backfill`: an object is expected, with an answer for each table.column"),
        ('{"backfill": {"phone": "\'-\'"}}', "`phone`: a name such as `table.column` is expected"),
        ('{"backfill": {"customer.phone": true}}', "`customer.phone`: an SQL expression as text"),
        ('{"enum_fallback": {"status.void": 1}}', "`status.void`: another value of the enumeration, as text, is expected"),
        ('{"rename_columns": {"customer.phone": " "}}', "the new name, as text, is expected, or null for none"),
    ],
)
def test_what_is_no_answer_is_refused(text: str, said: str) -> None:
    with pytest.raises(AnswersError, match=re.escape(said)):
        parse_answers(text)


def test_nothing_said_is_not_the_same_as_no_rename() -> None:
    assert read_answers({}) == Answers()
    assert read_answers({"backfill": {}}).renames is None
    none = read_answers({"rename_columns": {}})
    assert none.renames == () and none.settled == {"rename_columns"}


def test_a_table_moves_where_its_new_name_has_another_schema() -> None:
    given = {"rename_tables": {"a": "x.a", "x.b": "x.c", "x.d": "d", "e": "f"}}
    told = {rename.subject: (rename.new_name, rename.moved_to) for rename in read_answers(given).renames or ()}
    assert told == {"a": ("a", "x"), "x.b": ("c", STAYS), "x.d": ("d", None), "e": ("f", STAYS)}


def test_values_may_have_dots_and_their_types_no_names() -> None:
    answers = read_answers({"enum_fallback": {"mood.v1.0": "v2", "book.kind.old": "new"}})
    assert answers.replacements(EnumType("mood", ("v1.0", "v2"))) == (("v1.0", "v2"),)
    assert answers.replacements(EnumType(None, ("old", "new")), "book.kind") == (("old", "new"),)


def test_a_number_may_fill_a_column() -> None:
    assert read_answers({"backfill": {"book.pages": 0}}).values == {"book.pages": "0"}


def test_names_that_are_nowhere_are_told() -> None:
    database = book(TITLE, Column("pages", TITLE.type))
    given = {"backfill": {"book.title": "''", "book.titel": "''"}, "rename_tables": {"bok": "book"}, "derive_rows": {"nowhere": None}}
    assert strangers(read_answers(given), [database]) == ("backfill: book.titel", "derive_rows: nowhere", "rename_tables: bok")


def test_the_page_shows_every_key() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert set(json.loads(example)) == set(KEYS)
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(KEYS), "one row for each, in the same order"
    parse_answers(example)
