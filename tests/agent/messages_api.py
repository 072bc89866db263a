"""A server on this machine that speaks the Messages API from a script: real HTTP, real server-sent events, nothing clever.

It answers the first request with the first turn of the script, the second with the second, and so on; a turn may also be a function of
the request. It refuses what the real service refuses (a tool call without its result, a thinking block whose history was changed, names
that are no tool names) and keeps every request byte for byte, so that tests can read what went over the wire.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")
_ON_VERTEX = re.compile(r"/projects/[^/]+/locations/[^/]+/publishers/anthropic/models/[^/]+:streamRawPredict\Z")
_PIECE = 24  # characters in one delta


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Thought:
    """Thinking, with a signature that is bound to everything before it."""

    text: str


@dataclass(frozen=True)
class Use:
    """A tool call. `raw` is sent as the arguments' JSON as it is, for what is not JSON."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    raw: str | None = None


@dataclass(frozen=True)
class Turn:
    """One answer. `cut` ends the connection after so many events; `seconds` pass between events, and a ping says that we live."""

    blocks: tuple[Text | Thought | Use, ...] = ()
    stop: str | None = None
    tokens: tuple[int, int] = (1000, 100)  # in, out
    cached: int = 0
    cut: int | None = None
    seconds: float = 0.0
    failing: str | None = None  # an error event in the middle of the stream, by its type


@dataclass(frozen=True)
class Failure:
    """An answer that is an error."""

    status: int
    kind: str
    message: str = "the script says so"
    retry_after: str | None = None


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def results(self) -> list[dict[str, Any]]:
        """The tool results of the last message."""
        content = self.body["messages"][-1]["content"]
        return [block for block in content if isinstance(block, dict) and block["type"] == "tool_result"]

    @property
    def text(self) -> str:
        """The text of the last message, the tool results included."""
        return text_of(self.body["messages"][-1]["content"])


def text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text") or text_of(block.get("content", "")) for block in content)


Answer = Turn | Failure
Script = Sequence[Answer | Callable[[Request], Answer]]


def say(text: str, **options: Any) -> Turn:
    return Turn((Text(text),), **options)


def call(name: str, **arguments: Any) -> Turn:
    return Turn((Use(name, arguments),))


