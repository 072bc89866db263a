"""What specs promise, what code answers, what tables hold, and sections of documents: our own views, beside the text they were read from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import nearest, normalised
from lsp_server.agent.tool import Arguments, Tool, ToolError, takes, text
from lsp_server.agent.tools.shown import bounded, lines_of, listed, numbered
from lsp_server.api.facts import spec_facts
from lsp_server.api.model import Api, Operation
from lsp_server.database.facts import table_facts
from lsp_server.document import Kind, kind_of
from lsp_server.outline import Sort, outline
from lsp_server.snapshot import Snapshot
from lsp_server.text import Location

_OPERATIONS = 300
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


def list_operations(bench: Workbench, arguments: Arguments) -> str:
    snapshot, wanted = bench.draft.snapshot, arguments.get("contains", "").lower()
    lines = []
    for api, operation, routes in _operations(bench):
        said = f"{operation.method} {operation.path} ({_known(operation.operation_id) or 'no operationId'}), {_place(snapshot, operation.location)}: "
        said += ", ".join(routes) if routes else "not implemented"
        if wanted in said.lower() or wanted in api.source.lower():
            lines.append(said)
    if not lines:
        raise ToolError("no operation fits" if wanted else "there is no OpenAPI specification with operations here")
    return listed(lines, _OPERATIONS, "narrow it with `contains`")


def read_operation(bench: Workbench, arguments: Arguments) -> str:
    snapshot, wanted = bench.draft.snapshot, arguments["operation"].strip()
    every = list(_operations(bench))
    found = [each for each in every if _is_called(each[1], wanted)]
    if not found:
        names = tuple(f"{operation.method} {operation.path}" for _, operation, _ in every)
        raise ToolError(f"no specification promises {wanted}{nearest(wanted, names)}; list_operations lists all")
    parts = []
    for api, operation, routes in found[:3]:
        whole = operation.declaration or operation.location
        parts.append(f"{operation.method} {operation.path}, {_place(snapshot, whole)}\nimplemented by: {', '.join(routes) or 'nothing'}")
        parts.append(f"As the specification writes it:\n{_excerpt(snapshot, whole)}")
        facts = spec_facts([_alone(api, operation)], snapshot.line)
        read = [json.dumps(route, ensure_ascii=False) for route in facts["routes"]]
        read += [f"{name}: {json.dumps(schema, ensure_ascii=False)}" for name, schema in facts["schemas"].items()]
        parts.append("\n".join(["As it is read, with the schemas it refers to:", *read]))
    return bounded("\n\n".join(parts), "read_file shows the specification")


def read_table(bench: Workbench, arguments: Arguments) -> str:
    snapshot, wanted = bench.draft.snapshot, arguments["table"].strip()
    parts: list[str] = []
    names: set[str] = set()
    views = [("as the models map it", database) for database in snapshot.mapped]
    views += [(f"as the migrations in {replay.history.folder or '.'} have made it", replay.database) for replay in snapshot.histories]
    for what, database in views:
        for table in database.tables:
            if table.location is not None and not bench.draft.boundary.sees(table.location.path):
                continue
            names.add(table.full_name)
            if table.full_name == wanted or table.name == wanted:
                parts.append(f"{table.full_name} {what}:\n{json.dumps(table_facts(table, snapshot.line), ensure_ascii=False)}")
    if not parts:
        known = f"; there are {', '.join(sorted(names)[:60])}" if names else "; there are no tables here"
        raise ToolError(f"no model maps and no migration makes {wanted}{known}")
    return bounded("\n\n".join(parts), "read_file shows the models")


def read_section(bench: Workbench, arguments: Arguments) -> str:
    path = normalised(arguments["path"])
    content = bench.draft.read(path)
    if kind_of(path) is not Kind.MARKDOWN:
        raise ToolError(f"{path}: not a Markdown document; read_file shows it")
    lines = lines_of(content)
    headings = list(_headings(lines))
    if not headings:
        raise ToolError(f"{path}: has no headings; read_file shows it")
    wanted = arguments.get("heading")
    if wanted is None:
        return numbered((number + 1, f"{'#' * level} {title}") for number, level, title in headings)
    plain = " ".join(wanted.strip("# ").lower().split())
    found = [each for each in headings if each[2].lower() == plain] or [each for each in headings if plain in each[2].lower()]
    if not found:
        titles = tuple(title for _, _, title in headings)
        raise ToolError(f"{path}: there is no heading {wanted}{nearest(wanted, titles)}; without a heading all are listed")
    if len(found) > 1:
        raise ToolError(f"{path}: several headings fit: {', '.join(f'{title} (line {number + 1})' for number, _, title in found[:10])}")
    first, level, _ = found[0]
    last = next((number for number, other, _ in headings if number > first and other <= level), len(lines))
    return bounded(numbered((number + 1, lines[number]) for number in range(first, last)), "read_file shows the rest")


def _operations(bench: Workbench) -> Iterator[tuple[Api, Operation, tuple[str, ...]]]:
    """Every promised operation that may be seen, with where it is implemented."""
    snapshot, sees = bench.draft.snapshot, bench.draft.boundary.sees
    if not snapshot.promised:
        return
    ends = {
        entry.whole: tuple(f"{other.detail or other.title} in {_place(snapshot, other.name)}" for other in entry.others if sees(other.name.path))
        for entries in outline(snapshot).by_path.values() for entry in entries if entry.sort is Sort.OPERATION
    }  # fmt: skip
    for api in snapshot.promised:
        for operation in api.operations:
            whole = operation.declaration or operation.location
            if sees(whole.path):
                yield api, operation, ends.get(whole, ())


def _is_called(operation: Operation, wanted: str) -> bool:
    name = f"{operation.method} {operation.path}"
    return wanted.lower() in (name.lower(), operation.path.lower()) or _known(operation.operation_id) == wanted


def _known(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _alone(api: Api, operation: Operation) -> Api:
    """The specification with this operation only, and the schemas that it leads to."""
    needed: dict[str, None] = {}
    waiting: list[object] = [operation]
    while waiting:
        for name in _references(waiting.pop()):
            if name in api.schemas and name not in needed:
                needed[name] = None
                waiting.append(api.schemas[name])
    return replace(api, operations=(operation,), schemas={name: api.schemas[name] for name in needed})


def _references(part: object) -> Iterable[str]:
    """The names of schemas that something refers to, at any depth."""
    from dataclasses import fields, is_dataclass

    waiting = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tuple | list):
            waiting.extend(each)
        elif is_dataclass(each) and not isinstance(each, type):
            for field in fields(each):
                value: Any = getattr(each, field.name)
                if field.name == "ref" and isinstance(value, str):
                    yield value
                elif not isinstance(value, str | int | float | None):
                    waiting.append(value)


def _place(snapshot: Snapshot, location: Location) -> str:
    return f"{location.path}:{snapshot.line(location)}"


def _excerpt(snapshot: Snapshot, location: Location) -> str:
    """The lines of a place, with their numbers."""
    document = snapshot.documents[location.path]
    lines = lines_of(document.text)
    first = document.lines.position(location.span.start).line
    last = document.lines.position(max(location.span.end - 1, location.span.start)).line
    return numbered((number + 1, lines[number]) for number in range(first, min(last + 1, len(lines))))


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Line (0-based), level and title of every heading outside of code."""
    fence = None
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark:
            fence = None if fence == mark[1] else fence or mark[1]
        elif fence is None and (match := _HEADING.match(line)):
            yield number, len(match[1]), match[2]


TOOLS = (
    Tool(
        "list_operations",
        "The operations that the OpenAPI specifications promise, and the code that answers each.",
        takes(optional={"contains": text("Only those whose line has this text.")}),
        list_operations,
        ("Read",),
    ),
    Tool(
        "read_operation",
        "One operation of the specification: its text, and how it is read, with every schema it refers to.",
        takes({"operation": text('Method and path, such as "POST /orders", or the operationId.')}),
        read_operation,
        ("Read",),
    ),
    Tool(
        "read_table",
        "One table: its columns, keys and indexes as the models map it and as the migrations have made it.",
        takes({"table": text("The table's name, such as orders.")}),
        read_table,
        ("Read",),
    ),
    Tool(
        "read_section",
        "One section of a Markdown document (a story, its criteria, a chapter of the architecture), or the list of its headings.",
        takes({"path": text("The document.")}, {"heading": text("The section's heading. Without it all headings are listed.")}),
        read_section,
        ("Read",),
    ),
)
