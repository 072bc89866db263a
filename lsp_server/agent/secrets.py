"""What looks like a secret in a text, and what is a row of somebody's table: places of literals, with a word for each.

By form alone: keys of well-known services, tokens, private keys, passwords in URLs and connection strings, values given to names that end in
`password`, `secret`, `token` and the like, values of INSERT and COPY, and what databases quote of rows when they complain. Values that are
no secrets by their form (a template's hole, a name of a setting, a sentence) are left alone. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Place = tuple[int, int, str]  # start, end, what it is

_TOKENS = re.compile(
    r"""(?<![A-Za-z0-9_])(?:
      sk-[A-Za-z0-9][A-Za-z0-9_-]{18,} | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[A-Za-z0-9_-]{16,}
    | (?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,} | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{20,} | xox[abeoprs]-[A-Za-z0-9-]{10,}
    | [rs]k_(?:live|test)_[A-Za-z0-9]{10,} | whsec_[A-Za-z0-9]{16,} | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,} | npm_[A-Za-z0-9]{30,}
    | pypi-[A-Za-z0-9_-]{30,} | hf_[A-Za-z0-9]{30,} | do[opr]_v1_[a-f0-9]{40,} | eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    )""",
    re.VERBOSE,
)
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_BEARER = re.compile(r"\b(?:Bearer|Basic)\s+([A-Za-z0-9+/_.=-]{16,})")
_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://([^\s/@'\"<>?#:]*):([^\s/@'\"<>]+)@")
_WORD = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|secret[_-]?key|private[_-]?key|"
    r"signing[_-]?key|encryption[_-]?key|account[_-]?key|shared[_-]?access[_-]?signature)"
)
_GAP = r"[ \t]{0,20}"
_OPENING = rf"(?:Field\({_GAP}(?:default{_GAP}={_GAP})?|SecretStr\(|Secret\(|[rbu]{{1,2}})?"
_QUOTED_TEXT = r"(\\?(?:\"\"\"|'''|[\"']))(.{0,4000}?)\1"
# name = "value", name: "value", "name": "value", name: str = "value", name="value" in a call; quotes may be escaped
_QUOTED = re.compile(
    rf"(?i){_WORD}\\?[\"']?{_GAP}(?::{_GAP}[A-Za-z_][\w\[\]., |]{{0,60}})?{_GAP}(?::=|=>|[=:]){_GAP}{_OPENING}{_QUOTED_TEXT}"
)
_DEFAULT = re.compile(
    rf"(?i)(?:getenv|env|get|config)\({_GAP}[\"'][\w.-]{{0,60}}?{_WORD}[\"']{_GAP},{_GAP}(?:default{_GAP}={_GAP})?{_OPENING}{_QUOTED_TEXT}"
)
_BARE = re.compile(rf"(?i)({_WORD})({_GAP}[=:]{_GAP})([^\s'\"#;,&<>{{}}()\[\]\\]{{1,400}})")
_CODE = re.compile(r"[A-Za-z_]\w*(?:[.(\[].*)?\Z", re.DOTALL)  # a name, a call, an item
_NUMBER = re.compile(r"[\d._+-]{1,7}\Z")
_HARMLESS = frozenset({
    "password", "passwd", "secret", "token", "string", "str", "text", "none", "null", "true", "false", "bearer", "basic", "example",
    "changeme", "change-me", "xxx", "required", "optional", "secretstr", "int", "bytes", "any", "object", "integer", "number", "boolean",
    "array", "cookie", "header", "query", "body", "form", "file", "path",
})  # fmt: skip
_PROSE = re.compile(r"\n|\A[A-Z][^A-Z]* |[a-z] .*[.!?:]\Z|(?: .*){6}")  # a sentence is no secret; a pass phrase is
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z")
_NAMES_ONE = re.compile(rf"(?i)(?:[a-z]+[_-])*{_WORD}(?:[_-][a-z]+)*\Z")  # access_token, DATABASE_PASSWORD, x-api-key

_INSERT = re.compile(r"\bINSERT\s+(?:IGNORE\s+)?INTO\b[^;]{0,2000}?\bVALUES\b", re.IGNORECASE)
_COPY = re.compile(r"^COPY\b[^\n]*\bFROM\s+stdin\b[^\n]*;[ \t]*\r?\n(.*?)^\\\.", re.IGNORECASE | re.DOTALL | re.MULTILINE)
_TUPLE = re.compile(r"[\s,]{0,200}(?:\"\s{0,200}[rf]?\"[\s,]{0,200})?\(")  # the next one may stand in the next piece of a string
_IN_TUPLE = re.compile(r"'((?:[^']|'')*)'|(?<![\w.])(\d[\d.]{4,})(?![\w.])|\"\s{0,200}[rf]?\"|[();\"]")
_QUOTED_ROWS = re.compile(
    r"Failing row contains \((.*)\)|Key \([^)\n]*\)=\((.*?)\)|\[parameters: (.*?)\]\s*$|Duplicate entry '(.*?)' for key"
    r"|invalid input (?:value|syntax) for [^:\n]*: \"(.*?)\"|out of range: \"(.*?)\"|Incorrect [\w ]+ value: '(.*?)' for column",
    re.MULTILINE,
)
_LONGEST = 4000  # characters of one literal that is looked at
_DATA = (".csv", ".tsv", ".jsonl", ".ndjson", ".dump")


def found_in(text: str, path: str | None = None) -> Iterator[Place]:
    """The literals to hide, in no order; they may overlap."""
    if path is not None and path.lower().endswith(_DATA):
        head = text.find("\n") + 1
        if 0 < head < len(text):
            yield head, len(text), "rows"
    for match in _TOKENS.finditer(text):
        yield match.start(), match.end(), "token"
    for match in _PRIVATE.finditer(text):
        yield (*match.span(1), "private key")
    for match in _BEARER.finditer(text):
        if not _is_harmless(match[1]):
            yield (*match.span(1), "token")
    for match in _URL.finditer(text):
        if not _is_hole(match[2]):
            yield (*match.span(2), "password")
    for pattern in (_QUOTED, _DEFAULT):
        for match in pattern.finditer(text):
            if not _is_harmless(match[2]) and not match[2].startswith("/") and "://" not in match[2]:
                yield (*match.span(2), "secret")
    for match in _BARE.finditer(text):
        if _is_bare_secret(match[1], match[2], match[3], text[match.end() : match.end() + 1]):
            yield (*match.span(3), "secret")
    yield from _rows(text)


def _is_hole(value: str) -> bool:
    """A place that somebody fills in later."""
    return value[:1] in "{$%<*" or set(value) <= set("*x.-_") or not value


def _is_code(value: str) -> bool:
    """A value that stands for a kind of thing, not for a thing: PENDING, OAUTH2, an empty object."""
    return _is_hole(value) or value in ("[]", "{}") or re.fullmatch(r"[A-Z][A-Z0-9_]{0,30}", value) is not None


def _is_harmless(value: str) -> bool:
    if _is_hole(value) or len(value) < 3 or len(value) > _LONGEST or value.lower() in _HARMLESS:
        return True
    if _PROSE.search(value) is not None:
        return True
    return _DOTTED.match(value) is not None or _NAMES_ONE.match(value) is not None


def _is_bare_secret(name: str, between: str, value: str, following: str) -> bool:
    """Whether a value without quotes is a literal: in settings nearly always, in Python only what is no name."""
    if _is_harmless(value) or following == "(" or "://" in value or value.startswith(("/", "!", "|", "@", "-")):
        return False
    if name.isupper() and between.strip() == between:
        return True  # PASSWORD=value
    if _CODE.match(value) is None:
        return name[0] in "pP" or _NUMBER.match(value) is None  # cost_per_token=0.002
    return name.isupper() and between.startswith(":") and any(each.isdigit() for each in value)


def _rows(text: str) -> Iterator[Place]:
    start = 0
    while (match := _INSERT.search(text, start)) is not None:
        start = match.end()
        while (opened := _TUPLE.match(text, start)) is not None:
            literals, start = _values(text, opened.end())
            yield from ((*span, "row value") for span in literals if not _is_code(text[slice(*span)]))
    for match in _COPY.finditer(text):
        yield (*match.span(1), "rows")
    for match in _QUOTED_ROWS.finditer(text):
        group = match.lastindex or 0
        if group and match[group].strip():
            yield (*match.span(group), "row value")


def _values(text: str, start: int) -> tuple[list[tuple[int, int]], int]:
    """The literals of one tuple of values, and where it ends; the end of the text where it never does."""
    literals: list[tuple[int, int]] = []
    depth = 1
    for token in _IN_TUPLE.finditer(text, start):
        if token[1] is not None or token[2] is not None:
            literals.append(token.span(1 if token[1] is not None else 2))
        elif token[0] == "(":
            depth += 1
        elif token[0] == ")":
            depth -= 1
            if not depth:
                return literals, token.end()
        elif token[0] in ';"':  # The statement, or the string that holds it, is over.
            return literals, token.end()
    return literals, len(text)
