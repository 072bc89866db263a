"""Whether the imports of changed files lead anywhere: to modules and names of the workspace, or to packages that the project uses already.

Says only what can be known from the text: a module that makes its names as it runs, or an import that the code itself expects to fail, is left alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

from lsp_server.python.lower import Node
from lsp_server.python.packages import INSTALLED, KNOWN_BY_NAME
from lsp_server.snapshot import Snapshot

_Import = tuple[str, int, str | None, int]  # module, level, name, offset
_ANY = "*"


def unresolved(base: Snapshot, snapshot: Snapshot, paths: Iterable[str]) -> tuple[str, ...]:
    """What is imported and not there, in words, for imports that the base did not have; and names that others import and that are gone."""
    changed = [path for path in paths if path in snapshot.program.paths]
    faults = []
    for path in changed:
        before = {each[:3] for each in _imports(base.module(path).body)} if path in base.program.paths else set()
        for each in _imports(snapshot.module(path).body):
            if each[:3] not in before and (fault := _fault(base, snapshot, path, each)) is not None:
                faults.append(f"{path}:{_line(snapshot, path, each[3])}: {fault}")
    faults += _torn(base, snapshot, changed)
    return tuple(dict.fromkeys(faults))


def _fault(base: Snapshot, snapshot: Snapshot, path: str, imported: _Import) -> str | None:
    module, level, name, _ = imported
    program = snapshot.program
    if level:
        source = program.relative(path, level, module)
    elif program.is_ours(module, path):
        source = program.find(module, path)
    else:
        top = module.partition(".")[0]
        return None if _is_used(base, snapshot, top) else f"imports `{top}`, which the project neither uses nor declares"
    written = "." * level + module
    if source is None:
        return f"there is no module `{written}`"
    if name is None or name == _ANY or program.submodule(source, name) is not None:
        return None
    names: set[str] | None = set() if source.endswith("/") else _names(snapshot, source)
    return None if names is None or name in names else f"`{written}` has no `{name}`"


def _torn(base: Snapshot, snapshot: Snapshot, changed: list[str]) -> Iterator[str]:
    """Imports elsewhere of what a changed file does not have any more."""
    gone: dict[str, set[str]] = {}
    for path in changed:
        if path in base.program.paths:
            before, after = _names(base, path), _names(snapshot, path)
            if before is not None and after is not None and before - after:
                gone[path] = before - after
    if not gone:
        return
    program = snapshot.program
    for path in sorted(program.paths):
        for module, level, name, offset in _imports(snapshot.module(path).body):
            source = program.relative(path, level, module) if level else program.find(module, path)
            if source in gone and name in gone[source]:
                yield f"{path}:{_line(snapshot, path, offset)}: `{'.' * level}{module}` has no `{name}` any more"


def _imports(body: Iterable[Node]) -> Iterator[_Import]:
    """Imports wherever they stand, except where the code expects that they fail."""
    for node in body:
        kind = node[0]
        if kind == "import":
            yield from ((module, 0, None, node[1]) for module, _ in node[3])
        elif kind == "from":
            yield from ((node[3], node[4], name, node[1]) for name, _ in node[5])
        elif kind == "try":
            continue
        else:
            yield from _imports(_inside(node))


def _inside(node: Node) -> Iterator[Node]:
    """The statements within a statement."""
    match node[0]:
        case "def" | "class":
            yield from node[8]
        case "if":
            yield from (*node[4], *node[5])
        case "for":
            yield from (*node[5], *node[6])
        case "while" | "with":
            yield from node[4]
        case "match":
            for body in node[4]:
                yield from body


def _names(snapshot: Snapshot, path: str) -> set[str] | None:
    """The names of a module's top level; None where it may have more than its text tells."""
    facts = snapshot.module(path)
    if facts.problems:
        return None
    found: set[str] = set()
    waiting = list(facts.body)
    while waiting:
        node = waiting.pop()
        match node[0]:
            case "def" | "class":
                found.add(node[3])
            case "import":
                found.update(alias or module.partition(".")[0] for module, alias in node[3])
            case "from":
                if any(name == _ANY for name, _ in node[5]):
                    return None
                found.update(alias or name for name, alias in node[5])
            case "assign":
                for target in node[3]:
                    found.update(_targets(target))
            case "annassign" | "augassign":
                found.update(_targets(node[3]))
            case "try":
                waiting += [*node[3], *(each for handler in node[4] for each in handler[2]), *node[5], *node[6]]
            case "for":
                found.update(_targets(node[3]))
                waiting += _inside(node)
            case "with":
                found.update(name for _, target in node[3] if target is not None for name in _targets(target))
                waiting += _inside(node)
            case "if" | "while":
                waiting += _inside(node)
            case "match":
                return None
            case "expr":
                if node[3][0] == "call":  # globals().update(…), setattr(sys.modules[__name__], …)
                    called = node[3][3]
                    if (called[0] == "name" and called[3] == "setattr") or "globals" in repr(called):
                        return None
    return None if "__getattr__" in found else found


def _targets(target: Node) -> Iterator[str]:
    match target[0]:
        case "name":
            yield target[3]
        case "tuple" | "list":
            for item in target[3]:
                yield from _targets(item)
        case "star":
            yield from _targets(target[3])


def _is_used(base: Snapshot, snapshot: Snapshot, top: str) -> bool:
    """Whether a package is Python's own, imported somewhere in the project already, or named where projects name what they need."""
    if top in sys.stdlib_module_names or top in KNOWN_BY_NAME or top in INSTALLED or top in ("__future__", "pytest"):
        return True
    named = re.compile(rf"(?i)\b{re.escape(top).replace('_', '[-_.]')}")
    for path in snapshot.documents:
        name = path.rpartition("/")[2]
        if (name == "pyproject.toml" or name.startswith("setup.") or "requirements" in path) and named.search(snapshot.documents[path].text):
            return True
    return any(
        module.partition(".")[0] == top for path in base.program.paths for module, level, _, _ in _imports(base.module(path).body) if not level
    )


def _line(snapshot: Snapshot, path: str, offset: int) -> int:
    return snapshot.documents[path].lines.position(offset).line + 1
