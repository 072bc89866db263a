"""Python text that is half-typed or newer than our interpreter is still read, with every position kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.python.module import read_module
from lsp_server.python.syntax import parse

SOURCE = '''from fastapi import APIRouter

router = APIRouter()


@router.get("/users")
def list_users(limit: int = 10):
    return []


@router.post("/users")
def create_user():
    """Creates one."""
    return {}


class Settings:
    prefix = "/api"
'''


def names(text: str) -> list[str]:
    """What the top level defines."""
    return [node[3] for node in read_module("m.py", text).body if node[0] in ("def", "class")]


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ('@router.post("/users")', '@router.post("/users', {"list_users", "Settings"}),
        ("def create_user():", "def create_user(", {"list_users", "Settings"}),
        ("    return []", "    return [", {"list_users", "create_user", "Settings"}),
        ("    return []", "    return foo.", {"list_users", "create_user", "Settings"}),
        ('    prefix = "/api"', "    prefix = ", {"list_users", "create_user"}),
        ("router = APIRouter()", "router = APIRouter(", {"create_user", "Settings"}),
        ("    return {}", "    if x", {"list_users", "Settings"}),
        ("def list_users(limit: int = 10):", "def list_users(limit: int = 10)", {"create_user", "Settings"}),
    ],
)
def test_half_typed_line_leaves_the_rest(before: str, after: str, kept: set[str]) -> None:
    """One broken line costs at most the definition it stands in."""
    facts = read_module("m.py", SOURCE.replace(before, after))
    assert facts.problems
    assert kept <= set(names(SOURCE.replace(before, after)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("class Page[T](Base):\n    items: list[T]\n", "Page"),
        ("class Page[\n    T: Base,\n    U,\n](\n    Generic,\n):\n    pass\n", "Page"),
        ("class Page[T]:\n    pass\n", "Page"),
        ("def first[T](items: list[T]) -> T:\n    return items[0]\n", "first"),
        ("async def first[T: (int, str)](x: T) -> T:\n    return x\n", "first"),
        ("def f():\n    try:\n        pass\n    except ValueError, TypeError:\n        pass\n", "f"),
        ("def f(d):\n    return f\"{d[\"key\"]}\"\n", "f"),
        ("def f(d):\n    return f\"{\n        d\n    }\"\n", "f"),
        ("def f(d):\n    return f\"{\n        d('x')\n    }/{d}\"\n", "f"),
    ],
)
def test_newer_grammar_is_read(text: str, name: str) -> None:
    facts = read_module("m.py", text)
    assert facts.problems == ()
    (node,) = facts.body
    assert node[3] == name
    start, end = node[4]
    assert text[start:end] == name


def test_type_parameters_are_known() -> None:
    (node,) = read_module("m.py", "class Page[T, *Rest](Base):\n    pass\n").body
    assert node[-1] == ("T", "Rest")


def test_type_alias_binds_its_name() -> None:
    (node,) = read_module("m.py", "type Id = int | str\n").body
    assert node[0] == "assign"
    assert node[3][0][3] == "Id"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_offsets_count_code_points(newline: str) -> None:
    """Characters above U+FFFF, U+2028 and every line break count as Python strings count them."""
    text = newline.join(['a = "🙂\u2028é"', 'b = ["🙂", target]', ""])
    _, second = read_module("m.py", text).body
    item = second[4][3][1]
    assert text[item[1] : item[2]] == "target"


@given(st.text(max_size=200))
def test_never_raises(text: str) -> None:
    parse(text)
    read_module("m.py", text)


@given(st.integers(0, len(SOURCE)), st.integers(0, 30), st.text("()[]{}'\":,. =@abc\n\t", max_size=5))
def test_never_raises_on_edited_sources(start: int, length: int, inserted: str) -> None:
    read_module("m.py", SOURCE[:start] + inserted + SOURCE[start + length :])


def places(text: str, previous: str | None = None) -> dict[str, str]:
    """The text at the place of each top-level name."""
    body = read_module("m.py", text, previous).body
    return {node[3]: text[node[4][0] : node[4][1]] for node in body if node[0] in ("def", "class")}


@given(st.integers(0, len(SOURCE)), st.integers(0, 12), st.text("()[]{}'\":,. =@abc", max_size=6))
def test_typing_loses_nothing_elsewhere(start: int, length: int, inserted: str) -> None:
    """With the last good text at hand, definitions that were not touched stay, at their new places."""
    edited = SOURCE[:start] + inserted + SOURCE[start + length :]
    if not read_module("m.py", edited).problems:
        return
    found = places(edited, SOURCE)
    for name in ("list_users", "create_user", "Settings"):
        assert name in found
        if edited.count(f" {name}") == 1 and SOURCE[start : start + length].isascii():
            position = SOURCE.index(f" {name}") + 1
            if position + len(name) < start - 40 or position > start + length + 40:
                assert found[name] == name
