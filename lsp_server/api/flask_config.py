"""What Flask's own objects remember: a blueprint its name and prefix, an application its configuration.

The configuration is what the program's text puts into it: under the default settings, for files and environments may say
otherwise at run time. Configuration files that are Python modules of the workspace are read.
"""

from __future__ import annotations

import posixpath

from lsp_server.api.flask_names import APPLICATION, BLUEPRINT, BLUEPRINT_ARGUMENTS, CURRENT_APPLICATION
from lsp_server.python.attributes import attribute
from lsp_server.python.discoveries import named_by, names_in
from lsp_server.python.interpret import Interpreter
from lsp_server.python.objects import Kind, kept_under
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    ClassValue,
    FunctionValue,
    Instance,
    ModuleValue,
    Place,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

CONFIG = "flask.config.Config"
_OPEN = "<open>"  # on a configuration: why it may hold more than what is known of it
_DEFAULTS = {
    "DEBUG": False, "TESTING": False, "SECRET_KEY": None, "APPLICATION_ROOT": "/", "SERVER_NAME": None, "PREFERRED_URL_SCHEME": "http",
}  # fmt: skip


def _from_object(self: Interpreter, config: Instance, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = arguments[0].value if arguments else None
    if isinstance(given, str):
        given = named_by(self, given, location)
    names = _upper(self, given, location)
    if names is None:
        config.attributes[_OPEN] = Unknown("a configuration loaded at run time", location)
    _put(self, config, names or {})
    return None


def _get(self: Interpreter, config: Instance, arguments: tuple[Argument, ...], location: Location) -> Value:
    """An entry, the given default where nobody sets it, Unknown where something that cannot be read may."""
    self.touched_settings = True
    given = [argument.value for argument in arguments]
    if not given or not isinstance(config.content, dict) or not isinstance(given[0], str):
        return Unknown("an entry of the configuration", location)
    return config.content.get(given[0], config.attributes.get(_OPEN, given[1] if len(given) > 1 else None))


def _from_mapping(self: Interpreter, config: Instance, arguments: tuple[Argument, ...], location: Location) -> Value:
    for argument in arguments:
        if argument.name is not None:
            _put(self, config, {argument.name: argument.value})
        elif isinstance(argument.value, dict):
            _put(self, config, {name: value for name, value in argument.value.items() if isinstance(name, str) and name.isupper()})
    return True


def _from_pyfile(self: Interpreter, config: Instance, arguments: tuple[Argument, ...], location: Location) -> Value:
    """A file of the workspace: given by its place, or beside the module that loads it."""
    given = arguments[0].value if arguments else None
    path = given.path if isinstance(given, Place) else None
    if isinstance(given, str) and not given.startswith("/"):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(location.path), given))
    if path in self.program.paths:
        _put(self, config, _upper(self, ModuleValue(path), location) or {})
    return True


def _not_ours(self: Interpreter, config: Instance, arguments: tuple[Argument, ...], location: Location) -> Value:
    """A file or an environment that somebody else provides: the text's own values stay the default."""
    return True


def _put(self: Interpreter, config: Instance, names: dict[str, Value]) -> None:
    if isinstance(config.content, dict):
        config.content.update({name: kept_under(self, config, name, value) for name, value in names.items()})


def _upper(self: Interpreter, value: Value, location: Location) -> dict[str, Value] | None:
    """The settings that a module, a class or an object holds; None where it is not known."""
    if isinstance(value, ModuleValue):
        return {name: held for name, held in names_in(self, value).items() if name.isupper()}
    cls = value.origin if isinstance(value, Instance) else value
    if not isinstance(cls, ClassValue) or cls.unknown_bases():
        return None
    names = {name for entry in cls.lineage() for name in entry.names if name.isupper()}
    if isinstance(value, Instance):
        names.update(name for name in value.attributes if name.isupper())
    found = {name: attribute(self, value, name, location) for name in sorted(names)}
    return {name: held for name, held in found.items() if not isinstance(held, FunctionValue | BoundMethod)}


KINDS = {
    **dict.fromkeys(APPLICATION, Kind(("import_name",), {"config": CONFIG}, empty=("blueprints",), current=CURRENT_APPLICATION)),
    **dict.fromkeys(BLUEPRINT, Kind(BLUEPRINT_ARGUMENTS)),
    CONFIG: Kind(
        content=_DEFAULTS, settings=True,
        methods={
            "get": _get, "from_object": _from_object, "from_mapping": _from_mapping, "from_pyfile": _from_pyfile,
            **dict.fromkeys(("from_envvar", "from_file", "from_json", "from_prefixed_env"), _not_ours),
        },
    ),
}  # fmt: skip
