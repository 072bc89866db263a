"""What an Alembic tree's `env.py` and `alembic.ini` configure: the naming convention, and options for migrations.

Reads `env.py` through the interpreter, as far as the text tells. Which trees there are is said by `alembic.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lsp_server.database.alchemy_names import made_by
from lsp_server.database.alembic import History, Settings
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, Event, External, FunctionValue, Instance, Method, Value, find_argument

_CONFIGURE = "alembic.context.configure"


@dataclass(frozen=True, slots=True)
class Environment:
    """The naming convention of the metadata that `env.py` compares with, the options it runs migrations with, its ini file."""

    convention: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Value] = field(default_factory=dict)
    settings: Settings | None = None


def read_environment(history: History, interpreter: Interpreter) -> Environment:
    """What `env.py` configures; nothing where it is not readable."""
    if history.env is None:
        return Environment(settings=history.settings)
    events, targets = _configured(history.env, interpreter)
    options: dict[str, Value] = {}
    for event in events:
        for argument in event.arguments:
            if argument.name not in (None, "target_metadata") and isinstance(argument.value, str | int | bool):
                options.setdefault(str(argument.name), argument.value)
    for metadata in targets:
        convention = _convention_of(metadata, interpreter)
        if convention:
            return Environment(convention, options, history.settings)
    return Environment({}, options, history.settings)


def targets_of(env: str, interpreter: Interpreter) -> tuple[Value, ...]:
    """What an `env.py` gives as `target_metadata`: MetaData objects, or whatever stands for them."""
    return _configured(env, interpreter)[1]


def is_flasks(env: str, interpreter: Interpreter) -> bool:
    """Whether an `env.py` takes what it needs from the Flask application that is running, as Flask-Migrate's does."""
    names = interpreter.run(env).scope.names.values()
    return any(isinstance(value, External) and value.name.startswith("flask.current_app.") for value in names)


def _configured(env: str, interpreter: Interpreter) -> tuple[list[Event], tuple[Value, ...]]:
    """The calls of `context.configure`, and the metadatas they compare with."""
    execution = interpreter.run(env)
    events = list(execution.events)
    for name in ("run_migrations_online", "run_migrations_offline", "do_run_migrations"):
        function = execution.scope.names.get(name)
        if isinstance(function, FunctionValue):
            events.extend(interpreter.call_detached(function)[1])
    events = [event for event in events if isinstance(event.callee, External) and event.callee.name == _CONFIGURE]
    targets = [argument.value for event in events for argument in event.arguments if argument.name == "target_metadata"]
    if "target_metadata" in execution.scope.names:
        targets.append(interpreter.resolve(execution.scope, "target_metadata"))
    return events, tuple(each for value in targets for each in (value if isinstance(value, list | tuple) else [value]))


def _convention_of(value: Value, interpreter: Interpreter) -> dict[str, str]:
    if isinstance(value, Method) and value.name == "metadata":
        value = _metadata_of(value.receiver, interpreter)
    if isinstance(value, Instance) and made_by(value) == "sqlalchemy.MetaData":
        given = find_argument(value.arguments, "naming_convention")
        named = given.value if given is not None else value.attributes.get("naming_convention")
        if isinstance(named, dict):
            return {key: item for key, item in named.items() if isinstance(key, str) and isinstance(item, str)}
    return {}


def _metadata_of(receiver: Value, interpreter: Interpreter) -> Value:
    """The metadata of a declarative base that some call made: `declarative_base(metadata=…)`, `registry(metadata=…)
    .generate_base()`, `SQLAlchemy(metadata=…)`."""
    if isinstance(receiver, ClassValue):
        for entry in receiver.mro():
            if isinstance(entry, ClassValue) and "metadata" in entry.names:
                return interpreter.resolve(entry.scope, "metadata") if "metadata" in entry.scope.names else entry.names["metadata"]
            if isinstance(entry, Instance):
                return _metadata_of(entry, interpreter)
    if isinstance(receiver, Instance):
        given = find_argument(receiver.arguments, "metadata")
        if given is not None:
            return given.value
        if isinstance(receiver.origin, ClassValue):
            return _metadata_of(receiver.origin, interpreter)
        if isinstance(receiver.origin, Method) and receiver.origin.name == "generate_base":
            return _metadata_of(receiver.origin.receiver, interpreter)
    return None
