"""The web frameworks whose programs are read, one file each: a module with a `FRAMEWORK`.

A framework is registered by being there. Its file says what its calls mean; the running of modules is `api/discovery.py`,
routers and full paths are `api/routing.py`, what a route without declarations is worth is `api/bare.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from lsp_server.api.model import Api
from lsp_server.python.interpret import Interpreter
from lsp_server.python.objects import Kind
from lsp_server.python.values import Value


@dataclass(frozen=True, slots=True)
class Program:
    """A workspace's Python program and what readers may ask about it besides.

    `specification` gives the Api of a spec file by its workspace path, for frameworks that are told their routes by one;
    None where there is no such file. `mentioning` gives the Python files whose text holds one of some words. `decorators` are
    the route decorators that the configuration describes (see `described.py`), `views` its view classes of other packages
    (see `flask_appbuilder.toml`). `memory` outlives the program: what a reader keeps there it must hold against the `digest`s
    of the files that it looked into.
    """

    interpreter: Interpreter
    specification: Callable[[str], Api | None] = lambda path: None
    mentioning: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda words: ()
    decorators: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    views: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    digest: Callable[[str], object] = lambda path: None
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Framework:
    """`speaks`: whether a file's text is worth interpreting in search of routes, by a quick look. `packages`: names of which one
    stands somewhere in every program that uses it (imports say so); () where `speaks` asks for nothing else.

    `read` gives one Api for each application that the candidate files make; routers that no application includes come as Apis
    of their own with `served` False. `asked`: also where no file speaks of it, because the configuration may. `answers`: what
    the framework's objects tell the program that asks them for an attribute (see `Interpreter.answers`). `kinds` describe
    the framework's objects to the interpreter.
    """

    name: str
    speaks: Callable[[str], bool]
    read: Callable[[Program, Iterable[str]], tuple[Api, ...]]
    packages: tuple[str, ...] = ()
    asked: bool = False
    answers: Mapping[str, Callable[[Interpreter, Value], Value]] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)


@cache
def all_frameworks() -> tuple[Framework, ...]:
    """Every framework, by the name of its file."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(__path__) if not entry.name.startswith("_"))
    return tuple(importlib.import_module(f"{__name__}.{name}").FRAMEWORK for name in names)


def packages_named(text: str) -> tuple[str, ...]:
    """The frameworks whose packages a text names."""
    return tuple(each.name for each in all_frameworks() if any(package in text for package in each.packages))


@cache
def all_answers() -> Mapping[str, Callable[[Interpreter, Value], Value]]:
    """What the frameworks' objects tell a program, by the attribute's name."""
    return {name: answer for framework in all_frameworks() for name, answer in framework.answers.items()}


@cache
def all_kinds() -> Mapping[str, Kind]:
    """What is known of all frameworks' objects, by the dotted names of their classes."""
    return {name: kind for framework in all_frameworks() for name, kind in framework.kinds.items()}


def frameworks_of(text: str) -> tuple[str, ...]:
    """The names of the frameworks that a Python file's text may speak of."""
    return tuple(framework.name for framework in all_frameworks() if framework.speaks(text))
