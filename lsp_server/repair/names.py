"""The names that new code in one file may use, and the imports the file needs for them.

Knows how a file spells things already (`import uuid` or `from uuid import UUID`, `from app.models import Item`) and how its
neighbours do. Nothing about what the code means.
"""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from lsp_server.api.names import spelled
from lsp_server.document import Document
from lsp_server.python.edit_imports import import_module, import_names
from lsp_server.python.execution import Imported
from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import ClassValue, External, FunctionValue, Specialized, Value
from lsp_server.text import Edit

_STANDARD = {"datetime", "uuid", "decimal", "enum", "typing", "collections.abc", "ipaddress"}
_UNIONS = ("typing.Union", "types.UnionType")


class Names:
    """One file's names. `body` is empty for a file that is to be written. Everything asked for is remembered as an import."""

    def __init__(self, interpreter: Interpreter, document: Document, body: Sequence[Node] = ()) -> None:
        self.interpreter = interpreter
        self.document = document
        self.body = body
        self.bound = set(_bound_names(body))
        self._wanted: dict[str, dict[str, None]] = {}
        self._modules: dict[str, None] = {}
        self._scope = interpreter.run(document.path).scope if body else None

    # Spelling

    def external(self, module: str, name: str) -> str:
        """Another package's (or the standard library's) name, as this file spells it."""
        for node in self.body:
            if node[0] == "import" and any(each == (module, None) for each in node[3]):
                return f"{module}.{name}"
            if node[0] == "from" and not node[4] and node[3] == module:
                for imported, alias in node[5]:
                    if imported == name:
                        return alias or name
        if self._scope is not None:
            known = self._scope.names.get(name)
            if isinstance(known, External) and name in self.bound and spelled(known.name) == spelled(f"{module}.{name}"):
                return name
        return self._import(module, name)

    def workspace(self, module: str, name: str) -> str:
        """A name that one of the workspace's other modules binds."""
        return self._import(self._spelled_module(module), name)

    def value(self, value: Value) -> str | None:
        """A type as source: classes, `X[Y]`, unions, types of other packages. None for what has no spelling."""
        if value is None:
            return "None"
        if isinstance(value, ClassValue | FunctionValue):
            return self._definition(value)
        if isinstance(value, External):
            module, _, name = value.name.rpartition(".")
            return name if module == "builtins" else self.external(module, name)
        if isinstance(value, Specialized):
            parts = [self.value(argument) for argument in value.arguments]
            if any(part is None for part in parts):
                return None
            texts = [part for part in parts if part is not None]
            if isinstance(value.origin, External) and value.origin.name in _UNIONS:
                return " | ".join(texts)
            if isinstance(value.origin, External) and value.origin.name == "typing.Optional":
                return f"{texts[0]} | None"
            origin = self.value(value.origin)
            return None if origin is None else f"{origin}[{', '.join(texts)}]"
        return None

    def _definition(self, value: ClassValue | FunctionValue) -> str | None:
        if "." in value.qualname:
            return None
        if value.path == self.document.path:
            return value.name
        if self._scope is not None:
            for name, bound in self._scope.names.items():
                if self._is(bound, value) and name in self.bound:
                    return name
        return self._import(self._spelled_module(self._home(value)), value.name)

    def _is(self, bound: Value, value: ClassValue | FunctionValue) -> bool:
        if isinstance(bound, Imported):
            return bound.member == value.name and self.interpreter.member(bound.path, bound.member) is value
        return bound is value

    def _home(self, value: ClassValue | FunctionValue) -> str:
        """The module that this file, or most of the program, imports a definition from: its own, or a package that passes it on."""
        counts: Counter[str] = Counter()
        for path, module, resolved, names in self._imports:
            passed_on = resolved != value.path and value.name in names and self._binds(resolved, value)
            if passed_on or (resolved == value.path and value.name in names):
                counts[module] += 1
            if path == self.document.path and (passed_on or resolved == value.path or self._binds(resolved, value)):
                counts[module] += 1000
        return max(counts, key=lambda module: counts[module]) if counts else self.module_of(value.path)

    def _binds(self, path: str, value: ClassValue | FunctionValue) -> bool:
        return path.endswith("/__init__.py") and self.interpreter.member(path, value.name) is value

    def module_of(self, path: str) -> str:
        """The dotted name by which the program imports a file, or would: as it does with the file's neighbours."""
        spelled_by: Counter[str] = Counter()
        folder, _, name = path.rpartition("/")
        beside: Counter[str] = Counter()
        for _, module, resolved, _ in self._imports:
            if resolved == path:
                spelled_by[module] += 1
            elif resolved.rpartition("/")[0] == folder and not resolved.endswith("/__init__.py") and "." in module:
                beside[f"{module.rpartition('.')[0]}.{name.removesuffix('.py')}"] += 1
            elif resolved in (f"{folder}/__init__.py", f"{folder}/"):
                beside[f"{module}.{name.removesuffix('.py')}"] += 1
        for counts in (spelled_by, beside):
            if counts:
                return counts.most_common(1)[0][0]
        return self.interpreter.program.module_name(path)

    @cached_property
    def _imports(self) -> list[tuple[str, str, str, frozenset[str]]]:
        """Every absolute `from` of the program's own modules: importer, module as written, its file, names."""
        found = []
        for path, execution in self.interpreter.executions.items():
            for node in self.interpreter.program.load(path).body if execution.state == "done" else ():
                if node[0] == "from" and not node[4]:
                    resolved = self.interpreter.program.find(node[3], path)
                    if resolved is not None:
                        found.append((path, str(node[3]), resolved, frozenset(name for name, _ in node[5])))
        return found

    def trial(self) -> Callable[[], None]:
        """Begin an attempt; the result forgets every import asked for since."""
        wanted = {module: dict(names) for module, names in self._wanted.items()}
        modules = dict(self._modules)

        def undo() -> None:
            self._wanted, self._modules = wanted, modules

        return undo

    # Carrying code over from another file

    def carry(self, node: Node, source: str, path: str) -> str:
        """Source text from another file; every name in it gets the import it has there."""
        if path != self.document.path:
            for name in names_in(node):
                self._carry_name(name, path)
        return source

    def _carry_name(self, name: str, path: str) -> None:
        if name in self.bound or (hasattr(builtins, name) and name not in _bound_names(self.interpreter.program.load(path).body)):
            return
        for node in self.interpreter.program.load(path).body:
            if node[0] == "import":
                for module, alias in node[3]:
                    if (alias or module.partition(".")[0]) == name:
                        self._modules[module if alias is None else f"{module} as {alias}"] = None
                        return
            if node[0] == "from":
                for imported, alias in node[5]:
                    if (alias or imported) == name:
                        module = absolute(self.interpreter, node, path) or node[3]
                        self._import(self._spelled_module(module) if node[4] else module, imported if alias is None else f"{imported} as {alias}")
                        return
        self.workspace(self.module_of(path), name)

    # Imports

    def _import(self, module: str, name: str) -> str:
        shown = name.rpartition(" as ")[2]
        self._wanted.setdefault(module, {})[name] = None
        return shown

    def _spelled_module(self, module: str) -> str:
        """An own module's name as the file's other imports are written: with dots in front where all of them are."""
        own = [node for node in self.body if node[0] == "from" and self._is_own(node)]
        if not own or any(not node[4] for node in own):
            return module
        here = self.interpreter.program.module_name(self.document.path).split(".")[:-1]
        there = module.split(".")
        shared = 0
        while shared < min(len(here), len(there) - 1) and here[shared] == there[shared]:
            shared += 1
        return "." * (len(here) - shared + 1) + ".".join(there[shared:]) if shared else module

    def _is_own(self, node: Node) -> bool:
        return bool(node[4]) or self.interpreter.program.find(node[3], self.document.path) is not None

    def edits(self) -> list[Edit]:
        """The imports as edits of the file."""
        found = [import_names(self.document, self.body, module, names) for module, names in sorted(self._wanted.items())]
        found.extend(import_module(self.document, self.body, module) for module in sorted(self._modules))
        return [edit for edit in found if edit is not None]

    def block(self) -> str:
        """The imports as the head of a new file: standard library, other packages, the project's own."""
        groups: list[list[str]] = [[], [], []]
        for module in sorted(self._modules):
            groups[self._group(module)].append(f"import {module}")
        for module, names in sorted(self._wanted.items()):
            groups[self._group(module)].append(_from(module, sorted(names, key=_by_sort)))
        return "\n\n".join("\n".join(group) for group in groups if group)

    def _group(self, module: str) -> int:
        top = module.split(" ")[0]
        if top in _STANDARD or top.partition(".")[0] in _STANDARD:
            return 0
        return 2 if top.startswith(".") or self.interpreter.program.find(top, self.document.path) is not None else 1


