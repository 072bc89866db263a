"""Agent files: a system instruction in Markdown under a front matter, as coding agents keep them.

Reads the format leniently, because files written for other programs must work unchanged: the front matter is read as YAML, and line by line where it is
none (an unquoted description full of colons is common). Keys that mean nothing here are kept. What the names in `tools` stand for is `allow.py`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LARGEST = 256 * 1024  # characters of an instruction; more is a mistake
_SHIPPED = Path(__file__).parent / "prompts" / "senior-backend-engineer.md"
_FRONT = re.compile(r"\A\s*---[ \t]*\r?\n(?P<front>.*?)^---[ \t]*(?:\r?\n|\Z)(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"^(?P<key>[A-Za-z_][\w-]*)[ \t]*:[ \t]*(?P<value>.*)$")
_KNOWN = ("name", "description", "tools", "model")
_ANY_MODEL = ("", "inherit", "default")  # what other programs write to say that they do not mind


class AgentFileError(ValueError):
    """An agent file that cannot be used; the message is for people."""


@dataclass(frozen=True, slots=True)
class AgentFile:
    """A system instruction and what its front matter says.

    `tools` are the entries as written (`Read(*)`, `mcp__git__git_status`); None: not limited, (): no tool. `model` is None where the file leaves it open.
    `rest` holds all other keys. `source` says where the text came from.
    """

    name: str
    description: str
    instruction: str
    tools: tuple[str, ...] | None = None
    model: str | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


def shipped() -> AgentFile:
    """The instruction that comes with the program."""
    return read_agent_file(_SHIPPED.read_text(encoding="utf-8"), _SHIPPED.name)


def read_agent_file(text: str, source: str) -> AgentFile:
    """The agent file in a text; one without front matter is an instruction without limits. Raises AgentFileError."""
    if len(text) > LARGEST:
        raise AgentFileError(f"{source}: {len(text):,} characters are too many for an instruction (at most {LARGEST:,})")
    text = text.removeprefix("\ufeff")
    match = _FRONT.match(text)
    front = _front_matter(match["front"]) if match else {}
    instruction = (match["body"] if match else text).strip()
    if not instruction:
        raise AgentFileError(f"{source}: there is no instruction below the front matter")
    stem = source.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    model = str(front.get("model") or "").strip()
    return AgentFile(
        str(front.get("name") or stem or "agent"),
        str(front.get("description") or ""),
        instruction,
        _entries(front["tools"], source) if "tools" in front else None,
        None if model.lower() in _ANY_MODEL else model,
        {key: value for key, value in front.items() if key not in _KNOWN},
        source,
    )


def _front_matter(text: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text) if "&" not in text else None  # no aliases: they only make small files large
    except (yaml.YAMLError, RecursionError, ValueError):
        data = None
    if isinstance(data, dict) and all(isinstance(key, str) for key in data):
        return data
    return _by_lines(text)


def _by_lines(text: str) -> dict[str, Any]:
    """`key: value` lines; an indented line or a `- item` belongs to the key above."""
    found: dict[str, Any] = {}
    key = ""
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            key = match["key"]
            found[key] = match["value"].strip()
        elif key and line.strip():
            item = line.strip()
            separator = ", " if item.startswith("- ") and found[key] else " " if found[key] else ""
            found[key] += separator + item.removeprefix("- ")
    return {name: value[1:-1] if len(value) > 1 and value[0] == value[-1] in "'\"" else value for name, value in found.items()}


def _entries(value: Any, source: str) -> tuple[str, ...] | None:
    """The entries of `tools`: a comma list or a YAML list. An empty value says nothing; `[]` allows nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return tuple(entry for entry in _split(value) if entry)
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return tuple(entry.strip() for entry in value if entry.strip())
    raise AgentFileError(f"{source}: `tools` must be a list of names separated by commas")


def _split(text: str) -> list[str]:
    """Split at the commas outside parentheses: `Bash(git add, git commit), Read` are two."""
    entries, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth <= 0:
            entries.append("")
            depth = 0
        else:
            entries[-1] += character
    return [entry.strip() for entry in entries]
