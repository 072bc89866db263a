"""Which migrations are offered for a change of the models."""

from __future__ import annotations

from textwrap import dedent

from lsp_server.repair.generate_migration import generate_migration
from lsp_server.snapshot import Snapshot
from tests.lsp.shop import FILES, MODELS


def titles(models: str, earlier: dict[str, str]) -> list[str]:
    files = {path: dedent(text).lstrip("\n") for path, text in FILES.items()} | {MODELS: models}
    snapshot = Snapshot.of(files)
    snapshot.earlier = earlier
    (drift,) = snapshot.drifts
    return [fix.title for fix in generate_migration(drift, snapshot)[0]]


def test_a_rename_that_the_text_tells_needs_no_likeness_of_names() -> None:
    """The column stands at another place than in the migrations, too."""
    kept = dedent(FILES[MODELS]).lstrip("\n").replace("    pages: Mapped[int | None]\n", "")
    line = '    title: Mapped[str] = mapped_column(String(200))\n'
    before = kept.replace(line, "").replace("    id: Mapped", f"{line}    id: Mapped")
    after = before.replace("title: Mapped", "designation: Mapped")
    assert titles(after, {MODELS: before}) == ["Generate migration: rename books.title to designation"]
    assert not any("rename" in title for title in titles(after, {}))
