"""Where the files of a program speak of a symbol: by its name as imports bring it, or as an attribute of the same name.

What a name means is followed through imports, aliases and packages that hand names on; names that a function or comprehension has for itself are
others. Of what object an attribute is, nobody knows from the text alone: such places, and texts that spell the name, are only `likely`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lsp_server.python.lower import Node
from lsp_server.python.program import Program
from lsp_server.python.symbols import Symbol, blocks_of
from lsp_server.python.walk import is_node, walk
from lsp_server.text import Location, Span

_DEEPEST = 12  # packages that hand a name on
_Meaning = tuple[str, str] | None  # (path, name) of a module's name, (path, "") of a module; None: something else


@dataclass(frozen=True, slots=True)
class Reference:
    """`certain`: the name there is the symbol. `how`: "name", "import", "attribute", "argument" or "text"."""

    location: Location
    certain: bool
    how: str


def references_to(program: Program, text_of: Callable[[str], str], symbol: Symbol) -> tuple[Reference, ...]:
    """All places outside of its own definition's name, in order of path and place, certain ones first at each."""
    found: dict[Location, Reference] = {}
    meanings = Meanings(program)
    top = symbol.name.partition(".")[0]
    for path in sorted(program.paths):
        text = text_of(path)
        if symbol.last not in text:
            continue
        search = _Search(path, text, symbol, (symbol.path, top), meanings)
        for reference in search.run(program.load(path).body):
            known = found.get(reference.location)
            if known is None or (reference.certain and not known.certain):
                found[reference.location] = reference
    found.pop(Location(symbol.path, symbol.name_span), None)
    return tuple(sorted(found.values(), key=lambda reference: reference.location))


@dataclass(slots=True)
class Meanings:
    """What the names at the top of modules mean. Asks a program for files and their facts."""

    program: Program
    _tops: dict[str, Mapping[str, _Meaning]] = field(default_factory=dict)

    def of(self, path: str, name: str, depth: int = 0) -> _Meaning:
        """What a module's name means: itself where the module defines it."""
        if depth > _DEEPEST or path.endswith("/"):
            return None
        bound = self.top(path, depth).get(name)
        if bound is not None:
            return bound
        inner = self.program.submodule(path, name)
        return (inner, "") if inner is not None else None

    def top(self, path: str, depth: int = 0) -> Mapping[str, _Meaning]:
        if path not in self._tops:
            self._tops[path] = {}  # for modules that import each other
            self._tops[path] = self._bound(path, self.program.load(path).body, depth)
        return self._tops[path]

    def _bound(self, path: str, body: Iterable[Node], depth: int) -> dict[str, _Meaning]:
        names: dict[str, _Meaning] = {}
        for node in _statements(body):
            if node[0] in ("import", "from"):
                names.update(self.imported(node, path, depth))
            else:
                names.update((name, (path, name)) for name in _bound_by(node))
        return names

    def imported(self, node: Node, path: str, depth: int = 0) -> dict[str, _Meaning]:
        """The names that an import statement binds."""
        if node[0] == "import":
            names: dict[str, _Meaning] = {}
            for module, alias in node[3]:
                found = self.program.find(module if alias else module.partition(".")[0], path)
                names[alias or module.partition(".")[0]] = (found, "") if found is not None else None
            return names
        _, _, _, module, level, members = node
        source = self.program.relative(path, level, module) if level else self.program.find(module, path)
        if source is None:
            return {alias or name: None for name, alias in members if name != "*"}
        names = {}
        for name, alias in members:
            if name == "*":
                if not source.endswith("/"):
                    names.update({each: meaning for each, meaning in self.top(source, depth + 1).items() if not each.startswith("_")})
            else:
                names[alias or name] = self.of(source, name, depth + 1) or self._submodule(source, name)
        return names

    def _submodule(self, source: str, name: str) -> _Meaning:
        inner = self.program.submodule(source, name)
        return (inner, "") if inner is not None else None


