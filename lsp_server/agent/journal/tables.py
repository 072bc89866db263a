"""The journal's tables as the newest revision of its history leaves them. Loaded when the journal is used, not before."""

from __future__ import annotations

import sqlalchemy as sa

PREFIX = "specdrift_journal_"
VERSION = f"{PREFIX}version"
METADATA = sa.MetaData()

RUN = sa.Table(
    f"{PREFIX}run",
    METADATA,
    sa.Column("run_id", sa.String(40), primary_key=True),
    sa.Column("started", sa.DateTime, nullable=False, index=True),  # UTC
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("workspace", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("title", sa.String(500), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("prompt", sa.String(128), nullable=False),
    sa.Column("model", sa.String(200), nullable=False),
    sa.Column("tools", sa.Text, nullable=False),  # JSON: calls by name
    sa.Column("rounds", sa.Integer, nullable=False),
    sa.Column("tokens_in", sa.BigInteger, nullable=False),
    sa.Column("tokens_out", sa.BigInteger, nullable=False),
    sa.Column("cache_read", sa.BigInteger, nullable=False),
    sa.Column("cache_written", sa.BigInteger, nullable=False),
    sa.Column("cost", sa.Double),
    sa.Column("change", sa.String(128)),
    sa.Column("detail", sa.Text, nullable=False),
)

APPLICATION = sa.Table(
    f"{PREFIX}application",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.DateTime, nullable=False, index=True),  # UTC
    sa.Column("workspace", sa.String(200), nullable=False),
    sa.Column("revision", sa.String(200), nullable=False),
    sa.Column("target", sa.String(400), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("run_id", sa.String(40)),
)
