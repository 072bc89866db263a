"""The user's own rows for a proof: a file of INSERT statements, or of JSON or YAML, read as text into plain values.

No statement of the file is ever run. What is not a row written out (a query, a function, a COPY, a change of the schema) makes the
seed bad, with its line; transactions and settings around the rows, as dumps have them, are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsp_server.database.equivalence import default_schema
from lsp_server.database.grammar import grammar_of
from lsp_server.database.migration.rows import Row, insert
from lsp_server.database.model import Database, Table, key_of_name
from lsp_server.document import Kind, kind_of

if TYPE_CHECKING:
    import sqlalchemy as sa

_PASSED_OVER = ("BEGIN", "COMMIT", "START", "SET", "LOCK", "UNLOCK", "PRAGMA", "USE", "SELECT PG_CATALOG.SET", "SELECT SETVAL")


class BadSeed(Exception):
    """Why the rows cannot be had, for people: the file, the place in it, what is wrong."""


@dataclass(frozen=True, slots=True)
class Given:
    """A row as the file has it: `table` as written, with its schema if any; None for columns in the table's own order."""

    table: str
    columns: tuple[str, ...] | None
    values: tuple[object, ...]
    place: str  # "line 12", "books, row 3"


@dataclass(frozen=True, slots=True)
class Seed:
    """`rows` in the order in which they are to be put in. `digest` is the text's."""

    path: str
    digest: str
    rows: tuple[Given, ...]


def read_seed(path: str, text: str, digest: str, dialect: str | None) -> Seed:
    """Raises BadSeed. In JSON and YAML: tables by name, each a list of rows, each a mapping of columns to values."""
    match kind_of(path):
        case Kind.SQL:
            rows = _of_sql(text, dialect)
        case Kind.JSON:
            try:
                rows = _of_mapping(json.loads(text))
            except ValueError as error:
                raise BadSeed(f"{path}: {error}") from None
        case Kind.YAML:
            rows = _of_mapping(_plain_yaml(path, text))
        case _:
            raise BadSeed(f"{path}: rows are read from .sql, .json and .yaml files")
    try:
        return Seed(path, digest, tuple(rows))
    except BadSeed as error:
        raise BadSeed(f"{path}, {error}") from None


def _plain_yaml(path: str, text: str) -> object:
    from lsp_server.tree.repair import read as read_tree

    tree = read_tree(text, Kind.YAML)
    if not tree.complete or tree.root is None:
        raise BadSeed(f"{path}: it is no YAML that can be read")
    return tree.root.value


def _of_mapping(data: object) -> Iterator[Given]:
    if not isinstance(data, Mapping):
        raise BadSeed("at the top: tables by name are wanted")
    for table, rows in data.items():
        if not isinstance(rows, list):
            raise BadSeed(f"{table}: a list of rows is wanted")
        for number, row in enumerate(rows, 1):
            if not isinstance(row, Mapping):
                raise BadSeed(f"{table}, row {number}: columns with values are wanted")
            values = tuple(json.dumps(value) if isinstance(value, (dict, list)) else value for value in row.values())
            yield Given(str(table), tuple(map(str, row)), values, f"{table}, row {number}")


def _of_sql(text: str, dialect: str | None) -> Iterator[Given]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    read = grammar_of(dialect or "postgresql")
    try:
        tokens = sqlglot.Dialect.get_or_raise(read).tokenize(text)
    except SqlglotError as error:
        raise BadSeed(f"it is no SQL that can be read: {error}") from None
    for start, end, line in _statements(tokens):
        statement = text[start:end]
        place = f"line {line}"
        if " ".join(statement.split()).upper().startswith(_PASSED_OVER):
            continue
        try:
            tree = sqlglot.parse_one(statement, read=read)
        except SqlglotError:
            raise BadSeed(f"{place}: a statement that cannot be read") from None
        if not isinstance(tree, exp.Insert) or not isinstance(tree.expression, exp.Values) or tree.args.get("conflict") or tree.args.get("returning"):
            raise BadSeed(f"{place}: only INSERT … VALUES is read, not {tree.key.upper()}")
        target = tree.this
        columns = None
        if isinstance(target, exp.Schema):
            columns = tuple(column.name for column in target.expressions)
            target = target.this
        table = ".".join(part.name for part in target.parts)
        for row in tree.expression.expressions:
            cells = row.expressions if isinstance(row, exp.Tuple) else [row]
            yield Given(table, columns, tuple(_literal(cell, place) for cell in cells), place)


def _statements(tokens: list[Any]) -> Iterator[tuple[int, int, int]]:
    """Start and end of each statement in the text, and its line."""
    first = None
    for token in tokens:
        if token.token_type.name == "SEMICOLON":
            if first is not None:
                yield first.start, token.start, first.line
            first = None
        elif first is None:
            first = token
    if first is not None:
        yield first.start, tokens[-1].end + 1, first.line


def _literal(cell: Any, place: str) -> object:
    from sqlglot import exp

    match cell:
        case exp.Null():
            return None
        case exp.Boolean():
            return bool(cell.this)
        case exp.Literal(is_string=True):
            return str(cell.this)
        case exp.Literal():
            return float(cell.this) if any(mark in cell.this for mark in ".eE") else int(cell.this)
        case exp.Neg():
            value = _literal(cell.this, place)
            if isinstance(value, (int, float)):
                return -value
        case exp.Cast() | exp.Paren():
            return _literal(cell.this, place)
        case exp.HexString():
            return bytes.fromhex(f"{int(cell.this):x}") if cell.this.isdigit() else bytes.fromhex(cell.this)
    raise BadSeed(f"{place}: {cell.sql()[:40]} is no value written out")


# Into the database


def load(connection: sa.Connection, seed: Seed, database: Database) -> None:
    """Put the rows into a database of ours. Raises BadSeed for what the schema does not have or the database refuses."""
    for given in seed.rows:
        table = _table(database, given.table)
        if table is None:
            raise BadSeed(f"{seed.path}, {given.place}: there is no table {given.table}")
        columns = given.columns or tuple(column.name for column in table.columns)
        unknown = next((name for name in columns if table.column(name) is None), None)
        if unknown is not None or len(columns) != len(given.values):
            what = f"{given.table} has no column {unknown}" if unknown is not None else "as many values as columns are wanted"
            raise BadSeed(f"{seed.path}, {given.place}: {what}")
        row: Row = dict(zip(columns, given.values))
        refused = insert(connection, table, [row])
        if refused is not None:
            raise BadSeed(f"{seed.path}, {given.place}: {refused}")


def _table(database: Database, name: str) -> Table | None:
    schema, bare = key_of_name(name)
    return next((table for table in database.tables if table.name == bare and (not schema or table.key[0] == default_schema(schema))), None)
