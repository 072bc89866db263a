"""Half-typed documents: the broken line is mended, the rest of the tree stays, and the problem is told at
its place.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_yaml import consistent

from lsp_server.document import Kind
from lsp_server.tree.node import Node, Tree
from lsp_server.tree.repair import read


def specification(operations: int) -> str:
    """A spec of 22 lines for each operation, in the style people write."""
    parts = ["openapi: 3.1.0\ninfo:\n  title: Things\n  version: '1'\npaths:\n"]
    for number in range(operations):
        parts.append(
            f"  /things/{number}/{{id}}:\n    get:\n      summary: Get thing {number}\n"
            f"      operationId: get-{number}\n"
            f"      tags: [things, 'more things']\n      parameters:\n      - name: id\n        in: path\n"
            f"        required: true\n        schema: {{type: integer, minimum: {number}}}\n"
            f"      - $ref: '#/components/parameters/page'\n      description: |\n        One thing.\n\n"
            f"        Never: two.\n      responses:\n        '200':\n          description: \"found: one\"\n"
            f"          content:\n            application/json:\n              schema:\n"
            f"                $ref: '#/components/schemas/Thing{number}'\n"
        )
    return "".join(parts)


def paths(tree: Tree) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()

    def visit(node: Node, at: tuple[str, ...]) -> None:
        for key, value in node.entries():
            found.add((*at, key.text))
            visit(value, (*at, key.text))
        for number, value in enumerate(node.elements()):
            visit(value, (*at, str(number)))

    if tree.root is not None:
        visit(tree.root, ())
    return found


def states(text: str, seed: int, count: int) -> list[str]:
    """Texts in the middle of an edit: a line cut anywhere, or a half-typed line put in."""
    chance = random.Random(seed)
    typed = [
        "resp",
        '"foo',
        "a: [1, ",
        "a: {",
        "- ",
        "- x: ",
        'b: "bar',
        "x: @",
        "c: &",
        "d: *",
        "b: c: d",
        "\tq: 1",
        "'20",
        "type: 'str",
        "$re",
        "k: |",
        "k: - a",
    ]
    lines = text.split("\n")
    found = []
    for _ in range(count):
        number = chance.randrange(len(lines) - 1)
        line = lines[number]
        if chance.random() < 0.7:
            edited = [*lines[:number], line[: chance.randrange(len(line) + 1)], *lines[number + 1 :]]
        else:
            indent = line[: len(line) - len(line.lstrip())]
            edited = [*lines[:number], indent + chance.choice(typed), *lines[number:]]
        found.append("\n".join(edited))
    return found


@pytest.mark.parametrize("with_previous", [False, True])
@pytest.mark.parametrize("kind", [Kind.YAML, Kind.JSON])
def test_almost_every_half_typed_state_keeps_almost_every_key(kind: Kind, with_previous: bool) -> None:
    text = specification(45)
    if kind is Kind.JSON:
        text = json.dumps(read(text, Kind.YAML).root.value, indent=2)  # type: ignore[union-attr]
    good = read(text, kind)
    assert good.complete and text.count("\n") > 900
    wanted = paths(good)
    attempts = states(text, 7, 200)
    kept = sum(
        len(paths(read(state, kind, good if with_previous else None)) & wanted) >= 0.95 * len(wanted)
        for state in attempts
    )
    assert kept >= 0.95 * len(attempts)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("title: Things", 'title: "Things', '"Things'),
        ("title: Things", "title: @Things", "@Things"),
        ("title: Things", "title: [Things", "[Things"),
        ("title: Things", "title: {a: ", "{a"),
        ("title: Things", "titl", "titl\n"),
        ("title: Things", "title: a: b", ": b"),
        ("title: Things", "\ttitle: x", "\ttitle"),
        ("title: Things", "title: *", "*"),
        ("  title: Things\n", "  title: Things\n  'half\n", "'half"),
        ("info:\n", "info\n", "info\n"),
        ("info:\n", "\n", None),
    ],
)
def test_positions_are_those_of_the_text_as_it_is(old: str, new: str, place: str | None) -> None:
    text = specification(3).replace(old, new)
    tree = read(text, Kind.YAML)
    assert not tree.complete and tree.problems[0].code in ("syntax", "tab")
    if place is not None:
        assert tree.problems[0].span.start == text.index(place)
    for number in range(3):
        node = tree.at(("paths", f"/things/{number}/{{id}}", "get", "responses", "200", "description"))
        assert node is not None and node.raw == '"found: one"'
        assert node.key is not None and node.key.raw == "description"
        nested = tree.at(("paths", f"/things/{number}/{{id}}", "get", "parameters", 0, "schema", "minimum"))
        assert nested is not None and nested.raw == str(number)


def test_a_half_typed_key_keeps_its_children() -> None:
    text = specification(2).replace("  /things/1/{id}:\n", "  /things/1/{i\n")
    tree = read(text, Kind.YAML)
    assert tree.at(("paths", "/things/0/{id}", "get", "operationId")) is not None
    assert len([path for path in paths(tree) if path[-1] == "operationId"]) == 2


def test_the_last_good_tree_serves_with_shifted_positions() -> None:
    good_text = specification(3)
    good = read(good_text, Kind.YAML)
    broken_text = good_text.replace("info:\n", "info: ]]}{ ' \"\n   - ]\n x\n", 1)
    tree = read(broken_text, Kind.YAML, good)
    assert not tree.complete and tree.problems
    node = tree.at(("paths", "/things/2/{id}", "get", "operationId"))
    assert node is not None and node.raw == "get-2"
    again = read(broken_text.replace("get-2", "get-22"), Kind.YAML, tree)
    node = again.at(("paths", "/things/1/{id}", "get", "operationId"))
    assert node is not None and node.raw == "get-1"


def test_a_text_broken_beyond_repair_keeps_what_stands_before() -> None:
    text = specification(2) + "]]: {\n - ]\n\t}\n: : :\n'\n"
    tree = read(text, Kind.YAML)
    assert not tree.complete
    assert tree.at(("paths", "/things/1/{id}", "get", "operationId")) is not None


_GOOD = specification(2)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_edit_makes_reading_raise(data: Any) -> None:
    start = data.draw(st.integers(0, len(_GOOD)))
    end = data.draw(st.integers(start, min(len(_GOOD), start + 60)))
    inserted = data.draw(st.text(alphabet=" \n\t:-[]{}'\"#&*|>ab", max_size=12))
    text = _GOOD[:start] + inserted + _GOOD[end:]
    good = read(_GOOD, Kind.YAML)
    first = read(text, Kind.YAML, good)
    consistent(first)
    consistent(read(text, Kind.YAML))
    cut = data.draw(st.integers(0, len(text)))
    consistent(read(text[:cut], Kind.YAML, first))
