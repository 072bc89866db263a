"""The text of Django's paths: routes with converters and regular expressions, put together as one regular expression.

What such an expression says as path templates is told by `path_patterns.py`; here a parameter's schema is told by its
converter. A text parameter may be a number's: serializers and models decide that, and they are not read.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_server.api.bare import CONVERTERS
from lsp_server.api.model import Schema
from lsp_server.api.path_patterns import PathPattern, read_pattern
from lsp_server.unknown import Unknown

_CONVERTED = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<name>\w+)>")
_BODIES = {"int": "[0-9]+", "uuid": "[0-9a-f-]{36}", "path": ".+"}
_KNOWN = {_BODIES["int"]: CONVERTERS["int"], r"\d+": CONVERTERS["int"], _BODIES["uuid"]: CONVERTERS["uuid"], _BODIES["path"]: CONVERTERS["path"]}
_FORMAT = r"\.(?P<format>[a-z0-9]+)/?"
_NAMED = re.compile(r"\(\?P<(\w+)>((?:[^()\\]|\\.)*)\)")


def expression_of(route: str) -> str:
    """What `path` is given, `users/<int:id>/`, as a regular expression."""
    result: list[str] = []
    position = 0
    for match in _CONVERTED.finditer(route):
        body = _BODIES.get(match["converter"] or "str", "[^/]+")
        result.append(f"{re.escape(route[position : match.start()])}(?P<{match['name']}>{body})")
        position = match.end()
    return "".join(result) + re.escape(route[position:])


def with_format(expression: str, plain: bool) -> str:
    """A pattern with a format behind it, as `format_suffix_patterns` makes it of `path` (plain) or `re_path`."""
    if plain:
        return expression.rstrip("/") + r"(?P<format>\.[a-z0-9]+/?)"
    return expression.rstrip("$").rstrip("/") + _FORMAT


def read_path(expression: str) -> PathPattern:
    """A full path as templates. Of parameters without a telling converter nothing is said but that they are there."""
    bodies = dict(_NAMED.findall(expression))
    pattern = read_pattern(expression)
    readings = [
        replace(reading, parameters=tuple((name, _KNOWN.get(bodies.get(name, ""), _OPEN)) for name, _ in reading.parameters))
        for reading in pattern.readings
    ]
    return PathPattern(pattern.text, tuple(readings))


_OPEN = Schema(unknown=Unknown("what a path parameter without a converter takes"))
