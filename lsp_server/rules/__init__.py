"""All rules, one file each: `<area>/<name_with_underscores>.py` with a docstring (its documentation) and `RULE`.

A rule is registered by being there. The name of the file, of the rule, of its page and of its code are the same.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from functools import cache
from pathlib import Path

from lsp_server.findings import Rule

AREAS = ("spec", "api", "chain", "database", "migration", "stories", "house")


def rule_names() -> frozenset[str]:
    """The names of all rules; none of them is imported for that."""
    return frozenset(
        entry.name.replace("_", "-")
        for area in AREAS
        for entry in pkgutil.iter_modules([str(Path(__file__).parent / area)])
        if not entry.name.startswith("_")
    )


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by area and name; `documentation` is the module's docstring."""
    rules: list[Rule] = []
    for area in AREAS:
        try:
            package = importlib.import_module(f"{__name__}.{area}")
        except ModuleNotFoundError:
            continue
        for entry in sorted(pkgutil.iter_modules(package.__path__), key=lambda entry: entry.name):
            if entry.name.startswith("_"):
                continue
            module = importlib.import_module(f"{package.__name__}.{entry.name}")
            rules.append(replace(module.RULE, documentation=(module.__doc__ or "").strip()))
    return tuple(rules)


def rule_named(name: str) -> Rule | None:
    return next((rule for rule in all_rules() if rule.name == name), None)
