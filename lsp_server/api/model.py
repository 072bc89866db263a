"""The words of an API: operations, parameters, bodies, responses, schemas and security.

Both observers fill the same words: a spec's reader (promised) and a framework's reader (implemented). Every element
carries its location; anything that could not be read is `Unknown` and never gives a finding. Nothing here reads text.

Conventions: methods are upper case; path templates use `{name}`; `None` means "there is none", `Unknown` means "not known".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lsp_server.text import Location
from lsp_server.unknown import Unknown

ANY_METHOD = "*"  # of an operation that answers methods which nobody can tell

METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")

Constant = str | int | float | bool | None | tuple["Constant", ...] | tuple[tuple[str, "Constant"], ...]


@dataclass(frozen=True, slots=True)
class Choice(Unknown):
    """One of several texts, the likeliest first: which of them differs from one run of the program to the next."""

    values: tuple[str, ...] = ()


class Missing:
    """The type of `MISSING`: no default stated (a default may itself be null)."""

    _instance: Missing | None = None

    def __new__(cls) -> Missing:
        cls._instance = cls._instance or super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object schema. `required` is about presence, nullability is the schema's."""

    name: str
    schema: Schema
    required: bool | Unknown
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON-Schema shape, normalised from OpenAPI 2, 3.0, 3.1, 3.2 and from Python types.

    `types` never holds "null": that is `nullable`; empty means "anything". `const` is an `enum` of one. A reference has
    only `ref`: a key of `Api.schemas`, resolved lazily so that cycles are fine. `unknown` says that nothing else about
    this schema may be believed. Constraints that are not stated are None.
    """

    types: tuple[str, ...] = ()
    nullable: bool = False
    format: str | None = None
    enum: tuple[Constant, ...] | None = None
    properties: tuple[Property, ...] = ()
    additional: Schema | bool | None = None  # additionalProperties; None: not stated
    items: Schema | None = None
    prefix_items: tuple[Schema, ...] = ()
    all_of: tuple[Schema, ...] = ()
    any_of: tuple[Schema, ...] = ()
    one_of: tuple[Schema, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool = False
    default: Constant | Missing | Unknown = MISSING
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False
    discriminator: str | None = None
    title: str | None = None
    description: str | None = None
    ref: str | None = None
    unknown: Unknown | None = None
    location: Location | None = None

    @property
    def is_anything(self) -> bool:
        """Says nothing about the value."""
        return self.unknown is None and not (
            self.types or self.enum or self.properties or self.items or self.all_of or self.any_of or self.one_of or self.ref
        )


@dataclass(frozen=True, slots=True)
class Parameter:
    """`where` is "path", "query", "header" or "cookie". Header names compare without case."""

    name: str
    where: str
    schema: Schema
    required: bool | Unknown = False
    deprecated: bool = False
    description: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A request body, or a response's content: a schema per media type."""

    content: tuple[tuple[str, Schema], ...] = ()
    required: bool | Unknown = False
    description: str | None = None
    location: Location | None = None

    def schema(self, media_type: str = "application/json") -> Schema | None:
        for name, schema in self.content:
            if name.split(";")[0].strip().lower() == media_type:
                return schema
        return None


@dataclass(frozen=True, slots=True)
class Response:
    """One declared answer. `status` is "200", "4XX" or "default"; `content` empty: a body is not described."""

    status: str
    content: tuple[tuple[str, Schema], ...] = ()
    headers: tuple[str, ...] = ()
    description: str | None = None
    location: Location | None = None
    automatic: bool = False  # added by the framework without being declared (FastAPI's 422)
    unknown: Unknown | None = None  # the body's shape could not be read

    def schema(self, media_type: str = "application/json") -> Schema | None:
        return Body(self.content).schema(media_type)


