"""OpenAPI 3.0, 3.1, 3.2 and Swagger 2.0 text -> `Api`: what a specification promises, with exact positions.

Knows the document as a whole: which version it is, where it is served, what it says for all operations. Operations are
`openapi_paths`, their parts `openapi_parts`, schemas `json_schema`, `$ref` `references`. Webhooks, callbacks and links
are not read: they are requests that others answer.
"""

from __future__ import annotations

import re
from itertools import islice

from lsp_server.api.json_schema import Dialect, SchemaReader
from lsp_server.api.model import Api, SecurityRequirement, SecurityScheme
from lsp_server.api.openapi_parts import Parts
from lsp_server.api.openapi_paths import Inherited, PathReader, prefix_of, prefixes_of, whole_entry
from lsp_server.api.references import Faults, Load, References, Source, is_written_outermost, text_faults
from lsp_server.document import Document, Kind, kind_of
from lsp_server.text import Location, Span
from lsp_server.tree.columns import collector_paused
from lsp_server.tree.node import Node, Tree
from lsp_server.unknown import Unknown

_YAML_HEAD = re.compile(
    r"""(?:^|(?<=[\r\n]))\ufeff?(?P<indent>[ ]*)"""
    r"""(?:["']?openapi["']?[ ]*:[ ]+["']?3\.\d|["']?swagger["']?[ ]*:[ ]+["']?2\.0\b)"""
)
_YAML_FIRST = re.compile(r"\ufeff?(?:[ \t]*(?:#[^\r\n]*|---[^\r\n]*|%[^\r\n]*)?[\r\n]+)*(?P<indent>[ ]*)")
_JSON_HEAD = re.compile(r'"openapi"\s*:\s*"3\.\d|"swagger"\s*:\s*"2\.0"')
_JSON_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_FLOW_START = re.compile(r"\ufeff?\s*\{")
_HEADS = 20  # places in a JSON text that look like the head of a specification and are looked at
_AMBIGUOUS = ("ambiguous-boolean", "ambiguous-octal", "ambiguous-sexagesimal")
_AMBIGUOUS_LIMIT = 200
_DATA = frozenset(("example", "examples", "x-examples"))


def is_specification(path: str, text: str) -> bool:
    """Whether a file is an OpenAPI or Swagger document, from its top-level keys; nothing is parsed."""
    kind = kind_of(path)
    if "openapi" not in text and "swagger" not in text:
        return False
    if kind is Kind.YAML and not _FLOW_START.match(text):
        first = _YAML_FIRST.match(text)
        indent = first["indent"] if first else ""
        return any(match["indent"] == indent for match in _YAML_HEAD.finditer(text))
    if kind not in (Kind.YAML, Kind.JSON):
        return False
    return any(_is_outermost(text, match.start()) for match in islice(_JSON_HEAD.finditer(text), _HEADS))


def _is_outermost(text: str, offset: int) -> bool:
    """Whether a JSON key stands in the outermost object."""
    depth = 0
    for match in _JSON_MARKS.finditer(text, 0, offset):
        mark = match[0]
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
    return depth == 1


def read_specification(document: Document, tree: Tree, load: Load) -> Api:
    """The API a document describes. `load` gives another file of the workspace by its normalised path, or None.

    Never raises: what is wrong is in `faults`, what could not be read in `unknowns`.
    """
    with collector_paused():
        return _read(document, tree, load)


def _read(document: Document, tree: Tree, load: Load) -> Api:
    faults = Faults()
    references = References(document, tree, load, faults)
    root = tree.root
    if root is None or not root.is_mapping:
        text_faults(references.root, faults)
        location = Location(document.path, Span(0, 0))
        incomplete = Unknown("a specification without content", location)
        return Api(document.path, location=location, incomplete=incomplete, faults=tuple(faults.found), sources=(document.path,))
    source = references.root
    dialect = dialect_of(root)
    head = root.get("swagger") or root.get("openapi")
    schemas = SchemaReader(references, dialect)
    _name_schemas(source, root, schemas)
    named = _component(root, dialect, "securitySchemes", "securityDefinitions")
    parts = Parts(references, schemas, dialect, tuple(name for name, _ in named.items()) if named is not None else ())
    inherited = _inherited(source, root, parts)
    reader = PathReader(references, parts, dialect, inherited)
    paths = root.get("paths")
    if paths is not None:
        reader.read(paths)
    schemes = _security_schemes(source, root, parts)
    unknowns = [reader.lost] if reader.lost is not None else []
    base_paths = _base_paths(source, root, dialect, reader, unknowns)
    _read_unused(source, root, parts)
    schemas.finish()
    schemas.report_circles()
    if schemas.exhausted:
        unknowns.append(Unknown("schemas beyond the limit of work", Location(document.path, Span(0, 0))))
    for one in references.sources.values():
        text_faults(one, faults)
        _ambiguities(one, faults)
    title = tree.at(("info", "title"))
    return Api(
        document.path,
        title.text if title is not None and title.is_scalar and title.text else None,
        () if _is_base_lost(source, root) else tuple(reader.operations),
        schemas.named,
        schemes,
        base_paths,
        head.text if head is not None and head.is_scalar else None,
        tuple(unknowns),
        _incomplete(references, reader.lost, paths),
        source.at_key(head) if head is not None else Location(document.path, Span(root.span.start, root.span.start)),
        tuple(sorted(faults.found, key=lambda fault: (fault.location.path != document.path, fault.location))),
        tuple(references.sources),
    )


