"""Options of SQLAlchemy's smaller objects, read the same from models and from revisions."""

from __future__ import annotations

from lsp_server.database.alchemy_names import given_to
from lsp_server.database.model import Identity
from lsp_server.python.values import Instance, Value

_POSITIONS = ("always", "on_null", "start", "increment", "minvalue", "maxvalue")
_NUMBERS = ("start", "increment", "minvalue", "maxvalue")


def identity_of(value: Value) -> Identity:
    """`Identity(always=True, start=100)`; what is not a constant counts as not said."""
    arguments = given_to(value) if isinstance(value, Instance) else ()
    given = {argument.name: argument.value for argument in arguments if argument.name}
    given |= dict(zip(_POSITIONS, (argument.value for argument in arguments if argument.name is None)))
    numbers = {name: number for name in _NUMBERS if type(number := given.get(name)) is int}
    return Identity(given.get("always") is True, cycle=given.get("cycle") is True, **numbers)


def storage_options(value: Value) -> tuple[tuple[str, str], ...]:
    """`postgresql_with={"fillfactor": 70}`."""
    if not isinstance(value, dict):
        return ()
    return tuple((key, str(item)) for key, item in value.items() if isinstance(key, str) and isinstance(item, str | int | float))
