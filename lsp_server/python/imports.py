"""What importing one module imports with it: the files that Python would run, and whether that is all.

Follows import statements outside functions, and inside those functions that are called while a module is imported (found
by their last name, so rather too many than too few). Where such code loads modules by names made at run time, the answer
says that there may be more. Which names an import binds is not known here; what a framework loads by itself neither.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lsp_server.python.lower import Node
from lsp_server.python.packages import INSTALLED
from lsp_server.python.program import Program
from lsp_server.python.walk import walk
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

_LOADERS = frozenset(
    ["import_module", "__import__", "iter_modules", "walk_packages", "import_string", "find_modules", "exec_module", "load_module",
     "entry_points", "iter_entry_points", "run_path", "run_module", "import_submodules", "import_from_string", "import_object"]
)  # fmt: skip
_AT_CLASS = ("__init__", "__new__", "__call__", "__init_subclass__", "__set_name__")  # run when a class is made or called


@dataclass(frozen=True, slots=True)
class Reach:
    """`files` are the workspace's modules that run when the first one is imported. `unsure`: why there may be more."""

    files: frozenset[str]
    unsure: Unknown | None = None


def reach_of(program: Program, start: str, wanted: Iterable[str] = ()) -> Reach:
    """What importing a module imports; its functions are taken as called. Stops early where all `wanted` are found."""
    search = _Search(program, set(wanted) or {""})
    search.add(start)
    search.read_all(start)
    search.follow_statements()
    if search.missing:
        search.follow_calls(start)
    return Reach(frozenset(search.files), search.unsure)


@dataclass
class _Search:
    program: Program
    missing: set[str]  # what is looked for and not found so far; never empty where everything is
    files: set[str] = field(default_factory=set)
    waiting: list[str] = field(default_factory=list)
    called: set[str] = field(default_factory=set)  # last names of what is called while modules are imported
    functions: dict[str, list[tuple[str, Node]]] = field(default_factory=dict)  # not called so far
    unsure: Unknown | None = None

    def add(self, path: str) -> None:
        """A module, and the packages it lies in."""
        root = self.program.root_of(path)
        folder = path.rpartition("/")[0]
        for each in [path, *(f"{inner}/__init__.py" for inner in _folders_up_to(folder, root))]:
            if each in self.program.paths and each not in self.files:
                self.files.add(each)
                self.missing.discard(each)
                self.waiting.append(each)

    def follow_statements(self) -> None:
        while self.waiting and self.missing:
            path = self.waiting.pop()
            for statement in _outside_functions(self.program.load(path).body):
                if statement[0] in ("import", "from"):
                    self._import(statement, path)

    def follow_calls(self, start: str) -> None:
        """Functions that are called while modules are imported, and what they import."""
        read = {start}
        while self.missing and (fresh := sorted(self.files - read)):
            for path in fresh:
                read.add(path)
                self._read(path)
            self._run_called()
            self.follow_statements()

    def read_all(self, path: str) -> None:
        """A module with all its functions."""
        self._note(walk(self.program.load(path).body), path)

    def _read(self, path: str) -> None:
        for statement in _outside_functions(self.program.load(path).body):
            if statement[0] == "def":
                self.functions.setdefault(statement[3], []).append((path, statement))
                self._note(walk(statement[7]), path)
                self.called.update(_last_name(decorator) or "" for decorator in statement[7])
            elif statement[0] == "class":
                for inner in statement[8]:
                    if inner[0] == "def":
                        names = (inner[3], statement[3]) if inner[3] in _AT_CLASS else (inner[3],)
                        for name in names:
                            self.functions.setdefault(name, []).append((path, inner))
                self._note(walk((statement[5], statement[6], statement[7])), path)
                self.called.update(_last_name(each) or "" for each in (*statement[5], *statement[7]))
            else:
                self._note(_heads(statement), path)

    def _run_called(self) -> None:
        while ready := [name for name in self.called if name in self.functions]:
            for name in ready:
                for path, function in self.functions.pop(name):
                    self._note(walk(function[8]), path)

    def _note(self, nodes: Iterable[Node], path: str) -> None:
        for node in nodes:
            if node[0] in ("import", "from"):
                self._import(node, path)
            elif node[0] == "call":
                name = _last_name(node[3])
                if name in _LOADERS and not _is_plain(node):
                    self._doubt("modules loaded by names made at run time", path, node)
                elif name in _LOADERS:
                    self._named(node[4][0][3], path)
                elif name is not None:
                    self.called.add(name)

    def _import(self, statement: Node, path: str) -> None:
        if statement[0] == "import":
            for module, _ in statement[3]:
                self._named(module, path)
            return
        _, _, _, module, level, members = statement
        source = self.program.relative(path, level, module) if level else self.program.find(module, path)
        if source is None:
            self._not_found(module, path, statement)
            return
        if not source.endswith("/"):
            self.add(source)
        names = [name for name, _ in members]
        for name in self._listed(source) if names == ["*"] else names:
            inner = self.program.submodule(source, name)
            if inner is not None and not inner.endswith("/"):
                self.add(inner)

    def _listed(self, source: str) -> tuple[str, ...]:
        """What a package lists in `__all__`: `import *` loads the submodules among it."""
        body = self.program.load(source).body if source in self.program.paths else ()
        values = [node[4] for node in body if node[0] == "assign" and any(_last_name(target) == "__all__" for target in node[3])]
        return tuple(item[3] for value in values for item in walk([value]) if item[0] == "const" and isinstance(item[3], str))

    def _named(self, module: str, path: str) -> None:
        found = self.program.find(module, path)
        if found is not None and not found.endswith("/"):
            self.add(found)

    def _not_found(self, module: str, path: str, statement: Node) -> None:
        """A module that the workspace seems to have, but not where the import looks for it."""
        top = module.partition(".")[0]
        if top not in INSTALLED | sys.stdlib_module_names and any(f"{holder}/{top}/__init__.py".lstrip("/") in self.program.paths
                                                for holder in self.program.holders(top)):  # fmt: skip
            self._doubt(f"the module `{module}`", path, statement)

    def _doubt(self, what: str, path: str, node: Node) -> None:
        if self.unsure is None:
            self.unsure = Unknown(what, Location(path, Span(node[1], node[2])))


