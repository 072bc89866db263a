"""Lists of paths: `urlpatterns` and what they include.

A project's root module is a router of ours; every pattern becomes a route or an inclusion in it, whose path or prefix is a
regular expression (see `django_patterns.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.django_patterns import expression_of, with_format
from lsp_server.api.django_views import methods_of, view_of
from lsp_server.api.django_world import FOLDER, SUFFIXED, TRANSLATED, named, setting
from lsp_server.api.model import ANY_METHOD
from lsp_server.api.routing import DEEPEST, Inclusion, Options, Route, Router
from lsp_server.python.execution import Imported
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import Certainty, Event, External, Instance, Method, ModuleValue, UnknownItems, Value
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

_PLAIN = frozenset(("django.urls.path", "django.urls.conf.path"))
_REGULAR = frozenset((
    "django.urls.re_path", "django.urls.conf.re_path", "django.conf.urls.url", "django.conf.urls.re_path",
    "django.conf.urls.defaults.url",
))  # fmt: skip
_INCLUDE = frozenset(("django.urls.include", "django.urls.conf.include", "django.conf.urls.include", "django.conf.urls.defaults.include"))
# Packages whose pages no specification speaks of: that they are there says nothing of what is missing.
_HARMLESS = ("django.contrib.admin", "debug_toolbar", "django_prometheus", "silk", "django_browser_reload", "rest_framework.urls",
             "django.conf.urls.i18n", "hijack", "impersonate", "ckeditor", "django_ckeditor_5", "wagtail.documents",
             "social_django", "drf_spectacular", "drf_yasg", "rosetta", "django_rq", "explorer", "loginas")  # fmt: skip
_MAKERS = frozenset(("path", "re_path", "url", "include"))  # names whose import tells a module of paths

class Paths:
    """Turns a project's lists of paths into routers."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.modules: dict[str, Router] = {}
        self._prepared: set[str] = set()
        self._certainties: dict[int, Event] = {}
        self._seen: dict[str, int] = {}

    def module(self, path: str) -> Router:
        """The router that a module of paths is."""
        if path in self.modules:
            return self.modules[path]
        self.prepare(path)
        names = self.interpreter.run(path).scope.names
        router = self.modules[path] = self._router(Location(path, Span(0, 0)))
        if "urlpatterns" in names:
            self._add(router, self.interpreter.member(path, "urlpatterns"), router.location)
        else:
            router.escaped = Unknown("a module of paths without `urlpatterns`", router.location)
        return router

    def _router(self, location: Location, application: bool = False) -> Router:
        value = Instance(External("django.urls.URLResolver"), (), location)
        return Router(value, location, application, Options.of(()), Certainty.CERTAIN, None)

    # What importing a module of paths does: views put themselves into registries when they are imported.

    def prepare(self, path: str) -> None:
        if path in self._prepared or path.startswith(FOLDER):
            return
        self._prepared.add(path)
        self._run_packages(path)
        if not path.endswith(".py"):
            return
        targets = list(self._imported(path))
        if self._makes_paths(path):
            for target in targets:
                self.prepare(target)
                self._run_packages(target)
                if not target.endswith("/") and not target.startswith(FOLDER):
                    self.interpreter.run(target)

    def _run_packages(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        packages = []
        while folder and f"{folder}/__init__.py" in self.interpreter.program.paths:
            packages.append(f"{folder}/__init__.py")
            folder = folder.rpartition("/")[0]
        for package in reversed(packages):
            self.interpreter.run(package)

    def _makes_paths(self, path: str) -> bool:
        for node in self.interpreter.program.load(path).body:
            if node[0] == "from" and (
                (node[3].startswith(("django.urls", "django.conf.urls")) and any(name in _MAKERS for name, _ in node[5]))
                or "routers" in node[3]
            ):
                return True
        return False

    def _imported(self, path: str) -> Iterator[str]:
        program = self.interpreter.program
        for node in program.load(path).body:
            if node[0] == "import":
                for dotted, _ in node[3]:
                    found = program.find(dotted, path)
                    if found is not None:
                        yield found
            elif node[0] == "from":
                found = program.relative(path, node[4], node[3]) if node[4] else program.find(node[3], path)
                if found is not None and found != path:
                    yield found
                    for name, _ in node[5]:
                        inner = program.submodule(found, name)
                        if inner is not None and inner != path:
                            yield inner

    # One list

    def _add(self, router: Router, patterns: Value, location: Location, depth: int = 0) -> None:
        items = self._items(patterns, location)
        router.foreign = router.foreign or (not items and not isinstance(patterns, list | tuple))
        for item in items:
            if depth < DEEPEST:
                self._add_item(router, item, location, depth)

    def _items(self, patterns: Value, location: Location) -> list[Value]:
        if isinstance(patterns, Instance) and isinstance(patterns.origin, External) and patterns.origin.name == "operator.+":
            return [item for part in patterns.arguments for item in self._items(part.value, location)]
        items = items_of(patterns)
        if items is not None and not isinstance(patterns, str):
            return items
        if isinstance(patterns, Instance) and not isinstance(patterns.origin, Method):
            given = [argument.value for argument in patterns.arguments]
            ours = [value for value in given if isinstance(value, list | tuple) or _is_pattern(value)]
            if ours:  # Something of another package that makes a list of our paths.
                return [*ours, Unknown("a list of paths that another package makes", location)]
        if isinstance(patterns, External | Instance | Method):
            return []  # Another package's own pages.
        return [patterns if isinstance(patterns, Unknown) else Unknown("a list of paths computed at run time", location)]

    def _add_item(self, router: Router, item: Value, location: Location, depth: int) -> None:
        if isinstance(item, Instance) and not item.location.path.startswith(FOLDER):
            location = item.location
        if isinstance(item, UnknownItems):
            for possible in item.possible:
                self._add_item(router, possible, location, depth)
        elif isinstance(item, Unknown):
            router.entries.append(Inclusion(item, "", Options.of(()), item.location or location, Certainty.CERTAIN, None))
        elif isinstance(item, Instance) and isinstance(item.origin, External):
            name = item.origin.name
            if name in _PLAIN or name in _REGULAR:
                self._add_path(router, item, location, depth)
            elif name == SUFFIXED:
                self._add_path(router, item.arguments[0].value, location, depth, suffixed=True)
            elif name == TRANSLATED:
                self._add_translated(router, item, depth)
        elif isinstance(item, list | tuple):
            self._add(router, item, location, depth + 1)

    def _add_translated(self, router: Router, item: Instance, depth: int) -> None:
        without = item.argument("prefix_default_language")
        language = setting(self.interpreter, "LANGUAGE_CODE")
        prefix: Value = "" if without is not None and without.value is False else language
        if setting(self.interpreter, "USE_I18N") is False:
            prefix = ""
        inner = self._router(item.location)
        for argument in item.arguments:
            if argument.name is None:
                self._add(inner, [argument.value], item.location, depth + 1)
        text = expression_of(f"{prefix}/") if isinstance(prefix, str) and prefix else prefix
        router.entries.append(Inclusion(inner, text, Options.of(()), item.location, Certainty.CERTAIN, None))

    def _add_path(self, router: Router, item: Value, location: Location, depth: int, suffixed: bool = False) -> None:
        if not isinstance(item, Instance) or not isinstance(item.origin, External):
            return
        if item.origin.name == SUFFIXED:
            self._add_path(router, item.arguments[0].value, location, depth, suffixed=True)
            return
        plain = item.origin.name in _PLAIN
        if not plain and item.origin.name not in _REGULAR:
            return
        options = Options.of(item.arguments, ("route", "view", "kwargs", "name"))
        text, view = options.get("route") if "route" in options else options.get("regex"), options.get("view")
        certainty, condition = self._certainty(item)
        included = self._included(view, item, location, depth)
        if included is not None:
            prefix = _expression(text, plain, location)
            router.entries.append(Inclusion(included, prefix, options, location, certainty, condition))
            return
        path = _expression(text, plain, location)
        if suffixed and isinstance(path, str):
            path = with_format(path, plain)
        found = view_of(named(self.interpreter, view, item.location.path) if isinstance(view, str) else view)
        for method, function in methods_of(self.interpreter, found) if found is not None else ((ANY_METHOD, None),):
            cls = found.cls if found is not None else None
            router.entries.append(Route(path, function, (method,), options, location, certainty, condition, view=cls))

    def _included(self, view: Value, item: Instance, location: Location, depth: int) -> Router | Unknown | None:
        """What a path leads on to; None where it leads to a view."""
        if isinstance(view, Instance) and isinstance(view.origin, External) and view.origin.name in _INCLUDE:
            argument = view.argument("arg", 0)
            given = argument.value if argument is not None else None
        elif isinstance(view, tuple | list) or (isinstance(view, External) and view.name.endswith(".urls")):
            given = view
        else:
            return None
        if isinstance(given, tuple) and given and not isinstance(given[0], Instance):
            given = given[0]
        if isinstance(given, str):
            given = named(self.interpreter, given, item.location.path)
        if isinstance(given, Imported):
            given = ModuleValue(given.path)
        if isinstance(given, ModuleValue):
            target = self.module(given.path)
        elif isinstance(given, Unknown):
            return given
        elif isinstance(given, External) and given.name.startswith(_HARMLESS):
            return self._router(location)
        else:
            target = self._router(location)
            self._add(target, given, location, depth + 1)
        target.included = True
        return target

    def _certainty(self, item: Instance) -> tuple[Certainty, Unknown | None]:
        """How sure it is that the call that made a pattern runs."""
        for path, execution in self.interpreter.executions.items():
            start = self._seen.get(path, 0)
            for event in execution.events[start:]:
                self._certainties[id(event.result)] = event
            self._seen[path] = len(execution.events)
        made = self._certainties.get(id(item))
        return (made.certainty, made.condition) if made is not None else (Certainty.CERTAIN, None)


def _is_pattern(value: Value) -> bool:
    return isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name in _PLAIN | _REGULAR


def _expression(text: Value, plain: bool, location: Location) -> Value:
    if isinstance(text, Instance) and text.arguments and isinstance(text.origin, External) and "gettext" in text.origin.name:
        text = text.arguments[0].value  # a path that is translated: the one of the language it is written in
    if not isinstance(text, str):
        return text if isinstance(text, Unknown) else Unknown("a path computed at run time", location)
    return expression_of(text) if plain else text

