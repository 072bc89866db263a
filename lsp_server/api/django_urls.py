"""Lists of paths: `urlpatterns`, what they include, and the text of one pattern as a path template.

A project's root module is a router of ours; every pattern becomes a route or an inclusion in it. Prefixes and parameters
are those of `path` (`<int:id>`) and of regular expressions (`(?P<id>\\d+)`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lsp_server.api.django_views import ANY, View, methods_of, view_of
from lsp_server.api.django_world import FOLDER, SUFFIXED, TRANSLATED, named, setting
from lsp_server.api.routing import DEEPEST, Inclusion, Options, Route, Router
from lsp_server.python.execution import Imported
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import Certainty, Event, External, FunctionValue, Instance, Method, ModuleValue, Value
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

_PLAIN = frozenset(("django.urls.path", "django.urls.conf.path"))
_REGULAR = frozenset((
    "django.urls.re_path", "django.urls.conf.re_path", "django.conf.urls.url", "django.conf.urls.re_path",
    "django.conf.urls.defaults.url",
))  # fmt: skip
_INCLUDE = frozenset(("django.urls.include", "django.urls.conf.include", "django.conf.urls.include", "django.conf.urls.defaults.include"))
_MAKERS = frozenset(("path", "re_path", "url", "include"))  # names whose import tells a module of paths

# --- patterns as text -----------------------------------------------------------------------------------------------

_CONVERTED = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<name>\w+)>")
_ANCHORS = re.compile(r"\\A|\\Z|[\^$](?![^\[]*\])")
_ESCAPED = re.compile(r"\\(?=[^\w\s])")
_FORMAT = re.compile(r"/?(\\Z|\$)?$")
PARAMETER = re.compile(r"\{(?P<name>[a-zA-Z_]\w*)(?::(?P<converter>\w+))?\}")
_CONVERTERS = {r"\d+": "int", "[0-9]+": "int"}


def plain_template(route: str) -> str:
    """`users/<int:id>/` as `users/{id:int}/`."""
    return _CONVERTED.sub(lambda match: "{" + match["name"] + (f":{match['converter']}" if match["converter"] else "") + "}", route)


def regular_template(expression: str) -> str:
    """A regular expression as a template: groups become parameters, nameless ones `{}`; what is no path text stays."""
    result: list[str] = []
    position = 0
    while position < len(expression):
        letter = expression[position]
        if letter == "\\" and position + 1 < len(expression):
            following = expression[position + 1]
            if following not in "AZ":
                result.append(following if not following.isalnum() else letter + following)
            position += 2
        elif letter == "[":
            end = _end_of_class(expression, position)
            result.append(expression[position:end])
            position = end
        elif letter == "(":
            end = _end_of_group(expression, position)
            result.append(_parameter(expression[position + 1 : end - 1]))
            position = end
        else:
            if letter not in "^$":
                result.append(letter)
            position += 1
    return "".join(result)


def _parameter(group: str) -> str:
    match = re.match(r"\?P<(\w+)>", group)
    if match is None:
        return "{}"
    converter = _CONVERTERS.get(group[match.end() :])
    return "{" + match[1] + (f":{converter}" if converter else "") + "}"


def _end_of_class(text: str, start: int) -> int:
    position = start + 1
    if text[position : position + 1] == "^":
        position += 1
    if text[position : position + 1] == "]":
        position += 1
    while position < len(text) and text[position] != "]":
        position += 2 if text[position] == "\\" else 1
    return min(position + 1, len(text))


def _end_of_group(text: str, start: int) -> int:
    depth, position = 0, start
    while position < len(text):
        letter = text[position]
        if letter == "\\":
            position += 2
            continue
        if letter == "[":
            position = _end_of_class(text, position)
            continue
        depth += (letter == "(") - (letter == ")")
        position += 1
        if depth == 0:
            break
    return position


def with_format(text: str, plain: bool) -> str:
    """What `format_suffix_patterns` makes of a pattern."""
    if plain:
        return text.rstrip("/") + "<drf_format_suffix:format>"
    return _FORMAT.sub("", text.removesuffix("$")).rstrip("/") + r"\.(?P<format>[a-z0-9]+)/?$"


# --- lists ----------------------------------------------------------------------------------------------------------


class Paths:
    """Turns a project's lists of paths into routers."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.modules: dict[str, Router] = {}
        self.views: dict[int, View] = {}
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
        for item in self._items(patterns, location):
            if depth < DEEPEST:
                self._add_item(router, item, location, depth)

    def _items(self, patterns: Value, location: Location) -> list[Value]:
        if isinstance(patterns, Instance) and isinstance(patterns.origin, External) and patterns.origin.name == "operator.+":
            return [item for part in patterns.arguments for item in self._items(part.value, location)]
        items = items_of(patterns)
        if items is not None and not isinstance(patterns, str):
            return items
        if isinstance(patterns, External | Instance | Method):
            return []  # Another package's own pages.
        return [patterns if isinstance(patterns, Unknown) else Unknown("a list of paths computed at run time", location)]

    def _add_item(self, router: Router, item: Value, location: Location, depth: int) -> None:
        if isinstance(item, Unknown):
            router.entries.append(Inclusion(item, "", Options.of(()), item.location or location, Certainty.CERTAIN, None))
        elif isinstance(item, Instance) and isinstance(item.origin, External):
            name = item.origin.name
            if name in _PLAIN or name in _REGULAR:
                self._add_path(router, item, depth)
            elif name == SUFFIXED:
                self._add_path(router, item.arguments[0].value, depth, suffixed=True)
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
        text = f"{prefix}/" if isinstance(prefix, str) and prefix else prefix
        router.entries.append(Inclusion(inner, text, Options.of(()), item.location, Certainty.CERTAIN, None))

    def _add_path(self, router: Router, item: Value, depth: int, suffixed: bool = False) -> None:
        if not isinstance(item, Instance) or not isinstance(item.origin, External):
            return
        if item.origin.name == SUFFIXED:
            self._add_path(router, item.arguments[0].value, depth, suffixed=True)
            return
        plain = item.origin.name in _PLAIN
        if not plain and item.origin.name not in _REGULAR:
            return
        options = Options.of(item.arguments, ("route" if plain else "regex", "view", "kwargs", "name"))
        text, view = options.get("route" if plain else "regex"), options.get("view")
        certainty, condition = self._certainty(item)
        included = self._included(router, view, item, depth)
        if included is not None:
            prefix = _template(text, plain, item.location)
            router.entries.append(Inclusion(included, prefix, options, item.location, certainty, condition))
            return
        if suffixed and isinstance(text, str):
            text = with_format(text, plain)
        for method, function in self._methods(view, item):
            route = Route(
                _template(text, plain, item.location), function, (method,), options, item.location, certainty, condition
            )
            found = view_of(view)
            if found is not None:
                route.view = found.cls
            router.entries.append(route)

    def _methods(self, view: Value, item: Instance) -> Iterator[tuple[str, FunctionValue | None]]:
        if isinstance(view, str):
            view = named(self.interpreter, view, item.location.path)
        found = view_of(view)
        if found is None:
            yield ANY, None
        else:
            yield from methods_of(found)

    def _included(self, router: Router, view: Value, item: Instance, depth: int) -> Router | Unknown | None:
        """What a path leads on to; None where it leads to a view."""
        if isinstance(view, Instance) and isinstance(view.origin, External) and view.origin.name in _INCLUDE:
            argument = view.argument("arg", 0)
            given = argument.value if argument is not None else None
        elif isinstance(view, tuple | list):
            given = view
        elif isinstance(view, External) and view.name.endswith(".urls"):
            return self._router(item.location)
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
        else:
            target = self._router(item.location)
            self._add(target, given, item.location, depth + 1)
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


def _template(text: Value, plain: bool, location: Location) -> Value:
    if isinstance(text, Instance) and text.arguments and isinstance(text.origin, External) and "gettext" in text.origin.name:
        text = text.arguments[0].value  # a path that is translated: the one of the language it is written in
    if not isinstance(text, str):
        return text if isinstance(text, Unknown) else Unknown("a path computed at run time", location)
    return plain_template(text) if plain else regular_template(text)


Made = Callable[[], None]
