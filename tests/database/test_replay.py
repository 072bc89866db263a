"""What replaying a history gives: the schema at head, or the reason why there is none."""

from __future__ import annotations

import time

import pytest

from lsp_server.database.replay import Memo
from lsp_server.unknown import Unknown
from tests.database.histories import chain, histories, replayed, replayer, revision, sketch, tree

USERS = "op.create_table('users', sa.Column('id', sa.Integer(), nullable=False), sa.Column('email', sa.String(80)), sa.PrimaryKeyConstraint('id'))"

CASES = [
    pytest.param([USERS], ["users: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)"], id="create_table"),
    pytest.param([USERS, "op.drop_table('users')"], [], id="drop_table"),
    pytest.param([USERS, "op.rename_table('users', 'people')"],
                 ["people: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)"], id="a renamed table's key keeps its name"),
    pytest.param(["op.create_table('t', sa.Column('id', sa.Integer, primary_key=True), sa.Column('code', sa.Text, unique=True, nullable=False),"
                  " sa.Column('at', sa.DateTime(timezone=True), index=True))"],
                 ["t: id INTEGER!, code TEXT!, at TIMESTAMP WITH TIME ZONE", "  t_pkey pk (id)", "  t_code_key unique (code)",
                  "  ix_t_at index (at)"], id="keys written in columns"),
    pytest.param([USERS, "op.create_table('posts', sa.Column('id', sa.Uuid, primary_key=True),"
                  " sa.Column('user_id', sa.Integer, sa.ForeignKey('users.id', ondelete='CASCADE')))"],
                 ["users: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)", "posts: id UUID!, user_id INTEGER",
                  "  posts_pkey pk (id)", "  posts_user_id_fkey fk (user_id) users (id) on delete CASCADE"], id="a foreign key in a column"),
    pytest.param([USERS, "op.add_column('users', sa.Column('age', sa.SmallInteger, server_default='0', nullable=False))",
                  "op.drop_column('users', 'email')"],
                 ["users: id INTEGER!, age SMALLINT!", "  users_pkey pk (id)"], id="add_column and drop_column"),
    pytest.param([USERS, "op.alter_column('users', 'email', new_column_name='mail', type_=sa.Text(), nullable=False)"],
                 ["users: id INTEGER!, mail TEXT!", "  users_pkey pk (id)"], id="alter_column"),
    pytest.param([USERS, "op.create_unique_constraint(None, 'users', ['email'])", "op.create_index(op.f('ix_e'), 'users', [sa.text('lower(email)')])"],
                 ["users: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)", "  users_email_key unique (email)",
                  "  ix_e index (lower(email))"], id="unique and index"),
    pytest.param([USERS, "with op.batch_alter_table('users') as batch:\n    batch.add_column(sa.Column('n', sa.Integer))\n"
                  "    batch.create_index(batch.f('ix_n'), ['n'], unique=True)\n    batch.alter_column('email', nullable=False)"],
                 ["users: id INTEGER!, email VARCHAR(80)!, n INTEGER", "  users_pkey pk (id)", "  ix_n unique index (n)"], id="batch"),
    pytest.param([USERS, "op.drop_constraint('users_pkey', 'users', type_='primary')\nop.create_primary_key('pk', 'users', ['id', 'email'])"],
                 ["users: id INTEGER!, email VARCHAR(80)!", "  pk pk (id, email)"], id="another primary key"),
    pytest.param([USERS, "op.create_index('ix', 'users', ['email'])\nop.create_index('iy', 'users', ['id', 'email'])\nop.drop_column('users', 'email')"],
                 ["users: id INTEGER!", "  users_pkey pk (id)"], id="a dropped column takes its indexes along"),
    pytest.param(["import geoalchemy2\nop.create_table('t', sa.Column('a', geoalchemy2.Geometry('POINT')))",
                  "import geoalchemy2\nop.add_column('t', sa.Column('b', geoalchemy2.Geometry('POINT')))\n"
                  "op.add_column('t', sa.Column('c', geoalchemy2.Geometry('POINT', spatial_index=False)))\n"
                  "op.add_geospatial_column('t', sa.Column('d', geoalchemy2.Geometry('POINT')))"],
                 ["t: a GEOMETRY(POINT, -1), b GEOMETRY(POINT, -1), c GEOMETRY(POINT, -1), d GEOMETRY(POINT, -1)",
                  "  idx_t_a index (a)", "  idx_t_b index (b)"], id="spatial indexes come with their columns"),
    pytest.param(["op.create_table('t', sa.Column('m', sa.Enum('sad', 'ok', name='mood')))\n"
                  "op.sync_enum_values('public', 'mood', ['sad', 'glad'], [('t', 'm')], enum_values_to_rename=[])",
                  "op.execute(\"ALTER TYPE mood RENAME VALUE 'glad' TO 'fine'\")"],
                 ["t: m mood"], id="the values of an enumeration are set"),
    pytest.param(["from acme import Money\nop.create_table('t', sa.Column('a', sa.Text().impl), sa.Column('b', sa.Unicode(3).impl))"],
                 ["t: a TEXT, b VARCHAR(3)"], id="what a type wraps"),
    pytest.param([USERS, "for name in ('a', 'b'):\n    op.add_column('users', sa.Column(name, sa.Boolean))"],
                 ["users: id INTEGER!, email VARCHAR(80), a BOOLEAN, b BOOLEAN", "  users_pkey pk (id)"], id="a loop"),
    pytest.param([USERS, "op.create_check_constraint('positive', 'users', 'id > 0')"],
                 ["users: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)", "  positive check id > 0"], id="check"),
    pytest.param(["op.create_table('t', sa.Column('a', sa.Integer, primary_key=True), sa.UniqueConstraint('a'))"],
                 ["t: a INTEGER!", "  t_pkey pk (a)"], id="a key that repeats the primary key is made once"),
    pytest.param(["op.create_table('t', sa.Column('a', sa.Integer), sa.ForeignKeyConstraint(['a'], ['later.id'], use_alter=True))"],
                 ["t: a INTEGER"], id="use_alter is left to an ALTER TABLE"),
    pytest.param([USERS, "op.execute(\"ALTER TABLE users ADD COLUMN x timestamptz NOT NULL DEFAULT now(), DROP COLUMN email\")"],
                 ["users: id INTEGER!, x TIMESTAMP WITH TIME ZONE!", "  users_pkey pk (id)"], id="raw SQL"),
    pytest.param([USERS, "op.get_bind().execute(sa.text('CREATE UNIQUE INDEX ix ON users (email) WHERE email IS NOT NULL'))"],
                 ["users: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)", "  ix unique index (email)"], id="SQL through the connection"),
    pytest.param([USERS, "op.execute(f'UPDATE users SET email = {sa.func.x()}')"],
                 ["users: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)"], id="SQL known to change rows only"),
    pytest.param(["mood = postgresql.ENUM('sad', 'ok', name='mood')\nmood.create(op.get_bind())\n"
                  "op.create_table('t', sa.Column('m', postgresql.ENUM('sad', 'ok', name='mood', create_type=False)))"],
                 ["t: m mood"], id="an enumeration made by itself"),
    pytest.param(["if op.get_bind().dialect.name == 'postgresql':\n    op.create_table('t', sa.Column('a', postgresql.JSONB))\n"
                  "else:\n    op.create_table('t', sa.Column('a', sa.JSON))"], ["t: a JSONB"], id="a question for the dialect"),
    pytest.param([USERS, "if not sa.inspect(op.get_bind()).has_table('users'):\n    op.create_table('users', sa.Column('x', sa.Text))"],
                 ["users: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)"], id="has_table"),
    pytest.param([USERS, "names = [c['name'] for c in sa.inspect(op.get_bind()).get_columns('users')]\n"
                  "if 'age' not in names:\n    op.add_column('users', sa.Column('age', sa.Integer))"],
                 ["users: id INTEGER!, email VARCHAR(80), age INTEGER", "  users_pkey pk (id)"], id="get_columns"),
    pytest.param([USERS, "found = op.get_bind().execute(sa.text(\"SELECT 1 FROM information_schema.columns WHERE table_name = :t AND "
                  "column_name = 'email'\"), {'t': 'users'}).first()\nif found is None:\n    op.add_column('users', sa.Column('email', sa.Text))"],
                 ["users: id INTEGER!, email VARCHAR(80)", "  users_pkey pk (id)"], id="information_schema"),
]  # fmt: skip


