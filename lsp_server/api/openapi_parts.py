"""The parts of a specification's operations: parameters, bodies, responses and security, in all dialects.

Knows how each dialect writes a part and what must be true of it alone. What an operation makes of its parts (which
parameter belongs to which path, what is inherited) is `openapi_paths`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches

from lsp_server.api.json_schema import Dialect, SchemaReader, is_true, short
from lsp_server.api.model import Body, Parameter, Property, Response, Schema, SecurityRequirement, SecurityScheme
from lsp_server.api.references import Faults, References, Source, Target, reference_in
from lsp_server.text import Location
from lsp_server.tree.node import Node
from lsp_server.unknown import Unknown

STATUS = re.compile(r"[1-5](?:[0-9]{2}|[xX]{2})|default")
_PLACES = ("path", "query", "header", "cookie")
_JSON = ("application/json",)
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_LIMIT_HEADER = re.compile(r"(?i)(?:x-)?rate-?limit(?:-limit)?")


@dataclass(slots=True)
class Found:
    """The parameters of one path item or operation. Swagger 2.0 has the body among them."""

    parameters: list[Parameter]
    unknown: Unknown | None = None
    body: Body | Unknown | None = None
    form: list[tuple[Property, bool]] | None = None
    form_location: Location | None = None
    declarations: dict[tuple[str, str], tuple[Source, Node]] | None = None


class Parts:
    """Reads parts; those that are shared through references are read once."""

    def __init__(
        self, references: References, schemas: SchemaReader, dialect: Dialect, scheme_names: tuple[str, ...] = ()
    ) -> None:
        self.references = references
        self.schemas = schemas
        self.dialect = dialect
        self.scheme_names = scheme_names
        self.faults: Faults = references.faults
        self._known: dict[tuple[str, str, int], Parameter | Body | Response | Unknown | None] = {}

    # --- parameters ---

    def parameters(self, source: Source, node: Node | None, subject: tuple[str, ...]) -> Found:
        """The parameters of a `parameters` list, each at the place where it is used."""
        found = Found([], declarations={})
        assert found.declarations is not None
        if node is None:
            return found
        for item in node.elements():
            target = self.references.follow(source, item)
            if isinstance(target, Unknown):
                found.unknown = target
                continue
            owner, end = (target.source, target.node) if target else (source, item)
            if target is not None and owner.holds_break(end.span):
                found.unknown = Unknown("a parameter that does not parse", source.at(item))
                continue
            location = source.at(reference_in(item) or item) if target else _name_location(source, item)
            self._parameter(owner, end, location, found, subject)
        return found

    def shared_parameter(self, source: Source, node: Node, subject: tuple[str, ...]) -> None:
        """Read a parameter that may have no user, for its faults."""
        target = self.references.follow(source, node)
        owner, end = (target.source, target.node) if isinstance(target, Target) else (source, node)
        if not isinstance(target, Unknown) and not owner.holds_break(end.span):
            self._parameter(owner, end, owner.at_key(end), Found([], declarations={}), subject)

    def _parameter(self, source: Source, node: Node, location: Location, found: Found, subject: tuple[str, ...]) -> None:
        name, where = node.get("name"), node.get("in")
        if not node.is_mapping or name is None or where is None or not name.is_scalar or not where.is_scalar:
            found.unknown = Unknown("a parameter without name or place", location)
            if node.is_mapping and source.tree.complete:
                lacking = "name" if name is None else "in" if where is None else None
                if lacking:
                    self.faults.add("invalid", f"a parameter must have `{lacking}`", location, (*subject, "parameter"))
            return
        about = (*subject, "parameter", where.text, name.text)
        if self.dialect is Dialect.SWAGGER_2 and where.text in ("body", "formData"):
            self._swagger_body(source, node, name.text, location, found)
            return
        if where.text == "querystring" and self.dialect >= Dialect.OPENAPI_3_2:
            found.unknown = Unknown("parameters described as one query string", location)
            return
        if where.text not in _PLACES:
            found.unknown = Unknown(f"a parameter in {where.text or 'no place'}", location)
            if where.text or source.tree.complete:
                message = f"{where.text or 'nothing'} is no place for a parameter: one of {', '.join(self._places)}"
                self.faults.add("invalid", message, source.at(where), about)
            return
        key = (where.text, name.text.lower() if where.text == "header" else name.text)
        assert found.declarations is not None
        if key in found.declarations:
            message = f"the {where.text} parameter {name.text} is declared twice"
            first = found.declarations[key]
            related = ((_name_location(*first), "the first one"),)
            if (first[0], first[1]) != (source, node):
                self.faults.add("invalid", message, location, about, related)
            return
        found.declarations[key] = (source, node)
        known = self._known.get(("parameter", source.path, node.row))
        if not isinstance(known, Parameter):
            known = self._read_parameter(source, node, name.text, where.text)
            self._known["parameter", source.path, node.row] = known
        found.parameters.append(replace(known, location=location))

    @property
    def _places(self) -> tuple[str, ...]:
        if self.dialect is Dialect.SWAGGER_2:
            return ("path", "query", "header", "formData", "body")
        return _PLACES

    def _read_parameter(self, source: Source, node: Node, name: str, where: str) -> Parameter:
        required = is_true(node.get("required"))
        if where == "path" and not required:
            required = True
            if source.tree.complete:
                message = f"the path parameter {name} must say `required: true`"
                subject = ("pointer", *node.pointer, "required")
                self.faults.add("invalid", message, _name_location(source, node), subject)
        inner = node.get("schema")
        if inner is not None:
            schema = self.schemas.read(source, inner)
        elif node.get("content") is not None:
            schema = Schema(unknown=Unknown("a parameter written in a media type", source.at(node)), location=source.at(node))
        elif self.dialect is Dialect.SWAGGER_2:
            schema = replace(self.schemas.read(source, node, beside=True), description=None)
        else:
            schema = Schema(location=source.at(node))
        deprecated = is_true(node.get("deprecated"))
        return Parameter(name, where, schema, required, deprecated, short(node.get("description")))

    def _swagger_body(self, source: Source, node: Node, name: str, location: Location, found: Found) -> None:
        required = is_true(node.get("required"))
        inner = node.get("schema")
        if inner is None and node.get("type") is None:
            schema = Schema(location=source.at(node))
        elif inner is not None:
            schema = self.schemas.read(source, inner)
        else:
            schema = replace(self.schemas.read(source, node, beside=True), description=None)
        where = node.get("in")
        if where is not None and where.text == "body":
            found.body = Body((("", schema),), required, short(node.get("description")), location)
        else:
            found.form = found.form or []
            found.form_location = found.form_location or location
            found.form.append((Property(name, schema, required, location), required))

    def swagger_body(self, found: Found, consumes: tuple[str, ...]) -> Body | Unknown | None:
        """The body of a Swagger 2.0 operation, with the media types it consumes."""
        if isinstance(found.body, Body):
            schema = found.body.content[0][1]
            return replace(found.body, content=tuple((media, schema) for media in consumes or _JSON))
        if found.form is None:
            return found.body
        properties = tuple(one for one, _ in found.form)
        schema = Schema(types=("object",), properties=properties, location=found.form_location)
        files = any(one.schema.format == "binary" for one in properties)
        media_types = tuple(media for media in consumes if media in (_FORM, _MULTIPART))
        media_types = media_types or ((_MULTIPART,) if files else (_FORM,))
        content = tuple((media, schema) for media in media_types)
        return Body(content, any(required for _, required in found.form), None, found.form_location)

    # --- bodies and responses ---

    def body(self, source: Source, node: Node) -> Body | Unknown:
        """A request body; its location is the key it stands under."""
        at = source.at_key(node)
        target = self.references.follow(source, node)
        if isinstance(target, Unknown):
            return target
        owner, end = (target.source, target.node) if target else (source, node)
        if target is not None and owner.holds_break(end.span):
            return Unknown("a request body that does not parse", at)
        if not end.is_mapping:
            return Unknown("a request body that is no mapping", at)
        known = self._known.get(("body", owner.path, end.row))
        if not isinstance(known, Body):
            content = self.content(owner, end.get("content"))
            known = Body(content, is_true(end.get("required")), short(end.get("description")), at)
            self._known["body", owner.path, end.row] = known
        return replace(known, location=at)

    def content(self, source: Source, node: Node | None) -> tuple[tuple[str, Schema], ...]:
        """A schema per media type; one that says nothing where none is written."""
        found: list[tuple[str, Schema]] = []
        for media_type, value in node.items() if node is not None else ():
            if media_type.startswith("x-"):
                continue
            target = self.references.follow(source, value)
            if isinstance(target, Unknown):
                found.append((media_type, Schema(unknown=target, location=source.at_key(value))))
                continue
            owner, end = (target.source, target.node) if target else (source, value)
            schema = end.get("schema")
            if schema is not None:
                found.append((media_type, self.schemas.read(owner, schema)))
            elif (items := end.get("itemSchema")) is not None and self.dialect >= Dialect.OPENAPI_3_2:
                found.append((media_type, self._stream(owner, items)))
            else:
                found.append((media_type, Schema(location=source.at_key(value))))
        return tuple(found)

    def _stream(self, source: Source, items: Node) -> Schema:
        return Schema(types=("array",), items=self.schemas.read(source, items), location=source.at(items))

    def responses(
        self, source: Source, node: Node, produces: tuple[str, ...], subject: tuple[str, ...]
    ) -> tuple[Response, ...] | Unknown:
        """The responses of an operation, each at its status."""
        if not node.is_mapping:
            return Unknown("responses that are no mapping", source.at_key(node))
        found: list[Response] = []
        for status, value in node.items():
            if status.startswith("x-"):
                continue
            at = source.at_key(value)
            if not STATUS.fullmatch(status):
                if source.tree.complete:
                    message = f"{status} is no status: three digits, 1XX to 5XX or default"
                    self.faults.add("invalid", message, at, (*subject, "response", status))
                continue
            if status != "default":
                status = status.upper()
            found.append(self.response(source, value, status, at, produces))
        return tuple(found)

    def response(self, source: Source, node: Node, status: str, at: Location, produces: tuple[str, ...]) -> Response:
        target = self.references.follow(source, node)
        if isinstance(target, Unknown):
            return Response(status, location=at, unknown=target)
        owner, end = (target.source, target.node) if target else (source, node)
        if target is not None and owner.holds_break(end.span):
            return Response(status, location=at, unknown=Unknown("a response that does not parse", at))
        if not end.is_mapping:
            return Response(status, location=at, unknown=Unknown("a response that is no mapping", at))
        memo = ("response " + " ".join(produces), owner.path, end.row)
        known = self._known.get(memo)
        if not isinstance(known, Response):
            schema = end.get("schema") if self.dialect is Dialect.SWAGGER_2 else None
            if schema is not None:
                read = self.schemas.read(owner, schema)
                content = tuple((media, read) for media in produces or _JSON)
            else:
                content = self.content(owner, end.get("content"))
            headers = tuple(name for name, _ in self.headers(owner, end))
            known = Response(status, content, headers, short(end.get("description")), at)
            self._known[memo] = known
        return replace(known, status=status, location=at)

    def headers(self, source: Source, response: Node) -> list[tuple[str, Target]]:
        """The headers of a response with what they refer to; references that lead nowhere are reported."""
        node = response.get("headers")
        found: list[tuple[str, Target]] = []
        for name, value in node.items() if node is not None else ():
            end = self.references.follow(source, value)
            found.append((name, end if isinstance(end, Target) else Target(source, value, "")))
        return found

    # --- rate limits and security ---

    def rate_limit(self, source: Source, operation: Node, outer: tuple[Node, ...]) -> str | Unknown | None:
        """A limit stated in an `x-rate-limit` of the operation, its path or the document, or by the headers of its 429."""
        for node in (operation, *outer):
            for key, value in node.items():
                if key.startswith("x-") and re.fullmatch(r"x-(?:rate-?limit(?:ing|s)?|throttl(?:e|ing))", key.lower()):
                    text = _limit_text(value)
                    return text if text is not None else Unknown("a rate limit", source.at(value))
        responses = operation.get("responses")
        limited = responses.get("429") if responses is not None else None
        if limited is None:
            return None
        target = self.references.follow(source, limited)
        owner, end = (target.source, target.node) if isinstance(target, Target) else (source, limited)
        for name, header in self.headers(owner, end):
            if _LIMIT_HEADER.fullmatch(name):
                schema = header.node.get("schema") or header.node
                for key in ("const", "default"):
                    stated = schema.get(key)
                    if stated is not None and stated.is_scalar and stated.text:
                        return stated.text
                return Unknown("a rate limit without a number", source.at_key(limited))
        return None

    def security(self, source: Source, node: Node | None) -> tuple[SecurityRequirement, ...]:
        """The alternatives of a `security` list."""
        if node is None:
            return ()
        found: list[SecurityRequirement] = []
        for alternative in node.elements():
            for name, scopes in alternative.items():
                self._check_scheme(source, name, scopes)
            schemes = tuple(
                (name, tuple(scope.text for scope in scopes.elements())) for name, scopes in alternative.items()
            )
            found.append(SecurityRequirement(schemes))
        return tuple(found)

    def _check_scheme(self, source: Source, name: str, scopes: Node) -> None:
        """OpenAPI 3.2 also takes a URI where the others want a name."""
        if name in self.scheme_names or not source.tree.complete or self.dialect >= Dialect.OPENAPI_3_2:
            return
        close = get_close_matches(name, self.scheme_names, 1, 0.7)
        message = f"there is no security scheme {name}" + (f"; did you mean {close[0]}?" if close else "")
        self.faults.add("reference", message, source.at_key(scopes), ("pointer", *scopes.pointer))

    def security_scheme(self, source: Source, name: str, node: Node) -> SecurityScheme:
        at = source.at_key(node)
        target = self.references.follow(source, node)
        if isinstance(target, Unknown):
            return SecurityScheme(name, target, location=at)
        end = target.node if target else node
        sort, scheme = _text(end, "type"), _text(end, "scheme")
        if sort is None:
            return SecurityScheme(name, Unknown("a security scheme without type", at), location=at)
        if self.dialect is Dialect.SWAGGER_2 and sort == "basic":
            sort, scheme = "http", "basic"
        if sort == "apiKey":
            return SecurityScheme(name, sort, None, _text(end, "in"), _text(end, "name"), at)
        return SecurityScheme(name, sort, scheme.lower() if scheme and sort == "http" else None, location=at)


def _text(node: Node, key: str) -> str | None:
    inner = node.get(key)
    return inner.text if inner is not None and inner.is_scalar and inner.text else None


def _name_location(source: Source, node: Node) -> Location:
    name = node.get("name")
    return source.at(name if name is not None else node)


def _limit_text(node: Node) -> str | None:
    """`100/minute` from a text, or from a mapping with a number and a period."""
    if node.is_scalar:
        return node.text or None
    number = next((t for key in ("limit", "requests", "rate", "max", "calls") if (t := _text(node, key))), None)
    period = next((t for key in ("period", "window", "per", "interval", "unit") if (t := _text(node, key))), None)
    return f"{number}/{period}" if number and period else None
