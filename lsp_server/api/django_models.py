"""Django's models, as far as paths are derived from them: which classes are an application's, and the names in `_meta`."""

from __future__ import annotations

from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, Event, External, Instance, Value

CONFIGURATION = ("django.apps.AppConfig", "django.apps.config.AppConfig")
_MODEL = ("Model", "AbstractUser", "AbstractBaseUser")  # how the names of classes end that models derive from


def meta_of(interpreter: Interpreter, model: ClassValue) -> Instance:
    """A model's names. Its application is the package that holds its `models`."""
    inner = model.find("Meta")
    held = inner[1].names.get("app_label") if inner is not None and isinstance(inner[1], ClassValue) else None
    module = interpreter.program.module_name(model.path)
    package = module.partition(".models")[0] if ".models" in module else module.rpartition(".")[0] or module
    label = held if isinstance(held, str) else package.rpartition(".")[2]
    low = model.name.lower()
    names = {"model_name": low, "object_name": model.name, "app_label": label, "label": f"{label}.{model.name}",
             "label_lower": f"{label}.{low}", "model": model}  # fmt: skip
    return Instance(External("django.db.models.options.Options"), (), model.location, dict(names))


def models_of(interpreter: Interpreter, event: Event) -> list[Value] | None:
    """What `get_models()` of an application's configuration gives; None where the call is another one."""
    receiver = event.receiver
    if event.method != "get_models" or not isinstance(receiver, Instance) or not isinstance(receiver.origin, ClassValue):
        return None
    if not receiver.origin.inherits(*CONFIGURATION):
        return None
    folder = receiver.origin.path.rpartition("/")[0]
    inside = (f"{folder}/models.py", f"{folder}/models/") if folder else ("models.py", "models/")
    found: dict[int, Value] = {}
    for path in sorted(path for path in interpreter.program.paths if path.startswith(inside)):
        for cls in interpreter.run(path).classes:
            if cls.path == path and _is_model(cls):
                found.setdefault(id(cls), cls)
    return list(found.values())


def _is_model(cls: ClassValue) -> bool:
    """Whether a class is a model with a table: not an abstract one, nor a class within another."""
    return "." not in cls.qualname and not _is_abstract(cls) and any(name.endswith(_MODEL) for name in cls.externals())


def _is_abstract(cls: ClassValue) -> bool:
    meta = cls.names.get("Meta")
    return isinstance(meta, ClassValue) and meta.names.get("abstract") is True
