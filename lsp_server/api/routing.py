"""Routers, routes and inclusions: what every web framework makes, whatever its calls are named.

A framework's own file turns calls into these; here they are joined into full paths. Which calls mean what, and how a
framework reads parameters and answers, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lsp_server.api.model import Dormant
from lsp_server.python.values import Argument, Certainty, ClassValue, EnumMember, Event, External, Instance, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

SURE = (Certainty.CERTAIN, Certainty.CONFIGURED)
DEEPEST = 40  # inclusions within inclusions
DEEPEST_WRAPPING = 4  # middleware around middleware


@dataclass(eq=False, slots=True)
class Options:
    """The arguments of a call by name. `hidden`: some were given with `**` and are not known."""

    values: dict[str, Value]
    places: dict[str, Location]
    hidden: Unknown | None = None

    def get(self, name: str) -> Value:
        """The argument's value; None where it was not given (the default of nearly all of them)."""
        if name in self.values:
            return self.values[name]
        return self.hidden

    def __contains__(self, name: str) -> bool:
        return name in self.values or self.hidden is not None

    @classmethod
    def of(cls, arguments: Iterable[Argument], positional: tuple[str, ...] = ()) -> Options:
        values: dict[str, Value] = {}
        places: dict[str, Location] = {}
        hidden: Unknown | None = None
        names = list(positional)
        for argument in arguments:
            name = argument.name
            if argument.star:
                what = argument.value.what if isinstance(argument.value, Unknown) else "arguments given with **"
                hidden = Unknown(what, argument.location)
                continue
            if name is None:
                if not names:
                    continue
                name = names.pop(0)
            values.setdefault(name, argument.value)
            places.setdefault(name, argument.location)
        return cls(values, places, hidden)


@dataclass(eq=False, slots=True)
class Route:
    """One call that puts a handler on a router. `methods` are upper case."""

    path: Value
    endpoint: Value
    methods: tuple[str, ...] | Unknown
    options: Options
    location: Location
    certainty: Certainty
    condition: Unknown | None
    plain: bool = False  # nothing but a path and a handler: no declared parameters, no documentation
    view: ClassValue | None = None  # the class of a class-based view


Places = tuple[Location, ...]


@dataclass(eq=False, slots=True)
class Inclusion:
    """A router put into another one, under a prefix: what is put there is a Router, or Unknown.

    Places stand for what may be an application of another framework: where it, or what it wraps, is made.
    """

    target: Router | Places | Unknown
    prefix: Value
    options: Options
    location: Location
    certainty: Certainty
    condition: Unknown | None
    mounted: bool = False  # as an application of its own


@dataclass(eq=False, slots=True)
class Router:
    """An application, or a part of one that is put into others: one object of the running program."""

    value: Instance
    location: Location
    application: bool
    options: Options
    certainty: Certainty
    condition: Unknown | None
    entries: list[Route | Inclusion] = field(default_factory=list)
    included: bool = False  # some router or application includes or mounts it
    foreign: bool = False  # another package's: what is on it is not seen
    escaped: Unknown | None = None  # things we cannot see may be put on it
    guard: Unknown | None = None  # what its middleware may ask of every request


def doubt_about(entry: Route | Inclusion, owner: Router, above: tuple[Router, ...] = ()) -> Unknown | None:
    """Why an entry may not be there; None where it is there whenever its router, or the application `above`, is."""
    if entry.certainty in SURE:
        return None
    if any(entry.certainty is router.certainty and entry.condition == router.condition for router in (owner, *above)):
        return None  # Behind the same early return, or in the same branch, as the router itself.
    sort = Dormant if entry.certainty is Certainty.DORMANT else Unknown
    return sort(entry.condition.what if entry.condition is not None else "a condition", entry.location)


def heavier(left: Unknown | None, right: Unknown | None) -> Unknown | None:
    """The doubt about what two doubts are about: not being there by default outweighs any other."""
    return right if left is None or isinstance(right, Dormant) else left


def give_away(event: Event, router_of: Callable[[Value], Router | None]) -> None:
    """Note an application or a router in the hands of something that cannot be followed: it may put routes on it."""
    if not isinstance(event.callee, Unknown) or event.certainty is Certainty.DORMANT:
        return
    for argument in event.arguments:
        router = router_of(argument.value)
        if router is not None and router.escaped is None:
            router.escaped = Unknown("what something that cannot be followed puts on the application", event.location)


