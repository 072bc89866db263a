"""The handler's lines for one operation on a table: load, list, create, change, delete, as the project writes such lines.

Gives None wherever the plain case would need a decision. What is evident, and how rows are reached, is `rows.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.api.compare_values import Direction
from lsp_server.api.model import Schema, anonymous_path, path_parameters
from lsp_server.api.type_source import quoted
from lsp_server.database.model import Column
from lsp_server.python.lower import Node
from lsp_server.python.values import ClassValue, Instance
from lsp_server.repair.models import Catalogue, body_of, success_of
from lsp_server.repair.names import Names, names_in
from lsp_server.repair.rows import Body, Request, Rows, attribute, singular
from lsp_server.repair.siblings import Project, Sibling
from lsp_server.unknown import Unknown

_LIMIT = ("limit", "page_size", "per_page", "size")
_OFFSET = ("offset", "skip")
_TOTAL = ("total", "count", "total_count")
_DECLARED = frozenset({"400", "401", "403", "404", "422", "429", "default"})  # errors that need no business rule


def write_body(project: Project, catalogue: Catalogue, names: Names, request: Request, rows: Rows) -> Body | None:
    """The body for one operation on a table; None where it would need a decision."""
    operation = request.operation
    success = success_of(operation)
    if success is None or isinstance(operation.responses, Unknown) or isinstance(operation.parameters, Unknown):
        return None
    allowed = _DECLARED | ({"409"} if operation.method == "POST" else set())
    if any(not each.status.startswith("2") and each.status not in allowed for each in operation.responses):
        return None
    last = operation.path.rstrip("/").rpartition("/")[2]
    writer = _Writer(project, catalogue, names, request, rows, success[1])
    on_item = last.startswith("{")
    if on_item and operation.method in ("GET", "PUT", "PATCH", "DELETE"):
        return writer.on_row()
    if not on_item and operation.method == "GET":
        return writer.listing()
    return writer.creation() if not on_item and operation.method == "POST" else None


@dataclass(slots=True)
class _Writer:
    """One operation's body in the making."""

    project: Project
    catalogue: Catalogue
    names: Names
    request: Request
    rows: Rows
    answer: Schema | None

    # One row

    def on_row(self) -> Body | None:
        operation, rows = self.request.operation, self.rows
        queries = [each.name for each in operation.parameters if each.where != "path"]  # type: ignore[union-attr]
        if queries:
            return None
        body = self._loaded_by_dependency() or self._loaded_as_neighbours() or self._loaded()
        if body is None:
            return None
        variable = body.row or rows.variable
        if operation.method == "GET":
            if not self._answers_row():
                return None
            body.lines.append(f"return {variable}")
            body.returns = self._class()
            return body
        if operation.method == "DELETE":
            return self._deletion(body, variable)
        return self._update(body, variable)

    def _deletion(self, body: Body, variable: str) -> Body | None:
        wait = "await " if self.rows.is_async else ""
        answer = self._message(f"{self.rows.cls.name} deleted successfully") if self.answer is not None else ""
        if answer is None:
            return None
        session = self._session(body)
        body.answers = bool(answer)
        body.lines.extend((f"{wait}{session}.delete({variable})", f"{wait}{session}.commit()", *((answer,) if answer else ())))
        return body

    def _update(self, body: Body, variable: str) -> Body | None:
        fields = self._body_fields()
        if fields is None or self.request.body is None or not self._answers_row():
            return None
        columns = {attribute(column): column for column in self.rows.table.columns}
        if not set(fields) <= set(columns) - {attribute(self.rows.key)}:
            return None
        nullable = any(self.catalogue.promised.of(schema).nullable and columns[name].nullable is False for name, schema in fields.items())
        schema = body_of(self.request.operation)
        required = schema is not None and any(entry.required is True for entry in self.catalogue.promised.of(schema).properties.values())
        partial = self.request.operation.method == "PATCH" or not required
        dump = "dict" if self.project.version == 1 else "model_dump"
        given = "exclude_none=True" if partial and nullable else "exclude_unset=True" if partial else ""
        if nullable and not partial:
            return None
        session, wait = self._session(body), "await " if self.rows.is_async else ""
        body.lines.extend((
            f"for name, value in {self.request.body}.{dump}({given}).items():", f"    setattr({variable}, name, value)",
            f"{wait}{session}.commit()", f"{wait}{session}.refresh({variable})", f"return {variable}",
        ))  # fmt: skip
        body.returns = self._class()
        return body

    def _loaded_by_dependency(self) -> Body | None:
        """A neighbour asks for the row itself: `book: BookDep`."""
        last = path_parameters(self.request.operation.path)[-1]
        for sibling in self.project.siblings:
            if anonymous_path(sibling.operation.path).endswith(anonymous_path(self.request.place.own_path)) and sibling.path == self.names.document.path:
                for part in sibling.parts:
                    if part.dependency is not None and part.kind is self.rows.cls and part.parameters == (last,) and not part.secures:
                        return Body([], [part], part.name, last)
        return None

    def _loaded_as_neighbours(self) -> Body | None:
        """What a neighbour on the same path does to get the row: the loading and every refusal behind it."""
        wanted = anonymous_path(self.request.operation.path).rstrip("/")
        near = [each for each in self.request.place.siblings if anonymous_path(each.operation.path).rstrip("/").endswith(wanted)]
        writes = self.request.operation.method != "GET"
        for sibling in sorted(near, key=lambda each: ((each.operation.method != "GET") != writes, each.node[1])):
            copied = self._copied(sibling)
            if copied is not None:
                return copied
        return None

    def _copied(self, sibling: Sibling) -> Body | None:
        statements = _statements(sibling.node)
        if not statements or sibling.session is None:
            return None
        first = statements[0]
        variable = _loads(first, self.rows.cls.name, sibling)
        if variable is None:
            return None
        kept = [first]
        for statement in statements[1:]:
            if statement[0] != "if" or statement[5] or not all(inner[0] == "raise" for inner in statement[4]):
                break
            kept.append(statement)
        used = set(names_in(tuple(kept)))
        bound = {part.name for part in sibling.parts}
        parts = [part for part in sibling.parts if part.name in used and (part.session or part.secures or part.dependency is not None)]
        renames = self._renames(sibling)
        plain = {part.name for part in sibling.parts} - {part.name for part in parts}
        if len(kept) < 2 or variable not in set(names_in(kept[1])) or (used & plain) - set(renames) or (used & bound) - set(renames) - {p.name for p in parts}:
            return None
        if self.rows.owner is not None and self.rows.user is None:
            return None
        lines = []
        text = sibling.document.text
        for statement in kept:
            source = _dedented(text, statement)
            for old, new in renames.items():
                source = re.sub(rf"(?<![\w.\"']){re.escape(old)}(?!\w)", new, source)
            lines.append(self.names.carry(statement, source, sibling.path))
        return Body(lines, parts, variable)

    def _renames(self, sibling: Sibling) -> dict[str, str]:
        """The neighbour's path parameters as the new handler calls them."""
        theirs, ours = path_parameters(sibling.operation.path)[::-1], path_parameters(self.request.operation.path)[::-1]
        return {part.name: self.request.values[mine] for part in sibling.parts for other, mine in zip(theirs, ours)
                if part.parameters == (other,) and part.dependency is None and mine in self.request.values}  # fmt: skip

    def _loaded(self) -> Body | None:
        rows, operation = self.rows, self.request.operation
        names = path_parameters(operation.path)
        key = rows.key.name
        if names[-1] not in (key, attribute(rows.key), f"{rows.variable}_{key}", f"{singular(rows.table.name)}_{key}"):
            return None
        conditions = self._parents(names[:-1])
        if conditions is None:
            return None
        if rows.owner is not None and rows.user is not None:
            conditions.append(f"{rows.variable}.{attribute(rows.owner)} != {self._user_key()}")
        body = Body()
        wait = "await " if rows.is_async else ""
        body.lines.append(f"{rows.variable} = {wait}{self._session(body)}.get({self._class()}, {self.request.values[names[-1]]})")
        test = " or ".join((f"{rows.variable} is None", *conditions))
        body.lines.extend((f"if {test}:", f"    {self._refusal(404, f'{rows.cls.name} not found')}"))
        if conditions and rows.user is not None and rows.owner is not None:
            body.parts.append(rows.user)
        return body

    def _parents(self, parameters: Sequence[str]) -> list[str] | None:
        """Conditions that the row lies under the resources named before it in the path."""
        found = []
        for name in parameters:
            column = self.rows.table.column(name)
            if column is None:
                return None
            found.append(f"{self.rows.variable}.{attribute(column)} != {self.request.values[name]}")
        return found

    # Many rows

    def listing(self) -> Body | None:
        rows, operation = self.rows, self.request.operation
        if self.answer is None or isinstance(operation.parameters, Unknown):
            return None
        shape = self.catalogue.promised.of(self.answer)
        body = Body()
        session = self._session(body)
        wait = "await " if rows.is_async else ""
        select = self.names.external("sqlmodel" if rows.sqlmodel else "sqlalchemy", "select")
        cls = self._class()
        filters = [f"{cls}.{attribute(column)} == {self.request.values[name]}" for name in path_parameters(operation.path)
                   if (column := rows.table.column(name)) is not None]  # fmt: skip
        if len(filters) != len(path_parameters(operation.path)):
            return None
        if rows.owner is not None and rows.user is not None:
            filters.append(f"{cls}.{attribute(rows.owner)} == {self._user_key()}")
            body.parts.append(rows.user)
        where = f".where({', '.join(filters)})" if filters else ""
        lines = [f"query = {select}({cls}){where}"]
        limit = offset = page = None
        for parameter in operation.parameters:
            if parameter.where == "path":
                continue
            value = self.request.values.get(parameter.name)
            column = rows.table.column(parameter.name)
            if parameter.name in _LIMIT:
                limit = value
            elif parameter.name in _OFFSET:
                offset = value
            elif parameter.name == "page":
                page = value
            elif column is not None and value is not None and not {"array", "object"} & self.catalogue.promised.of(parameter.schema).types:
                condition = f"query = query.where({cls}.{attribute(column)} == {value})"
                lines.extend((condition,) if parameter.required is True else (f"if {value} is not None:", f"    {condition}"))
            else:
                return None
        if page is not None:
            if limit is None or offset is not None:
                return None
            offset = f"({page} - 1) * {limit}"
        paged = "".join(f".{name}({value})" for name, value in (("offset", offset), ("limit", limit)) if value is not None)
        ordered = f"query.order_by({cls}.{attribute(rows.key)}){paged}"
        run = f"{session}.exec" if rows.sqlmodel else f"{session}.scalars"
        fetched = f"{run}({ordered}).all()"
        if wait:
            lines.append(f"found = {wait}{run}({ordered})")
            fetched = "found.all()"
        if shape.types == {"array"}:
            if shape.items is None or not self._is_row(shape.items):
                return None
            lines.append(f"return {fetched}")
            body.returns = f"{self.names.external('collections.abc', 'Sequence')}[{cls}]"
        else:
            answer = self._page(session, wait, fetched, limit, offset)
            if answer is None:
                return None
            lines.extend(answer)
            body.returns = f"dict[str, {self.names.external('typing', 'Any')}]"
        body.lines = lines
        return body

    def _page(self, session: str, wait: str, fetched: str, limit: str | None, offset: str | None) -> list[str] | None:
        """An answer with the rows in one property and their number, the bounds asked for, in others."""
        assert self.answer is not None
        entries, total = [], False
        for name, entry in self.catalogue.promised.of(self.answer).properties.items():
            shape = self.catalogue.promised.of(entry.schema)
            if shape.types == {"array"} and shape.items is not None and self._is_row(shape.items):
                entries.append(f"{quoted(name)}: rows")
            elif name in _TOTAL:
                entries.append(f"{quoted(name)}: total")
                total = True
            elif name in _LIMIT and limit is not None:
                entries.append(f"{quoted(name)}: {limit}")
            elif name in _OFFSET and offset is not None:
                entries.append(f"{quoted(name)}: {offset}")
            elif name == "page" and self.request.values.get("page"):
                entries.append(f"{quoted(name)}: {self.request.values['page']}")
            elif entry.required is not False:
                return None
        if not any(entry.endswith(": rows") for entry in entries):
            return None
        lines = []
        if total:
            package = "sqlmodel" if self.rows.sqlmodel else "sqlalchemy"
            count = f"{self.names.external(package, 'select')}({self.names.external(package, 'func')}.count()).select_from(query.subquery())"
            lines.append(f"total = {session}.exec({count}).one()" if self.rows.sqlmodel and not wait else
                         f"total = (await {session}.exec({count})).one()" if self.rows.sqlmodel else f"total = {wait}{session}.scalar({count})")  # fmt: skip
        return [*lines, f"rows = {fetched}", "return {" + ", ".join(entries) + "}"]

    # A new row

    def creation(self) -> Body | None:
        rows, operation = self.rows, self.request.operation
        fields = self._body_fields()
        if fields is None or self.request.body is None or not self._answers_row():
            return None
        if any(each.where != "path" for each in operation.parameters):  # type: ignore[union-attr]
            return None
        columns = {attribute(column): column for column in rows.table.columns}
        given = {name: f"{name}={self.request.values[name]}" for name in path_parameters(operation.path) if name in columns}
        if len(given) != len(path_parameters(operation.path)) or not set(fields) <= set(columns) or set(fields) & set(given):
            return None
        body = Body()
        if rows.owner is not None and rows.user is not None and attribute(rows.owner) not in fields:
            given[attribute(rows.owner)] = f"{attribute(rows.owner)}={self._user_key()}"
            body.parts.append(rows.user)
        if any(_is_owed(rows, column, fields, given, self.catalogue) for column in rows.table.columns):
            return None
        session, wait = self._session(body), "await " if rows.is_async else ""
        checks = self._conflicts(fields, session, wait)
        if checks is None:
            return None
        dump = "dict" if self.project.version == 1 else "model_dump"
        arguments = ", ".join((f"**{self.request.body}.{dump}()", *given.values()))
        body.lines.extend((
            *checks, f"{rows.variable} = {self._class()}({arguments})", f"{session}.add({rows.variable})", f"{wait}{session}.commit()",
            f"{wait}{session}.refresh({rows.variable})", f"return {rows.variable}",
        ))  # fmt: skip
        body.returns = self._class()
        return body

    def _conflicts(self, fields: dict[str, Schema], session: str, wait: str) -> list[str] | None:
        """The check behind a declared 409: the one unique column of the request is taken already."""
        if self.request.operation.response("409") is None:
            return []
        unique = [key.columns[0] for key in self.rows.table.uniques if key.columns is not None and len(key.columns) == 1]
        unique.extend(index.columns[0] for index in self.rows.table.indexes
                      if index.unique is True and index.columns is not None and len(index.columns) == 1)  # fmt: skip
        taken = [column for column in self.rows.table.columns if column.name in unique and attribute(column) in fields]
        if len(taken) != 1:
            return None
        name, cls = attribute(taken[0]), self._class()
        package = "sqlmodel" if self.rows.sqlmodel else "sqlalchemy"
        query = f"{self.names.external(package, 'select')}({cls}).where({cls}.{name} == {self.request.body}.{name})"
        run = f"{session}.exec" if self.rows.sqlmodel else f"{session}.scalars"
        refusal = self._refusal(409, f"{self.rows.cls.name} with this {name} already exists")
        return [f"taken = {wait}{run}({query})", "if taken.first() is not None:", f"    {refusal}"]

    # Parts

    def _session(self, body: Body) -> str:
        known = next((part for part in body.parts if part.session), None)
        if known is None:
            body.parts.insert(0, self.rows.session)
            known = self.rows.session
        return known.name

    def _class(self) -> str:
        return self.names.value(self.rows.cls) or self.rows.cls.name

    def _user_key(self) -> str:
        assert self.rows.user is not None and self.rows.owner is not None
        key = next((key for key in self.rows.table.foreign_keys if key.columns == (self.rows.owner.name,)), None)
        target = (key.target_columns or ("id",))[0] if key is not None else "id"
        return f"{self.rows.user.name}.{target}"

    def _is_row(self, schema: Schema) -> bool:
        """Whether every field of a schema is an attribute of the mapped class."""
        shape = self.catalogue.promised.of(schema)
        known = {name for owner in self.rows.cls.lineage() for name in (*owner.names, *owner.annotations)}
        known |= {attribute(column) for column in self.rows.table.columns}
        return shape.known and bool(shape.properties) and set(shape.properties) <= known

    def _answers_row(self) -> bool:
        return self.answer is not None and self._is_row(self.answer)

    def _body_fields(self) -> dict[str, Schema] | None:
        """The fields of the request, by the attribute of the class that reads it."""
        schema = body_of(self.request.operation)
        if schema is None:
            return None
        shape = self.catalogue.promised.of(schema)
        if not shape.known or not shape.properties:
            return None
        return {name: entry.schema for name, entry in shape.properties.items() if not self.catalogue.promised.of(entry.schema).read_only}

    def _message(self, text: str) -> str | None:
        """An answer that is one sentence: `return Message(message="…")`."""
        assert self.answer is not None
        found = self.catalogue.find(self.answer, Direction.RESPONSE)
        properties = self.catalogue.promised.of(self.answer).properties
        if not isinstance(found, ClassValue) or len(properties) != 1:
            return None
        (name, entry), = properties.items()
        if self.catalogue.promised.of(entry.schema).types != {"string"} or name not in ("message", "detail", "msg"):
            return None
        return f"return {self.names.value(found)}({name}={quoted(text)})"

    def _known_refusal(self, status: int) -> str | None:
        """What the file says already where a row of this class is not there."""
        if status != 404:
            return None
        for found in re.finditer(r"raise HTTPException\([^()\n]*404[^()\n]*\)", self.names.document.text):
            if re.search(rf"\b{re.escape(self.rows.variable.replace('_', ' '))}\b", found[0], re.IGNORECASE):
                return found[0]
        return None

    def _refusal(self, status: int, detail: str) -> str:
        """`raise HTTPException(…)` as the file spells it."""
        known = self._known_refusal(status)
        if known is not None:
            return known
        words = {404: "HTTP_404_NOT_FOUND", 409: "HTTP_409_CONFLICT"}
        exception = self.names.external("fastapi", "HTTPException")
        text = self.names.document.text
        if re.search(r"HTTPException\(\s*(?:status_code\s*=\s*)?status\.HTTP_", text):
            code = f"{self.names.external('fastapi', 'status')}.{words[status]}"
        else:
            code = str(status)
        keyword = "" if re.search(r"HTTPException\(\s*(?:status\.|\d)", text) else "status_code="
        dot = "." if re.search(r"detail=\"[^\"\n]*\.\"", text) else ""
        return f"raise {exception}({keyword}{code}, detail={quoted(detail + dot)})"


