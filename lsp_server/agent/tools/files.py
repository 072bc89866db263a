"""Reading, listing, searching and writing files of the draft.

A search runs in a child process of ours, so that a pattern that never ends harms nobody. Texts are shown with numbered lines and written as they
are: a file keeps its line breaks, whatever the model sends.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import nearest, normalised
from lsp_server.agent.tool import Arguments, Tool, ToolError, flag, number, takes, text
from lsp_server.agent.tools.search import Text, search_texts
from lsp_server.agent.tools.shown import bounded, counted, lines_of, listed, numbered, shortened
from lsp_server.config import matches
from lsp_server.text import LineIndex, newline_of

_LINES = 600  # of one answer to read_file
_FILES = 400  # of one answer to list_files
_HITS = 100  # of one answer to search
_LARGEST = 1_000_000  # characters of a file that is searched
PATH = "The file, relative to the workspace, such as app/main.py."


def read_file(bench: Workbench, arguments: Arguments) -> str:
    path = arguments["path"]
    lines = lines_of(bench.draft.read(path))
    first = arguments.get("first_line", 1)
    last = min(arguments.get("last_line", first + _LINES - 1), first + _LINES - 1, len(lines))
    if not lines:
        return "(the file is empty)"
    if first > len(lines):
        raise ToolError(f"{path}: has only {counted(len(lines), 'line')}")
    if last < first:
        raise ToolError(f"last_line must not be smaller than first_line ({first})")
    shown = bounded(numbered((line, lines[line - 1]) for line in range(first, last + 1)), "ask for fewer lines")
    return shown if last == len(lines) else f"{shown}\n[lines {first} to {last} of {len(lines)}; first_line={last + 1} shows more]"


def list_files(bench: Workbench, arguments: Arguments) -> str:
    found = _chosen(bench, arguments)
    if not found:
        raise ToolError("no file fits; give another folder or pattern, or none to see all")
    return listed(found, _FILES, "give a folder or a pattern")


def search(bench: Workbench, arguments: Arguments) -> str:
    pattern = arguments["pattern"]
    flags = re.IGNORECASE if arguments.get("ignore_case") else 0
    try:
        re.compile(re.escape(pattern) if arguments.get("literal") else pattern, flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise ToolError(f"the pattern is not a regular expression: {error}; literal=true searches for it as it is") from None
    texts = []
    for path in _chosen(bench, arguments):
        try:
            content = bench.draft.read(path)
        except ToolError:
            continue  # Not text: nothing to find.
        if len(content) <= _LARGEST:
            texts.append(Text(path, content))
    hits, trouble = search_texts(pattern, texts, bool(arguments.get("literal")), bool(flags), _HITS + 1, bench.cancelled)
    shown = [f"{hit.path}:{hit.line}: {shortened(hit.text.strip(), 300)}" for hit in hits]
    said = listed(shown, _HITS, "narrow the pattern, or give a folder") if shown else ""
    if trouble is not None:
        if not shown:
            raise ToolError(f"{trouble}; use a simpler pattern, or literal=true")
        return f"{said}\n[{trouble}; there may be more]"
    return said or f"nothing found in {counted(len(texts), 'file')}"


def edit_file(bench: Workbench, arguments: Arguments) -> str:
    path, old, new = arguments["path"], arguments["old_text"], arguments["new_text"]
    before = bench.draft.read(path)
    if not old:
        raise ToolError("old_text is empty; give the text to be replaced, with enough around it to be unique (create_file makes a new file)")
    if old == new:
        raise ToolError("old_text and new_text are the same; nothing would change")
    found = _places(before, old)
    if not found:
        raise ToolError(f"{path}: old_text is not there{_near(before, old)}; it must be the file's exact text, without line numbers")
    if len(found) > 1 and not arguments.get("every"):
        lines = ", ".join(str(LineIndex(before).position(start).line + 1) for start, _ in found[:5])
        raise ToolError(f"{path}: old_text is there {len(found)} times (lines {lines}); give more text around it, or every=true")
    parts, cursor = [], 0
    for start, end in found:
        parts += [before[cursor:start], with_breaks(new, before)]
        cursor = end
    after = "".join((*parts, before[cursor:]))
    path = bench.write(path, after)
    return shown_edit(path, after, found[0][0], len(with_breaks(new, before)), counted(len(found), "place"))


def create_file(bench: Workbench, arguments: Arguments) -> str:
    path, content = normalised(arguments["path"]), arguments["text"]
    if bench.draft.exists(path):
        raise ToolError(f"{path}: is there already; edit_file changes it")
    path = bench.write(path, content)
    return f"{path}: made, {counted(len(lines_of(content)), 'line')}"


def shown_edit(path: str, after: str, start: int, length: int, what: str) -> str:
    """What an edit says: where, and the lines around it as they are now."""
    index, lines = LineIndex(after), lines_of(after)
    first = max(index.position(start).line - 2, 0)
    last = min(index.position(start + length).line + 3, len(lines), first + 40)
    return f"{path}: {what} changed\n{numbered((line + 1, lines[line]) for line in range(first, last))}".rstrip()


def with_breaks(text: str, like: str) -> str:
    """A text with the line breaks of another one."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain.replace("\n", newline_of(like))


