"""Where a workspace's Django projects are: which settings they run with, and which module holds their paths.

`manage.py` and the modules that servers load name the settings; settings name the root of the paths. Without either, every
settings module that names a root counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.program import Program
from lsp_server.python.walk import walk

_VARIABLE = "DJANGO_SETTINGS_MODULE"
_STARTERS = ("manage.py", "wsgi.py", "asgi.py")


@dataclass(frozen=True, slots=True)
class Project:
    """Settings, and the module (not yet looked for) that names them; both are paths."""

    settings: str
    starter: str


def started_projects(program: Program, paths: Iterable[str]) -> tuple[Project, ...]:
    """Projects by the settings that programs start with, those of `manage.py` first."""
    everything = _from_the_top(paths)
    found: dict[str, Project] = {}
    for name in _STARTERS:
        for path in everything:
            if path.rpartition("/")[2] != name:
                continue
            for dotted in _named(program.load(path).body):
                settings = program.find(dotted, path)
                if settings is not None and not settings.endswith("/"):
                    found.setdefault(settings, Project(settings, path))
    return tuple(found.values())


def stated_projects(program: Program, paths: Iterable[str]) -> tuple[Project, ...]:
    """Projects by all settings that say where the paths are: for workspaces whose starting programs name none."""
    return tuple(Project(path, path) for path in _from_the_top(paths) if _names_root(program.load(path).body))


def _from_the_top(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: (path.count("/"), path))


def _named(body: tuple[Node, ...]) -> Iterable[str]:
    """Settings modules that a program puts into the environment, in the order of its text."""
    for node in walk(body):
        if node[0] == "call" and node[3][0] == "attr" and node[3][4] in ("setdefault", "putenv", "get", "getenv"):
            texts = [part[3] for part in node[4] if part[0] == "const"]
            if len(texts) == 2 and texts[0] == _VARIABLE and isinstance(texts[1], str):
                yield texts[1]
        elif node[0] == "assign" and node[4][0] == "const" and isinstance(node[4][3], str):
            for target in node[3]:
                if target[0] == "subscript" and target[4][0] == "const" and target[4][3] == _VARIABLE:
                    yield node[4][3]


def _names_root(body: tuple[Node, ...]) -> bool:
    return any(
        node[0] == "assign" and any(target[0] == "name" and target[3] == "ROOT_URLCONF" for target in node[3]) for node in walk(body)
    )


def root_of(interpreter: Interpreter, project: Project, root: object) -> str | None:
    """The module of the root paths, as the settings name it."""
    return interpreter.program.find(root, project.settings) if isinstance(root, str) else None
