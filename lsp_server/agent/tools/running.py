"""Running the project's tests, and commands that the configuration names. Offered only in a workspace that its user trusts."""

from __future__ import annotations

import shlex

from lsp_server.agent import running
from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import normalised
from lsp_server.agent.tool import Arguments, Tool, ToolError, number, takes, text

_LONGEST = 600  # seconds


def run_tests(bench: Workbench, arguments: Arguments) -> str:
    _refuse_untrusted(bench)
    tests = []
    for each in arguments.get("tests", ()):
        path, mark, name = each.partition("::")
        path = normalised(path)
        if not any(known == path or known.startswith(f"{path}/") for known in bench.draft.paths()):
            raise ToolError(f"{path}: there is no such file or folder")
        tests.append(f"{path}{mark}{name}")
    select = arguments.get("select")
    seconds = float(min(arguments.get("seconds", running.SECONDS), _LONGEST))
    return _shown(running.run_tests(bench.draft, tests, select, seconds, bench.cancelled))


def run_command(bench: Workbench, arguments: Arguments) -> str:
    _refuse_untrusted(bench)
    command = arguments["command"]
    if command not in bench.commands:
        raise ToolError(f"only these commands may run: {'; '.join(bench.commands) or 'none'}")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ToolError(f"{command}: cannot be read as a command ({error})") from None
    return _shown(running.run_command(bench.draft, words, cancelled=bench.cancelled))


def _refuse_untrusted(bench: Workbench) -> None:
    if not bench.trusted:
        raise ToolError("nothing of this workspace may run: its user has not said that it is trusted; go on without running anything")


def _shown(ran: running.Ran) -> str:
    return f"{ran.summary}\n{ran.output}".rstrip()


RUN_TESTS = Tool(
    "run_tests",
    "Run the project's tests (pytest) on a copy of the draft: no network, no database but in memory or in the copy, no other process.",
    takes(optional={
        "tests": {"type": "array", "items": {"type": "string"}, "description": "Files, folders, or path::name. Without it all tests run."},
        "select": text("Only tests whose name fits this expression (pytest's -k)."),
        "seconds": number(f"How long they may take; at most {_LONGEST}."),
    }),
    run_tests,
    ("Bash",),
)  # fmt: skip


def command_tool(commands: tuple[str, ...]) -> Tool:
    """The tool that runs the commands that the configuration names."""
    return Tool(
        "run_command",
        "Run one of the commands that this workspace's configuration names, on a copy of the draft. What it writes is thrown away.",
        takes({"command": text("The command, exactly as listed.", commands)}),
        run_command,
        ("Bash",),
    )
