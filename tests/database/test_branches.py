"""Two branches of a history held against each other: what keeps them from being merged, in words."""

from __future__ import annotations

import pytest

from lsp_server.database.branches import Meeting, meet
from tests.database.histories import histories, replayer, revision, tree

START = """op.create_table('book', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(80)))
op.create_table('shelf', sa.Column('id', sa.Integer(), primary_key=True))"""


def met(one: str, two: str) -> Meeting:
    files = tree(revision("a", None, START), revision("b", "a", one), revision("c", "a", two))
    runner = replayer(files)
    replay = runner.replay(histories(files)[0])
    meeting = meet(runner, replay, "b", "c")
    assert meeting is not None
    return meeting


ADD = "op.add_column('book', sa.Column('{}', sa.Integer()))"

CONFLICTS = {
    "both branches add a column named isbn to table book": (ADD.format("isbn"), ADD.format("isbn")),
    "both branches create a table named loan": (
        "op.create_table('loan', sa.Column('id', sa.Integer()))", "op.create_table('loan', sa.Column('id', sa.Integer()))",
    ),
    "both branches drop column title of table book": ("op.drop_column('book', 'title')", "op.drop_column('book', 'title')"),
    "both branches drop table shelf": ("op.drop_table('shelf')", "op.drop_table('shelf')"),
    "both branches make an index named ix_title": ("op.create_index('ix_title', 'book', ['title'])", "op.create_index('ix_title', 'book', ['id'])"),
    "both branches add a constraint named uq to table book": (
        "op.create_unique_constraint('uq', 'book', ['title'])", "op.create_unique_constraint('uq', 'book', ['id'])",
    ),
    "both branches change the type of column title of table book": (
        "op.alter_column('book', 'title', type_=sa.String(90))", "op.alter_column('book', 'title', type_=sa.String(99))",
    ),
    "both branches create a type named mood": ("op.execute(\"CREATE TYPE mood AS ENUM ('a')\")", "op.execute(\"CREATE TYPE mood AS ENUM ('b')\")"),
    "both branches add a column named label to table book": ("op.alter_column('book', 'title', new_column_name='label')", ADD.format("label")),
    "one branch drops table book, which the other changes": ("op.drop_table('book')", ADD.format("isbn")),
    "one branch renames table book, which the other changes": (ADD.format("isbn"), "op.rename_table('book', 'volume')"),
    "one branch drops column title of table book, which the other needs": (
        "op.drop_column('book', 'title')", "op.create_index('ix_title', 'book', ['title'])",
    ),
    "one branch drops table shelf, to which the other refers": (
        "op.drop_table('shelf')", "op.create_table('loan', sa.Column('shelf_id', sa.Integer(), sa.ForeignKey('shelf.id')))",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", CONFLICTS)
def test_a_conflict_is_said_in_words(text: str) -> None:
    meeting = met(*CONFLICTS[text])
    assert [conflict.text for conflict in meeting.conflicts] == [text]
    assert len(meeting.conflicts[0].places) == 2


AT_PEACE = {
    "different columns": (ADD.format("isbn"), ADD.format("pages")),
    "different tables": (ADD.format("isbn"), "op.add_column('shelf', sa.Column('room', sa.Integer()))"),
    "different values of a type": (
        "op.execute(\"ALTER TYPE mood ADD VALUE 'b'\")", "op.execute(\"ALTER TYPE mood ADD VALUE 'c'\")",
    ),
    "the same where it is not there": (
        "op.execute('ALTER TABLE book ADD COLUMN IF NOT EXISTS isbn int')", "op.execute('ALTER TABLE book ADD COLUMN IF NOT EXISTS isbn int')",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_PEACE)
def test_branches_that_go_together(name: str) -> None:
    if name == "different values of a type":
        files = tree(revision("a", None, "op.execute(\"CREATE TYPE mood AS ENUM ('a')\")"), *(revision(each, "a", text) for each, text in zip("bc", AT_PEACE[name])))
        runner = replayer(files)
        meeting = meet(runner, runner.replay(histories(files)[0]), "b", "c")
    else:
        meeting = met(*AT_PEACE[name])
    assert meeting is not None
    assert meeting.conflicts == ()
    assert meeting.possible == (True, True)


def test_one_order_may_run_where_the_other_does_not() -> None:
    assert met(ADD.format("isbn"), "op.rename_table('book', 'volume')").possible == (True, False)


def test_what_no_text_tells_stays_open() -> None:
    meeting = met("op.execute(open('x').read())", ADD.format("isbn"))
    assert meeting.unsure is not None
    assert meeting.conflicts == ()
    assert meeting.possible == (None, None)
