"""What each operation of Alembic means: the arguments of `op.add_column(…)` and its relatives to steps of a recorder.

Batch mode and aliases are already resolved; names of tables stand among the arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_server.database.alchemy_names import made_by
from lsp_server.database.built_statements import bulk_insert_text
from lsp_server.database.ddl import operations_of
from lsp_server.database.declared import FinalName, element_name, names_of, plain_name, spatial_index
from lsp_server.database.exclusions import exclusion_of_values
from lsp_server.database.model import Check, Column, ForeignKey, PrimaryKey, Unique
from lsp_server.database.object_values import entity_sql, view_of_entity
from lsp_server.database.objects import CreateView, DropView
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeRows,
    CommentTable,
    CreateIndex,
    CreateObject,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
    Key,
    Opaque,
    RenameTable,
    SetEnumValues,
    table_key,
)
from lsp_server.database.options import identity_of
from lsp_server.database.sql_text import sql_text
from lsp_server.python.values import (
    Argument,
    Instance,
    Value,
    find_argument,
)
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.database.recorder import Recorder


def table_argument(
    recorder: Recorder, arguments: tuple[Argument, ...], position: int, *names: str, inside: bool = True
) -> Key | None:
    """The table that an operation is about; `inside` False for those that make or drop the table itself."""
    value = given(arguments, position, "table_name", *names)
    schema = schema_of(arguments)
    if not isinstance(value, str) or isinstance(schema, Unknown):
        recorder.opaque("an operation on a table whose name is not known", inside=inside)
        return None
    return table_key(str(value), schema)


def create_table(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    name, schema = given(arguments, 0, "table_name", "name"), schema_of(arguments)
    if not isinstance(name, str) or isinstance(schema, Unknown):
        recorder.opaque("a table whose name is not known")
        return
    by_keyword = any(each.name in ("table_name", "name") for each in arguments)
    items = [each for each in arguments if each.name is None][0 if by_keyword else 1 :]
    recorder.new_table(str(name), table_key(str(name), schema)[0], items, arguments, flag(arguments, "if_not_exists"))


def drop_table(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 0, "name", inside=False)
    if key is not None:
        recorder.step(DropTable(key, flag(arguments, "if_exists")))


def rename_table(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 0, "old_table_name", inside=False)
    name = given(arguments, 1, "new_table_name")
    if key is not None and isinstance(name, str):
        recorder.step(RenameTable(key, str(name)))


def add_column(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key, column = _new_column(recorder, arguments)
    if key is not None and column is not None:
        for index in spatial_index(column, key[1]):
            recorder.step(CreateIndex(key, index))


def add_geospatial_column(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    """GeoAlchemy's own operation: unlike Alembic's, it leaves the index to `create_geospatial_index`."""
    _new_column(recorder, arguments)


def _new_column(recorder: Recorder, arguments: tuple[Argument, ...]) -> tuple[Key | None, Column | None]:
    """Add a column with the keys and indexes written in it; the table and the column where they are known."""
    key = table_argument(recorder, arguments, 0)
    if key is None:
        return None, None
    declared = recorder.declarations.column(given(arguments, 1, "column"), key[1], key[0])
    if isinstance(declared, Unknown):
        recorder.opaque(declared.what, key)
        return key, None
    recorder.step(AddColumn(key, declared.column, flag(arguments, "if_not_exists")))
    for constraint in declared.constraints:
        recorder.step(AddConstraint(key, constraint))
    for index in declared.indexes:
        recorder.step(CreateIndex(key, index))
    return key, declared.column


def drop_column(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key, name = table_argument(recorder, arguments, 0), given(arguments, 1, "column_name")
    if key is not None and isinstance(name, str):
        recorder.step(DropColumn(key, str(name), flag(arguments, "if_exists")))
    elif key is not None:
        recorder.opaque("a column whose name is not known is dropped", key)


def alter_column(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    table, schema, name = given(arguments, 0, "table_name"), schema_of(arguments), given(arguments, 1, "column_name")
    named = isinstance(table, str) and not isinstance(schema, Unknown)
    key = table_key(str(table), None if isinstance(schema, Unknown) else schema)
    renames = any(each.star or each.name in ("new_column_name", "name") for each in arguments)
    if named and isinstance(name, str):
        recorder.step(_altered(recorder, arguments, key, str(name)))
    elif renames:
        recorder.opaque("a column whose name is not known is altered", key if named else None, inside=True)
    else:
        reason = Unknown("a column whose name is not known is altered", recorder.location)
        recorder.step(Opaque(reason, key if named else None, inside=True, altered=_altered(recorder, arguments, key, str(name))))


def _altered(recorder: Recorder, arguments: tuple[Argument, ...], key: Key, name: str) -> AlterColumn:
    change = AlterColumn(key, name)
    for argument in arguments:
        value = argument.value
        if argument.star:
            recorder.opaque("a column is altered in ways that are not known", key)
        elif argument.name in ("type_",) and value is not None:
            change = replace(change, type=recorder.declarations.types.read(value, argument.location))
        elif argument.name == "nullable" and isinstance(value, bool | Unknown):
            change = replace(change, nullable=value)
        elif argument.name == "server_default" and made_by(value) == "sqlalchemy.Identity":
            change = replace(change, server_default=None, identity=identity_of(value))
        elif argument.name == "server_default" and value is not False:
            change = replace(change, identity=None)
            change = replace(change, server_default=recorder.declarations.default(value, argument.location))
        elif argument.name == "comment" and value is not False:
            change = replace(change, comment=str(value) if isinstance(value, str) else value if isinstance(value, Unknown) else None)
        elif argument.name in ("new_column_name", "name") and isinstance(value, str):
            change = replace(change, name=str(value))
        elif argument.name == "postgresql_using" and value is not None:
            text = sql_text(value, argument.location)
            change = replace(change, using=text if isinstance(text, str) else "?")
    return change


def create_index(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 1, "tablename")
    if key is None:
        return
    columns = given(arguments, 2, "columns")
    index = recorder.declarations.index(given(arguments, 0, "index_name", "name"), columns, arguments, recorder.location, key[1], key[0])
    recorder.step(CreateIndex(key, index, flag(arguments, "if_not_exists")))


def drop_index(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    name, table, schema = given(arguments, 0, "index_name", "name"), given(arguments, 1, "table_name", "tablename"), schema_of(arguments)
    if isinstance(schema, Unknown) or not (name is None or isinstance(name, str)):
        recorder.opaque("an index whose name is not known is dropped", table_key(table) if isinstance(table, str) else None)
        return
    key = table_key(str(table), schema) if isinstance(table, str) else None
    concurrently = flag(arguments, "postgresql_concurrently")
    recorder.step(DropIndex(plain_name(name, recorder.declarations.dialect), key, schema, flag(arguments, "if_exists"), concurrently))


def create_unique_constraint(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 1, "source")
    columns = names_of(given(arguments, 2, "columns", "local_cols"))
    if key is not None:
        name = recorder.declarations.name("uq", constraint_name(arguments), key[1], columns or (), key[0])
        unknown = None if columns else Unknown("the columns of a unique constraint", recorder.location)
        distinct = flag(arguments, "postgresql_nulls_not_distinct")
        deferrable = True if flag(arguments, "deferrable") else None
        recorder.step(AddConstraint(key, Unique(columns, name, deferrable, distinct, unknown, recorder.location)))


def create_primary_key(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 1)
    columns = names_of(given(arguments, 2, "columns", "cols"))
    if key is not None and columns:
        name = recorder.declarations.name("pk", constraint_name(arguments), key[1], columns, key[0])
        recorder.step(AddConstraint(key, PrimaryKey(columns, name, recorder.location)))


def create_foreign_key(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    source, target = given(arguments, 1, "source_table", "source"), given(arguments, 2, "referent_table", "referent")
    columns, targets = names_of(given(arguments, 3, "local_cols")), names_of(given(arguments, 4, "remote_cols"))
    schema, target_schema = named(arguments, "source_schema"), named(arguments, "referent_schema")
    if not isinstance(source, str):
        recorder.opaque("a foreign key of a table whose name is not known", inside=True)
        return
    key = table_key(str(source), schema if isinstance(schema, str) else None)
    known = isinstance(target, str) and columns is not None and targets is not None
    foreign = ForeignKey(
        columns, str(target) if isinstance(target, str) else None, targets,
        target_schema if isinstance(target_schema, str) else None,
        unknown=None if known else Unknown("the columns or target of a foreign key", recorder.location), location=recorder.location,
    )  # fmt: skip
    options = (Argument("name", constraint_name(arguments), recorder.location), *(each for each in arguments if each.name != "name"))
    constraint = recorder.declarations.with_options(foreign, options, key[1], key[0])
    recorder.step(AddConstraint(key, constraint, validated=not flag(arguments, "postgresql_not_valid")))


def create_check_constraint(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 1, "source")
    if key is None:
        return
    text = sql_text(given(arguments, 2, "condition"), recorder.location)
    name = recorder.declarations.name("ck", constraint_name(arguments), key[1], ())
    known = isinstance(text, str)
    check = Check(text if known else None, name, None if known else text, recorder.location)  # type: ignore[arg-type]
    recorder.step(AddConstraint(key, check, validated=not flag(arguments, "postgresql_not_valid")))


def drop_constraint(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 1, "source")
    if key is None:
        return
    written, sort = constraint_name(arguments), given(arguments, 2, "type_")
    name: str | Unknown | None = plain_name(written, recorder.declarations.dialect)
    if name is None and written is not None:
        name = written if isinstance(written, Unknown) else Unknown("a constraint whose name is not known", recorder.location)
    # Conventions rewrite names of the sorts they know, also of constraints that are dropped.
    short = {"foreignkey": "fk", "unique": "uq", "check": "ck", "primary": "pk"}.get(sort) if isinstance(sort, str) else None
    if isinstance(name, str) and short is not None and not isinstance(written, FinalName):
        template = recorder.declarations.convention.get(short, "")
        if "%(constraint_name)s" in template:
            name = recorder.declarations.name(short, written, key[1], ())
    recorder.step(DropConstraint(key, name, sort if isinstance(sort, str) else None, flag(arguments, "if_exists")))


def create_table_comment(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key, comment = table_argument(recorder, arguments, 0), given(arguments, 1, "comment")
    if key is not None:
        recorder.step(CommentTable(key, str(comment) if isinstance(comment, str) else Unknown("a comment", recorder.location)))


def drop_table_comment(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 0)
    if key is not None:
        recorder.step(CommentTable(key, None))


def create_exclude_constraint(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    key = table_argument(recorder, arguments, 1, "source")
    if key is not None:
        name = plain_name(constraint_name(arguments), recorder.declarations.dialect)
        elements = [each.value for each in arguments if each.name is None][2:]
        recorder.step(AddConstraint(key, exclusion_of_values(elements, arguments, name, recorder.location, element_name)))


def execute(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    recorder.sql(given(arguments, 0, "sqltext"))


def bulk_insert(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    recorder.step(ChangeRows(bulk_insert_text(arguments, recorder.state.dialect)))


def entity(recorder: Recorder, name: str, arguments: tuple[Argument, ...]) -> None:
    """`op.create_entity(PGFunction(…))` of alembic-utils: views, functions, triggers."""
    value = arguments[0].value if arguments else None
    if not isinstance(value, Instance):
        return
    view = view_of_entity(value)
    if view is not None:
        recorder.step(DropView(view.key, view.materialized) if name.startswith("drop") else CreateView(view, replaces=True))
        return
    statement = entity_sql(value, name.removesuffix("_entity"))
    if statement is not None:
        for operation in operations_of(statement, recorder.location):
            recorder.step(operation)
        return
    sort = (made_by(value) or "entity").rpartition(".")[2].removeprefix("PG").lower()
    signature = find_argument(value.arguments, "signature", 1)
    text = signature.value if signature and isinstance(signature.value, str) else "?"
    recorder.step(DropObject(sort, text) if name.startswith("drop") else CreateObject(sort, text, replaces=name.startswith("replace")))


def sync_enum_values(recorder: Recorder, arguments: tuple[Argument, ...]) -> None:
    """`op.sync_enum_values("public", "mood", ["sad", "ok"], …)` of alembic-postgresql-enum."""
    schema, name = given(arguments, 0, "enum_schema", "schema_name", "schema"), given(arguments, 1, "enum_name")
    values = given(arguments, 2, "new_values")
    if not isinstance(name, str) or isinstance(schema, Unknown):
        recorder.opaque("an enumeration whose name is not known")
        return
    known = isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
    new = tuple(str(value) for value in values) if known else Unknown("the values of an enumeration", recorder.location)
    recorder.step(SetEnumValues(str(name), new, None if schema in (None, "public") else str(schema)))


OPERATIONS: dict[str, Callable[[Recorder, tuple[Argument, ...]], None]] = {
    "create_table": create_table, "drop_table": drop_table, "rename_table": rename_table, "add_column": add_column,
    "add_geospatial_column": add_geospatial_column, "drop_column": drop_column, "alter_column": alter_column,
    "create_index": create_index, "drop_index": drop_index,
    "create_unique_constraint": create_unique_constraint, "create_primary_key": create_primary_key,
    "create_foreign_key": create_foreign_key, "create_check_constraint": create_check_constraint,
    "drop_constraint": drop_constraint, "create_table_comment": create_table_comment,
    "drop_table_comment": drop_table_comment, "create_exclude_constraint": create_exclude_constraint,
    "execute": execute, "bulk_insert": bulk_insert, "sync_enum_values": sync_enum_values,
}  # fmt: skip


def given(arguments: tuple[Argument, ...], position: int, *names: str) -> Value:
    for name in names:
        found = next((each for each in arguments if each.name == name), None)
        if found is not None:
            return found.value
    found = find_argument(arguments, names[0], position)
    return found.value if found is not None else None


def constraint_name(arguments: tuple[Argument, ...]) -> Value:
    return given(arguments, 0, "constraint_name", "name")


def named(arguments: tuple[Argument, ...], name: str) -> Value:
    return next((each.value for each in arguments if each.name == name), None)


def schema_of(arguments: tuple[Argument, ...]) -> str | Unknown | None:
    value = named(arguments, "schema")
    return str(value) if isinstance(value, str) else value if isinstance(value, Unknown) else None


def flag(arguments: tuple[Argument, ...], name: str) -> bool:
    return named(arguments, name) is True
