"""Python by its symbols: an overview of a file, where something is defined and used, and edits of whole definitions.

The places are those of our own reader. An edit that would leave a file that is not Python is refused: `edit_file` can do it step by step.
"""

from __future__ import annotations

import re
import textwrap

from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import nearest, normalised
from lsp_server.agent.tool import Arguments, Tool, ToolError, flag, number, takes, text
from lsp_server.agent.tools.files import PATH, shown_edit
from lsp_server.agent.tools.shown import bounded, counted, lines_of, listed, numbered, shortened
from lsp_server.document import Document, Kind, kind_of
from lsp_server.python.edit import indent_of, line_end, line_start
from lsp_server.python.module import ModuleFacts, read_module
from lsp_server.python.references import references_to
from lsp_server.python.symbols import Symbol, named, symbols_of
from lsp_server.text import LineIndex, newline_of

_MOST = 60  # definitions of one answer
_REFERENCES = 150
_LONGEST = 200  # lines of a definition that are shown


def symbol_overview(bench: Workbench, arguments: Arguments) -> str:
    path = normalised(arguments["path"])
    content = _python(bench, path)
    facts = _facts(bench, path, content)
    index = LineIndex(content)
    lines = []
    for symbol in symbols_of(facts):
        if symbol.sort == "variable" and symbol.name.count(".") > 1:
            continue
        depth = "  " * symbol.name.count(".")
        lines.append((index.position(symbol.name_span.start).line + 1, f"{depth}{_head(content, symbol)}"))
    problems = "".join(f"\n[line {index.position(each.span.start).line + 1}: not Python: {each.message}]" for each in facts.problems)
    return bounded(numbered(lines) if lines else "(no class, function or variable)", "find_symbol shows one of them") + problems


def find_symbol(bench: Workbench, arguments: Arguments) -> str:
    found = _found(bench, arguments["name"], arguments.get("path"))
    parts = []
    for symbol in found[:_MOST]:
        content = bench.draft.read(symbol.path)
        index = LineIndex(content)
        first, last = index.position(symbol.whole.start).line + 1, index.position(symbol.whole.end).line + 1
        parts.append(f"{symbol.path}:{first}-{last} {symbol.sort} {symbol.name}")
        if arguments.get("body") or len(found) == 1:
            lines = lines_of(content)
            end = min(last, first + _LONGEST - 1)
            parts.append(numbered((line, lines[line - 1]) for line in range(first, end + 1)))
            if end < last:
                parts.append(f"[lines {end + 1} to {last}: read_file shows them]")
    more = f"\n[{len(found) - _MOST} more; give a path]" if len(found) > _MOST else ""
    return bounded("\n".join(parts), "give a path, or leave out body") + more


def find_references(bench: Workbench, arguments: Arguments) -> str:
    symbol = _one(bench, arguments["name"], arguments.get("path"), arguments.get("line"))
    snapshot, sees = bench.draft.snapshot, bench.draft.boundary.sees
    certain: list[str] = []
    likely: list[str] = []
    for reference in references_to(snapshot.program, lambda path: snapshot.documents[path].text, symbol):
        path, span = reference.location
        if not sees(path):
            continue
        document = snapshot.documents[path]
        line = document.lines.position(span.start).line
        place = document.lines.line_span(document.text, line)
        said = f"{path}:{line + 1}: {shortened(document.text[place.start : place.end].strip(), 200)}"
        group = certain if reference.certain else likely
        if said not in group[-1:]:
            group.append(said)
    if not certain and not likely:
        return f"nothing refers to {symbol.name} ({symbol.path})"
    parts = []
    if certain:
        parts.append(f"{counted(len(certain), 'reference')} to {symbol.name} ({symbol.path}):\n{listed(certain, _REFERENCES, 'search shows them')}")
    if likely:
        parts.append(f"{counted(len(likely), 'place')} with the same name, perhaps of something else:\n{listed(likely, _REFERENCES, 'search shows them')}")
    return "\n".join(parts)


def replace_symbol_body(bench: Workbench, arguments: Arguments) -> str:
    symbol = _one(bench, arguments["name"], arguments["path"], arguments.get("line"))
    content = bench.draft.read(symbol.path)
    start = _line_of(content, symbol)
    code = _laid_out(arguments["text"], content, symbol)
    after = content[:start] + code + content[symbol.whole.end :]
    return _write(bench, symbol.path, after, start, len(code), f"{symbol.name} replaced")


def insert_before_symbol(bench: Workbench, arguments: Arguments) -> str:
    symbol = _one(bench, arguments["name"], arguments["path"], arguments.get("line"))
    content = bench.draft.read(symbol.path)
    start = _above_comments(content, _line_of(content, symbol), indent_of(content, symbol.whole.start))
    newline = newline_of(content)
    code = _laid_out(arguments["text"], content, symbol) + newline * (1 + _gap(symbol, arguments["text"]))
    return _write(bench, symbol.path, content[:start] + code + content[start:], start, len(code), f"inserted before {symbol.name}")


