"""Bodies that read and write one table, where it is evident which: the plain cases that need no decision of a person.

Evident means: the resource in the path is named like the mapped class, the path's last parameter is its primary key, and
every field that is read, written or filtered by is a column of it. A row that belongs to a user is shown to that user only,
in the way the neighbours do it; they are copied where they load the same row. Anything else is not written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lsp_server.api.model import Operation
from lsp_server.database.model import Column, Table
from lsp_server.python.values import ClassValue
from lsp_server.repair.models import Catalogue, success_of
from lsp_server.repair.names import Names, snake_case
from lsp_server.repair.place import Place, steps
from lsp_server.repair.siblings import Part, Project


@dataclass(frozen=True, slots=True)
class Rows:
    """A mapped class, its table, and how this project reaches it."""

    cls: ClassValue
    table: Table
    key: Column
    session: Part
    user: Part | None
    owner: Column | None  # of the table: points at the user

    @property
    def is_async(self) -> bool:
        return (self.session.session or "").startswith("async")

    @property
    def sqlmodel(self) -> bool:
        return (self.session.session or "").endswith("sqlmodel")

    @property
    def variable(self) -> str:
        return snake_case(self.cls.name)


@dataclass(slots=True)
class Body:
    """Lines of a handler, and the parameters besides the request's that they need. `replaced`: what a dependency loads."""

    lines: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    row: str | None = None  # the variable that holds the loaded row
    replaced: str | None = None  # a path parameter that a part brings
    returns: str | None = None  # the type of what is returned, where it is not the answer's own
    answers: bool = False  # an object of the answer's own type is returned


@dataclass(frozen=True, slots=True)
class Request:
    """What the new handler gets: `bodies` and `values` name its parameters, by the request's."""

    operation: Operation
    place: Place
    body: str | None
    values: dict[str, str]  # the request's parameter -> the expression for it


def attribute(column: Column) -> str:
    return column.attribute or column.name


def mapped_classes(project: Project) -> list[tuple[Table, ClassValue]]:
    classes = {cls.location: cls for execution in project.interpreter.executions.values() for cls in execution.classes}
    return [(table, classes[table.location]) for database in project.snapshot.mapped for table in database.tables
            if table.location in classes]  # fmt: skip


def find_rows(project: Project, operation: Operation, place: Place, user: Part | None) -> Rows | None:
    """The mapped class that a path speaks of, reached with the session that the neighbours ask for."""
    words = [step for step in steps(operation.path) if step != "{}"]
    if not words:
        return None
    mapped = mapped_classes(project)
    found = [(table, cls) for table, cls in mapped if _names(words[-1], table, cls)]
    session = next((each.session for each in (*place.siblings, *project.siblings) if each.session is not None), None)
    if len(found) != 1 or session is None or found[0][0].incomplete is not None:
        return None
    table, cls = found[0]
    keys = [column for column in table.columns if column.primary_key is True]
    if len(keys) != 1:
        return None
    owners = []
    if user is not None:
        people = next((each for each, other in mapped if other is user.kind), None)
        owners = [
            column for key in table.foreign_keys
            if people is not None and people is not table and key.target_table == people.name and len(key.columns or ()) == 1
            and (column := table.column((key.columns or ("",))[0])) is not None
        ]  # fmt: skip
        if len(owners) > 1:
            return None
    return Rows(cls, table, keys[0], session, user, owners[0] if owners else None)


def _names(word: str, table: Table, cls: ClassValue) -> bool:
    """Whether a word of a path names a table: `order-items` is OrderItem, or the table `order_items`."""
    wanted, own = snake_case(word), snake_case(cls.name)
    return wanted in (table.name.lower(), own) or singular(wanted) in (own, singular(table.name.lower()))


def singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if re.search(r"(?:ss|sh|ch|x|z)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) else word


def own_account(names: Names, catalogue: Catalogue, operation: Operation, user: Part | None) -> Body | None:
    """`GET /users/me`: the row behind the credentials is the answer."""
    success = success_of(operation)
    if user is None or operation.method != "GET" or steps(operation.path)[-1:] not in (["me"], ["self"]) or operation.parameters:
        return None
    if not isinstance(user.kind, ClassValue) or success is None or success[1] is None:
        return None
    shape = catalogue.promised.of(success[1])
    known = {name for owner in user.kind.lineage() for name in (*owner.names, *owner.annotations)}
    if not shape.known or not shape.properties or not set(shape.properties) <= known:
        return None
    return Body([f"return {user.name}"], [user], returns=names.value(user.kind))
