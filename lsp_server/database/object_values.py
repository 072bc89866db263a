"""Views and sequences as programs make them with objects: `Sequence(…)`, `DDL(…)`, `CreateView(…)`, alembic-utils' `PGView(…)`.

The same in models and in revisions. What the objects belong to is said by whoever meets them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lsp_server.database.alchemy_names import given_to, made_by
from lsp_server.database.model import Identity, Sequence, View
from lsp_server.database.view_text import plain_name, read_view
from lsp_server.python.values import ClassValue, External, Instance, Method, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

# A query of the program's as SQL text.
QueryText = Callable[[Value], "str | Unknown"]

_STATEMENTS = ("sqlalchemy.DDL", "sqlalchemy.text", "sqlalchemy.TextClause")
_FAMILIES = {"SmallInteger": "SMALLINT", "SMALLINT": "SMALLINT", "Integer": "INTEGER", "INTEGER": "INTEGER"}
_ENTITY_SORTS = {"PGFunction": "function", "PGProcedure": "procedure", "PGTrigger": "trigger", "PGPolicy": "policy", "PGExtension": "extension"}
_ENTITIES = {"PGView": False, "PGMaterializedView": True}


# Sequences


def sequence_of(made: Instance) -> Sequence | None:
    """`Sequence("number", start=5)`; None where its name is not known."""
    arguments = [argument for argument in given_to(made) if argument.name is None]
    given = {argument.name: argument.value for argument in given_to(made) if argument.name}
    words = ("name", "start", "increment", "minvalue", "maxvalue", "nominvalue", "nomaxvalue", "cycle", "schema")
    given = {**dict(zip(words, (argument.value for argument in arguments))), **given}
    name, schema = given.get("name"), given.get("schema")
    if not isinstance(name, str) or not isinstance(schema, str | None):
        return None
    numbers: dict[str, Any] = {word: value for word in words[1:5] if type(value := given.get(word)) is int}
    kind = given.get("data_type")
    word = (made_by(kind) or (kind.name if isinstance(kind, External) else "")).rpartition(".")[2]
    options = Identity(cycle=given.get("cycle") is True, **numbers)
    return Sequence(str(name), None if schema is None else str(schema), options, _FAMILIES.get(word), location=made.location)


def is_optional(made: Instance) -> bool:
    """Whether a sequence is only for databases that cannot count by themselves."""
    optional = made.argument("optional")
    return optional is not None and optional.value is True


# Statements


def statement_of(value: Value) -> tuple[str | Unknown, tuple[str, ...]] | None:
    """The text of a `DDL("…")`, and the kinds of databases it is for (`execute_if`); None for anything else."""
    dialects: tuple[str, ...] = ()
    if isinstance(value, Instance) and isinstance(value.origin, Method) and value.origin.name == "execute_if":
        given = value.argument("dialect", 0)
        named = given.value if given is not None else None
        if isinstance(named, str):
            dialects = (str(named),)
        elif isinstance(named, list | tuple):
            dialects = tuple(str(name) for name in named if isinstance(name, str))
        elif given is not None and given.value is not None:
            return Unknown("a statement for some databases only", value.location), ()
        value = value.origin.receiver
    if isinstance(value, str):
        return str(value), dialects
    if not isinstance(value, Instance) or made_by(value) not in _STATEMENTS:
        return None
    given = value.argument("statement", 0) or value.argument("text", 0)
    text = given.value if given is not None else None
    if isinstance(text, str):
        # What stands for a parameter in DDL is Python's formatting: two percent signs make one.
        return str(text).replace("%%", "%") if made_by(value) == "sqlalchemy.DDL" else str(text), dialects
    return (text if isinstance(text, Unknown) else Unknown("a statement made at run time", value.location)), dialects


# Views


def view_of_entity(made: Instance) -> View | None:
    """`PGView(schema="public", signature="name", definition="SELECT …")`; None for other entities."""
    sort = (made_by(made) or "").rpartition(".")[2]
    if sort not in _ENTITIES:
        return None
    schema, name, text = (made.argument(word, position) for position, word in enumerate(("schema", "signature", "definition")))
    if name is None or not isinstance(name.value, str):
        return None
    filled = made.argument("with_data", 3)
    known = text is not None and isinstance(text.value, str)
    query: str | Unknown = str(text.value).strip().rstrip(";").strip() if known and text else Unknown("a view's query", made.location)
    if isinstance(query, str) and filled is not None and filled.value is False:
        query += "\nWITH NO DATA"
    place = plain_name(str(schema.value)) if schema is not None and isinstance(schema.value, str) else None
    return View(plain_name(str(name.value)), query, place, _ENTITIES[sort], dialects=("postgresql",), location=made.location)


def entity_sql(made: Instance, verb: str) -> str | None:
    """The statement behind `PGFunction(…)` and its relatives, where all of it is told. `verb`: "create", "replace" or "drop"."""
    sort = _ENTITY_SORTS.get((made_by(made) or "").rpartition(".")[2])
    words = [made.argument(word, position) for position, word in enumerate(("schema", "signature"))]
    schema, signature = (str(each.value) if each is not None and isinstance(each.value, str) else None for each in words)
    definition, table = (_text(made, "definition"), _text(made, "on_entity"))
    if sort is None or signature is None or (definition is None and sort != "extension") or (table is None and sort in ("policy", "trigger")):
        return None
    place = f"{schema}." if schema not in (None, "public") and sort in ("function", "procedure") else ""
    if verb == "drop":
        return f"DROP {sort.upper()} {place}{signature}" + (f" ON {table}" if sort in ("policy", "trigger") else "")
    making = "CREATE OR REPLACE" if verb == "replace" and sort in ("function", "procedure", "trigger") else "CREATE"
    on = f" ON {table}" if sort == "policy" else ""
    return f"{making} {sort.upper()} {place}{signature}{on} {definition or ''}".rstrip()


def _text(made: Instance, word: str) -> str | None:
    given = next((each.value for each in made.arguments if each.name == word), None)
    return str(given).strip().rstrip(";").strip() if isinstance(given, str) else None


def view_of_construct(made: Instance, query_text: QueryText | None) -> View:
    """SQLAlchemy's own `CreateView(select(…), "name")`."""
    selectable, name, schema = made.argument("selectable", 0), made.argument("view_name", 1), made.argument("schema")
    return _view(made, name and name.value, selectable and selectable.value, query_text, schema and schema.value, _is_set(made, "materialized"))