def insert_after_symbol(bench: Workbench, arguments: Arguments) -> str:
    symbol = _one(bench, arguments["name"], arguments["path"], arguments.get("line"))
    content = bench.draft.read(symbol.path)
    _line_of(content, symbol)
    place = line_end(content, symbol.whole.end)
    if content[symbol.whole.end : place].strip() and not content[symbol.whole.end : place].lstrip().startswith("#"):
        raise ToolError(f"{symbol.name} shares its last line with other code; edit_file can change it")
    newline = newline_of(content)
    leading = "" if content[:place].endswith(("\n", "\r")) else newline
    code = leading + newline * _gap(symbol, arguments["text"]) + _laid_out(arguments["text"], content, symbol) + newline
    return _write(bench, symbol.path, content[:place] + code + content[place:], place, len(code), f"inserted after {symbol.name}")


def _write(bench: Workbench, path: str, after: str, start: int, length: int, what: str) -> str:
    facts = read_module(path, after)
    if facts.problems:
        fault = facts.problems[0]
        line = LineIndex(after).position(fault.span.start).line + 1
        lines = lines_of(after)
        raise ToolError(f"{path}: line {line} would not be Python ({fault.message}): {shortened(lines[line - 1].strip(), 200) if line <= len(lines) else ''}")
    path = bench.write(path, after)
    return shown_edit(path, after, start, length, what).replace(" changed\n", "\n", 1)


# Which symbol


def _python(bench: Workbench, path: str) -> str:
    content = bench.draft.read(path)
    if kind_of(path) is not Kind.PYTHON:
        raise ToolError(f"{path}: not a Python file; read_file shows it")
    return content


def _facts(bench: Workbench, path: str, content: str) -> ModuleFacts:
    """As all of our readers see the file; by itself where no reader looks at it."""
    snapshot = bench.draft.snapshot
    document = snapshot.document(path)
    if document is not None and document.text == content:
        facts = snapshot.module(path)
        if not facts.mended:
            return facts
    return read_module(path, content)


def _found(bench: Workbench, name: str, path: str | None) -> tuple[Symbol, ...]:
    """The symbols of a name in one file, or in all of them. Raises ToolError where there is none."""
    if not name.strip("./ "):
        raise ToolError("the name is empty; give a name such as Book or Book.title")
    if path is not None and path.endswith(".py"):
        path = normalised(path)
        listed_symbols = symbols_of(_facts(bench, path, _python(bench, path)))
        found = named(listed_symbols, name)
        if not found:
            hint = nearest(name.replace("/", "."), tuple(symbol.name for symbol in listed_symbols))
            raise ToolError(f"{path}: there is no {name}{hint}; symbol_overview lists what there is")
        return found
    folder = normalised(path) + "/" if path not in (None, "", ".", "./") and path is not None else ""
    last = re.split(r"[./]", name.strip("./ "))[-1]
    every: list[Symbol] = []
    near: set[str] = set()
    for each in bench.draft.paths():
        if not each.endswith((".py", ".pyi")) or not each.startswith(folder):
            continue
        try:
            content = bench.draft.read(each)
        except ToolError:
            continue
        if last in content:
            every += named(symbols_of(_facts(bench, each, content)), name)
        elif not every and last[:4].lower() in content.lower():
            near.update(symbol.name for symbol in symbols_of(_facts(bench, each, content)))
    exact = [symbol for symbol in every if symbol.name == name.strip("./ ").replace("/", ".")]
    if not every:
        raise ToolError(f"there is no {name}{nearest(name, tuple(sorted(near)))}; search finds texts")
    return tuple(exact or every)


def _one(bench: Workbench, name: str, path: str | None, line: int | None) -> Symbol:
    found = _found(bench, name, path)
    if line is not None:
        found = tuple(symbol for symbol in found if _first_line(bench, symbol) <= line <= _last_line(bench, symbol)) or found
    if len(found) > 1:
        places = ", ".join(f"{symbol.name} at {symbol.path}:{_first_line(bench, symbol)}" for symbol in found[:8])
        raise ToolError(f"{name} is defined {len(found)} times ({places}); give its path, its whole name or its line")
    return found[0]


def _first_line(bench: Workbench, symbol: Symbol) -> int:
    return LineIndex(bench.draft.read(symbol.path)).position(symbol.whole.start).line + 1


def _last_line(bench: Workbench, symbol: Symbol) -> int:
    return LineIndex(bench.draft.read(symbol.path)).position(symbol.whole.end).line + 1


# How it is written


def _head(content: str, symbol: Symbol) -> str:
    """One line: the signature, bases, or the assignment."""
    node = symbol.node
    if symbol.sort == "variable":
        return " ".join(content[symbol.whole.start : symbol.whole.end].split())[:160]
    keyword = content.rfind("\n", 0, symbol.name_span.start) + 1
    start = len(content[:keyword]) + len(content[keyword : symbol.name_span.start]) - len(content[keyword : symbol.name_span.start].lstrip())
    end = node[8][0][1] if node[8] else symbol.whole.end
    head = re.sub(r"\s*(#[^\n]*)?\n\s*", " ", content[start:end]).strip()
    match = re.match(r"(.*?\)?(?:\s*->[^:]*(?:\[[^\]]*\])?)?):(?:\s|$)", head) if symbol.sort == "class" else None
    said = match[1] if match else head.rstrip().removesuffix(":")
    return shortened(said, 200)


