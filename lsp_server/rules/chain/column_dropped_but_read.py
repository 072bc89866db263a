"""A revision drops a column that code still reads.

## What it does

For each column that the migrations had made and then dropped, and that the mapped class has no attribute for any more,
looks for code that still reads it from that class: `Author.website`, `select(Author.website)`,
`select(Author).filter_by(website=…)`, `author.website` where `author: Author` is a parameter.

Only where the class is known for sure: its name leads through the imports to the mapped class, all of its bases are known,
and nothing sets or guards the attribute. A response model that still names the column is reported by `field-without-column`.

## Why it matters

The model and the migrations agree, every check of the two is green, and the query fails with an AttributeError on the
first request that comes by.

## How to fix

Take the reading code out, or bring the column back.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_server.database.model import Revision, Table
from lsp_server.database.operations import DropColumn
from lsp_server.document import Kind, kind_of
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.python.lower import Node
from lsp_server.python.values import ClassValue, ModuleValue, Value
from lsp_server.python.walk import walk
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.database import Drift
from lsp_server.text import Location, Span

_SAME_ROWS = frozenset({"filter", "where", "filter_by", "order_by", "limit", "offset", "distinct", "execution_options", "with_for_update"})
_NEAR = 200  # characters before a word that are looked at
_BY_NAME = re.compile(r"(?:back(?:ref|_populates)\s*=\s*(?:backref\(\s*)?|(?:has|get|set)attr\([^()]*)[\"']$")
_ASSIGNED = re.compile(r"\s*=(?!=)")
_HOLDER = re.compile(r"(\w+)\s*\.\s*$")
_FILTER = re.compile(r"\bfilter_by\s*\([^()]*$")
_DYNAMIC = ("__getattr__", "__getattribute__")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column that is gone from the database and from its class."""

    cls: ClassValue
    table: Table
    name: str
    revision: Revision
    location: Location


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in snapshot.drifts:
        for dropped in _dropped(snapshot, drift):
            for path in _mentioning(snapshot, drift, dropped):
                yield from _reads(snapshot, path, dropped)


def _dropped(snapshot: Snapshot, drift: Drift) -> Iterator[Dropped]:
    """What the last revision that speaks of a column drops, and the class does not have either."""
    tables = {table.key: table for table in drift.mapped.tables if table.origin and table.incomplete is None and table.maybe is None}
    last: dict[tuple[object, str], tuple[Revision, Location]] = {}
    for each in drift.replay.revisions:
        for step in each.steps:
            operation = step.operation
            if isinstance(operation, DropColumn) and step.condition is None and operation.table in tables:
                table = each.before.tables.get(operation.table)
                if table is not None and table.column(operation.column) is not None:
                    last[operation.table, operation.column] = (each.revision, step.location)
    classes: dict[Location, ClassValue] = {}
    for (key, name), (revision, location) in last.items():
        table = tables[key]  # type: ignore[index]
        now = drift.replay.database.table(table.name, table.schema)
        if now is None or now.incomplete is not None or now.column(name) is not None or table.location is None:
            continue
        if any(name in (column.name, column.attribute) for column in table.columns):
            continue
        if not classes:
            run = snapshot.interpreter.run
            paths = {each.location.path for each in tables.values() if each.location is not None}
            classes = {cls.location: cls for path in paths for cls in run(path).classes}
        cls = classes.get(table.location)
        if cls is not None and _lacks(cls, name):
            yield Dropped(cls, table, name, revision, location)


def _lacks(cls: ClassValue, name: str) -> bool:
    """Whether a class has no attribute of that name for sure."""
    if cls.unknown_bases() or any(cls.find(each) is not None for each in _DYNAMIC):
        return False
    return not any(name in each.names or name in each.annotations for each in cls.lineage())