def view_of_function(made: Instance, name: str, query_text: QueryText | None) -> View:
    """`create_view("name", select(…), metadata)` and `create_materialized_view` of sqlalchemy-utils."""
    given, selectable = made.argument("name", 0), made.argument("selectable", 1)
    return _view(made, given and given.value, selectable and selectable.value, query_text, None, "materialized" in name)


def view_of_recipe(made: Value, query_text: QueryText | None) -> View | None:
    """An object of a class of the project's own, below SQLAlchemy's `DDLElement`, called CreateView or the like."""
    if isinstance(made, Instance) and isinstance(made.origin, Method) and made.origin.name == "execute_if":
        made = made.origin.receiver
    if not isinstance(made, Instance) or not isinstance(made.origin, ClassValue):
        return None
    word = made.origin.name.lower().replace("_", "")
    elements = any(name.rpartition(".")[2] in ("DDLElement", "ExecutableDDLElement") for name in made.origin.externals())
    if not elements or not word.startswith("create") or not word.endswith("view"):
        return None
    query = next((made.attributes[name] for name in ("selectable", "select", "query", "definition") if name in made.attributes), None)
    return _view(made, made.attributes.get("name"), query, query_text, made.attributes.get("schema"), "materialized" in word)


def _view(made: Instance, name: Value, query: Value, query_text: QueryText | None, schema: Value, materialized: bool) -> View:
    text: str | Unknown = Unknown("the query of a view", made.location)
    if isinstance(query, str):
        text = str(query).strip().rstrip(";")
    elif query_text is not None and query is not None:
        text = query_text(query)
    maybe = None if isinstance(name, str) else Unknown("a view whose name is not known", made.location)
    place = str(schema) if isinstance(schema, str) else None
    return View(str(name) if isinstance(name, str) else "", text, place, materialized, location=made.location, maybe=maybe)


def _is_set(made: Instance, name: str) -> bool:
    given = made.argument(name)
    return given is not None and given.value is True


def views_of_text(text: str, dialects: tuple[str, ...], location: Location) -> list[View]:
    """The views that a text of SQL statements makes."""
    from lsp_server.database.ddl import statements_of

    found = [read_view(statement, location) for statement in statements_of(text)]
    return [replace(each.view, dialects=dialects) for each in found if each is not None]
