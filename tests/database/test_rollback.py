"""What a downgrade leaves behind, does not restore, or is refused for; and the reverse that an operation knows."""

from __future__ import annotations

import pytest

from lsp_server.database.fold import run
from lsp_server.database.operations import Step, reverse
from lsp_server.database.rollback import differences
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown
from tests.database.histories import chain, outcome, replayed

USERS = "op.create_table('users', sa.Column('id', sa.Integer(), nullable=False), sa.Column('email', sa.String(80)), sa.PrimaryKeyConstraint('id'))"
FLAG = "op.add_column('users', sa.Column('flag', sa.Boolean, server_default=sa.false()))"


@pytest.mark.parametrize(
    ("before", "upgrade", "downgrade"),
    [
        ([], USERS, "op.drop_table('users')"),
        ([USERS], FLAG, "op.drop_column('users', 'flag')"),
        ([USERS], "op.drop_column('users', 'email')", "op.add_column('users', sa.Column('email', sa.VARCHAR(length=80), nullable=True))"),
        ([USERS, FLAG], "op.drop_column('users', 'flag')", "op.add_column('users', sa.Column('flag', sa.Boolean, server_default='0'))"),
        ([USERS], "op.create_index('ix', 'users', ['email'])", "op.drop_index('ix', table_name='users')"),
        ([USERS], "op.create_unique_constraint(None, 'users', ['email'])", "op.drop_constraint('users_email_key', 'users')"),
        ([USERS], "op.alter_column('users', 'email', type_=sa.Text())", "op.alter_column('users', 'email', type_=sa.String(80))"),
        ([USERS], "op.rename_table('users', 'people')", "op.rename_table('people', 'users')"),
        ([], "op.create_table('t', sa.Column('m', sa.Enum('a', name='mood')))", "op.drop_table('t')\nop.execute('DROP TYPE mood')"),
    ],
)
def test_a_downgrade_that_undoes_its_upgrade(before: list[str], upgrade: str, downgrade: str) -> None:
    found = outcome(upgrade, downgrade, *before)
    assert found.reverses is True, (found.refusal, found.differences)


@pytest.mark.parametrize(
    ("before", "upgrade", "downgrade", "message"),
    [
        ([], USERS, "pass", "the table users is left over"),
        ([USERS], FLAG, "pass", "the column users.flag is left over"),
        ([USERS], "op.drop_column('users', 'email')", "op.add_column('users', sa.Column('email', sa.String(80), nullable=False))",
         "the column users.email comes back with another nullability: NOT NULL instead of NULL"),
        ([USERS], "op.drop_column('users', 'email')", "op.add_column('users', sa.Column('email', sa.String(40)))",
         "the column users.email comes back with another type: VARCHAR(40) instead of VARCHAR(80)"),
        ([USERS, FLAG], "op.drop_column('users', 'flag')", "op.add_column('users', sa.Column('flag', sa.Boolean))",
         "the column users.flag comes back with another default: none instead of false"),
        ([USERS, "op.create_index('ix', 'users', ['email'])"], "op.drop_column('users', 'email')",
         "op.add_column('users', sa.Column('email', sa.String(80)))", "the index users.ix is not restored"),
        ([], "op.create_table('t', sa.Column('m', sa.Enum('a', name='mood')))", "op.drop_table('t')", "the enum mood is left over"),
        (["mood = sa.Enum('a', name='mood')\nmood.create(op.get_bind())"], "op.execute(\"ALTER TYPE mood ADD VALUE 'b'\")", "pass",
         "the enum mood keeps the value b"),
        ([USERS], "op.create_index('ix', 'users', ['email'], unique=True)\nop.drop_index('ix')\nop.create_index('ix', 'users', ['id'])",
         "pass", "the index users.ix is left over"),
    ],
)  # fmt: skip
def test_what_is_otherwise_after_upgrade_and_downgrade(before: list[str], upgrade: str, downgrade: str, message: str) -> None:
    found = outcome(upgrade, downgrade, *before)
    assert found.reverses is False and [difference.message for difference in found.differences] == [message]


