"""The configuration: one frozen value made from the text of `[tool.specdrift]` or `specdrift.toml`.

Text in, value out: finding the file is the shells' business. Every key has a default, so that no file is needed.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SEVERITIES = ("off", "info", "warning", "error")


class ConfigError(ValueError):
    """A configuration that cannot be used; the message is for people and names the key."""


@dataclass(frozen=True, slots=True)
class Config:
    """Keys as they are written in the file, with `-` or `_`.

    Paths and patterns are relative to the workspace; patterns are shell patterns, `**` crosses folders.
    """

    exclude: tuple[str, ...] = ()  # files nobody looks at
    specs: tuple[str, ...] = ()  # patterns of OpenAPI files; () finds them
    applications: tuple[str, ...] = ()  # patterns of modules that hold applications; () finds them
    alembic: tuple[str, ...] = ()  # patterns of Alembic folders or ini files; () finds them
    dialect: str | None = None  # "postgresql", "mysql", "mariadb", "sqlite"; None finds it
    dialect_version: str | None = None  # the database's version, such as "10.6"; None: one that is still maintained
    leads: str = "spec"  # which side is right where spec and code disagree: "spec" or "code"
    leads_in: tuple[tuple[str, str], ...] = ()  # the same per path pattern
    select: tuple[str, ...] = ()  # rules or areas; () means all
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)  # rule -> "off" | "info" | "warning" | "error"
    ignore_in: tuple[tuple[str, tuple[str, ...]], ...] = ()  # path pattern -> rules
    baseline: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)  # dotted Python name -> SQL type
    bases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # dotted name of a class models inherit from -> what it brings
    routes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # dotted name of a decorator -> what it declares
    views: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # dotted name of a view class -> the routes it brings
    development_database: str | None = None
    interpreter: str | None = None  # the project's Python, or its environment's folder; only a trusted workspace runs it
    shadow: str | None = None  # URL of a server on this machine where scratch databases may be made
    seed: str | None = None  # a file of rows for proofs: .sql, .json or .yaml
    agent: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None  # the file the values came from

    def leads_for(self, path: str) -> str:
        for pattern, side in self.leads_in:
            if matches(path, pattern):
                return side
        return self.leads

    def is_off(self, rule: str, area: str) -> bool:
        """Whether a rule is switched off everywhere."""
        if self.severity.get(rule) == "off" or rule in self.ignore or area in self.ignore:
            return True
        return bool(self.select) and rule not in self.select and area not in self.select

    def is_ignored(self, rule: str, area: str, path: str) -> bool:
        if self.is_off(rule, area):
            return True
        return any(rule in rules or "*" in rules for pattern, rules in self.ignore_in if matches(path, pattern))


def matches(path: str, pattern: str) -> bool:
    """Whether a workspace path fits a pattern: `docs/` and everything below it, `*.yaml` in any folder, `a/**/b.py`."""
    pattern = pattern.removeprefix("./")
    if pattern.endswith("/"):
        return path.startswith(pattern)
    if "/" not in pattern:
        return fnmatch.fnmatchcase(path.rpartition("/")[2], pattern) or path.startswith(pattern + "/")
    if fnmatch.fnmatchcase(path, pattern) or path.startswith(pattern.rstrip("*").rstrip("/") + "/"):
        return True
    return "**/" in pattern and fnmatch.fnmatchcase(path, pattern.replace("**/", ""))


_LISTS = ("exclude", "specs", "applications", "alembic", "select", "ignore")
_TABLES = {"leads-in": "leads_in", "ignore-in": "ignore_in", "severity": "severity", "types": "types", "bases": "bases",
           "routes": "routes", "views": "views", "agent": "agent"}  # fmt: skip
_KEYS = (*_LISTS, "dialect", "dialect-version", "leads", "baseline", "development-database", "interpreter", "shadow", "seed", *_TABLES)
_Word = tuple[str, Callable[[Any], bool]]  # what a word's value must be, in words and as a test
_DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")


def parse(text: str, source: str) -> Config | None:
    """The configuration in a `pyproject.toml` (its `[tool.specdrift]` table) or a `specdrift.toml` (the whole file).

    None where a `pyproject.toml` has no such table. Raises ConfigError.
    """
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{source}: not valid TOML: nested too deeply") from None
    if source.rpartition("/")[2] == "pyproject.toml":
        table = data.get("tool", {})
        if not isinstance(table, dict) or "specdrift" not in table:
            return None
        data = table["specdrift"]
    if not isinstance(data, dict):
        raise ConfigError(f"{source}: [tool.specdrift] must be a table")
    return from_mapping(data, source)


def from_mapping(data: Mapping[str, Any], source: str) -> Config:
    """The configuration from plain values, as TOML or an editor's settings give them. Raises ConfigError."""
    config = Config(source=source)
    for written, value in data.items():
        key = written.replace("_", "-")
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; known keys: {', '.join(_KEYS)}"
            raise ConfigError(f"{source}: unknown key `{written}`{hint}")
        config = replace(config, **{_field(key): _value(key, value, source)})
    return config


