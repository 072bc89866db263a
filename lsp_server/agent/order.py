"""Migration first, held by code: while the draft's models are ahead of its migrations, nothing may be written that would rely on them.

The order is open while models want something that the base's models did not, or that a finding of the task names, and no revision makes it; and
while a revision that the draft brings or changes has no proof. Then only models, migrations, specs and documents may be written. What models are
made of (mixins, enumerations they import) counts as models. Knows no tool: every write of a run comes through here (`bench.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from lsp_server.agent.tool import ToolError
from lsp_server.api.openapi import is_specification
from lsp_server.database.compare import Difference
from lsp_server.database.revisions import looks_like_revision
from lsp_server.database.sqlalchemy import may_declare_tables
from lsp_server.document import Kind, digest_of, kind_of

if TYPE_CHECKING:
    from lsp_server.agent.draft import Draft
    from lsp_server.snapshot import Snapshot

RULE = "model-change-without-migration"
_DOCUMENTS = frozenset({Kind.MARKDOWN, Kind.DBML, Kind.MERMAID, Kind.GHERKIN})
_TEXTS = (".txt", ".rst", ".adoc", ".mako")
_SHOWN = 3  # differences in a message
_Key = tuple[str, str, tuple[str, ...]]


def refuse_out_of_order(draft: Draft, wanted: Collection[tuple[str, ...]], proved: Mapping[str, str], path: str, text: str) -> None:
    """Raises ToolError for a file whose turn has not come. `path` is normalised; `wanted` are the subjects of the task's findings of `RULE`."""
    if not wanted and not any(_may_matter(draft, each) for each in draft.changed):
        return  # the usual case, and the only one that costs nothing in a large workspace
    if _may_come_first(draft, path, text):
        return
    waiting = unproved(draft, proved)
    if waiting:
        raise ToolError(
            f"{path}: not yet. The revision {waiting[0]} has no proof. The order is: models, then the migration, then its proof, then the code. "
            "Call prove_migration for it, mend what it says, and then come back to this file."
        )
    ahead = open_differences(draft, wanted)
    if ahead:
        shown = "; ".join(ahead[:_SHOWN]) + (f"; and {len(ahead) - _SHOWN} more" if len(ahead) > _SHOWN else "")
        raise ToolError(
            f"{path}: not yet. The models are ahead of the migrations ({shown}). The order is: models, then the migration, then its proof, then the "
            "code. Call plan_migration, then write_migration (or write the revision yourself and call prove_migration), and then come back to this file."
        )


def open_differences(draft: Draft, wanted: Collection[tuple[str, ...]] = ()) -> tuple[str, ...]:
    """What models want that no revision makes and that this run has to do with, in words."""
    known = set(_differences(draft.base))
    return tuple(
        _said(difference)
        for key, difference in _differences(draft.snapshot).items()
        if key not in known or difference.path in wanted
    )


def unproved(draft: Draft, proved: Mapping[str, str]) -> tuple[str, ...]:
    """The paths of revisions that the draft brings or changes and that no proof holds for as they stand."""
    return tuple(path for path in changed_revisions(draft) if proved.get(path) != digest_of(draft.read(path)))


def changed_revisions(draft: Draft) -> tuple[str, ...]:
    """The paths of revisions that the draft brings or changes."""
    return tuple(path for path in draft.changed if path.endswith(".py") and _is_in(path, _version_folders(draft)) and not path.endswith("/__init__.py"))


def _may_come_first(draft: Draft, path: str, text: str) -> bool:
    """Whether a file is a model, a migration, a spec or a document."""
    kind = kind_of(path)
    if kind in _DOCUMENTS or path.endswith(_TEXTS):
        return True
    snapshot = draft.snapshot
    if kind in (Kind.YAML, Kind.JSON):
        return is_specification(path, text) or any(path in api.sources for api in snapshot.promised)
    if any(_is_in(path, (tree.folder,)) or (tree.settings is not None and tree.settings.path == path) for tree in snapshot.trees if tree.folder):
        return True
    if kind is not Kind.PYTHON:
        return False
    models = _model_files(snapshot) | _model_files(draft.base)
    if path in models or (path.endswith("/__init__.py") and any(_folder(path) == _folder(model) for model in models)):
        return True
    return not draft.exists(path) and _folder(path) in {_folder(model) for model in models} and may_declare_tables(text)


def _may_matter(draft: Draft, path: str) -> bool:
    """Whether a changed file may have to do with models or migrations. Says yes too often."""
    if not path.endswith(".py"):
        return path.endswith(".ini")
    text = draft.read(path)
    if may_declare_tables(text) or looks_like_revision(text, path) or _is_in(path, _folders_of(draft.base)):
        return True
    before = draft.original(path)
    return before is not None and (may_declare_tables(before) or path in _model_files(draft.base))


def _model_files(snapshot: Snapshot) -> set[str]:
    """The files of mapped classes, and what they import."""
    places = {table.location.path for database in snapshot.mapped for table in database.tables if table.location is not None}
    return set().union(*(snapshot.replayer.files_behind(path) for path in places), places)


def _version_folders(draft: Draft) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_folders_of(draft.base), *_folders_of(draft.snapshot))))


def _folders_of(snapshot: Snapshot) -> tuple[str, ...]:
    """The folders of revisions."""
    return tuple(folder for tree in snapshot.trees for folder in tree.versions)


def _differences(snapshot: Snapshot) -> dict[_Key, Difference]:
    return {
        (drift.replay.history.folder, difference.kind, difference.path): difference
        for drift in snapshot.drifts
        for difference in drift.differences
    }


def _said(difference: Difference) -> str:
    words = " ".join(difference.path[1::2])
    return f"{difference.element} {words}" if difference.kind == "missing" else f"{difference.element} {words} ({difference.kind})"


def _is_in(path: str, folders: Collection[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