@dataclass(slots=True)
class _Search:
    """One file's search. `target` is the top-level name around the symbol: the symbol itself, or the class that holds it."""

    path: str
    text: str
    symbol: Symbol
    target: tuple[str, str]
    meanings: Meanings

    def run(self, body: tuple[Node, ...]) -> Iterator[Reference]:
        yield from self._block(body, [self.meanings.top(self.path)])

    @property
    def is_member(self) -> bool:
        return "." in self.symbol.name

    def _place(self, start: int, end: int, certain: bool, how: str) -> Reference:
        return Reference(Location(self.path, Span(start, end)), certain, how)

    def _block(self, body: Iterable[Node], scopes: list[Mapping[str, _Meaning]]) -> Iterator[Reference]:
        for node in body:
            yield from self._node(node, scopes)

    def _node(self, node: Node, scopes: list[Mapping[str, _Meaning]]) -> Iterator[Reference]:
        sort = node[0]
        if sort == "def":
            yield from self._parts((node[5], node[6], node[7]), scopes)
            yield from self._block(node[8], [*scopes, self._locals(node)])
        elif sort == "lambda":
            yield from self._parts(node[3], scopes)
            yield from self._node(node[4], [*scopes, dict.fromkeys(parameter[0] for parameter in node[3])])
        elif sort == "comp":
            bound = {name: None for target, _, _ in node[5] for name in _names_in(target)}
            yield from self._parts((node[4], node[5]), [*scopes, bound])
        elif sort == "class":
            yield from self._parts((node[5], node[6], node[7]), scopes)
            inner = {name: None for each in _statements(node[8]) for name in _bound_by(each)}
            for each in node[8]:  # a class' names are seen in its own body, not in its methods
                yield from self._node(each, scopes if each[0] == "def" else [*scopes, inner])
        elif sort in ("import", "from"):
            yield from self._import(node)
        elif sort == "name":
            if node[3] == self.symbol.last and (self._is_own(node[1]) if self.is_member else self._means(node[3], scopes)):
                yield from self._spelled(node[1], node[2], True, "name")
        elif sort == "attr":
            yield from self._attribute(node, scopes)
        elif sort == "const":
            if node[3] == self.symbol.last:
                yield from self._spelled(node[1], node[2], False, "text")
        elif sort in ("opaque", "fstring"):
            yield from self._parts(node[3:], scopes)
            certain = not self.is_member and self._means(self.symbol.last, scopes)
            if certain or self.is_member:
                yield from self._spelled(node[1], node[2], certain, "name" if certain else "attribute")
        else:
            if sort == "call" and self.is_member:
                for name, _, start, _ in node[5]:
                    if name == self.symbol.last:
                        certain = self._leads_to(node[3], scopes) == (self.symbol.path, self.symbol.owner)
                        yield self._place(start, start + len(name), certain, "argument")
            yield from self._parts(node[3:], scopes)

    def _parts(self, parts: object, scopes: list[Mapping[str, _Meaning]]) -> Iterator[Reference]:
        if is_node(parts):
            yield from self._node(parts, scopes)  # type: ignore[arg-type]
        elif isinstance(parts, tuple | list):
            for part in parts:
                yield from self._parts(part, scopes)

    def _locals(self, function: Node) -> Mapping[str, _Meaning]:
        """The names that a function has for itself."""
        names: dict[str, _Meaning] = {parameter[0]: None for parameter in function[5]}
        handed: set[str] = set()
        for node in _statements(function[8]):
            if node[0] == "global":
                handed.update(node[3])
            elif node[0] in ("import", "from"):
                names.update(self.meanings.imported(node, self.path))
            else:
                names.update(dict.fromkeys(_bound_by(node)))
        return {name: meaning for name, meaning in names.items() if name not in handed}

    def _import(self, node: Node) -> Iterator[Reference]:
        if node[0] != "from" or self.is_member:
            return
        meanings = self.meanings.imported(node, self.path)
        for name, alias in node[5]:
            if name == self.symbol.last and meanings.get(alias or name) == self.target:
                behind = self.text.find("import", node[1], node[2])
                match = re.compile(rf"\b{re.escape(name)}\b").search(self.text, max(behind, node[1]), node[2])
                if match:
                    yield self._place(*match.span(), True, "import")

    def _attribute(self, node: Node, scopes: list[Mapping[str, _Meaning]]) -> Iterator[Reference]:
        if node[4] == self.symbol.last:
            meaning = self._leads_to(node[3], scopes)
            if not self.is_member:
                certain = meaning is not None and not meaning[1] and self.meanings.of(meaning[0], node[4]) == self.target
                if certain:
                    yield self._place(node[2] - len(node[4]), node[2], True, "attribute")
            else:
                owned = meaning == (self.symbol.path, self.symbol.owner)
                own = node[3][0] == "name" and node[3][3] in ("self", "cls") and self._is_own(node[1])
                yield self._place(node[2] - len(node[4]), node[2], owned or own, "attribute")
        yield from self._node(node[3], scopes)

    def _leads_to(self, node: Node, scopes: list[Mapping[str, _Meaning]]) -> _Meaning:
        """What a name or a chain of attributes of modules means."""
        if node[0] == "name":
            return self._meaning(node[3], scopes)
        if node[0] == "attr":
            holder = self._leads_to(node[3], scopes)
            return self.meanings.of(holder[0], node[4]) if holder is not None and not holder[1] else None
        return None

    def _meaning(self, name: str, scopes: list[Mapping[str, _Meaning]]) -> _Meaning:
        return next((scope[name] for scope in reversed(scopes) if name in scope), None)

    def _means(self, name: str, scopes: list[Mapping[str, _Meaning]]) -> bool:
        meaning = self._meaning(name, scopes)
        if meaning == self.target:
            return True
        return meaning is not None and meaning[1] != "" and self.meanings.of(*meaning) == self.target

    def _is_own(self, offset: int) -> bool:
        """Whether a place lies in the class that holds the symbol."""
        if self.path != self.symbol.path:
            return False
        for node in walk(self.meanings.program.load(self.path).body):
            if node[0] == "class" and node[3] == self.symbol.owner.rpartition(".")[2] and node[1] <= offset < node[2]:
                return True
        return False

    def _spelled(self, start: int, end: int, certain: bool, how: str) -> Iterator[Reference]:
        """Where the name stands in a part of the text; the part itself where it is the name."""
        for match in re.compile(rf"(?<![\w.]){re.escape(self.symbol.last)}\b").finditer(self.text, start, end):
            yield self._place(*match.span(), certain, how)


