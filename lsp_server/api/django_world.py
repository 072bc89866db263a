"""What Django programs find around them: settings, models' names, and the few functions whose answers decide paths.

Answers the interpreter's questions about other packages while a Django program is read. Classes and routers of Django and
REST framework are described in `described/`; what those descriptions ask for natively is answered here too. No view, no
pattern is understood here: that is `django_views.py` and `django_urls.py`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from lsp_server.api.django_models import meta_of, models_of
from lsp_server.python.attributes import attribute
from lsp_server.python.execution import UNANSWERED
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.module import ModuleFacts, read_module
from lsp_server.python.program import Program
from lsp_server.python.values import (
    Argument,
    ClassValue,
    Event,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Value,
    find_argument,
)
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

BUDGET = 120_000  # one module of paths may lay out every viewset of a project
FOLDER = "<described>/"  # where descriptions seem to lie: no workspace has such a folder
SUFFIXED = "described.suffixed"  # a pattern with a format behind it
TRANSLATED = "described.translated"  # patterns behind the language
NOTHING = (
    "django.conf.urls.static.static", "django.contrib.staticfiles.urls.staticfiles_urlpatterns",
    "debug_toolbar.toolbar.debug_toolbar_urls",
)  # fmt: skip


@cache
def _descriptions() -> tuple[dict[str, str], dict[str, ModuleFacts]]:
    """Paths of descriptions by the names of modules, and their facts by path."""
    names: dict[str, str] = {}
    facts: dict[str, ModuleFacts] = {}
    for entry in sorted(files(__package__).joinpath("described").iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(".txt"):
            continue
        dotted = entry.name.removesuffix(".txt")
        path, text = f"{FOLDER}{dotted}", entry.read_text(encoding="utf-8")
        names[dotted] = path
        for line in text.splitlines():
            if line.startswith("# Also:"):
                names.update(dict.fromkeys(line.removeprefix("# Also:").split(), path))
        facts[path] = read_module(path, text)
    return names, facts


def interpreter_for(program: Program) -> Interpreter:
    """An interpreter of a workspace's modules that finds Django around it."""
    names, facts = _descriptions()

    def load(path: str) -> ModuleFacts:
        return facts[path] if path.startswith(FOLDER) else program.load(path)

    interpreter = Interpreter(Program(program.paths, load, names))
    interpreter.outside = _World(interpreter)
    interpreter.budget, interpreter.defers = BUDGET, True
    return interpreter


def is_described(value: ClassValue | FunctionValue) -> bool:
    return value.path.startswith(FOLDER)


def is_open(cls: ClassValue) -> bool:
    """Whether a view inherits from another package's view of which no description tells what it answers."""
    return bool(cls.unknown_bases()) or any(name.endswith(("View", "ViewSet")) for name in cls.externals())


def use_settings(interpreter: Interpreter, path: str) -> None:
    """Run a settings module; from then on its names are those of `django.conf.settings`."""
    names = interpreter.run(path).scope.names
    settings = interpreter.run(f"{FOLDER}django.conf").scope.names["settings"]
    assert isinstance(settings, Instance)
    for name in list(names):
        if name.isupper():
            settings.attributes[name] = interpreter.member(path, name)
    cls = _configuration(interpreter, path)
    if cls is not None:
        values = Instance(cls, (), cls.location)
        for name in {name for entry in cls.lineage() for name in entry.names if name.isupper()}:
            settings.attributes[name] = attribute(interpreter, values, name, cls.location)
    settings.configured = frozenset(settings.attributes)


def setting(interpreter: Interpreter, name: str) -> Value:
    settings = interpreter.run(f"{FOLDER}django.conf").scope.names["settings"]
    return attribute(interpreter, settings, name, Location(f"{FOLDER}django.conf", Span(0, 0)))


def _configuration(interpreter: Interpreter, path: str) -> ClassValue | None:
    """The class whose attributes are the settings (django-configurations and its like): the last that names the root."""
    classes = [cls for cls in interpreter.run(path).classes if cls.path == path and cls.find("ROOT_URLCONF") is not None]
    return classes[-1] if classes else None


