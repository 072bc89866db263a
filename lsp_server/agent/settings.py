"""What a run may use and spend: the agent's settings, from the configuration and from the person who starts it.

A repository brings its configuration along. What in it would send text or a key elsewhere, start a program or write to a database
counts only where the person trusts the workspace, or says it outside of it: in the editor's settings, on the command line, in the
environment. Holds no key: that one comes from the environment or the editor's secret storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsp_server.agent.mcp_configuration import ConfiguredServer, servers_of
from lsp_server.config import Config, ConfigError, fault_of_agent

ONLY_TRUSTED = ("base-url", "mcp-servers", "commands", "journal")
ONLY_LOWERED = ("max-cost", "max-tokens", "max-rounds", "max-repairs", "max-seconds")  # what a run spends is the person's


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """`max_tokens` counts all that is sent and answered in one run, `max_cost` is in US dollars, `max_rounds` counts answers of the model.

    `prompt` is a path; `prompt_is_theirs` says that the workspace's own file named it. `unused` are sentences about settings of a
    workspace file that do not count here.
    """

    prompt: str | None = None
    prompt_is_theirs: bool = False
    model: str | None = None
    effort: str | None = None
    max_tokens: int = 2_000_000
    max_cost: float = 5.0
    max_rounds: int = 80
    max_repairs: int = 3
    max_seconds: int = 1800
    provider: str = "anthropic"
    base_url: str | None = None
    commands: tuple[str, ...] = ()
    journal: str | None = None
    exclude: tuple[str, ...] = ()
    mcp_servers: tuple[ConfiguredServer, ...] = ()
    unused: tuple[str, ...] = ()


def agent_settings(
    config: Config, trusted: bool = False, own: Mapping[str, Any] | None = None, personal: bool = False
) -> AgentSettings:
    """The settings of a run. Raises ConfigError.

    `own` are the person's own settings (the editor's, the command line's), in the words of the configuration; they win. `personal`: the
    person named the configuration file, so that it is no less theirs.
    """
    own = _spelled(own or {})
    if (fault := fault_of_agent(own)) is not None:
        raise ConfigError(f"the agent's settings: {fault}")
    written = _spelled(config.agent)
    unused: list[str] = []
    if not trusted and not personal:
        place = config.source or "the configuration"
        for word in ONLY_TRUSTED:
            if written.pop(word, None) is not None:
                unused.append(f"`agent.{word}` of {place} is not used: the workspace is not trusted (--trust, or your own settings)")
        for word in ONLY_LOWERED:
            most = getattr(AgentSettings(), word.replace("-", "_"))
            if word in written and written[word] > most and word not in own:
                del written[word]
                unused.append(f"`agent.{word}` of {place} is not used: a workspace that is not trusted can only lower it ({most} by default)")
    chosen = {**written, **own}
    if "mcp-servers" in chosen:
        chosen["mcp-servers"] = servers_of(chosen["mcp-servers"], "the agent's settings" if "mcp-servers" in own else config.source or "")
    values: dict[str, Any] = {word.replace("-", "_"): tuple(value) if isinstance(value, list) else value for word, value in chosen.items()}
    theirs = "prompt" in written and "prompt" not in own and not trusted and not personal
    return AgentSettings(prompt_is_theirs=theirs, unused=tuple(unused), **values)


def _spelled(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {word.replace("_", "-"): value for word, value in settings.items()}