@pytest.mark.parametrize(("upgrades", "expected"), CASES)
def test_the_schema_at_head(upgrades: list[str], expected: list[str]) -> None:
    replay = replayed(chain(*upgrades))
    assert replay.verdict.ok is True, replay.verdict
    assert sketch(replay.database) == expected


@pytest.mark.parametrize(
    ("upgrades", "reason"),
    [
        (["op.add_column('users', sa.Column('x', sa.Text))"], "users does not exist"),
        ([USERS, "op.drop_column('users', 'gone')"], "no column gone"),
        ([USERS, USERS], "exists already"),
        ([USERS, "op.drop_index('gone', table_name='users')"], "index gone does not exist"),
        ([USERS, "op.drop_constraint(None, 'users')"], "without its name"),
        ([USERS, "op.alter_column('users', 'email', type_=sa.Integer())"], "USING is missing"),
        ([USERS, "op.create_foreign_key(None, 'users', 'users', ['id'], ['email'])"], "cannot stand between"),
        ([USERS, "op.create_foreign_key(None, 'users', 'users', ['email'], ['email'])"], "no unique key"),
        ([USERS, "op.create_table('p', sa.Column('u', sa.Integer, sa.ForeignKey('users.id')))\nop.drop_table('users')"], "still refers"),
        ([USERS, "op.add_column('users', sa.Column('m', sa.Enum('a', name='mood')))"], "type mood does not exist"),
    ],
)
def test_what_the_database_would_refuse_ends_the_replay_and_no_schema_is_invented(upgrades: list[str], reason: str) -> None:
    replay = replayed(chain(*upgrades))
    assert replay.verdict.ok is False and reason in (replay.verdict.reason or "")
    assert replay.verdict.location is not None and replay.verdict.location.path == f"migrations/versions/r{len(upgrades) - 1}.py"
    assert replay.database.tables == ()


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("if op.get_bind().execute(sa.text('SELECT 1 FROM users')).first():\n    op.add_column('users', sa.Column('x', sa.Text))",
         "users: id INTEGER!, email VARCHAR(80), x TEXT?"),
        ("if sa.func.x():\n    op.drop_column('users', 'email')", "users: id INTEGER!, email VARCHAR(80)?"),
        ("if sa.func.x():\n    op.alter_column('users', 'email', type_=sa.Text())", "users: id INTEGER!, email ?"),
    ],
)  # fmt: skip
def test_what_hangs_on_an_open_question_is_unknown(last: str, expected: str) -> None:
    replay = replayed(chain(USERS, last))
    assert replay.verdict.ok is True
    assert sketch(replay.database)[0] == expected