def dialect_of(root: Node) -> Dialect:
    """The rules that hold for a document; the newest where it does not say."""
    if "swagger" in root:
        return Dialect.SWAGGER_2
    head = root.get("openapi")
    text = head.text if head is not None else ""
    known = {"3.0": Dialect.OPENAPI_3_0, "3.1": Dialect.OPENAPI_3_1}
    return known.get(text[:3], Dialect.OPENAPI_3_2)


def _texts(root: Node, key: str) -> tuple[str, ...]:
    node = root.get(key)
    return tuple(item.text for item in node.elements() if item.text) if node is not None else ()


def _component(root: Node, dialect: Dialect, name: str, swagger_name: str) -> Node | None:
    if dialect is Dialect.SWAGGER_2:
        return root.get(swagger_name)
    components = root.get("components")
    return components.get(name) if components is not None else None


def _name_schemas(source: Source, root: Node, schemas: SchemaReader) -> None:
    named = _component(root, schemas.dialect, "schemas", "definitions")
    for name, node in named.items() if named is not None else ():
        schemas.name(name, source, node)


def _inherited(source: Source, root: Node, parts: Parts) -> Inherited:
    """What holds for all operations; unknown where it may be what does not parse."""
    node = root.get("security")
    security: tuple[SecurityRequirement, ...] | Unknown = parts.security(source, node)
    if _is_break_outermost(source, root) or (node is not None and source.holds_break(whole_entry(node))):
        security = Unknown("the security of all operations, which does not parse", source.at_key(node) if node is not None else None)
    return Inherited(security, _texts(root, "consumes"), _texts(root, "produces"))


def _is_break_outermost(source: Source, root: Node) -> bool:
    """Whether the text breaks between the outermost entries, or at the head of one."""
    broken = source.broken
    if broken is None:
        return False
    entries = (whole_entry(value) for _, value in root.items() if value.span.end > value.span.start)
    return not any(entry.start < broken.start and broken.end < entry.end for entry in entries)


def _is_base_lost(source: Source, root: Node) -> bool:
    """Whether it does not parse where the API is served, or what it speaks: no path could be told from another then."""
    for key in ("servers", "basePath", "consumes", "produces"):
        node = root.get(key)
        if node is not None and source.holds_break(whole_entry(node)):
            return True
        if node is None and source.broken is not None and is_written_outermost(source.tree.source, key):
            return True
    return False


def _security_schemes(source: Source, root: Node, parts: Parts) -> tuple[SecurityScheme, ...]:
    named = _component(root, parts.dialect, "securitySchemes", "securityDefinitions")
    return tuple(parts.security_scheme(source, name, node) for name, node in named.items()) if named is not None else ()


def _read_unused(source: Source, root: Node, parts: Parts) -> None:
    """Read the shared parts too that no operation uses: what is wrong in them is wrong."""
    dialect = parts.dialect
    subject = ("components",)
    shared = _component(root, dialect, "parameters", "parameters")
    for _, node in shared.items() if shared is not None else ():
        parts.shared_parameter(source, node, subject)
    shared = _component(root, dialect, "responses", "responses")
    for _, node in shared.items() if shared is not None else ():
        parts.response(source, node, "default", source.at_key(node), _texts(root, "produces"))
    shared = _component(root, dialect, "requestBodies", "")
    for _, node in shared.items() if shared is not None else ():
        parts.body(source, node)


def _base_paths(
    source: Source, root: Node, dialect: Dialect, reader: PathReader, unknowns: list[Unknown]
) -> tuple[str, ...]:
    """The prefixes of the document's servers, then those that paths and operations name for themselves."""
    if dialect is Dialect.SWAGGER_2:
        base = root.get("basePath")
        prefix = prefix_of(base.text) if base is not None and base.is_scalar else ""
        return (prefix or "",)
    own = prefixes_of(root.get("servers"), unknowns, source)
    return tuple(dict.fromkeys((*(own or ("",)), *reader.prefixes)))


def _incomplete(references: References, lost: Unknown | None, paths: Node | None) -> Unknown | None:
    """Why operations may exist that were not seen."""
    for source in references.sources.values():
        if not source.tree.complete:
            where = source.broken or Span(0, 0)
            return Unknown("what a specification says that does not parse", Location(source.path, where))
    if paths is None:
        return Unknown("a document without paths", Location(references.root.path, Span(0, 0)))
    return lost


def _ambiguities(source: Source, faults: Faults) -> None:
    """Words that one half of the tools reads as something else, where it changes what the API is."""
    count = 0
    for note in source.tree.notes:
        if note.code not in _AMBIGUOUS or count >= _AMBIGUOUS_LIMIT:
            continue
        node = source.tree.node_at(note.span.start)
        if node is None or not _matters(node):
            continue
        count += 1
        faults.add("ambiguous", note.message, Location(source.path, note.span), (note.code, *node.pointer))


def _matters(node: Node) -> bool:
    """A key among properties, or a value of `enum`, `default`, `const`, `required`; nothing inside examples."""
    pointer = node.pointer
    if any(part in _DATA or part.startswith("x-") for part in pointer):
        return False
    if node.text in ("y", "Y", "n", "N"):
        return False  # the readers of YAML 1.1 in use take these as they are written
    if node.is_key:
        return len(pointer) > 1 and pointer[-2] == "properties"
    if pointer[-1:] in (("default",), ("const",)):
        return True
    return len(pointer) > 1 and pointer[-2] in ("enum", "required")