def _by_sort(name: str) -> tuple[int, str]:
    """Constants, classes, others: isort's order."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name


def _from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= 88 else f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def absolute(interpreter: Interpreter, node: Node, path: str) -> str | None:
    """The dotted name of the module a `from` statement imports from, dots in front resolved."""
    if not node[4]:
        return str(node[3])
    found = interpreter.program.relative(path, node[4], node[3])
    return interpreter.program.module_name(found.rstrip("/")) if found else None


def names_in(node: object) -> Iterator[str]:
    """Every plain name an expression (or several statements) mentions."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, tuple):
            if len(current) == 4 and current[0] == "name" and isinstance(current[3], str):
                yield current[3]
            else:
                stack.extend(current)


def _bound_names(body: Sequence[Node]) -> Iterator[str]:
    """What a module's top level binds, conditions looked through."""
    for node in body:
        if node[0] == "import":
            yield from ((alias or module.partition(".")[0]) for module, alias in node[3])
        elif node[0] == "from":
            yield from ((alias or name) for name, alias in node[5])
        elif node[0] in ("def", "class"):
            yield node[3]
        elif node[0] == "assign":
            yield from (target[3] for target in node[3] if target[0] == "name")
        elif node[0] == "annassign" and node[3][0] == "name":
            yield node[3][3]
        elif node[0] == "if":
            yield from _bound_names(node[4])
            yield from _bound_names(node[5])
        elif node[0] == "try":
            yield from _bound_names(node[3])


def snake_case(text: str) -> str:
    """`readUser`, `read-user` and `Read user` as `read_user`."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    return re.sub(r"\W+|_+", "_", text).strip("_").lower()


def pascal_case(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in snake_case(text).split("_"))