def test_sql_that_is_not_known_makes_later_absences_prove_nothing() -> None:
    replay = replayed(chain("import os\nop.execute(open('x.sql').read())", "op.drop_column('users', 'x')"))
    assert replay.verdict.ok is None and isinstance(replay.database.incomplete, Unknown)


def test_tables_made_by_create_all_are_not_invented() -> None:
    replay = replayed(chain("import app.models\napp.models.Base.metadata.create_all(op.get_bind())"))
    assert replay.verdict.ok is None and replay.database.tables == ()


def test_the_naming_convention_of_the_projects_metadata_names_what_is_unnamed() -> None:
    env = ("from alembic import context\nfrom app.base import Base\ntarget_metadata = Base.metadata\ncontext.run_migrations()\n")
    base = ("from sqlalchemy import MetaData\nfrom sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n"
            "    metadata = MetaData(naming_convention={'pk': 'pk_%(table_name)s', 'uq': 'uq_%(table_name)s_%(column_0_name)s'})\n")  # fmt: skip
    files = chain("op.create_table('t', sa.Column('a', sa.Integer, primary_key=True), sa.Column('b', sa.Text, unique=True))")
    files.update({"migrations/env.py": env, "app/base.py": base, "app/__init__.py": ""})
    assert sketch(replayed(files).database)[1:] == ["  pk_t pk (a)", "  uq_t_b unique (b)"]


