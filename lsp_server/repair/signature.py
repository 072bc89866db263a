"""The parameters of a new handler: the request's own, with their validation, and what the neighbours ask for besides.

A dependency that brings several of the wanted parameters (a page's bounds) is asked for in their place, if it brings exactly
what the spec says of them.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lsp_server.api.compare_schemas import SchemaComparison
from lsp_server.api.compare_shapes import Shapes
from lsp_server.api.compare_values import Direction
from lsp_server.api.model import Api, Operation, Parameter, Schema
from lsp_server.api.type_source import TypeWriter, identifier, literal, optional
from lsp_server.repair.models import Catalogue
from lsp_server.repair.names import Names, snake_case
from lsp_server.repair.siblings import Part, Sibling
from lsp_server.unknown import Unknown

_VERBS = ("create", "update", "patch")
_PASSWORD_FORM = {"grant_type", "username", "password", "scope", "client_id", "client_secret"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Written:
    """One parameter as source. `late`: it has a default, so that it comes behind those without."""

    source: str
    late: bool


@dataclass(slots=True)
class Signature:
    """`values` says how a parameter of the request is read in the body; `body` names the parameter that holds the body."""

    written: list[Written] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    body: str | None = None
    own: dict[str, Written] = field(default_factory=dict)  # by the request's parameter


@dataclass(frozen=True, slots=True)
class SignatureWriter:
    """Writes the request's parameters for one file. `renamed`: path parameters that the router calls otherwise."""

    catalogue: Catalogue
    names: Names
    types: TypeWriter
    siblings: Sequence[Sibling]  # the nearest first
    renamed: dict[str, str]

    @property
    def annotated(self) -> bool:
        text = self.names.document.text
        if re.search(r"=\s*(?:Query|Path|Header|Cookie|Depends|Body|Form)\(", text) and "Annotated[" not in text:
            return False
        return self.types.old is False or "Annotated[" in text

    def write(self, operation: Operation) -> Signature | None:
        """None where a parameter has no honest Python type."""
        if isinstance(operation.parameters, Unknown):
            return None
        signature = Signature()
        open_ones = list(operation.parameters)
        for part in self._shared(open_ones):
            signature.parts.append(part)
            for name in part.parameters:
                signature.values[name] = self._read_from(part, name)
            open_ones = [each for each in open_ones if each.name not in part.parameters]
        for parameter in open_ones:
            written = self.parameter(parameter)
            if written is None:
                return None
            signature.own[parameter.name] = written[1]
            signature.values[parameter.name] = written[0]
        return signature if self._body(operation, signature) else None

    def parameter(self, parameter: Parameter) -> tuple[str, Written] | None:
        """A parameter's name in Python and its source."""
        name, alias = self._name(parameter)
        shape = self.catalogue.promised.of(parameter.schema)
        default = self.types.default(parameter.schema)
        absent = parameter.required is not True and default is None
        kind = self.types.annotation(parameter.schema, nullable=absent or (shape.nullable and parameter.where != "path"))
        if kind is None:
            return None
        arguments = self.types.constraints(parameter.schema)
        if alias is not None:
            arguments.append(f"alias={literal(alias)}")
        if parameter.deprecated:
            arguments.append("deprecated=True")
        where = {"query": "Query", "path": "Path", "header": "Header", "cookie": "Cookie"}[parameter.where]
        stated = None if parameter.where == "path" else "None" if absent else default
        if "dict[" in kind or "object" in shape.types:
            return None  # no framework reads an object from one parameter
        listed = "list[" in kind
        if not arguments and (parameter.where == "path" or (parameter.where == "query" and not listed)):
            return name, Written(f"{name}: {kind}" + (f" = {stated}" if stated is not None else ""), stated is not None)
        marker = self.names.external("fastapi", where)
        if self.annotated:
            kind = f"{self.names.external('typing', 'Annotated')}[{kind}, {marker}({', '.join(arguments)})]"
            return name, Written(f"{name}: {kind}" + (f" = {stated}" if stated is not None else ""), stated is not None)
        first = [stated] if stated is not None else ["..."] if self.types.old else []
        return name, Written(f"{name}: {kind} = {marker}({', '.join([*first, *arguments])})", True)

    def _name(self, parameter: Parameter) -> tuple[str, str | None]:
        """The Python name, and the alias it needs to be read under its own."""
        if parameter.where == "path" and parameter.name in self.renamed:
            return self.renamed[parameter.name], None
        if parameter.where == "header":
            name = identifier(snake_case(parameter.name))
            return name, None if name.replace("_", "-") == parameter.name.lower() else parameter.name
        if parameter.where == "path" and parameter.name.isidentifier() and not keyword.iskeyword(parameter.name):
            return parameter.name, None
        name = identifier(snake_case(parameter.name))
        if name in ("status", "request", "response") and re.search(rf"^from .* import .*\b{name}\b", self.names.document.text, re.M):
            name = f"{name}_"
        return name, None if name == parameter.name else parameter.name

    # Dependencies that bring parameters

    def _shared(self, wanted: list[Parameter]) -> list[Part]:
        found: list[Part] = []
        left = {parameter.name: parameter for parameter in wanted if parameter.where == "query"}
        for sibling in self.siblings:
            for part in sibling.parts:
                if part.dependency is None or not part.parameters or part.secures or part.session or part.brings.bodies:
                    continue
                if set(part.parameters) <= set(left) and all(self._same(left[name], part) for name in part.parameters):
                    self.names.carry((part.node[2], part.node[3]), part.source, sibling.path)
                    found.append(part)
                    left = {name: each for name, each in left.items() if name not in part.parameters}
        return found

    def _same(self, wanted: Parameter, part: Part) -> bool:
        if isinstance(part.brings.parameters, Unknown):
            return False
        own = next(each for each in part.brings.parameters if each.name == wanted.name)
        if own.where != wanted.where or own.required is not wanted.required:
            return False
        code = Api("", schemas=self.catalogue.project.shapes.schemas)
        comparison = SchemaComparison(self.catalogue.promised, Shapes(code))
        outcome = comparison.compare(wanted.schema, own.schema, Direction.REQUEST, textual=True)
        return not outcome.differences and all(not comparison.meet(each).differences for each in outcome.meetings)

    def _read_from(self, part: Part, name: str) -> str:
        for sibling in self.siblings:
            if re.search(rf"\b{part.name}\[\"{name}\"\]", sibling.source):
                return f'{part.name}["{name}"]'
        return f"{part.name}.{name}"

    # The request's body

    def _body(self, operation: Operation, signature: Signature) -> bool:
        body = operation.body
        if body is None:
            return True
        if isinstance(body, Unknown) or not body.content:
            return False
        media_type, schema = body.content[0]
        form = next(((kind, part) for kind, part in body.content if kind.split(";")[0].strip().lower() in _FORMS), None)
        if form is not None and "json" not in media_type:
            return self._form(form[1], signature)
        kind = self.types.annotation(schema)
        if kind is None:
            return False
        name = self._body_name(kind)
        required = body.required is True
        if not self._is_model(schema):
            marker = self.names.external("fastapi", "Body")
            kind = f"{self.names.external('typing', 'Annotated')}[{kind if required else optional(kind)}, {marker}()]"
            source = f"{name}: {kind}" if required else f"{name}: {kind} = None"
        else:
            source = f"{name}: {kind}" if required else f"{name}: {optional(kind)} = None"
        signature.own["\nbody"] = Written(source, not required)
        signature.body = name
        return True

    def _is_model(self, schema: Schema) -> bool:
        shape = self.catalogue.promised.of(schema)
        return (shape.types == {"object"} and bool(shape.properties)) or (shape.types == {"array"} and shape.items is not None)

    def _form(self, schema: Schema, signature: Signature) -> bool:
        fields = set(self.catalogue.promised.of(schema).properties)
        if {"grant_type", "username", "password"} <= fields <= _PASSWORD_FORM:
            kind = self.names.external("fastapi.security", "OAuth2PasswordRequestForm")
            depends = self.names.external("fastapi", "Depends")
            source = f"form: {self.names.external('typing', 'Annotated')}[{kind}, {depends}()]" if self.annotated else f"form: {kind} = {depends}()"
            signature.own["\nform"] = Written(source, not self.annotated)
            return True
        for name, entry in self.catalogue.promised.of(schema).properties.items():
            shape = self.catalogue.promised.of(entry.schema)
            upload = shape.format == "binary"
            written = self.names.external("fastapi", "UploadFile") if upload else self.types.annotation(entry.schema, nullable=False)
            if written is None:
                return False
            required = entry.required is True
            default = self.types.default(entry.schema) if not upload else None
            arguments = ([] if upload else self.types.constraints(entry.schema)) + ([f"alias={literal(name)}"] if identifier(name) != name else [])
            marker = f"{self.names.external('fastapi', 'File' if upload else 'Form')}({', '.join(arguments)})"
            kind = written if required or default is not None else optional(written)
            stated = default if default is not None else None if required else "None"
            text = f"{identifier(name)}: {self.names.external('typing', 'Annotated')}[{kind}, {marker}]"
            signature.own[f"\n{name}"] = Written(text + (f" = {stated}" if stated is not None else ""), stated is not None)
        return True

    def _body_name(self, kind: str) -> str:
        """What the neighbours on the router call a body; a name that speaks of another model is no example."""
        for sibling in self.siblings:
            for part in sibling.parts:
                if sibling.path == self.names.document.path and part.brings.bodies and part.dependency is None and part.kind is not None:
                    words, new = snake_case(part.name).split("_"), set(snake_case(kind).split("_"))
                    verb = next((word for word in _VERBS if word in new), None)
                    renamed = [verb if word in _VERBS and verb is not None else word for word in words]
                    theirs = set(renamed) - {"in", "data", *_VERBS}
                    model = set(snake_case(getattr(part.kind, "name", "")).split("_"))
                    if set(renamed) & set(_VERBS) <= new and (not theirs & model or theirs & new):
                        return "_".join(renamed)
        return "payload"
