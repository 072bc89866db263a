"""What a program's metadata makes beside its tables: views, sequences, schemas.

Views come as statements that run after the tables are made (`event.listen(metadata, "after_create", DDL("CREATE VIEW …"))`), as
SQLAlchemy's `CreateView`, through sqlalchemy-utils, as objects that alembic-utils registers in `env.py`, or as a table whose
`info` says that it is a view. What a listener decides at run time is not known here, and nothing is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from lsp_server.database.alchemy_names import given_to, made_by, name_of
from lsp_server.database.assemble import MetaDataDraft, TableDraft
from lsp_server.database.bases import Bases
from lsp_server.database.model import Sequence, View
from lsp_server.database.object_values import (
    is_optional,
    sequence_of,
    statement_of,
    view_of_construct,
    view_of_entity,
    view_of_function,
    view_of_recipe,
    views_of_text,
)
from lsp_server.database.query_text import DraftTables, query_text
from lsp_server.database.view_text import plain_name
from lsp_server.python.execution import Execution
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Argument, Certainty, Event, External, FunctionValue, Instance, Value
from lsp_server.unknown import Unknown

_LISTENERS = ("sqlalchemy.event.listen", "sqlalchemy.event.listens_for", "sqlalchemy.listen", "sqlalchemy.listens_for")
_MOMENTS = ("after_create", "before_create")
_SCHEMA = re.compile(r'create\s+schema\s+(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|[\w$]+)', re.IGNORECASE)
_VIEW_FUNCTION = re.compile(r"^sqlalchemy_utils\.(?:[\w.]+\.)?(create_view|create_materialized_view)$")
_REGISTRATION = "alembic_utils.replaceable_entity.register_entities"
_EXECUTING = ("execute", "exec_driver_sql")


@dataclass(slots=True)
class Objects:
    """What one MetaData has beside its tables. `whole`: views are registered with what drops all others."""

    views: list[View] = field(default_factory=list)
    sequences: list[Sequence] = field(default_factory=list)
    schemas: list[str] = field(default_factory=list)
    whole: bool = False


class ObjectReader:
    """Gathers objects by MetaData, once the tables of a program are known as drafts."""

    def __init__(self, interpreter: Interpreter, bases: Bases, tables: list[TableDraft], owner_of: dict[int, TableDraft]) -> None:
        self.interpreter = interpreter
        self.bases = bases
        self.tables = tables
        self.owner_of = owner_of
        self.drafts = DraftTables(tables, owner_of)
        self.query_text = partial(query_text, tables=self.drafts)
        self.found: dict[int, Objects] = {}

    def read(self, executions: Iterable[Execution]) -> None:
        for execution in executions:
            for event in execution.events:
                if event.certainty is Certainty.DORMANT:
                    continue
                name = name_of(event.callee)
                if name in _LISTENERS:
                    self._listener(event)
                elif isinstance(event.result, Instance) and isinstance(event.callee, External):
                    self._construct(event, event.result, event.callee.name, name)
        for table in self.tables:
            self._columns(table)
            if table.is_view:
                query = Unknown("the query of a view that the models only map", table.location)
                self.of(table.metadata).views.append(View(table.name, query, table.schema, location=table.location))

    def registered(self, environment: str, drafts: Iterable[MetaDataDraft]) -> None:
        """The objects that an `env.py` registers with alembic-utils belong to the metadata that it compares."""
        first = next(iter(drafts), None)
        if first is None:
            return
        for event in self.interpreter.run(environment).events:
            if isinstance(event.callee, External) and event.callee.name == _REGISTRATION:
                self._registration(event, self.of(first))

    def of(self, metadata: MetaDataDraft) -> Objects:
        return self.found.setdefault(id(metadata), Objects())

    # Events

    def _construct(self, event: Event, made: Instance, written: str, name: str | None) -> None:
        function = _VIEW_FUNCTION.match(written)
        metadata = made.argument("metadata", 2 if function is not None else None)
        if name == "sqlalchemy.CreateView" and metadata is not None and metadata.value is not None:
            self._add(metadata.value, view_of_construct(made, self.query_text), event)
        elif function is not None and metadata is not None:
            self._add(metadata.value, view_of_function(made, function[1], self.query_text), event)
        elif name == "sqlalchemy.Sequence" and metadata is not None and metadata.value is not None and not is_optional(made):
            self._sequence(self.bases.metadata_draft(metadata.value), made)

    def _listener(self, event: Event) -> None:
        target, moment, listener = (event.argument(word, position) for position, word in enumerate(("target", "identifier", "fn")))
        if target is None or moment is None or moment.value not in _MOMENTS:
            return
        table = self.drafts.table(target.value)
        metadata: MetaDataDraft | Value = table.metadata if table is not None else target.value
        given: Value = listener.value if listener is not None else event.decorates
        if isinstance(given, FunctionValue):
            self._function(metadata, given, event)
            return
        view = view_of_recipe(given, self.query_text)
        if view is not None:
            self._add(metadata, view, event)
            return
        self._statement(metadata, given, event)

    def _statement(self, metadata: MetaDataDraft | Value, value: Value, event: Event) -> None:
        schema = value.argument("name", 0) if isinstance(value, Instance) and made_by(value) == "sqlalchemy.CreateSchema" else None
        if schema is not None and isinstance(schema.value, str):
            self._objects(metadata).schemas.append(str(schema.value))
        found = statement_of(value)
        text, dialects = found if found is not None else ("", ())
        if isinstance(text, Unknown):
            return
        for view in views_of_text(text, dialects, event.location):
            self._add(metadata, view, event)
        self._objects(metadata).schemas += [plain_name(name) for name in _SCHEMA.findall(text)]

    def _function(self, metadata: MetaDataDraft | Value, function: FunctionValue, event: Event) -> None:
        """A listener of the project's own, as far as it says what it executes."""
        connection = Instance(External("sqlalchemy.engine.Connection"), (), event.location)
        target = Unknown("what a listener listens to", event.location)
        arguments = (Argument(None, target, event.location), Argument(None, connection, event.location))
        for each in self.interpreter.call_detached(function, arguments)[1]:
            if each.method in _EXECUTING and each.receiver is connection and each.arguments and each.certainty is Certainty.CERTAIN:
                self._statement(metadata, each.arguments[0].value, event)

    def _registration(self, event: Event, objects: Objects) -> None:
        given = event.argument("entities", 0)
        listed = given.value if given is not None else None
        kinds = event.argument("entity_types")
        objects.whole = isinstance(listed, list | tuple) and not any(isinstance(item, Unknown) for item in listed) and (
            kinds is None or "PGView" in repr(kinds.value)
        )  # fmt: skip
        for item in listed if isinstance(listed, list | tuple) else ():
            view = view_of_entity(item) if isinstance(item, Instance) else None
            if view is not None:
                objects.views.append(view)

    # What belongs where

    def _objects(self, metadata: MetaDataDraft | Value) -> Objects:
        return self.of(metadata if isinstance(metadata, MetaDataDraft) else self.bases.metadata_draft(metadata))

    def _add(self, metadata: MetaDataDraft | Value, view: View, event: Event) -> None:
        if event.certainty is Certainty.CONDITIONAL:
            view = replace(view, maybe=event.condition or Unknown("a view that is made under a condition", event.location))
        self._objects(metadata).views.append(view)

    def _columns(self, table: TableDraft) -> None:
        for column in table.columns:
            for argument in given_to(column.source) if column.source is not None else ():
                made = argument.value
                feeds = argument.name in (None, "default") and made_by(made) == "sqlalchemy.Sequence"
                if feeds and isinstance(made, Instance) and not is_optional(made):
                    self._sequence(table.metadata, made)

    def _sequence(self, metadata: MetaDataDraft, made: Instance) -> None:
        sequence = sequence_of(made)
        objects = self.of(metadata)
        if sequence is None:
            return
        if sequence.schema is None and metadata.schema is not None:
            sequence = replace(sequence, schema=metadata.schema)
        if all(other.key != sequence.key for other in objects.sequences):
            objects.sequences.append(sequence)


def is_view(options: object) -> bool:
    """Whether a table's `info` says that it maps a view."""
    info = options.get("info") if isinstance(options, dict) else None
    if isinstance(info, Instance) and name_of(info.origin) == "builtins.dict":
        info = {argument.name: argument.value for argument in info.arguments}
    return isinstance(info, dict) and info.get("is_view") is True


__all__ = ["ObjectReader", "Objects", "is_view"]
