"""Mapped classes to drafts of their tables: bases, mixins, declared attributes, table names, inheritance.

Follows the order in which SQLAlchemy's declarative system scans a class: the class itself, then its lineage; what an
earlier class binds hides what a later one does; columns of a mapped parent stay with the parent.
Long because it is one scan, whose steps hand the same draft on; the words of columns are in `elements.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lsp_server.database import sqlmodel
from lsp_server.database.alchemy_names import made_by, name_of, unquoted
from lsp_server.database.annotations import Said, mapped_argument, read_annotation
from lsp_server.database.assemble import TableDraft, constraint_name
from lsp_server.database.bases import Bases, Root
from lsp_server.database.elements import (
    CONSTRAINTS,
    ColumnDraft,
    ForeignKeyDraft,
    columns_in,
    is_column,
    read_column,
    split_table_arguments,
)
from lsp_server.database.library import Library
from lsp_server.database.model import Default, Index, Unique
from lsp_server.database.model_objects import is_view
from lsp_server.database.table_options import read_options
from lsp_server.database.types import TypeReader, spelled_type
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    Certainty,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Method,
    Value,
)
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

_SNAKE = re.compile(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))")


@dataclass(eq=False, slots=True)
class MappedClass:
    """`attributes` are the names it maps; `table` is its parent's for single-table inheritance."""

    cls: ClassValue
    table: TableDraft | None
    parent: MappedClass | None
    attributes: set[str] = field(default_factory=set)
    problem: Unknown | None = None