class _World:
    """Answers about Django's side of a program; UNANSWERED for everything else."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def called(self, event: Event) -> Value:
        if isinstance(event.callee, Method):
            models = models_of(self.interpreter, event)
            return UNANSWERED if models is None else models
        if not isinstance(event.callee, External):
            return UNANSWERED
        name = event.callee.name
        if name in NOTHING:
            return []
        answer = _ANSWERS.get(name)
        return answer(self.interpreter, event) if answer is not None else UNANSWERED

    def attribute(self, receiver: Value, name: str) -> Value:
        if name == "_meta" and isinstance(receiver, ClassValue):
            return meta_of(self.interpreter, receiver)
        return UNANSWERED


def _given(event: Event, name: str, position: int) -> Value:
    found = find_argument(event.arguments, name, position)
    return found.value if found is not None else None


def named(interpreter: Interpreter, dotted: str, importer: str) -> Value:
    """What a dotted text names: a module, or something in one."""
    path = interpreter.program.find(dotted, importer)
    if path is not None:
        return ModuleValue(path)
    module, _, member = dotted.rpartition(".")
    holder = interpreter.program.find(module, importer) if module else None
    return interpreter.member(holder, member) if holder is not None else interpreter.other(dotted)


def _suffixes(interpreter: Interpreter, event: Event) -> Value:
    """`format_suffix_patterns`: every pattern, and the same with a format behind it."""
    items = items_of(_given(event, "urlpatterns", 0))
    if items is None:
        return Unknown("patterns computed at run time", event.location)
    required = _given(event, "suffix_required", 1) is True
    result: list[Value] = []
    for item in items:
        suffixed = Instance(External(SUFFIXED), (Argument(None, item, event.location),), event.location)
        result.extend([suffixed] if required else [item, suffixed])
    return result


def _patterns(interpreter: Interpreter, event: Event) -> Value:
    """`patterns(prefix, *paths)` of Django before 1.10."""
    return [argument.value for argument in event.arguments[1:] if not argument.star]


def _translated(interpreter: Interpreter, event: Event) -> Value:
    return [Instance(External(TRANSLATED), event.arguments, event.location)]


def _actions(interpreter: Interpreter, event: Event) -> Value:
    """`actions_of(viewset, detail)`: the functions of a class that were marked as actions, by name."""
    viewset, detail = _given(event, "viewset", 0), _given(event, "detail", 1)
    if not isinstance(viewset, ClassValue):
        return []
    found: list[Value] = []
    for name in sorted({name for entry in viewset.lineage() for name in entry.names}):
        held = viewset.find(name)
        function = marked(held[1], "mapping") if held is not None else None
        if function is not None and function.attributes.get("detail") is detail:
            found.append(function)
    return found


def marked(value: Value, name: str) -> FunctionValue | None:
    """The function that has an attribute, behind `functools.wraps`."""
    while isinstance(value, FunctionValue):
        if name in value.attributes:
            return value
        value = value.wrapped
    return None


def _answered(interpreter: Interpreter, event: Event) -> Value:
    """`answered(viewset, mapping)`: the part of a mapping from methods to actions that a viewset has functions for."""
    viewset, mapping = _given(event, "viewset", 0), _given(event, "mapping", 1)
    if not isinstance(viewset, ClassValue) or not isinstance(mapping, dict) or is_open(viewset):
        return mapping
    return {method: action for method, action in mapping.items() if isinstance(action, str) and viewset.find(action) is not None}


def _filled(interpreter: Interpreter, event: Event) -> Value:
    """`filled(text, **parts)`: the text with the parts that are given in place of their names in braces."""
    text = _given(event, "text", 0)
    for argument in event.arguments[1:]:
        if not isinstance(text, str) or not isinstance(argument.value, str):
            return Unknown("a path computed at run time", event.location)
        text = text.replace("{" + (argument.name or "") + "}", argument.value)
    return text


def _found(interpreter: Interpreter, event: Event) -> Value:
    """`found(owner, name, default)`: what a class of the workspace says, else the default."""
    owner, name, default = (_given(event, "", position) for position in range(3))
    if isinstance(owner, ClassValue) and isinstance(name, str) and owner.find(name) is not None:
        return attribute(interpreter, owner, name, event.location)
    return default


def _included_settings(interpreter: Interpreter, event: Event) -> Value:
    """`include("base.py", optional("local.py"))` of split settings: the names of those files become the module's own."""
    importer = event.location.path
    folder = importer.rpartition("/")[0]
    holder = interpreter.executions.get(importer)
    for argument in event.arguments:
        pattern = argument.value
        if isinstance(pattern, Instance) and pattern.arguments:
            pattern = pattern.arguments[0].value
        if not isinstance(pattern, str) or holder is None:
            continue
        wanted = posixpath.normpath(f"{folder}/{pattern}" if folder else pattern)
        for path in sorted(path for path in interpreter.program.paths if fnmatchcase(path, wanted)):
            names = interpreter.run(path).scope.names
            for name in list(names):
                if name.isupper():
                    holder.scope.names[name] = interpreter.member(path, name)
    return None


def _url_parts(interpreter: Interpreter, event: Event) -> Value:
    """`urlparse(text)` of a known text: an object with the parts."""
    text = _given(event, "url", 0)
    if not isinstance(text, str):
        return UNANSWERED
    try:
        parts = urlsplit(text)
    except ValueError:
        return UNANSWERED
    named_parts = {name: getattr(parts, name) for name in ("scheme", "netloc", "path", "query", "fragment")}
    return Instance(event.callee, event.arguments, event.location, dict(named_parts))


def _default(interpreter: Interpreter, event: Event) -> Value:
    """A setting read from the environment by a library: the default that stands beside its name."""
    interpreter.touched_settings = True
    found = find_argument(event.arguments, "default", 1)
    return found.value if found is not None else UNANSWERED


_ANSWERS: dict[str, Callable[[Interpreter, Event], Value]] = {
    "described.actions_of": _actions, "described.answered": _answered, "described.filled": _filled,
    "described.found": _found,
    "rest_framework.urlpatterns.format_suffix_patterns": _suffixes,
    "django.conf.urls.i18n.i18n_patterns": _translated, "django.conf.urls.patterns": _patterns,
    "split_settings.tools.include": _included_settings,
    "urllib.parse.urlparse": _url_parts, "urllib.parse.urlsplit": _url_parts,
    "decouple.config": _default,
}  # fmt: skip
