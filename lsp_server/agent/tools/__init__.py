"""All tools of a run, one room per kind. What a tool can do is in its function; who may call it is said by `allow.py`."""

from __future__ import annotations

from lsp_server.agent.tool import Tool
from lsp_server.agent.tools import files, findings, memory, migrations, running, symbols, views


def all_tools(trusted: bool = False, commands: tuple[str, ...] = ()) -> tuple[Tool, ...]:
    """The tools there are. Those that run the project's own code only in a workspace that is `trusted`; `run_command` only where the
    configuration names `commands`.
    """
    tools = (*files.TOOLS, *symbols.TOOLS, *views.TOOLS, *findings.TOOLS, *migrations.TOOLS, *memory.TOOLS)
    if not trusted:
        return tools
    return (*tools, running.RUN_TESTS, *((running.command_tool(commands),) if commands else ()))
