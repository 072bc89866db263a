"""What stands beside the tables: functions, triggers, extensions, schemas, policies, privileges, row security.

What the upgrade made is dropped, what it dropped or replaced is made again with the statement that an earlier revision made it with. What no earlier
revision made is not known and is said to be missing. Views and sequences are not here: the schema shows them.
"""

from __future__ import annotations

import re

from lsp_server.database.ddl import QUALIFIED, qualified
from lsp_server.database.fold.state import State, full_name, named_elements, object_key
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.operations import (
    ChangeProperty,
    CreateObject,
    DropObject,
    Key,
    RenameEnum,
    RenameEnumValue,
    RenameIndex,
)
from lsp_server.database.sql_text import quoted
from lsp_server.database.undo.parts import NOTHING, Statements, Undoing, shortened

_FLAGS = re.IGNORECASE | re.DOTALL
_OF_A_TABLE = ("trigger", "policy")
_PLAIN = ("extension", "schema", "domain", "type", "collation", "publication", "event trigger", "foreign table", "server", "language")
_WITH_ARGUMENTS = ("function", "procedure", "aggregate")
_ON_TABLE = re.compile(rf"\son\s+({QUALIFIED})", _FLAGS)


def undo_object(operation: CreateObject | DropObject, before: State, dialect: str, guarded: bool = False) -> Undoing:
    """How the making or dropping of an object is undone, given the schema before it. `guarded`: the upgrade goes on where it fails."""
    key = object_key(before, operation.sort, operation.name)
    there = key in before.objects
    if isinstance(operation, DropObject):
        return _made_again(operation, before.objects.get(key)) if there or not operation.if_exists else NOTHING
    if there and operation.if_not_exists:
        return NOTHING
    if there and operation.replaces:
        beside = _stands_beside(operation, before.objects[key])
        if beside is False:
            return _replaced_back(operation, before.objects[key], dialect)
        if beside is None:
            return Undoing(leftovers=(f"the {operation.sort} {operation.name}: whether it was replaced or stands beside the old one is not known",))
    dropped = dropping(operation, dialect, " IF EXISTS" if guarded else "")
    if dropped is None:
        return Undoing(leftovers=(f"the {operation.sort} {operation.name} stays",))
    return Undoing((Statements((dropped,)),))


def _made_again(operation: DropObject, text: str | None) -> Undoing:
    found = f"the {operation.sort} {operation.name.removesuffix(' on ?')}"
    if text is None or not _is_the_dropped_one(operation, text):
        return Undoing(leftovers=(f"{found}: no revision shows how it was made",))
    also = (f"what hung on {found} and went with it",) if operation.cascade else ()
    return Undoing((Statements((text,)),), losses=also)


def _is_the_dropped_one(operation: DropObject, made: str) -> bool:
    """Whether a function takes as many arguments as the one that was dropped: others of its name may stand beside it."""
    if operation.sort not in _WITH_ARGUMENTS or operation.text is None:
        return True
    dropped = _argument_list(operation.text, rf"drop\s+{operation.sort}\s+(?:if\s+exists\s+)?")
    known = _argument_list(made, _MAKING.format(operation.sort))
    return dropped is None or (known is not None and len(dropped) == len(known) and all(map(_same_argument, dropped, known)))


def _same_argument(dropped: str, known: str) -> bool:
    """Whether an argument is of a type that the other names too; a name may stand before it."""
    words = [_TYPE_WORDS.get(word, word) for word in dropped.lower().split()]
    others = [_TYPE_WORDS.get(word, word) for word in known.lower().split()]
    return others[-len(words) :] == words


def _replaced_back(operation: CreateObject, old: str | None, dialect: str) -> Undoing:
    if old is None:
        return Undoing(leftovers=(f"the {operation.sort} {operation.name} as it was: no revision shows how it was made",))
    if operation.sort == "trigger":  # not every server replaces one in place
        dropped = dropping(operation, dialect)
        return Undoing((Statements((dropped, old)),)) if dropped is not None else Undoing(leftovers=(f"the trigger {operation.name} as it was",))
    again = re.sub(r"^\s*create\s+(?!or\s+replace)", "CREATE OR REPLACE ", old, flags=re.IGNORECASE)
    return Undoing((Statements((again,)),))


def _stands_beside(operation: CreateObject, old: str | None) -> bool | None:
    """Whether a function takes other arguments than the one of its name, and so replaces nothing; None: not known."""
    if operation.sort not in _WITH_ARGUMENTS:
        return False
    new, there = (_argument_list(text or "", _MAKING.format(operation.sort)) for text in (operation.text, old))
    if new is None or there is None:
        return None
    if len(new) != len(there):
        return True
    return False if all(map(_same_argument, new, there)) else None


def dropping(operation: CreateObject, dialect: str, lenient: str = "") -> str | None:
    """The statement that drops what was made; None where it cannot be said. `lenient` stands behind the sort's name."""
    sort, text = operation.sort, operation.text or ""
    word = sort.upper()
    name = _dotted(operation.name, dialect)
    if sort in _PLAIN:
        return f"DROP {word}{lenient} {name}"
    if sort in _WITH_ARGUMENTS:
        if dialect != "postgresql":
            return f"DROP {word}{lenient} {name}"
        arguments = _argument_list(text, _MAKING.format(sort))
        return None if arguments is None else f"DROP {word}{lenient} {name}({', '.join(arguments)})"
    if sort in _OF_A_TABLE:
        own, _, table = operation.name.rpartition(" on ")
        if sort == "trigger" and dialect != "postgresql":
            return f"DROP TRIGGER{lenient} {name_sql(own or operation.name, dialect)}"
        return f"DROP {word}{lenient} {name_sql(own)} ON {_dotted(table)}" if own and table != "?" else None
    return None


def _dotted(name: str, dialect: str | None = None) -> str:
    return ".".join(name_sql(part, dialect) for part in name.split("."))


_MAKING = r"create\s+(?:or\s+replace\s+)?{}\s+"
_TYPE_WORDS = {"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean", "decimal": "numeric", "timestamptz": "timestamp",
               "float8": "double", "float4": "real"}  # fmt: skip


def _argument_list(text: str, head: str) -> list[str] | None:
    """The arguments of a function as DROP FUNCTION wants them: without defaults. None where none are told."""
    found = re.match(rf"\s*{head}{QUALIFIED}\s*\(", text, _FLAGS)
    if found is None:
        return None
    depth, start, parts = 1, found.end(), []
    for match in re.finditer(r"'(?:[^']|'')*'|[(),]", text[start:]):
        token = match.group()
        depth += (token == "(") - (token == ")")
        if (token == "," and depth == 1) or depth == 0:
            parts.append(text[start : found.end() + match.start()])
            start = found.end() + match.end()
        if depth == 0:
            break
    else:
        return None
    bare = (re.sub(r"\s+default\b.*|\s*:?=.*", "", part, flags=_FLAGS) for part in parts)
    return [" ".join(part.split()) for part in bare if part.strip()]


def lost_with_tables(end: State, dropped: frozenset[Key]) -> tuple[Statements, ...]:
    """Triggers and policies that went with a table, made again when the way back has made the table again."""
    ends = tuple(f" on {full_name(key)}" for key in dropped)
    gone = [text for (sort, name), text in end.objects.items() if sort in _OF_A_TABLE and name.endswith(ends) and text is not None]
    return tuple(Statements((text,)) for text in gone) if ends else ()


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
