"""Reading JSON: the same values as the standard library's, with places; faults named, half-typed text
kept.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_yaml import consistent

from lsp_server.document import Kind
from lsp_server.tree.node import Style
from lsp_server.tree.repair import read

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(_VALUES, st.sampled_from([None, 0, 1, 4]), st.booleans())
def test_values_are_those_of_the_standard_library(value: Any, indent: int | None, ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    found = read(text, Kind.JSON)
    assert found.problems == () and found.complete and found.root is not None
    assert found.root.value == json.loads(text)
    for node in found.nodes():
        if not node.is_key:
            assert json.loads(node.raw) == node.value
    consistent(found)


def test_places_and_styles() -> None:
    text = '\ufeff{"a\\n": [1, {"b": "x"}], "c": -1.5e3}\r\n'
    found = read(text, Kind.JSON)
    node = found.at(("a\n", 1, "b"))
    assert node is not None and node.raw == '"x"' and node.style is Style.DOUBLE
    assert node.key is not None and node.key.raw == '"b"' and node.pointer == ("a\n", "1", "b")
    number = found.at(("c",))
    assert number is not None and number.raw == "-1.5e3" and number.value == -1500.0
    assert found.pointer_at(text.index('"x"') + 1) == ("a\n", "1", "b")


def test_a_duplicate_key_names_both_places() -> None:
    text = '{"a": 1, "b": {"a": 2}, "a": 3}'
    (problem,) = read(text, Kind.JSON).problems
    assert problem.code == "duplicate-key" and problem.related is not None
    assert (problem.related.start, problem.span.start) == (text.index('"a"'), text.rindex('"a"'))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1,}', "}"),
        ("[1,]", "]"),
        ('{"a" 1}', "1"),
        ('{"a": 1 "b": 2}', '"b"'),
        ("[1 2]", "2"),
        ("{'a': 1}", "'a'"),
        ('{"a": // note\n 1}', "//"),
        ('{"a": tru}', "tru"),
        ("[1] 2", "2"),
        ('{"a": "x\n}', '"x'),
        ('["\\q"]', "\\q"),
        ("[01]", "1]"),
        ("[NaN]", "NaN"),
        ('{"a": }', "}"),
        ("[}", "}"),
    ],
)
def test_a_fault_is_named_at_its_place(text: str, place: str) -> None:
    found = read(text, Kind.JSON)
    assert not found.complete
    assert found.problems[0].code == "syntax"
    assert found.problems[0].span.start == text.index(place)


@pytest.mark.parametrize("text", ["", " ", "\ufeff", "\n"])
def test_texts_without_content(text: str) -> None:
    assert read(text, Kind.JSON).root is None


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 1000, "[" * 300 + "]" * 300])
def test_deep_nesting_is_refused_without_recursion(text: str) -> None:
    found = read(text, Kind.JSON)
    assert found.problems[0].code == "depth"
    assert found.root is not None and len(str(found.root.value)) < 2000


_PIECES = st.sampled_from(
    [
        '"a"',
        '"b',
        ":",
        ",",
        "{",
        "}",
        "[",
        "]",
        "1",
        "-",
        "true",
        "nul",
        "\n",
        "\n  ",
        " ",
        "//",
        "\\",
        '"',
        "x",
        "\r\n",
        "\x00",
        "\ufeff",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=30).map("".join)))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    found = read(text, Kind.JSON)
    consistent(found)
    try:
        wanted = json.loads(text.removeprefix("\ufeff"), parse_constant=int)  # int("NaN") is an error
    except ValueError:
        assert found.root is None or not found.complete
    else:
        assert found.complete and found.root is not None and found.root.value == wanted


GOOD = """\
{
  "paths": {
    "/a": {
      "get": {"operationId": "a"},
      "tags": ["x", "y"]
    },
    "/b": {
      "get": {
        "operationId": "b"
      }
    }
  },
  "last": true
}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"tags": ["x", "y"]', '"tags": ["x", "y'),
        ('"tags": ["x", "y"]', '"tags": '),
        ('"tags": ["x", "y"]', '"ta'),
        ('"operationId": "b"', '"operationId": "b",'),
        ('["x", "y"]', '["x" "y"]'),
        ('["x", "y"]\n    },', '["x", "y"]\n    }'),
        ('"/b": {', '"/b":'),
        ('"/b": {', '"/b": '),
        ('"tags": ["x", "y"]\n    },', '"tags": ["x", "y"]\n'),
        ('"get": {\n', '"get": {\n        "summary": "half\n'),
        ('"get": {\n', '"get": {\n        summ\n'),
        ('"get": {\n', '"get": {\n        "x": {\n'),
        ('"get": {\n', '"get": {\n        }\n'),
        ('"last": true\n}', '"last": true'),
    ],
)
def test_a_half_typed_line_costs_only_itself(old: str, new: str) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    found = read(text, Kind.JSON)
    assert not found.complete and found.problems[0].code == "syntax"
    for pointer in (("paths", "/a", "get", "operationId"), ("last",)):
        node = found.at(pointer)
        assert node is not None and text[node.span.start : node.span.end] == node.raw != ""
    assert found.at(("paths", "/b", "get", "operationId")) is not None
