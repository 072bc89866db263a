"""Reading, listing, searching and editing files: bounded answers, and errors that say what to do instead."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lsp_server.agent.bench import Workbench
from lsp_server.agent.tool import ToolError, checked
from lsp_server.agent.tools import all_tools
from lsp_server.agent.tools.search import Text, search_texts
from tests.agent.benches import bench_of, call, disk, project, refused

FILES = {
    "app/main.py": "import os\n\n\ndef main() -> None:\n    print('hello')\n    print('hello')\n",
    "app/long.txt": "".join(f"line {number}\n" for number in range(1, 2001)),
    "app/wide.txt": "x" * 5000 + "\n",
    "app/windows.txt": "one\r\ntwo\r\n",
    "docs/story.md": "# Story\n\nAs a reader I want books.\n",
    "empty.txt": "",
}


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return bench_of(project(tmp_path, FILES))


def test_lines_are_numbered_and_bounded(bench: Workbench) -> None:
    assert call(bench, "read_file", path="docs/story.md").split("\n")[2] == "     3  As a reader I want books."
    shown = call(bench, "read_file", path="app/long.txt")
    assert shown.startswith("     1  line 1\n") and "first_line=601" in shown and "line 601\n" not in shown
    assert call(bench, "read_file", path="app/long.txt", first_line=1999) == "  1999  line 1999\n  2000  line 2000"
    assert call(bench, "read_file", path="app/long.txt", first_line=5, last_line=6).startswith("     5  line 5\n     6  line 6\n[lines 5 to 6 of 2000")
    assert "4500 more characters" in call(bench, "read_file", path="app/wide.txt")
    assert "empty" in call(bench, "read_file", path="empty.txt")
    assert "only 2000 lines" in refused(bench, "read_file", path="app/long.txt", first_line=3000)
    assert "first_line" in refused(bench, "read_file", path="app/long.txt", first_line=30, last_line=20)
    assert "\r" not in call(bench, "read_file", path="app/windows.txt")


def test_a_path_that_is_not_there_gives_a_hint(bench: Workbench) -> None:
    assert "app/main.py" in refused(bench, "read_file", path="main.py")
    assert "app/main.py" in refused(bench, "read_file", path="app/mian.py")
    assert "list_files" in refused(bench, "read_file", path="app")


def test_listing(bench: Workbench) -> None:
    assert call(bench, "list_files", files="*.py") == "app/main.py"
    assert call(bench, "list_files", folder="docs") == "docs/story.md"
    assert call(bench, "list_files", files="app/**/*.txt").split("\n") == ["app/long.txt", "app/wide.txt", "app/windows.txt"]
    call(bench, "create_file", path="docs/new.md", text="x\n")
    assert "docs/new.md" in call(bench, "list_files")
    assert "folder" in refused(bench, "list_files", folder="nowhere")
    refused(bench, "list_files", files="*.rb")


def test_searching(bench: Workbench) -> None:
    assert call(bench, "search", pattern=r"def (\w+)\(") == "app/main.py:4: def main() -> None:"
    assert call(bench, "search", pattern="print('hello')", literal=True).count("\n") == 1
    assert call(bench, "search", pattern="STORY", ignore_case=True, files="*.md") == "docs/story.md:1: # Story"
    assert call(bench, "search", pattern="^two$") == "app/windows.txt:2: two", "a line ends before its break"
    assert "nothing found" in call(bench, "search", pattern="zzz+")
    shown = call(bench, "search", pattern=r"line \d+")
    assert shown.count("\n") == 100 and "narrow" in shown
    call(bench, "edit_file", path="docs/story.md", old_text="books", new_text="podcasts")
    assert "story.md:3" in call(bench, "search", pattern="podcas.s"), "what the draft says is found"
    assert "literal" in refused(bench, "search", pattern="(unclosed")


def test_a_pattern_that_never_ends_is_stopped() -> None:
    texts = [Text("a.txt", "before\n"), Text("evil.txt", "a" * 60 + "!\n")]
    start = time.monotonic()
    hits, trouble = search_texts("(a+)+$|before", texts, seconds=1.0)
    assert time.monotonic() - start < 4
    assert trouble is not None and "longer than 1 seconds" in trouble
    assert [hit.path for hit in hits] == ["a.txt"], "what was found before is not lost"


def test_a_search_that_nobody_wants_any_more_is_stopped() -> None:
    start = time.monotonic()
    _, trouble = search_texts("(a+)+$", [Text("evil.txt", "a" * 60 + "!")], cancelled=lambda: True)
    assert time.monotonic() - start < 2 and trouble is not None


def test_editing(bench: Workbench) -> None:
    said = call(bench, "edit_file", path="app/main.py", old_text="import os\n", new_text="import sys\n")
    assert said.startswith("app/main.py: 1 place changed") and "     1  import sys" in said
    assert "2 times (lines 5, 6)" in refused(bench, "edit_file", path="app/main.py", old_text="print('hello')", new_text="x")
    call(bench, "edit_file", path="app/main.py", old_text="print('hello')", new_text="print('bye')", every=True)
    assert bench.draft.read("app/main.py").count("bye") == 2
    assert "is not there" in refused(bench, "edit_file", path="app/main.py", old_text="nothing", new_text="x")
    assert "at line 4" in refused(bench, "edit_file", path="app/main.py", old_text="def main() -> None:\n  print('x')", new_text="x")
    assert "empty" in refused(bench, "edit_file", path="app/main.py", old_text="", new_text="x")
    assert "same" in refused(bench, "edit_file", path="app/main.py", old_text="sys", new_text="sys")
    assert "edit_file" in refused(bench, "create_file", path="app/main.py", text="x")
    assert "there is no such file" in refused(bench, "edit_file", path="app/other.py", old_text="x", new_text="y")


def test_nothing_reaches_the_disk(bench: Workbench) -> None:
    before = disk(bench.root)
    call(bench, "edit_file", path="app/main.py", old_text="import os\n", new_text="")
    call(bench, "create_file", path="app/new.py", text="x = 1\n")
    assert disk(bench.root) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "path is missing"),
        ({"path": 3}, "path must be string, not integer"),
        ({"path": "a", "frist_line": 1}, "did you mean first_line"),
        ({"path": "a", "first_line": 0}, "at least 1"),
        ({"path": "a", "first_line": True}, "must be integer, not boolean"),
        ({"path": None}, "not null"),
        ([], "must be an object"),
        ("x", "must be an object"),
        (None, "must be an object"),
    ],
)
def test_arguments_are_checked_before_a_tool_sees_them(arguments: object, said: str) -> None:
    tool = next(tool for tool in all_tools() if tool.name == "read_file")
    with pytest.raises(ToolError, match=said):
        checked(tool, arguments)


def test_nested_arguments_are_checked() -> None:
    tool = next(tool for tool in all_tools() if tool.name == "todo_write")
    with pytest.raises(ToolError, match=r"todos\[0\]\.state must be one of"):
        checked(tool, {"todos": [{"text": "x", "state": "soon"}]})
    with pytest.raises(ToolError, match=r"todos\[1\] must be object"):
        checked(tool, {"todos": [{"text": "x", "state": "open"}, "y"]})


def test_tools_describe_themselves() -> None:
    tools = all_tools(True, ("make",))
    assert len({tool.name for tool in tools}) == len(tools)
    for tool in tools:
        assert tool.name.isidentifier() and tool.description.endswith(".") and tool.parameters["type"] == "object"
        assert set(tool.parameters["required"]) <= set(tool.parameters["properties"])
        assert all(inner.get("description") or inner.get("type") for inner in tool.parameters["properties"].values())
