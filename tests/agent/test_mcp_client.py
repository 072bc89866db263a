"""The user's servers as tools of a run: real ones over stdio and HTTP, and such as go wrong in every way."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lsp_server.agent.mcp_client import McpServers, Patience
from lsp_server.agent.mcp_configuration import ServerAddress, ServerProgram, expanded, servers_of
from lsp_server.agent.tool import ToolError
from lsp_server.config import ConfigError
from tests.agent.mcp_servers.install import PROGRAMS, SERENA, install
from tests.command import REPOSITORY, git, write

SCRIPT = Path(__file__).with_name("mcp_server_script.py")


def script(manner: str, *arguments: str, name: str = "script", seconds: float = 30, **env: str) -> ServerProgram:
    return ServerProgram(name, sys.executable, (str(SCRIPT), manner, *arguments), env, seconds)


class Run:
    """A run's servers for a test: `use(work)` runs a coroutine while they are there."""

    def __init__(self, *servers: ServerProgram | ServerAddress, root: Path | None = None, start: float = 20, **environment: str) -> None:
        self.servers = servers
        self.root = root or REPOSITORY
        self.start = start
        self.environment = {**os.environ, **environment}
        self.said: list[str] = []

    def use(self, work: Callable[[McpServers], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            async with McpServers(self.servers, self.said.append, self.root, Patience(self.start), self.environment) as servers:
                return await work(servers)

        return asyncio.run(main())

    def call(self, name: str, **arguments: Any) -> str:
        return str(self.use(lambda servers: call(servers, name, arguments)))

    @property
    def names(self) -> list[str]:
        async def named(servers: McpServers) -> list[str]:
            return [tool.name for tool in servers.tools]

        return list(self.use(named))


async def call(servers: McpServers, name: str, arguments: Mapping[str, Any]) -> str:
    tool = next(tool for tool in servers.tools if tool.name == name)
    answer = tool.run(None, arguments)  # type: ignore[arg-type]  # these tools look at no workbench
    assert not isinstance(answer, str)
    return await answer


async def refusal(servers: McpServers, name: str, **arguments: Any) -> str:
    with pytest.raises(ToolError) as caught:
        await call(servers, name, arguments)
    return str(caught.value)


# Other people's servers


def test_a_clock_from_pypi_tells_the_time() -> None:
    run = Run(ServerProgram("time", sys.executable, ("-m", "mcp_server_time")))
    answer = json.loads(run.call("mcp__time__convert_time", source_timezone="UTC", time="12:00", target_timezone="Asia/Tokyo"))
    assert answer["target"]["datetime"].endswith("T21:00:00+09:00")
    assert not run.said


def test_an_error_of_a_real_server_is_an_error_of_the_tool() -> None:
    run = Run(ServerProgram("time", sys.executable, ("-m", "mcp_server_time")))
    assert "Nowhere" in run.use(lambda servers: refusal(servers, "mcp__time__get_current_time", timezone="Nowhere"))


def test_a_git_server_from_pypi_reads_a_repository(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": "a\n"})
    git(tmp_path, "init", "--quiet")
    run = Run(ServerProgram("git", sys.executable, ("-m", "mcp_server_git", "--repository", str(tmp_path))), root=tmp_path)
    assert "a.txt" in run.call("mcp__git__git_status", repo_path=str(tmp_path))


@pytest.fixture(scope="module")
def npm() -> Path:
    if shutil.which("npm") is None and not os.environ.get("CI"):
        pytest.skip("npm is not installed")
    install("npm")
    return PROGRAMS


def test_a_server_for_thinking_from_npm(npm: Path) -> None:
    run = Run(ServerProgram("thinking", str(npm / "mcp-server-sequential-thinking"), (), {"DISABLE_THOUGHT_LOGGING": "true"}))
    thought = {"thought": "first the migration", "nextThoughtNeeded": True, "thoughtNumber": 1, "totalThoughts": 2}
    assert json.loads(run.call("mcp__thinking__sequentialthinking", **thought))["thoughtHistoryLength"] == 1


def test_a_server_for_memory_from_npm_keeps_what_it_is_told(npm: Path, tmp_path: Path) -> None:
    memory = {"MEMORY_FILE_PATH": str(tmp_path / "memory.jsonl")}
    server = ServerProgram("memory", str(npm / "mcp-server-memory"), (), memory)
    entity = {"name": "Book", "entityType": "table", "observations": ["has an isbn"]}
    Run(server).call("mcp__memory__create_entities", entities=[entity])
    assert "has an isbn" in Run(server).call("mcp__memory__read_graph")


def test_a_desktop_server_from_npm(npm: Path, tmp_path: Path) -> None:
    settings = json.dumps({"telemetryEnabled": False})
    home = write(tmp_path, {".claude-server-commander/config.json": settings, "notes.txt": "remember the migration\n"})
    run = Run(ServerProgram("desktop", str(npm / "desktop-commander"), ("--no-onboarding",), {"HOME": str(home)}), root=home)
    assert "remember the migration" in run.call("mcp__desktop__read_file", path=str(home / "notes.txt"))


def test_a_symbol_server_in_an_environment_of_its_own(tmp_path: Path) -> None:
    install("serena")
    project = write(tmp_path / "shop", {"app.py": "def sell() -> None: ...\n"})
    quiet = ("--enable-web-dashboard", "false", "--enable-gui-log-window", "false")
    server = ServerProgram("serena", str(SERENA), ("start-mcp-server", "--project", str(project), *quiet), {"HOME": str(tmp_path)})
    run = Run(server, root=project, start=60)
    assert "serena" in run.call("mcp__serena__initial_instructions")
    assert not run.said


def test_several_servers_start_side_by_side_and_one_that_fails_is_no_trouble_to_the_others() -> None:
    run = Run(script("refuses", name="bad"), script("good", name="good"), ServerProgram("gone", "no-such-program-here"))
    assert run.call("mcp__good__echo", text="hello") == "hello"
    assert sorted(line.split("`")[1] for line in run.said) == ["bad", "gone"]


# Servers that go wrong


@pytest.mark.parametrize(
    ("manner", "start", "reason"),
    [
        ("refuses", 20, r"cannot be used: Connection closed \(the token … is not valid\)$"),
        ("silent", 1, "did not say within 1 s what it offers$"),
        ("garbage", 20, "writes what are no messages: <html>not found</html>$"),
    ],
)
def test_a_server_that_does_not_start_is_reported_once(manner: str, start: float, reason: str) -> None:
    run = Run(script(manner, TOKEN="s3cret-token"), start=start)
    assert run.names == []
    assert len(run.said) == 1
    assert re.search(reason, run.said[0]), run.said
    assert "s3cret-token" not in run.said[0]


def test_a_program_that_is_not_there_is_reported() -> None:
    for server in (ServerProgram("a", "no-such-program-here"), ServerProgram("a", "./no/such/program")):
        run = Run(server)
        assert run.names == []
        assert re.search("no such (program|file)", run.said[0])


def test_without_the_package_every_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    run = Run(script("good"))
    assert run.names == []
    assert len(run.said) == 1 and "pip install specdrift[agent]" in run.said[0]


def test_a_program_that_cannot_be_run_is_reported(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    run = Run(ServerProgram("a", str(program)))
    assert run.names == []
    assert "cannot be started" in run.said[0]


def test_a_server_that_greets_the_person_on_the_same_stream_is_understood() -> None:
    assert Run(script("greets")).call("mcp__script__echo", text="hello") == "hello"


def test_a_server_that_speaks_only_the_newer_protocol_is_understood() -> None:
    run = Run(script("modern"))
    assert run.call("mcp__script__echo", text="hello") == "hello"
    assert not run.said


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("dies", r"has ended \(out of memory\)"),
        ("hangs", "did not answer within 1 s"),
        ("huge", "more than 8 MB at once"),
    ],
)
def test_a_server_that_goes_wrong_in_mid_call_is_given_up(manner: str, reason: str) -> None:
    run = Run(script(manner, seconds=1 if manner == "hangs" else 30), script("good", name="good"))

    async def work(servers: McpServers) -> tuple[str, str, str]:
        first = await refusal(servers, "mcp__script__echo", text="a")
        return first, await refusal(servers, "mcp__script__echo", text="b"), await call(servers, "mcp__good__echo", {"text": "c"})

    first, second, other = run.use(work)
    assert re.search(reason, first) and re.search(reason, second)
    assert other == "c"
    assert len(run.said) == 1 and re.search(reason, run.said[0])


@pytest.mark.parametrize("manner", ["rejects", "nonsense", "fails"])
def test_a_call_that_fails_is_no_reason_to_give_a_server_up(manner: str) -> None:
    run = Run(script(manner))

    async def work(servers: McpServers) -> None:
        for _ in range(2):
            await refusal(servers, "mcp__script__echo", text="why not")

    run.use(work)
    assert not run.said


def test_a_long_answer_is_cut_and_says_so() -> None:
    answer = Run(script("long")).call("mcp__script__echo", text="")
    assert len(answer) < 31_000
    assert answer.endswith("(cut: 970000 more characters)")


def test_what_is_no_text_is_named() -> None:
    answer = Run(script("pictures")).call("mcp__script__echo", text="")
    assert answer.splitlines() == [
        "[image, image/png, 3 bytes, not shown]", "[resource plan: file:///plan.md]", "[resource memo://1]", "in it",
        "[resource memo://2, application/zip, 3 bytes, not shown]",
    ]  # fmt: skip


def test_an_answer_that_is_only_structured_is_given_as_json() -> None:
    assert json.loads(Run(script("structured")).call("mcp__script__echo", text="")) == {"answer": 42}


# What is offered


def test_all_pages_of_a_list_are_read() -> None:
    assert Run(script("pages")).names == ["mcp__script__tool0", "mcp__script__tool1", "mcp__script__tool2"]


def test_a_list_without_an_end_is_cut() -> None:
    assert len(Run(script("endless")).names) == 50


def test_names_descriptions_and_schemas_are_made_fit_for_the_api() -> None:
    run = Run(script("odd", name="my.server"))

    async def offered(servers: McpServers) -> list[Any]:
        return list(servers.tools)

    tools = run.use(offered)
    assert len(tools) == len({tool.name for tool in tools}) == 5
    assert next(tool.parameters for tool in tools if tool.name.endswith("__old")) == {"type": "object", "properties": {"count": {}}}
    for tool in tools:
        assert re.fullmatch(r"mcp__my_server__[a-zA-Z0-9_-]{1,128}", tool.name) and len(tool.name) <= 128
        assert tool.parameters["type"] == "object" and "anyOf" not in tool.parameters
        assert len(tool.description) < 2100
        assert len(json.dumps(tool.parameters)) < 16_001
        Draft202012Validator.check_schema(tool.parameters)
    assert run.said == ["MCP server `my.server`: left out for what it says of their arguments: unnameable"]


# What a server gets


def test_a_server_gets_no_more_of_the_environment_than_it_needs() -> None:
    run = Run(
        script("environment", PLAIN="as written", GIVEN="Bearer ${GITHUB_TOKEN}"),
        ANTHROPIC_API_KEY="sk-ant-secret", GITHUB_TOKEN="ghp_x", DATABASE_URL="postgresql://u:p@h/d", LC_ALL="C.UTF-8",
    )  # fmt: skip
    answer = run.call("mcp__script__echo", text="")
    given = json.loads(answer)
    assert given["PLAIN"] == "as written" and given["GIVEN"] == "Bearer ghp_x" and given["LC_ALL"] == "C.UTF-8"
    assert "sk-ant-secret" not in answer and "postgresql" not in answer
    allowed = {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "PLAIN", "GIVEN"}
    assert all(name in allowed or name.startswith("LC_") for name in given)


@pytest.mark.parametrize("value", ["${ANTHROPIC_API_KEY}", "${env:ANTHROPIC_AUTH_TOKEN}", "${AWS_BEARER_TOKEN_BEDROCK}", "${NOT_THERE_AT_ALL}"])
def test_our_own_key_and_unknown_variables_are_not_given_away(value: str) -> None:
    run = Run(script("environment", GIVEN=value), ANTHROPIC_API_KEY="sk-ant-secret", ANTHROPIC_AUTH_TOKEN="sk-ant-secret", AWS_BEARER_TOKEN_BEDROCK="secret")
    assert run.names == []
    assert "is not started" in run.said[0] and "sk-ant-secret" not in run.said[0]


# The end


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def gone(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes through /proc")


@linux
def test_nothing_of_a_stubborn_server_is_left(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    assert Run(script("unclosed", str(note))).names == ["mcp__script__echo"]
    assert gone([int(pid) for pid in note.read_text().split()], 0)


@linux
def test_a_cancelled_run_ends_within_a_second_and_leaves_nothing(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    run = Run(script("unclosed", str(note)))
    took: list[float] = []

    async def main() -> None:
        called = asyncio.Event()

        async def work() -> None:
            async with McpServers(run.servers, run.said.append, run.root) as servers:
                called.set()
                await call(servers, "mcp__script__echo", {"text": ""})

        task = asyncio.create_task(work())
        await called.wait()
        await asyncio.sleep(0.05)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        took.append(time.monotonic() - started)

    asyncio.run(main())
    assert took[0] < 1
    assert gone([int(pid) for pid in note.read_text().split()], 1)
    assert not run.said


def test_a_run_that_is_cancelled_while_servers_start_ends_within_a_second() -> None:
    run = Run(script("silent"), script("good", name="good"))

    async def main() -> float:
        async def work() -> None:
            async with McpServers(run.servers, run.said.append, run.root):
                raise AssertionError("a server that is silent does not start")

        task = asyncio.create_task(work())
        await asyncio.sleep(0.5)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - started

    assert asyncio.run(main()) < 1
    assert not run.said


@linux
def test_nothing_is_left_where_we_are_killed(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    program = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from lsp_server.agent.mcp_client import McpServers
        from lsp_server.agent.mcp_configuration import ServerProgram

        async def main():
            server = ServerProgram("s", {sys.executable!r}, ({str(SCRIPT)!r}, "unclosed", {str(note)!r}))
            async with McpServers([server], print, Path({str(tmp_path)!r})) as servers:
                print(len(servers.tools), flush=True)
                await asyncio.sleep(600)

        asyncio.run(main())
    """)
    ours = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=REPOSITORY, text=True)
    assert ours.stdout is not None
    with ours, ours.stdout:
        assert ours.stdout.readline() == "1\n"
        pids = [int(pid) for pid in note.read_text().split()]
        assert all(alive(pid) for pid in pids)
        ours.send_signal(signal.SIGKILL)
    assert gone(pids, 20)


# Servers at an address

HTTP = '''
import asyncio
import uvicorn
from mcp.server import MCPServer
from starlette.responses import PlainTextResponse

server = MCPServer("http")

@server.tool()
def echo(text: str) -> str:
    return text

@server.tool()
def large() -> str:
    return "x" * 20_000_000

@server.tool()
async def slow() -> str:
    await asyncio.sleep(600)
    return ""

served = server.streamable_http_app(json_response=True)

async def guarded(scope, receive, send):
    if scope["type"] == "http" and (b"authorization", b"Bearer right") not in scope["headers"]:
        await PlainTextResponse("who are you?", 401)(scope, receive, send)
    else:
        await served(scope, receive, send)

class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)

Server(uvicorn.Config(guarded, port=0, log_level="error")).run()
'''


@pytest.fixture(scope="module")
def address() -> Any:
    server = subprocess.Popen([sys.executable, "-c", HTTP], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    yield f"http://127.0.0.1:{port}/mcp"
    server.terminate()
    server.wait(10)
    server.stdout.close()


def test_a_server_at_an_address_gets_the_configured_headers(address: str) -> None:
    run = Run(ServerAddress("web", address, {"Authorization": "Bearer ${WEB_TOKEN}"}), WEB_TOKEN="right")
    assert run.call("mcp__web__echo", text="hello") == "hello"
    assert not run.said


def test_a_server_at_an_address_that_refuses_us_is_reported_without_the_secret(address: str) -> None:
    run = Run(ServerAddress("web", address, {"Authorization": "Bearer wr0ng"}))
    assert run.names == []
    assert len(run.said) == 1 and run.said[0].endswith("(HTTP status 401)") and "wr0ng" not in run.said[0]


def test_a_huge_answer_over_http_is_not_read(address: str) -> None:
    run = Run(ServerAddress("web", address, {"Authorization": "Bearer right"}))
    assert "more than 8 MB" in run.use(lambda servers: refusal(servers, "mcp__web__large"))


def test_a_run_that_is_cancelled_in_a_call_over_http_ends_within_a_second(address: str) -> None:
    async def main() -> float:
        server, called = ServerAddress("web", address, {"Authorization": "Bearer right"}), asyncio.Event()

        async def work() -> None:
            async with McpServers([server], print) as servers:
                called.set()
                await call(servers, "mcp__web__slow", {})

        task = asyncio.create_task(work())
        await called.wait()
        await asyncio.sleep(0.05)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - started

    assert asyncio.run(main()) < 1


def test_a_call_over_http_that_hangs_is_given_up(address: str) -> None:
    run = Run(ServerAddress("web", address, {"Authorization": "Bearer right"}, seconds=1))
    assert "did not answer within 1 s" in run.use(lambda servers: refusal(servers, "mcp__web__slow"))
    assert len(run.said) == 1


def test_an_address_where_nobody_listens_is_reported() -> None:
    run = Run(ServerAddress("web", "http://127.0.0.1:9/mcp"))
    assert run.names == []
    assert len(run.said) == 1


# The configuration


def test_servers_are_read_from_a_table() -> None:
    table = {"time": {"command": "uvx", "args": ["mcp-server-time"], "env": {"TZ": "UTC"}},
             "board": {"type": "http", "url": "https://board.example/mcp?key=1", "headers": {"X-Key": "${KEY}"}, "timeout": 5}}  # fmt: skip
    program, place = servers_of(table, "specdrift.toml")
    assert program == ServerProgram("time", "uvx", ("mcp-server-time",), {"TZ": "UTC"})
    assert isinstance(place, ServerAddress)
    assert (place.shown, place.seconds) == ("https://board.example/mcp", 5.0)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ([], "must be"), ({}, "either `command` or `url`"), ({"command": "a", "url": "http://b"}, "either"),
        ({"comand": "a"}, "did you mean `command`"), ({"command": "a", "args": "b"}, "`args` must be a list"),
        ({"command": "a", "env": {"A": 1}}, "table of strings"), ({"url": "file:///etc/passwd"}, "begin with http"),
        ({"url": "http://a", "args": []}, "do not go with"), ({"command": "a", "timeout": 0}, "`timeout`"),
        ({"command": "a", "type": "http"}, "`type`"), ({"command": ""}, "must be a string"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_says_why(words: Any, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        servers_of({"one": words}, "specdrift.toml")


def test_a_servers_name_must_be_usable_in_a_tools_name() -> None:
    with pytest.raises(ConfigError, match="letters"):
        servers_of({"böse name": {"command": "a"}}, "specdrift.toml")


def test_values_come_from_the_environment_where_they_say_so() -> None:
    assert expanded("a ${B} $C ${env:B}", {"B": "b"}) == "a b $C b"