def _statements(body: Iterable[Node]) -> Iterator[Node]:
    """The statements of a scope: those in branches and loops too, not those of functions and classes inside."""
    for node in body:
        yield node
        for block in blocks_of(node):
            yield from _statements(block)


def _bound_by(node: Node) -> Iterator[str]:
    """The names that a statement binds in its own scope, imports apart."""
    match node[0]:
        case "def" | "class":
            yield node[3]
        case "assign":
            for target in node[3]:
                yield from _names_in(target)
        case "annassign" | "augassign" | "for":
            yield from _names_in(node[3])
        case "with":
            for _, target in node[3]:
                if target is not None:
                    yield from _names_in(target)
        case "try":
            yield from (handler[1] for handler in node[4] if handler[1])
    if node[0] not in ("def", "class"):
        yield from (each[3] for each in walk([_heads(node)]) if each[0] == "walrus")


def _heads(node: Node) -> tuple[object, ...]:
    """A statement's own expressions, without the statements inside."""
    blocks = set(map(id, blocks_of(node)))
    return tuple(part for part in node[3:] if id(part) not in blocks and node[0] not in ("try", "match"))


def _names_in(target: Node) -> Iterator[str]:
    if target[0] == "name":
        yield target[3]
    elif target[0] in ("tuple", "list"):
        for each in target[3]:
            yield from _names_in(each)
    elif target[0] == "star":
        yield from _names_in(target[3])
