"""The tree's view: places, lookup, aliases, merge keys. Places are compared by slicing the source."""

from __future__ import annotations

import pytest

from lsp_server.document import Kind as DocumentKind
from lsp_server.tree.node import Kind, Node, Style, Tree
from lsp_server.tree.repair import read
from lsp_server.unknown import Unknown

SPEC = """\
openapi: 3.1.0  # the version
paths:
  /users/{id}:
    get: &get
      tags: [users, "the admins"]
      responses:
        '200':
          description: |
            All of it.

            Twice.

        404: {description: gone}
  /legacy:
    get: *get
components:
  schemas:
    Base: &base
      type: object
      required:
      - id
      -
    User:
      <<: *base
      type: string
      ? long key
      : >-
        folded
        text
"""


def tree(text: str, kind: DocumentKind = DocumentKind.YAML) -> Tree:
    found = read(text, kind)
    assert found.problems == ()
    return found


def at(found: Tree, *pointer: str | int) -> Node:
    node = found.at(pointer)
    assert node is not None
    return node


def cut(found: Tree, node: Node) -> str:
    return found.source[node.span.start : node.span.end]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("lead", ["", "\ufeff", "# \U0001f600 é\n", "---\n"])
def test_spans_slice_the_source(lead: str, newline: str) -> None:
    spec = tree((lead + SPEC).replace("\n", newline))
    expected = {
        ("openapi",): "3.1.0",
        ("paths", "/users/{id}", "get", "tags"): '[users, "the admins"]',
        ("paths", "/users/{id}", "get", "tags", 1): '"the admins"',
        ("paths", "/users/{id}", "get", "responses", "200", "description"): "|\n            All of it.\n\n"
        "            Twice.",
        ("paths", "/users/{id}", "get", "responses", "404"): "{description: gone}",
        ("paths", "/legacy"): "get: *get",
        ("paths", "/legacy", "get"): "*get",
        ("components", "schemas", "Base"): "type: object\n      required:\n      - id\n      -",
        ("components", "schemas", "Base", "required", 1): "",
        ("components", "schemas", "User", "long key"): ">-\n        folded\n        text",
    }
    for pointer, text in expected.items():
        assert cut(spec, at(spec, *pointer)) == text.replace("\n", newline), pointer
    empty = at(spec, "components", "schemas", "Base", "required", 1)
    assert spec.source[: empty.span.start].endswith("-")
    anchored = at(spec, "paths", "/users/{id}", "get")
    assert spec.source[anchored.outer_span.start :].startswith("&get")
    assert spec.source[anchored.span.start :].startswith("tags:")


def test_keys_have_places_and_parents() -> None:
    spec = tree(SPEC)
    status = at(spec, "paths", "/users/{id}", "get", "responses", "200")
    assert status.key is not None and status.key_span is not None
    assert SPEC[status.key_span.start : status.key_span.end] == "'200'"
    assert status.key.is_key and status.key.style is Style.SINGLE and status.key.text == "200"
    assert status.pointer == status.key.pointer == ("paths", "/users/{id}", "get", "responses", "200")
    assert status.parent == at(spec, "paths", "/users/{id}", "get", "responses")
    assert spec.root is not None and spec.root.parent is None and spec.root.key is None


def test_pointer_at_every_node_leads_back_to_it() -> None:
    spec = tree(SPEC)
    for node in spec.nodes():
        if node.is_scalar and node.style is not Style.ALIAS and node.raw:
            assert spec.pointer_at(node.span.start) == node.pointer
            assert spec.pointer_at(node.span.end - 1) == node.pointer
            if node.raw != "<<":
                assert node.is_key or spec.at(node.pointer) == node


def test_entries_as_written_items_as_meant() -> None:
    user = at(tree(SPEC), "components", "schemas", "User")
    assert [key.text for key, _ in user.entries()] == ["<<", "type", "long key"]
    assert {key: value.kind for key, value in user.items()} == {
        "type": Kind.SCALAR,
        "long key": Kind.SCALAR,
        "required": Kind.SEQUENCE,
    }
    assert user.get("type").value == "string"  # type: ignore[union-attr]
    required = user.get("required")
    assert required is not None and required.pointer == ("components", "schemas", "Base", "required")
    assert user.get("<<") is None and user.get("missing") is None


def test_an_alias_is_what_it_stands_for_but_keeps_its_place() -> None:
    spec = tree(SPEC)
    alias = at(spec, "paths", "/legacy", "get")
    assert alias.kind is Kind.MAPPING and alias.style is Style.ALIAS
    assert alias.target == at(spec, "paths", "/users/{id}", "get") and alias.target.anchor == "get"
    assert alias.pointer == ("paths", "/legacy", "get")
    assert at(spec, "paths", "/legacy", "get", "tags", 0).value == "users"


def test_get_finds_every_key_of_a_big_mapping_and_the_last_of_equal_ones() -> None:
    names = [f"key{n}" for n in range(3000)]
    big = tree("".join(f"{name}: {n}\n" for n, name in enumerate(names)))
    assert big.root is not None
    assert [big.root.get(name).value for name in names] == list(range(3000))  # type: ignore[union-attr]
    assert len(big.root) == 3000
    twice = read('{"a": 1, "b": 2, "a": 3}', DocumentKind.JSON)
    assert twice.root is not None and twice.root.value == {"a": 3, "b": 2}
    assert twice.root.get("a").value == 3  # type: ignore[union-attr]


def test_numbers_address_items_and_number_like_keys() -> None:
    found = tree("codes: {200: ok}\nlist: [a, b]\n")
    assert at(found, "codes", 200).value == at(found, "codes", "200").value == "ok"
    assert at(found, "list", "1").value == at(found, "list", 1).value == "b"
    assert (
        found.at(("list", 2)) is None
        and found.at(("list", "x")) is None
        and found.at(("codes", 200, "x")) is None
    )


def test_an_alias_that_cannot_be_followed_is_unknown() -> None:
    found = read("a: *nowhere\n", DocumentKind.YAML)
    node = at(found, "a")
    assert node.kind is Kind.ALIAS and isinstance(node.value, Unknown)
    assert not list(node.entries()) and node.get("x") is None and node.text == ""


@pytest.mark.parametrize("text", ["", "\ufeff", "# nothing\n", "---\n...\n", " \n\n"])
def test_texts_without_content(text: str) -> None:
    found = tree(text)
    assert found.root is None or found.root.value is None
    assert found.at(("a",)) is None and found.pointer_at(0) == ()
