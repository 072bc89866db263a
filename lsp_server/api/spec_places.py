"""Where things stand in a specification: from an element of its `Api` to the pointer of what is written.

Knows paths, parameter lists, `allOf` and where a new path or status stands best. Changes nothing: that is `yaml_edit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lsp_server.api.json_schema import Dialect
from lsp_server.api.model import Api, Operation, Parameter, Schema, anonymous_path, path_parameters
from lsp_server.api.openapi import dialect_of
from lsp_server.text import Location
from lsp_server.tree.edit import Unwritable
from lsp_server.tree.node import Node, Pointer, Tree
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Specification:
    """A specification as it was read, with the trees of its files."""

    api: Api
    trees: Mapping[str, Tree]

    @property
    def dialect(self) -> Dialect:
        root = self.trees[self.api.source].root
        return dialect_of(root) if root is not None else Dialect.OPENAPI_3_1

    def pointer(self, location: Location | None) -> tuple[str, Pointer]:
        """The file and the pointer of the element at a location: of the value, where the location is its key's."""
        tree = self.trees.get(location.path) if location is not None else None
        node = tree.node_at(location.span.start) if tree is not None and location is not None else None
        while node is not None and location is not None and node.span != location.span:
            node = node.parent
        if node is None or location is None:
            raise Unwritable("this is not written in the specification")
        return location.path, node.pointer

    def mapping(self, location: Location | None) -> tuple[str, Pointer]:
        """As `pointer`, but of the mapping around where the location is that of a value that names it."""
        path, pointer = self.pointer(location)
        node = self.trees[path].at(pointer)
        return path, pointer if node is None or not node.is_scalar else pointer[:-1]


def object_of(specification: Specification, owner: Schema, name: str) -> tuple[str, Pointer]:
    """The mapping whose `properties` have a property, or should: inside an `allOf`, the part written in place."""
    if owner.ref is not None:
        owner = specification.api.resolve(owner)
    path, pointer = specification.mapping(owner.location)
    tree = specification.trees[path]
    for _ in range(20):
        node = tree.at(pointer)
        parts = node.get("allOf") if node is not None else None
        if node is None or parts is None or "properties" in node:
            break
        inline = [(n, part) for n, part in enumerate(parts.elements()) if "$ref" not in part and part.is_mapping]
        having = [n for n, part in inline if (inner := part.get("properties")) is not None and name in inner]
        open_ = [n for n, part in inline if "properties" in part or "allOf" in part]
        if not (having or open_):
            break
        pointer = (*pointer, "allOf", str((having or open_)[0]))
    return path, pointer


def number_of(specification: Specification, operation: Operation, parameter: Parameter) -> int | None:
    """Which item of an operation's own list a parameter is; None for one of its path, or a new one."""
    declared = operation.parameter(parameter.where, parameter.name)
    if declared is None:
        return None
    path, pointer = specification.pointer(operation.location)
    own_path, place = specification.pointer(declared.location)
    listed = (*pointer, "parameters")
    return int(place[len(listed)]) if own_path == path and place[: len(listed)] == listed else None


def below_base(api: Api, path: str) -> str:
    """A path without the longest base path of the specification that it begins with."""
    bases = [base for base in api.base_paths if base and (path == base or path.startswith(base + "/"))]
    return path[len(max(bases, key=len)) :] or "/" if bases else path


def sibling_of(api: Api, operation: Operation) -> Operation | None:
    """Another operation of the same path, one with the same names first."""
    wanted = anonymous_path(operation.path)
    found = [one for one in api.operations if anonymous_path(one.path) == wanted]
    if any(one.method == operation.method for one in found):
        raise Unwritable(f"{operation.method} {operation.path} is there already")
    return next((one for one in found if one.path == operation.path), found[0] if found else None)


def template_of(specification: Specification, operation: Operation) -> str | None:
    """The same path, written without an operation."""
    tree = specification.trees[specification.api.source]
    paths = tree.at(("paths",))
    wanted = anonymous_path(operation.path)
    return next((path for path, _ in paths.items() if anonymous_path(path) == wanted), None) if paths is not None else None


def with_names_of(operation: Operation, path: str) -> Operation:
    """The operation with the names another template has for its path parameters."""
    names = dict(zip(path_parameters(operation.path), path_parameters(path)))
    if isinstance(operation.parameters, Unknown):
        return replace(operation, path=path)
    renamed = tuple(
        replace(one, name=names.get(one.name, one.name)) if one.where == "path" else one for one in operation.parameters
    )
    return replace(operation, path=path, parameters=renamed)


def without_shared(specification: Specification, operation: Operation, path: str, item: Pointer) -> Operation:
    """The operation without the path parameters that its path declares for all."""
    node = specification.trees[path].at((*item, "parameters"))
    if node is None or isinstance(operation.parameters, Unknown):
        return operation
    places = [part.span for part in node.elements()]
    shared = {
        parameter.name
        for one in specification.api.operations
        if one.path == operation.path and not isinstance(one.parameters, Unknown)
        for parameter in one.parameters
        if parameter.where == "path" and parameter.location is not None and parameter.location.path == path
        and any(place.covers(parameter.location.span) for place in places)
    }  # fmt: skip
    left = tuple(one for one in operation.parameters if one.where != "path" or one.name not in shared)
    return replace(operation, parameters=left)


def neighbour_of(paths: Node | None, path: str) -> str | None:
    """The path behind which a new one stands best: the last of those that begin alike for longest."""
    best: tuple[int, str | None] = (0, None)
    parts = path.split("/")[1:]
    for other, _ in paths.items() if paths is not None else ():
        alike = 0
        for mine, theirs in zip(parts, other.split("/")[1:]):
            if anonymous_path(mine) != anonymous_path(theirs):
                break
            alike += 1
        if alike and alike >= best[0]:
            best = (alike, other)
    return best[1]


def status_before(responses: Node, status: str) -> str | None:
    """The status behind which another stands in order; None for the end."""
    lower = [key for key, _ in responses.items() if key < status and not key.startswith("x-")]
    return lower[-1] if lower and status != "default" else None


def text_of(node: Node, key: str) -> str | None:
    inner = node.get(key)
    return inner.text if inner is not None and inner.is_scalar else None
