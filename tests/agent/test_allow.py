"""What the allow-lists of agent files come to."""

from __future__ import annotations

import pytest

from lsp_server.agent.allow import allowed, may_name_tools_of, split
from lsp_server.agent.tool import Tool, takes
from lsp_server.agent.tools import all_tools


def server_tool(name: str) -> Tool:
    return Tool(name, "", takes(), lambda bench, arguments: "")


GIT = (server_tool("mcp__git__git_status"), server_tool("mcp__git__git_log"), server_tool("mcp__time__convert_time"))


def names(entries: str | None, trusted: bool = False, commands: tuple[str, ...] = ()) -> set[str]:
    return {tool.name for tool in allowed((*all_tools(trusted, commands), *GIT), None if entries is None else split(entries)).tools}


def test_no_list_allows_everything() -> None:
    assert names(None) == {tool.name for tool in (*all_tools(), *GIT)}
    assert names("*") == names(None)


def test_a_reader_cannot_write() -> None:
    tools = allowed(all_tools(True, ("make",)), ("Read(*)", "Grep", "Glob", "LS")).tools
    assert {"read_file", "search", "list_files", "find_symbol", "list_findings"} <= {tool.name for tool in tools}
    assert not any(tool.changes for tool in tools)
    assert not {"run_tests", "run_command"} & {tool.name for tool in tools}


def test_names_of_other_agents_tools() -> None:
    assert {"edit_file", "replace_symbol_body"} <= names("Edit(*)")
    assert "create_file" not in names("Edit(*)") and "create_file" in names("Write")
    assert "edit_file" in names("MultiEdit") and "todo_write" in names("TodoWrite")
    assert names("edit_file, read_file") >= {"edit_file", "read_file"}, "our own names do too"
    assert names("read") == names("Read")


def test_a_shell_is_only_what_the_configuration_names() -> None:
    assert allowed(all_tools(), ("Bash(*)",)).missing == ("Bash(*)",)
    assert "run_command" not in names("Bash(*)", trusted=False, commands=("make",))
    assert "run_command" not in names("Bash(*)", trusted=True)
    assert {"run_command", "run_tests"} <= names("Bash(npm run test:*)", trusted=True, commands=("make",))


def test_servers_tools_by_name_by_server_and_by_pattern() -> None:
    assert names("mcp__git__git_status") & {tool.name for tool in GIT} == {"mcp__git__git_status"}
    assert names("mcp__git") & {tool.name for tool in GIT} == {"mcp__git__git_status", "mcp__git__git_log"}
    assert names("mcp__git__*") == names("mcp__git")
    assert names("mcp__git__git_*(anything)") == names("mcp__git")
    assert names("mcp__*") >= {tool.name for tool in GIT}
    assert not names("Read(*)") & {tool.name for tool in GIT}
    assert "mcp__git__git_status" in names("mcp__git__git.status"), "servers' names in the letters that the API takes"


def test_what_is_not_there_is_listed_once() -> None:
    allowance = allowed(all_tools(), split("Task, WebFetch, Read(*), Task, mcp__jira__get_issue, Task "))
    assert allowance.missing == ("Task", "WebFetch", "mcp__jira__get_issue")


def test_a_symbol_server_that_is_not_there_has_stand_ins() -> None:
    allowance = allowed(all_tools(), ("mcp__serena__find_symbol", "mcp__serena__restart_language_server"))
    assert allowance.instead == (("mcp__serena__find_symbol", "find_symbol"),)
    assert allowance.missing == ("mcp__serena__restart_language_server",)
    assert "find_symbol" in {tool.name for tool in allowance.tools}
    there = allowed((*all_tools(), server_tool("mcp__serena__find_symbol")), ("mcp__serena__find_symbol",))
    assert there.instead == () and "find_symbol" not in {tool.name for tool in there.tools}


@pytest.mark.parametrize(
    ("entries", "reading", "writing"),
    [
        ("Read(*), Edit(*)", None, None),
        ("Read, Edit", None, None),
        ("Read(src/**), Grep(src/**)", ("src/**",), None),
        ("Read(*), Edit(src/**), Write(./tests/**)", None, ("src/**", "tests/**")),
        ("Edit(src/**, tests/**)", ("src/**", "tests/**"), ("src/**", "tests/**")),
        ("Bash(ls:*), mcp__git", None, None),
        ("*, Edit(src/**)", None, None),
    ],
)
def test_patterns_narrow_the_paths(entries: str, reading: tuple[str, ...] | None, writing: tuple[str, ...] | None) -> None:
    allowance = allowed(all_tools(), split(entries))
    assert (allowance.reading, allowance.writing) == (reading, writing)


def test_odd_entries_are_only_missing() -> None:
    odd = ("", "  ", "Read(", ")", "((", "mcp__", "Read (*)", "\n", "Re ad")
    assert all(isinstance(entry, str) for entry in allowed(all_tools(), odd).missing)


@pytest.mark.parametrize(
    ("entries", "may"),
    [
        (None, True),
        ((), False),
        (("Read(*)", "Bash(*)"), False),
        (("*",), True),
        (("mcp__git",), True),
        (("mcp__*",), True),
        (("mcp__g*__status",), True),
        (("MCP__Git__git_status(*)",), True),
        (("mcp__github__search", "mcp__gi"), False),
    ],
)
def test_a_server_counts_where_any_of_its_tools_may_be_named(entries: tuple[str, ...] | None, may: bool) -> None:
    assert may_name_tools_of("git", entries) is may