def _mentioning(snapshot: Snapshot, drift: Drift, dropped: Dropped) -> list[str]:
    """Files worth a look. None where some file makes the attribute otherwise: a back reference, an assignment, a guard."""
    folders = tuple(f"{folder}/" for folder in drift.replay.history.versions if folder)
    found = []
    for path in sorted(snapshot.documents):
        if kind_of(path) is not Kind.PYTHON or path.startswith(folders):
            continue
        snapshot.check_cancelled()
        text = snapshot.documents[path].text
        places = list(_places(text, dropped.name))
        if any(_makes(before, after, dropped.cls.name) for before, after in places):
            return []
        if dropped.cls.name in text and _may_read(text, places, dropped.cls.name):
            found.append(path)
    return found


def _places(text: str, name: str) -> Iterator[tuple[str, str]]:
    """The text just before and just behind each place of a word. Looking by hand: most files hold the word nowhere."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        before, after = text[max(start - _NEAR, 0) : start], text[end : end + 8]
        if not (before[-1:].isalnum() or before[-1:] == "_" or after[:1].isalnum() or after[:1] == "_"):
            yield before, after
        start = text.find(name, end)


def _makes(before: str, after: str, cls: str) -> bool:
    """Whether the attribute is made or guarded here: a back reference, `getattr` and its like, an assignment to the class."""
    if before.endswith(("'", '"')):
        return _BY_NAME.search(before) is not None
    return before.endswith(f"{cls}.") and _ASSIGNED.match(after) is not None


def _may_read(text: str, places: Sequence[tuple[str, str]], cls: str) -> bool:
    """A quick look, for a syntax tree costs time: the attribute behind the class's name or behind a name annotated with it,
    or given to `filter_by`."""
    if any(_ASSIGNED.match(after) and _FILTER.search(before) for before, after in places):
        return True
    holders = {holder[1] for before, _ in places if (holder := _HOLDER.search(before)) is not None}
    names = {cls, *re.findall(rf"\b{re.escape(cls)}\s+as\s+(\w+)", text)} if holders else set()
    if holders & names:
        return True
    annotated = [holder for holder in holders if f"{holder}:" in text or f"{holder} :" in text]
    return any(re.search(rf"\b{holder}\s*:\s*[\"']?(?:\w+\.)*{name}\b", text) for holder in annotated for name in names)


def _reads(snapshot: Snapshot, path: str, dropped: Dropped) -> Iterator[Finding]:
    body = snapshot.module(path).body
    if any(node[0] in ("assign", "augassign", "annassign") and _sets(node, dropped.name) for node in walk(body)):
        return
    for node in _reading(snapshot, path, body, dropped):
        yield Finding(
            RULE.name,
            Location(path, Span(node[1], node[2])),
            f"`{dropped.name}` is read from `{dropped.cls.name}`, but `{dropped.revision.id}` has dropped the column "
            f"`{dropped.table.full_name}.{dropped.name}`",
            ("column", dropped.table.full_name, dropped.name, snapshot.documents[path].text[node[1] : node[2]]),
            (Related(dropped.location, "dropped here"), Related(dropped.cls.name_location, "the mapped class")),
            RULE.severity,
        )


def _sets(node: Node, name: str) -> bool:
    targets = node[3] if node[0] == "assign" else (node[3],)
    return any(part[0] == "attr" and part[4] == name for part in walk(targets))


def _reading(snapshot: Snapshot, path: str, body: tuple[Node, ...], dropped: Dropped) -> Iterator[Node]:
    rebound = _rebound(body)
    meant: dict[str, Value] = {}

    def value_of(node: Node) -> Value:
        """What a name or `module.name` stands for at the module's top level; None for anything else."""
        if node[0] == "name" and node[3] not in rebound:
            if node[3] not in meant:
                scope = snapshot.interpreter.run(path).scope
                meant[node[3]] = snapshot.interpreter.resolve(scope, node[3]) if node[3] in scope.names else None
            return meant[node[3]]
        if node[0] == "attr" and node[3][0] == "name":
            module = value_of(node[3])
            return snapshot.interpreter.member(module.path, node[4]) if isinstance(module, ModuleValue) else None
        return None

    def is_class(node: Node) -> bool:
        return value_of(node) is dropped.cls

    for node in walk(body):
        if node[0] == "attr" and node[4] == dropped.name and is_class(node[3]):
            yield node
        elif node[0] == "call" and node[3][0] == "attr" and node[3][4] == "filter_by":
            keyword = next((each for each in node[5] if each[0] == dropped.name), None)
            if keyword is not None and _selects(node[3][3], is_class):
                yield ("keyword", keyword[2], keyword[3])
        elif node[0] == "def":
            yield from _from_parameters(node, dropped.name, is_class)


