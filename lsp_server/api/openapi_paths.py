"""The paths of a specification -> operations, and what must be true of them together.

Knows path items, what an operation inherits, path templates and the uniqueness of operation ids. The parts of an
operation are `openapi_parts`; the rest of the document is `openapi`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lsp_server.api.json_schema import Dialect, is_true, short
from lsp_server.api.model import (
    METHODS,
    Body,
    Operation,
    Parameter,
    SecurityRequirement,
    anonymous_path,
    path_parameters,
)
from lsp_server.api.openapi_parts import Found, Parts
from lsp_server.api.references import References, Source
from lsp_server.text import Location, Span
from lsp_server.tree.node import Node
from lsp_server.unknown import Unknown

_METHODS = {method.lower(): method for method in METHODS}
_CONTROLLERS = ("x-openapi-router-controller", "x-swagger-router-controller")


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the document says for all operations."""

    security: tuple[SecurityRequirement, ...] | Unknown = ()
    consumes: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()


@dataclass(slots=True)
class PathReader:
    """Reads path items one after the other. `prefixes` are those of servers that paths and operations name."""

    references: References
    parts: Parts
    dialect: Dialect
    inherited: Inherited
    operations: list[Operation] = field(default_factory=list)
    lost: Unknown | None = None  # the first path whose operations could not be had
    prefixes: list[str] = field(default_factory=list)
    _places: dict[tuple[str, str], Operation] = field(default_factory=dict)
    _ids: dict[str, Operation] = field(default_factory=dict)

    def read(self, paths: Node) -> None:
        root = self.references.root
        for path, node in paths.items():
            if path.startswith("x-"):
                continue
            at = root.at_key(node)
            if not path.startswith("/"):
                if root.tree.complete:
                    said = f"the path {path} must begin with /" if path else "a path must not be empty"
                    self.parts.faults.add("invalid", said, at, ("path", path))
                if not path:
                    continue
                path = "/" + path
            self._item(root, path, node, at)

    def _item(self, source: Source, path: str, node: Node, at: Location) -> None:
        target = self.references.follow(source, node)
        if isinstance(target, Unknown):
            self.lost = self.lost if self.lost is not None else Unknown(f"the operations of {path}: {target.what}", at)
        elif target is not None:
            self._methods(target.source, path, target.node, at)
        self._methods(source, path, node, at)

    def _methods(self, source: Source, path: str, item: Node, at: Location) -> None:
        subject = ("path", path)
        shared = self.parts.parameters(source, item.get("parameters"), subject)
        self._servers(item)
        methods = [(_METHODS[key.lower()], value) for key, value in item.items() if key.lower() in _METHODS]
        if self.dialect >= Dialect.OPENAPI_3_2:
            if (query := item.get("query")) is not None:
                methods.append(("QUERY", query))
            if (others := item.get("additionalOperations")) is not None:
                methods += [(key.upper(), value) for key, value in others.items()]
        spans = [whole_entry(value) for _, value in methods if value.is_mapping]
        outside = source.holds_break(whole_entry(item)) and not any(source.holds_break(span) for span in spans)
        for method, node in methods:
            if outside or source.holds_break(whole_entry(node)) or not node.is_mapping:
                continue
            operation = self._operation(source, method, path, node, item, shared)
            self._check_unique(operation, source, node)
            self.operations.append(operation)
        if methods and source.tree.complete:
            self._check_shared(path, shared)

    def _operation(self, source: Source, method: str, path: str, node: Node, item: Node, shared: Found) -> Operation:
        subject = ("operation", method, path)
        parts = self.parts
        own = parts.parameters(source, node.get("parameters"), subject)
        parameters = _combined(shared, own)
        at = source.at_key(node)
        if not isinstance(parameters, Unknown) and source.tree.complete:
            self._check_template(path, parameters, own, at, subject)
        self._servers(node)
        responses = node.get("responses")
        if responses is None and self.dialect < Dialect.OPENAPI_3_1 and source.tree.complete:
            parts.faults.add("invalid", f"{method} {path} must say what it responds", at, (*subject, "responses"))
        produces = _texts(node.get("produces"), self.inherited.produces)
        security = node.get("security")
        operation_id = node.get("operationId")
        deprecated = node.get("deprecated")
        return Operation(
            method,
            path,
            at,
            parameters,
            self._body(source, node, shared, own),
            parts.responses(source, responses, produces, subject) if responses is not None else (),
            parts.security(source, security) if security is not None and security.is_sequence else self.inherited.security,
            _scalar(operation_id),
            _texts(node.get("tags"), ()),
            is_true(deprecated),
            short(node.get("summary")),
            short(node.get("description")),
            parts.rate_limit(source, node, (item, *filter(None, [self.references.root.tree.root]))),
            declaration=Location(source.path, whole_entry(node)),
            controller=next((text for key in _CONTROLLERS if (text := _scalar(node.get(key)))), None),
        )

    def _body(self, source: Source, node: Node, shared: Found, own: Found) -> Body | Unknown | None:
        if self.dialect is Dialect.SWAGGER_2:
            consumes = _texts(node.get("consumes"), self.inherited.consumes)
            chosen = own if own.body is not None or own.form is not None else shared
            return self.parts.swagger_body(chosen, consumes)
        body = node.get("requestBody")
        return self.parts.body(source, body) if body is not None else None

    def _servers(self, node: Node) -> None:
        for prefix in prefixes_of(node.get("servers"), []):
            if prefix not in self.prefixes:
                self.prefixes.append(prefix)

    # --- what must be true ---

    def _check_template(
        self, path: str, parameters: tuple[Parameter, ...], own: Found, at: Location, subject: tuple[str, ...]
    ) -> None:
        declared = {parameter.name for parameter in parameters if parameter.where == "path"}
        written = path_parameters(path)
        add = self.parts.faults.add
        for name in dict.fromkeys(written):
            if name not in declared:
                add("invalid", f"{subject[1]} {path} does not declare its path parameter {name}", at, (*subject, "path", name))
        for parameter in own.parameters:
            if parameter.where == "path" and parameter.name not in written and parameter.location is not None:
                message = f"the path {path} has no parameter {parameter.name}"
                add("invalid", message, parameter.location, (*subject, "parameter", "path", parameter.name))

    def _check_shared(self, path: str, shared: Found) -> None:
        written = path_parameters(path)
        for parameter in shared.parameters:
            if parameter.where == "path" and parameter.name not in written and parameter.location is not None:
                message = f"the path {path} has no parameter {parameter.name}"
                subject = ("path", path, "parameter", "path", parameter.name)
                self.parts.faults.add("invalid", message, parameter.location, subject)

    def _check_unique(self, operation: Operation, source: Source, node: Node) -> None:
        key = (operation.method, anonymous_path(operation.path))
        first = self._places.setdefault(key, operation)
        if first is not operation and first.path != operation.path:
            message = f"{operation.method} {operation.path} is the same path as {first.path}, with other names"
            self.parts.faults.add("invalid", message, operation.location, operation.subject, ((first.location, "the first one"),))
        operation_id = node.get("operationId")
        if operation_id is None or not isinstance(operation.operation_id, str):
            return
        other = self._ids.setdefault(operation.operation_id, operation)
        if other is not operation and other.subject != operation.subject:
            message = f"the operationId {operation.operation_id} is taken by {other.method} {other.path}"
            related = ((other.location, f"{other.method} {other.path}"),)
            subject = (*operation.subject, "operationId")
            self.parts.faults.add("invalid", message, source.at(operation_id), subject, related)


