"""Raw SQL in migrations to operations: `op.execute("ALTER TABLE …")`.

Statements are told apart by their first words, so that the SQL parser is only loaded for those that touch a schema.
What changes rows or settings is `ChangeRows`; what may touch the schema and is not understood is `Opaque`, limited to
the table it names where it names one. PostgreSQL's dialect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lsp_server.database.exclusions import exclusion_of_sql
from lsp_server.database.model import Check, EnumType, PrimaryKey, Unique
from lsp_server.database.naming import cut_name
from lsp_server.database.objects import (
    CreateSequence,
    CreateView,
    DropSequence,
    DropView,
    object_operations,
    objects_of_beginning,
)
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterColumn,
    ChangeProperty,
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
    RenameConstraint,
    RenameEnum,
    RenameEnumValue,
    RenameIndex,
    RenameTable,
    SetTableOptions,
    ValidateConstraint,
    table_key,
)
from lsp_server.database.table_options import options_in_sql
from lsp_server.text import Location
from lsp_server.unknown import Unknown

NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
QUALIFIED = rf"{NAME}(?:\s*\.\s*{NAME})?"
_OBJECTS = (r"view|materialized\s+view|function|procedure|trigger|extension|schema|sequence|aggregate|rule|policy|domain|operator|"
            r"cast|collation|role|user|publication|subscription|event\s+trigger|text\s+search\s+\w+|language|foreign\s+table|server")  # fmt: skip
_FLAGS = re.IGNORECASE | re.DOTALL
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/|[();,]", re.DOTALL)
_BACKTICKED = re.compile(r"('(?:[^']|'')*')|`((?:[^`]|``)*)`")  # MySQL's quotes
_LONG_NAME = re.compile(r"('(?:[^']|'')*'|(\$\w*\$).*?\2)|\"(?:[^\"]|\"\"){16,}\"|[^\W\d][\w$]{15,}", re.DOTALL)  # it may have that many bytes
_VALUE = re.compile(r"'((?:[^']|'')*)'")


def operations_of(text: str, location: Location, dialect: str | None = None) -> list[Operation]:
    """The operations of a text of SQL statements, in order. PostgreSQL (`dialect`) cuts off names that are too long for it."""
    if dialect == "postgresql":
        text = _LONG_NAME.sub(lambda match: match[1] or _cut(match[0]), text)
    found: list[Operation] = []
    for statement in statements_of(text):
        made = object_operations(statement, location)  # a view's query keeps its quotes
        found += made if made is not None else _statement(_double_quoted(statement), location)
    return found


def _double_quoted(statement: str) -> str:
    if "`" not in statement:
        return statement
    return _BACKTICKED.sub(lambda match: match[1] or '"' + match[2].replace('"', '""') + '"', statement)


def statements_of(text: str) -> list[str]:
    """The statements of a text, without comments around them; semicolons in quotes and `$$` bodies do not end one."""
    parts = _whole_bodies(_split(text, ";")) if _BODY.search(text) else _split(text, ";")
    return [part for part in (_COMMENT.sub(" ", each, count=0).strip() if "$" not in each else each.strip()
                              for each in parts) if part]  # fmt: skip


_BODY = re.compile(r"\bcreate\b[^;]*\b(?:trigger|procedure|function|event)\b[^;]*\bbegin\b", re.IGNORECASE)
_BLOCKS = re.compile(r"\b(begin|case|end(?:\s+(?:if|loop|while|repeat))?)\b", re.IGNORECASE)


def _whole_bodies(parts: Iterator[str]) -> Iterator[str]:
    """The parts again, with those joined that are the body of a trigger or a routine: `CREATE TRIGGER … BEGIN …; …; END`."""
    waiting = ""
    for part in parts:
        waiting = f"{waiting};{part}" if waiting else part
        if not _BODY.search(waiting) or "$" in waiting or _depth(waiting) <= 0:
            yield waiting
            waiting = ""
    if waiting:
        yield waiting


def _depth(text: str) -> int:
    """How many blocks are open at the end of a text."""
    words = (match.lower() for match in _BLOCKS.findall(_VALUE.sub("''", text)))
    return sum({"begin": 1, "case": 1, "end": -1}.get(word, 0) for word in words)


def _cut(name: str) -> str:
    return f'"{cut_name(name[1:-1])}"' if name.startswith('"') else cut_name(name)


def _split(text: str, separator: str) -> Iterator[str]:
    """The parts between separators that stand in no quotes and no parentheses."""
    depth = start = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif token == separator and depth <= 0:
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def unquoted(name: str) -> str:
    """A name as the database knows it: unquoted names are lower-case."""
    name = name.strip()
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def qualified(name: str) -> Key:
    """(schema, name) of `name` or `schema.name`."""
    parts = [unquoted(part) for part in re.findall(NAME, name)]
    return table_key(parts[-1], parts[-2] if len(parts) > 1 else None)


def _statement(statement: str, location: Location) -> list[Operation]:
    words = statement.split(None, 2)
    first = words[0].lower().rstrip(";") if words else ""
    if first in ("grant", "revoke"):
        return [ChangeProperty(statement)]
    if first not in ("create", "alter", "drop", "comment", "do", "rename"):
        return [] if first in ("set", "reset", "begin", "commit", "rollback", "savepoint", "release", "lock") else [ChangeRows(statement)]
    second = words[1].lower() if len(words) > 1 else ""
    if first == "do":
        return _block(statement, location)
    if first == "comment":
        return _comment(statement)
    if second == "type":
        return _type(statement, location)
    if first == "alter" and second == "index":
        match = re.match(rf"alter\s+index\s+(if\s+exists\s+)?({QUALIFIED})\s+rename\s+to\s+({NAME})", statement, _FLAGS)
        return [RenameIndex(qualified(match[2])[1], unquoted(match[3]), bool(match[1]))] if match else []
    if first == "alter" and second == "table":
        return _alter_table(statement, location)
    if first == "alter":
        return [] if second in ("sequence", "view", "materialized") else [ChangeProperty(statement)]  # roles, privileges: no table changes
    objects = _object(first, statement)
    if objects is not None:
        return objects
    if re.match(r"create\s+(?:global\s+|local\s+)?temp", statement, re.IGNORECASE):
        return [ChangeRows(statement)]
    return _parsed(statement, location)


def _parsed(statement: str, location: Location) -> list[Operation]:
    from lsp_server.database.ddl_tree import operations_of_statement

    found = operations_of_statement(statement, location)
    if found is not None:
        return found
    match = re.match(rf"(?:create|alter|drop)\s+(?:table|index)\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?({QUALIFIED})", statement, _FLAGS)
    table = qualified(match[1]) if match and statement[:5].lower() == "alter" else None
    return [Opaque(Unknown(f"SQL that is not understood: {' '.join(statement.split())[:60]}", location), table)]


def _object(first: str, statement: str) -> list[Operation] | None:
    """Statements about what is neither a table, an index nor a type."""
    match = re.match(
        rf"{first}\s+(or\s+replace\s+)?(?:constraint\s+(?=trigger))?(?:unlogged\s+|recursive\s+|trusted\s+)?({_OBJECTS})\s+"
        rf"(concurrently\s+)?(if\s+(?:not\s+)?exists\s+)?(?:authorization\s+)?({QUALIFIED})(.*)", statement, _FLAGS)  # fmt: skip
    if match is None:
        return None
    sort = " ".join(match[2].lower().split())
    key = qualified(match[5])
    name = f"{key[0]}.{key[1]}" if key[0] else key[1]
    if sort in ("trigger", "policy"):
        on = re.search(rf"\son\s+({QUALIFIED})", match[6], _FLAGS)
        name = f"{key[1]} on {'.'.join(filter(None, qualified(on[1]))) if on else '?'}"
    cascade = bool(re.search(r"\bcascade\s*;?\s*$", statement, re.IGNORECASE))
    if first == "create":
        return [CreateObject(sort, name, bool(match[4]), bool(match[1]), statement)]
    names = [name, *(".".join(filter(None, qualified(other))) for other in re.findall(rf",\s*({QUALIFIED})", match[6]))]
    return [DropObject(sort, each, bool(match[4]), cascade, statement) for each in (names if sort != "function" else names[:1])]


def _comment(statement: str) -> list[Operation]:
    match = re.match(rf"comment\s+on\s+(table|column)\s+({QUALIFIED}(?:\s*\.\s*{NAME})?)\s+is\s+(.*)", statement, _FLAGS)
    if match is None:
        return [] if re.match(r"comment\s+on\s+(?:materialized\s+)?view", statement, _FLAGS) else [ChangeProperty(statement)]
    value = _VALUE.match(match[3].strip())
    comment = value[1].replace("''", "'") if value else None
    if match[1].lower() == "table":
        return [CommentTable(qualified(match[2]), comment)]
    *place, column = re.findall(NAME, match[2])
    return [AlterColumn(qualified(".".join(place)), unquoted(column), comment=comment)] if place else []


def _type(statement: str, location: Location) -> list[Operation]:
    """`CREATE TYPE … AS ENUM`, `ALTER TYPE …`, `DROP TYPE`."""
    if match := re.match(rf"create\s+type\s+({QUALIFIED})\s+as\s+enum\s*\((.*)\)", statement, _FLAGS):
        schema, name = qualified(match[1])
        values = tuple(value.replace("''", "'") for value in _VALUE.findall(match[2]))
        return [CreateEnum(EnumType(name, values, schema=schema, location=location))]
    if match := re.match(rf"create\s+type\s+({QUALIFIED})\s+as\b", statement, _FLAGS):
        schema, name = qualified(match[1])
        return [CreateObject("type", f"{schema}.{name}" if schema else name, text=statement)]
    if match := re.match(rf"drop\s+type\s+(if\s+exists\s+)?({QUALIFIED}(?:\s*,\s*{QUALIFIED})*)\s*(cascade)?", statement, _FLAGS):
        names = [qualified(part) for part in match[2].split(",")]
        return [DropEnum(name, schema, bool(match[1]), bool(match[3])) for schema, name in names]
    match = re.match(rf"alter\s+type\s+({QUALIFIED})\s+(.*)", statement, _FLAGS)
    if match is None:
        return [ChangeProperty(statement)]
    (schema, name), rest = qualified(match[1]), match[2]
    if added := re.match(r"add\s+value\s+(if\s+not\s+exists\s+)?'((?:[^']|'')*)'(?:\s+(before|after)\s+'((?:[^']|'')*)')?", rest, _FLAGS):
        place = (added[3].lower(), added[4].replace("''", "'")) if added[3] else None
        return [AddEnumValue(name, added[2].replace("''", "'"), place, bool(added[1]), schema)]
    if renamed := re.match(r"rename\s+value\s+'((?:[^']|'')*)'\s+to\s+'((?:[^']|'')*)'", rest, _FLAGS):
        return [RenameEnumValue(name, renamed[1].replace("''", "'"), renamed[2].replace("''", "'"), schema)]
    if renamed := re.match(rf"rename\s+to\s+({NAME})", rest, _FLAGS):
        return [RenameEnum(name, unquoted(renamed[1]), schema)]
    return [ChangeProperty(statement)]


def _alter_table(statement: str, location: Location) -> list[Operation]:
    match = re.match(rf"alter\s+table\s+(if\s+exists\s+)?(?:only\s+)?({QUALIFIED})\s*\*?\s+(.*)", statement, _FLAGS)
    if match is None:
        return _parsed(statement, location)
    key = qualified(match[2])
    options = options_in_sql(match[3])
    if options is not None:
        return [SetTableOptions(key, options)]
    result: list[Operation] = []
    for action in _split(match[3], ","):
        result.extend(_alter_action(key, match[2], action.strip().rstrip(";").strip(), location))
    return result


_NO_CHANGE = re.compile(
    r"(?:owner\s+to|cluster\s+on|set\s+(?:logged|unlogged|without|\()|reset|enable|disable|replica\s+identity|"
    r"force\s+row|no\s+force|attach\s+partition|detach\s+partition|alter\s+(?:column\s+)?\S+\s+set\s+(?:statistics|storage)|"
    r"inherit|no\s+inherit|alter\s+constraint)", re.IGNORECASE)  # fmt: skip


def _alter_action(key: Key, written: str, action: str, location: Location) -> list[Operation]:
    if not action:
        return []
    options = options_in_sql(action)
    if options is not None:
        return [SetTableOptions(key, options)]
    if match := re.match(rf"rename\s+(?:index|key)\s+({NAME})\s+to\s+({NAME})$", action, _FLAGS):
        return [RenameIndex(unquoted(match[1]), unquoted(match[2]), table=key)]
    if _NO_CHANGE.match(action):
        return [ChangeProperty(f"ALTER TABLE {written} {action}")]
    if match := re.match(rf"rename\s+constraint\s+({NAME})\s+to\s+({NAME})", action, _FLAGS):
        return [RenameConstraint(key, unquoted(match[1]), unquoted(match[2]))]
    if match := re.match(rf"alter\s+(?:column\s+)?({NAME})\s+drop\s+expression", action, _FLAGS):
        return [AlterColumn(key, unquoted(match[1]), computed=None)]
    if match := re.match(rf"alter\s+(?:column\s+)?({NAME})\s+drop\s+identity", action, _FLAGS):
        return [AlterColumn(key, unquoted(match[1]), identity=None)]
    if match := re.match(rf"rename\s+to\s+({NAME})", action, _FLAGS):
        return [RenameTable(key, unquoted(match[1]))]
    if match := re.match(rf"set\s+schema\s+({NAME})", action, _FLAGS):
        return [RenameTable(key, key[1], unquoted(match[1]))]
    if match := re.match(rf"rename\s+(?!column\b)({NAME})\s+to\s+({NAME})", action, _FLAGS):
        action = f"RENAME COLUMN {match[1]} TO {match[2]}"
    if match := re.match(rf"validate\s+constraint\s+({NAME})", action, _FLAGS):
        return [ValidateConstraint(key, unquoted(match[1]))]
    if match := re.match(r"(add\s.*?)\s+not\s+valid$", action, _FLAGS):
        added = _alter_action(key, written, match[1], location)
        return [replace(each, validated=False) if isinstance(each, AddConstraint) else each for each in added]
    if match := re.match(rf"add\s+(?:constraint\s+({NAME})\s+)?check\s*\((.*)\)", action, _FLAGS):
        name = unquoted(match[1]) if match[1] else None
        return [AddConstraint(key, Check(" ".join(match[2].split()), name, location=location))]
    if match := re.match(rf"add\s+(?:constraint\s+({NAME})\s+)?(unique|primary\s+key)\s+using\s+index\s+({NAME})", action, _FLAGS):
        name, index = unquoted(match[1]) if match[1] else None, unquoted(match[3])
        made = Unique(None, name, location=location) if match[2].lower() == "unique" else PrimaryKey((), name, location)
        return [AddConstraint(key, made, index=index)]
    if re.match(rf"add\s+(?:constraint\s+({NAME})\s+)?exclude\b", action, _FLAGS):
        named = re.match(rf"add\s+constraint\s+({NAME})", action, _FLAGS)
        return [AddConstraint(key, exclusion_of_sql(action, unquoted(named[1]) if named else None, location))]
    action = re.sub(rf"^(alter\s+(?:column\s+)?{NAME}\s+)set\s+data\s+type\b", r"\1TYPE", action, flags=_FLAGS)
    if action.lower().startswith("add ") and not re.match(r"add\s+(?:column|constraint|primary|foreign|unique)\b", action, re.IGNORECASE):
        action = f"ADD COLUMN {action[4:]}"
    return _parsed(f"ALTER TABLE {written} {action}", location)


_SCHEMA_WORDS = re.compile(
    r"\b(?:create|alter|drop)\s+(?:or\s+replace\s+|unlogged\s+|unique\s+)?(?:table|type|index|schema|domain|view)\b", re.IGNORECASE)
_INNER = re.compile(r"\b(?:create|alter|drop)\s+(?:unique\s+)?(?:table|type|index)\b.*", _FLAGS)


def _block(statement: str, location: Location) -> list[Operation]:
    """`DO $$ … $$`: the statements inside, where they only do what may be done already; else what may be touched is unknown."""
    body = re.sub(r"^do\s+(?:language\s+\w+\s+)?\$\w*\$|\$\w*\$.*$", " ", statement.strip(), flags=_FLAGS)
    if not _SCHEMA_WORDS.search(body):
        return [ChangeRows(statement)]
    if not re.search(r"\bexecute\b|\bloop\b|\belse\b|\belsif\b", body, re.IGNORECASE):
        found = [_INNER.search(part) for part in statements_of(body)]
        operations = [each for match in found if match for each in _statement(match.group(), location)]
        forgiving = [_forgiving(each) for each in operations]
        if None not in forgiving:
            return [each for each in forgiving if each is not None]
    reason = Unknown("a block of SQL that decides at run time", location)
    tables = {qualified(match) for match in re.findall(rf"alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?({QUALIFIED})", body, _FLAGS)}
    if tables and not re.search(r"\b(?:create|drop)\s+(?:table|type)\b", body, re.IGNORECASE):
        return [Opaque(reason, key) for key in sorted(tables, key=str)]
    return [Opaque(reason)]


def _forgiving(operation: Operation) -> Operation | None:
    """An operation that does nothing where it is done already; None where there is no such thing."""
    if isinstance(operation, CreateTable | AddColumn | CreateIndex | CreateEnum | AddEnumValue | CreateObject | CreateView | CreateSequence):
        return replace(operation, if_not_exists=True)
    if isinstance(operation, DropTable | DropColumn | DropIndex | DropConstraint | DropEnum | DropObject | DropView | DropSequence):
        return replace(operation, if_exists=True)
    return replace(operation, if_exists=True) if isinstance(operation, RenameTable | RenameIndex | RenameConstraint) else None


def operations_of_beginning(beginning: str, whole: Unknown, location: Location) -> list[Operation]:
    """The operations of a text of which only the beginning is known."""
    *complete, last = list(_split(beginning, ";"))
    operations = [each for statement in complete for each in operations_of(statement, location)]
    words = last.split(None, 1)
    if words and words[0].lower() not in ("create", "alter", "drop", "comment", "do"):
        return [*operations, ChangeRows(last, whole=False)]
    reason = Unknown(f"SQL that is not known: {whole.what}", location)
    match = re.match(rf"\s*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?({QUALIFIED})\s", last, _FLAGS)
    if match is not None:
        return [*operations, Opaque(reason, qualified(match[1]))]
    made = objects_of_beginning(last, reason)
    if made is not None:
        return [*operations, *made]
    if re.match(rf"\s*(?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:{_OBJECTS})\s", last, _FLAGS) or re.match(
            r"\s*(?:alter\s+(?:database|role|default)|comment)\s", last, re.IGNORECASE):  # fmt: skip
        return operations
    about_index = re.match(r"\s*(?:create\s+(?:unique\s+)?|alter\s+|drop\s+)index\b", last, re.IGNORECASE)
    return [*operations, Opaque(reason, inside=bool(about_index))]