def _folders_up_to(folder: str, root: str) -> Iterator[str]:
    while folder and folder != root:
        yield folder
        folder = folder.rpartition("/")[0]


def _outside_functions(body: Iterable[Node]) -> Iterator[Node]:
    """Statements that run when a module is imported; those of a type checker only are left out."""
    for statement in body:
        yield statement
        kind = statement[0]
        if kind == "class":
            yield from _outside_functions(inner for inner in statement[8] if inner[0] != "def")
        elif kind == "if":
            if _last_name(statement[3]) != "TYPE_CHECKING":
                yield from _outside_functions(statement[4])
            yield from _outside_functions(statement[5])
        elif kind in ("with", "while"):
            yield from _outside_functions(statement[4])
        elif kind == "for":
            yield from _outside_functions([*statement[5], *statement[6]])
        elif kind == "try":
            yield from _outside_functions([*statement[3], *(inner for handler in statement[4] for inner in handler[2])])
            yield from _outside_functions([*statement[5], *statement[6]])
        elif kind == "match":
            yield from _outside_functions(inner for block in statement[4] for inner in block)


def _heads(statement: Node) -> Iterator[Node]:
    """The expressions of a statement, without the statements that it holds: those come by themselves."""
    match statement[0]:
        case "if" | "while":
            return walk([statement[3]])
        case "for":
            return walk([statement[3], statement[4]])
        case "with":
            return walk([statement[3]])
        case "try" | "match":
            return walk([statement[3]]) if statement[0] == "match" else iter(())
        case "import" | "from":
            return iter(())
    return walk(statement[3:])


def _last_name(node: object) -> str | None:
    if isinstance(node, tuple) and node and node[0] in ("name", "attr"):
        return str(node[3] if node[0] == "name" else node[4])
    return _last_name(node[3]) if isinstance(node, tuple) and node and node[0] == "call" else None


def _is_plain(call: Node) -> bool:
    """`import_module("app.models")`: a module named in so many words."""
    return bool(_last_name(call[3]) in ("import_module", "__import__") and call[4] and call[4][0][0] == "const"
                and isinstance(call[4][0][3], str) and not call[4][0][3].startswith("."))  # fmt: skip
