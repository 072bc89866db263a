"""A project's applications (Django's word): what their `ready` does when the project starts.

Registries of views are often filled there. Only the statements of `ready` run; the modules that it imports for their
effects do not.
"""

from __future__ import annotations

from lsp_server.api.django_models import CONFIGURATION
from lsp_server.api.django_world import named, setting
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import Argument, ClassValue, FunctionValue, Instance, ModuleValue, UnknownItems, Value


def start_applications(interpreter: Interpreter, settings: str) -> None:
    """Do what Django does at its start: call `ready` of every installed application of the workspace."""
    names: list[Value] = []
    for item in items_of(setting(interpreter, "INSTALLED_APPS")) or ():
        names.extend(item.possible if isinstance(item, UnknownItems) else [item])
    for installed in names:
        cls = _configuration(interpreter, installed, settings) if isinstance(installed, str) else None
        ready = cls.find("ready") if cls is not None else None
        if cls is not None and ready is not None and isinstance(ready[1], FunctionValue):
            value = Instance(cls, (), cls.location)
            interpreter.call_detached(ready[1], (Argument(None, value, cls.location),))


def _configuration(interpreter: Interpreter, installed: str, settings: str) -> ClassValue | None:
    """The class that an entry of `INSTALLED_APPS` names, or the one in the `apps` module of the package that it names."""
    program = interpreter.program
    if not program.is_ours(installed, settings):
        return None
    meant = named(interpreter, installed, settings)
    if isinstance(meant, ClassValue):
        return meant
    path = program.find(f"{installed}.apps", settings) if isinstance(meant, ModuleValue) else None
    if path is None or path.endswith("/"):
        return None
    found = [cls for cls in interpreter.run(path).classes if cls.path == path and cls.inherits(*CONFIGURATION)]
    chosen = [cls for cls in found if cls.names.get("default") is True]
    return next(iter([*chosen, *found]), None)
