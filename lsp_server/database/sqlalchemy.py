"""The database that a program's SQLAlchemy models describe, read without importing anything.

Finds mapped classes and `Table` calls in what the interpreter saw, and hands back one `Database` for each MetaData.
Which modules to look at is the caller's choice; tests and migrations declare tables too, but not the application's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from lsp_server.database.alchemy_names import given_to, is_extension, made_by, name_of, unquoted
from lsp_server.database.assemble import Assembly, MetaDataDraft, TableDraft
from lsp_server.database.bases import readable_convention
from lsp_server.database.declarative import Declarations
from lsp_server.database.elements import CONSTRAINTS
from lsp_server.database.environment import is_flasks, targets_of
from lsp_server.database.library import Library, shipped_library
from lsp_server.database.model import Database, EnumType, Table
from lsp_server.database.model_objects import ObjectReader
from lsp_server.database.types import TypeReader
from lsp_server.python.calls import receiver_at
from lsp_server.python.execution import Execution
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Certainty, ClassValue, Event, External, Instance, Method, Value
from lsp_server.unknown import Unknown

# What a module that declares something holds. Bases and mixins are found through its imports.
_SIGNS = ("__tablename__", "__table_args__", "__table__", "Mapped[", "olumn(", "Table(", "table=True", "table = True", "Index(",
          "map_imperatively(", "append_constraint(", "naming_convention", "db.Model", "Base)", "(Model)", " Model)",
          "after_create", "CreateView(", "create_view(", "create_materialized_view(")  # fmt: skip
_TESTS = re.compile(r"(?:^|/)(?:tests?|testing|docs?|examples?|[^/]*_docs)/|(?:^|/)(?:test_[^/]*|conftest)\.py$")
_HISTORY = re.compile(r"(?:^|/)(?:migrations?|alembic)/")


def may_declare_tables(text: str) -> bool:
    """Whether a module's text can declare or help to declare a table. Cheap; says yes too often."""
    return any(sign in text for sign in _SIGNS)


def read_models(
    interpreter: Interpreter, candidates: Iterable[str], library: Library | None = None, environments: Iterable[str] = (),
) -> tuple[Database, ...]:  # fmt: skip
    """One Database for each MetaData that the candidate modules' tables belong to, the largest first.

    `library` describes what other packages bring; without it what we ship. `environments` are the `env.py` files of the
    workspace's histories: each metadata is told which of them compare it.
    """
    paths = [path for path in candidates if not is_aside(path) and not _is_revision(interpreter, path)]
    for path in paths:
        interpreter.run(path)
    library = library or shipped_library()
    reader = Declarations(interpreter, TypeReader(interpreter, library), library)
    executions = [execution for path, execution in interpreter.executions.items()
                  if not is_aside(path) and not _is_revision(interpreter, path)]  # fmt: skip
    for execution in executions:
        for event in execution.events:
            if name_of(event.callee) == "sqlalchemy.Table" and event.certainty != Certainty.DORMANT:
                _read_table(reader, event)
    for execution in executions:
        for cls in execution.classes:
            if cls.certainty != Certainty.DORMANT:
                reader.map(cls)
    _attach_loose_parts(reader, executions)
    _late_conventions(reader, executions)
    objects = ObjectReader(interpreter, reader.bases, reader.tables, reader.owner_of)
    objects.read(executions)
    for environment in environments:
        objects.registered(environment, _note_targets(reader, environment))
    return _databases(reader, objects)


def is_aside(path: str) -> bool:
    """Tests, documentation, examples and whatever stands in a folder of migrations: their tables are not the application's."""
    return _TESTS.search(path) is not None or _HISTORY.search(path) is not None


def _is_revision(interpreter: Interpreter, path: str) -> bool:
    """An Alembic revision: its tables are steps of a history, not models."""
    for node in interpreter.program.load(path).body:
        if node[0] in ("assign", "annassign"):
            targets = node[3] if node[0] == "assign" else (node[3],)
            if any(target[0] == "name" and target[3] == "down_revision" for target in targets):
                return True
    return False


def _read_table(reader: Declarations, event: Event) -> None:
    """`Table("name", metadata, Column(…), …)`."""
    made = event.result
    if not isinstance(made, Instance) or id(made) in reader.owner_of:
        return
    values = [argument for argument in given_to(made) if argument.name is None and not argument.star]
    options = {argument.name: argument.value for argument in given_to(made) if argument.name is not None}
    name = values.pop(0).value if values else options.get("name")
    metadata: Value = options.get("metadata")
    if values and made_by(values[0].value) != "sqlalchemy.Column" and metadata is None:
        metadata = values.pop(0).value
    if metadata is None and isinstance(event.callee, Method) and is_extension(event.callee.receiver):
        metadata = event.callee.receiver
    name = unquoted(name)
    if not isinstance(name, str):
        what = name.what if isinstance(name, Unknown) else "a table's name made at run time"
        reader.unknowns.append(Unknown(f"a table: {what}", made.location))
        return
    draft = reader.bases.metadata_draft(metadata if not isinstance(metadata, Unknown) else "unknown")
    schema = options.get("schema", draft.schema)
    table = TableDraft(name, schema if isinstance(schema, str) else None, draft, made.location)
    reader.fill(table, [argument.value for argument in values], options)
    for argument in [*given_to(made)]:
        if argument.star or (isinstance(argument.value, Unknown) and argument.name is None):
            table.incomplete = Unknown("a table with parts made at run time", argument.location)
    if any(option in options for option in ("autoload", "autoload_with")):
        if not table.columns:
            reader.unknowns.append(Unknown(f"the table `{name}`, which is read from the database", made.location))
            return
        table.incomplete = Unknown("a table read from the database", made.location)
    if event.certainty == Certainty.CONDITIONAL:
        table.maybe = event.condition
    reader.owner_of[id(made)] = table
    reader.tables.append(table)


