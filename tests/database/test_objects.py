"""Views, sequences and exclusion constraints in histories: what revisions make of them, and what their downgrades leave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_server.database.compare import compare
from lsp_server.database.ddl import operations_of
from lsp_server.database.model import Identity, View
from lsp_server.database.objects import AlterSequence, CreateSequence, CreateView, DropSequence, DropView
from lsp_server.database.operations import AddConstraint, reverse
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown
from tests.database.histories import chain, outcome, replayed

HERE = Location("x.py", Span(0, 0))
USERS = "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('name', sa.String(80)))"
VIEW = "op.execute('CREATE VIEW names AS SELECT id, name FROM users')"


def views(*upgrades: str) -> dict[str, object]:
    return {view.full_name: view.query for view in replayed(chain(*upgrades)).database.views}


@pytest.mark.parametrize(
    ("upgrades", "expected"),
    [
        ([USERS, VIEW], {"names": "SELECT id, name FROM users"}),
        ([USERS, VIEW, "op.execute('DROP VIEW names')"], {}),
        ([USERS, VIEW, "op.execute('CREATE OR REPLACE VIEW names AS SELECT id FROM users')"], {"names": "SELECT id FROM users"}),
        ([USERS, VIEW, "op.execute('CREATE VIEW few AS SELECT id FROM names; DROP VIEW names CASCADE')"], {}),
        ([USERS, VIEW, "op.execute('DROP TABLE users CASCADE')"], {}),
        ([USERS, VIEW, "op.execute('ALTER TABLE users DROP COLUMN name CASCADE')"], {}),
        ([USERS, VIEW, "op.execute('ALTER VIEW names RENAME TO labels')"], {"labels": "SELECT id, name FROM users"}),
        ([USERS, VIEW, "op.rename_table('users', 'people')"], {"names": "SELECT id, name FROM people"}),
        ([USERS, VIEW, "op.alter_column('users', 'name', new_column_name='label')"], {"names": "SELECT id, label AS name FROM users"}),
        (["op.execute('CREATE SCHEMA s; CREATE VIEW s.one AS SELECT 1 AS a')"], {"s.one": "SELECT 1 AS a"}),
        (["op.execute('CREATE SCHEMA s; CREATE VIEW s.one AS SELECT 1 AS a')", "op.execute('DROP SCHEMA s CASCADE')"], {}),
        (["op.execute('CREATE VIEW `odd name` AS SELECT `a b` FROM t')"], {"odd name": "SELECT `a b` FROM t"}),
    ],
)
def test_the_views_after_a_history(upgrades: list[str], expected: dict[str, str]) -> None:
    assert views(*upgrades) == expected


def test_views_of_alembic_utils() -> None:
    entity = "PGView(schema='public', signature='names', definition='SELECT 1 AS a')"
    upgrades = ["from alembic_utils.pg_view import PGView\n" f"op.create_entity({entity})"]
    assert views(*upgrades) == {"names": "SELECT 1 AS a"}
    assert views(*upgrades, "from alembic_utils.pg_view import PGView\n" f"op.drop_entity({entity})") == {}


def test_a_materialized_view_keeps_its_indexes() -> None:
    made = "op.execute('CREATE MATERIALIZED VIEW names AS SELECT name FROM users')"
    index = "op.create_index('ix_names', 'names', ['name'], unique=True)"
    (view,) = replayed(chain(USERS, made, index)).database.views
    assert view.materialized and [index.name for index in view.indexes] == ["ix_names"]
    (view,) = replayed(chain(USERS, made, index, "op.drop_index('ix_names', table_name='names')")).database.views
    assert view.indexes == ()


@pytest.mark.parametrize(
    ("upgrades", "expected"),
    [
        (["op.execute('CREATE SEQUENCE n START 5 INCREMENT BY 2 CYCLE')"], {"n": Identity(start=5, increment=2, cycle=True)}),
        (["op.execute(sa.schema.CreateSequence(sa.Sequence('n', start=5)))"], {"n": Identity(start=5)}),
        (["sa.Sequence('n', schema='s').create(op.get_bind())"], {"s.n": Identity()}),
        (["op.execute('CREATE SEQUENCE n')", "op.execute('ALTER SEQUENCE n INCREMENT 3 MAXVALUE 9')"], {"n": Identity(increment=3, maxvalue=9)}),
        (["op.execute('CREATE SEQUENCE n')", "op.execute('ALTER SEQUENCE n RENAME TO m')"], {"m": Identity()}),
        (["op.execute('CREATE SEQUENCE n')", "op.execute(sa.schema.DropSequence(sa.Sequence('n')))"], {}),
        ([USERS, "op.execute('CREATE SEQUENCE n OWNED BY users.name')", "op.drop_column('users', 'name')"], {}),
        ([USERS, "op.execute('CREATE SEQUENCE n OWNED BY users.name')", "op.drop_table('users')"], {}),
    ],
)
def test_the_sequences_after_a_history(upgrades: list[str], expected: dict[str, Identity]) -> None:
    found = replayed(chain(*upgrades)).database.sequences
    assert {sequence.full_name: sequence.options for sequence in found} == expected


EXCLUSIONS = [
    "op.create_exclude_constraint('x', 'users', ('id', '='), ('name', '&&'), using='gist', where=sa.text('id > 1'))",
    "op.execute('ALTER TABLE users ADD CONSTRAINT x EXCLUDE USING gist (id WITH =, name WITH &&) WHERE (id > 1)')",
]


@pytest.mark.parametrize("made", EXCLUSIONS)
def test_an_exclusion_constraint(made: str) -> None:
    (table,) = replayed(chain(USERS, made)).database.tables
    (exclusion,) = table.exclusions
    assert exclusion.elements == (("id", "="), ("name", "&&"))
    assert (exclusion.name, exclusion.method, exclusion.where, exclusion.unknown) == ("x", "gist", "id > 1", None)
    (table,) = replayed(chain(USERS, made, "op.drop_constraint('x', 'users')")).database.tables
    assert table.exclusions == ()


def test_exclusion_constraints_of_new_tables() -> None:
    element = "postgresql.ExcludeConstraint((sa.column('a'), '='), using='btree', name='x')"
    made = replayed(chain(f"op.create_table('t', sa.Column('a', sa.Integer), {element})")).database.tables[0]
    said = replayed(chain("op.execute('CREATE TABLE t (a int, CONSTRAINT x EXCLUDE USING btree (a WITH =))')")).database.tables[0]
    assert made.exclusions[0].elements == said.exclusions[0].elements == (("a", "="),)
    assert made.exclusions[0].method == said.exclusions[0].method == "btree"


def test_an_exclusion_that_is_not_understood_is_unknown() -> None:
    (added,) = operations_of("ALTER TABLE t ADD CONSTRAINT x EXCLUDE nonsense", HERE)
    assert isinstance(added, AddConstraint) and isinstance(getattr(added.constraint, "unknown", None), Unknown)


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "message"),
    [
        (VIEW, "pass", "the view names is left over"),
        (VIEW, "op.execute('DROP VIEW names')", None),
        ("op.execute('CREATE SEQUENCE n')", "pass", "the sequence n is left over"),
        ("op.execute('CREATE SEQUENCE IF NOT EXISTS users_id_seq OWNED BY users.id')", "pass", None),  # the serial's own
        (EXCLUSIONS[0], "pass", "the exclusion constraint users.x is left over"),
        (EXCLUSIONS[0], "op.drop_constraint('x', 'users')", None),
    ],
)
def test_what_a_downgrade_leaves(upgrade: str, downgrade: str, message: str | None) -> None:
    found = outcome(upgrade, downgrade, USERS)
    assert [difference.message for difference in found.differences] == ([message] if message else [])


def test_a_downgrade_that_brings_another_query_back() -> None:
    found = outcome("op.execute('DROP VIEW names')", "op.execute('CREATE VIEW names AS SELECT id FROM users')", USERS, VIEW)
    assert [difference.message for difference in found.differences] == [
        "the view names comes back with another query: SELECT id FROM users instead of SELECT id, name FROM users"
    ]


def test_what_undoes_an_operation() -> None:
    database = replayed(chain(USERS, VIEW, "op.execute('CREATE SEQUENCE n START 7')")).database
    (view,), (sequence,) = database.views, database.sequences
    assert reverse(DropView((None, "names")), database) == (CreateView(view),)
    assert reverse(DropSequence((None, "n")), database) == (CreateSequence(sequence),)
    assert reverse(CreateSequence(sequence), database) == (DropSequence((None, "n")),)
    assert isinstance(reverse(DropView((None, "other")), database), Unknown)
    assert isinstance(reverse(AlterSequence((None, "n")), database), Unknown)


@pytest.mark.parametrize(
    ("upgrade", "name", "sure"),
    [
        ("if ask():\n    op.execute('CREATE VIEW seen AS SELECT 1')", "seen", False),
        ("if ask():\n    op.execute('DROP VIEW names')", "names", False),
        ("op.execute(f'CREATE VIEW seen AS SELECT {ask()}')", "seen", True),
        ("op.execute(f'CREATE VIEW {ask()} AS SELECT 1')", "", False),
        ("op.execute(f'DROP VIEW {ask()}')", "names", False),
    ],
)
def test_what_the_text_does_not_tell_of_views(upgrade: str, name: str, sure: bool) -> None:
    replay = replayed(chain(USERS, VIEW, f"from elsewhere import ask\n{upgrade}"))
    assert replay.verdict.ok is True
    view = next(view for view in replay.database.views if view.name == name)
    assert (view.maybe is None) is sure
    wanted = replace(replay.database, views=(View("names", "SELECT id, name FROM users"), View("seen", "SELECT 1")))
    expected = [] if name in ("seen", "") else [("view", "seen")]
    assert [difference.path for difference in compare(replay.database, wanted, "postgresql")] == expected
