"""Replays against the real thing: the same histories run by Alembic on SQLite, reflected, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from lsp_server.database.model import Database
from lsp_server.database.rollback import type_text
from tests.database.histories import chain, histories, replayer

ENV = (
    "from alembic import context\n"
    "context.configure(connection=context.config.attributes['connection'], target_metadata=None)\n"
    "with context.begin_transaction():\n    context.run_migrations()\n"
)
USERS = ("op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('email', sa.String(80), nullable=False),"
         " sa.Column('bio', sa.Text))")  # fmt: skip
POSTS = ("op.create_table('posts', sa.Column('id', sa.Integer, nullable=False), sa.Column('user_id', sa.Integer),"
         " sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_user', ondelete='CASCADE'), sa.PrimaryKeyConstraint('id'),"
         " sa.UniqueConstraint('user_id', name='uq_user'))")  # fmt: skip

HISTORIES = [
    pytest.param([USERS], id="a table"),
    pytest.param([USERS, POSTS], id="two tables"),
    pytest.param([USERS, POSTS, "op.drop_table('posts')"], id="a dropped table"),
    pytest.param([USERS, "op.add_column('users', sa.Column('age', sa.SmallInteger, server_default='0', nullable=False))"], id="a column"),
    pytest.param([USERS, "op.create_index('ix_email', 'users', ['email'], unique=True)"], id="an index"),
    pytest.param([USERS, "op.create_index('ix_email', 'users', ['email'])", "op.drop_index('ix_email', table_name='users')"], id="a dropped index"),
    pytest.param([USERS, "op.rename_table('users', 'people')"], id="a renamed table"),
    pytest.param([USERS, "op.create_index('ix', 'users', ['email'])", "with op.batch_alter_table('users') as batch:\n"
                  "    batch.alter_column('bio', type_=sa.String(500), nullable=False, new_column_name='about')"], id="batch alter"),
    pytest.param([USERS, POSTS, "with op.batch_alter_table('posts') as batch:\n    batch.drop_constraint('uq_user', type_='unique')\n"
                  "    batch.drop_constraint('fk_user', type_='foreignkey')"], id="batch drop constraints"),
    pytest.param([USERS, "with op.batch_alter_table('users') as batch:\n    batch.create_unique_constraint('uq_e', ['email', 'bio'])\n"
                  "    batch.drop_column('bio') if False else None"], id="batch unique"),
    pytest.param([USERS, "op.execute('ALTER TABLE users ADD COLUMN nick VARCHAR(20)')", "op.execute('CREATE INDEX ix_nick ON users (nick)')"], id="raw SQL"),
    pytest.param([USERS, "op.execute('ALTER TABLE users RENAME COLUMN bio TO about')"], id="raw rename"),
    pytest.param(["for name in ('a', 'b', 'c'):\n    op.create_table(name, sa.Column('id', sa.BigInteger, primary_key=True), sa.Column('x', sa.Boolean))"], id="a loop"),
    pytest.param([USERS, "if sa.inspect(op.get_bind()).has_table('users'):\n    op.add_column('users', sa.Column('seen', sa.DateTime))\n"
                  "if not sa.inspect(op.get_bind()).has_table('posts'):\n    " + POSTS], id="questions"),
    pytest.param([USERS, "if op.get_bind().dialect.name == 'sqlite':\n    op.add_column('users', sa.Column('lite', sa.Date))\n"
                  "else:\n    op.drop_table('users')"], id="the dialect"),
    pytest.param(["op.create_table('t', sa.Column('id', sa.Integer, primary_key=True), sa.Column('code', sa.String(5), unique=True),"
                  " sa.Column('at', sa.Date, index=True), sa.Column('n', sa.Numeric(8, 2), nullable=False))"], id="keys in columns"),
]  # fmt: skip


@pytest.mark.parametrize("upgrades", HISTORIES)
def test_a_replay_gives_what_alembic_makes(upgrades: list[str], tmp_path: Path) -> None:
    files = {path.replace("versions/", "versions/sqlite/"): text for path, text in chain(*upgrades).items()}
    replay = replayer(files).replay(histories(files)[0])
    assert replay.verdict.ok is True, replay.verdict
    assert said(replay.database) == made(upgrades, tmp_path)


def made(upgrades: list[str], folder: Path) -> dict[str, Any]:
    for path, text in {**chain(*upgrades), "migrations/env.py": ENV}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    config = Config()
    config.set_main_option("script_location", str(folder / "migrations"))
    with sa.create_engine("sqlite://").connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")
        return reflected(sa.inspect(connection))


def reflected(inspector: sa.Inspector) -> dict[str, Any]:
    return {
        name: {
            "columns": {column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)},
            "primary": tuple(inspector.get_pk_constraint(name)["constrained_columns"]),
            "foreign": {(tuple(key["constrained_columns"]), key["referred_table"], tuple(key["referred_columns"]), key["options"].get("ondelete"))
                        for key in inspector.get_foreign_keys(name)},
            "unique": {frozenset(key["column_names"]) for key in inspector.get_unique_constraints(name)},
            "indexes": {(index["name"], tuple(index["column_names"]), bool(index["unique"])) for index in inspector.get_indexes(name)},
        }
        for name in inspector.get_table_names() if name != "alembic_version"
    }  # fmt: skip


_SQLITE = {"TIMESTAMP WITHOUT TIME ZONE": "DATETIME"}


def said(database: Database) -> dict[str, Any]:
    return {
        table.name: {
            "columns": {column.name: (_SQLITE.get(type_text(column.type) or "", type_text(column.type)), column.nullable) for column in table.columns},
            "primary": table.primary_key.columns if table.primary_key else (),
            "foreign": {(key.columns, key.target_table, key.target_columns, key.ondelete) for key in table.foreign_keys},
            "unique": {frozenset(key.columns or ()) for key in table.uniques},
            "indexes": {(index.name, index.columns, index.unique) for index in table.indexes},
        }
        for table in database.tables
    }
