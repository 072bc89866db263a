"""The user's servers of the Model Context Protocol as tools of a run: started, asked what they offer, called, ended.

Whatever a server does wrong (it does not start, hangs, dies, writes what is no message or too much of it), the run goes on
without it, and that is said once. What a server answers is data for the model to read, bounded in length; it can ask nothing of
us: neither for the model nor for the person nor for files. With `mcp_server.py` the only importer of `mcp`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lsp_server.agent.mcp_configuration import ConfiguredServer, ServerAddress, ServerProgram, expanded
from lsp_server.agent.mcp_process import LONGEST_LINE, CannotStart, LineTooLong, ServerProcess, environment_of
from lsp_server.agent.mcp_words import Names, answer_text, description_of, parameters_of, short
from lsp_server.agent.tool import Arguments, Tool, ToolError
from lsp_server.config import ConfigError

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client._transport import TransportStreams

    from lsp_server.agent.bench import Workbench

Report = Callable[[str], None]
_PAGES, _TOOLS = 50, 300  # of one server's list
_UNREADABLE_LINES = 200  # that are no messages, before a server is given up


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until a server has said what it offers, and until it has ended when it is asked to."""

    start: float = 30.0
    end: float = 5.0


class McpServers:
    """The configured servers for the time of one run: `async with McpServers(configured, report, root) as servers: servers.tools`.

    All are started side by side. `report` is told, once per server, why it is not there or not there any more. `root` is
    where programs run.
    """

    def __init__(
        self,
        configured: Sequence[ConfiguredServer],
        report: Report,
        root: Path | None = None,
        patience: Patience = Patience(),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        ours = os.environ if environment is None else environment
        self._connections = [_Connection(each, report, root or Path.cwd(), patience, ours) for each in configured]
        self.tools: tuple[Tool, ...] = ()

    async def __aenter__(self) -> McpServers:
        if self._connections:
            _be_quiet()
        try:
            await asyncio.gather(*(connection.open() for connection in self._connections))
            names = Names()
            self.tools = tuple(tool for connection in self._connections for tool in connection.tools(names))
        except BaseException:
            await self._close(at_once=True)
            raise
        return self

    async def __aexit__(self, sort: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._close(at_once=sort is not None)

    async def _close(self, at_once: bool) -> None:
        await asyncio.gather(*(connection.close(at_once) for connection in self._connections))


@dataclass(frozen=True, slots=True)
class _Offer:
    """A tool as its server describes it."""

    name: str
    description: str
    schema: Mapping[str, Any]


class _Connection:
    """One server. A task of its own opens the conversation, keeps it and ends it; calls come from any task."""

    def __init__(self, server: ConfiguredServer, report: Report, root: Path, patience: Patience, ours: Mapping[str, str]) -> None:
        self.server = server
        self._report = report
        self._root = root
        self._patience = patience
        self._ours = ours
        self._client: Client | None = None
        self._process: ServerProcess | None = None
        self._offers: tuple[_Offer, ...] = ()
        self._trouble: str | None = None
        self._heard = ""  # of a server at an address: what was wrong with its last answer
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._ready = asyncio.Event()

    # The life of the conversation

    async def open(self) -> None:
        """Have the server say what it offers, or report why it does not."""
        if find_spec("mcp") is None:
            self._lose("is not started: the package mcp is not installed (`pip install specdrift[agent]`)")
            return
        self._task = asyncio.create_task(self._live(), name=f"mcp {self.server.name}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), self._patience.start)
        if not self._ready.is_set():
            self._lose(f"did not say within {self._patience.start:g} s what it offers{await self._said()}")
            self._task.cancel()

    async def close(self, at_once: bool = False) -> None:
        """End the conversation and the program. Never raises."""
        self._trouble = self._trouble or "is closed"
        self._over.set()
        if self._process is not None and at_once:
            self._process.let_go(at_once=True)
        if self._task is not None:
            _, waiting = await asyncio.wait({self._task}, timeout=0.5 if at_once else self._patience.end)
            if waiting:
                self._task.cancel()
                await asyncio.wait(waiting, timeout=0.3)

    async def _live(self) -> None:
        try:
            try:
                await self._converse("legacy")
            except _Again:
                await self._converse("auto")
        finally:
            self._ready.set()

    async def _converse(self, mode: str) -> None:
        """One conversation from its beginning to its end. Most servers know the older handshake; one that refuses it is asked anew."""
        from mcp import Client, MCPError

        try:
            async with Client(self._transport(), mode=mode) as client:
                self._offers = await self._list(client)
                self._client = client
                self._ready.set()
                await self._over.wait()
        except Exception as error:  # other people's program and other people's package: whatever it is, the run goes on
            cause = _cause(error)
            if isinstance(cause, MCPError) and cause.code != _closed() and mode == "legacy" and self._client is None and self._trouble is None:
                raise _Again from None
            what = "is not started" if isinstance(cause, ConfigError | CannotStart) else "cannot be used"
            self._lose(f"{what}: {short(str(cause) or type(cause).__name__)}{await self._said()}")
        finally:
            self._client = None

    async def _list(self, client: Client) -> tuple[_Offer, ...]:
        """Everything on offer, page by page."""
        offers: list[_Offer] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            page = await client.list_tools(cursor=cursor)
            offers += [_Offer(tool.name, tool.description or tool.title or "", tool.input_schema) for tool in page.tools]
            if page.next_cursor in (None, cursor) or len(offers) >= _TOOLS:
                break
            cursor = page.next_cursor
        return tuple(offers[:_TOOLS])

    def _lose(self, trouble: str) -> None:
        """The run goes on without this server; said once."""
        if self._trouble is None:
            self._trouble = trouble
            self._report(f"MCP server `{self.server.name}` {trouble}")
        self._over.set()
        if self._process is not None:
            self._process.let_go()

    async def _said(self) -> str:
        words = await self._process.last_words() if self._process is not None else self._heard
        return f" ({words})" if words else ""

    def _hear(self, trouble: str) -> None:
        self._heard = trouble

    # What it offers

    def tools(self, names: Names) -> list[Tool]:
        found: list[Tool] = []
        left_out: list[str] = []
        for offer in self._offers if self._trouble is None else ():
            parameters = parameters_of(offer.schema, _is_schema)
            if parameters is None:
                left_out.append(short(offer.name))
                continue
            name = names.name(self.server.name, offer.name)
            found.append(Tool(name, description_of(offer.description), parameters, partial(self._run, offer.name)))
        if left_out:
            self._report(f"MCP server `{self.server.name}`: left out for what it says of their arguments: {', '.join(left_out)}")
        return found

    async def _run(self, tool: str, bench: Workbench, arguments: Arguments) -> str:
        """One call. Raises ToolError."""
        return await self.call(tool, arguments)

    async def call(self, tool: str, arguments: Arguments) -> str:
        """The text of a server's answer. Raises ToolError."""
        from mcp import MCPError

        client, name = self._client, self.server.name
        if self._trouble is not None or client is None:
            raise ToolError(f"the MCP server `{name}` {self._trouble or 'has ended'}; go on without it")
        try:
            async with asyncio.timeout(self.server.seconds):
                result = await client.call_tool(tool, dict(arguments))
        except TimeoutError:
            self._lose(f"did not answer within {self.server.seconds:g} s; its tools are not used any more")
        except MCPError as error:
            if error.code != _closed():
                raise ToolError(f"{name}: {short(str(error), 2000)}") from None
            await self._end_of_conversation()
        except Exception as error:
            if self._trouble is None and not self._over.is_set():
                raise ToolError(f"{name}: the answer cannot be used: {short(str(_cause(error)))}") from None
        else:
            text = answer_text(result.content, result.structured_content)
            if result.is_error:
                raise ToolError(text or f"{name}: the call failed")
            return text
        raise ToolError(f"the MCP server `{name}` {self._trouble or 'has ended'}; go on without it")

    async def _end_of_conversation(self) -> None:
        """Say why, unless whoever noticed first has done so."""
        if self._trouble is None:
            self._lose(f"has ended{await self._said()}; its tools are not used any more")

    # How it is reached

    def _transport(self) -> AbstractAsyncContextManager[TransportStreams]:
        if isinstance(self.server, ServerAddress):
            return _over_http(self.server, self._ours, self._hear)
        if os.name == "posix":
            return self._over_pipes(self.server)
        from mcp import StdioServerParameters, stdio_client

        environment = environment_of(self.server, self._ours)
        return stdio_client(StdioServerParameters(command=self.server.command, args=[*self.server.args], env=environment, cwd=self._root))

    @asynccontextmanager
    async def _over_pipes(self, program: ServerProgram) -> AsyncGenerator[TransportStreams]:
        """A program's standard streams as the SDK wants them. Raises ConfigError and CannotStart."""
        import anyio
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        process = self._process = await ServerProcess.start(program, self._root, self._ours)
        inward, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        outgoing, outward = anyio.create_memory_object_stream[SessionMessage](64)

        async def read() -> None:
            unreadable = 0
            async with inward:
                while line := await self._line(process):
                    try:
                        message = SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
                    except ValueError:
                        unreadable += 1
                        if unreadable < _UNREADABLE_LINES:
                            continue  # many greet the person on the same stream
                        self._lose(f"writes what are no messages: {short(line[:80].decode('utf-8', 'replace'))}")
                        return
                    with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                        await inward.send(message)
                if self._ready.is_set() and not self._over.is_set():
                    await self._end_of_conversation()

        async def write() -> None:
            async with outward:
                async for item in outward:
                    text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                    try:
                        await process.write(text.encode("utf-8", "replace"))
                    except OSError:
                        return

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(read)
                group.start_soon(write)
                try:
                    yield incoming, outgoing
                finally:
                    group.cancel_scope.cancel()
        finally:
            process.let_go()
            for stream in (inward, incoming, outgoing, outward):
                stream.close()
            with anyio.CancelScope(shield=True):
                await process.ended(self._patience.end)

    async def _line(self, process: ServerProcess) -> bytes:
        try:
            return await process.read()
        except LineTooLong:
            self._lose(f"answers with more than {LONGEST_LINE // (1024 * 1024)} MB at once; its tools are not used any more")
            return b""


class _Again(Exception):
    """The server refuses this handshake; it may know another."""


@asynccontextmanager
async def _over_http(server: ServerAddress, ours: Mapping[str, str], hear: Report) -> AsyncGenerator[TransportStreams]:
    """`hear` is told what is wrong with an answer. Raises ConfigError for a header that cannot be made."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            read = 0
            async for part in self._stream:
                read += len(part)
                if read > LONGEST_LINE:
                    hear(f"an answer of more than {LONGEST_LINE // (1024 * 1024)} MB")
                    raise httpx2.DecodingError("too much")
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def bounded(response: httpx2.Response) -> None:
        """No more is read than one message may have. Streams of events have a bound of their own."""
        hear(f"HTTP status {response.status_code}" if response.status_code >= 400 else "")
        if response.headers.get("content-encoding", "identity") != "identity":
            hear("a compressed answer, which was not asked for")
            raise httpx2.DecodingError("compressed")
        events = response.headers.get("content-type", "").startswith("text/event-stream")
        if not events and isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = Bounded(response.stream)

    headers = {"Accept-Encoding": "identity"} | {name: expanded(value, ours) for name, value in server.headers.items()}
    timeout = httpx2.Timeout(30.0, read=server.seconds + 5)
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout, event_hooks={"response": [bounded]}) as client,
        streamable_http_client(server.url, http_client=client, max_sse_event_size=LONGEST_LINE) as streams,
    ):
        yield streams


def _cause(error: BaseException) -> BaseException:
    """The exception that others are wrapped around."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _is_schema(made: Mapping[str, Any]) -> bool:
    """Whether it is a JSON Schema of the draft that the API wants; it refuses all tools for one that is none."""
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes with mcp, without types

    try:
        Draft202012Validator.check_schema(dict(made))
    except Exception:  # whatever somebody else's schema makes of the checker, it is not one to send
        return False
    return True


def _closed() -> int:
    from mcp_types import CONNECTION_CLOSED

    return CONNECTION_CLOSED


def _be_quiet() -> None:
    """What goes wrong is reported here; the SDK's own words about it would come a second time, with traces."""
    for name in ("mcp", "client"):
        if not logging.getLogger(name).handlers:
            logging.getLogger(name).addHandler(logging.NullHandler())
