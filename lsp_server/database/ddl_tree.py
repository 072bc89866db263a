"""Statements about tables and indexes, as sqlglot's trees, to operations. Imported only when such a statement is met."""

from __future__ import annotations

import logging
from dataclasses import replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lsp_server.database.exclusions import exclusion_of_sql
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Default,
    EnumType,
    Exclusion,
    ForeignKey,
    Identity,
    Index,
    PrimaryKey,
    Table,
    TableOptions,
    Unique,
)
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    Constraint,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Key,
    Operation,
    RenameTable,
    table_key,
)
from lsp_server.database.storage_options import UNLOGGED, WITH
from lsp_server.text import Location
from lsp_server.unknown import Unknown

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # It warns on stderr where it gives up; we say so ourselves.

_TYPES = {
    "VARCHAR": "VARCHAR", "NVARCHAR": "VARCHAR", "TEXT": "TEXT", "CHAR": "CHAR", "BPCHAR": "CHAR", "INT": "INTEGER",
    "BIGINT": "BIGINT", "SMALLINT": "SMALLINT", "DECIMAL": "NUMERIC", "FLOAT": "REAL", "DOUBLE": "DOUBLE PRECISION",
    "BOOLEAN": "BOOLEAN", "TIMESTAMP": "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMPNTZ": "TIMESTAMP WITHOUT TIME ZONE",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "TIME": "TIME WITHOUT TIME ZONE", "TIMETZ": "TIME WITH TIME ZONE",
    "DATE": "DATE", "JSON": "JSON", "JSONB": "JSONB", "UUID": "UUID", "VARBINARY": "BYTEA", "BINARY": "BYTEA",
    "INTERVAL": "INTERVAL", "INET": "INET", "HSTORE": "HSTORE", "XML": "XML", "MONEY": "MONEY", "NAME": "NAME",
    "SERIAL": "INTEGER", "BIGSERIAL": "BIGINT", "SMALLSERIAL": "SMALLINT", "DATETIME": "TIMESTAMP WITHOUT TIME ZONE",
    "TSVECTOR": "TSVECTOR", "BIT": "BIT", "GEOMETRY": "geometry", "GEOGRAPHY": "geography", "VECTOR": "VECTOR",
}  # fmt: skip


def operations_of_statement(statement: str, location: Location) -> list[Operation] | None:
    """The operations of one statement; None where it is not understood."""
    try:
        tree = sqlglot.parse_one(statement, read="postgres")
    except (SqlglotError, RecursionError):
        return None
    if isinstance(tree, exp.Create):
        return _create(tree, location)
    if isinstance(tree, exp.Drop):
        return _drop(tree)
    if isinstance(tree, exp.Alter) and tree.args.get("kind") == "TABLE":
        key = _key(tree.this)
        result: list[Operation] = []
        for action in tree.args.get("actions") or []:
            found = _action(key, action, location)
            if found is None:
                return None
            result.extend(found)
        return result
    return None


def _sql(node: exp.Expression) -> str:
    """The node's text. The parser forgets how a function's name was written; lower case is what most write and PostgreSQL tells."""
    return node.sql("postgres", normalize_functions="lower")


def _name(node: exp.Expression | None) -> str:
    if isinstance(node, exp.Column | exp.Table):
        node = node.this
    if isinstance(node, exp.Identifier):
        return str(node.this) if node.args.get("quoted") else str(node.this).lower()
    return node.name if node is not None else ""


def _key(node: exp.Expression) -> Key:
    table = node.this if isinstance(node, exp.Schema) else node
    schema = table.args.get("db")
    return table_key(_name(table.this), _name(schema) if schema is not None else None)


def _names(nodes: list[exp.Expression]) -> tuple[str, ...]:
    return tuple(_name(node.this if isinstance(node, exp.Ordered) else node) for node in nodes)


def _type(node: exp.DataType | None, location: Location) -> ColumnType:
    if node is None:
        return ColumnType(Unknown("a column without a type", location))
    word = node.this.name if hasattr(node.this, "name") else str(node.this)
    if word == "ARRAY":
        inner = node.expressions[0] if node.expressions else None
        return ColumnType("ARRAY", item=_type(inner if isinstance(inner, exp.DataType) else None, location))
    if word == "USERDEFINED":
        kind = node.args.get("kind")
        name = _sql(kind) if isinstance(kind, exp.Expression) else str(kind)
        parts = [part.strip('"') for part in name.split(".")]
        if parts[-1].upper() in ("CITEXT", "TSVECTOR", "LTREE", "OID"):
            return ColumnType(parts[-1].upper())
        values = Unknown("the values of an enumeration", location)
        enum = EnumType(parts[-1], values, schema=parts[-2] if len(parts) > 1 else None, location=location)
        return ColumnType("ENUM", enum=enum)
    sizes: tuple[int | str, ...] = tuple(int(each.name) if each.name.isdigit() else each.name for each in node.expressions)
    family = _TYPES.get(word)
    return ColumnType(family if family is not None else word, sizes)