@dataclass(frozen=True, slots=True)
class SecurityRequirement:
    """One alternative: all named schemes together. An empty one means that no credentials are fine too."""

    schemes: tuple[tuple[str, tuple[str, ...]], ...]  # (scheme name, scopes)


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """`sort` is "apiKey", "http", "oauth2", "openIdConnect" or "mutualTLS"."""

    name: str
    sort: str | Unknown
    scheme: str | None = None  # "bearer", "basic" for http
    where: str | None = None  # "header", "query", "cookie" for apiKey
    parameter: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Dormant(Unknown):
    """Why an operation may not exist: it is there only under other settings than the default ones."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path: promised by a spec, or implemented by a route.

    `security`: () is open; None means that the observer cannot tell. `maybe` says that the operation exists only under a
    condition the text does not decide; it then satisfies a promise but gives no finding of its own. `raised` are status
    codes that the handler visibly answers with besides the declared ones, "default" for one that is not known.
    """

    method: str
    path: str
    location: Location  # where the declaration is: the method key in a spec, the decorator or call in code
    parameters: tuple[Parameter, ...] | Unknown = ()
    body: Body | Unknown | None = None
    responses: tuple[Response, ...] | Unknown = ()
    security: tuple[SecurityRequirement, ...] | Unknown = ()
    operation_id: str | Unknown | None = None
    tags: tuple[str, ...] | Unknown = ()
    deprecated: bool | Unknown = False
    summary: str | None = None
    description: str | None = None
    rate_limit: str | Unknown | None = None
    maybe: Unknown | None = None
    documented: bool = True  # False: kept out of the API's own documentation (include_in_schema=False)
    handler: str | None = None  # "app.api.users:read_user"
    handler_location: Location | None = None  # the function's name
    declaration: Location | None = None  # the whole declaration: decorators and function; the whole spec operation
    view: Location | None = None  # the class of which `handler` is a method, where the framework's routes name classes
    router: Location | None = None  # the call that made the router the route is on
    raised: tuple[str, ...] = ()
    template: str | None = None  # the path with its converters (`/users/{id:int}`), where it has some
    pattern: str | None = None  # where the path is a regular expression: as declared; `path` is one of those it says
    controller: str | None = None  # the Python module in which a spec places the handler (`x-openapi-router-controller`)
    freely_named: tuple[str, ...] = ()  # path parameters that stand for what a specification calls by its own name
    reads_request: Unknown | None = None  # the handler may take more from the request than it declares
    runtime: tuple[str, ...] = ()  # the parts that the running project told, where its text left them open

    @property
    def subject(self) -> tuple[str, str, str]:
        return ("operation", self.method, self.path)

    @property
    def key(self) -> tuple[str, str]:
        """Equal for operations that answer the same requests, whatever their parameters are called."""
        return (self.method, anonymous_path(self.path))

    def response(self, status: str) -> Response | None:
        if isinstance(self.responses, Unknown):
            return None
        return next((response for response in self.responses if response.status == status), None)

    def parameter(self, where: str, name: str) -> Parameter | None:
        if isinstance(self.parameters, Unknown):
            return None
        fold = str.lower if where == "header" else str
        return next((p for p in self.parameters if p.where == where and fold(p.name) == fold(name)), None)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a spec's own text. `sort` is "syntax", "reference", "invalid" or "ambiguous" (YAML 1.1)."""

    sort: str
    message: str
    location: Location
    subject: tuple[str, ...] = ()
    related: tuple[tuple[Location, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Api:
    """All operations of one spec or one application.

    `source` is the path of the spec, or of the module that makes the application. `base_paths` are prefixes under which
    a spec says it is served (path parts of its servers); `schemas` are the named shapes that `Schema.ref` points to.
    """

    source: str
    title: str | None = None
    operations: tuple[Operation, ...] = ()
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    security_schemes: tuple[SecurityScheme, ...] = ()
    base_paths: tuple[str, ...] = ("",)
    version: str | None = None  # "3.1.0" for specs; the framework's name for code
    unknowns: tuple[Unknown, ...] = ()
    incomplete: Unknown | None = None  # routes may exist that were not seen: their absence proves nothing
    location: Location | None = None  # the head of the spec, or the call that makes the application
    faults: tuple[Fault, ...] = ()
    sources: tuple[str, ...] = ()  # every file that was read for it
    states_null: bool = True  # False: says nothing of which values may be null (documentation made by Pydantic 1)
    elsewhere: tuple[str, ...] = ()  # prefixes below which other packages answer: what they serve was not seen
    served: bool = True  # False: routes of a router that no application includes
    # Applications of other frameworks that it serves: their prefixes, and where they (or what they wrap) may be made.
    mounts: tuple[tuple[str, tuple[Location, ...]], ...] = ()
    joined: bool = False  # by a mount with another application, which answers for its own part

    def resolve(self, schema: Schema) -> Schema:
        """The schema behind a chain of references; an unknown one where the chain breaks or runs in a circle."""
        seen: set[str] = set()
        while schema.ref is not None:
            target = self.schemas.get(schema.ref)
            if target is None or schema.ref in seen:
                return Schema(unknown=Unknown(f"the schema `{schema.ref}`", schema.location), location=schema.location)
            seen.add(schema.ref)
            schema = target
        return schema

def unknowns_of(operation: Operation) -> Iterator[Unknown]:
    """What could not be read about an operation, each said of it and placed at it where it has no place of its own."""
    name = f"`{operation.method} {operation.path}`"
    parts: list[tuple[str, object]] = [
        (f"the parameters of {name}", operation.parameters), (f"the body of {name}", operation.body),
        (f"the answers of {name}", operation.responses), (f"the security of {name}", operation.security),
        (f"the operation id of {name}", operation.operation_id), (f"whether {name} exists", operation.maybe),
    ]  # fmt: skip
    if not isinstance(operation.responses, Unknown):
        parts.extend((f"the answer {response.status} of {name}", response.unknown) for response in operation.responses)
    for part, value in parts:
        if isinstance(value, Unknown):
            yield Unknown(f"{part}: {value.what}", value.location or operation.location)


_PARAMETER = re.compile(r"\{([^{}:]*)(?::[^{}]*)?\}")


def anonymous_path(path: str) -> str:
    """`/users/{user_id}` as `/users/{}`: two paths that answer the same requests become equal."""
    return _PARAMETER.sub("{}", path)


def path_parameters(path: str) -> tuple[str, ...]:
    """The names in a path template, converters (`{rest:path}`) dropped."""
    return tuple(match[1] for match in _PARAMETER.finditer(path))


def walk(schema: Schema) -> Iterator[Schema]:
    """A schema and everything inside it; references are not followed."""
    stack = [schema]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(child.schema for child in current.properties)
        stack.extend((*current.all_of, *current.any_of, *current.one_of, *current.prefix_items))
        if isinstance(current.additional, Schema):
            stack.append(current.additional)
        if current.items is not None:
            stack.append(current.items)
