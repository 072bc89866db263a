"""What an application and the inclusions below it add to the routes of a router: prefix, tags, dependencies and the like."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lsp_server.api.routing import Inclusion, Options, Route, Router, heavier
from lsp_server.python.judge import items_of
from lsp_server.python.values import EnumMember, Value
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Placement:
    """Everything that an application and the inclusions below it add to the routes of a router.

    Values are those of the calls; `None` stands for "not given". Lists run from the outside in.
    """

    prefix: str | Unknown = ""
    mount: str = ""  # the part of the prefix that the application itself does not know of
    tags: tuple[Value, ...] | Unknown = ()
    dependencies: tuple[Value, ...] = ()
    responses: tuple[Value, ...] = ()
    deprecated: bool | Unknown = False
    documented: bool | Unknown = True
    response_classes: tuple[Value, ...] = ()  # nearest to the route first
    unique_ids: tuple[Value, ...] = ()  # nearest to the route first
    doubt: Unknown | None = None
    guard: Unknown | None = None  # what may ask for credentials without saying so

    @classmethod
    def of_router(cls, router: Router, prefix: str) -> Placement:
        return cls(prefix=prefix, mount=prefix)._with(router.options, None if router.application else router.options.get("prefix"))

    def including(self, inclusion: Inclusion, router: Router) -> Placement:
        """The placement of an included router's routes."""
        given = inclusion.options
        return self._with(given, inclusion.prefix)._with(router.options, router.options.get("prefix"))

    def of_route(self, route: Route) -> Placement:
        """The placement with what the route itself says; its prefix is the whole path."""
        return self._with(route.options, route.path if route.path is not None else "")

    def doubted(self, doubt: Unknown) -> Placement:
        return replace(self, doubt=heavier(self.doubt, doubt))

    def _with(self, options: Options, prefix: Value) -> Placement:
        path = self.prefix
        if isinstance(path, str):
            text = prefix.value if isinstance(prefix, EnumMember) else "" if prefix is None else prefix
            path = path + text if isinstance(text, str) else as_unknown(text, "a prefix computed at run time")
        own_class = options.get("default_response_class")
        own_id = options.get("generate_unique_id_function")
        return replace(
            self, prefix=path, tags=_joined(self.tags, options.get("tags")),
            dependencies=(*self.dependencies, *_listed(options.get("dependencies"))),
            responses=(*self.responses, options.get("responses")) if options.get("responses") is not None else self.responses,
            deprecated=_either(self.deprecated, options.get("deprecated")),
            documented=_both(self.documented, options.get("include_in_schema")),
            response_classes=(own_class, *self.response_classes) if own_class is not None else self.response_classes,
            unique_ids=(own_id, *self.unique_ids) if own_id is not None else self.unique_ids,
        )  # fmt: skip


def unplaced(route: Route, placement: Placement) -> Unknown | None:
    """Why the path or the methods of a route are not known; None where they are."""
    path = placement.of_route(route).prefix
    unknown = path if isinstance(path, Unknown) else route.methods
    return Unknown(unknown.what, route.location) if isinstance(unknown, Unknown) else None


def as_unknown(value: Value, what: str) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown(what)


def _joined(left: tuple[Value, ...] | Unknown, value: Value) -> tuple[Value, ...] | Unknown:
    if isinstance(left, Unknown) or value is None:
        return left
    items = items_of(value) if not isinstance(value, str) else None
    return (*left, *items) if items is not None else as_unknown(value, "tags that are not known")


def _listed(value: Value) -> tuple[Value, ...]:
    if value is None:
        return ()
    items = items_of(value) if not isinstance(value, str) else None
    return tuple(items) if items is not None else (as_unknown(value, "dependencies that are not known"),)


def _either(left: bool | Unknown, value: Value) -> bool | Unknown:
    if left is True or value is True:
        return True
    if value is None or value is False:
        return left
    return as_unknown(value, "whether it is deprecated")


def _both(left: bool | Unknown, value: Value) -> bool | Unknown:
    if left is False or value is False:
        return False
    if value is None or value is True:
        return left
    return as_unknown(value, "whether it is documented")
