"""A whole schema of ours made in an empty database: what SQLAlchemy's `create_all` makes, and what it leaves to others."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING

from lsp_server import __version__
from lsp_server.database.compare_objects import views_for
from lsp_server.database.equivalence import default_schema, native_enums
from lsp_server.database.migration.alembic_operations import create_index
from lsp_server.database.migration.metadata import to_metadata
from lsp_server.database.migration.object_operations import ChangeSequence, CreateSequence
from lsp_server.database.migration.object_sql import bare, object_sql, view_sql
from lsp_server.database.migration.operations import CreateEnum, CreateIndex
from lsp_server.database.migration.sql import enum_sql, name_sql
from lsp_server.database.model import Database, EnumType
from lsp_server.database.view_text import in_order

if TYPE_CHECKING:
    import sqlalchemy as sa


def create_schema(connection: sa.Connection, database: Database, dialect: str, around: Database | None = None) -> None:
    """`around` is the end of a plan, whose extensions, and schemas that no step makes, must be there from the start.

    Raises NotSayable, and what the database says.
    """
    if dialect == "postgresql":
        _before_tables(connection, database, around or database)
    to_metadata(database, dialect).create_all(connection, checkfirst=False)
    _after_tables(connection, database, dialect)


_EXTENSIONS = {
    "gin_trgm_ops": "pg_trgm", "gist_trgm_ops": "pg_trgm", "citext": "citext", "hstore": "hstore", "ltree": "ltree", "vector": "vector",
    "geometry": "postgis", "geography": "postgis", "uuid_generate_v4()": "uuid-ossp", "gin_int_ops": "btree_gin",
    "gist_int4_ops": "btree_gist",
}  # fmt: skip


def _extensions(database: Database) -> tuple[str, ...]:
    """What the schema's types, operator classes and defaults come from, where it is not PostgreSQL itself."""
    words = [operator for table in database.tables for index in table.indexes for _, operator in index.operators]
    for table in database.tables:
        if any(part.method == "gist" and operator == "=" for part in table.exclusions for _, operator in part.elements or ()):
            words.append("gist_int4_ops")  # equality is none of GiST's own operators
        for column in table.columns:
            words.append((column.type.sql or "").partition("(")[0])
            words.append(getattr(column.server_default, "text", None) or "")
    return tuple(dict.fromkeys(_EXTENSIONS[word.lower()] for word in words if word.lower() in _EXTENSIONS))


_PLACES = re.compile(r"\w*location=Location\(path=.*?, span=Span\(start=\d+, end=\d+\)\)")


def content_key(database: Database, dialect: str, around: Database | None = None) -> str:
    """The same for schemas that are made alike, wherever in the files their parts stand."""
    parts = (database.tables, database.enums, database.schemas, database.views, database.sequences, sorted(database.naming_convention.items()))
    near = (_extensions(around), around.schemas) if around is not None else ()
    text = _PLACES.sub("", repr((__version__, dialect, parts, near)))
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def surround(connection: sa.Connection, database: Database, around: Database) -> None:
    """PostgreSQL's extensions and schemas, which `create_all` takes for given."""
    import sqlalchemy as sa

    for extension in dict.fromkeys((*_extensions(database), *_extensions(around))):
        connection.execute(sa.text(f"CREATE EXTENSION IF NOT EXISTS {name_sql(extension)}"))
    used = [table.key[0] for table in database.tables] + [default_schema(enum.schema) for enum in database.enums]
    for name in dict.fromkeys([*used, *database.schemas, *around.schemas]):
        if name not in (None, "public"):
            connection.execute(sa.text(f"CREATE SCHEMA {name_sql(name)}"))


def _before_tables(connection: sa.Connection, database: Database, around: Database) -> None:
    """Extensions, schemas and named enumerations."""
    import sqlalchemy as sa

    surround(connection, database, around)
    enums: dict[tuple[str | None, str | None], EnumType] = {
        enum.key: enum for enum in database.enums if enum.native and enum.name
    }
    for table in database.tables:
        for column in table.columns:
            for enum in native_enums(column.type, "postgresql"):
                enums.setdefault(enum.key, enum)
    for enum in enums.values():
        for statement in enum_sql(CreateEnum(enum)):
            connection.execute(sa.text(statement.replace(":", r"\:")))
    for sequence in (each for each in database.sequences if each.maybe is None):
        connection.execute(sa.text(object_sql(CreateSequence(bare(sequence)), "postgresql")))


def _after_tables(connection: sa.Connection, database: Database, dialect: str) -> None:
    """The columns that sequences belong to, and the views, in an order in which they can be made."""
    import sqlalchemy as sa

    statements = []
    if dialect == "postgresql":
        owned = [sequence for sequence in database.sequences if sequence.owner is not None and sequence.maybe is None]
        statements += [object_sql(ChangeSequence(bare(sequence), sequence), dialect) for sequence in owned]
    for view in in_order(tuple(view for view in views_for(database, dialect) if view.maybe is None), dialect):
        statements.append(view_sql(view, dialect))
        for index in view.indexes:
            made = create_index(CreateIndex(view.key, index, index.name or ""), dialect)
            statements.append(str(sa.schema.CreateIndex(made.to_index()).compile(dialect=connection.dialect)))  # type: ignore[attr-defined]
    for statement in statements:
        connection.execute(sa.text(statement.replace(":", r"\:")))