class Declarations:
    """Maps the classes of one program. `metadata` and `tables` are shared with the reader of `Table` calls."""

    def __init__(self, interpreter: Interpreter, types: TypeReader, library: Library) -> None:
        self.interpreter = interpreter
        self.types = types
        self.library = library
        self.bases = Bases(interpreter, library)
        self.tables: list[TableDraft] = []
        self.owner_of: dict[int, TableDraft] = {}
        self.mapped: dict[int, MappedClass | None] = {}
        self.unknowns: list[Unknown] = []
        self._keep: list[object] = []  # ids stay valid only while their objects live

    def map(self, cls: ClassValue) -> MappedClass | None:
        """The mapping of a class, None where it has none (a mixin, an abstract base, no model at all)."""
        if id(cls) in self.mapped:
            return self.mapped[id(cls)]
        self._keep.append(cls)
        self.mapped[id(cls)] = None
        root = self.bases.root_of(cls)
        if root is None or self.bases.is_base(cls, root) or cls.names.get("__abstract__") is True:
            return None
        if root.sort == "sqlmodel" and not any(key.name == "table" and key.value is True for key in cls.keywords):
            return None
        for value in list(cls.names.values()):
            if isinstance(value, ClassValue):
                self.map(value)  # declared attributes may ask the class that the body names for its table
        parent = next((found for entry in list(cls.lineage())[1:] if (found := self.map(entry)) is not None), None)
        result = MappedClass(cls, None, parent)
        self.mapped[id(cls)] = result
        self._map(result, root)
        if result.table is None and result.problem is None:
            self.mapped[id(cls)] = None
            return None
        return result

    # Tables

    def _map(self, mapped: MappedClass, root: Root) -> None:
        cls, parent = mapped.cls, mapped.parent
        columns = sqlmodel.columns(self, cls) if root.sort == "sqlmodel" else self._columns(mapped)
        table = self._given_table(cls)
        if table is None:
            name = self._table_name(cls, root, parent, columns)
            if root.sort == "flask" and parent is not None and not self._has_key(cls, columns):
                name = None
            if isinstance(name, Unknown):
                mapped.problem = Unknown(f"the table of `{cls.name}`: {name.what}", cls.name_location)
                self.unknowns.append(mapped.problem)
                return
            if name is not None:
                table = self._new_table(cls, root, name)
        if table is None and parent is not None:
            table = parent.table
        if table is None:
            return
        mapped.table = table
        self.owner_of[id(cls)] = table
        if "__table__" not in cls.names:
            self._set_table(cls, table)
        for column in columns:
            if table.column(column.column_name) is None or table is not (parent.table if parent else None):
                table.add(column)
        mapped.attributes.update(column.attribute for column in columns if column.attribute)

    def _set_table(self, cls: ClassValue, table: TableDraft) -> None:
        """`Model.__table__`, as mapping a class makes it: other classes ask it for its name."""
        attributes = {"name": table.name, "schema": table.schema}
        attributes["fullname"] = f"{table.schema}.{table.name}" if table.schema else table.name
        made = Instance(External("sqlalchemy.Table"), (), cls.location, attributes)
        self.interpreter.lend(cls.names, "__table__", made)
        self.owner_of[id(made)] = table

    def _given_table(self, cls: ClassValue) -> TableDraft | None:
        found = cls.find("__table__")
        if found is None or (self.mapped.get(id(found[0])) is not None and found[0] is not cls):
            return None
        value = self.evaluated(found[1], cls)
        return self.owner_of.get(id(value))

    def _new_table(self, cls: ClassValue, root: Root, name: str) -> TableDraft:
        items, options, unknown = split_table_arguments(self._table_arguments(cls))
        metadata = self.bases.metadata_of(cls, root)
        schema = options.get("schema", metadata.schema)
        table = TableDraft(name, schema if isinstance(schema, str) else None, metadata, cls.location, name_location=cls.name_location)
        table.origin = f"{self.interpreter.program.module_name(cls.path)}.{cls.qualname or cls.name}"
        self.fill(table, items, options)
        if cls.certainty == Certainty.CONDITIONAL:
            table.maybe = cls.condition
        if isinstance(schema, Unknown):
            table.incomplete = schema
        if unknown is not None:
            table.incomplete = Unknown(unknown.what, unknown.location or cls.name_location)
        strange = cls.unknown_bases()
        foreign = next((name for name in cls.externals() if self.library.may_bring_columns(name)), None)
        if foreign is not None:
            table.incomplete = Unknown(f"columns that `{foreign}` may bring", cls.name_location)
        if strange:
            table.incomplete = Unknown(strange[0].what, strange[0].location or cls.name_location)
        elif root.sort == "unknown":
            table.incomplete = Unknown("base classes of another package", cls.name_location)
        self._bring(table, cls)
        self.tables.append(table)
        return table

    def fill(self, table: TableDraft, items: list[Value], options: Mapping[str, Value]) -> None:
        """Put constraints, columns and options into a table."""
        for item in items:
            if isinstance(item, Instance) and isinstance(item.origin, Method) and item.origin.name == "ddl_if":
                dialect = item.argument("dialect", 0)
                if dialect is not None and dialect.value not in ("postgresql", None):
                    continue  # it is made on another database only
                item = item.origin.receiver
            if is_column(item):
                table.add(read_column(self.types, item))
            elif made_by(item) in CONSTRAINTS:
                table.items.append(item)
        table.is_view = is_view(options)
        if options:
            comment = options.get("comment")
            table.comment = comment if isinstance(comment, str | Unknown) else None
            table.options = read_options(options)

    def _table_arguments(self, cls: ClassValue) -> Value:
        """`__table_args__` as the class sees it; a mapped parent's plain one stays with the parent."""
        first: Value = None
        for entry in self.bases.order(cls):
            if not isinstance(entry, ClassValue) or "__table_args__" not in entry.names:
                continue
            value = self.interpreter.resolve(entry.scope, "__table_args__")
            if entry is not cls and self.mapped.get(id(entry)) is not None and not _is_declared(value):
                continue
            first = self.evaluated(value, cls)
            break
        return first

    def _table_name(
        self, cls: ClassValue, root: Root, parent: MappedClass | None, columns: list[ColumnDraft]
    ) -> str | Unknown | None:
        allowed, seen = False, False
        value: Value = None
        for entry in self.bases.order(cls):
            described = self.library.described(entry)
            if described is not None and (constant := self.library.trait(described, "tablename_constant")) and not seen:
                return str(constant)
            if not isinstance(entry, ClassValue) or "__tablename__" not in entry.names:
                continue
            own = self.interpreter.resolve(entry.scope, "__tablename__")
            if not seen:
                value, seen = own, True
            allowed = allowed or entry is cls or self.mapped.get(id(entry)) is None or _is_declared(own)
        if seen and allowed:
            name = unquoted(self.evaluated(value, cls))
            if isinstance(name, str | Unknown):
                return name
            if name is None:
                return None
            return Unknown("a table name made at run time", cls.name_location)
        if root.sort == "sqlmodel":
            return cls.name.lower()
        if root.sort == "flask" or root.naming == "flask":
            return snake_case(cls.name) if parent is None or self._has_key(cls, columns) else None
        if root.naming == "snake":
            return snake_case(cls.name)
        if root.naming == "lower":
            return cls.name.lower()
        return None

    def _has_key(self, cls: ClassValue, columns: list[ColumnDraft]) -> bool:
        """Flask-SQLAlchemy makes a table only for a class that brings a primary key."""
        if any(column.primary_key is True for column in columns):
            return True
        items, _, _ = split_table_arguments(self._table_arguments(cls))
        return any((made_by(item) or "").endswith(".PrimaryKeyConstraint") for item in items)

    # Columns

    def _columns(self, mapped: MappedClass) -> list[ColumnDraft]:
        """The columns a class brings to its table: its own, then those of mixins and abstract bases."""
        cls = mapped.cls
        known = self.annotation_map(cls)
        seen: set[str] = set()
        own: set[str] = set()
        plain: set[str] = set()  # set to None by the class itself, without an annotation
        result: list[ColumnDraft] = []
        for entry in self.bases.order(cls):
            if not isinstance(entry, ClassValue):
                result.extend(column for column in self._described_columns(entry, cls) if column.attribute not in seen)
                continue
            inherited = self.mapped.get(id(entry)) if entry is not cls else None
            if inherited is not None:
                seen |= set(entry.names) | set(entry.annotations) | inherited.attributes
                continue
            for name in declared_names(entry):
                cascading = name in entry.names and _is_cascading(entry.names[name])
                if name.startswith("__") or (name in (own if cascading else seen) and not self._maps_anyway(entry, name, plain)):
                    continue
                seen.add(name)
                if entry is cls and name in entry.names and entry.names[name] is None and name not in entry.annotations:
                    plain.add(name)
                if entry is cls or cascading:
                    own.add(name)
                result.extend(self._attribute(cls, entry, name, known))
        mapped.attributes |= seen
        return result

    def _maps_anyway(self, entry: ClassValue, name: str, plain: set[str]) -> bool:
        """`name = None` hides a mixin's `name = mapped_column()`, but not its bare `name: Mapped[…]`."""
        return name in plain and name not in entry.names and name in entry.annotations

    def _attribute(self, cls: ClassValue, entry: ClassValue, name: str, known: Mapping[Value, Value]) -> list[ColumnDraft]:
        value = self.interpreter.resolve(entry.scope, name) if name in entry.names else None
        annotation = entry.annotations.get(name)
        maybe: Unknown | None = None
        if isinstance(value, FunctionValue):
            if not _is_declared(value):
                return []
            annotation = value.returns
            place = value.location
            value, maybe = self._declared(value, cls)
            self._map_made(value)
        else:
            place = entry.places.get(name, entry.location)
        if made_by(value) == "sqlalchemy.composite" and isinstance(value, Instance):
            return self._composite(entry, name, value, known, place)
        said: Said | None = None
        missing = name not in entry.names
        made = columns_in(value)
        if annotation is not None and (made or missing):
            argument = mapped_argument(self.interpreter.annotation(annotation))
            if argument is not None:
                said = read_annotation(self.types, argument, known, place)
        if not made and not (missing and said is not None):
            return []
        drafts = [read_column(self.types, column, name) for column in made] or [ColumnDraft(place, attribute=name)]
        for draft in drafts:
            draft.location = _statement(place, draft.source)
            draft.declared_in = entry.name
            draft.maybe = draft.maybe or maybe
            if said is not None and len(drafts) == 1:
                self._apply(draft, said)
        return drafts

    def _composite(
        self, entry: ClassValue, name: str, value: Instance, known: Mapping[Value, Value], place: Location
    ) -> list[ColumnDraft]:
        """`composite(Point, mapped_column("x"), …)`: types, and names where none are given, are those of the class' fields."""
        holder = value.arguments[0].value if value.arguments else None
        if not isinstance(holder, ClassValue) and name in entry.annotations:
            holder = mapped_argument(self.interpreter.annotation(entry.annotations[name]))
        fields = list(holder.annotations.items()) if isinstance(holder, ClassValue) else []
        drafts = [read_column(self.types, column, name) for column in columns_in(value)]
        if not drafts and not any(isinstance(argument.value, str) for argument in value.arguments):
            drafts = [ColumnDraft(place) for _ in fields]
        for index, draft in enumerate(drafts):
            draft.location, draft.declared_in = place, entry.name
            if index < len(fields):
                draft.attribute = name if isinstance(draft.name, str) else fields[index][0]
                self._apply(draft, read_annotation(self.types, self.interpreter.annotation(fields[index][1]), known, place))
        return drafts

    def _apply(self, draft: ColumnDraft, said: Said) -> None:
        """What is written at the column comes first, then the annotation's `mapped_column`, then its type."""
        if said.column is not None:
            merge(draft, read_column(self.types, said.column))
        if draft.foreign_keys:
            draft.implied_type = said.type
        elif draft.type is None:
            draft.type = said.type
        draft.implied_nullable = said.nullable

    def annotation_map(self, cls: ClassValue) -> Mapping[Value, Value]:
        """The `type_annotation_map` a class sees."""
        for entry in self.bases.order(cls):
            value: Value = None
            if isinstance(entry, ClassValue):
                if "type_annotation_map" in entry.names:
                    value = self.interpreter.resolve(entry.scope, "type_annotation_map")
                elif "registry" in entry.names:
                    value = self._map_argument(self.interpreter.resolve(entry.scope, "registry"))
                else:
                    value = next((self._map_argument(item) for item, _ in entry.decorators), None)
            elif isinstance(entry, Instance):
                value = self._map_argument(entry)
            elif (described := self.library.described(entry)) is not None and (brought := self.library.trait(described, "annotations")):
                value = {External(key): sql for key, sql in brought.items()}
            if isinstance(value, dict):
                return value
        return {}

    def _map_argument(self, value: Value) -> Value:
        """The map given to `registry(…)` or `declarative_base(…)`."""
        while isinstance(value, Method):
            value = value.receiver
        if not isinstance(value, Instance):
            return None
        given = value.argument("type_annotation_map")
        if given is None and isinstance(value.origin, Method):
            return self._map_argument(value.origin.receiver)
        return given.value if given else None

    # Classes of other packages

    def _described_columns(self, value: Value, cls: ClassValue) -> list[ColumnDraft]:
        """What a class of another package brings, placed where a class of ours takes it."""
        described = self.library.described(value)
        location = cls.name_location
        result: list[ColumnDraft] = []
        for entry in self.library.parts(described) if described is not None else ():
            for column in entry.get("columns", ()):
                if any(draft.name == column["name"] for draft in result):
                    continue  # The nearer description hides the one it inherits.
                draft = ColumnDraft(location, name=column["name"], type=spelled_type(column["type"]))
                draft.attribute = column.get("attribute", column["name"])
                draft.declared_in = name_of(value)
                draft.primary_key = column.get("primary_key", False)
                draft.nullable = column.get("nullable")
                draft.unique, draft.index = column.get("unique", False), column.get("index", False)
                draft.default = Default("python", column["default"]) if "default" in column else None
                draft.server_default = Default("sql", column["server_default"]) if "server_default" in column else None
                if "foreign_key" in column:
                    draft.foreign_keys.append(ForeignKeyDraft(column["foreign_key"], location, ondelete=column.get("ondelete")))
                result.append(draft)
        return result

    def _bring(self, table: TableDraft, cls: ClassValue) -> None:
        """Constraints and indexes that described classes bring."""
        for value in self.bases.order(cls):
            described = self.library.described(value)
            for entry in self.library.parts(described) if described is not None else ():
                for item in entry.get("unique", ()):
                    table.ready_made.append(Unique(tuple(item["columns"]), _described_name(table, "uq", item), location=cls.name_location))
                for item in entry.get("indexes", ()):
                    columns = tuple(item["columns"])
                    table.ready_made.append(Index(_described_name(table, "ix", item), columns, item.get("unique", False), expressions=(False,) * len(columns), location=cls.name_location))

    # Values

    def _declared(self, function: FunctionValue, cls: ClassValue) -> tuple[Value, Unknown | None]:
        """What a declared attribute gives for a class, and the condition if it is not sure to give it."""
        value, events = self.interpreter.call_detached(function, (Argument(None, cls, cls.name_location),))
        made = next((event for event in events if event.result is value), None)
        return value, made.condition if made is not None and made.certainty == Certainty.CONDITIONAL else None

    def _map_made(self, value: Value) -> None:
        """A class that a declared relationship makes for each class it is declared on, such as `type(f"{cls.__name__}Event", …)`."""
        given = value.arguments[0].value if isinstance(value, Instance) and value.arguments else None
        if isinstance(given, ClassValue) and not given.node:
            self.map(given)

    def evaluated(self, value: Value, cls: ClassValue) -> Value:
        """A class attribute as the class sees it: a declared attribute or class method is called."""
        if isinstance(value, FunctionValue) and (_is_declared(value) or value.kind in ("class", "property", "class property")):
            return self.interpreter.call_detached(value, (Argument(None, cls, cls.name_location),))[0]
        if isinstance(value, BoundMethod):
            return self.interpreter.call_detached(value.function, (Argument(None, cls, cls.name_location),))[0]
        if isinstance(value, Instance) and (made_by(value) or "").startswith("sqlalchemy.declared_attr") and value.arguments:
            inner = value.arguments[0].value
            if isinstance(inner, FunctionValue):
                return self.interpreter.call_detached(inner, (Argument(None, cls, cls.name_location),))[0]
        return value