def methods_named(value: Value, default: tuple[str, ...] = ("GET",)) -> tuple[str, ...] | Unknown:
    """The methods that a list of names, enumeration members or `http.HTTPMethod`s says; `default` for None."""
    if value is None:
        return default
    if isinstance(value, Unknown):
        return value
    if isinstance(value, str | EnumMember | External):
        value = [value]
    if isinstance(value, list | tuple | set | frozenset):
        names = [_method(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
        if all(name is not None for name in names):
            return tuple(dict.fromkeys(name for name in names if name is not None))
    return Unknown("methods that are not known")


def _method(value: Value) -> str | None:
    if isinstance(value, EnumMember):
        value = value.value
    if isinstance(value, External):  # `http.HTTPMethod.GET`, and frameworks' own enumerations of that name
        names, _, member = value.name.rpartition(".")
        return member if names.rpartition(".")[2].lower() == "httpmethod" else None
    return value.upper() if isinstance(value, str) else None


# Full paths


@dataclass(frozen=True, slots=True)
class PlacedRoute:
    """A route with the path under which the application serves it, and why it may not be there."""

    route: Route
    owner: Router
    path: str
    doubt: Unknown | None
    above: tuple[Router, ...] = ()  # from the application down to the owner


@dataclass(frozen=True, slots=True)
class Listing:
    """Every route that an application, or a router that nothing includes, leads to.

    `hole`: routes may be there that were not seen. `unknowns`: what could not be placed, `hole` among them.
    """

    router: Router
    routes: tuple[PlacedRoute, ...]
    unknowns: tuple[Unknown, ...]
    hole: Unknown | None
    mounts: tuple[tuple[str, Places], ...] = ()  # other frameworks' applications below, by their prefixes
    elsewhere: tuple[str, ...] = ()  # prefixes of other packages' routers

    @property
    def served(self) -> bool:
        return self.router.application or self.router.included

    @property
    def operations(self) -> int:
        return sum(len(each.route.methods) for each in self.routes if isinstance(each.route.methods, tuple))


Join = Callable[[str, str], str]  # a prefix and what follows it


def list_routes(router: Router, prefix: str = "", join: Join = str.__add__) -> Listing:
    """All routes below a router, mounted ones included, each with its path; those without a known path or method are unknowns."""
    routes: list[PlacedRoute] = []
    unknowns: list[Unknown] = []
    holes: list[Unknown] = []
    mounts: list[tuple[str, Places]] = []
    elsewhere: list[str] = []

    def missed(what: Unknown, entry: Route | Inclusion, doubt: Unknown | None) -> None:
        placed = Unknown(what.what, entry.location)
        unknowns.append(placed)
        if doubt is None or entry.certainty is Certainty.CONDITIONAL:  # What nobody decides may be there, and anything in it.
            holes.append(placed)

    def walk(current: Router, path: str, doubt: Unknown | None, above: tuple[Router, ...]) -> None:
        if current.escaped is not None:
            unknowns.append(current.escaped)
            holes.append(current.escaped)
        for entry in current.entries:
            own_doubt = heavier(doubt, doubt_about(entry, current, above))
            part = entry.path if isinstance(entry, Route) else entry.prefix
            text = part.value if isinstance(part, EnumMember) else "" if part is None else part
            if not isinstance(text, str):
                missed(text if isinstance(text, Unknown) else Unknown("a path computed at run time"), entry, own_doubt)
            elif isinstance(entry, Route):
                if isinstance(entry.methods, Unknown):
                    missed(entry.methods, entry, own_doubt)
                else:
                    routes.append(PlacedRoute(entry, current, join(path, text), own_doubt, (*above, current)))
            elif isinstance(entry.target, Unknown):
                missed(entry.target, entry, own_doubt)
            elif isinstance(entry.target, tuple):
                mounts.append((join(path, text), entry.target))
            elif entry.target.foreign:
                elsewhere.append(join(path, text))
            elif entry.target not in above and len(above) < DEEPEST:
                walk(entry.target, join(path, text), own_doubt, (*above, current))

    walk(router, prefix, None, ())
    return Listing(router, tuple(routes), tuple(dict.fromkeys(unknowns)), holes[0] if holes else None,
                   tuple(mounts), tuple(elsewhere))  # fmt: skip


def places_within(value: Value) -> Places:
    """Where an object is made, and the objects that it was given: an application may be wrapped in middleware."""
    found: dict[Location, None] = {}
    stack = [(value, 0)]
    while stack:
        part, depth = stack.pop(0)
        if isinstance(part, Instance):
            found.setdefault(part.location)
            if depth < DEEPEST_WRAPPING:
                stack.extend((argument.value, depth + 1) for argument in part.arguments)
    return tuple(found)


def one_per_place(listings: Iterable[Listing]) -> list[Listing]:
    """A factory that is called several times makes one application for us: the fullest."""
    best: dict[Location, Listing] = {}
    for listing in listings:
        known = best.get(listing.router.location)
        if known is None or _worth(listing) > _worth(known):
            best[listing.router.location] = listing
    return list(best.values())


def _worth(listing: Listing) -> tuple[int, bool]:
    return listing.operations, listing.router.certainty in SURE


def applications_first(routers: Iterable[Router]) -> Iterator[Router]:
    """The applications, then the routers that no application leads to: those whose full paths nobody knows."""
    everything = list(routers)
    reached: set[int] = set()
    stack = [router for router in everything if router.application]
    yield from list(stack)
    while stack:
        router = stack.pop()
        if id(router) in reached:
            continue
        reached.add(id(router))
        stack.extend(entry.target for entry in router.entries if isinstance(entry, Inclusion) and isinstance(entry.target, Router))
    yield from (router for router in everything if id(router) not in reached and not router.included)


def places_of(routers: Mapping[int, Router]) -> set[Location]:
    """Where the routers that are known were made."""
    return {router.location for router in routers.values()}