def _attach_loose_parts(reader: Declarations, executions: list[Execution]) -> None:
    """`Index("name", Model.column)` beside a class, `table.append_constraint(…)`, `registry.map_imperatively(…)`."""
    placed = {id(item) for table in reader.tables for item in table.items}
    for execution in executions:
        for event in execution.events:
            if event.certainty == Certainty.DORMANT:
                continue
            if event.method in ("append_constraint", "append_column") and event.arguments:
                owner = _owner(reader, event.receiver)
                if owner is not None and id(event.arguments[0].value) not in placed:
                    reader.fill(owner, [event.arguments[0].value], {})
            elif name_of(event.callee) in CONSTRAINTS and id(event.result) not in placed:
                owner = next((found for argument in event.arguments if (found := _owner_of_part(reader, argument.value))), None)
                if owner is not None and all(item.location != event.location for item in owner.items):
                    owner.items.append(event.result)
                    placed.add(id(event.result))


def _late_conventions(reader: Declarations, executions: list[Execution]) -> None:
    """`Base.metadata.naming_convention = {…}`, given after the MetaData was made."""
    for execution in executions:
        for event in execution.events:
            if name_of(event.callee) == "builtins.setattr" and event.arguments[1].value == "naming_convention":
                reader.bases.metadata_draft(event.arguments[0].value).convention = readable_convention(event.arguments[2].value)
    for draft in reader.bases.metadata.values():
        if isinstance(draft.value, Instance) and "naming_convention" in draft.value.attributes:
            draft.convention = readable_convention(draft.value.attributes["naming_convention"])


def _note_targets(reader: Declarations, environment: str) -> list[MetaDataDraft]:
    """Notes and returns the metadatas that an `env.py` compares: those it names, or all of Flask-SQLAlchemy's where Flask-Migrate finds them."""
    if is_flasks(environment, reader.interpreter):
        drafts = [draft for draft in reader.bases.metadata.values() if is_extension(draft.value)]
    else:
        values = targets_of(environment, reader.interpreter)
        drafts = [reader.bases.metadata_draft(value) for value in values if isinstance(value, ClassValue | External | Instance | Method)]
    for draft in drafts:
        draft.compared_by[environment] = None
    return drafts


def _owner(reader: Declarations, value: Value) -> TableDraft | None:
    while isinstance(value, Method) and value.name in ("c", "columns", "__table__"):
        value = value.receiver
    return reader.owner_of.get(id(value))


def _owner_of_part(reader: Declarations, value: Value, depth: int = 0) -> TableDraft | None:
    """The table whose column an expression speaks of: `Model.name`, `table.c.name`, a `Column` of a class body."""
    if depth > 5:
        return None
    if isinstance(value, Method) and isinstance(value.receiver, ClassValue | Method | Instance):
        return _owner(reader, value.receiver) or _owner_of_part(reader, value.receiver, depth + 1)
    if isinstance(value, Instance):
        owners = [table for table in reader.tables for column in table.columns if column.source is value]
        if len(owners) == 1:
            return owners[0]
        if isinstance(value.origin, Method):
            found = _owner_of_part(reader, value.origin, depth + 1)
            if found is not None:
                return found
        return next((found for part in value.arguments if (found := _owner_of_part(reader, part.value, depth + 1))), None)
    return None


# Databases


def _databases(reader: Declarations, objects: ObjectReader) -> tuple[Database, ...]:
    drafts: dict[tuple[int, str | None, str], TableDraft] = {}
    for draft in reader.tables:
        known = drafts.get((id(draft.metadata), *draft.key))
        if known is None or (known.maybe is not None and draft.maybe is None):
            drafts[(id(draft.metadata), *draft.key)] = draft
    assembly = Assembly(drafts.values(), reader.owner_of, partial(receiver_at, reader.interpreter))
    grouped: dict[int, list[Table]] = {}
    for draft in drafts.values():
        grouped.setdefault(id(draft.metadata), []).append(assembly.table(draft))
    result: list[Database] = []
    for metadata in reader.bases.metadata.values():
        tables = grouped.get(id(metadata))
        if not tables:
            continue
        beside = objects.of(metadata)
        ordered = tuple(sorted(tables, key=lambda table: (table.schema or "", table.name)))
        source = metadata.source or (ordered[0].location.path if ordered[0].location else "")
        schemas = tuple(sorted({table.schema for table in ordered if table.schema}))
        result.append(Database(source, ordered, _enums(ordered), schemas, None, dict(metadata.convention),
                               tuple(beside.views), location=metadata.location, compared_by=tuple(metadata.compared_by),
                               sequences=tuple(beside.sequences), whole=("view",) if beside.whole else (),
                               made_schemas=tuple(dict.fromkeys(beside.schemas))))  # fmt: skip
    result.sort(key=lambda database: -len(database.tables))
    if reader.unknowns:
        first = result[0] if result else Database("", ())
        result[:1] = [replace(first, unknowns=tuple(reader.unknowns))]
    return tuple(result)


def _enums(tables: Iterable[Table]) -> tuple[EnumType, ...]:
    found: dict[tuple[str | None, str], EnumType] = {}
    for table in tables:
        for column in table.columns:
            enum = column.type.enum
            if enum is not None and enum.native and enum.name:
                found.setdefault((enum.schema, enum.name), enum)
    return tuple(found.values())