def test_a_function_of_the_project_called_from_a_migration_is_placed_in_the_migration() -> None:
    helper = "import sqlalchemy as sa\nfrom alembic import op\ndef add(table):\n    op.add_column(table, sa.Column('x', sa.Text))\n"
    files = chain(USERS, "from migrations.tools import add\nadd('users')", migrations__tools=helper)
    column = replayed(files).database.tables[0].column("x")
    assert column is not None
    assert replayed(files).revisions[1].steps[0].location.path == "migrations/versions/r1.py"


def test_a_folder_named_alembic_does_not_hide_the_library() -> None:
    files = {path.replace("migrations/", "alembic/"): text for path, text in chain(USERS).items()}
    assert sketch(replayed(files).database) != []


def test_a_keystroke_in_one_revision_leaves_what_is_known_of_the_others() -> None:
    memo: Memo = {}
    files = chain(USERS, "op.add_column('users', sa.Column('a', sa.Integer))")
    replayed(files, memo)
    before = memo["migrations/versions/r0.py", "upgrade"]
    files["migrations/versions/r1.py"] = files["migrations/versions/r1.py"].replace("'a'", "'b'")
    assert sketch(replayed(files, memo).database)[0] == "users: id INTEGER!, email VARCHAR(80), b INTEGER"
    assert memo["migrations/versions/r0.py", "upgrade"] is before


def test_an_answer_from_the_schema_is_asked_again_when_the_schema_is_another() -> None:
    memo: Memo = {}
    asks = "if not sa.inspect(op.get_bind()).has_table('t'):\n    op.create_table('t', sa.Column('a', sa.Text))"
    assert sketch(replayed(chain("pass", asks), memo).database) == ["t: a TEXT"]
    assert sketch(replayed(chain("op.create_table('t', sa.Column('b', sa.Text))", asks), memo).database) == ["t: b TEXT"]


def test_a_refusal_that_the_revision_catches_does_not_end_the_replay() -> None:
    replay = replayed(chain(USERS, "try:\n    op.drop_column('users', 'gone')\nexcept Exception:\n    print('never mind')"))
    assert replay.verdict.ok is True and sketch(replay.database)[0] == "users: id INTEGER!, email VARCHAR(80)"


def test_a_refusal_that_the_revision_raises_again_does() -> None:
    replay = replayed(chain(USERS, "try:\n    op.drop_column('users', 'gone')\nexcept Exception:\n    raise"))
    assert replay.verdict.ok is False


def test_branches_that_exclude_each_other_are_alternatives() -> None:
    made = "op.create_table('t', sa.Column('a', sa.Text))"
    main = revision("m", None, made.replace("'a'", "'b'"), more="branch_labels = ('main',)")
    assert sketch(replayed(tree(revision("old", None, made), main)).database) == ["t: b TEXT"]


def test_what_is_done_to_an_unknown_table_leaves_the_tables_themselves_certain() -> None:
    replay = replayed(chain(USERS, "for row in op.get_bind().execute(sa.text('SELECT 1')):\n    op.drop_constraint(row[0], row[1])"))
    assert replay.verdict.ok is True
    assert replay.database.incomplete is None and replay.database.tables[0].incomplete is not None


def test_columns_altered_under_unknown_names_leave_everything_else_certain() -> None:
    body = "for row in op.get_bind().execute(sa.text('SELECT 1')):\n    op.alter_column(row[0], row[1], type_=sa.String(40))"
    (table,) = replayed(chain(USERS, body)).database.tables
    assert table.incomplete is None
    assert [isinstance(column.type.family, Unknown) for column in table.columns] == [column.name == "email" for column in table.columns]
    renamed = replayed(chain(USERS, body.replace("type_=sa.String(40)", "new_column_name='x'"))).database.tables[0]
    assert renamed.incomplete is not None


def test_three_hundred_revisions_replay_in_well_under_a_second() -> None:
    more = [f"op.add_column('users', sa.Column('c{number}', sa.String(20)))\nop.create_index('i{number}', 'users', ['c{number}'])" for number in range(300)]
    files = chain(USERS, *more)
    found, runner = histories(files)[0], replayer(files)
    start = time.process_time()
    replay = runner.replay(found)
    assert replay.verdict.ok is True and len(replay.database.tables[0].columns) == 302
    assert time.process_time() - start < 1.0
