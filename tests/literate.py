"""Literate rule tests: Markdown in which headings are cases, fenced blocks are files and comments mark findings.

    # rule-name
    ## A case in one sentence
    Prose.
    ```yaml openapi.yaml
    paths: ...   # error: rule-name "a part of the message"
    ```
    ### Fix: The title of the fix
    ```diff app.py
    +the lines it adds
    ```

Markers (`# error: rule "part"`, in any comment style) are cut off before the file is read; several may stand on one
line. A block ```` ```expect ```` holds `path:line severity` for files that have no comments, a block ```` ```database ```` the revisions that the development
database records. A diff block after a
`### Fix:` heading is the whole effect of that fix on the file (new files have only `+` lines).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"^(`{3,})([\w+-]*)[ \t]*([^\n`]*)\n(.*?)^\1[ \t]*$", re.M | re.S)
_MARKER = re.compile(
    r"[ \t]*(?:#|//|--|<!--)[ \t]*(error|warning|info):[ \t]*([a-z][a-z0-9-]*)(?:[ \t]+\"([^\"\n]*)\")?[ \t]*(?:-->)?[ \t]*$"
)
_EXPECT = re.compile(r"^(\S+):(\d+) (error|warning|info)(?: \"([^\"]*)\")?$", re.M)


@dataclass
class Expected:
    path: str
    line: int  # 1-based
    severity: str
    part: str


@dataclass
class ExpectedFix:
    title: str
    diffs: dict[str, str] = field(default_factory=dict)


@dataclass
class Case:
    rule: str
    title: str
    files: dict[str, str] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)
    fixes: list[ExpectedFix] = field(default_factory=list)
    recorded: tuple[str, ...] | None = None  # by the development database


def read_cases(path: Path) -> list[Case]:
    text = path.read_text(encoding="utf-8")
    rule = path.stem
    cases: list[Case] = []
    for section in re.split(r"^(?=## )", _outside_fences(text), flags=re.M)[1:]:
        section = _restore(section)
        title = section.split("\n", 1)[0].removeprefix("## ").strip()
        cases.append(_case(rule, title, section))
    return cases


_HIDDEN = "\x00"


def _outside_fences(text: str) -> str:
    """Headings inside fenced blocks are no headings: hide their marks while the text is cut into cases."""
    return _FENCE.sub(lambda match: re.sub(r"^#", _HIDDEN, match[0], flags=re.M), text)


def _restore(text: str) -> str:
    return text.replace(_HIDDEN, "#")


def _case(rule: str, title: str, section: str) -> Case:
    case = Case(rule, title)
    fix: ExpectedFix | None = None
    position = 0
    for match in _FENCE.finditer(section):
        for heading in re.findall(r"^### Fix: (.+)$", section[position : match.start()], flags=re.M):
            fix = ExpectedFix(heading.strip())
            case.fixes.append(fix)
        position = match.end()
        language, name, body = match[2], match[3].strip(), match[4]
        if language == "expect":
            for path, line, severity, part in _EXPECT.findall(body):
                case.expected.append(Expected(path, int(line), severity, part))
        elif language == "database":
            case.recorded = tuple(body.split())
        elif language == "diff" and fix is not None and name:
            fix.diffs[name] = body
        elif name:
            case.files[name] = _file(case, name, body)
    for heading in re.findall(r"^### Fix: (.+)$", section[position:], flags=re.M):
        case.fixes.append(ExpectedFix(heading.strip()))
    return case


def _file(case: Case, name: str, body: str) -> str:
    lines = body.split("\n")
    for number, line in enumerate(lines):
        while (match := _MARKER.search(line)) is not None and match[2]:
            if match[2] == case.rule:
                case.expected.append(Expected(name, number + 1, match[1], match[3] or ""))
            line = line[: match.start()]
        lines[number] = line
    return "\n".join(lines)


def diff_of(before: str | None, after: str) -> str:
    """A readable diff: two lines of context, `@@` between places."""
    old = [] if before is None else before.split("\n")
    new = after.split("\n")
    if before is None:
        return "".join(f"+{line}\n" for line in new[:-1]) + (f"+{new[-1]}\n" if new[-1] else "")
    lines = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
    return "".join(("@@" if line.startswith("@@") else line.rstrip() if line.strip() in ("",) else line) + "\n" for line in lines)


def write_diffs(path: Path, case: Case, fix: ExpectedFix, actual: dict[str, str]) -> None:
    """Put the diffs that a fix really makes into the document (for `pytest --update`)."""
    text = path.read_text(encoding="utf-8")
    start = text.index(f"## {case.title}\n")
    start = text.index(f"### Fix: {fix.title}", start)
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end + 1
    rest = text[line_end:]
    kept = re.match(r"(?:[ \t]*\n|```diff [^\n]*\n.*?^```[ \t]*$\n?)*", rest, re.M | re.S)
    tail = rest[kept.end() :] if kept else rest
    blocks = "".join(f"\n```diff {name}\n{body}```\n" for name, body in sorted(actual.items()))
    path.write_text(text[:line_end].rstrip("\n") + "\n" + blocks + ("\n" + tail if tail.strip() else ""), encoding="utf-8")


def first_example(path: Path) -> str:
    """The first case for a documentation page: prose and files without markers, and what is reported where."""
    text = path.read_text(encoding="utf-8")
    sections = re.split(r"^(?=## )", _outside_fences(text), flags=re.M)
    section = _restore(sections[1])
    case = _case(path.stem, section.split("\n", 1)[0].removeprefix("## ").strip(), section)

    def without_markers(match: re.Match[str]) -> str:
        if match[2] in ("expect", "diff") or not match[3].strip():
            return match[0] if match[2] == "diff" else ""
        name = match[3].strip()
        return f"{match[1]}{match[2]} title=\"{name}\"\n{case.files[name]}{match[1]}"

    body = _FENCE.sub(without_markers, section.split("\n", 1)[1])
    lines = [f"- `{each.path}` line {each.line}: {each.severity}" + (f", \"{each.part}\"" if each.part else "") for each in case.expected]
    found = "\n\nReported:\n\n" + "\n".join(lines) if lines else ""
    head, mark, fixes = body.strip().partition("\n### Fix: ")
    return head.rstrip() + found + (f"\n\n**{fixes.partition(chr(10))[0]}** makes this change:\n{fixes.partition(chr(10))[2].rstrip()}" if mark else "")
