"""The user's servers of the Model Context Protocol, as the configuration names them: a program to start, or an address.

Text in, value out. Which of them may be used (a workspace's own file only where it is trusted) is decided where settings are
read; nothing is started here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lsp_server.config import ConfigError
from lsp_server.worker.child import OUR_KEYS

CALL_SECONDS = 120.0  # how long one call may take, unless the configuration says otherwise
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}")
_KINDS = {"stdio": "command", "http": "url", "streamable-http": "url"}


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """A server that is started as a program and spoken to over its standard input and output. `seconds` bounds a call."""

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    seconds: float = CALL_SECONDS


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A server that runs somewhere and is spoken to over HTTP. `seconds` bounds a call."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = CALL_SECONDS

    @property
    def shown(self) -> str:
        """The address without what may be secret in it."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


ConfiguredServer = ServerProgram | ServerAddress


def servers_of(table: Any, source: str) -> tuple[ConfiguredServer, ...]:
    """The servers of an `mcp_servers` table, by name. Raises ConfigError."""
    if not isinstance(table, Mapping):
        raise ConfigError(f"{source}: `mcp_servers` must be a table from a server's name to how it is reached")
    return tuple(_server(str(name), words, source) for name, words in table.items())


def expanded(value: str, environment: Mapping[str, str]) -> str:
    """A value with `${NAME}` replaced from an environment. Raises ConfigError for a name that is not there or is not given away."""

    def of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in OUR_KEYS:
            raise ConfigError(f"${{{name}}} is not given to other programs")
        if name not in environment:
            raise ConfigError(f"${{{name}}} is not set in the environment")
        return environment[name]

    return _VARIABLE.sub(of, value)


def _server(name: str, words: Any, source: str) -> ConfiguredServer:
    def wrong(fault: str) -> ConfigError:
        return ConfigError(f"{source}: `mcp_servers.{name}`: {fault}")

    if re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", name) is None:
        raise wrong("a server's name is made of letters, digits, `_`, `-` and `.`, 60 at most")
    if not isinstance(words, Mapping):
        raise wrong('must be {command = "…", args = ["…"], env = {…}} or {url = "https://…", headers = {…}}')
    known = ("command", "args", "env", "url", "headers", "timeout", "type")
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(str(word), known, 1)
            raise wrong(f"unknown word `{word}`" + (f"; did you mean `{near[0]}`?" if near else f"; known words: {', '.join(known)}"))
    reached = "url" if "url" in words else "command"
    if ("command" in words) == ("url" in words):
        raise wrong("needs either `command` or `url`")
    if (kind := words.get("type")) is not None and _KINDS.get(str(kind)) != reached:
        raise wrong(f"`type` does not go with `{reached}`; known: {', '.join(_KINDS)}")
    seconds = words.get("timeout", CALL_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= 3600:
        raise wrong("`timeout` must be a number of seconds, 3600 at most")
    if not isinstance(words[reached], str) or not words[reached].strip() or "\0" in words[reached]:
        raise wrong(f"`{reached}` must be a string")
    table = words.get("headers" if reached == "url" else "env", {})
    if not isinstance(table, Mapping) or not all(isinstance(value, str) for value in table.values()):
        raise wrong(f"`{'headers' if reached == 'url' else 'env'}` must be a table of strings")
    if ("args" in words or "env" in words) if reached == "url" else "headers" in words:
        raise wrong(f"`{'args` and `env' if reached == 'url' else 'headers'}` do not go with `{reached}`")
    if reached == "url":
        parts = urlsplit(words["url"])
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise wrong("`url` must begin with http:// or https://")
        return ServerAddress(name, words["url"], dict(table), float(seconds))
    args = words.get("args", [])
    if not isinstance(args, list | tuple) or not all(isinstance(arg, str) and "\0" not in arg for arg in args):
        raise wrong("`args` must be a list of strings")
    return ServerProgram(name, words["command"], tuple(args), dict(table), float(seconds))