def _default(node: exp.Expression | None) -> Default | None:
    if node is None or isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Literal) and node.is_string:
        return Default("constant", _sql(node), node.name)
    if isinstance(node, exp.CurrentTimestamp):
        return Default("sql", "now()")
    return Default("sql", _sql(node))


def _column(node: exp.ColumnDef, table: Key, location: Location) -> tuple[Column, list[Constraint]]:
    name = _name(node.this)
    kind = node.args.get("kind")
    column = Column(name, _type(kind, location), location=location)
    if isinstance(kind, exp.DataType) and "SERIAL" in (kind.this.name if hasattr(kind.this, "name") else ""):
        column = replace(column, nullable=False, server_default=Default("sequence"))
    constraints: list[Constraint] = []
    for each in node.args.get("constraints") or []:
        rule, given = each.kind, each.args.get("this")
        named = _name(given) if given is not None else None
        if isinstance(rule, exp.NotNullColumnConstraint):
            column = replace(column, nullable=bool(rule.args.get("allow_null")))
        elif isinstance(rule, exp.DefaultColumnConstraint):
            column = replace(column, server_default=_default(rule.this))
        elif isinstance(rule, exp.PrimaryKeyColumnConstraint):
            column = replace(column, nullable=False, primary_key=True)
            constraints.append(PrimaryKey((name,), named, location))
        elif isinstance(rule, exp.UniqueColumnConstraint):
            constraints.append(Unique((name,), named, location=location))
        elif isinstance(rule, exp.Reference):
            constraints.append(_reference((name,), rule, named, location))
        elif isinstance(rule, exp.CheckColumnConstraint):
            constraints.append(Check(_sql(rule.this), named, location=location))
        elif isinstance(rule, exp.GeneratedAsIdentityColumnConstraint):
            column = replace(column, nullable=False, identity=Identity(bool(rule.args.get("this"))))
        elif isinstance(rule, exp.ComputedColumnConstraint):
            column = replace(column, computed=_sql(rule.this))
    return column, constraints


def _reference(columns: tuple[str, ...], node: exp.Reference, name: str | None, location: Location) -> ForeignKey:
    target = node.this
    key = _key(target)
    targets = _names(target.expressions) if isinstance(target, exp.Schema) else None
    options = [str(option).upper() for option in node.args.get("options") or []]
    rules = {word: next((option[len(word) + 4 :] for option in options if option.startswith(f"ON {word}")), None)
             for word in ("DELETE", "UPDATE")}  # fmt: skip
    return ForeignKey(columns, key[1], targets, key[0], name, rules["DELETE"], rules["UPDATE"],
                      deferrable=True if "DEFERRABLE" in options else None, location=location)  # fmt: skip


def _constraint(node: exp.Expression, name: str | None, location: Location) -> Constraint | None:
    if isinstance(node, exp.Constraint):
        inner = node.expressions[0] if node.expressions else None
        return _constraint(inner, _name(node.this), location) if inner is not None else None
    if isinstance(node, exp.PrimaryKey):
        return PrimaryKey(_names(node.expressions), name, location)
    if isinstance(node, exp.UniqueColumnConstraint):
        inner = node.this
        columns = _names(inner.expressions) if isinstance(inner, exp.Schema) else ()
        return Unique(columns, name, location=location) if columns else None
    if isinstance(node, exp.ForeignKey):
        reference = node.args.get("reference")
        return _reference(_names(node.expressions), reference, name, location) if reference is not None else None
    if isinstance(node, exp.CheckColumnConstraint):
        return Check(_sql(node.this), name, location=location)
    if isinstance(node, exp.ExcludeColumnConstraint):
        return exclusion_of_sql(_sql(node), name, location)
    return None


def _create(tree: exp.Create, location: Location) -> list[Operation] | None:
    kind = tree.args.get("kind")
    if kind == "INDEX":
        return _create_index(tree, location)
    if kind != "TABLE" or not isinstance(tree.this, exp.Schema) or tree.args.get("expression") is not None:
        return None
    key = _key(tree.this)
    columns: list[Column] = []
    constraints: list[Constraint] = []
    for part in tree.this.expressions:
        if isinstance(part, exp.ColumnDef):
            column, inner = _column(part, key, location)
            columns.append(column)
            constraints.extend(inner)
            continue
        constraint = _constraint(part, None, location)
        if constraint is None:
            return None
        constraints.append(constraint)
    table = Table(
        key[1], key[0], tuple(columns), next((each for each in constraints if isinstance(each, PrimaryKey)), None),
        tuple(each for each in constraints if isinstance(each, ForeignKey)),
        tuple(each for each in constraints if isinstance(each, Unique)),
        checks=tuple(each for each in constraints if isinstance(each, Check)), location=location,
        exclusions=tuple(each for each in constraints if isinstance(each, Exclusion)),
        options=_options(tree),
    )  # fmt: skip
    return [CreateTable(table, bool(tree.args.get("exists")))]


