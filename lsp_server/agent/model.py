"""The model at the other end: one request, one answer, streamed. The only file that imports `anthropic`, when the first request is made.

Retries of refused and failed requests are the SDK's. A stream that breaks in the middle is asked for again here, because the SDK's
retries end where the stream begins. Tool arguments are put together from the raw events and parsed strictly: half a call, cut off by a
limit, must not pass for a whole one. Knows nothing of tasks, tools and drafts.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lsp_server.agent.money import Usage, cost_of
from lsp_server.agent.request import Body
from lsp_server.agent.settings import AgentSettings

if TYPE_CHECKING:
    import anthropic

_RETRIES = 4  # the SDK's, per request; it waits as long as the service asks
_BROKEN = 2  # times that a stream may break in the middle, per request
_PASSING = ("overloaded_error", "api_error", "timeout_error")
_SILENCE = 300.0  # seconds without a byte; the service sends pings
_INSTALL = "python -m pip install 'specdrift[agent]'"
_KEY_ADVICE = {
    "anthropic": "set ANTHROPIC_API_KEY in the environment, or store a key in the editor (never in a file of the workspace)",
    "bedrock": "set AWS_BEARER_TOKEN_BEDROCK, or AWS credentials and AWS_REGION (these need `anthropic[bedrock]`)",
    "vertex": "set CLOUD_ML_REGION and ANTHROPIC_VERTEX_PROJECT_ID and sign in with gcloud (needs `anthropic[vertex]`)",
    "foundry": "set ANTHROPIC_FOUNDRY_API_KEY and ANTHROPIC_FOUNDRY_RESOURCE",
}


class ModelError(Exception):
    """No answer is to be had. The message is for people; `used` is what was spent on the way."""

    def __init__(self, message: str, used: Usage | None = None) -> None:
        super().__init__(message)
        self.used = used or Usage()


class NoModel(ModelError):
    """The run cannot begin: a package or a key is missing, or the key is refused. The message says what to do."""


class TooLong(ModelError):
    """The conversation has grown longer than the model can read."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `fault` says why the arguments cannot be used; they are empty then."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `content` is what goes back to the model with the next request.

    `stop`: "end_turn", "tool_use", "max_tokens", "refusal", or another word of the service.
    """

    content: tuple[dict[str, Any], ...]
    calls: tuple[Call, ...]
    text: str
    stop: str
    usage: Usage


@dataclass(slots=True)
class _Block:
    """A content block under way."""

    start: dict[str, Any]
    text: str = ""
    arguments: str = ""
    signature: str = ""


@dataclass(slots=True)
class _Answer:
    """What has come of an answer so far."""

    blocks: dict[int, _Block] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    stop: str | None = None
    whole: bool = False


def load() -> None:
    """Import the SDK, which takes seconds: in a thread, where somebody else waits for the loop. Says nothing where it is missing."""
    with contextlib.suppress(ImportError):
        import anthropic.resources.messages  # noqa: F401


class Model:
    """A client for one provider. `async with Model(settings, key) as model: await model.reply(body)`.

    `key` is one from the editor's secret storage; without it the environment's counts, as the SDK reads it. Raises NoModel.
    """

    def __init__(self, settings: AgentSettings, key: str | None = None) -> None:
        self.settings = settings
        self._client = _client(settings, key)

    async def __aenter__(self) -> Model:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.close()

    async def reply(self, body: Body, progress: Callable[[str], None] = lambda text: None) -> Reply:
        """One answer. `progress` gets the text as it comes. Raises ModelError; cancelling ends the connection."""
        used = Usage()
        for attempt in range(_BROKEN + 1):
            answer = _Answer()
            try:
                await self._read(body, answer, progress)
            except _passing_errors() as error:
                used += _priced(answer.usage, body)
                if attempt == _BROKEN:
                    raise ModelError(f"the connection to the model broke {_BROKEN + 1} times: {_short(error)}", used) from None
                continue
            except Exception as error:  # The SDK's errors are many, and its own checks raise TypeError and ValueError.
                raise _sort(error)(_in_words(error, self.settings), used + _priced(answer.usage, body)) from None
            used += _priced(answer.usage, body)
            if answer.whole:
                return _reply(answer, used)
        raise ModelError(f"the model's answer was cut off {_BROKEN + 1} times", used)

    async def _read(self, body: Body, answer: _Answer, progress: Callable[[str], None]) -> None:
        import anthropic

        stream: Any = await self._client.messages.create(**body)
        try:
            async with stream:
                async for event in stream:
                    _take(event.to_dict(), answer, progress)
        except anthropic.APIStatusError as error:
            if error.status_code == 200 and error.type in _PASSING:  # An error event after a good beginning.
                raise _Unfinished(error.api_message or error.type) from None
            raise


def _take(event: Mapping[str, Any], answer: _Answer, progress: Callable[[str], None]) -> None:
    """One event of the stream. Kinds that are not known are passed over: the service may add some."""
    match event.get("type"):
        case "message_start":
            answer.usage = _usage(event["message"].get("usage") or {}, answer.usage)
        case "content_block_start":
            answer.blocks[event["index"]] = _Block(dict(event["content_block"]))
        case "content_block_delta":
            block, delta = answer.blocks[event["index"]], event["delta"]
            block.text += delta.get("text") or delta.get("thinking") or ""
            block.arguments += delta.get("partial_json") or ""
            block.signature += delta.get("signature") or ""
            if delta.get("text"):
                progress(delta["text"])
        case "message_delta":
            answer.stop = event["delta"].get("stop_reason") or answer.stop
            answer.usage = _usage(event.get("usage") or {}, answer.usage)
        case "message_stop":
            answer.whole = True


def _usage(told: Mapping[str, Any], known: Usage) -> Usage:
    """Counts in a stream are totals; one that is left out stays."""

    def count(name: str, before: int) -> int:
        value = told.get(name)
        return before if value is None else int(value)

    return replace(
        known,
        sent=count("input_tokens", known.sent),
        answered=count("output_tokens", known.answered),
        cache_read=count("cache_read_input_tokens", known.cache_read),
        cache_written=count("cache_creation_input_tokens", known.cache_written),
    )


def _priced(usage: Usage, body: Body) -> Usage:
    return replace(usage, cost=cost_of(usage, body["model"])) if usage.tokens else usage


def _reply(answer: _Answer, usage: Usage) -> Reply:
    content: list[dict[str, Any]] = []
    calls: list[Call] = []
    texts: list[str] = []
    for _, block in sorted(answer.blocks.items()):
        match block.start.get("type"):
            case "text":
                text = (block.start.get("text") or "") + block.text
                if text.strip():  # The service refuses empty ones when they come back.
                    content.append({"type": "text", "text": text})
                    texts.append(text)
            case "thinking":
                thought = (block.start.get("thinking") or "") + block.text
                signature = (block.start.get("signature") or "") + block.signature
                content.append({"type": "thinking", "thinking": thought, "signature": signature})
            case "redacted_thinking":
                content.append({"type": "redacted_thinking", "data": block.start.get("data", "")})
            case "tool_use":
                call = _call(block, answer.stop)
                calls.append(call)
                content.append({"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)})
    return Reply(tuple(content), tuple(calls), "\n".join(texts), answer.stop or "end_turn", usage)


def _call(block: _Block, stop: str | None) -> Call:
    identifier, name = str(block.start.get("id", "")), str(block.start.get("name", ""))
    if not block.arguments.strip():
        given = block.start.get("input")
        return Call(identifier, name, given if isinstance(given, dict) else {})
    try:
        arguments = json.loads(block.arguments)
    except (ValueError, RecursionError) as error:
        cut = "; the answer was cut off at its longest: write smaller pieces" if stop == "max_tokens" else ""
        return Call(identifier, name, {}, f"the arguments are not valid JSON ({error}){cut}")
    if not isinstance(arguments, dict):
        return Call(identifier, name, {}, "the arguments must be a JSON object")
    return Call(identifier, name, arguments)


def _client(settings: AgentSettings, key: str | None) -> anthropic.AsyncAnthropic:
    """Raises NoModel."""
    try:
        import anthropic
        import httpx2
    except ImportError as error:
        missing = error.name or "anthropic"
        raise NoModel(f"the agent needs the package `anthropic` (`{missing}` is missing): {_INSTALL}") from None

    def made(name: str, **given: Any) -> Any:
        known = {word: value for word, value in given.items() if value is not None}
        timeout = httpx2.Timeout(_SILENCE, connect=10.0)
        # No spans: what is sent goes to the provider and to nobody else.
        return getattr(anthropic, name)(**known, base_url=settings.base_url, max_retries=_RETRIES, timeout=timeout, open_telemetry=False)

    try:
        match settings.provider:
            case "bedrock":
                client = made("AsyncAnthropicBedrockMantle", api_key=key)
            case "vertex":
                client = made("AsyncAnthropicVertex", access_token=key)
            case "foundry":
                client = made("AsyncAnthropicFoundry", api_key=key)
            case _:
                client = made("AsyncAnthropic", api_key=key)
                if client.api_key is None and client.auth_token is None and client.credentials is None:
                    raise NoModel(_no_key(settings))
    except (anthropic.AnthropicError, ImportError, TypeError, ValueError) as error:
        raise NoModel(f"{_no_key(settings)} ({_short(error)})") from None
    return client  # type: ignore[no-any-return]


def _no_key(settings: AgentSettings) -> str:
    return f"no key for the model ({settings.provider}): {_KEY_ADVICE[settings.provider]}"


def _passing_errors() -> tuple[type[BaseException], ...]:
    """What ends a stream in the middle and may go better next time."""
    import httpx2

    return (httpx2.TransportError, httpx2.StreamError, _Unfinished)


class _Unfinished(Exception):
    """The stream said itself that it cannot go on."""


def _sort(error: Exception) -> type[ModelError]:
    import anthropic

    if isinstance(error, anthropic.BadRequestError | anthropic.ContentTooLargeError):
        said = str(error).lower()
        return TooLong if "too long" in said or "context" in said or error.status_code == 413 else ModelError
    return NoModel if _is_about_the_key(error) else ModelError


def _is_about_the_key(error: Exception) -> bool:
    """Whether a person has to set something up first: a key, a sign-in, a package of the provider's."""
    import anthropic

    if isinstance(error, anthropic.AnthropicError) and not isinstance(error, anthropic.APIError):
        return True
    refused = isinstance(error, anthropic.AuthenticationError | anthropic.PermissionDeniedError)
    return refused or (isinstance(error, TypeError) and "authentication" in str(error))


def _in_words(error: Exception, settings: AgentSettings) -> str:
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        said = error.api_message or _short(error)
        match error.status_code:
            case 401 | 403:
                return f"the key was refused ({error.status_code}: {said}): {_KEY_ADVICE[settings.provider]}"
            case 404:
                return f"the model or the address is not known to the service ({said}); `agent.model` and `agent.base-url` name them"
            case 413:
                return f"the request was too large for the service ({said})"
            case 429:
                return f"the rate limit of the service was reached, also after {_RETRIES} retries ({said})"
            case 529:
                return f"the service is overloaded, also after {_RETRIES} retries ({said})"
        return f"the service refused the request ({error.status_code}: {said})"
    if isinstance(error, anthropic.APITimeoutError):
        return "the service did not answer in time"
    if isinstance(error, anthropic.APIConnectionError):
        return f"the service cannot be reached ({_short(error.__cause__ or error)})"
    if _is_about_the_key(error):
        return f"{_no_key(settings)} ({_short(error)})"
    return f"the model cannot be asked ({_short(error)})"


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "…"