def _combined(shared: Found, own: Found) -> tuple[Parameter, ...] | Unknown:
    """The parameters of the path and of the operation; the latter win."""
    unknown = own.unknown if own.unknown is not None else shared.unknown
    if unknown is not None:
        return unknown
    found = {(one.where, one.name): one for one in shared.parameters}
    found.update({(one.where, one.name): one for one in own.parameters})
    return tuple(found.values())


def whole_entry(node: Node) -> Span:
    """An entry with its key."""
    key = node.key_span
    return Span(key.start, max(node.span.end, key.end)) if key is not None else node.span


def _scalar(node: Node | None) -> str | None:
    return node.text if node is not None and node.is_scalar and node.text else None


def _texts(node: Node | None, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    if node is None or not node.is_sequence:
        return otherwise
    return tuple(item.text for item in node.elements() if item.is_scalar and item.text)


def prefixes_of(servers: Node | None, unknowns: list[Unknown], source: Source | None = None) -> tuple[str, ...]:
    """The path parts of servers, variables replaced by their defaults, without a slash at the end."""
    found: list[str] = []
    for server in servers.elements() if servers is not None else ():
        url = server.get("url")
        if url is None or not url.is_scalar:
            continue
        text = url.text
        variables = server.get("variables")
        for name, variable in variables.items() if variables is not None else ():
            default = variable.get("default")
            if default is not None and default.is_scalar:
                text = text.replace("{" + name + "}", default.text)
        prefix = prefix_of(text)
        if prefix is None:
            unknowns.append(Unknown(f"the path of the server {url.text}", source.at(url) if source else None))
        elif prefix not in found:
            found.append(prefix)
    return tuple(found)


def prefix_of(url: str) -> str | None:
    """The path of a URL, without a slash at the end; None where a variable in it has no value."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    if "{" in path:
        return None
    path = path.rstrip("/")
    return path if not path or path.startswith("/") else "/" + path
