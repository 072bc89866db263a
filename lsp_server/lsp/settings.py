"""The client's settings, section `specdrift`: how the server shows things, and what only a person may name: databases, and who pays.

What is checked is the project's to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lsprotocol import types

from lsp_server.lsp.client import plain
from lsp_server.lsp.inputs import Person
from lsp_server.lsp.protocol import Server

SECTION = "specdrift"


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    section = plain(params.settings).get(SECTION)
    if section is None and ls.client.configuration:
        wanted = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
        section = next(iter(await ls.workspace_configuration_async(wanted) or ()), None)
    use(ls, section)


def use(ls: Server, section: Any) -> None:
    person = person_of(plain(section))
    if person != ls.person:
        ls.person = person
        for session in ls.sessions:
            session.use(person)
    lenses = plain(section).get("codeLens", True) is not False
    if lenses != ls.code_lenses:
        ls.code_lenses = lenses
        if ls.client.lens_refresh:
            ls.later(ls.workspace_code_lens_refresh_async(None))


def person_of(section: Mapping[str, Any]) -> Person:
    """The databases that the settings name. An empty value names none."""
    hosts = section.get("developmentDatabaseHosts")
    named = tuple(host for host in hosts if isinstance(host, str)) if isinstance(hosts, list | tuple) else ()
    return Person(_text(section.get("shadow")), _text(section.get("developmentDatabase")), named, _agent(plain(section.get("agent"))))


def _agent(section: Mapping[str, Any]) -> Mapping[str, Any]:
    """The agent's settings in the words of the configuration: `maxTokens` is `max-tokens`. What is empty or null says nothing."""
    words = {re.sub(r"(?<=[a-z])(?=[A-Z])", "-", word).lower(): _values(value) for word, value in section.items()}
    return {word: value for word, value in words.items() if value not in (None, "", [], {})}


def _values(value: Any) -> Any:
    """JSON as plain values at every depth."""
    if isinstance(value, list):
        return [_values(each) for each in value]
    fields = plain(value)
    return {name: _values(each) for name, each in fields.items()} if fields else value


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
