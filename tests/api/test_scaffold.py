"""Routes as source: laid out as formatters do it."""

from __future__ import annotations

import ast

import pytest

from lsp_server.api.scaffold import RouteDraft, bracketed, folded


def draft(**changes: object) -> RouteDraft:
    parts: dict[str, object] = {
        "decorator": "router.get", "arguments": ('"/users/{id}"',), "name": "read_user", "parameters": ("id: int",), "returns": None,
        "docstring": None, "body": ("return id",),
    }  # fmt: skip
    return RouteDraft(**{**parts, **changes})  # type: ignore[arg-type]


def test_a_short_route_stands_on_short_lines() -> None:
    assert draft().source == '@router.get("/users/{id}")\ndef read_user(id: int):\n    return id'


def test_what_is_too_long_for_one_line_gets_a_line_of_its_own_then_one_each() -> None:
    parameters = ("session: SessionDep", "current_user: CurrentUser", "id: uuid.UUID", "skip: int = 0")
    assert "def read_user(\n    session: SessionDep, current_user" in draft(parameters=parameters).source
    source = draft(parameters=(*parameters, "limit: int = 100", "order_by: Order = Order.NEWEST")).source
    assert "    session: SessionDep,\n    current_user: CurrentUser,\n" in source
    ast.parse(source)


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("text", ["One user.", 'Says "hello"', 'Three """ quotes', "A back\\slash", "Two\nlines", "x" * 200, "word " * 60])
def test_every_docstring_is_python(text: str, below: bool) -> None:
    tree = ast.parse(draft(docstring=text, docstring_below=below).source)
    assert ast.get_docstring(tree.body[0])  # type: ignore[arg-type]


def test_long_statements_are_folded_at_their_last_brackets() -> None:
    line = 'raise HTTPException(status_code=404, detail="There is no such user in this organisation, or it is not yours")'
    assert folded(line, 60) == (
        'raise HTTPException(\n    status_code=404,\n    detail="There is no such user in this organisation, or it is not yours",\n)'
    )
    assert folded("return 1", 60) == "return 1"
    assert folded("if first_condition and second_condition and another_condition_of_some_length:", 40).count("\n") == 0


def test_nothing_is_cut_at_commas_in_texts() -> None:
    assert bracketed("f(", ('"a, b"', "c"), ")", 8) == 'f(\n    "a, b",\n    c,\n)'
    assert folded('call("a, b", [1, 2], {"x": (3, 4)}, "another, one", and_more=True)', 40).count("\n") == 6
