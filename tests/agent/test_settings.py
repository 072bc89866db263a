"""Where the agent's settings come from, and which of them a workspace may bring along."""

from __future__ import annotations

import pytest

from lsp_server.agent.settings import ONLY_TRUSTED, AgentSettings, agent_settings
from lsp_server.config import Config, ConfigError, parse

TEXT = """
[agent]
model = "claude-sonnet-5-5"
effort = "high"
max_cost = 2.5
max-tokens = 1000
base-url = "https://proxy.example"
commands = ["make test"]
journal = "postgresql://team/journal"
exclude = ["private/"]
[agent.mcp_servers.time]
command = "mcp-server-time"
"""


def config(text: str = TEXT) -> Config:
    found = parse(text, "specdrift.toml")
    assert found is not None
    return found


def test_without_settings_all_have_defaults() -> None:
    assert agent_settings(Config()) == AgentSettings()


def test_a_workspace_that_is_not_trusted_names_no_host_no_program_and_no_database() -> None:
    settings = agent_settings(config())
    assert (settings.model, settings.effort, settings.max_cost, settings.max_tokens) == ("claude-sonnet-5-5", "high", 2.5, 1000)
    assert settings.exclude == ("private/",)
    assert (settings.base_url, settings.commands, settings.journal, settings.mcp_servers) == (None, (), None, ())
    assert len(settings.unused) == len(ONLY_TRUSTED)
    assert all("specdrift.toml is not used" in sentence for sentence in settings.unused)


def test_a_workspace_that_is_not_trusted_spends_no_more_of_the_person_s_money() -> None:
    text = "[agent]\nmax-cost = 10000\nmax_tokens = 90000000\nmax-rounds = 5000\nmax-repairs = 2\n"
    found = agent_settings(config(text))
    assert (found.max_cost, found.max_tokens, found.max_rounds, found.max_repairs) == (5.0, 2_000_000, 80, 2)
    assert len(found.unused) == 3 and all("can only lower it" in sentence for sentence in found.unused)
    assert agent_settings(config(text), trusted=True).max_cost == 10000
    own = agent_settings(config(text), own={"max-cost": 20.0})
    assert own.max_cost == 20.0 and len(own.unused) == 2


@pytest.mark.parametrize("given", [{"trusted": True}, {"personal": True}])
def test_a_trusted_workspace_or_a_person_s_own_file_may(given: dict[str, bool]) -> None:
    settings = agent_settings(config(), **given)
    assert settings.base_url == "https://proxy.example"
    assert settings.commands == ("make test",)
    assert settings.journal == "postgresql://team/journal"
    assert [server.name for server in settings.mcp_servers] == ["time"]
    assert settings.unused == ()


def test_the_editor_s_own_settings_win() -> None:
    settings = agent_settings(config(), own={"base-url": "http://localhost:1", "model": "opus", "mcp_servers": {"git": {"command": "mcp-server-git"}}})
    assert (settings.base_url, settings.model) == ("http://localhost:1", "opus")
    assert [server.name for server in settings.mcp_servers] == ["git"]


def test_a_prompt_of_the_workspace_is_told_from_one_s_own() -> None:
    assert agent_settings(config('agent = {prompt = "a.md"}')).prompt_is_theirs
    assert not agent_settings(config('agent = {prompt = "a.md"}'), own={"prompt": "~/b.md"}).prompt_is_theirs
    assert not agent_settings(config('agent = {prompt = "a.md"}'), trusted=True).prompt_is_theirs


@pytest.mark.parametrize("text", ["api_key = 'x'", "token = 'x'", "password = 'x'"])
def test_no_file_holds_a_key(text: str) -> None:
    with pytest.raises(ConfigError, match="never in a file") as caught:
        config(f"[agent]\n{text}\n")
    assert "'x'" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["max-tokens = -1", "max-tokens = 1.5", "max-cost = '5'", "provider = 'azure'", "effort = 'huge'", "commands = 'make'", "mcp_servers = []", "unknown = 1"],
)
def test_wrong_values_are_named(text: str) -> None:
    with pytest.raises(ConfigError, match=text.partition(" ")[0].replace("_", "[-_]")):
        config(f"[agent]\n{text}\n")


def test_a_wrong_server_is_named() -> None:
    with pytest.raises(ConfigError, match=r"mcp_servers\.time"):
        agent_settings(config("[agent.mcp_servers.time]\nargs = ['x']\n"), trusted=True)
