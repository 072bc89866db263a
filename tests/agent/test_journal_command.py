"""`lsp_server --journal`: listing, filters, formats, and whose configuration counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lsp_server.agent.journal import Application, Entry, Journal
from tests.command import call, write

NOW = datetime.now(UTC)
RUN = Entry(
    "20261123-aaaaaa", NOW - timedelta(hours=1), 61.2, "bookshop", "implement-endpoint", "Implement GET /books", "done", "holds",
    model="some-model", tools={"read_file": 3, "search": 1}, tokens_in=12_000, tokens_out=500, cost=0.1234,
)  # fmt: skip
OLD = replace(RUN, run_id="20261001-bbbbbb", started=NOW - timedelta(days=40), outcome="budget", verdict="fails",
              title="Bring app.py in line", cost=None, detail="the tokens were used up")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPECDRIFT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("SPECDRIFT_JOURNAL", raising=False)
    return write(tmp_path / "work", {".git/HEAD": ""})


@pytest.fixture
def kept(folder: Path) -> Path:
    journal = Journal()
    assert journal.record(RUN) is None and journal.record(OLD) is None
    assert journal.record_application(Application(NOW, "bookshop", "ab12", "postgresql://localhost/shop", "applied", 0.2)) is None
    return folder


def test_runs_are_listed_newest_first_in_words(kept: Path) -> None:
    done = call(kept, "--journal")
    assert done.status == 0
    first, _, third, *_ = done.out.splitlines()
    assert first.startswith("20261123-aaaaaa") and first.endswith("Implement GET /books (bookshop)")
    assert third.startswith("20261001-bbbbbb")
    assert "4 calls of tools, 12,000 tokens in, 500 out, $0.12" in done.out
    assert "cost not known" in done.out and "the tokens were used up" in done.out
    assert "ab12 to postgresql://localhost/shop" in done.out


def test_programs_get_json(kept: Path) -> None:
    answer = call(kept, "--journal", "--format", "json").json
    assert answer["version"] == 1
    assert [each["run_id"] for each in answer["runs"]] == ["20261123-aaaaaa", "20261001-bbbbbb"]
    assert answer["runs"][0]["tools"] == {"read_file": 3, "search": 1}
    assert answer["applications"][0]["revision"] == "ab12"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--outcome", "budget"), ["20261001-bbbbbb"]), (("--since", "7d"), ["20261123-aaaaaa"]), (("--task", "app.py"), ["20261001-bbbbbb"]),
        (("--limit", "1"), ["20261123-aaaaaa"]), (("--outcome", "nothing"), []),
    ],
)  # fmt: skip
def test_runs_are_filtered(kept: Path, options: tuple[str, ...], expected: list[str]) -> None:
    assert [each["run_id"] for each in call(kept, "--journal", "--format", "json", *options).json["runs"]] == expected


def test_an_empty_journal_says_where_it_would_be(folder: Path) -> None:
    done = call(folder, "--journal")
    assert done.status == 0 and done.out.startswith("no runs in the journal at ") and "journal.sqlite" in done.out
    assert not (folder.parent / "data").exists()


@pytest.mark.parametrize(
    "wrong", [("--since", "yesterday"), ("--limit", "0"), ("--format", "sarif"), (".",), ("--config", "nothing.toml")], ids=str
)
def test_wrong_usage_is_said(kept: Path, wrong: tuple[str, ...]) -> None:
    done = call(kept, "--journal", *wrong)
    assert done.status == 2 and done.out == "" and done.err.startswith("lsp_server: ")


def test_a_file_that_is_no_journal_is_said(folder: Path) -> None:
    write(folder.parent / "data", {"journal.sqlite": "a diary " * 1000})
    done = call(folder, "--journal")
    assert done.status == 2 and "cannot be read" in done.err and "Traceback" not in done.err


def test_a_workspaces_own_file_names_the_journal_only_where_the_workspace_is_trusted(kept: Path) -> None:
    team = kept.parent / "team.sqlite"
    write(kept, {"specdrift.toml": f'[agent]\njournal = "sqlite:///{team}"\n'})
    assert Journal(f"sqlite:///{team}").record(replace(RUN, run_id="team")) is None
    listed = call(kept, "--journal", "--format", "json", "--outcome", "done")
    assert [each["run_id"] for each in listed.json["runs"]] == ["20261123-aaaaaa"]
    assert "not trusted" in listed.err
    for trusting in (("--trust",), ("--config", kept / "specdrift.toml")):
        assert [each["run_id"] for each in call(kept, "--journal", "--format", "json", *trusting).json["runs"]] == ["team"]


def test_what_stands_in_the_journal_cannot_steer_the_terminal(folder: Path) -> None:
    Journal().record(replace(RUN, title="\x1b[2Jgone\nand more"))
    assert "\x1b" not in call(folder, "--journal").out
