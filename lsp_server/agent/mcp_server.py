"""Serves tools that only read, and pages, to other people's coding agents: the Model Context Protocol on standard input and output.

Which tools there are and what they do is given from outside. One call at a time runs, beside the conversation, so that the other
side is always answered. Nothing else goes to the standard output. With `mcp_client.py` the only importer of `mcp`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsp_server.agent.tool import Tool, ToolError, checked

if TYPE_CHECKING:
    from mcp.server import Server
    from mcp.server.context import ServerRequestContext
    from mcp_types import (
        CallToolRequestParams,
        CallToolResult,
        ListResourcesResult,
        ListToolsResult,
        PaginatedRequestParams,
        ReadResourceRequestParams,
        ReadResourceResult,
    )

    from lsp_server.agent.bench import Workbench


@dataclass(frozen=True, slots=True)
class Page:
    """A text to read under a URI of its own. Markdown."""

    uri: str
    name: str
    summary: str
    text: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Offering:
    """All that is served. `bench` gives the workbench for a call, with the files as they are then; it raises ToolError."""

    name: str
    version: str
    instructions: str
    tools: Sequence[Tool]
    pages: Sequence[Page]
    bench: Callable[[], Workbench]


def serve(offering: Offering) -> None:
    """Until the other side closes the conversation. Raises ImportError where the package `mcp` is not installed."""
    from mcp.server.stdio import stdio_server

    logging.getLogger("mcp").setLevel(logging.CRITICAL)

    async def talk() -> None:
        server = _server(offering)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    asyncio.run(talk())


def answer(offering: Offering, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
    """The text of an answer, and whether it is an error. Never raises: a failure of ours is an answer, and a trace on stderr."""
    tool = next((tool for tool in offering.tools if tool.name == name), None)
    if tool is None:
        return f"there is no tool {name}; there is {', '.join(tool.name for tool in offering.tools)}", True
    try:
        text = tool.run(offering.bench(), checked(tool, arguments))
        assert isinstance(text, str), "only tools that are no coroutines are served"
        return text, False
    except ToolError as error:
        return str(error), True
    except Exception as error:  # the conversation goes on; a crash must not look like an answer
        traceback.print_exc(file=sys.stderr)
        return f"internal failure: {type(error).__name__}: {error}", True


def _server(offering: Offering) -> Server[Any]:
    import mcp_types as types
    from mcp import MCPError
    from mcp.server import Server

    turn = asyncio.Lock()

    async def list_tools(context: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        reads = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
        tools = [
            types.Tool(name=tool.name, description=tool.description, input_schema=dict(tool.parameters), annotations=reads)
            for tool in offering.tools
        ]
        return types.ListToolsResult(tools=tools)

    async def call_tool(context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        async with turn:
            text, failed = await asyncio.to_thread(answer, offering, params.name, params.arguments or {})
        return types.CallToolResult(content=[types.TextContent(text=text.encode("utf-8", "replace").decode())], is_error=failed)

    async def list_resources(context: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListResourcesResult:
        resources = [
            types.Resource(uri=page.uri, name=page.name, description=page.summary, mime_type="text/markdown") for page in offering.pages
        ]
        return types.ListResourcesResult(resources=resources)

    async def read_resource(context: ServerRequestContext[Any], params: ReadResourceRequestParams) -> ReadResourceResult:
        page = next((page for page in offering.pages if page.uri == str(params.uri)), None)
        if page is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no page {params.uri}")
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=page.uri, mime_type="text/markdown", text=page.text())])

    return Server(
        offering.name,
        version=offering.version,
        instructions=offering.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )
