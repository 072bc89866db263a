"""A small project with models and two revisions, and its development database."""

from __future__ import annotations

import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path

from lsp_server.snapshot import Snapshot
from lsp_server.workspace import documents_of, find_config, list_files

FILES = {
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "shop.py": """
        from sqlalchemy import Column, Integer, String
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()


        class Customer(Base):
            __tablename__ = "customer"
            id = Column(Integer, primary_key=True)
            name = Column(String(20))
            phone = Column(String(30))
        """,
    "migrations/env.py": """
        from alembic import context
        from shop import Base

        raise RuntimeError("env.py chooses a database by itself: it must not run")
        context.configure(url="sqlite:///elsewhere.db", target_metadata=Base.metadata)
        context.run_migrations()
        """,
    "migrations/versions/0001_first.py": '''
        """Customers."""
        import sqlalchemy as sa
        from alembic import op

        revision = "0001"
        down_revision = None


        def upgrade():
            op.create_table("customer", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(20)))


        def downgrade():
            op.drop_table("customer")
        ''',
    "migrations/versions/0002_phone.py": '''
        """Phones."""
        import sqlalchemy as sa
        from alembic import op

        revision = "0002"
        down_revision = "0001"


        def upgrade():
            op.add_column("customer", sa.Column("phone", sa.String(30)))
            op.execute("UPDATE customer SET phone = 'none: 100%' WHERE name = 'Ada'")


        def downgrade():
            op.drop_column("customer", "phone")
        ''',
}
FIRST = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
    "INSERT INTO alembic_version VALUES ('0001')",
    "CREATE TABLE customer (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20))",
    "INSERT INTO customer VALUES (1, 'Ada'), (2, 'Bob')",
)


def write(root: Path, **changed: str) -> None:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(changed.get(name, text)).lstrip("\n"))


def snapshot_of(root: Path) -> Snapshot:
    config = find_config(root)
    return Snapshot(documents_of(root, list_files(root, config)), config, lasting=True)


def at_first(file: Path) -> None:
    """A database of SQLite at the first revision."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in FIRST:
            connection.execute(statement)
        connection.commit()


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()
