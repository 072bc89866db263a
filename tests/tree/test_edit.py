"""Edits by example: what a person sees afterwards. (That every edit re-reads as intended is in
test_edit_properties.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lsp_server.document import Kind
from lsp_server.text import Edit, apply_edits
from lsp_server.tree import edit
from lsp_server.tree.edit import Unwritable
from lsp_server.tree.node import Node
from lsp_server.tree.repair import read

Operation = Callable[[Node], tuple[Edit, ...]]


def after(text: str, pointer: tuple[str | int, ...], operation: Operation, kind: Kind = Kind.YAML) -> str:
    """The edited text; checked to parse, and to be the same tree apart from what is at the pointer."""
    tree = read(text, kind)
    node = tree.at(pointer)
    assert tree.problems == () and node is not None
    edited = apply_edits(text, operation(node))
    assert read(edited, kind).problems == ()
    return edited


def add(key: str, value: Any, behind: str | None = None) -> Operation:
    return lambda node: edit.add_key("p", node, key, value, behind)


def put(value: Any) -> Operation:
    return lambda node: edit.set_value("p", node, value)


def remove(key: str | int) -> Operation:
    if isinstance(key, int):
        return lambda node: edit.remove_item("p", node, key)
    return lambda node: edit.remove_key("p", node, key)


def append(value: Any, before: int | None = None) -> Operation:
    return lambda node: edit.add_item("p", node, value, before)


CASES: list[tuple[str, tuple[str | int, ...], Operation, str]] = [
    # Adding keys: own indentation, comments, empty brackets.
    ("a:\n    b: 1 # one\n\n# end\n", ("a",), add("c", "x"), "a:\n    b: 1 # one\n    c: x\n\n# end\n"),
    ("a: 1\nc: 3\n", (), add("b", {"x": [1, {"z": 2}]}, "a"), "a: 1\nb:\n  x:\n    - 1\n    - z: 2\nc: 3\n"),
    ("a:\n- 1\n", (), add("b", ["x"]), "a:\n- 1\nb:\n- x\n"),
    ("a: {} # none\nb: 2\n", ("a",), add("c", 1), "a: # none\n  c: 1\nb: 2\n"),
    ("a:\nb: 2\n", ("a",), add("c", 1), "a:\n  c: 1\nb: 2\n"),
    ("- {}\n", (0,), add("c", 1), "- c: 1\n"),
    ("a: {b: 1}\n", ("a",), add("c", "x, y"), 'a: {b: 1, c: "x, y"}\n'),
    (
        "a: {\n  b: 1, # one\n  c: 2 # two\n}\n",
        ("a",),
        add("d", 3),
        "a: {\n  b: 1, # one\n  c: 2, # two\n  d: 3\n}\n",
    ),
    ("'200': {}\n", (), add("404", "gone"), "'200': {}\n'404': gone\n"),
    ("a: 1", (), add("b", "l1\nl2\n"), 'a: 1\nb: "l1\\nl2\\n"'),
    ("a: 1\n", (), add("b", "l1\nl2\n"), "a: 1\nb: |\n  l1\n  l2\n"),
    ("a: |\n  text\n\n\nb: 1\n", (), add("c", 2, "a"), "a: |\n  text\nc: 2\n\n\nb: 1\n"),
    ("a: |+\n  text\n\n\nb: 1\n", (), add("c", 2, "a"), "a: |+\n  text\n\n\nc: 2\nb: 1\n"),
    ("a: |\n  text", (), add("c", 2), "a: |-\n  text\nc: 2"),
    ("a: >+\n  text", (), add("c", 2), "a: >-\n  text\nc: 2"),
    ("a: 1\n...\n", (), add("b", 2), "a: 1\nb: 2\n...\n"),
    ("---\na: 1\n---\nb: 2\n", (), add("c", 3), "---\na: 1\nc: 3\n---\nb: 2\n"),
    (
        "a:\r\n  b: 1\r\n",
        ("a",),
        add("c", {"d": [True]}),
        "a:\r\n  b: 1\r\n  c:\r\n    d:\r\n      - true\r\n",
    ),
    ("\ufeffa: 1\n", (), add("b", 2), "\ufeffa: 1\nb: 2\n"),
    ("? a\n: 1\n", (), add("b", 2), "? a\n: 1\nb: 2\n"),
    ("&r\na: 1\n", (), add("b", 2), "&r\na: 1\nb: 2\n"),
    ("x: &x {b: 1}\na:\n  <<: *x\n", ("a",), add("b", 2), "x: &x {b: 1}\na:\n  <<: *x\n  b: 2\n"),
    # Setting values: quotes, anchors and comments stay.
    ("a: 'x' # why\n", ("a",), put("it's"), "a: 'it''s' # why\n"),
    ("a: x\n", ("a",), put("no"), 'a: "no"\n'),
    ("a: x\n", ("a",), put(None), "a: null\n"),
    ("a: &x 1\nb: *x\n", ("b",), put(2), "a: &x 1\nb: 2\n"),
    ("a: &x 1\nb: *x\n", ("a",), put(2), "a: &x 2\nb: *x\n"),
    ("a: !!str 1\n", ("a",), put(2), "a: 2\n"),
    ("a: &x !!str 1\n", ("a",), put(2), "a: &x 2\n"),
    ("a: # why\n  - 1\nb: 2\n", ("a",), put("x"), "a: x # why\nb: 2\n"),
    ("a: 1 # why\n", ("a",), put({"x": 1}), "a: # why\n  x: 1\n"),
    ("a: |\n  l1\n  l2\nb: 1\n", ("a",), put("m1\nm2\n"), "a: |\n  m1\n  m2\nb: 1\n"),
    ("? a\n? b\n", ("a",), put(1), "? a\n: 1\n? b\n"),
    ("{a, b}\n", ("a",), put(1), "{a: 1, b}\n"),
    ("[a: 1, b]\n", (0, "a"), put("x"), "[a: x, b]\n"),
    # Removing: with the line, never with what belongs to others.
    ("a: 1\n# about b\nb: 2 # two\nc: 3\n", (), remove("b"), "a: 1\n# about b\nc: 3\n"),
    ("a:\n  b: 1\nc: 2\n", ("a",), remove("b"), "a: {}\nc: 2\n"),
    ("a:\n- b: 1\n  c: 2\n", ("a", 0), remove("b"), "a:\n- c: 2\n"),
    ("a:\n- 1\n- 2\n", ("a",), remove(0), "a:\n- 2\n"),
    ("a:\n- 1\n", ("a",), remove(0), "a: []\n"),
    ("a: |+\n  t\nb: 1\n\n\nc: 2\n", (), remove("b"), "a: |+\n  t\nc: 2\n"),
    ("a: |\n  t\nb: 1\n  # mine\nc: 2\n", (), remove("b"), "a: |\n  t\nc: 2\n"),
    ("a: 1\nb: 2", (), remove("b"), "a: 1\n"),
    ("{a: 1, b: 2, c: 3}\n", (), remove("b"), "{a: 1, c: 3}\n"),
    ("[1, 2, 3,]\n", (), remove(2), "[1, 2,]\n"),
    ("? a\n: 1\n? b\n: 2\n", (), remove("a"), "? b\n: 2\n"),
    # Items.
    ("a: [x]\n", ("a",), append("z"), "a: [x, z]\n"),
    ("a: [x]\n", ("a",), append("z", 0), "a: [z, x]\n"),
    ("a: [] # none\n", ("a",), append({"k": 1}), "a: # none\n  - k: 1\n"),
    ("- 1 # one\n- 2\n", (), append({"k": "v", "l": []}, 1), "- 1 # one\n- k: v\n  l: []\n- 2\n"),
    ("- - 1\n", (0,), append(2), "- - 1\n  - 2\n"),
    ("- - 1\n", (0,), append(2, 0), "- - 2\n  - 1\n"),
]


@pytest.mark.parametrize(("text", "pointer", "operation", "wanted"), CASES)
def test_yaml(text: str, pointer: tuple[str | int, ...], operation: Operation, wanted: str) -> None:
    assert after(text, pointer, operation) == wanted


JSON_CASES: list[tuple[str, tuple[str | int, ...], Operation, str]] = [
    ('{"a": 1}', (), add("b", [1, {"c": None}]), '{"a": 1, "b": [1, {"c": null}]}'),
    (
        '{\n    "a": 1\n}\n',
        (),
        add("b", {"c": "é"}),
        '{\n    "a": 1,\n    "b": {\n        "c": "é"\n    }\n}\n',
    ),
    ('{\n  "a": 1,\n  "c": 3\n}', (), add("b", 2, "a"), '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}'),
    ('{\r\n  "a": {}\r\n}', ("a",), add("b", 2), '{\r\n  "a": {\r\n    "b": 2\r\n  }\r\n}'),
    ('{\n  "a": 1,\n  "b": 2\n}', (), remove("b"), '{\n  "a": 1\n}'),
    ('{\n  "a": 1,\n  "b": 2\n}', (), remove("a"), '{\n  "b": 2\n}'),
    ('{"a": [1]}', ("a",), remove(0), '{"a": []}'),
    ('{"a": 1}', ("a",), put('x"'), '{"a": "x\\""}'),
    ("[\n  1\n]", (), append(2, 0), "[\n  2,\n  1\n]"),
]


@pytest.mark.parametrize(("text", "pointer", "operation", "wanted"), JSON_CASES)
def test_json(text: str, pointer: tuple[str | int, ...], operation: Operation, wanted: str) -> None:
    assert after(text, pointer, operation, Kind.JSON) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: 1\n", "new key: 1\n"),
        ("'a': 1\n", "'new key': 1\n"),
        ('{"a":1}', '{"new key":1}'),
        ("? a\n: 1\n", "? new key\n: 1\n"),
        ("{a}\n", "{new key}\n"),
        ("!!str a: 1\n", "!!str new key: 1\n"),
    ],
)
def test_renaming_keeps_quotes(text: str, wanted: str) -> None:
    assert after(text, (), lambda node: edit.rename_key("p", node, "a", "new key")) == wanted


@pytest.mark.parametrize(
    ("text", "pointer", "operation"),
    [
        ("a: 1\na: 2\n", (), remove("a")),
        ("a: 1\n", (), add("a", 2)),
        ("a: 1\n", (), remove("b")),
        ("a: 1\n", (), add("b", 1, "x")),
        ("a: &x 1\nb: *x\n", (), remove("a")),
        ("a: {b: &x 1}\nc: *x\n", ("a",), put(1)),
        ("a: &x {b: 1}\nc: *x\n", ("c",), add("d", 1)),
        ("a: [\n", ("a",), append(1)),
        ("a: 1\n", ("a",), add("b", 1)),
        ("a: 1\n", ("a",), append(1)),
        ("- 1\n", (), remove(3)),
        ("[a: 1]\n", (0,), add("b", 1)),
        ("? {a: 1}\n: 2\n", (), lambda n: edit.add_key("p", next(n.entries())[0], "b", 1)),
        ("a: 1\n", ("a",), put("\ud800")),
        ("a: 1\n", (), add("<<", 1)),
        ("&x a: 1\nb: *x\n", (), remove("a")),
    ],
)
def test_what_cannot_be_written_is_refused(
    text: str, pointer: tuple[str | int, ...], operation: Operation
) -> None:
    node = read(text, Kind.YAML).at(pointer)
    assert node is not None
    with pytest.raises(Unwritable):
        operation(node)


class TestFirstEntries:
    """An entry before all others: below the key that holds them, above the comments of what was first."""

    @pytest.mark.parametrize(
        ("text", "pointer", "expected"),
        [
            ("a:\n  # of b\n  b: 1\n", ("a",), "a:\n  k: [1, 2]\n  # of b\n  b: 1\n"),
            ("- b: 1\n  c: [x]\n", (0,), "- k: [1, 2]\n  b: 1\n  c: [x]\n"),
            ("a: {b: [1]}\n", ("a",), "a: {k: [1, 2], b: [1]}\n"),
            ("# top\nb: [1]\n", (), "# top\nk: [1, 2]\nb: [1]\n"),
        ],
    )
    def test_in_yaml(self, text: str, pointer: tuple[str | int, ...], expected: str) -> None:
        if "[" not in text:
            expected = expected.replace("k: [1, 2]\n", "k:\n    - 1\n    - 2\n")
        assert after(text, pointer, lambda node: edit.add_key("p", node, "k", [1, 2], first=True)) == expected

    def test_in_json(self) -> None:
        text = '{\n  "b": 1\n}\n'
        expected = '{\n  "k": true,\n  "b": 1\n}\n'
        assert after(text, (), lambda node: edit.add_key("p", node, "k", True, first=True), Kind.JSON) == expected


def test_short_lists_stand_in_brackets_where_a_document_has_them_so() -> None:
    """Lists of scalars only; what is longer than a line takes lines."""
    assert after("a: [x, y]\nb: 1\n", (), add("c", ["p", "q"])) == "a: [x, y]\nb: 1\nc: [p, q]\n"
    assert after("a:\n  - x\nb: 1\n", (), add("c", ["p"])) == "a:\n  - x\nb: 1\nc:\n  - p\n"
    assert "\n  - " in after("a: [x, y]\n", (), add("c", ["word" * 10, "word" * 20]))
