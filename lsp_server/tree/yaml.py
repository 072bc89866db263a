"""YAML into columns: PyYAML's parser events, with the corrections its marks need.

Knows the difference between what libyaml says and where things are: ends that run on over blank lines and
comments, starts that include anchor and tag, empty values reported at the next token, the byte order mark
that is not counted, and line separators that YAML 1.2 no longer breaks lines at. Reads the first document
and notes that there are more. Values are resolved later, in `scalar`; what aliases and merge keys mean is
judged in `aliases`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)

from lsp_server.text import Span
from lsp_server.tree import aliases
from lsp_server.tree.columns import (
    ALIAS,
    BLOCK_MAPPING,
    BLOCK_SEQUENCE,
    DEPTH_LIMIT,
    DOUBLE,
    FOLDED,
    KEY,
    LITERAL,
    PLAIN,
    SINGLE,
    Columns,
    collector_paused,
)
from lsp_server.tree.node import Problem
from lsp_server.tree.reading import Fault, Reading

_CODES = {None: PLAIN, "": PLAIN, "'": SINGLE, '"': DOUBLE, "|": LITERAL, ">": FOLDED}
_PROPERTIES = re.compile(r"(?:(?:!<[^>\s]*>|[&!][^\s,\[\]{}]*)(?:\s|#[^\r\n]*+)*+){1,2}")
_BLANK = re.compile(r"(?:\s|#[^\r\n]*+)*+")
_UNREADABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_STAND_INS = 0xF1000  # private use, plane 15
_AT_CONTEXT = ("found unexpected end of stream", "could not find expected ':'", "unexpected end of stream")


def read(text: str) -> Reading:
    """One pass over a text. Never raises on any text."""
    lead = 1 if text.startswith("\ufeff") else 0
    with collector_paused():
        if lead or "\x85" in text or "\u2028" in text or "\u2029" in text:
            return _read_with_stand_ins(text, lead)
        try:
            return _Events(text).read()
        except (yaml.reader.ReaderError, UnicodeEncodeError):
            return _read_with_stand_ins(text, lead)


def _read_with_stand_ins(text: str, lead: int) -> Reading:
    """Read a text with characters that libyaml refuses or takes for line breaks: others stand in for them."""
    strange = sorted(set(_UNREADABLE.findall(text, lead)))
    stand_ins = {ord(character): chr(_STAND_INS + n) for n, character in enumerate(strange)}
    plain = text[lead:].translate(stand_ins)
    reading = _Events(plain).read()
    columns = reading.columns
    back = {ord(stand_in): chr(character) for character, stand_in in stand_ins.items()}
    if back:
        columns.contents = [c.translate(back) if type(c) is str else c for c in columns.contents]
    refused = (
        match for match in _UNREADABLE.finditer(text, lead) if match[0] not in "\x85\u2028\u2029\ufeff"
    )
    for match in islice(refused, 20):
        message = f"the character U+{ord(match[0]):04X} is not allowed here"
        reading.problems.append(Problem(Span(match.start() - lead, match.end() - lead), message, "character"))
    if lead:
        _shift(reading, lead)
    return reading


def _shift(reading: Reading, by: int) -> None:
    columns = reading.columns
    for column in (columns.starts, columns.ends):
        for row, offset in enumerate(column):
            column[row] = offset + by
    columns.outer = {row: offset + by for row, offset in columns.outer.items()}

    def moved(problem: Problem) -> Problem:
        related = problem.related and Span(problem.related.start + by, problem.related.end + by)
        return Problem(
            Span(problem.span.start + by, problem.span.end + by), problem.message, problem.code, related
        )

    reading.problems = [moved(problem) for problem in reading.problems]
    reading.remarks = [moved(problem) for problem in reading.remarks]
    if (fault := reading.fault) is not None:
        context = None if fault.context is None else fault.context + by
        reading.fault = Fault(fault.place + by, fault.message, context, fault.code)


def _event_source(text: str) -> Callable[[], Any]:
    """The next event of a text at each call, None at the end; from libyaml, or from pure Python where it is
    missing.
    """
    parser: Any
    if yaml.__with_libyaml__:
        from yaml import cyaml

        parser = cyaml.CParser(text)  # type: ignore[attr-defined]
    else:
        parser = _PureParser(text)
    get_event: Callable[[], Any] = parser.get_event
    return get_event


class _PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's parser in Python: the same events, twenty times slower."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)


class _Events:
    """The state of one pass: events in, rows out."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.columns = Columns()
        self.reading = Reading(self.columns)
        self.anchors: dict[str, int] = {}  # name -> row
        self.frames: list[
            tuple[int, dict[str, int] | None, bool]
        ] = []  # parent, its keys, whether a key comes next
        self.last_end = 0
        self.open = (
            -1,
            False,
        )  # at the end of the pass: the innermost open collection, whether its last key lacks a value

    def read(self) -> Reading:
        try:
            self._read_document()
        except yaml.reader.ReaderError:
            raise
        except yaml.YAMLError as error:
            self.reading.fault = _fault_of(error, self.text)
        except _TooDeep as stop:
            message = f"nested deeper than {DEPTH_LIMIT} levels"
            self.reading.fault = Fault(stop.place, message, code="depth")
        if self.reading.fault is not None:
            self._close_all()
        aliases.judge(self.reading)
        return self.reading

    def _read_document(self) -> None:
        next_event = _event_source(self.text)
        event = next_event()
        while event is not None and isinstance(event, (StreamStartEvent, DocumentStartEvent)):
            event = next_event()
        self._read_nodes(event, next_event)
        while (event := next_event()) is not None:
            if type(event) is DocumentStartEvent:
                mark: Any = event
                span = Span(mark.start_mark.index, mark.end_mark.index)
                message = "only the first document of this file is read"
                self.reading.remarks.append(Problem(span, message, "several-documents"))
                return

    def _read_nodes(self, event: Any, next_event: Callable[[], Any]) -> None:
        """Rows for all events of one document. The one hot loop: half a million turns for a big spec."""
        columns = self.columns
        add_code, add_start, add_end = columns.codes.append, columns.starts.append, columns.ends.append
        add_parent, add_content = columns.parents.append, columns.contents.append
        codes, contents = columns.codes, columns.contents
        frames, styles, text = self.frames, _CODES, self.text
        pool: dict[str, str] = {}
        intern = pool.setdefault
        parent, key_next, last_end = -1, False, 0
        keys: Any = None  # of the innermost mapping: key text -> row; None in a sequence
        try:
            while event is not None:
                kind = type(event)
                if kind is ScalarEvent:
                    row = len(codes)
                    start = event.start_mark.index
                    end = event.end_mark.index
                    value = event.value
                    value = intern(value, value)
                    code = styles[event.style]
                    if event.anchor is not None or event.tag is not None:
                        start = self._properties(event, row, start, end)
                    elif start == end:
                        start = end = self._empty_place(last_end, start)
                    if code >= LITERAL:
                        end = _block_end(text, start, end, value)
                    if key_next:
                        key_next = False
                        code |= KEY
                        if keys.setdefault(value, row) != row:
                            self._duplicate(value, keys[value], Span(start, end))
                            keys[value] = row
                    elif keys is not None:
                        key_next = True
                    add_code(code)
                    add_start(start)
                    add_end(end)
                    add_parent(parent)
                    add_content(value)
                    last_end = end
                elif kind is MappingStartEvent or kind is SequenceStartEvent:
                    row = len(codes)
                    start = event.start_mark.index
                    if event.anchor is not None or event.tag is not None:
                        start = self._properties(event, row, start, len(text))
                    if len(frames) >= DEPTH_LIMIT:
                        raise _TooDeep(start)
                    code = BLOCK_MAPPING if kind is MappingStartEvent else BLOCK_SEQUENCE
                    add_code(
                        code + (event.flow_style is True) | (KEY if keys is not None and key_next else 0)
                    )
                    add_start(start)
                    add_end(start)
                    add_parent(parent)
                    add_content(0)
                    frames.append((parent, keys, keys is not None and not key_next))
                    parent = row
                    last_end = start + (text[start : start + 1] in ("{", "["))
                    keys, key_next = ({}, True) if kind is MappingStartEvent else (None, False)
                elif kind is MappingEndEvent or kind is SequenceEndEvent:
                    mark = event.end_mark.index
                    if codes[parent] & 1 and mark > last_end and text[mark - 1] in "]}":
                        last_end = mark
                    columns.ends[parent] = last_end
                    contents[parent] = len(codes)
                    parent, keys, key_next = frames.pop()
                elif kind is AliasEvent:
                    last_end = self._alias(event, parent, keys, key_next)
                    key_next = keys is not None and not key_next
                elif kind is DocumentEndEvent:
                    break
                event = next_event()
        finally:
            if "<<" in pool:
                self._note_merges()
            self.last_end = last_end
            self.open = (parent, keys is not None and not key_next)

    def _properties(self, event: Any, row: int, start: int, limit: int) -> int:
        """Note anchor and tag of a row; where its content starts."""
        columns = self.columns
        if event.anchor is not None:
            columns.anchors[row] = event.anchor
            self.anchors[event.anchor] = row
        if event.tag is not None:
            columns.tags[row] = event.tag
        columns.outer[row] = start
        match = _PROPERTIES.match(self.text, start, limit)
        return start if match is None else match.end()

    def _alias(self, event: Any, parent: int, keys: dict[str, int] | None, is_key: bool) -> int:
        columns = self.columns
        row = len(columns)
        start: int = event.start_mark.index
        end: int = event.end_mark.index
        columns.codes.append(ALIAS | (KEY if keys is not None and is_key else 0))
        columns.starts.append(start)
        columns.ends.append(end)
        columns.parents.append(parent)
        columns.contents.append("*" + event.anchor)
        target = self.anchors.get(event.anchor)
        if target is not None:
            columns.targets[row] = target
            content = columns.contents[target]
            if keys is not None and is_key and type(content) is str:
                if content in keys:
                    self._duplicate(content, keys[content], Span(start, end))
                keys[content] = row
        else:
            message = f"the alias *{event.anchor} names no anchor before it"
            self.reading.problems.append(Problem(Span(start, end), message, "alias-undefined"))
        return end

    def _note_merges(self) -> None:
        columns = self.columns
        for row, content in enumerate(columns.contents):
            if content == "<<" and columns.codes[row] == PLAIN | KEY:
                columns.merges.setdefault(columns.parents[row], []).append(row)

    def _duplicate(self, key: str, first: int, span: Span) -> None:
        if key == "<<":
            return
        related = Span(self.columns.starts[first], self.columns.ends[first])
        message = f"the key {key} stands twice in this mapping"
        self.reading.problems.append(Problem(span, message, "duplicate-key", related))

    def _empty_place(self, last_end: int, mark: int) -> int:
        """Where an empty scalar belongs: behind the colon or dash that announces it, else behind what
        precedes.
        """
        text = self.text
        if (mark > 0 and text[mark - 1] in ":-?") or not len(self.columns):
            return mark
        match = _BLANK.match(text, last_end, mark)
        place = match.end() if match else last_end
        return place + 1 if place < mark and text[place] in ":-?" else last_end

    def _close_all(self) -> None:
        """Give every open collection an end, and a last key without value an empty one."""
        columns = self.columns
        parent, needs_value = self.open
        while parent >= 0:
            if needs_value:
                columns.codes.append(PLAIN)
                columns.starts.append(self.last_end)
                columns.ends.append(self.last_end)
                columns.parents.append(parent)
                columns.contents.append("")
            columns.contents[parent] = len(columns)
            columns.ends[parent] = max(self.last_end, columns.starts[parent])
            parent, keys, key_next = self.frames.pop()
            needs_value = keys is not None and not key_next
        self.frames.clear()


