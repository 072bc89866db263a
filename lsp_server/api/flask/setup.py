"""What happens to a blueprint when it is registered: functions it has recorded run, and a state of the workspace's own
class may put every rule elsewhere.

Runs when all events are known, for a blueprint's rules may be read after its registration.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_server.api.flask.classes import own_method
from lsp_server.api.flask.names import join
from lsp_server.api.routing import Inclusion, Options, Route, Router
from lsp_server.python.execution import UNANSWERED
from lsp_server.python.values import Argument, Event, External, FunctionValue, Instance, Value
from lsp_server.text import Location

if TYPE_CHECKING:
    from lsp_server.api.flask.routing import FlaskRouting

_STATE = "flask.blueprints.BlueprintSetupState"


def settle(routing: FlaskRouting) -> None:
    """Do what registrations do besides placing rules under a prefix."""
    for router in list(routing.routers.values()):
        for position, entry in enumerate(list(router.entries)):
            if isinstance(entry, Inclusion) and isinstance(entry.target, Router):
                router.entries[position] = _settled(routing, router, entry, entry.target)


def _settled(routing: FlaskRouting, router: Router, entry: Inclusion, target: Router) -> Inclusion:
    recorded = routing.recorded.get(id(target.value), ())
    make = own_method(target.value, "make_setup_state")
    if not recorded and make is None:
        return entry
    state = _state(routing, router, entry, target, make)
    for function in recorded:
        _run_recorded(routing, router, target, function, state, entry.location)
    add = own_method(state, "add_url_rule")
    return entry if add is None else replace(entry, target=_placed_by(routing, target, state, add, entry.prefix), prefix="")


def _state(
    routing: FlaskRouting, router: Router, entry: Inclusion, target: Router, make: FunctionValue | None
) -> Instance:
    place = entry.location
    state: Value = Instance(External(_STATE), (), place)
    if make is not None:
        given = (target.value, router.value, dict(entry.options.values), True)
        made, _ = routing.interpreter.call_detached(make, tuple(Argument(None, value, place) for value in given))
        state = made if isinstance(made, Instance) else state
    assert isinstance(state, Instance)
    state.attributes.update(app=router.value, blueprint=target.value, options=dict(entry.options.values), first_registration=True)
    state.attributes["url_prefix"] = entry.prefix
    return state


def _run_recorded(
    routing: FlaskRouting, router: Router, target: Router, function: Value, state: Instance, place: Location
) -> None:
    """Rules that a recorded function adds to the state go where the blueprint's go, others to the application itself."""
    if isinstance(function, FunctionValue):
        _, events = routing.interpreter.call_detached(function, (Argument(None, state, place),))
        for event in events:
            if event.method == "add_url_rule" and event.receiver is state:
                routing.add_rule(target, event)
            else:
                routing.feed([event])


class _Watcher:
    """Notes under which prefix a state is when it is given a rule."""

    def __init__(self, state: Instance) -> None:
        self.state = state
        self.rules: list[tuple[Event, Value]] = []

    def called(self, event: Event) -> Value:
        if event.method == "add_url_rule" and event.receiver is self.state:
            self.rules.append((event, self.state.attributes.get("url_prefix")))
        return UNANSWERED

    def attribute(self, receiver: Value, name: str) -> Value:
        return UNANSWERED


def _placed_by(routing: FlaskRouting, target: Router, state: Instance, add: FunctionValue, prefix: Value) -> Router:
    """The blueprint's rules as the state's own `add_url_rule` places them."""
    placed = replace(target, entries=[])
    for entry in target.entries:
        if isinstance(entry, Inclusion):
            inner = join(prefix, entry.prefix) if isinstance(prefix, str) and isinstance(entry.prefix, str) else entry.prefix
            placed.entries.append(replace(entry, prefix=inner))
            continue
        for rule, above in _rules(routing, state, add, entry):
            path = join(above or "", rule) if isinstance(rule, str) and isinstance(above, str | None) else rule
            placed.entries.append(routing.copied(entry, path))
    return placed


def _rules(routing: FlaskRouting, state: Instance, add: FunctionValue, route: Route) -> list[tuple[Value, Value]]:
    """The rules that the state makes of one rule, each with the prefix that it has then."""
    place, interpreter = route.location, routing.interpreter
    given = (state, route.path, route.options.get("endpoint"), route.endpoint)
    watcher = _Watcher(state)
    interpreter.outside, saved = watcher, interpreter.outside
    try:
        interpreter.call_detached(add, tuple(Argument(None, value, place) for value in given))
    finally:
        interpreter.outside = saved
    return [(Options.of(event.arguments, ("rule",)).get("rule"), prefix) for event, prefix in watcher.rules]
