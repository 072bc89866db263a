"""What objects of other packages hold: other objects, and mappings of settings that a program fills (`app.config`).

Settings are those that the program's text states: assigned one by one, or taken from a module or class. What an
environment or a deployment would change is the usual case of a setting: its value is the default, and counts as configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsp_server.python.joining import RANK
from lsp_server.python.values import (
    Argument,
    Certainty,
    ClassValue,
    External,
    Instance,
    ModuleValue,
    Place,
    Specialized,
    Unset,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

# Class -> attribute -> class of the object that is always there. The second table's objects are mappings of settings.
_APPLICATIONS = ("flask.Flask", "flask.app.Flask", "apiflask.APIFlask", "quart.Quart", "quart.app.Quart", "connexion.FlaskApp.app")
_WRAPPERS = ("connexion.FlaskApp", "connexion.App", "connexion.apps.flask.FlaskApp", "connexion.apps.flask_app.FlaskApp")
HELD: Mapping[str, Mapping[str, str]] = {
    **{name: {"config": "flask.Config"} for name in _APPLICATIONS},
    **{name: {"app": "connexion.FlaskApp.app"} for name in _WRAPPERS},
}
SETTINGS = frozenset(("flask.Config", "flask.config.Config", "quart.config.Config", "quart.Config"))
_ITEMS = "items"


def held(owner: Instance, name: str, location: Location) -> Instance | None:
    """The object that another package's object holds under a name; the same one each time."""
    for class_name in _class_names(owner):
        made = HELD.get(class_name, {}).get(name)
        if made is not None:
            value = Instance(External(made), (), owner.location, {_ITEMS: {}} if made in SETTINGS else {})
            owner.attributes[name] = value
            return value
    return None


def _class_names(value: Instance) -> tuple[str, ...]:
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    if isinstance(origin, External):
        return (origin.name,)
    return origin.externals() if isinstance(origin, ClassValue) else ()


def settings_of(value: Value) -> dict[Value, Value] | None:
    """What a mapping of settings holds; None for any other value."""
    if not isinstance(value, Instance) or not any(name in SETTINGS for name in _class_names(value)):
        return None
    items: dict[Value, Value] = value.attributes.setdefault(_ITEMS, {})
    return items


def setting(self: Interpreter, items: dict[Value, Value], key: Value, location: Location) -> Value:
    """`config[key]`."""
    self.touched_settings = True
    if isinstance(key, str) and key in items:
        return items[key]
    return Unset(f"the setting {key}" if isinstance(key, str) else "a setting", location)


def put(self: Interpreter, items: dict[Value, Value], key: Value, value: Value) -> None:
    """`config[key] = value`; unknown from then on where the text does not decide whether it runs."""
    if not isinstance(key, str) or self.certainty is Certainty.DORMANT:
        return
    doubtful = RANK[self.certainty] > RANK[Certainty.CONFIGURED] and key in items
    items[key] = Unknown(f"the setting {key}, which depends on a condition") if doubtful else value


def call_method(
    self: Interpreter, items: dict[Value, Value], name: str, arguments: tuple[Argument, ...], location: Location
) -> tuple[Value] | None:
    """A method of a mapping of settings, its answer in a tuple; None for one that is not known."""
    given = [argument.value for argument in arguments if argument.name is None and not argument.star]
    if name in ("get", "setdefault", "pop") and given:
        found = setting(self, items, given[0], location)
        default = given[1] if len(given) > 1 else next((each.value for each in arguments if each.name == "default"), None)
        if isinstance(found, Unset) and default is not None and not (isinstance(given[0], str) and given[0] in items):
            found = default
            if name == "setdefault":
                put(self, items, given[0], default)
        return (found,)
    if name in ("update", "from_mapping"):
        for mapping in given:
            for key, value in mapping.items() if isinstance(mapping, dict) else ():
                put(self, items, key, value)
        for argument in arguments:
            if argument.name is not None:
                put(self, items, argument.name, argument.value)
        return (True if name == "from_mapping" else None,)
    if name == "from_object" and given:
        for key, value in _capitals(self, given[0], location):
            put(self, items, key, value)
        return (None,)
    if name == "from_pyfile" and given:
        path = _file(self, given[0], location)
        for key, value in _capitals(self, ModuleValue(path), location) if path is not None else ():
            put(self, items, key, value)
        return (True,)
    return None


def _capitals(self: Interpreter, value: Value, location: Location) -> list[tuple[str, Value]]:
    """The names in capitals of a module, a class, an object, or the dotted name of one."""
    from lsp_server.python.attributes import attribute
    from lsp_server.python.discoveries import named_by

    if isinstance(value, str):
        value = named_by(self, value, location)
    if isinstance(value, Instance) and isinstance(value.origin, ClassValue):
        names = [*value.attributes, *(name for entry in value.origin.lineage() for name in entry.names)]
    elif isinstance(value, ClassValue):
        names = [name for entry in value.lineage() for name in entry.names]
    elif isinstance(value, ModuleValue) and not value.path.endswith("/"):
        names = list(self.run(value.path).scope.names)
    else:
        return []
    return [(name, attribute(self, value, name, location)) for name in dict.fromkeys(names) if name.isupper()]


def _file(self: Interpreter, value: Value, location: Location) -> str | None:
    """The Python file that a path means, as seen from the file that names it."""
    folder = location.path.rpartition("/")[0]
    written = value.path if isinstance(value, Place) else f"{folder}/{value}".lstrip("/") if isinstance(value, str) else None
    return written if written in self.program.paths else None
