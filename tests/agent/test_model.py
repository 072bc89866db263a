"""The client against the scripted service: answers, streams that break, refusals, keys; with the real SDK."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pytest

from lsp_server.agent.model import Model, ModelError, NoModel, Reply
from lsp_server.agent.money import Usage, cost_of
from lsp_server.agent.request import MODEL, Body, body_of, model_of, said
from lsp_server.agent.settings import AgentSettings
from tests.agent.messages_api import Api, Failure, Text, Thought, Turn, Use, messages_api, say

KEY = "sk-" + "ant-not-a-real-key-0123456789"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Whatever the machine has set up for itself does not count."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE", "ANTHROPIC_CONFIG_DIR", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def body(text: str = "hello") -> Body:
    return body_of(MODEL, None, "You are an engineer.", (), [said(text)])


def ask(api: Api, *bodies: Body, **settings: Any) -> list[Reply]:
    async def run() -> list[Reply]:
        async with Model(AgentSettings(base_url=api.url, **settings), KEY) as model:
            return [await model.reply(each) for each in bodies]

    return asyncio.run(run())


def test_text_thinking_and_calls_are_put_together() -> None:
    turn = Turn((Thought("First I look."), Text("Looking."), Use("read", {"path": "a.py", "text": "ü" * 50})), tokens=(500, 70), cached=200)
    with messages_api([turn]) as api:
        (reply,) = ask(api, body())
    assert [block["type"] for block in reply.content] == ["thinking", "text", "tool_use"]
    assert reply.content[0]["thinking"] == "First I look." and reply.content[0]["signature"]
    assert reply.calls[0].arguments == {"path": "a.py", "text": "ü" * 50}
    assert (reply.stop, reply.text) == ("tool_use", "Looking.")
    assert (reply.usage.sent, reply.usage.answered, reply.usage.cache_read) == (500, 70, 200)
    assert reply.usage.cost == pytest.approx((500 * 4 + 70 * 20 + 200 * 0.2) / 1e6)


def test_the_stable_part_is_marked_for_the_cache() -> None:
    with messages_api([say("hi")]) as api:
        ask(api, body(), effort="high")
        sent = api.requests[0].body
    assert sent["system"][-1]["cache_control"] == {"type": "ephemeral"}
    assert sent["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert sent["thinking"] == {"type": "adaptive"}
    assert sent["stream"] is True


def test_arguments_that_are_no_json_are_a_fault_and_not_half_a_call() -> None:
    turn = Turn((Use("edit", raw='{"path": "a.py", "new": "half'),), stop="max_tokens")
    with messages_api([turn]) as api:
        (reply,) = ask(api, body())
    assert reply.calls[0].arguments == {}
    assert "not valid JSON" in (reply.calls[0].fault or "") and "cut off" in (reply.calls[0].fault or "")


def test_a_stream_that_breaks_is_asked_for_again_and_paid_for() -> None:
    with messages_api([say("one two three", cut=4), say("whole")]) as api:
        (reply,) = ask(api, body())
        assert len(api.requests) == 2
    assert reply.text == "whole"
    assert reply.usage.sent == 2000


@pytest.mark.parametrize("turn", [say("x" * 200, cut=3), Turn((Text("a"), Text("b")), failing="overloaded_error")])
def test_a_stream_that_always_breaks_is_an_error(turn: Turn) -> None:
    with messages_api([turn] * 3) as api, pytest.raises(ModelError, match=r"broke 3 times|cut off 3 times"):
        ask(api, body())


def test_a_rate_limit_is_waited_for_as_the_service_asks() -> None:
    with messages_api([Failure(429, "rate_limit_error", retry_after="0.05"), say("now")]) as api:
        (reply,) = ask(api, body())
    assert reply.text == "now"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure(400, "invalid_request_error", "prompt is too long"), "refused the request (400: prompt is too long)"),
        (Failure(401, "authentication_error", "invalid key"), "the key was refused (401: invalid key): set ANTHROPIC_API_KEY"),
        (Failure(404, "not_found_error", "model: nothing"), "not known to the service"),
        (Failure(429, "rate_limit_error", "slow down", retry_after="0.01"), "rate limit"),
        (Failure(529, "overloaded_error", "too many", retry_after="0.01"), "overloaded, also after 4 retries"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Failure) else "",
)
def test_refusals_say_what_to_do_and_never_the_key(failure: Failure, words: str) -> None:
    with messages_api([failure] * 5) as api, pytest.raises(ModelError) as caught:
        ask(api, body())
    assert words in str(caught.value)
    assert KEY not in str(caught.value)


def test_without_a_key_nothing_is_sent_and_one_sentence_says_what_to_do() -> None:
    with messages_api([]) as api:
        with pytest.raises(NoModel, match="set ANTHROPIC_API_KEY in the environment"):
            Model(AgentSettings(base_url=api.url))
        assert not api.requests


@pytest.mark.parametrize("provider", ["bedrock", "vertex", "foundry"])
def test_other_providers_say_what_they_need(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "CLOUD_ML_REGION", "ANTHROPIC_FOUNDRY_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoModel, match=provider):
        Model(AgentSettings(provider=provider))


def test_a_provider_whose_package_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_ML_REGION", "europe-west1")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "shop")
    monkeypatch.setitem(sys.modules, "google.auth", None)

    async def run() -> None:
        async with Model(AgentSettings(provider="vertex")) as model:
            await model.reply(body())

    with pytest.raises(NoModel, match=r"no key for the model \(vertex\).*anthropic\[vertex\]"):
        asyncio.run(run())


@pytest.mark.parametrize("provider", ["bedrock", "vertex", "foundry"])
def test_other_providers_speak_the_same_api(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_ML_REGION", "europe-west1")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "shop")
    with messages_api([say("hello")]) as api:
        (reply,) = ask(api, body(), provider=provider)
        assert api.requests[0].headers.get("x-api-key", api.requests[0].headers.get("authorization", "")).endswith(KEY)
    assert reply.text == "hello"


def test_cancelling_ends_the_connection_at_once() -> None:
    async def run(api: Api) -> float:
        async with Model(AgentSettings(base_url=api.url), KEY) as model:
            came = asyncio.Event()
            task = asyncio.create_task(model.reply(body(), lambda text: came.set()))
            await asyncio.wait_for(came.wait(), 10)
            started = time.perf_counter()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.perf_counter() - started

    with messages_api([say("x" * 5000, seconds=0.05)]) as api:
        assert asyncio.run(run(api)) < 1
        assert api.gone.wait(5)


def test_prices() -> None:
    used = Usage(sent=1_000_000, answered=1_000_000)
    assert cost_of(used, "claude-opus-5-5") == 24
    assert cost_of(used, "global.anthropic.claude-opus-5-5-v1") == 24
    assert cost_of(used, "claude-sonnet-4-5@20250929") == 18
    assert cost_of(Usage(sent=100_000), "claude-haiku-5-5") == pytest.approx(0.01)
    assert cost_of(Usage(sent=200_000), "claude-haiku-5-5") == pytest.approx(0.1)
    assert cost_of(used, "claude-fable-9") is None
    assert (Usage(cost=None) + Usage(cost=1.0)).cost is None


def test_names_of_models() -> None:
    assert model_of(AgentSettings()) == MODEL
    assert model_of(AgentSettings(), "sonnet") == "claude-sonnet-5-5"
    assert model_of(AgentSettings(model="my-proxy-model"), "opus") == "my-proxy-model"
    assert model_of(AgentSettings(provider="bedrock"), "inherit") == f"anthropic.{MODEL}"


def test_our_model_is_one_that_the_sdk_knows() -> None:
    from typing import get_args

    from anthropic.types import ModelParam

    assert MODEL in get_args(get_args(ModelParam)[0])
