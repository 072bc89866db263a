"""What stands beside the tables: functions, triggers, extensions, schemas, policies, privileges, row security.

What the upgrade made is dropped, what it dropped or replaced is made again with the statement that an earlier revision made it with. What no earlier
revision made is not known and is said to be missing. Views and sequences are not here: the schema shows them.
"""

from __future__ import annotations

import re

from lsp_server.database.ddl import QUALIFIED, qualified
from lsp_server.database.fold.state import State, named_elements, object_key
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.operations import (
    ChangeProperty,
    CreateObject,
    DropObject,
    RenameEnum,
    RenameEnumValue,
    RenameIndex,
)
from lsp_server.database.sql_text import quoted
from lsp_server.database.undo.parts import NOTHING, Statements, Undoing, shortened

_FLAGS = re.IGNORECASE | re.DOTALL
# What the schema of a stretch shows by itself.
SHOWN = ("view", "materialized view", "sequence")
_OF_A_TABLE = ("trigger", "policy")
_PLAIN = ("extension", "schema", "domain", "type", "collation", "publication", "event trigger", "foreign table", "server", "language")
_WITH_ARGUMENTS = ("function", "procedure", "aggregate")
_ON_TABLE = re.compile(rf"\son\s+({QUALIFIED})", _FLAGS)


def undo_object(operation: CreateObject | DropObject, before: State, dialect: str) -> Undoing:
    """How the making or dropping of an object is undone, given the schema before it."""
    key = object_key(before, operation.sort, operation.name)
    there = key in before.objects
    if isinstance(operation, DropObject):
        return _made_again(operation, before.objects.get(key)) if there or not operation.if_exists else NOTHING
    if there and operation.if_not_exists:
        return NOTHING
    if there and operation.replaces and not _overloads(operation, before.objects[key]):
        return _replaced_back(operation, before.objects[key])
    dropped = dropping(operation, dialect)
    if dropped is None:
        return Undoing(leftovers=(f"the {operation.sort} {operation.name} stays",))
    return Undoing((Statements((dropped,)),))


def _made_again(operation: DropObject, text: str | None) -> Undoing:
    found = f"the {operation.sort} {operation.name.removesuffix(' on ?')}"
    if text is None:
        return Undoing(leftovers=(f"{found}: no revision shows how it was made",))
    also = (f"what hung on {found} and went with it",) if operation.cascade else ()
    return Undoing((Statements((text,)),), leftovers=also)


def _replaced_back(operation: CreateObject, old: str | None) -> Undoing:
    if old is None:
        return Undoing(leftovers=(f"the {operation.sort} {operation.name} as it was: no revision shows how it was made",))
    again = re.sub(r"^\s*create\s+(?!or\s+replace)", "CREATE OR REPLACE ", old, flags=re.IGNORECASE)
    return Undoing((Statements((again,)),))


def _overloads(operation: CreateObject, old: str | None) -> bool:
    """Whether a function of the same name takes other arguments, and so stands beside the old one."""
    if operation.sort not in _WITH_ARGUMENTS or operation.text is None or old is None:
        return False
    return _arguments(operation.text, operation.sort) != _arguments(old, operation.sort)


def dropping(operation: CreateObject, dialect: str) -> str | None:
    """The statement that drops what was made; None where it cannot be said."""
    sort, text = operation.sort, operation.text or ""
    word = sort.upper()
    name = name_of(operation)
    if sort in _PLAIN:
        return f"DROP {word} {name}"
    if sort in _WITH_ARGUMENTS:
        if dialect != "postgresql":
            return f"DROP {word} {name}"
        arguments = _arguments(text, sort)
        return None if arguments is None else f"DROP {word} {name}({arguments})"
    if sort in _OF_A_TABLE:
        own, _, table = operation.name.rpartition(" on ")
        if sort == "trigger" and dialect != "postgresql":
            return f"DROP TRIGGER {name_sql(own or operation.name, dialect)}"
        if not own:  # told in the statement alone
            found = _ON_TABLE.search(text)
            own, table = operation.name, ".".join(filter(None, qualified(found[1]))) if found else "?"
        return None if table == "?" else f"DROP {word} {name_sql(own)} ON {_dotted(table)}"
    return None


def name_of(operation: CreateObject) -> str:
    return _dotted(operation.name)


def _dotted(name: str) -> str:
    return ".".join(name_sql(part) for part in name.split("."))


def _arguments(text: str, sort: str) -> str | None:
    """The arguments of a function as DROP FUNCTION wants them: without defaults."""
    head = re.match(rf"\s*create\s+(?:or\s+replace\s+)?{sort}\s+{QUALIFIED}\s*\(", text, _FLAGS)
    if head is None:
        return None
    depth, start, parts = 1, head.end(), []
    for match in re.finditer(r"'(?:[^']|'')*'|[(),]", text[start:]):
        token = match.group()
        depth += (token == "(") - (token == ")")
        if (token == "," and depth == 1) or depth == 0:
            parts.append(text[start : head.end() + match.start()])
            start = head.end() + match.end()
        if depth == 0:
            break
    else:
        return None
    bare = (re.sub(r"\s+default\b.*|\s*:?=.*", "", part, flags=_FLAGS) for part in parts)
    return ", ".join(" ".join(part.split()) for part in bare if part.strip())


