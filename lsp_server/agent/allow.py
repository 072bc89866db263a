"""Which tools a run gets: the allow-list of an agent file, read in the words that other agents use.

An entry is a tool's name with an optional pattern in brackets: `Read(*)`, `Edit(src/**)`, `Bash(make test:*)`, `mcp__git__git_status`, `mcp__git`. Names
of other agents' tools stand for ours by what they let a run do (`aliases`); an entry that names nothing that is there is listed as missing, once, and is
no error. What is not named is not allowed, but for two that change nothing and reach nobody: the todo list, and the rules' pages.

Symbol servers: `mcp__serena__find_symbol` means that server's tool where it is configured. Where it is not, it stands for our tool of the same
purpose, if there is exactly one; that tool works on the draft, as all of ours do, and is named among the `instead`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lsp_server.agent.tool import Tool

_ENTRY = re.compile(r"\s*([^\s()]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_ALWAYS = ("explain_rule", "todo_write")
_ALL = ("", "*", "**", "./**", ":*")
_READING = frozenset({"read", "grep", "glob", "ls", "notebookread", "read_file", "search", "list_files"})
_WRITING = frozenset({"edit", "write", "multiedit", "edit_file", "create_file"})

# Tools of symbol servers that do exactly what one of ours does.
_SAME = {
    "serena": {
        "find_symbol": "find_symbol", "get_symbols_overview": "symbol_overview", "find_referencing_symbols": "find_references",
        "replace_symbol_body": "replace_symbol_body", "insert_before_symbol": "insert_before_symbol", "insert_after_symbol": "insert_after_symbol",
        "search_for_pattern": "search", "list_dir": "list_files", "find_file": "list_files", "read_file": "read_file",
        "create_text_file": "create_file", "replace_content": "edit_file", "replace_regex": "edit_file", "write_memory": "write_notes",
        "read_memory": "read_notes",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an allow-list comes to.

    `missing` are entries, as written, that name nothing that is there. `instead` are pairs of an entry and the tool of ours that stands for it.
    `reading` and `writing` are path patterns that the entries narrow to, None for all: the run's `Boundary` gets them.
    """

    tools: tuple[Tool, ...]
    missing: tuple[str, ...] = ()
    instead: tuple[tuple[str, str], ...] = ()
    reading: tuple[str, ...] | None = None
    writing: tuple[str, ...] | None = None


def allowed(tools: Sequence[Tool], entries: Sequence[str] | None) -> Allowance:
    """The tools that the entries name, in the order of `tools`; all of them where there is no list."""
    if entries is None:
        return Allowance(tuple(tools))
    taken = {tool.name for tool in tools if tool.name in _ALWAYS}
    missing: dict[str, None] = {}
    instead: dict[str, str] = {}
    for entry in entries:
        name, _ = _read(entry)
        found = [tool.name for tool in tools if _names(name, tool)]
        if not found and (ours := _ours(name, tools)) is not None:
            found, instead[entry.strip()] = [ours], ours
        if not found:
            missing[entry.strip()] = None
        taken.update(found)
    return Allowance(
        tuple(tool for tool in tools if tool.name in taken),
        tuple(each for each in missing if each),
        tuple(instead.items()),
        _narrowed(entries, _READING | _WRITING),
        _narrowed(entries, _WRITING),
    )


def may_name_tools_of(server: str, entries: Sequence[str] | None) -> bool:
    """Whether any entry may name a tool of a configured server, whatever it will offer. In doubt it does."""
    if entries is None:
        return True
    tools = f"mcp__{_plain(server)}__".casefold()
    for entry in entries:
        name = _plain(_read(entry)[0]).casefold()
        begins = re.split(r"[*?]", name, maxsplit=1)[0]
        if name == tools.removesuffix("__") or begins.startswith(tools) or (begins != name and tools.startswith(begins)):
            return True
    return False


def split(entries: str) -> tuple[str, ...]:
    """The entries of a comma list; commas in brackets separate nothing."""
    found, depth, current = [], 0, ""
    for character in entries:
        depth += (character == "(") - (character == ")" and depth > 0)
        if character == "," and not depth:
            found.append(current.strip())
            current = ""
        else:
            current += character
    return tuple(entry for entry in (*found, current.strip()) if entry)


def _read(entry: str) -> tuple[str, str]:
    """An entry's name and what is in its brackets."""
    match = _ENTRY.fullmatch(entry)
    return (match[1], (match[2] or "").strip()) if match else (entry.strip(), "")


def _names(name: str, tool: Tool) -> bool:
    if name == "*" or tool.name.casefold() == name.casefold() or any(alias.casefold() == name.casefold() for alias in tool.aliases):
        return True
    if not name.startswith("mcp__") or not tool.name.startswith("mcp__"):
        return False
    written = _plain(name)
    return fnmatchcase(tool.name, written) or (written.count("__") == 1 and fnmatchcase(tool.name, f"{written}__*"))


def _plain(name: str) -> str:
    """Servers' tools carry the letters that the API takes; entries are written as the server calls them."""
    return re.sub(r"[^a-zA-Z0-9_*?-]", "_", name)


def _ours(name: str, tools: Sequence[Tool]) -> str | None:
    """Our tool of exactly the purpose of a symbol server's tool, where that server is not there."""
    parts = name.split("__", 2)
    if len(parts) != 3 or parts[0] != "mcp" or any(tool.name.startswith(f"mcp__{parts[1]}__") for tool in tools):
        return None
    ours = _SAME.get(parts[1].casefold(), {}).get(parts[2])
    return ours if any(tool.name == ours for tool in tools) else None


def _narrowed(entries: Iterable[str], names: frozenset[str]) -> tuple[str, ...] | None:
    """The path patterns of the entries with these names; None where one of them has none, or where nothing narrows."""
    found: list[str] = []
    for entry in entries:
        name, inner = _read(entry)
        if name == "*":
            return None
        if name.casefold() in names:
            patterns = [part.strip().removeprefix("./") for part in inner.split(",")]
            if any(pattern in _ALL for pattern in patterns):
                return None
            found += patterns
    return tuple(dict.fromkeys(found)) or None
