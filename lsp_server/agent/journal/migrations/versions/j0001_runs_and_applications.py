"""Runs and applied migrations.

Purpose: the journal's first tables. Impact: two new tables, nothing else is touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "j0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "specdrift_journal_run",
        sa.Column("run_id", sa.String(40), primary_key=True),
        sa.Column("started", sa.DateTime, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("workspace", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("prompt", sa.String(128), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("tools", sa.Text, nullable=False),
        sa.Column("rounds", sa.Integer, nullable=False),
        sa.Column("tokens_in", sa.BigInteger, nullable=False),
        sa.Column("tokens_out", sa.BigInteger, nullable=False),
        sa.Column("cache_read", sa.BigInteger, nullable=False),
        sa.Column("cache_written", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.Double),
        sa.Column("change", sa.String(128)),
        sa.Column("detail", sa.Text, nullable=False),
        if_not_exists=True,
    )
    _index("specdrift_journal_run", "started")
    op.create_table(
        "specdrift_journal_application",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("workspace", sa.String(200), nullable=False),
        sa.Column("revision", sa.String(200), nullable=False),
        sa.Column("target", sa.String(400), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(40)),
        if_not_exists=True,
    )
    _index("specdrift_journal_application", "at")


def _index(table: str, column: str) -> None:
    """MySQL knows no `IF NOT EXISTS` for indexes."""
    name = f"ix_{table}_{column}"
    if all(index["name"] != name for index in sa.inspect(op.get_bind()).get_indexes(table)):
        op.create_index(name, table, [column])


def downgrade() -> None:
    op.drop_table("specdrift_journal_application")
    op.drop_table("specdrift_journal_run")
