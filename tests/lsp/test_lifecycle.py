"""Beginning and end: transports, progress, cancellation, crashes, and a server that leaves when it should."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from lsp_server.config import ConfigError
from lsp_server.lsp.analysis import Analysis
from lsp_server.lsp.inputs import Flag, Inputs
from lsp_server.lsp.session import AnalysisThread, Events, Session
from lsp_server.lsp.transports import address
from lsp_server.text import Span
from tests.lsp.editor import NEOVIM, PATIENCE, VSCODE, Editor, command, drive, editing, environment
from tests.lsp.shop import CODE, SPEC, shop


def test_the_server_ends_when_its_input_does(tmp_path: Path) -> None:
    root = shop(tmp_path)
    ended = subprocess.run(command(), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, env=environment(root))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_exit_without_shutdown_is_a_failure(tmp_path: Path) -> None:
    body = b'{"jsonrpc": "2.0", "method": "exit"}'
    message = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    ended = subprocess.run(command(), input=message, capture_output=True, timeout=PATIENCE, env=environment(shop(tmp_path)))
    assert ended.returncode == 1


def test_a_normal_session_leaves_stderr_alone(tmp_path: Path) -> None:
    async def session() -> None:
        root = shop(tmp_path)
        editor = Editor(root, NEOVIM)
        program, *arguments = command()
        await editor.client.start_io(program, *arguments, env=environment(root))
        server: Any = editor.client._server
        await editor.initialize()
        editor.open(SPEC)
        editor.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings={}))
        await editor.until(lambda: SPEC in editor.pushed)
        with pytest.raises(JsonRpcException):
            await editor.command("explainRule", "no-such-rule")
        await editor.leave()
        assert await asyncio.wait_for(server.stderr.read(), PATIENCE) == b""
        await editor.client.stop()

    drive(session())


@pytest.mark.parametrize("transport", ["tcp", "ws"])
def test_a_server_on_a_socket_serves_one_client_and_ends(tmp_path: Path, transport: str) -> None:
    async def session() -> None:
        root = shop(tmp_path)
        program, *arguments = command(f"--{transport}", "0")
        server = await asyncio.create_subprocess_exec(
            program, *arguments, stderr=asyncio.subprocess.PIPE, env=environment(root)
        )
        try:
            assert server.stderr is not None
            line = (await asyncio.wait_for(server.stderr.readline(), PATIENCE)).decode()
            assert f"listening on {transport}://127.0.0.1:" in line
            editor = Editor(root, NEOVIM)
            start = editor.client.start_tcp if transport == "tcp" else editor.client.start_ws
            await start("127.0.0.1", int(line.rpartition(":")[2]))
            await asyncio.wait_for(editor.initialize(), PATIENCE)
            editor.open(SPEC)
            await editor.until(lambda: SPEC in editor.pushed)
            await editor.leave()
            assert await asyncio.wait_for(server.wait(), PATIENCE) == 0
        finally:
            if server.returncode is None:
                server.kill()

    drive(session())


def test_a_page_of_another_host_may_not_connect(tmp_path: Path) -> None:
    async def session() -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidStatus

        program, *arguments = command("--ws", "127.0.0.1:0")
        server = await asyncio.create_subprocess_exec(
            program, *arguments, stderr=asyncio.subprocess.PIPE, env=environment(shop(tmp_path))
        )
        try:
            assert server.stderr is not None
            port = int((await asyncio.wait_for(server.stderr.readline(), PATIENCE)).decode().rpartition(":")[2])
            with pytest.raises(InvalidStatus, match="403"):
                await connect(f"ws://127.0.0.1:{port}", additional_headers={"Origin": "https://example.org"})
        finally:
            server.kill()
            await server.wait()

    drive(session())


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [("2087", "127.0.0.1", 2087), (":2087", "127.0.0.1", 2087), ("0.0.0.0:1", "0.0.0.0", 1), ("[::1]:5", "::1", 5)],
)
def test_an_address_is_loopback_unless_named(written: str, host: str, port: int) -> None:
    assert address(written) == (host, port)


def test_an_address_that_cannot_be_used_is_a_usage_error(tmp_path: Path) -> None:
    for written in ("nonsense", "localhost:99999", "localhost:"):
        with pytest.raises(ConfigError):
            address(written)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(command("--tcp", str(port)), capture_output=True, timeout=PATIENCE, env=environment(tmp_path))
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr.decode()
    assert "Traceback" not in ended.stderr.decode()


def test_the_first_check_shows_its_progress(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            await editor.until(lambda: any(kind(step) == "end" for step in editor.progress))
            kinds = [kind(step) for step in editor.progress]
            assert (kinds[0], kinds[-1], kinds.count("begin")) == ("begin", "end", 1)
            shares = [step["percentage"] if isinstance(step, dict) else step.percentage for step in editor.progress[1:-1]]
            assert shares == sorted(shares)

    def kind(step: Any) -> str:
        return str(step["kind"] if isinstance(step, dict) else step.kind)

    drive(session())


def test_a_cancelled_request_is_answered_and_the_server_works_on(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            editor.open(CODE)
            params = t.WorkspaceDiagnosticParams(previous_result_ids=[])
            items = (await editor.client.workspace_diagnostic_async(params)).items
            known = [t.PreviousResultId(uri=one.uri, value=one.result_id) for one in items]
            # A streaming pull without news waits: it is surely under way when the cancellation comes.
            streaming = t.WorkspaceDiagnosticParams(previous_result_ids=known, partial_result_token="stream")
            waiting = editor.client.protocol.send_request_async(t.WORKSPACE_DIAGNOSTIC, streaming, msg_id="held")
            editor.client.cancel_request(t.CancelParams(id="held"))
            with pytest.raises(JsonRpcException) as cancelled:
                await asyncio.wait_for(waiting, PATIENCE)
            assert cancelled.value.code == t.LSPErrorCodes.RequestCancelled
            assert (await editor.pull(CODE)).kind == "full"

    drive(session())


def test_a_cancelled_command_is_answered_at_once(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            params = t.ExecuteCommandParams(command="specdrift.server.checkWorkspace", arguments=[])
            waiting = editor.client.protocol.send_request_async(t.WORKSPACE_EXECUTE_COMMAND, params, msg_id="check")
            editor.client.cancel_request(t.CancelParams(id="check"))
            with pytest.raises(JsonRpcException) as cancelled:
                await asyncio.wait_for(waiting, PATIENCE)
            assert cancelled.value.code == t.LSPErrorCodes.RequestCancelled
            assert (await editor.command("checkWorkspace"))["summary"]["error"]

    drive(session())


def test_a_second_server_on_the_same_project_finds_the_same(tmp_path: Path) -> None:
    async def session() -> None:
        root = shop(tmp_path)
        seen = []
        for _ in range(2):  # the second start reads the facts of the first from the cache
            async with editing(root, NEOVIM) as editor:
                editor.open(SPEC)
                await editor.until(lambda: SPEC in editor.pushed)
                seen.append(editor.rules())
        assert seen[0] == seen[1]

    drive(session())


# The two owners, without a client


class Silent:
    """A progress that nobody looks at."""

    def from_thread(self) -> Any:
        return lambda percentage: None

    def end(self) -> None:
        return None


def events(heard: list[str]) -> Events:
    def checked(session: Session, found: Any) -> None:
        heard.append(f"revision {found.revision}")

    def failed(error: Exception) -> None:
        heard.append(f"failed: {error}")

    return Events(checked, failed, lambda session: Silent())  # type: ignore[arg-type,return-value]


def test_only_the_newest_revision_is_checked(tmp_path: Path) -> None:
    async def session() -> None:
        heard: list[str] = []
        thread = AnalysisThread()
        one = Session(shop(tmp_path), thread, events(heard))
        one.open(CODE, "file:///a", "x = 1\n", 1)
        for number in range(5):
            one.edit(CODE, lambda document, number=number: document.edited(Span(0, 0), f"y{number} = 1\n", number))  # type: ignore[misc]
        checked = await one.newest()
        assert heard == ["revision 6"]
        assert checked.snapshot.documents[CODE].text.startswith("y4 = 1\ny3 = 1\n")
        thread.close()

    drive(session())


def test_a_crash_of_the_check_is_told_and_the_next_revision_works(tmp_path: Path) -> None:
    async def session() -> None:
        heard: list[str] = []
        thread = AnalysisThread()
        one = Session(shop(tmp_path), thread, events(heard))
        whole = one.analysis
        one.analysis = None  # type: ignore[assignment]
        one.revise()
        with pytest.raises(Exception, match="did not come to its end"):
            await one.newest()
        one.analysis = whole
        one.revise()
        await one.newest()
        assert heard[0].startswith("failed: 'NoneType'") and heard[1:] == ["revision 2"]
        thread.close()

    drive(session())


def test_one_edit_reads_one_file(tmp_path: Path) -> None:
    analysis = Analysis(shop(tmp_path))
    first = analysis.check(Inputs(1, {}), Flag())
    before = {key: id(entry[1]) for key, entry in analysis.memo.entries.items() if key[0] in ("module", "tree")}
    document = first.snapshot.documents[CODE].edited(Span(0, 0), "import os\n", 1)
    analysis.check(Inputs(2, {CODE: document}), Flag())
    after = {key: id(entry[1]) for key, entry in analysis.memo.entries.items() if key[0] in ("module", "tree")}
    assert {key for key in after if after[key] != before.get(key)} == {("module", CODE)}


def test_version_is_told_without_the_protocol_library(tmp_path: Path) -> None:
    program = "import sys; from lsp_server.cli import run\ntry: run(['--version'])\nexcept SystemExit: print('pygls' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment(tmp_path))
    assert told.stdout.startswith("specdrift ") and told.stdout.endswith("False\n")


def test_initialize_waits_for_nothing_but_the_protocol(tmp_path: Path) -> None:
    """What checks is loaded by the analysis thread, after the answer."""
    program = (
        "import sys, lsp_server.lsp.server as server\nserver.build()\n"
        "print([name for name in ('lsp_server.snapshot', 'lsp_server.python', 'sqlalchemy', 'alembic', 'sqlglot', 'yaml')"
        " if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment(tmp_path))
    assert told.stdout == "[]\n", told.stderr