def _selects(node: Node, is_class) -> bool:  # type: ignore[no-untyped-def]
    """Whether a query is over the rows of the class alone: `select(C)`, `session.query(C)`, `C.query`, narrowed or not."""
    while node[0] == "call" and node[3][0] == "attr" and node[3][4] in _SAME_ROWS:
        node = node[3][3]
    if node[0] == "attr" and node[4] == "query":
        return bool(is_class(node[3]))
    if node[0] != "call" or len(node[4]) != 1 or node[5]:
        return False
    called = node[3][3] if node[3][0] == "name" else node[3][4] if node[3][0] == "attr" else None
    return called in ("select", "query") and bool(is_class(node[4][0]))


def _from_parameters(function: Node, name: str, is_class) -> Iterator[Node]:  # type: ignore[no-untyped-def]
    """`author.website` in a function whose parameter is `author: Author` and stays it."""
    own = {each[0] for each in function[5] if each[2] is not None and each[1] not in ("vararg", "kwarg") and is_class(each[2])}
    if not own:
        return
    inner = [node for node in walk(function[8]) if node[0] == "def" or node[0] == "lambda"]
    shadowed = {parameter[0] for each in inner for parameter in (each[5] if each[0] == "def" else each[3])}
    own -= _rebound(function[8]) | shadowed
    for node in walk(function[8]):
        if node[0] == "attr" and node[4] == name and node[3][0] == "name" and node[3][3] in own:
            yield node


def _rebound(body: tuple[Node, ...]) -> set[str]:
    """Names that functions or assignments give another meaning than the import's."""
    found: set[str] = set()
    for node in walk(body):
        if node[0] in ("assign", "augassign", "annassign", "for", "delete"):
            targets = node[3] if node[0] in ("assign", "delete") else (node[3],)
            found.update(part[3] for part in walk(targets) if part[0] == "name")
        elif node[0] == "with":
            found.update(part[3] for _, target in node[3] if target is not None for part in walk((target,)) if part[0] == "name")
        elif node[0] == "comp":
            found.update(part[3] for target, *_ in node[5] for part in walk((target,)) if part[0] == "name")
        elif node[0] == "walrus":
            found.add(node[3])
        elif node[0] == "lambda":
            found.update(parameter[0] for parameter in node[3])
        elif node[0] == "def":
            found.update(parameter[0] for parameter in node[5])
            found.update(_bound_inside(node))
        elif node[0] == "try":
            found.update(handler[1] for handler in node[4] if isinstance(handler[1], str))
    return found


def _bound_inside(function: Node) -> Iterator[str]:
    """What a function imports or declares for itself."""
    for node in walk(function[8]):
        if node[0] == "from":
            yield from (alias or name for name, alias in node[5])
        elif node[0] == "import":
            yield from (alias or name.partition(".")[0] for name, alias in node[3])
        elif node[0] in ("class", "def"):
            yield node[3]


RULE = Rule(
    name="column-dropped-but-read",
    area="chain",
    severity=Severity.ERROR,
    summary="A revision drops a column that code still reads.",
    mirror="none: a column that the class still has is `model-change-without-migration`",
    check=check,
)