def lost_with_tables(start: State, end: State) -> tuple[Statements, ...]:
    """Triggers and policies that went with a table, made again when the way back has made the table again."""
    gone = [(key, text) for key, text in end.objects.items() if key not in start.objects and key[0] in _OF_A_TABLE and text is not None]
    return tuple(Statements((text,)) for (_, name), text in gone if _was_dropped(name, text, start, end))


def _was_dropped(name: str, text: str, start: State, end: State) -> bool:
    table = name.rpartition(" on ")[2] if " on " in name else ""
    found = _ON_TABLE.search(text)
    called = qualified(found[1]) if found else (None, table)
    return called in end.tables and called not in start.tables


# Names that PostgreSQL changes in place


def undo_rename(operation: RenameEnum | RenameEnumValue | RenameIndex, before: State) -> Undoing:
    """How a rename of a type, of one of its values, or of an index goes back on PostgreSQL."""
    if isinstance(operation, RenameIndex):
        schema = next((key[0] for key, table in before.tables.items() if any(part.name == operation.name for part in named_elements(table))), None)
        if operation.if_exists and all(part.name != operation.name for table in before.tables.values() for part in named_elements(table)):
            return NOTHING
        return _said(f"ALTER INDEX {table_sql((schema, operation.new_name))} RENAME TO {name_sql(operation.name)}")
    if isinstance(operation, RenameEnum):
        return _said(f"ALTER TYPE {table_sql((operation.schema, operation.new_name))} RENAME TO {name_sql(operation.name)}")
    name = table_sql((operation.schema, operation.name))
    return _said(f"ALTER TYPE {name} RENAME VALUE {quoted(operation.new_value)} TO {quoted(operation.value)}")


# Properties


_OPPOSITES = (
    (r"(alter\s+table\s.*\s)enable\s+row\s+level\s+security$", r"\1DISABLE ROW LEVEL SECURITY"),
    (r"(alter\s+table\s.*\s)disable\s+row\s+level\s+security$", r"\1ENABLE ROW LEVEL SECURITY"),
    (r"(alter\s+table\s.*\s)no\s+force\s+row\s+level\s+security$", r"\1FORCE ROW LEVEL SECURITY"),
    (r"(alter\s+table\s.*\s)force\s+row\s+level\s+security$", r"\1NO FORCE ROW LEVEL SECURITY"),
    (r"(alter\s+table\s.*\s)enable\s+(trigger|rule)\s+(\S+)$", r"\1DISABLE \2 \3"),
    (r"(alter\s+table\s.*\s)disable\s+(trigger|rule)\s+(\S+)$", r"\1ENABLE \2 \3"),
    (rf"(alter\s+table\s.*\s)no\s+inherit\s+({QUALIFIED})$", r"\1INHERIT \2"),
    (rf"(alter\s+table\s.*\s)inherit\s+({QUALIFIED})$", r"\1NO INHERIT \2"),
    (rf"(alter\s+table\s.*\s)attach\s+partition\s+({QUALIFIED})\s.*$", r"\1DETACH PARTITION \2"),
    (r"grant\s+(.*)\sto\s+(.*?)(?:\s+with\s+(?:grant|admin)\s+option)?(?:\s+granted\s+by\s+\S+)?$", r"REVOKE \1 FROM \2"),
    (r"(alter\s+default\s+privileges\s.*?)grant\s+(.*)\sto\s+(.*?)(?:\s+with\s+grant\s+option)?$", r"\1REVOKE \2 FROM \3"),
)  # fmt: skip
_ABOUT = re.compile(
    rf"(?:^alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?|\son\s+(?:table\s+)?(?!(?:schema|function|sequence|index|type|all|constraint)\s))({QUALIFIED})",
    _FLAGS)  # fmt: skip


def undo_property(operation: ChangeProperty, first: State, before: State) -> Undoing:
    """How a change that no schema shows is undone. `first` is the schema before the upgrade."""
    text = " ".join(operation.text.strip().rstrip(";").split()) if "$" not in operation.text else operation.text.strip()
    if _is_about_new(text, first, before):
        return NOTHING
    for pattern, opposite in _OPPOSITES:
        if re.match(pattern, text, _FLAGS):
            return _said(re.sub(pattern, opposite, text, flags=_FLAGS))
    return Undoing(leftovers=(f"what {shortened(text)} changed",))


def _is_about_new(text: str, first: State, before: State) -> bool:
    """Whether the statement is about something that the upgrade has made: it goes with it."""
    match = _ABOUT.search(text)
    if match is None:
        return False
    key = qualified(match[1])
    return key in before.tables and key not in first.tables


def _said(*statements: str) -> Undoing:
    return Undoing((Statements(statements),))