def _is_owed(rows: Rows, column: Column, fields: dict[str, Schema], given: dict[str, str], catalogue: Catalogue) -> bool:
    """Whether a new row cannot do without a column that nobody fills."""
    name = attribute(column)
    if name in given or (name in fields and not (catalogue.promised.of(fields[name]).nullable and column.nullable is False)):
        return False
    if name in fields:
        return True
    if column.primary_key is True and isinstance(column.type.family, str) and "INT" in column.type.family:
        return False
    filled = column.default is not None or column.server_default is not None or column.identity is not None or column.computed is not None
    declared = rows.cls.find(name)
    if declared is not None and isinstance(declared[1], Instance) and declared[1].argument("default_factory") is not None:
        return False  # SQLModel makes the value before the column is asked
    return column.nullable is not True and not filled


def _statements(function: Node) -> list[Node]:
    body = list(function[8])
    if body and body[0][0] == "expr" and body[0][3][0] == "const" and isinstance(body[0][3][3], str):
        body = body[1:]
    return body


def _loads(statement: Node, cls: str, sibling: Sibling) -> str | None:
    """The variable of `row = session.get(Class, key)`, awaited or not."""
    if statement[0] != "assign" or len(statement[3]) != 1 or statement[3][0][0] != "name":
        return None
    value = statement[4][3] if statement[4][0] == "await" else statement[4]
    if value[0] != "call" or value[3][0] != "attr" or value[3][4] != "get" or len(value[4]) != 2:
        return None
    model, key = value[4]
    session = value[3][3]
    wanted = sibling.session.name if sibling.session is not None else None
    if session[0] != "name" or session[3] != wanted or model[0] not in ("name", "attr") or key[0] != "name":
        return None
    return str(statement[3][0][3]) if (model[3] if model[0] == "name" else model[4]) == cls else None


def _dedented(text: str, statement: Node) -> str:
    """A statement's source with the indentation of its first line taken from all of them."""
    start = max(text.rfind("\n", 0, statement[1]), text.rfind("\r", 0, statement[1])) + 1
    indent = text[start : statement[1]]
    lines = text[statement[1] : statement[2]].replace("\r\n", "\n").split("\n")
    return "\n".join([lines[0], *(line.removeprefix(indent) for line in lines[1:])])
