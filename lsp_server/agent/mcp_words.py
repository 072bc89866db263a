"""How other people's tools and answers are put for the model: names, descriptions, schemas and results, each within bounds.

The API that takes the tools refuses a whole request for one name or schema it does not like, so that they are made fit here.
Knows no server and no connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

LONGEST_ANSWER = 30_000  # characters of an answer that the model gets
_LONGEST_NAME = 128
_LONGEST_DESCRIPTION = 2_000
_LONGEST_SCHEMA = 16_000  # characters of JSON
_ARGUMENT = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_DEEPEST = 40


class Names:
    """Gives each tool a name of its own in the pattern that the API wants."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def name(self, server: str, tool: str) -> str:
        """`mcp__SERVER__TOOL`, with other characters replaced, and cut and marked where that is too long or is taken."""
        wanted = "__".join(("mcp", _plain(server), _plain(tool) or "tool"))
        mark = blake2b(f"{server}\0{tool}".encode("utf-8", "replace"), digest_size=4).hexdigest()
        if len(wanted) > _LONGEST_NAME:
            wanted = f"{wanted[: _LONGEST_NAME - len(mark) - 1]}_{mark}"
        if wanted in self._given:
            wanted = f"{wanted[: _LONGEST_NAME - len(mark) - 1]}_{mark}"
        count = 2
        while wanted in self._given:
            ending = f"_{mark}_{count}"
            wanted, count = f"{wanted[: _LONGEST_NAME - len(ending)]}{ending}", count + 1
        self._given.add(wanted)
        return wanted


def description_of(text: str) -> str:
    return _cut(_clean(text).strip(), _LONGEST_DESCRIPTION) or "(no description)"


def parameters_of(schema: Mapping[str, Any], is_schema: Callable[[Any], bool] = lambda made: True) -> Mapping[str, Any] | None:
    """The schema as the API takes it: an object, no alternatives at its top. None where its arguments have impossible names.

    `is_schema` tells whether something is a JSON Schema at all; of one that is not, the arguments' names are left.
    """
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping) or not all(isinstance(name, str) and _ARGUMENT.fullmatch(name) for name in properties):
        return None
    fit = {key: value for key, value in schema.items() if key not in ("oneOf", "anyOf", "allOf", "$schema")}
    fit["type"], fit["properties"] = "object", dict(properties)
    required = fit.pop("required", None)
    if isinstance(required, list) and (named := [name for name in properties if name in required]):
        fit["required"] = named
    for smaller in (fit, _without_prose(fit, 0), {"type": "object", "properties": {name: {} for name in properties}}):
        if _size(smaller) <= _LONGEST_SCHEMA and is_schema(smaller):
            return smaller
    return None


def answer_text(content: Iterable[Any], structured: Any = None) -> str:
    """The text of an answer; what is no text is named, not shown. `structured` counts where nothing else was said."""
    parts = [part for block in content if (part := _block(block))]
    if not parts and structured is not None:
        parts = [json.dumps(structured, ensure_ascii=False, indent=1)]
    return _cut(_clean("\n".join(parts)), LONGEST_ANSWER)


def short(text: str, longest: int = 200) -> str:
    """One line of somebody else's words, for a message."""
    line = " ".join(_clean(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _block(block: Any) -> str:
    sort = getattr(block, "type", None)
    if sort == "text":
        return str(block.text)
    if sort in ("image", "audio"):
        return f"[{sort}, {block.mime_type}, {len(block.data) * 3 // 4} bytes, not shown]"
    if sort == "resource_link":
        return f"[resource {block.name}: {block.uri}]"
    if sort == "resource":
        resource = block.resource
        text = getattr(resource, "text", None)
        if text is not None:
            return f"[resource {resource.uri}]\n{text}"
        return f"[resource {resource.uri}, {resource.mime_type or 'binary'}, {len(resource.blob) * 3 // 4} bytes, not shown]"
    return f"[{short(str(sort))}, not shown]"


def _plain(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)


def _clean(text: str) -> str:
    """Without what no terminal, no file and no API wants: control characters and halves of characters."""
    if text.isprintable():
        return text
    return "".join(each for each in text if each in "\n\t" or (each >= " " and not "\x7f" <= each < "\xa0" and not "\ud800" <= each <= "\udfff"))


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n… (cut: {len(text) - longest} more characters)"


def _size(value: object) -> int:
    try:
        return len(json.dumps(value))
    except (RecursionError, ValueError, TypeError):
        return _LONGEST_SCHEMA + 1


def _without_prose(value: Any, depth: int) -> Any:
    """A schema without its descriptions and examples; what is nested too deeply is left open."""
    if depth > _DEEPEST:
        return {}
    if isinstance(value, Mapping):
        names = depth and not isinstance(value.get("description", ""), str)  # there `description` is an argument's name
        return {key: _without_prose(each, depth + 1) for key, each in value.items()
                if names or key not in ("description", "examples", "title", "default")}  # fmt: skip
    if isinstance(value, list):
        return [_without_prose(each, depth + 1) for each in value]
    return value
