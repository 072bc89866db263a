"""What a FastAPI handler takes, put together: parameters, the parts of the body as one body, the schemes asked for.

Where its parts come from (signatures, dependencies, models) is `dependencies.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_server.api.model import (
    Body,
    Parameter,
    Property,
    Schema,
    SecurityRequirement,
    SecurityScheme,
)
from lsp_server.api.pydantic import Shapes
from lsp_server.text import Location
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class BodyField:
    """One part of the request body. `sort` is "body", "form" or "file"; `whole`: a model that may be the body itself.

    `renamed`: it has an alias, which not every release of FastAPI for Pydantic 2 documents where parts make one body.
    """

    name: str
    schema: Schema
    required: bool | Unknown
    sort: str
    embed: bool
    whole: bool
    media_type: str | None
    location: Location | None
    renamed: bool = False


def _renaming(part: BodyField) -> Unknown:
    return Unknown(f"under which name FastAPI documents the part `{part.name}` of the body", part.location)


@dataclass(eq=False, slots=True)
class Gathered:
    """What one callable and everything it depends on takes."""

    parameters: list[Parameter] = field(default_factory=list)
    bodies: list[BodyField] = field(default_factory=list)
    security: list[tuple[SecurityScheme | Unknown, tuple[str, ...]]] = field(default_factory=list)
    unknown: Unknown | None = None
    guard: Unknown | None = None

    def add(self, other: Gathered) -> None:
        self.parameters.extend(other.parameters)
        self.bodies.extend(other.bodies)
        self.security.extend(other.security)
        self.unknown = other.unknown if self.unknown is None else self.unknown
        self.guard = other.guard if self.guard is None else self.guard


@dataclass(frozen=True, slots=True)
class Signature:
    """Everything a handler takes. `bodies` become one body once the operation's id is known.

    `unknown`: it may take more than what is listed, through a dependency that cannot be followed.
    """

    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[BodyField, ...] = ()
    security: tuple[SecurityRequirement, ...] | Unknown = ()
    schemes: tuple[SecurityScheme, ...] = ()
    unknown: Unknown | None = None
    guard: Unknown | None = None  # something that may look for credentials without declaring them

    @property
    def validated(self) -> bool | Unknown:
        """Whether FastAPI checks anything, and so may answer 422."""
        if self.bodies or self.parameters:
            return True
        return self.unknown if self.unknown is not None else False

    def body_for(self, identity: str | Unknown, shapes: Shapes) -> Body | Unknown | None:
        if not self.bodies:
            return self.unknown
        unique = {part.name: part for part in self.bodies}
        parts = tuple(unique.values())
        first = parts[0]
        sorts = {part.sort for part in parts}
        media_type = "multipart/form-data" if "file" in sorts else "application/x-www-form-urlencoded" if "form" in sorts else (
            next((part.media_type for part in parts if part.media_type), "application/json"))  # fmt: skip
        embedded = len(parts) > 1 or first.embed or (first.sort != "body" and not first.whole)
        if not embedded:
            return Body(((media_type, first.schema),), first.required, location=first.location)
        name = f"Body_{identity}" if isinstance(identity, str) else f"Body_{len(shapes.schemas)}"
        properties = tuple(Property(part.name, part.schema, part.required, part.location) for part in parts if not part.renamed)
        if not properties:
            return _renaming(first)
        doubts = tuple(Schema(unknown=_renaming(part), location=part.location) for part in parts if part.renamed)
        whole = Schema(types=("object",), properties=properties, all_of=doubts, location=first.location)
        shapes.schemas.setdefault(name, whole)
        required = True if any(part.required is True for part in parts) else next(
            (part.required for part in parts if isinstance(part.required, Unknown)), False)  # fmt: skip
        return Body(((media_type, Schema(ref=name)),), required, location=first.location)


def finished(gathered: Gathered) -> Signature:
    unique: dict[tuple[str, str], Parameter] = {}
    for parameter in gathered.parameters:
        key = (parameter.where, parameter.name)
        if key not in unique or parameter.required is True:
            unique[key] = parameter
    requirements: dict[str, tuple[str, ...]] = {}
    schemes: dict[str, SecurityScheme] = {}
    doubt = gathered.unknown
    for scheme, scopes in gathered.security:
        if isinstance(scheme, Unknown):
            doubt = doubt if doubt is not None else scheme
        else:
            schemes[scheme.name] = scheme
            requirements[scheme.name] = tuple(dict.fromkeys((*requirements.get(scheme.name, ()), *scopes)))
    security: tuple[SecurityRequirement, ...] | Unknown = tuple(
        SecurityRequirement(((name, scopes),)) for name, scopes in requirements.items()
    )
    return Signature(
        tuple(unique.values()), tuple(gathered.bodies),
        doubt if doubt is not None else security, tuple(schemes.values()), gathered.unknown, gathered.guard,
    )  # fmt: skip