def _options(tree: exp.Create) -> TableOptions:
    """`ENGINE=InnoDB DEFAULT CHARSET=utf8mb4` behind the columns."""
    properties = tree.args.get("properties")
    words = {
        exp.EngineProperty: "engine", exp.CharacterSetProperty: "charset", exp.CollateProperty: "collate",
        exp.RowFormatProperty: "row_format", exp.AutoIncrementProperty: "auto_increment",
    }  # fmt: skip
    stated = properties.expressions if properties is not None else []
    found = [(words.get(type(each)), each.name) for each in stated]
    options: list[tuple[str, str | int | bool | Unknown]] = [(f"mysql_{word}", text) for word, text in found if word is not None and text]
    for each in stated:
        if isinstance(each, exp.UnloggedProperty):
            options.append((UNLOGGED, True))
        elif type(each) is exp.Property and isinstance(each.this, exp.Var):  # WITH (fillfactor = 70)
            options.append((WITH + each.name.lower(), _sql(each.args["value"]).strip("'").lower()))
    return tuple(options)


def _create_index(tree: exp.Create, location: Location) -> list[Operation] | None:
    node = tree.this
    if not isinstance(node, exp.Index) or node.args.get("table") is None:
        return None
    parameters = node.args.get("params")
    columns: list[str] = []
    marks: list[bool] = []
    operators: list[tuple[str, str]] = []
    for part in (parameters.args.get("columns") if parameters else None) or []:
        inner = part.this if isinstance(part, exp.Ordered) else part
        direction = _sql(part).removeprefix(_sql(inner)).removesuffix(" ASC").strip()
        if isinstance(inner, exp.Opclass):
            operators.append((_sql(inner.this), _sql(inner.expression)))
            inner = inner.this
        inner = inner.this if isinstance(inner, exp.Paren) else inner
        plain = isinstance(inner, exp.Column | exp.Identifier)
        columns.append(f"{_name(inner) if plain else _sql(inner)} {direction}".rstrip())
        marks.append(not plain or bool(direction))
    where = parameters.args.get("where") if parameters else None
    using = parameters.args.get("using") if parameters else None
    index = Index(
        _name(node.this) if node.this is not None else None, tuple(columns), bool(tree.args.get("unique")),
        _sql(where.this) if where is not None else None, using.name.lower() if using is not None else None,
        _names((parameters.args.get("include") if parameters else None) or []), tuple(operators), tuple(marks),
        bool(tree.args.get("concurrently")), location=location,
    )  # fmt: skip
    return [CreateIndex(_key(node.args["table"]), index, bool(tree.args.get("exists")))]


def _drop(tree: exp.Drop) -> list[Operation] | None:
    kind = tree.args.get("kind")
    exists, cascade = bool(tree.args.get("exists")), bool(tree.args.get("cascade"))
    named = tree.args.get("tables") or ([tree.this] if tree.this is not None else [])
    keys = [_key(node) for node in named]
    if kind == "TABLE":
        return [DropTable(key, exists, cascade) for key in keys]
    if kind == "INDEX":
        concurrently = bool(tree.args.get("concurrently"))
        return [DropIndex(key[1], None, key[0], exists, concurrently) for key in keys]
    return None


def _action(key: Key, node: exp.Expression, location: Location) -> list[Operation] | None:
    if isinstance(node, exp.ColumnDef):
        column, constraints = _column(node, key, location)
        return [AddColumn(key, column, bool(node.args.get("exists"))), *(AddConstraint(key, each) for each in constraints)]
    if isinstance(node, exp.Drop):
        exists, cascade = bool(node.args.get("exists")), bool(node.args.get("cascade"))
        names = [_name(each) for each in node.args.get("tables") or ([node.this] if node.this is not None else [])]
        if node.args.get("kind") == "COLUMN":
            return [DropColumn(key, name, exists, cascade) for name in names]
        if node.args.get("kind") == "CONSTRAINT":
            return [DropConstraint(key, name, None, exists, cascade) for name in names]
        return None
    if isinstance(node, exp.AlterColumn):
        return _alter_column(key, node, location)
    if isinstance(node, exp.RenameColumn):
        return [AlterColumn(key, _name(node.this), name=_name(node.args["to"]))]
    if isinstance(node, exp.AlterRename):
        return [RenameTable(key, _name(node.this.this))]
    if isinstance(node, exp.AddConstraint):
        found = [_constraint(each, None, location) for each in node.expressions]
        return None if None in found else [AddConstraint(key, each) for each in found if each is not None]
    return None


def _alter_column(key: Key, node: exp.AlterColumn, location: Location) -> list[Operation] | None:
    change = AlterColumn(key, _name(node.this))
    if node.args.get("dtype") is not None:
        using = node.args.get("using")
        kind = _type(node.args["dtype"], location)
        return [replace(change, type=kind, using=_sql(using) if isinstance(using, exp.Expression) else None)]
    if node.args.get("allow_null") is not None:
        return [replace(change, nullable=bool(node.args["allow_null"]))]
    if node.args.get("default") is not None:
        return [replace(change, server_default=_default(node.args["default"]))]
    if node.args.get("drop"):
        # `DROP NOT NULL` is told from `DROP DEFAULT` by what is allowed afterwards.
        return [replace(change, server_default=None)]
    return None