def _field(key: str) -> str:
    return key.replace("-", "_")


def _value(key: str, value: Any, source: str) -> Any:
    def wrong(expected: str, shown: bool = True) -> ConfigError:
        return ConfigError(f"{source}: `{key}` must be {expected}{f', not {value!r}' if shown else ''}")

    if key in _LISTS:
        if not _strings(value):
            raise wrong("a list of strings")
        return tuple(value)
    if key == "leads":
        if value not in ("spec", "code"):
            raise wrong('"spec" or "code"')
        return value
    if key == "dialect":
        if value not in _DIALECTS:
            raise wrong(f"one of {', '.join(_DIALECTS)}")
        return value
    if key == "dialect-version":
        if not isinstance(value, str) or re.fullmatch(r"\d+(\.\d+)*", value) is None:
            raise wrong('a version such as "10.6"')
        return value
    if key in _TABLES:
        if not isinstance(value, dict):
            raise wrong("a table")
        return _table(key, value, wrong)
    if not isinstance(value, str):
        raise wrong("a string")
    return value


def _table(key: str, value: dict[str, Any], wrong: Any) -> Any:
    if key == "leads-in":
        if not all(side in ("spec", "code") for side in value.values()):
            raise wrong('a table from path pattern to "spec" or "code"')
        return tuple(value.items())
    if key == "ignore-in":
        if not all(_strings(rules) for rules in value.values()):
            raise wrong("a table from path pattern to a list of rules")
        return tuple((pattern, tuple(rules)) for pattern, rules in value.items())
    if key == "severity" and not all(word in SEVERITIES for word in value.values()):
        raise wrong(f"a table from rule to one of {', '.join(SEVERITIES)}")
    if key == "types" and not all(isinstance(sql, str) for sql in value.values()):
        raise wrong("a table from dotted Python name to SQL type")
    if key == "bases":
        for name, description in value.items():
            if (fault := _fault_of_base(description)) is not None:
                raise wrong(f"a table from dotted Python name to what the class brings (`{name}`: {fault})")
    if key == "views":
        for name, description in value.items():
            if (fault := _fault_of_view(description)) is not None:
                raise wrong(f"a table from a view class' dotted name to the routes it brings (`{name}`: {fault})")
    if key == "agent" and (fault := fault_of_agent(value)) is not None:
        raise wrong(f"a table of the agent's settings ({fault})", shown=False)
    if key == "routes" and not all(_describes_routes(description) for description in value.values()):
        raise wrong('a table from a decorator\'s dotted name to {path = 0 or "argument", methods = ["GET"] or "argument", prefix = "/…"}')
    return dict(value)


_NAMES = ("a list of strings", lambda value: _strings(value))
_TEXT = ("a string", lambda value: isinstance(value, str))
_FLAG = ("true or false", lambda value: isinstance(value, bool))
_TEXTS = ("a table of strings", lambda value: isinstance(value, dict) and all(isinstance(each, str) for each in value.values()))
_BASE_WORDS: dict[str, _Word] = {
    "root": _FLAG, "metadata": _TEXT, "tablename": ('"snake", "lower" or "flask"', lambda value: value in ("snake", "lower", "flask")),
    "tablename_constant": _TEXT, "convention": _TEXTS, "annotations": _TEXTS, "inherits": _NAMES,
}  # fmt: skip
_ITEM_WORDS: dict[str, dict[str, _Word]] = {
    "columns": {"name": _TEXT, "type": _TEXT, "attribute": _TEXT, "nullable": _FLAG, "primary_key": _FLAG, "unique": _FLAG,
                "index": _FLAG, "default": _TEXT, "server_default": _TEXT, "foreign_key": _TEXT, "ondelete": _TEXT},
    "unique": {"columns": _NAMES, "name": _TEXT},
    "indexes": {"columns": _NAMES, "name": _TEXT, "unique": _FLAG},
}  # fmt: skip
_NEEDED = {"columns": ("name", "type"), "unique": ("columns",), "indexes": ("columns",)}