@pytest.mark.parametrize(
    ("before", "upgrade", "downgrade", "sort", "message"),
    [
        ([USERS], "op.create_unique_constraint(None, 'users', ['email'])", "op.drop_constraint(None, 'users')", "unnamed", "without its name"),
        ([USERS], "op.alter_column('users', 'id', type_=sa.String())", "op.alter_column('users', 'id', type_=sa.Integer())", "cast", "USING"),
        ([USERS], FLAG, "op.drop_column('users', 'flagg')", "missing", "no column flagg"),
        ([USERS], "op.create_table('p', sa.Column('u', sa.Integer, sa.ForeignKey('users.id')))\nop.create_table('q', sa.Column('a', sa.Text))",
         "op.drop_table('users')", "depends", "still refers"),
        ([USERS], "op.alter_column('users', 'email', type_=sa.Text())",
         "op.alter_column('users', 'email', type_=sa.String(80, collation='utf8mb4_bin'))", "dialect", "MySQL"),
    ],
)  # fmt: skip
def test_a_downgrade_that_the_database_would_refuse(before: list[str], upgrade: str, downgrade: str, sort: str, message: str) -> None:
    found = outcome(upgrade, downgrade, *before)
    assert found.refusal is not None and found.refusal.sort == sort and message in found.refusal.message
    assert found.reverses is False


@pytest.mark.parametrize(("downgrade", "state"), [(None, "missing"), ("raise NotImplementedError('one way')", "raises")])
def test_no_downgrade_at_all(downgrade: str | None, state: str) -> None:
    found = outcome(USERS, downgrade)
    assert (found.reverses, found.state) == (False, state)


@pytest.mark.parametrize("downgrade", [
    "if sa.func.x():\n    op.drop_column('users', 'flag')",
    "op.execute(open('down.sql').read())",
])  # fmt: skip
def test_what_is_not_known_is_no_difference(downgrade: str) -> None:
    assert outcome(FLAG, downgrade, USERS).reverses is None


@pytest.mark.parametrize("upgrade", [
    "op.drop_table('users')",
    "op.drop_column('users', 'email')",
    "op.alter_column('users', 'email', type_=sa.Text(), nullable=False, server_default='x', new_column_name='mail')",
    "op.drop_index('ix')",
    "op.drop_constraint('users_pkey', 'users')",
    "op.add_column('users', sa.Column('n', sa.Integer))",
    "op.rename_table('users', 'people')",
    "op.create_table('t', sa.Column('a', sa.Integer))",
    "op.create_check_constraint('c', 'users', 'id > 0')",
    "op.execute('DROP TYPE mood')",
    "op.execute('ALTER TYPE mood RENAME TO spirit')",
    "op.execute(\"ALTER TYPE mood RENAME VALUE 'a' TO 'z'\")",
    "op.execute('ALTER TABLE users RENAME CONSTRAINT users_pkey TO pk')",
])  # fmt: skip
def test_an_operation_then_its_reverse_gives_the_schema_before(upgrade: str) -> None:
    enum = "postgresql.ENUM('a', 'b', name='mood').create(op.get_bind())"
    replay = replayed(chain(USERS, f"op.create_index('ix', 'users', ['email', 'id'])\n{enum}", upgrade))
    last = replay.revisions[-1]
    assert len(last.steps) == 1 and last.refusal is None
    undone = reverse(last.steps[0].operation, last.before.database("x"))
    assert not isinstance(undone, Unknown)
    state = last.after.copy()
    assert run(state, [Step(each, Location("x", Span(0, 0))) for each in undone]) is None
    assert list(differences(last.before, state)) == []


@pytest.mark.parametrize("upgrade", ["op.execute(\"ALTER TYPE mood ADD VALUE 'c'\")", "op.bulk_insert(sa.table('users'), [])"])
def test_what_cannot_be_undone_says_so(upgrade: str) -> None:
    replay = replayed(chain("postgresql.ENUM('a', name='mood').create(op.get_bind())", upgrade))
    last = replay.revisions[-1]
    assert isinstance(reverse(last.steps[0].operation, last.before.database("x")), Unknown)
