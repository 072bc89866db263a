"""Histories made of text whose last revision gets its downgrade from us; and running them on a database of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from lsp_server.config import Config
from lsp_server.database.migration.catalogue import read_shapes
from lsp_server.database.migration.rollback import Rollback
from lsp_server.database.migration.scratch import Scratch
from lsp_server.database.migration.shape import Shapes
from lsp_server.repair.add_rollback import rollback_of
from lsp_server.snapshot import Snapshot
from lsp_server.text import apply_edits
from tests.database.histories import chain

SHOP = """op.create_table(
    'product',
    sa.Column('id', sa.Integer, primary_key=True),
    sa.Column('code', sa.String(20), nullable=False, unique=True),
    sa.Column('name', sa.String(80)),
    sa.Column('title', sa.String(80)),
    sa.Column('n', sa.Integer),
    sa.Column('price', sa.Numeric(10, 2)),
    sa.Column('weight', sa.Float),
    sa.Column('sold', sa.Boolean),
)"""
ROWS = (
    "INSERT INTO product (id, code, name, title, n, price, weight, sold) VALUES (101, 'a', 'Ada', 'Ms', 7, 12.34, 1.5, {true})",
    "INSERT INTO product (id, code, name, title, n, price, weight, sold) VALUES (102, 'b', NULL, 'x', NULL, NULL, NULL, {false})",
    "INSERT INTO product (id, code, name, title, n, price, weight, sold) VALUES (103, 'c', 'c', NULL, -4, 0.01, 0.1, NULL)",
)


@dataclass(frozen=True)
class Completed:
    """The texts of a history's revisions, the last one with our downgrade."""

    texts: tuple[str, ...]
    rollback: Rollback

    @property
    def body(self) -> str:
        """The statements of the downgrade, without their indent."""
        lines = self.texts[-1].partition("def downgrade():\n")[2].rstrip().splitlines()
        return "\n".join(line[4:] for line in lines)


def completed(dialect: str, *upgrades: str) -> Completed:
    """The history of these upgrades with the last downgrade written by us."""
    files = chain(*upgrades)
    snapshot = Snapshot.of(files, Config(dialect=dialect))
    (replay,) = snapshot.histories
    assert replay.verdict.ok is not False, replay.verdict
    step = replay.revisions[-1]
    text = files[step.revision.path]
    rollback = rollback_of(snapshot, replay, step, text)
    earlier = [files[each.revision.path] for each in replay.revisions[:-1]]
    return Completed((*earlier, apply_edits(text, rollback.edits)), rollback)


@dataclass(frozen=True)
class Journey:
    """Schemas and rows before the last upgrade, after its downgrade, and whether it can be upgraded again to the same schema."""

    before: tuple[Shapes, dict[str, list[Any]]]
    back: tuple[Shapes, dict[str, list[Any]]]
    same_again: bool


def travel(scratch: Scratch, history: Completed, between: tuple[str, ...] = (), rows: tuple[str, ...] = ROWS) -> Journey:
    """Upgrades a new database, adds rows, upgrades it by the last revision and goes back. `between` runs before the way back."""
    with scratch.open() as connection:
        for text in history.texts[:-1]:
            call(connection, text, "upgrade")
        for statement in rows:
            connection.execute(sa.text(statement.format(true="1" if scratch.dialect != "postgresql" else "true",
                                                        false="0" if scratch.dialect != "postgresql" else "false")))  # fmt: skip
        before = _look(connection)
        call(connection, history.texts[-1], "upgrade")
        above = read_shapes(connection)
        for statement in between:
            connection.execute(sa.text(statement))
        call(connection, history.texts[-1], "downgrade")
        back = _look(connection)
        call(connection, history.texts[-1], "upgrade")
        return Journey(before, back, read_shapes(connection) == above)


def call(connection: sa.Connection, text: str, name: str) -> None:
    """A function of a revision that was written in this test."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    names: dict[str, Any] = {}
    with Operations.context(MigrationContext.configure(connection)):
        exec(compile(text, "<revision>", "exec"), names)
        names[name]()


def _look(connection: sa.Connection) -> tuple[Shapes, dict[str, list[Any]]]:
    found = {}
    for table in sa.inspect(connection).get_table_names():
        reflected = sa.Table(table, sa.MetaData(), autoload_with=connection)
        columns = sorted(reflected.c, key=lambda column: column.name)
        found[table] = sorted((tuple(row) for row in connection.execute(sa.select(*columns))), key=repr)
    return read_shapes(connection), found