def _fault_of_base(description: Any) -> str | None:
    """What is wrong with the description of a base class, in words; None where nothing is."""
    if not isinstance(description, dict):
        return "not a table"
    for word, value in description.items():
        if word not in _ITEM_WORDS:
            if (fault := _fault_of_word(word, value, _BASE_WORDS, (*_BASE_WORDS, *_ITEM_WORDS))) is not None:
                return fault
            continue
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return f"`{word}` must be a list of tables"
        for item in value:
            lacking = next((needed for needed in _NEEDED[word] if needed not in item), None)
            if lacking is not None:
                return f"an entry of `{word}` lacks `{lacking}`"
            faults = (_fault_of_word(each, inner, _ITEM_WORDS[word], tuple(_ITEM_WORDS[word])) for each, inner in item.items())
            if (fault := next((found for found in faults if found), None)) is not None:
                return f"`{word}`: {fault}"
    return None


_VIEW_WORDS: dict[str, _Word] = {
    "style": ('"view" or "api"', lambda value: value in ("view", "api")), "base": _TEXT, "name": _TEXT, "inherits": _TEXT,
    "routes": ("a table from function name to lists of a path and methods", lambda value: isinstance(value, dict) and all(
        isinstance(rules, list) and all(_strings(rule) and len(rule) > 1 for rule in rules) for rules in value.values()
    )),
}  # fmt: skip


def _fault_of_view(description: Any) -> str | None:
    """What is wrong with the description of a view class, in words; None where nothing is."""
    if not isinstance(description, dict):
        return "not a table"
    faults = (_fault_of_word(word, value, _VIEW_WORDS, tuple(_VIEW_WORDS)) for word, value in description.items())
    return next((fault for fault in faults if fault is not None), None)


def _fault_of_word(word: str, value: Any, words: Mapping[str, _Word], known: tuple[str, ...]) -> str | None:
    if word not in words:
        near = difflib.get_close_matches(word, known, 1)
        return f"unknown word `{word}`{f'; did you mean `{near[0]}`?' if near else ''}"
    expected, holds = words[word]
    return None if holds(value) else f"`{word}` must be {expected}"


EFFORTS = ("low", "medium", "high", "xhigh", "max")
PROVIDERS = ("anthropic", "bedrock", "vertex", "foundry")
_KEY_WORDS = ("key", "api-key", "apikey", "token", "auth-token", "secret", "password", "credentials")


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_COUNT = ("a whole number above 0", _counts)
_AGENT_WORDS: dict[str, _Word] = {
    "prompt": _TEXT, "model": _TEXT, "effort": (f"one of {', '.join(EFFORTS)}", lambda value: value in EFFORTS),
    "max-tokens": _COUNT, "max-rounds": _COUNT, "max-repairs": _COUNT, "max-seconds": _COUNT,
    "max-cost": ("a number of US dollars above 0", lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value > 0),
    "provider": (f"one of {', '.join(PROVIDERS)}", lambda value: value in PROVIDERS), "base-url": _TEXT, "journal": _TEXT,
    "commands": _NAMES, "exclude": _NAMES, "mcp-servers": ("a table of tables", lambda value: isinstance(value, dict)),
}  # fmt: skip

def fault_of_agent(settings: Mapping[str, Any]) -> str | None:
    """What is wrong with the agent's settings, in words that quote no value; None where nothing is."""
    for written, value in settings.items():
        word = written.replace("_", "-")
        if word in _KEY_WORDS:
            return f"`{written}`: a key belongs in the environment (ANTHROPIC_API_KEY) or the editor's secret storage, never in a file"
        if (fault := _fault_of_word(word, value, _AGENT_WORDS, tuple(_AGENT_WORDS))) is not None:
            return fault
    return None


def _describes_routes(value: Any) -> bool:
    if not isinstance(value, dict) or not value.keys() <= {"path", "methods", "prefix"}:
        return False
    path, methods = value.get("path", 0), value.get("methods", "")
    named = isinstance(path, str) or (isinstance(path, int) and not isinstance(path, bool))
    return named and (isinstance(methods, str) or _strings(methods)) and isinstance(value.get("prefix", ""), str)


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