class _TooDeep(Exception):
    def __init__(self, place: int) -> None:
        self.place = place


def _block_end(text: str, start: int, mark: int, value: str) -> int:
    """The end of a block scalar: libyaml's runs on over the blank lines behind it.

    Blank lines that belong to the value (kept by `+`, or of nothing but spaces) stay inside.
    """
    end = mark
    last_line = value.rstrip("\n").rpartition("\n")[2]
    header = text[start : start + 3]
    if "+" in header or (last_line and not last_line.strip()):
        if text[end - 1 : end] == "\n":
            end -= 1
        if text[end - 1 : end] == "\r":
            end -= 1
        return max(end, start + 1)
    while end > start + 1 and text[end - 1] in " \t\r\n":
        end -= 1
    return end


def _fault_of(error: yaml.YAMLError, text: str) -> Fault:
    problem = getattr(error, "problem", None) or "not readable as YAML"
    problem_mark = getattr(error, "problem_mark", None)
    context_mark = getattr(error, "context_mark", None)
    context = None if context_mark is None else min(context_mark.index, len(text))
    place = len(text) if problem_mark is None else min(problem_mark.index, len(text))
    if context is not None and problem in _AT_CONTEXT:
        place, context = context, place
    if text[place : place + 1] == "\t":
        return Fault(place, "a tab cannot indent; use spaces", context, "tab")
    doing = getattr(error, "context", None)
    message = f"{doing}: {problem}" if doing else str(problem)
    return Fault(place, message, context)
