"""pygls as we use it: which of its habits are replaced, and the server object that every handler gets.

Its own text store is switched off (documents are ours), commands can be cancelled like any request, nothing that goes
wrong pops up a box, and expected refusals are no log entries.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
from collections.abc import Awaitable
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

from lsp_server import __version__
from lsp_server.lsp.client import Client
from lsp_server.lsp.convert import Places
from lsp_server.lsp.inputs import Person
from lsp_server.lsp.session import AnalysisThread, Sessions


class ContentModified(JsonRpcException):
    """The document is no longer the one the request speaks of."""

    CODE = int(types.LSPErrorCodes.ContentModified)


class RequestFailed(JsonRpcException):
    """The request was understood and cannot be fulfilled; the message is for people."""

    CODE = int(types.LSPErrorCodes.RequestFailed)


class ServerCancelled(JsonRpcException):
    """The answer would be out of date before it arrived."""

    CODE = int(types.LSPErrorCodes.ServerCancelled)

    def __init__(self, message: str, retrigger: bool) -> None:
        super().__init__(message, data={"retriggerRequest": retrigger})


class Protocol(LanguageServerProtocol):
    """The built-in handlers named here are gone: the features of `server.py` stand alone."""

    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]
    lsp_notebook_document__did_open = None  # type: ignore[assignment]
    lsp_notebook_document__did_change = None  # type: ignore[assignment]
    lsp_notebook_document__did_close = None  # type: ignore[assignment]

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command as a coroutine of its own request, so that cancelling the request reaches it."""
        command = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command}")
        result = command(params.arguments or [])
        return await result if inspect.isawaitable(result) else result


class Server(LanguageServer):
    """What handlers share. Everything here belongs to the event loop."""

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__(
            "specdrift",
            __version__,
            types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=default_converter,
            max_workers=2,
        )
        self.client = Client()
        self.places = Places()
        self.sessions = Sessions()
        self.analysis_thread = AnalysisThread()
        self.news = asyncio.Event()  # a check has finished
        self.pulled_workspace = False
        self.code_lenses = True
        self.person = Person()
        self.rootless = False  # the client has no folders: the files that it opens tell
        self.ready = False  # `initialized` has come: we may speak
        self.asked_to_exit = False
        self.was_shut_down = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()

    def later(self, work: Awaitable[Any]) -> None:
        """Do something in the background; a failure is logged."""

        async def run() -> None:
            try:
                await work
            except Exception as error:
                self.log_once(f"{type(error).__name__}: {error}")

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def log_once(self, message: str, level: types.MessageType = types.MessageType.Error) -> None:
        """Tell the client's log and ours, the same thing only once."""
        if message not in self._told:
            self._told.add(message)
            print(f"specdrift: {message}", file=sys.stderr)
            self.window_log_message(types.LogMessageParams(type=level, message=message))

    def say_once(self, message: str) -> None:
        """Tell the person, the same thing only once."""
        if message not in self._told:
            self._told.add(message)
            self.window_show_message(types.ShowMessageParams(type=types.MessageType.Error, message=message))

    def say_to_person(self, message: str) -> None:
        """A sentence that a run has for the person: into the log, where it can be read afterwards."""
        self.log_once(message, types.MessageType.Info)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Requests have their answer already; anything else goes to the logs, never into a box."""
        if source is not FeatureRequestError:
            self.log_once(f"{type(error).__name__}: {error}")


def quiet_logging() -> None:
    """Warnings and errors of the library to stderr, without those that are part of a normal session."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_worth_telling)
    for name in ("pygls", "asyncio", "websockets"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        logger.propagate = False


def _is_worth_telling(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, JsonRpcException):
        return False  # an answer like any other
    return "unknown m" not in str(record.msg)  # an unknown method, a cancelled request that has been answered
