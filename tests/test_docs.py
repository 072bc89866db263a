"""Generated documents are fresh: `pytest tests/test_docs.py --update` renews them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lsp_server.report.pages import index, page
from lsp_server.rules import all_rules
from tests.literate import first_example

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "rules"


def expected_pages() -> dict[str, str]:
    pages = {"README.md": index(all_rules())}
    for rule in all_rules():
        source = ROOT / "tests" / "rules" / f"{rule.name}.md"
        pages[f"{rule.name}.md"] = page(rule, first_example(source) if source.exists() else None)
    return pages


def test_rule_pages_are_fresh(update: bool) -> None:
    pages = expected_pages()
    if update:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path in FOLDER.glob("*.md"):
            if path.name not in pages:
                path.unlink()
        for name, text in pages.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    stale = sorted(name for name in pages.keys() | found.keys() if pages.get(name) != found.get(name))
    assert not stale, f"stale pages: {stale}; run pytest tests/test_docs.py --update"


@pytest.mark.parametrize("path", sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")]), ids=lambda p: p.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_links_between_pages_lead_somewhere() -> None:
    folders = ("docs", "editors", "tests/projects")
    pages = [*ROOT.glob("*.md"), *(page for folder in folders for page in (ROOT / folder).rglob("*.md") if "node_modules" not in page.parts)]
    assert len(pages) > 50
    lost = []
    for each in pages:
        text = re.sub(r"^```.*?^```", "", each.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)\s]*)?\)", text):
            if not (each.parent / target).exists():
                lost.append(f"{each.relative_to(ROOT)}: {target}")
    assert lost == []