def _line_of(content: str, symbol: Symbol) -> int:
    """Where the definition's text begins, behind its indentation. Raises ToolError for one that shares its line."""
    start = symbol.whole.start
    if content[line_start(content, start) : start].strip():
        raise ToolError(f"{symbol.name} shares its line with other code; edit_file can change it")
    return line_start(content, start)


def _laid_out(code: str, content: str, symbol: Symbol) -> str:
    """Code with the symbol's indentation and the file's line breaks, without a break at its end."""
    plain = code.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
    if not plain.strip():
        raise ToolError("the text is empty; edit_file can take code out")
    dedented = _dedented(plain)
    indent = indent_of(content, symbol.whole.start)
    document = Document(symbol.path, dedented)
    inside = _lines_in_texts(document)
    lines = [line if not line or number in inside else indent + line for number, line in enumerate(dedented.split("\n"))]
    return "\n".join(lines).replace("\n", newline_of(content))


def _dedented(code: str) -> str:
    """Code without the indentation that all its lines have; a first line without one stands for itself."""
    dedented = textwrap.dedent(code)
    first, _, rest = dedented.partition("\n")
    if rest and first[:1] not in (" ", "\t") and not read_module("", dedented).problems:
        return dedented
    later = textwrap.dedent(rest)
    if rest and first.rstrip().endswith((":", "(", "[", "{", ",")) and later != rest:
        return dedented
    return f"{first}\n{later}" if rest and read_module("", f"{first}\n{later}").problems == () else dedented


def _lines_in_texts(document: Document) -> set[int]:
    """The lines (0-based) that begin inside of a text over several lines: their blanks are its own. Docstrings may move."""
    from lsp_server.python.walk import walk

    found: set[int] = set()
    body = read_module("", document.text).body
    docstrings = {id(each[3]) for each in walk(body) if each[0] == "expr"}
    for node in walk(body):
        if node[0] in ("const", "fstring") and id(node) not in docstrings:
            text = document.text[node[1] : node[2]]
            if "\n" in text and re.match(r"[A-Za-z]*(\"\"\"|''')", text):
                first = document.lines.position(node[1]).line
                found.update(range(first + 1, document.lines.position(node[2]).line + 1))
    return found


def _above_comments(content: str, start: int, indent: str) -> int:
    """Above the comments that stand directly over a definition: they belong to it."""
    while start:
        above = line_start(content, start - 1 - content[:start].endswith("\r\n"))
        line = content[above:start].rstrip("\r\n")
        if not line.startswith(f"{indent}#") or (above == 0 and line.startswith(("#!", "# -*-"))):
            break
        start = above
    return start


def _gap(symbol: Symbol, code: str) -> int:
    """Blank lines between two definitions."""
    if symbol.sort == "variable" and not re.match(r"\s*(?:(?:async\s+def|def|class)\b|@)", code):
        return 0
    return 1 if "." in symbol.name else 2



_NAME = text("The symbol: `Book`, `Book.title`, `create_book`.")
_OPTIONS = {
    "path": text("The file, or the folder to look in. Without it the whole workspace is looked through."),
    "line": number("A line of the definition, where there are several of that name."),
}
_CODE = text("The code, complete: decorators, signature and body. It is indented as its place needs.")

TOOLS = (
    Tool(
        "symbol_overview",
        "The classes, functions and variables of a Python file, with their lines and signatures.",
        takes({"path": text(PATH)}),
        symbol_overview,
        ("Read",),
    ),
    Tool(
        "find_symbol",
        "Where a class, function, method or variable is defined, with its code where there is one such definition (or `body` is set).",
        takes({"name": _NAME}, {"path": _OPTIONS["path"], "body": flag("Whether to show the code of all that are found.")}),
        find_symbol,
        ("Read", "Grep"),
    ),
    Tool(
        "find_references",
        "Every place that uses a symbol, followed through imports and aliases; places that only have the same name are listed apart.",
        takes({"name": _NAME}, _OPTIONS),
        find_references,
        ("Read", "Grep"),
    ),
    Tool(
        "replace_symbol_body",
        "Replace a whole definition (decorators, signature and body) by another.",
        takes({"path": text(PATH), "name": _NAME, "text": _CODE}, {"line": _OPTIONS["line"]}),
        replace_symbol_body,
        ("Edit", "MultiEdit"),
        changes=True,
    ),
    Tool(
        "insert_before_symbol",
        "Insert code above a definition and the comments that belong to it.",
        takes({"path": text(PATH), "name": _NAME, "text": _CODE}, {"line": _OPTIONS["line"]}),
        insert_before_symbol,
        ("Edit", "MultiEdit"),
        changes=True,
    ),
    Tool(
        "insert_after_symbol",
        "Insert code below a definition.",
        takes({"path": text(PATH), "name": _NAME, "text": _CODE}, {"line": _OPTIONS["line"]}),
        insert_after_symbol,
        ("Edit", "MultiEdit"),
        changes=True,
    ),
)
