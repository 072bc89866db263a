"""Places in every encoding, and incremental edits: whatever an editor may send, both sides keep the same text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as t

from lsp_server.document import Document
from lsp_server.lsp.convert import Places
from lsp_server.text import LineIndex, Span

ENCODINGS = ("utf-8", "utf-16", "utf-32")
TEXT = st.text(st.sampled_from("ab \t\r\n\u2028\u0085\x0c\x1cäß→\ud800😀𝒳"), max_size=40)


def units(text: str, encoding: str) -> int:
    if encoding == "utf-32":
        return len(text)
    if encoding == "utf-16":
        return sum(2 if ord(character) > 0xFFFF else 1 for character in text)
    return sum(len(character.encode("utf-8", "surrogatepass")) for character in text)


def counted(text: str, offset: int, encoding: str) -> t.Position:
    """A position by counting, independent of our line index."""
    lines = re.split(r"\r\n|\n|\r", text[:offset])
    return t.Position(line=len(lines) - 1, character=units(lines[-1], encoding))


def inside_break(text: str, offset: int) -> bool:
    return text[offset - 1 : offset + 1] == "\r\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXT, data=st.data())
def test_an_offset_survives_the_way_to_the_client_and_back(encoding: str, text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    document, places = Document("a.py", text), Places(encoding)
    if not inside_break(text, offset):
        position = places.position(document, offset)
        assert position == counted(text, offset, encoding)
        assert places.offset(document, position) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXT, line=st.integers(0, 12), character=st.integers(0, 90))
def test_any_position_is_in_the_text(encoding: str, text: str, line: int, character: int) -> None:
    offset = Places(encoding).offset(Document("a.py", text), t.Position(line=line, character=character))
    assert 0 <= offset <= len(text)


@given(text=TEXT, new=TEXT, data=st.data())
def test_an_edited_line_index_is_the_one_made_anew(text: str, new: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    document = Document("a.py", text)
    edited = document.edited(Span(start, end), new, 2)
    assert edited.text == text[:start] + new + text[end:]
    assert edited.lines.starts == LineIndex(edited.text).starts
    assert edited.lines.position(len(edited.text)) == LineIndex(edited.text).position(len(edited.text))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXT, edits=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), TEXT), max_size=6))
def test_incremental_edits_keep_both_sides_equal(encoding: str, text: str, edits: list[tuple[int, int, str]]) -> None:
    """An editor that counts in its own way sends ranges; after each we must have its text."""
    document, places = Document("a.py", text), Places(encoding)
    for first, second, new in edits:
        start, end = sorted((min(first, len(text)), min(second, len(text))))
        if inside_break(text, start) or inside_break(text, end):
            continue  # No editor has a cursor between CR and LF.
        range_ = t.Range(start=counted(text, start, encoding), end=counted(text, end, encoding))
        document = document.edited(places.span(document, range_), new, 2)
        text = text[:start] + new + text[end:]
        assert document.text == text