@dataclass
class Api:
    """The running server. `gone` is set when a client left in the middle of an answer."""

    url: str
    script: list[Answer | Callable[[Request], Answer]]
    requests: list[Request] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def wire(self) -> str:
        """All that was sent to us, headers included, as one text."""
        return "\n".join(f"{each.path}\n{each.headers}\n{each.raw.decode()}" for each in self.requests)

    def next(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
            if not self.script:
                return Failure(400, "invalid_request_error", "the script has no more turns")
            answer = self.script.pop(0)
        return answer(request) if callable(answer) else answer


@contextmanager
def messages_api(script: Script) -> Iterator[Api]:
    """A server that follows the script, gone afterwards."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Speaker)
    server.daemon_threads = True
    api = Api(f"http://127.0.0.1:{server.server_address[1]}", list(script))
    server.api = api  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Speaker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        api: Api = self.server.api  # type: ignore[attr-defined]
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, raw)
        answer = api.next(request)
        if isinstance(answer, Turn):
            complaint = complaint_about(request)
            if complaint is not None:
                answer = Failure(400, "invalid_request_error", complaint)
        try:
            if isinstance(answer, Failure):
                self._fail(answer)
            else:
                self._stream(answer, request, api)
        except (BrokenPipeError, ConnectionResetError):
            api.gone.set()
            self.close_connection = True

    def _fail(self, failure: Failure) -> None:
        data = json.dumps({"type": "error", "error": {"type": failure.kind, "message": failure.message}}).encode()
        self.send_response(failure.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_header("request-id", "req_scripted")
        if failure.retry_after is not None:
            self.send_header("retry-after", failure.retry_after)
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, turn: Turn, request: Request, api: Api) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, (name, data) in enumerate(events(turn, request)):
            if turn.cut is not None and number >= turn.cut:
                self.close_connection = True
                self.connection.close()
                return
            if turn.seconds:
                self._event("ping", {"type": "ping"})
                if api.stopping.wait(turn.seconds):
                    self.close_connection = True
                    return
            self._event(name, data)
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, name: str, data: dict[str, Any]) -> None:
        text = f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
        self.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")
        self.wfile.flush()


def events(turn: Turn, request: Request) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a turn as the service sends them."""
    body = request.body
    usage = {"input_tokens": turn.tokens[0], "output_tokens": 1, "cache_creation_input_tokens": 0, "cache_read_input_tokens": turn.cached}
    message = {"id": "msg_scripted", "type": "message", "role": "assistant", "model": body.get("model", "named in the path"), "content": [], "stop_reason": None,
               "stop_sequence": None, "usage": usage}  # fmt: skip
    yield "message_start", {"type": "message_start", "message": message}
    for index, block in enumerate(turn.blocks):
        if turn.failing is not None and index == len(turn.blocks) - 1:
            yield "error", {"type": "error", "error": {"type": turn.failing, "message": "in the middle"}}
            return
        yield from _block(index, block, body)
    stop = turn.stop or ("tool_use" if any(isinstance(block, Use) for block in turn.blocks) else "end_turn")
    yield "message_delta", {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": turn.tokens[1]}}
    yield "message_stop", {"type": "message_stop"}


def _block(index: int, block: Text | Thought | Use, body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    match block:
        case Text(text):
            start, kind, word, pieces = {"type": "text", "text": ""}, "text_delta", "text", text
        case Thought(text):
            start, kind, word, pieces = {"type": "thinking", "thinking": "", "signature": ""}, "thinking_delta", "thinking", text
        case Use(name, arguments, raw):
            identifier = f"toolu_{len(body['messages']):03}_{index}"
            start, kind, word = {"type": "tool_use", "id": identifier, "name": name, "input": {}}, "input_json_delta", "partial_json"
            pieces = json.dumps(arguments) if raw is None else raw
    yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": start}
    for begin in range(0, len(pieces), _PIECE):
        delta = {"type": kind, word: pieces[begin : begin + _PIECE]}
        yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
    if isinstance(block, Thought):
        delta = {"type": "signature_delta", "signature": _signature(body, len(body["messages"]))}
        yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
    yield "content_block_stop", {"type": "content_block_stop", "index": index}


def _signature(body: Any, before: int) -> str:
    """Bound to the instruction, the tools and the first messages; marks for the cache are no content."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(inner) for key, inner in value.items() if key != "cache_control"}
        return [bare(inner) for inner in value] if isinstance(value, list) else value

    prefix = bare([body.get("system"), body.get("tools"), body["messages"][:before]])
    return hashlib.sha256(json.dumps(prefix, sort_keys=True).encode()).hexdigest()


def complaint_about(request: Request) -> str | None:
    """Why the service would refuse a request; None for a good one."""
    body = request.body
    path = request.path.partition("?")[0]
    if path != "/v1/messages" and _ON_VERTEX.match(path) is None:
        return f"no such path: {request.path}"
    if body.keys() & {"temperature", "top_p", "top_k"}:
        return "sampling parameters are not supported"
    for tool in body.get("tools", ()):
        if _TOOL_NAME.match(tool["name"]) is None or tool["input_schema"].get("type") != "object":
            return f"tools: {tool['name']} is not a tool"
    if len({tool["name"] for tool in body.get("tools", ())}) != len(body.get("tools", ())):
        return "tools: names must be unique"
    if json.dumps(body).count('"cache_control"') > 4:
        return "at most 4 blocks with cache_control"
    messages = body["messages"]
    if not messages or messages[0]["role"] != "user" or messages[-1]["role"] != "user":
        return "messages: must begin and end with the user"
    for number, message in enumerate(messages):
        content = message["content"]
        if not content or any(block["type"] == "text" and not block["text"].strip() for block in content if isinstance(block, dict)):
            return f"messages.{number}: text content blocks must be non-empty"
        if message["role"] == "assistant":
            fault = _fault_of_answer(body, number, content)
            if fault is not None:
                return fault
    return None


def _fault_of_answer(body: Any, number: int, content: Any) -> str | None:
    used = [block["id"] for block in content if block["type"] == "tool_use"]
    following = body["messages"][number + 1]["content"]
    answered = [block["tool_use_id"] for block in following if isinstance(block, dict) and block["type"] == "tool_result"]
    if used != answered:
        return f"messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately after: {used}"
    if all(block["type"] == "thinking" for block in content):
        return f"messages.{number}: the final block in an assistant message cannot be `thinking`"
    for block in content:
        if block["type"] == "thinking" and block["signature"] != _signature(body, number):
            return f"messages.{number}: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
    return None
