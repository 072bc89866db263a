"""Agent files written for this and for other programs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.agent.prompt import AgentFileError, read_agent_file, shipped

OTHER_TOOLS = """---
name: backend-engineer
description: Use this agent when: the API is specified. Examples:\\n- user: "implement it"\\n- assistant: "on it: now"
tools: Read(*), Edit(*), Bash(git add, git commit), Grep, TodoWrite, mcp__serena__find_symbol, mcp__github__create_issue
model: inherit
color: green
---

You implement.

---
Not a second front matter.
"""


def test_a_file_of_another_program_is_read_unchanged() -> None:
    """Its description is no YAML; its commas stand in parentheses; its other keys are kept."""
    file = read_agent_file(OTHER_TOOLS, ".agents/backend-engineer.md")
    assert file.name == "backend-engineer"
    assert file.description.startswith("Use this agent when: the API is specified.")
    assert file.tools == (
        "Read(*)", "Edit(*)", "Bash(git add, git commit)", "Grep", "TodoWrite", "mcp__serena__find_symbol", "mcp__github__create_issue",
    )  # fmt: skip
    assert file.model is None
    assert file.rest == {"color": "green"}
    assert file.instruction == "You implement.\n\n---\nNot a second front matter."


@pytest.mark.parametrize(
    ("written", "tools"),
    [
        ("", None),
        ("tools:\n", None),
        ("tools: []\n", ()),
        ("tools: [Read, Grep]\n", ("Read", "Grep")),
        ("tools:\n  - Read\n  - Grep\n", ("Read", "Grep")),
        ("description: a: b\ntools:\n  - Read\n  - Grep\n", ("Read", "Grep")),
        ("tools: Read,, Grep,\n", ("Read", "Grep")),
    ],
)
def test_tools_are_a_list_or_words_with_commas(written: str, tools: tuple[str, ...] | None) -> None:
    assert read_agent_file(f"---\nname: x\n{written}---\nDo it.\n", "x.md").tools == tools


def test_tools_of_another_kind_are_refused_by_name() -> None:
    with pytest.raises(AgentFileError, match=r"x\.md: `tools` must be a list of names"):
        read_agent_file("---\ntools: {Read: true}\n---\nDo it.\n", "x.md")


def test_a_text_without_front_matter_is_an_instruction_without_limits() -> None:
    file = read_agent_file("\ufeffBuild what is specified.\r\n", "docs/engineer.md")
    assert (file.name, file.tools, file.model, file.instruction) == ("engineer", None, None, "Build what is specified.")


def test_windows_line_ends_and_a_model_of_its_own() -> None:
    file = read_agent_file("---\r\nname: x\r\nmodel: some-model-1\r\n---\r\nDo it.\r\n", "x.md")
    assert (file.name, file.model, file.instruction) == ("x", "some-model-1", "Do it.")


@pytest.mark.parametrize(("text", "reason"), [("---\nname: x\n---\n  \n", "no instruction"), ("", "no instruction"), ("x" * 300_000, "too many")])
def test_what_is_no_instruction_is_refused(text: str, reason: str) -> None:
    with pytest.raises(AgentFileError, match=reason):
        read_agent_file(text, "x.md")


def test_an_alias_bomb_in_the_front_matter_is_only_text() -> None:
    bomb = "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(30))
    assert read_agent_file(f"---\n{bomb}name: x\n---\nDo it.\n", "x.md").name == "x"


@given(st.text(max_size=300), st.text(max_size=100))
def test_no_front_matter_breaks_the_reader(front: str, body: str) -> None:
    """Any text is read or refused with a message for people."""
    try:
        file = read_agent_file(f"---\n{front}\n---\n{body}", "x.md")
    except AgentFileError as error:
        assert str(error).startswith("x.md: ")
    else:
        assert file.instruction


def test_the_shipped_instruction_keeps_what_it_promises() -> None:
    """It is a valid file, limits no tools, and names its order of work."""
    file = shipped()
    assert file.tools is None and file.model is None
    steps = ["**Generate.**", "**Run on the shadow.**", "**Verify.**", "**Rollback.**", "**Document.**", "Only then the logic"]
    places = [file.instruction.index(step) for step in steps]
    assert places == sorted(places)
    assert "no architectural decisions" in " ".join(file.instruction.split())
