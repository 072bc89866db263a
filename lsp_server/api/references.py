"""`$ref` across files: from the text of a reference to the node it points to, within the workspace only.

Knows JSON pointers and relative paths, not what stands at their ends. Reads no files: another document comes from the
`load` it was given. A reference to a URL, an absolute path or a place above the workspace is refused, never tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from posixpath import dirname, normpath
from typing import NamedTuple
from urllib.parse import unquote

from lsp_server.api.model import Fault
from lsp_server.document import Document
from lsp_server.text import Location, Span
from lsp_server.tree.node import Node, Problem, Tree
from lsp_server.unknown import Unknown

Load = Callable[[str], tuple[Document, Tree] | None]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_SUGGESTIONS = 20  # faults that get a "did you mean": comparing names is dear
_CANDIDATES = 2000
_CHAIN_LIMIT = 50
_NAMED = (("components", "schemas"), ("definitions",))
_FAULT_LIMIT = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One file that belongs to a specification. `broken` is where its text does not parse.

    It begins where the last line above ends: what a half-typed line belongs to may have been read without it.
    """

    path: str
    tree: Tree
    broken: Span | None

    def at(self, node: Node) -> Location:
        return Location(self.path, node.span)

    def at_key(self, node: Node) -> Location:
        """The key of a mapping's value; the node itself where it has none."""
        return Location(self.path, node.key_span or node.span)

    def holds_break(self, span: Span) -> bool:
        """Whether the place where the text does not parse lies in a span or touches its end."""
        return self.broken is not None and span.start <= self.broken.end and self.broken.start <= span.end


def source_of(path: str, tree: Tree) -> Source:
    broken = None
    if not tree.complete and tree.problems:
        span = tree.problems[0].span
        line = max(tree.source.rfind("\n", 0, span.start), tree.source.rfind("\r", 0, span.start)) + 1
        broken = Span(len(tree.source[:line].rstrip()), span.end)
    return Source(path, tree, broken)


class Target(NamedTuple):
    """Where a reference ends. `key` names it for `Api.schemas`."""

    source: Source
    node: Node
    key: str


@dataclass(slots=True)
class Faults:
    """What is wrong, as it is found."""

    found: list[Fault] = field(default_factory=list)
    _seen: set[tuple[str, Location, str]] = field(default_factory=set)

    def add(
        self,
        sort: str,
        message: str,
        location: Location,
        subject: tuple[str, ...],
        related: tuple[tuple[Location, str], ...] = (),
    ) -> None:
        """Once for each place and message: what is shared is read for everyone who uses it."""
        key = (sort, location, message)
        if key not in self._seen and len(self.found) < _FAULT_LIMIT:
            self._seen.add(key)
            self.found.append(Fault(sort, message, location, subject, related))


