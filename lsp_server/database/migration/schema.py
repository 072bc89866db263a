"""A whole schema of ours made in an empty database: what SQLAlchemy's `create_all` makes, and what it leaves to others."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from lsp_server import __version__
from lsp_server.database.equivalence import default_schema, native_enums
from lsp_server.database.migration.metadata import to_metadata
from lsp_server.database.migration.operations import CreateEnum
from lsp_server.database.migration.sql import enum_sql, name_sql
from lsp_server.database.model import Database, EnumType

if TYPE_CHECKING:
    import sqlalchemy as sa


def create_schema(connection: sa.Connection, database: Database, dialect: str) -> None:
    """Raises NotSayable, and what the database says."""
    if dialect == "postgresql":
        _before_tables(connection, database)
    to_metadata(database, dialect).create_all(connection, checkfirst=False)


def content_key(database: Database, dialect: str) -> str:
    """The same for schemas that are made alike."""
    text = repr((__version__, dialect, database.tables, database.enums, database.schemas, sorted(database.naming_convention.items())))
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def _before_tables(connection: sa.Connection, database: Database) -> None:
    """Schemas and named enumerations."""
    import sqlalchemy as sa

    used = [table.key[0] for table in database.tables] + [default_schema(enum.schema) for enum in database.enums]
    for name in dict.fromkeys([*used, *database.schemas]):
        if name not in (None, "public"):
            connection.execute(sa.text(f"CREATE SCHEMA {name_sql(name)}"))
    enums: dict[tuple[str | None, str | None], EnumType] = {
        (default_schema(enum.schema), enum.name): enum for enum in database.enums if enum.native and enum.name
    }
    for table in database.tables:
        for column in table.columns:
            for enum in native_enums(column.type, "postgresql"):
                enums.setdefault((default_schema(enum.schema), enum.name), enum)
    for enum in enums.values():
        for statement in enum_sql(CreateEnum(enum)):
            connection.execute(sa.text(statement.replace(":", r"\:")))
