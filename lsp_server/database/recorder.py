"""Watches a migration run in the interpreter and writes down its operations, applying each as it comes.

Knows what `alembic.op`, batch mode, enumeration types and connections mean, and answers what a migration asks the
database first (`inspector.has_table`, the dialect's name) from the schema replayed so far. Questions it cannot answer
stay open: what hangs on them is not sure to happen.
"""

from __future__ import annotations

from lsp_server.database.alchemy_names import made_by, name_of
from lsp_server.database.alembic_calls import OPERATIONS, entity, schema_of
from lsp_server.database.built_statements import statement_text, with_parameters
from lsp_server.database.catalogue import answer_question
from lsp_server.database.ddl import operations_of, operations_of_beginning
from lsp_server.database.declared import Declarations, FinalName
from lsp_server.database.environment import Environment
from lsp_server.database.fold import apply
from lsp_server.database.fold.state import Refusal, State
from lsp_server.database.object_values import sequence_of, view_of_construct
from lsp_server.database.objects import CreateSequence, CreateView, DropSequence, DropView
from lsp_server.database.operations import (
    ChangeRows,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    DropEnum,
    DropObject,
    DropTable,
    Key,
    Opaque,
    Operation,
    Step,
    table_key,
)
from lsp_server.database.sql_text import sql_text
from lsp_server.python.execution import UNANSWERED
from lsp_server.python.judge import beginning_of
from lsp_server.python.values import (
    Argument,
    Certainty,
    ClassValue,
    Event,
    External,
    Instance,
    Method,
    UnknownText,
    Value,
    find_argument,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_SQL_METHODS = ("execute", "exec_driver_sql", "scalar", "scalars", "exec")
_IDLE = frozenset({"get_bind", "get_context", "batch_alter_table", "inline_literal", "run_async", "implementation_for",
                   "register_operation", "autocommit_block"})  # fmt: skip
# In batch mode the table is named once; these have the constraint's name in front of it.
_NAME_FIRST = frozenset({"create_index", "drop_index", "create_unique_constraint", "create_foreign_key", "create_primary_key",
                         "create_check_constraint", "drop_constraint", "create_exclude_constraint"})  # fmt: skip
_ENUM_TYPES = ("sqlalchemy.Enum", "sqlalchemy.dialects.postgresql.ENUM", "sqlalchemy.ENUM")


_SESSIONS = ("sqlalchemy.Session", "sqlmodel.Session")
_SESSION_WRITES = frozenset({"add", "add_all", "merge", "delete", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"})
_QUERY_WRITES = ("update", "delete")
_CONTEXTS = ("alembic.op.get_context", "alembic.context.get_context")


class DatabaseAddress(str):
    """The address of the database that a migration would run on; only its dialect is true."""

    __slots__ = ()


class Recorder:
    """One run of one function of a revision. `steps` are its operations in order, `state` the schema after them.

    `refusal` is the first operation that the database would refuse; later ones are written down and not applied.
    `asked` says whether anything was answered from the state.
    """

    def __init__(self, path: str, state: State, declarations: Declarations, environment: Environment) -> None:
        self.options = environment.options
        self.settings = environment.settings
        self.path = path
        self.state = state
        self.declarations = declarations
        self.steps: list[Step] = []
        self.refusal: Refusal | None = None
        self.asked = False
        self.location = Location(path, (0, 0))  # type: ignore[arg-type]
        self._condition: Unknown | None = None
        self._guarded = False
        self._metadata: dict[int, list[Instance]] = {}
        self._reading = False

    # The interpreter's questions

    def called(self, event: Event) -> Value:
        """Write an event's operations down; the answer to a question about the database."""
        name = event.callee.name if isinstance(event.callee, External) else event.method
        if name in ("alembic.op.f", "alembic.operations.ops.f", "f"):
            return _final(event)
        if name == "alembic.context.is_offline_mode":
            return False
        if name == "compile":
            text = sql_text(event.receiver, event.location)
            return text if isinstance(text, str) else UNANSWERED
        if name == "get_main_option" and self.settings is not None:
            return self._option(event)
        answer = answer_question(event, self.state)
        if answer is not UNANSWERED:
            self.asked = True
            return answer
        if event.certainty is not Certainty.DORMANT and not self._reading:
            self._place(event)
            self._reading = True  # Reading a project's own type calls its methods, whose events are no operations.
            try:
                self._record(event)
            finally:
                self._reading = False
        return UNANSWERED

    def attribute(self, receiver: Value, name: str) -> Value:
        if name == "name" and isinstance(receiver, Method) and receiver.name in ("dialect", "engine"):
            return self.state.dialect
        if name in ("drivername", "name") and isinstance(receiver, DatabaseAddress):
            return self.state.dialect
        if name == "url" and isinstance(receiver, Method | Instance):
            return DatabaseAddress(f"{self.state.dialect}://localhost/database")
        if name == "as_sql" and isinstance(receiver, Instance):
            return False
        if name == "opts" and isinstance(receiver, Instance) and made_by(receiver) in _CONTEXTS:
            return dict(self.options)
        return UNANSWERED

    def _option(self, event: Event) -> Value:
        """What `alembic.ini` says about an option of the project's own; Alembic's options are set at run time."""
        name, default = find_argument(event.arguments, "name", 0), find_argument(event.arguments, "default", 1)
        if name is None or not isinstance(name.value, str) or name.value in ("sqlalchemy.url", "script_location"):
            return UNANSWERED
        assert self.settings is not None
        return dict(self.settings.options).get(name.value.lower(), default.value if default is not None else None)

    def _place(self, event: Event) -> None:
        """Where the operation stands: in the revision itself, also where one of the project's functions makes it."""
        self.location = event.location
        if event.location.path != self.path:
            inside = [place for place in event.caller[1:] if place.path == self.path]
            if inside:
                self.location = inside[-1]
        self._guarded = event.guarded
        self._condition = None
        if event.certainty is Certainty.CONDITIONAL:
            undecided = Unknown("a condition that the text does not decide", event.location)
            self._condition = event.condition if event.condition is not None else undecided

    def step(self, operation: Operation) -> None:
        step = Step(operation, self.location, self._condition, self._guarded)
        self.steps.append(step)
        if self.refusal is None:
            self.refusal = apply(self.state, step)

    def opaque(self, what: str, table: Key | None = None, inside: bool = False) -> None:
        self.step(Opaque(Unknown(what, self.location), table, inside))

    # Events

    def _record(self, event: Event) -> None:
        if isinstance(event.callee, External):
            name = event.callee.name
            if name.startswith("alembic.op."):
                self._operation(name[11:], event.arguments)
            elif name.endswith((".create_all", ".drop_all")):
                self._all_tables(event.callee, name.rpartition(".")[2])
            elif name_of(event.callee) == "sqlalchemy.Table":
                self._note_table(event)
            return
        receiver, method = event.receiver, event.method
        if not isinstance(method, str):
            return
        made = made_by(receiver) if isinstance(receiver, Instance) else None
        if made is not None and (made == "alembic.op.batch_alter_table" or made.endswith(".batch_alter_table")):
            self._batch(receiver, method, event.arguments)
        elif made is not None and made.endswith("Operations"):
            self._operation(method, event.arguments)
        elif isinstance(receiver, Instance) and isinstance(receiver.origin, Method) and receiver.origin.name == "batch_alter_table":
            self._batch(receiver, method, event.arguments)
        elif method in _SQL_METHODS:
            given, parameters = find_argument(event.arguments, "statement", 0), find_argument(event.arguments, "parameters", 1)
            self.sql(given.value if given else None, parameters.value if parameters else None)
        elif _writes_objects(receiver, method):
            self.step(ChangeRows())
        elif method in ("create", "drop") and isinstance(receiver, Instance):
            self._create_or_drop(receiver, made, method, event)
        elif method in ("create_all", "drop_all") and event.certainty is not Certainty.DORMANT:
            self._all_tables(receiver, method)

    def _note_table(self, event: Event) -> None:
        metadata = find_argument(event.arguments, "metadata", 1)
        if metadata is not None and isinstance(event.result, Instance):
            self._metadata.setdefault(id(metadata.value), []).append(event.result)

    def _batch(self, batch: Instance, method: str, arguments: tuple[Argument, ...]) -> None:
        given = find_argument(batch.arguments, "table_name", 0)
        schema = find_argument(batch.arguments, "schema", 1)
        table = Argument(None, given.value if given else None, batch.location)
        positional = [each for each in arguments if each.name is None]
        keywords = [each for each in arguments if each.name is not None]
        if schema is not None and method != "execute":
            keywords.append(Argument("source_schema" if method == "create_foreign_key" else "schema", schema.value, schema.location))
        if method == "execute":
            self._operation(method, arguments)
        elif method in _NAME_FIRST or method.replace("geospatial_", "") in _NAME_FIRST:
            if positional:
                self._operation(method, (positional[0], table, *positional[1:], *keywords))
            else:
                named = "source_table" if method == "create_foreign_key" else "table_name"
                self._operation(method, (Argument(named, table.value, table.location), *keywords))
        else:
            self._operation(method, (table, *positional, *keywords))

    def _operation(self, name: str, arguments: tuple[Argument, ...]) -> None:
        name = name.removeprefix("batch_")
        name = name if name in OPERATIONS else name.replace("geospatial_", "")
        if name in _IDLE or name == "alter_table":
            return
        handler = OPERATIONS.get(name)
        if handler is None:
            if name.endswith("_entity"):
                entity(self, name, arguments)
            elif "." not in name:
                self.opaque(f"the operation `op.{name}`, which is not Alembic's own")
            return
        handler(self, arguments)

    # Raw SQL

    def sql(self, value: Value, parameters: Value = None) -> None:
        """`parameters` are the values that the statement is run with."""
        text: Value = value
        if isinstance(value, Instance):
            made = made_by(value)
            if made in ("sqlalchemy.text", "sqlalchemy.DDL", "sqlalchemy.TextClause"):
                text = value.arguments[0].value if value.arguments else None
            elif isinstance(value.origin, Method) and made_by(value.origin.receiver) == "sqlalchemy.text":
                bound = {each.name: each.value for each in value.arguments} if value.origin.name == "bindparams" else parameters
                self.sql(value.origin.receiver, bound)
                return
            elif made is not None and made.startswith(("sqlalchemy.Create", "sqlalchemy.Drop")):
                self._schema_object(made[11:], value)
                return
            elif beginning_of(value):
                text = UnknownText("a text that holds a part computed at run time", value.location, beginning=beginning_of(value))
            elif _is_query(value):
                self.step(ChangeRows(statement_text(value, self.state.dialect, parameters)))
                return
            else:
                text = Unknown("a text made at run time", value.location)
        if isinstance(text, str):
            for operation in operations_of(text, self.location, self.state.dialect):
                if isinstance(operation, ChangeRows) and operation.text is not None and parameters is not None:
                    for filled in with_parameters(operation.text, parameters):
                        self.step(ChangeRows(filled))
                else:
                    self.step(operation)
        elif isinstance(text, UnknownText) and text.beginning.strip():
            for operation in operations_of_beginning(text.beginning, text, self.location):
                self.step(operation)
        elif isinstance(text, Unknown):
            self.opaque(f"SQL that is not known: {text.what}")
        elif isinstance(text, list | tuple):
            for part in text:
                self.sql(part)

    def _schema_object(self, word: str, value: Instance) -> None:
        """`op.execute(CreateSequence(Sequence("…")))` and its relatives."""
        given = value.arguments[0].value if value.arguments else None
        name = given if isinstance(given, str) else None
        if isinstance(given, Instance) and given.arguments and isinstance(given.arguments[0].value, str):
            name = given.arguments[0].value
        creates = word.startswith("Create")
        sort = word.removeprefix("Create").removeprefix("Drop").lower()
        if sort == "table" and isinstance(given, Instance):
            self._table_object(given, "create" if creates else "drop")
        elif sort == "view" and creates:
            self.step(CreateView(view_of_construct(value, None), replaces=True))
        elif sort == "view" and name is not None:
            schema = schema_of(value.arguments)
            self.step(DropView(table_key(name, schema if isinstance(schema, str) else None), None))
        elif sort == "sequence" and isinstance(given, Instance) and (sequence := sequence_of(given)) is not None:
            self.step(CreateSequence(sequence) if creates else DropSequence(sequence.key))
        elif sort == "schema" and name is not None:
            self.step(CreateObject(sort, name) if creates else DropObject(sort, name))
        else:
            self.opaque("a statement made of schema objects")

    # Objects that create themselves

    def _create_or_drop(self, receiver: Instance, made: str | None, method: str, event: Event) -> None:
        if made == "sqlalchemy.Table":
            self._table_object(receiver, method)
            return
        if made == "sqlalchemy.Sequence":
            sequence = sequence_of(receiver)
            if sequence is not None:
                self.step(CreateSequence(sequence, True) if method == "create" else DropSequence(sequence.key, True))
            return
        kind = self.declarations.types.read(receiver, receiver.location) if made in _ENUM_TYPES else None
        if kind is None and isinstance(receiver.origin, ClassValue):
            kind = self.declarations.types.read(receiver, receiver.location)
        if kind is None or kind.enum is None or kind.enum.name is None or not kind.enum.native:
            return
        checked = find_argument(event.arguments, "checkfirst", 1)
        # Generic types create without looking, PostgreSQL's own look first.
        lenient = checked.value is not False if checked is not None else made == "sqlalchemy.dialects.postgresql.ENUM"
        if method == "create":
            self.step(CreateEnum(kind.enum, lenient))
        else:
            self.step(DropEnum(kind.enum.name, kind.enum.schema, lenient))

    def _table_object(self, table: Instance, method: str) -> None:
        name = table.arguments[0].value if table.arguments else None
        schema = schema_of(table.arguments)
        if not isinstance(name, str) or isinstance(schema, Unknown):
            self.opaque("a table whose name is not known")
        elif method == "drop":
            self.step(DropTable(table_key(name, schema)))
        else:
            items = [each for each in table.arguments[1:] if each.name is None and made_by(each.value) != "sqlalchemy.MetaData"]
            items = [each for each in items if isinstance(each.value, Instance) or each.star]
            if not any(made_by(each.value) == "sqlalchemy.Column" for each in items):
                items.append(Argument(None, Unknown("columns that are added to a table later", table.location), table.location))
            self.new_table(str(name), schema, items, table.arguments, False)

    def _all_tables(self, receiver: Value, method: str) -> None:
        known = self._metadata.get(id(receiver))
        if known is None:
            self.opaque("tables made from the models by `create_all`" if method == "create_all" else "`drop_all`")
            return
        for table in known if method == "create_all" else reversed(known):
            self._table_object(table, "create" if method == "create_all" else "drop")

    def new_table(self, name: str, schema: str | None, items: list[Argument], options: tuple[Argument, ...], lenient: bool) -> None:
        declared = self.declarations.table(name, schema, items, options, self.location)
        if lenient and table_key(name, schema) in self.state.tables:
            return
        for enum in declared.enums:
            self.step(CreateEnum(enum, True))
        self.step(CreateTable(declared.table, lenient))
        for index in declared.indexes:
            self.step(CreateIndex(declared.table.key, index))


def _writes_objects(receiver: Value, method: str) -> bool:
    """Whether a session of SQLAlchemy's ORM is asked to write: `session.add(…)`, `session.query(User).update(…)`."""
    if method in _QUERY_WRITES:
        while isinstance(receiver, Instance) and isinstance(receiver.origin, Method):
            if receiver.origin.name == "query":
                return True
            receiver = receiver.origin.receiver
        return False
    if method not in _SESSION_WRITES or not isinstance(receiver, Instance):
        return False
    return made_by(receiver) in _SESSIONS or made_by(receiver.origin) == "sqlalchemy.sessionmaker"


def _is_query(value: Value) -> bool:
    """Whether a statement is built from tables or models (`users.update().where(…)`, `select(…)`): it changes rows only."""
    while isinstance(value, Instance | Method):
        if isinstance(value, Instance) and (made_by(value) or "").startswith(("sqlalchemy.", "sqlmodel.", "geoalchemy2.", "alembic.")):
            return True
        value = value.receiver if isinstance(value, Method) else value.origin
    return isinstance(value, ClassValue) or (isinstance(value, External) and value.name.startswith(("sqlalchemy.", "sqlmodel.")))


def _final(event: Event) -> Value:
    value = event.arguments[0].value if event.arguments else None
    return FinalName(value) if isinstance(value, str) else value


