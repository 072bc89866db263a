"""What the client at the other end can do: the facts of its `initialize` request that our answers depend on.

Nothing else reads `ClientCapabilities`, so what a poor client gets can be seen in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class Client:
    """The defaults are those of a client that can do nothing."""

    pulls: bool = False  # asks for diagnostics, and can be told to ask again
    related_information: bool = False
    resolves_edits: bool = False
    document_changes: bool = False
    creates_files: bool = False
    annotations: bool = False
    markdown: bool = False
    hovers_findings: bool = False  # puts diagnostics into its hovers itself
    links: bool = False  # a definition may be a link with its origin
    lens_refresh: bool = False
    progress: bool = False
    watches_files: bool = False
    configuration: bool = False  # can be asked for its settings
    symbol_tree: bool = False
    trusted: bool = False  # the person trusts the workspace: its own Python may run where they ask for it
    applies_edits: bool = False
    shows_documents: bool = False  # opens a file that the server names
    commands: frozenset[str] = frozenset()  # of the client, for lenses and actions

    @property
    def asks(self) -> bool:
        """Whether the client can put a question to the person and apply what comes of it."""
        return self.applies_edits and "specdrift.answer" in self.commands


def client_of(params: types.InitializeParams) -> Client:
    """A client that cannot be told to pull anew gets diagnostics pushed: an edit may move findings in other files."""
    workspace = params.capabilities.workspace or types.WorkspaceClientCapabilities()
    text = params.capabilities.text_document or types.TextDocumentClientCapabilities()
    window = params.capabilities.window or types.WindowClientCapabilities()
    edit = workspace.workspace_edit or types.WorkspaceEditClientCapabilities()
    operations = edit.resource_operations or ()
    action, hover, symbols = text.code_action, text.hover, text.document_symbol
    published, watched = text.publish_diagnostics, workspace.did_change_watched_files
    resolve = action.resolve_support.properties if action and action.resolve_support else ()
    return Client(
        pulls=bool(text.diagnostic and workspace.diagnostics and workspace.diagnostics.refresh_support),
        related_information=bool(published and published.related_information),
        resolves_edits="edit" in resolve,
        document_changes=bool(edit.document_changes or operations),
        creates_files=types.ResourceOperationKind.Create in operations,
        annotations=edit.change_annotation_support is not None,
        markdown=bool(hover and types.MarkupKind.Markdown in (hover.content_format or ())),
        hovers_findings=plain(params.initialization_options).get("findingsInHover") is False,
        links=bool(text.definition and text.definition.link_support),
        lens_refresh=bool(workspace.code_lens and workspace.code_lens.refresh_support),
        progress=bool(window.work_done_progress),
        watches_files=bool(watched and watched.dynamic_registration),
        configuration=bool(workspace.configuration),
        symbol_tree=bool(symbols and symbols.hierarchical_document_symbol_support),
        trusted=plain(params.initialization_options).get("trusted") is True,
        applies_edits=bool(workspace.apply_edit),
        shows_documents=bool(window.show_document and window.show_document.support),
        commands=_commands(params.initialization_options),
    )


def _commands(options: Any) -> frozenset[str]:
    names = plain(options).get("clientCommands")
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list | tuple) else frozenset()


def plain(value: Any) -> Mapping[str, Any]:
    """A JSON object as a mapping, however the protocol library has read it; empty for anything else."""
    if isinstance(value, Mapping):
        return value
    fields = getattr(value, "_asdict", None)
    return fields() if fields is not None else {}