def declared_names(cls: ClassValue) -> list[str]:
    """The names a class body binds or annotates, in the order of the text."""
    names = dict.fromkeys([*cls.names, *cls.annotations])
    order = {name: position for position, name in enumerate(names)}
    return sorted(names, key=lambda name: (_start(cls, name), order[name]))


def _start(cls: ClassValue, name: str) -> int:
    place = cls.places.get(name)
    return place.span.start if place is not None and place.path == cls.path else 1 << 60


def merge(draft: ColumnDraft, other: ColumnDraft) -> None:
    """Fill what a declaration leaves open from the `mapped_column` of its `Annotated` type."""
    draft.type = draft.type or other.type
    for name in ("nullable", "default", "server_default", "autoincrement", "identity", "computed", "persisted", "comment", "name"):
        if getattr(draft, name) is None:
            setattr(draft, name, getattr(other, name))
    for name in ("primary_key", "unique", "index"):
        if getattr(draft, name) is False:
            setattr(draft, name, getattr(other, name))
    if not draft.foreign_keys:
        draft.foreign_keys = list(other.foreign_keys)
    draft.checks.extend(other.checks)


def snake_case(name: str) -> str:
    """`OrderItem` to `order_item`, `HTTPRequest` to `http_request`."""
    return _SNAKE.sub(r"_\1", name).lower().lstrip("_")


def _described_name(table: TableDraft, sort: str, item: Mapping[str, Any]) -> str | None:
    """The name of a described constraint, `{table}` filled in; by the naming convention where none is given."""
    if "name" in item:
        return str(item["name"]).replace("{table}", table.name)
    return constraint_name(table, sort, None, tuple(item["columns"]))


def _is_declared(value: Value) -> bool:
    if isinstance(value, FunctionValue):
        return any((name_of(decorator) or made_by(decorator) or "").startswith("sqlalchemy.declared_attr")
                   for decorator, _ in value.decorators)  # fmt: skip
    return (made_by(value) or "").startswith("sqlalchemy.declared_attr")


def _is_cascading(value: Value) -> bool:
    return isinstance(value, FunctionValue) and any(
        (name_of(decorator) or "").endswith(".cascading") for decorator, _ in value.decorators
    )


def _statement(place: Location, source: Instance | None) -> Location:
    """From the attribute's name to the end of its value."""
    if source is None or source.location.path != place.path:
        return place
    distance = source.location.span.start - place.span.start
    if not 0 <= distance < 2000:  # the value was made elsewhere
        return place
    return Location(place.path, Span(place.span.start, max(place.span.end, source.location.span.end)))
