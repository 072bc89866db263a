"""What two ends say about one thing, in words: always "… in the spec, … in code"."""

from __future__ import annotations

from collections.abc import Callable

from lsp_server.api.difference import Difference, Value

_PLACES = {"query": "a query parameter", "header": "a header", "cookie": "a cookie", "path": "a part of the path"}
_SHOWN = 6  # values of an enumeration


def phrase(difference: Difference) -> str:
    """The rest of a sentence that begins with the element's name."""
    build = _PHRASES.get(difference.aspect)
    if build is None:
        return f"is {value(difference.left)} in the spec, {value(difference.right)} in code"
    return build(difference.left, difference.right)


def value(given: Value) -> str:
    """A constant as JSON spells it, in code quotes."""
    if isinstance(given, tuple):
        shown = [value(each) for each in given[:_SHOWN]]
        return ", ".join(shown) + (f" and {len(given) - _SHOWN} more" if len(given) > _SHOWN else "")
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return f"`{str(given).lower()}`"
    return f"`{given}`"


def _types(left: Value, right: Value) -> str:
    return f"is {_either(left)} in the spec, {_either(right)} in code"


def _either(names: Value) -> str:
    assert isinstance(names, tuple)
    return " or ".join(f"`{name}`" for name in names)


def _required(left: Value, right: Value) -> str:
    return "is required in the spec, optional in code" if left else "is optional in the spec, required in code"


def _nullable(left: Value, right: Value) -> str:
    return "may be null in the spec, never in code" if left else "is never null in the spec, may be null in code"


def _default(left: Value, right: Value) -> str:
    return f"defaults to {value(left)} in the spec, {value(right)} in code"


def _bound(verb: str, free: str) -> Callable[[Value, Value], str]:
    def build(left: Value, right: Value) -> str:
        ends = [free if each is None else f"{verb} {each}" for each in (left, right)]
        return f"allows {ends[0]} in the spec, {ends[1]} in code"

    return build


def _enum(left: Value, right: Value) -> str:
    if not isinstance(left, tuple):
        return f"may be anything in the spec, only {value(right)} in code"
    if not isinstance(right, tuple):
        return f"is one of {value(left)} in the spec, anything in code"
    spec_only = tuple(each for each in left if each not in right)
    code_only = tuple(each for each in right if each not in left)
    parts = []
    if spec_only:
        parts.append(f"lacks {value(spec_only)} in code")
    if code_only:
        parts.append(f"has {value(code_only)} in code, unknown to the spec")
    return " and ".join(parts)


def _place(left: Value, right: Value) -> str:
    return f"is {_PLACES.get(str(left), left)} in the spec, {_PLACES.get(str(right), right)} in code"


def _media_types(left: Value, right: Value) -> str:
    return f"is {value(left)} in the spec, {value(right)} in code"


_PHRASES: dict[str, Callable[[Value, Value], str]] = {
    "type": _types,
    "required": _required,
    "nullable": _nullable,
    "default": _default,
    "enum": _enum,
    "in": _place,
    "media-types": _media_types,
    "minimum": _bound("from", "any number"),
    "maximum": _bound("up to", "any number"),
    "exclusive_minimum": _bound("from", "any number"),
    "exclusive_maximum": _bound("up to", "any number"),
    "multiple_of": _bound("multiples of", "any number"),
    "min_length": _bound("a length from", "any length"),
    "max_length": _bound("a length up to", "any length"),
    "min_items": _bound("a number of items from", "any number of items"),
    "max_items": _bound("a number of items up to", "any number of items"),
}
