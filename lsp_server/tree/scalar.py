"""What a plain scalar means: the YAML 1.2 core schema, and where YAML 1.1 readers would read something else.

Every JSON literal is a core schema literal with the same meaning, so JSON needs no rules of its own.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_CONSTANTS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **{word: float("nan") for word in (".nan", ".NaN", ".NAN")},
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NUMBER_START = frozenset("+-.0123456789")
_BASES = {"0o": 8, "0x": 16}
_LONGEST_INTEGER = 4000  # digits; the interpreter refuses to convert 4,300 and more

_CORE = "tag:yaml.org,2002:"


def resolve(text: str) -> Scalar:
    """The value of an untagged plain scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _INTEGER.fullmatch(text) and len(text) < _LONGEST_INTEGER:
        base = _BASES.get(text[:2])
        return int(text[2:], base) if base else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def resolve_tagged(text: str, tag: str, plain: bool) -> Scalar:
    """The value of a scalar with an explicit tag. A tag we do not know, or that does not fit, leaves the
    text.
    """
    kind = tag.removeprefix(_CORE)
    if kind == tag or kind == "str":
        return text
    value = resolve(text.strip()) if text.strip() else None
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "null" and value is None:
        return None
    return text


_AMBIGUOUS = {
    "boolean": re.compile(r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF"),
    "octal": re.compile(r"[-+]?0[0-7]+|0o[0-7]+"),
    "sexagesimal": re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"),
    "exponent": re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?[eE][0-9]+|[-+]?[0-9]+[eE][-+]?[0-9]+"),
    "underscore": re.compile(r"[-+]?[0-9]+_[0-9_]*(?:\.[0-9_]*)?|[-+]?0[xb][0-9a-fA-F_]*_[0-9a-fA-F_]*"),
    "binary": re.compile(r"[-+]?0b[01]+"),
    "date": re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?"),
    "value": re.compile(r"="),
}
_AMBIGUOUS_START = frozenset("yYnNoO+-=0123456789")


def ambiguity(text: str) -> str | None:
    """The kind of disagreement between YAML 1.1 and 1.2 on a plain scalar; None where both read the same."""
    if not text or text[0] not in _AMBIGUOUS_START:
        return None
    for kind, pattern in _AMBIGUOUS.items():
        if pattern.fullmatch(text):
            return kind
    return None
