"""One spelling for everything SQLAlchemy's modules export, however a program came to it.

`sqlalchemy.sql.schema.Column`, `sqlmodel.Column`, `db.Column` of a Flask-SQLAlchemy extension and a workspace class below
`Column` are all `sqlalchemy.Column` here. Says nothing about what the things mean.
"""

from __future__ import annotations

from lsp_server.python.values import Argument, ClassValue, External, Instance, Method, Specialized, Value

_MODULES = frozenset(
    ["orm", "ext", "declarative", "schema", "sql", "types", "sqltypes", "type_api", "expression", "elements", "selectable", "hybrid", "mutable", "associationproxy", "decl_api", "decl_base", "base", "properties", "functions", "attributes", "api", "asyncio", "compiler", "ddl", "util", "interfaces", "clsregistry", "testing", "indexable", "orderinglist"]
)
_SQLMODEL = ("SQLModel", "Field", "Relationship", "AutoString")
_EXTENSIONS = (".SQLAlchemy",)  # what the application object of Flask-SQLAlchemy and its relatives is called


def canonical_name(name: str) -> str:
    """`sqlalchemy.X`, `sqlalchemy.func.x`, `sqlalchemy.dialects.postgresql.X`; other packages' names as they are."""
    parts = name.split(".")
    if parts[0] == "sqlmodel":
        if parts[-1] in _SQLMODEL or (len(parts) > 1 and parts[1] in _SQLMODEL):
            return ".".join(["sqlmodel", *[part for part in parts[1:] if part not in ("main", "sql", "sqltypes")]])
        parts = ["sqlalchemy", *parts[1:]]
    if parts[0] != "sqlalchemy":
        return name
    if parts[1:2] == ["dialects"] and len(parts) > 3:
        return ".".join(["sqlalchemy", "dialects", parts[2], parts[-1]])
    if "functions" in parts[1:-1]:
        return f"sqlalchemy.func.{parts[-1]}"
    inner = [part for part in parts[1:] if part not in _MODULES]
    return ".".join(["sqlalchemy", *(inner or parts[-1:])])


def is_extension(value: Value) -> bool:
    """Whether a value is the `db` of Flask-SQLAlchemy: an object whose attributes are SQLAlchemy's names."""
    if not isinstance(value, Instance):
        return False
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    if isinstance(origin, External):
        return origin.name.endswith(_EXTENSIONS)
    return isinstance(origin, ClassValue) and any(name.endswith(_EXTENSIONS) for name in origin.externals())


def name_of(value: Value) -> str | None:
    """The canonical name of a thing of another package; None for anything else."""
    if isinstance(value, External):
        return canonical_name(value.name)
    if isinstance(value, Specialized):
        return name_of(value.origin)
    if isinstance(value, Method):
        if is_extension(value.receiver):
            return canonical_name(f"sqlalchemy.{value.name}")
        if isinstance(value.receiver, External | Method):
            outer = name_of(value.receiver)
            return f"{outer}.{value.name}" if outer else None
    if isinstance(value, ClassValue):
        for name in value.externals():
            canonical = canonical_name(name)
            if canonical.startswith(("sqlalchemy.", "sqlmodel.")):
                return canonical
    return None


def made_by(value: Value) -> str | None:
    """The canonical name of what was called to make an object, such as `sqlalchemy.Column`."""
    return name_of(value.origin) if isinstance(value, Instance) else None


def unquoted(value: Value) -> Value:
    """The text of a `quoted_name("…", quote)`; any other value as it is."""
    if isinstance(value, Instance) and made_by(value) == "sqlalchemy.quoted_name":
        return value.arguments[0].value if value.arguments else None
    return value


def given_to(value: Instance) -> tuple[Argument, ...]:
    """The arguments SQLAlchemy's own constructor gets: those of `super().__init__` where a subclass changes them."""
    return value.base_arguments if value.base_arguments is not None else value.arguments
