"""Edits one after the other, given back as edits of the text as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.document import Kind
from lsp_server.text import apply_edits
from lsp_server.tree.draft import Draft
from lsp_server.tree.edit import Unwritable
from lsp_server.tree.repair import read

TEXTS = {
    "block": "a:\n  b: 1  # one\n  c: [x]\nd: 2\n",
    "flow": "{a: {b: 1, c: [x]}, d: 2}\n",
    "json": '{\n  "a": {"b": 1, "c": ["x"]},\n  "d": 2\n}\n',
}


def draft_of(name: str) -> Draft:
    return Draft({"f": read(TEXTS[name], Kind.JSON if name == "json" else Kind.YAML)})


def result(name: str, draft: Draft) -> object:
    text = apply_edits(TEXTS[name], draft.edits())
    tree = read(text, Kind.JSON if name == "json" else Kind.YAML)
    assert tree.problems == () and tree.root is not None
    return tree.root.value


@pytest.mark.parametrize("name", TEXTS)
def test_an_edit_sees_the_ones_before_it(name: str) -> None:
    draft = draft_of(name)
    draft.remove("f", ("a",), "b")
    draft.add("f", ("a",), "new", {"deep": {}})
    draft.put("f", ("a", "new", "deep"), "x", 1)
    draft.put("f", ("a", "new", "deep"), "x", 2)
    draft.add_item("f", ("a", "c"), "y")
    draft.remove_item("f", ("a", "c"), 0)
    draft.remove("f", (), "d")
    assert result(name, draft) == {"a": {"c": ["y"], "new": {"deep": {"x": 2}}}}


def test_nothing_edited_is_no_edit() -> None:
    draft = draft_of("block")
    draft.set("f", ("d",), 2)
    draft.remove("f", (), "absent")
    assert draft.edits() == ()


def test_order_says_where_a_new_key_stands() -> None:
    draft = draft_of("block")
    draft.put("f", ("a",), "new", 0, ("b", "new", "c"))
    assert apply_edits(TEXTS["block"], draft.edits()) == TEXTS["block"].replace("# one\n", "# one\n  new: 0\n")


def test_a_place_that_is_not_there() -> None:
    with pytest.raises(Unwritable, match="there is no a/x in f"):
        draft_of("block").set("f", ("a", "x"), 1)


STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove"]), st.sampled_from("abcde"), st.integers(0, 9)), max_size=8)


@given(name=st.sampled_from(sorted(TEXTS)), steps=STEPS)
def test_any_sequence_ends_as_it_would_on_plain_data(name: str, steps: list[tuple[str, str, int]]) -> None:
    draft = draft_of(name)
    expected: dict[str, object] = {"a": {"b": 1, "c": ["x"]}, "d": 2}
    for step, key, value in steps:
        if step == "put":
            draft.put("f", (), key, value)
            expected[key] = value
        else:
            draft.remove("f", (), key)
            expected.pop(key, None)
    assert result(name, draft) == expected