def _places(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where a text stands in another, whatever the line breaks of either."""
    lines = wanted.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [match.span() for match in re.finditer(r"(?:\r\n|\n|\r)".join(map(re.escape, lines)), text)]


def _near(text: str, wanted: str) -> str:
    """A hint where the first line of a text stands alone, in brackets."""
    first = next((line.strip() for line in wanted.splitlines() if line.strip()), "")
    for position, line in enumerate(lines_of(text)):
        if first and first == line.strip():
            return f" (its first line is, at line {position + 1}: read the lines below it again)"
    return ""


def _chosen(bench: Workbench, arguments: Arguments) -> Sequence[str]:
    """The files in a folder that fit a pattern, both optional."""
    paths = bench.draft.paths()
    folder = arguments.get("folder", "")
    if folder not in ("", ".", "./", "/"):
        folder = normalised(folder)
        if not any(path == folder or path.startswith(f"{folder}/") for path in paths):
            raise ToolError(f"{folder}: there is no such folder{nearest(folder, _folders(paths))}")
        paths = tuple(path for path in paths if path == folder or path.startswith(f"{folder}/"))
    pattern = arguments.get("files", "")
    if pattern:
        paths = tuple(path for path in paths if matches(path, pattern) or fnmatch.fnmatchcase(path, pattern))
    return paths


def _folders(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple({path.rpartition("/")[0] for path in paths if "/" in path})


_FOLDER = text("Only files in this folder and below it.")
_PATTERN = text("Only files that fit this shell pattern, such as *.py or app/**/*.py.")

TOOLS = (
    Tool(
        "read_file",
        f"Read a file of the workspace as it is now, your own changes included. Lines are numbered; at most {_LINES} at once.",
        takes({"path": text(PATH)}, {"first_line": number("The first line to show."), "last_line": number("The last line to show.")}),
        read_file,
        ("Read",),
    ),
    Tool(
        "list_files",
        "List the files of the workspace. Files that are ignored or may hold secrets are not there.",
        takes(optional={"folder": _FOLDER, "files": _PATTERN}),
        list_files,
        ("Glob", "LS"),
    ),
    Tool(
        "search",
        f"Search the files' lines for a regular expression (Python's). At most {_HITS} lines are shown.",
        takes(
            {"pattern": text("The regular expression.")},
            {"folder": _FOLDER, "files": _PATTERN, "ignore_case": flag("Whether upper and lower case are the same."),
             "literal": flag("Whether the pattern is plain text, not a regular expression.")},
        ),
        search,
        ("Grep",),
    ),
    Tool(
        "edit_file",
        "Replace a piece of a file's text by another. The old text must be exact and there once, unless `every` is set.",
        takes(
            {"path": text(PATH), "old_text": text("The text to replace, exactly as it is in the file."), "new_text": text("The text instead of it.")},
            {"every": flag("Whether to replace it wherever it stands.")},
        ),
        edit_file,
        ("Edit", "MultiEdit"),
        changes=True,
    ),
    Tool(
        "create_file",
        "Make a new file. It must not be there yet.",
        takes({"path": text(PATH), "text": text("The file's whole text.")}),
        create_file,
        ("Write",),
        changes=True,
    ),
)  # fmt: skip
