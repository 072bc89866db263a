"""Watches a migration run in the interpreter and writes down its operations, applying each as it comes.

Knows what `alembic.op`, batch mode, enumeration types and connections mean, and answers what a migration asks the
database first (`inspector.has_table`, the dialect's name) from the schema replayed so far. Questions it cannot answer
stay open: what hangs on them is not sure to happen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lsp_server.database.alchemy_names import made_by, name_of
from lsp_server.database.catalogue import answer_question
from lsp_server.database.ddl import operations_of, operations_of_beginning
from lsp_server.database.declared import Declarations, FinalName, names_of, plain_name
from lsp_server.database.environment import Environment
from lsp_server.database.fold import Refusal, State, apply
from lsp_server.database.model import Check, ForeignKey, PrimaryKey, Unique
from lsp_server.database.operations import (
    KEEP,
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeRows,
    CommentTable,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropObject,
    DropTable,
    Key,
    Opaque,
    Operation,
    RenameTable,
    Step,
    table_key,
)
from lsp_server.database.sql_text import sql_text
from lsp_server.python.interpret import UNANSWERED
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
        self._location = Location(path, (0, 0))  # type: ignore[arg-type]
        self._condition: Unknown | None = None
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
        self._location = event.location
        if event.location.path != self.path:
            inside = [place for place in event.caller[1:] if place.path == self.path]
            if inside:
                self._location = inside[-1]
        self._condition = None
        if event.certainty is Certainty.CONDITIONAL:
            undecided = Unknown("a condition that the text does not decide", event.location)
            self._condition = event.condition if event.condition is not None else undecided

    def step(self, operation: Operation) -> None:
        step = Step(operation, self._location, self._condition)
        self.steps.append(step)
        if self.refusal is None:
            self.refusal = apply(self.state, step)

    def opaque(self, what: str, table: Key | None = None) -> None:
        self.step(Opaque(Unknown(what, self._location), table))

    # Events

    def _record(self, event: Event) -> None:
        if isinstance(event.callee, External):
            name = event.callee.name
            if name.startswith("alembic.op."):
                self._operation(name[11:], event.arguments)
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
            given = find_argument(event.arguments, "statement", 0)
            self._sql(given.value if given else None, through_connection=True)
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
        name = name.removeprefix("batch_").replace("geospatial_", "")
        if name in _IDLE or name == "alter_table":
            return
        handler = _OPERATIONS.get(name)
        if handler is None:
            if name.endswith("_entity"):
                self._entity(name, arguments)
            elif "." not in name:
                self.opaque(f"the operation `op.{name}`, which is not Alembic's own")
            return
        handler(self, arguments)

    # Raw SQL

    def _sql(self, value: Value, through_connection: bool = False) -> None:
        text: Value = value
        if isinstance(value, Instance):
            made = made_by(value)
            if made in ("sqlalchemy.text", "sqlalchemy.DDL", "sqlalchemy.TextClause"):
                text = value.arguments[0].value if value.arguments else None
            elif isinstance(value.origin, Method) and made_by(value.origin.receiver) == "sqlalchemy.text":
                self._sql(value.origin.receiver, through_connection)
                return
            elif made is not None and made.startswith(("sqlalchemy.Create", "sqlalchemy.Drop")):
                self._schema_object(made[11:], value)
                return
            else:
                self.step(ChangeRows())
                return
        if isinstance(text, str):
            for operation in operations_of(text, self._location):
                self.step(operation)
        elif isinstance(text, UnknownText) and text.beginning.strip():
            for operation in operations_of_beginning(text.beginning, text, self._location):
                self.step(operation)
        elif isinstance(text, Unknown):
            # Statements put together at run time mostly change rows; what they do to the schema is not known.
            if through_connection:
                self.step(ChangeRows())
            else:
                self.opaque(f"SQL that is not known: {text.what}")
        elif isinstance(text, list | tuple):
            for part in text:
                self._sql(part, through_connection)

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
        elif sort in ("sequence", "schema", "view") and name is not None:
            self.step(CreateObject(sort, name) if creates else DropObject(sort, name))
        else:
            self.opaque("a statement made of schema objects")

    # Objects that create themselves

    def _create_or_drop(self, receiver: Instance, made: str | None, method: str, event: Event) -> None:
        if made == "sqlalchemy.Table":
            self._table_object(receiver, method)
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
        schema = _schema(table.arguments)
        if not isinstance(name, str) or isinstance(schema, Unknown):
            self.opaque("a table whose name is not known")
        elif method == "drop":
            self.step(DropTable(table_key(name, schema)))
        else:
            items = [each for each in table.arguments[1:] if each.name is None and made_by(each.value) != "sqlalchemy.MetaData"]
            items = [each for each in items if isinstance(each.value, Instance) or each.star]
            self._new_table(str(name), schema, items, table.arguments, False)

    def _all_tables(self, receiver: Value, method: str) -> None:
        known = self._metadata.get(id(receiver))
        if known is None:
            self.opaque("tables made from the models by `create_all`" if method == "create_all" else "`drop_all`")
            return
        for table in known if method == "create_all" else reversed(known):
            self._table_object(table, "create" if method == "create_all" else "drop")

    def _new_table(self, name: str, schema: str | None, items: list[Argument], options: tuple[Argument, ...], lenient: bool) -> None:
        declared = self.declarations.table(name, schema, items, options, self._location)
        if lenient and table_key(name, schema) in self.state.tables:
            return
        for enum in declared.enums:
            self.step(CreateEnum(enum, True))
        self.step(CreateTable(declared.table, lenient))
        for index in declared.indexes:
            self.step(CreateIndex(declared.table.key, index))

    # What each operation of Alembic means

    def _table_argument(self, arguments: tuple[Argument, ...], position: int, *names: str) -> Key | None:
        given = _given(arguments, position, "table_name", *names)
        schema = _schema(arguments)
        if not isinstance(given, str) or isinstance(schema, Unknown):
            self.opaque("an operation on a table whose name is not known")
            return None
        return table_key(str(given), schema)

    def create_table(self, arguments: tuple[Argument, ...]) -> None:
        name, schema = _given(arguments, 0, "table_name", "name"), _schema(arguments)
        if not isinstance(name, str) or isinstance(schema, Unknown):
            self.opaque("a table whose name is not known")
            return
        named = any(each.name in ("table_name", "name") for each in arguments)
        items = [each for each in arguments if each.name is None][0 if named else 1 :]
        self._new_table(str(name), table_key(str(name), schema)[0], items, arguments, _flag(arguments, "if_not_exists"))

    def drop_table(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 0, "name")
        if key is not None:
            self.step(DropTable(key, _flag(arguments, "if_exists")))

    def rename_table(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 0, "old_table_name")
        name = _given(arguments, 1, "new_table_name")
        if key is not None and isinstance(name, str):
            self.step(RenameTable(key, str(name)))

    def add_column(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 0)
        if key is None:
            return
        declared = self.declarations.column(_given(arguments, 1, "column"), key[1], key[0])
        if isinstance(declared, Unknown):
            self.opaque(declared.what, key)
            return
        self.step(AddColumn(key, declared.column, _flag(arguments, "if_not_exists")))
        for constraint in declared.constraints:
            self.step(AddConstraint(key, constraint))
        for index in declared.indexes:
            self.step(CreateIndex(key, index))

    def drop_column(self, arguments: tuple[Argument, ...]) -> None:
        key, name = self._table_argument(arguments, 0), _given(arguments, 1, "column_name")
        if key is not None and isinstance(name, str):
            self.step(DropColumn(key, str(name), _flag(arguments, "if_exists")))
        elif key is not None:
            self.opaque("a column whose name is not known is dropped", key)

    def alter_column(self, arguments: tuple[Argument, ...]) -> None:
        key, name = self._table_argument(arguments, 0), _given(arguments, 1, "column_name")
        if key is None:
            return
        if not isinstance(name, str):
            self.opaque("a column whose name is not known is altered", key)
            return
        change = AlterColumn(key, str(name))
        for argument in arguments:
            value = argument.value
            if argument.star:
                self.opaque("a column is altered in ways that are not known", key)
            elif argument.name in ("type_",) and value is not None:
                change = replace(change, type=self.declarations.types.read(value, argument.location))
            elif argument.name == "nullable" and isinstance(value, bool | Unknown):
                change = replace(change, nullable=value)
            elif argument.name == "server_default" and value is not False:
                change = replace(change, server_default=self.declarations.default(value, argument.location))
            elif argument.name == "comment" and value is not False:
                change = replace(change, comment=str(value) if isinstance(value, str) else value if isinstance(value, Unknown) else None)
            elif argument.name in ("new_column_name", "name") and isinstance(value, str):
                change = replace(change, name=str(value))
            elif argument.name == "postgresql_using" and value is not None:
                text = sql_text(value, argument.location)
                change = replace(change, using=text if isinstance(text, str) else "?")
        self.step(change)

    def create_index(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 1, "tablename")
        if key is None:
            return
        columns = _given(arguments, 2, "columns")
        index = self.declarations.index(_given(arguments, 0, "index_name", "name"), columns, arguments, self._location, key[1], key[0])
        self.step(CreateIndex(key, index, _flag(arguments, "if_not_exists")))

    def drop_index(self, arguments: tuple[Argument, ...]) -> None:
        name, table, schema = _given(arguments, 0, "index_name", "name"), _given(arguments, 1, "table_name", "tablename"), _schema(arguments)
        if isinstance(schema, Unknown) or not (name is None or isinstance(name, str)):
            self.opaque("an index whose name is not known is dropped", table_key(table) if isinstance(table, str) else None)
            return
        key = table_key(str(table), schema) if isinstance(table, str) else None
        self.step(DropIndex(plain_name(name), key, schema, _flag(arguments, "if_exists")))

    def create_unique_constraint(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 1, "source")
        columns = names_of(_given(arguments, 2, "columns", "local_cols"))
        if key is not None:
            name = self.declarations.name("uq", _constraint_name(arguments), key[1], columns or (), key[0])
            unknown = None if columns else Unknown("the columns of a unique constraint", self._location)
            distinct = _flag(arguments, "postgresql_nulls_not_distinct")
            self.step(AddConstraint(key, Unique(columns, name, None, distinct, unknown, self._location)))

    def create_primary_key(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 1)
        columns = names_of(_given(arguments, 2, "columns", "cols"))
        if key is not None and columns:
            name = self.declarations.name("pk", _constraint_name(arguments), key[1], columns, key[0])
            self.step(AddConstraint(key, PrimaryKey(columns, name, self._location)))

    def create_foreign_key(self, arguments: tuple[Argument, ...]) -> None:
        source, target = _given(arguments, 1, "source_table", "source"), _given(arguments, 2, "referent_table", "referent")
        columns, targets = names_of(_given(arguments, 3, "local_cols")), names_of(_given(arguments, 4, "remote_cols"))
        schema, target_schema = _named(arguments, "source_schema"), _named(arguments, "referent_schema")
        if not isinstance(source, str):
            self.opaque("a foreign key of a table whose name is not known")
            return
        key = table_key(str(source), schema if isinstance(schema, str) else None)
        known = isinstance(target, str) and columns is not None and targets is not None
        foreign = ForeignKey(
            columns, str(target) if isinstance(target, str) else None, targets,
            target_schema if isinstance(target_schema, str) else None,
            unknown=None if known else Unknown("the columns or target of a foreign key", self._location), location=self._location,
        )  # fmt: skip
        named = (Argument("name", _constraint_name(arguments), self._location), *(each for each in arguments if each.name != "name"))
        self.step(AddConstraint(key, self.declarations.with_options(foreign, named, key[1], key[0])))

    def create_check_constraint(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 1, "source")
        if key is None:
            return
        text = sql_text(_given(arguments, 2, "condition"), self._location)
        name = self.declarations.name("ck", _constraint_name(arguments), key[1], ())
        known = isinstance(text, str)
        self.step(AddConstraint(key, Check(text if known else None, name, None if known else text, self._location)))  # type: ignore[arg-type]

    def drop_constraint(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 1, "source")
        if key is None:
            return
        given, sort = _constraint_name(arguments), _given(arguments, 2, "type_")
        name: str | Unknown | None = plain_name(given)
        if name is None and given is not None:
            name = given if isinstance(given, Unknown) else Unknown("a constraint whose name is not known", self._location)
        # Conventions rewrite names of the sorts they know, also of constraints that are dropped.
        short = {"foreignkey": "fk", "unique": "uq", "check": "ck", "primary": "pk"}.get(sort) if isinstance(sort, str) else None
        if isinstance(name, str) and short is not None and not isinstance(given, FinalName):
            template = self.declarations.convention.get(short, "")
            if "%(constraint_name)s" in template:
                name = self.declarations.name(short, given, key[1], ())
        self.step(DropConstraint(key, name, sort if isinstance(sort, str) else None, _flag(arguments, "if_exists")))

    def create_table_comment(self, arguments: tuple[Argument, ...]) -> None:
        key, comment = self._table_argument(arguments, 0), _given(arguments, 1, "comment")
        if key is not None:
            self.step(CommentTable(key, str(comment) if isinstance(comment, str) else Unknown("a comment", self._location)))

    def drop_table_comment(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 0)
        if key is not None:
            self.step(CommentTable(key, None))

    def create_exclude_constraint(self, arguments: tuple[Argument, ...]) -> None:
        key = self._table_argument(arguments, 1, "source")
        if key is not None:
            name = plain_name(_constraint_name(arguments))
            self.step(AddConstraint(key, Check(None, name, Unknown("an exclusion constraint", self._location), self._location)))

    def execute(self, arguments: tuple[Argument, ...]) -> None:
        self._sql(_given(arguments, 0, "sqltext"))

    def bulk_insert(self, arguments: tuple[Argument, ...]) -> None:
        self.step(ChangeRows())

    def _entity(self, name: str, arguments: tuple[Argument, ...]) -> None:
        """`op.create_entity(PGFunction(…))` of alembic-utils: views, functions, triggers."""
        value = arguments[0].value if arguments else None
        if not isinstance(value, Instance):
            return
        sort = (made_by(value) or "entity").rpartition(".")[2].removeprefix("PG").lower()
        signature = find_argument(value.arguments, "signature", 1)
        text = signature.value if signature and isinstance(signature.value, str) else "?"
        self.step(DropObject(sort, text) if name.startswith("drop") else CreateObject(sort, text, replaces=name.startswith("replace")))


_OPERATIONS: dict[str, Callable[[Recorder, tuple[Argument, ...]], None]] = {
    name: getattr(Recorder, name)
    for name in (
        "create_table", "drop_table", "rename_table", "add_column", "drop_column", "alter_column", "create_index", "drop_index",
        "create_unique_constraint", "create_primary_key", "create_foreign_key", "create_check_constraint", "drop_constraint",
        "create_table_comment", "drop_table_comment", "create_exclude_constraint", "execute", "bulk_insert",
    )
}  # fmt: skip


def _final(event: Event) -> Value:
    value = event.arguments[0].value if event.arguments else None
    return FinalName(value) if isinstance(value, str) else value


def _given(arguments: tuple[Argument, ...], position: int, *names: str) -> Value:
    for name in names:
        found = next((each for each in arguments if each.name == name), None)
        if found is not None:
            return found.value
    found = find_argument(arguments, names[0], position)
    return found.value if found is not None else None


def _constraint_name(arguments: tuple[Argument, ...]) -> Value:
    return _given(arguments, 0, "constraint_name", "name")


def _named(arguments: tuple[Argument, ...], name: str) -> Value:
    return next((each.value for each in arguments if each.name == name), None)


def _schema(arguments: tuple[Argument, ...]) -> str | Unknown | None:
    value = _named(arguments, "schema")
    return str(value) if isinstance(value, str) else value if isinstance(value, Unknown) else None


def _flag(arguments: tuple[Argument, ...], name: str) -> bool:
    return _named(arguments, name) is True


__all__ = ["KEEP", "Recorder"]