class References:
    """The files of one specification, and the way from any of their references to its end."""

    def __init__(self, document: Document, tree: Tree, load: Load, faults: Faults) -> None:
        self.root = source_of(document.path, tree)
        self.sources: dict[str, Source] = {document.path: self.root}
        self.faults = faults
        self._load = load
        self._absent: set[str] = set()
        self._suggestions = 0

    def follow(self, source: Source, node: Node) -> Target | Unknown | None:
        """The end of the chain of references that a mapping begins; None where it is no reference."""
        target: Target | None = None
        seen: set[tuple[str, int]] = set()
        while (reference := reference_in(node)) is not None:
            if (source.path, node.row) in seen or len(seen) > _CHAIN_LIMIT:
                self._report(source, reference, f"the reference {reference.text} leads back to itself")
                return Unknown("a reference that leads back to itself", source.at(reference))
            seen.add((source.path, node.row))
            found = self.target(source, reference)
            if isinstance(found, Unknown):
                return found
            target = found
            source, node = target.source, target.node
        return target

    def target(self, source: Source, reference: Node) -> Target | Unknown:
        """What one reference points to, which may be a reference itself. What is wrong is reported."""
        text = reference.text
        found = self._find(source, reference, text)
        if isinstance(found, str):
            if source.holds_break(reference.span):
                return Unknown("a reference that is being typed", source.at(reference))
            self._report(source, reference, found)
        elif isinstance(found, Target):
            return found
        return Unknown(f"the reference {text}", source.at(reference))

    def key_of(self, source: Source, fragment: str) -> str:
        """A stable name for a place: bare for the root's named schemas, else path and pointer."""
        if source is self.root:
            for parts in _NAMED:
                prefix = "/" + "/".join(parts) + "/"
                if fragment.startswith(prefix) and "/" not in (name := fragment[len(prefix) :]):
                    return _unescaped(name)
            return "#" + fragment
        return f"{source.path}#{fragment}" if fragment else source.path

    def _find(self, source: Source, reference: Node, text: str) -> Target | str | None:
        """The target, a message about what is wrong, or None: not resolved, and that may be nobody's fault."""
        path, _, fragment = text.partition("#")
        if path:
            other = self._file(source, path)
            if isinstance(other, str):
                return other
            source = other
        fragment = unquote(fragment)
        root = source.tree.root
        if root is None:
            return None if source.broken is not None else f"the reference {text} points into an empty file"
        if fragment and not fragment.startswith("/"):
            return None  # a name given by `$anchor`
        node = root
        for part in fragment.split("/")[1:]:
            name = _unescaped(part)
            inner = node.get(name)
            if inner is None and (hop := reference_in(node)) is not None:
                end = self.follow(source, node)
                if isinstance(end, Target):
                    source, node = end.source, end.node
                    inner = node.get(name)
                elif hop is not reference:
                    return None
            if inner is None:
                if not source.tree.complete:
                    return None  # it may be written where the text does not parse
                return f"the reference {text} points to nothing{self._suggestion(node, name)}"
            node = inner
        return Target(source, node, self.key_of(source, fragment))

    def _file(self, source: Source, path: str) -> Source | str:
        """Another file of the specification, or why it may not or cannot be had."""
        if _SCHEME.match(path):
            return f"the reference to {path} leaves the workspace: URLs are not fetched"
        path = unquote(path)
        if path.startswith(("/", "\\")):
            return f"the reference to {path} is absolute: only files of the workspace are read"
        joined = normpath(f"{dirname(source.path) or '.'}/{path}")
        if joined == ".." or joined.startswith("../"):
            return f"the reference to {path} leads out of the workspace"
        if joined in self.sources:
            return self.sources[joined]
        loaded = None if joined in self._absent else self._load(joined)
        if loaded is None:
            self._absent.add(joined)
            return f"the reference to {path} points to no file: there is no {joined} in the workspace"
        document, tree = loaded
        other = source_of(document.path, tree)
        self.sources[joined] = other
        return other

    def _suggestion(self, node: Node, name: str) -> str:
        if not node.is_mapping or self._suggestions >= _SUGGESTIONS:
            return ""
        self._suggestions += 1
        names = [key for _, (key, _) in zip(range(_CANDIDATES), node.items())]
        close = get_close_matches(name, names, 1, 0.7)
        return f"; did you mean {close[0]}?" if close else ""

    def _report(self, source: Source, reference: Node, message: str) -> None:
        self.faults.add("reference", message, source.at(reference), ("pointer", *reference.pointer))


def reference_in(node: Node) -> Node | None:
    """The `$ref` of a mapping that is a reference."""
    reference = node.get("$ref")
    return reference if reference is not None and reference.is_scalar else None


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def is_written_outermost(text: str, name: str) -> bool:
    """Whether a key stands at the start of a line, indented by four at most as the outermost keys of JSON are.

    In a text that does not parse it may be written without being read.
    """
    return re.search(rf"(?m)^[ \t]{{0,4}}[\"']?{re.escape(name)}[\"']?[ \t]*(:|$)", text) is not None


def text_faults(source: Source, faults: Faults) -> None:
    """The faults of a file's text itself."""
    for problem in source.tree.problems:
        if problem.code == "duplicate-key" and _is_made_by_mending(source, problem):
            continue
        sort = "invalid" if problem.code == "duplicate-key" else "syntax"
        related = ((Location(source.path, problem.related), _related_text(problem)),) if problem.related else ()
        subject = (problem.code, *source.tree.pointer_at(problem.span.start))
        faults.add(sort, problem.message, Location(source.path, problem.span), subject, related)


def _is_made_by_mending(source: Source, problem: Problem) -> bool:
    """Two equal keys may only stand in one mapping because the line between them does not parse."""
    key = source.tree.node_at(problem.span.start)
    mapping = key.parent if key is not None else None
    return mapping is not None and source.holds_break(mapping.span)


def _related_text(problem: Problem) -> str:
    return "the first one" if problem.code == "duplicate-key" else "it begins here"
