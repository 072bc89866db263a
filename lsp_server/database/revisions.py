"""One Alembic revision file: its identifiers, its message and what its two functions look like.

Reads the file's compact tree only; identifiers are plain assignments in practice, and one that is computed makes the
revision `unknown`. What the functions do to a schema is said by `recorder.py`; which files belong together by `alembic.py`.
"""

from __future__ import annotations

import re

from lsp_server.database.model import Revision
from lsp_server.python.lower import Node
from lsp_server.python.module import ModuleFacts
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

_MARK = re.compile(r"^revision\s*(?::[^=\n]*)?=", re.MULTILINE)
_DOWN_MARK = re.compile(r"^down_revision\s*(?::[^=\n]*)?=", re.MULTILINE)


_OLD_NAME = re.compile(r"(?:^|/)([a-f0-9]+)\.py$")  # Alembic takes the id from such a name where the file has none


def looks_like_revision(text: str, path: str = "") -> bool:
    """Whether a file assigns both `revision` and `down_revision` at its top level, or has the one in its name."""
    return bool(_DOWN_MARK.search(text) and (_MARK.search(text) or _OLD_NAME.search(path)))


def lacks_identifier(text: str, path: str) -> bool:
    """Whether a file says what it builds on, and not which revision it is."""
    return bool(_DOWN_MARK.search(text)) and not looks_like_revision(text, path)


def place_of_predecessor(text: str, path: str) -> Location:
    """Where a file says what it builds on."""
    match = _DOWN_MARK.search(text)
    return Location(path, Span(match.start(), match.end()) if match else Span(0, 0))


def read_revision(facts: ModuleFacts) -> Revision | None:
    """The revision a file defines; None where neither it nor its name says which one."""
    names: dict[str, Node] = {}
    places: dict[str, Span] = {}
    functions: dict[str, Node] = {}
    for statement in facts.body:
        if statement[0] == "assign" and all(target[0] == "name" for target in statement[3]):
            for target in statement[3]:
                names[target[3]], places[target[3]] = statement[4], Span(statement[1], statement[2])
        elif statement[0] == "annassign" and statement[3][0] == "name" and statement[5] is not None:
            names[statement[3][3]], places[statement[3][3]] = statement[5], Span(statement[1], statement[2])
        elif statement[0] == "def":
            functions[statement[3]] = statement
    path = facts.path
    named = _OLD_NAME.search(path)
    if "down_revision" not in names or ("revision" not in names and named is None):
        return None
    location = Location(path, places.get("revision", places["down_revision"]))
    identifier = _constant(names["revision"], names) if "revision" in names else named[1] if named else None
    down = _texts(names["down_revision"], names)
    unknown = None
    if not isinstance(identifier, str):
        unknown = Unknown("a revision whose identifier is computed", location)
        identifier = path.rpartition("/")[2].removesuffix(".py")
    if down is None:
        unknown = Unknown("a revision whose predecessor is computed", Location(path, places["down_revision"]))
    upgrade, downgrade = functions.get("upgrade"), functions.get("downgrade")
    message, docstring = _docstring(facts)
    return Revision(
        id=identifier, down=down or (), path=path, location=location, message=message,
        branch_labels=_texts(names.get("branch_labels"), names) or (),
        depends_on=_texts(names.get("depends_on"), names) or (),
        down_location=Location(path, places["down_revision"]),
        upgrade=_place(path, upgrade), downgrade=_place(path, downgrade),
        upgrade_body=_body(path, upgrade), downgrade_body=_body(path, downgrade),
        downgrade_state=_state(downgrade), docstring=docstring, unknown=unknown,
    )  # fmt: skip


def _constant(node: Node | None, names: dict[str, Node], depth: int = 0) -> object:
    if node is None or depth > 5:
        return None
    if node[0] == "name" and node[3] in names:
        return _constant(names[node[3]], names, depth + 1)
    return node[3] if node[0] == "const" else node


def _texts(node: Node | None, names: dict[str, Node]) -> tuple[str, ...] | None:
    """The texts of `None`, `"id"`, `("id", "id")`; None where they are computed."""
    if node is None:
        return ()
    value = _constant(node, names)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, tuple) and value and value[0] in ("tuple", "list", "set"):
        items = [_constant(item, names) for item in value[3]]
        texts = tuple(item for item in items if isinstance(item, str))
        return texts if len(texts) == len(items) else None
    return None


def _docstring(facts: ModuleFacts) -> tuple[str | None, Location | None]:
    if not facts.body or facts.body[0][0] != "expr" or facts.body[0][3][0] != "const":
        return None, None
    text = facts.body[0][3][3]
    if not isinstance(text, str):
        return None, None
    first = next((line.strip() for line in text.splitlines() if line.strip()), None)
    return first, Location(facts.path, Span(facts.body[0][1], facts.body[0][2]))


def _place(path: str, function: Node | None) -> Location | None:
    return None if function is None else Location(path, Span(function[1], function[2]))


def _body(path: str, function: Node | None) -> Location | None:
    if function is None or not function[8]:
        return None
    return Location(path, Span(function[8][0][1], function[8][-1][2]))


def _state(function: Node | None) -> str:
    """What a downgrade does at first sight: see `Revision.downgrade_state`."""
    if function is None:
        return "missing"
    statements = [node for node in function[8] if not _is_idle(node)]
    if not statements:
        return "empty"
    if statements[0][0] == "raise":
        return "raises"
    return "reverses"


def _is_idle(node: Node) -> bool:
    """`pass`, `...`, a docstring or another lone constant, a bare `return`."""
    if node[0] == "pass" or (node[0] == "return" and (node[3] is None or node[3][0] == "const")):
        return True
    return bool(node[0] == "expr" and node[3][0] == "const")
