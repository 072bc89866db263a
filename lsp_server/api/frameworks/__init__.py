"""The web frameworks whose programs are read, one file each: a module with a `FRAMEWORK`.

A framework is registered by its line in `api/looks.py`, which says when its file is worth importing. The file says what its calls mean; the running of modules is `api/discovery.py`,
routers and full paths are `api/routing.py`, what a route without declarations is worth is `api/bare.py`.
"""

from __future__ import annotations

import importlib
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
    (see `flask/appbuilder.toml`). `memory` outlives the program: what a reader keeps there it must hold against the `digest`s
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
    """`read` gives one Api for each application that the candidate files make; routers that no application includes come as
    Apis of their own with `served` False. `answers`: what the framework's objects tell the program that asks them for an
    attribute (see `Interpreter.answers`). `kinds` describe the framework's objects to the interpreter.
    """

    name: str
    read: Callable[[Program, Iterable[str]], tuple[Api, ...]]
    answers: Mapping[str, Callable[[Interpreter, Value], Value]] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)


@cache
def framework(reader: str) -> Framework:
    """A framework by the name of its file."""
    found: Framework = importlib.import_module(f"{__name__}.{reader}").FRAMEWORK
    return found


def answers_of(readers: Iterable[str]) -> dict[str, Callable[[Interpreter, Value], Value]]:
    """What some frameworks' objects tell a program, by the attribute's name."""
    return {name: answer for reader in readers for name, answer in framework(reader).answers.items()}


def kinds_of(readers: Iterable[str]) -> dict[str, Kind]:
    """What is known of some frameworks' objects, by the dotted names of their classes."""
    return {name: kind for reader in readers for name, kind in framework(reader).kinds.items()}
