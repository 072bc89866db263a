"""`--answers FILE`: what a person says about a migration, on the command line; without it an open question stays a finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Outcome, call, check, git, write

REVISION = '''\
"""create users"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("nick", sa.String(40)))


def downgrade():
    op.drop_table("users")
'''
MODELS = """\
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    nick: Mapped[str | None] = mapped_column(String(40))
"""
NICK = "    nick: Mapped[str | None] = mapped_column(String(40))\n"
PHONE = "    phone: Mapped[str] = mapped_column(String(20))\n"
ALIAS = "    alias: Mapped[str | None] = mapped_column(String(40))\n"


def project(folder: Path, models: str) -> Path:
    files: dict[str, str | bytes] = {"specdrift.toml": 'dialect = "sqlite"\n', "migrations/versions/0001.py": REVISION, "models.py": models}
    return write(folder, files)


def fix(folder: Path, answers: object, *arguments: str) -> Outcome:
    (folder / "answers.json").write_text(json.dumps(answers))
    return call(folder, "--fix", "--unsafe-fixes", "--no-cache", "--answers", "answers.json", *arguments)


def test_an_open_question_is_told_and_not_guessed(tmp_path: Path) -> None:
    folder = project(tmp_path, MODELS + PHONE)
    (finding,) = check(folder).json["findings"]
    assert "open: users.phone must have a value" in finding["message"] and "`backfill`, `users.phone`" in finding["message"]
    outcome = call(folder, "--fix", "--unsafe-fixes", "--no-cache")
    assert outcome.status == 1
    assert "an answer is needed first: users.phone must have a value" in outcome.err and "(backfill: users.phone)" in outcome.err
    assert [path.name for path in (folder / "migrations" / "versions").iterdir()] == ["0001.py"]


def test_its_answer_makes_the_migration(tmp_path: Path) -> None:
    folder = project(tmp_path, MODELS + PHONE)
    shown = fix(folder, {"backfill": {"users.phone": "'-'"}}, "--diff")
    assert "+Answered: backfill users.phone = '-'." in shown.out
    assert fix(folder, {"backfill": {"users.phone": "'-'"}}).status == 0
    (revision,) = (folder / "migrations" / "versions").glob("*phone*.py")
    assert "UPDATE users SET phone = '-'" in revision.read_text()
    assert "model-change-without-migration" not in check(folder).rules


def test_null_leaves_it_to_the_rows(tmp_path: Path) -> None:
    folder = project(tmp_path, MODELS + PHONE)
    assert "raise RuntimeError" in fix(folder, {"backfill": {"users.phone": None}}, "--diff").out


@pytest.mark.parametrize("renamed", [{"users.nick": "alias"}, {"users.nick": None}, {}])
def test_a_rename_is_answered_either_way(tmp_path: Path, renamed: dict[str, str | None]) -> None:
    folder = project(tmp_path, MODELS.replace(NICK, ALIAS))
    assert "was users.nick renamed to alias" in check(folder).json["findings"][0]["message"]
    out = fix(folder, {"rename_columns": renamed}, "--diff").out
    assert ("new_column_name" in out, "drop_column" in out) == ((True, False) if renamed.get("users.nick") else (False, True))


def test_names_that_are_nowhere_are_told_on_stderr(tmp_path: Path) -> None:
    outcome = fix(project(tmp_path, MODELS + PHONE), {"backfill": {"users.fone": "'-'"}})
    assert "neither the models nor the migrations have this: backfill: users.fone" in outcome.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"backfil": {}}', "answers.json: there is no key `backfil`; did you mean `backfill`?"),
        ("{", "answers.json: this is not JSON"),
        (None, "nowhere.json: No such file"),
    ],
)
def test_a_file_that_holds_no_answers_ends_with_2(tmp_path: Path, text: str | None, said: str) -> None:
    folder = project(tmp_path, MODELS)
    if text is not None:
        (folder / "answers.json").write_text(text)
    for mode in ("--check", "--fix"):
        outcome = call(folder, mode, "--no-cache", "--answers", "answers.json" if text is not None else "nowhere.json")
        assert outcome.status == 2 and said in outcome.err and "Traceback" not in outcome.err


def test_a_check_with_answers_has_no_open_question(tmp_path: Path) -> None:
    folder = project(tmp_path, MODELS + PHONE)
    (folder / "answers.json").write_text('{"backfill": {"users.phone": "0"}}')
    (finding,) = check(folder, "--answers", "answers.json").json["findings"]
    assert "open:" not in finding["message"]


def test_a_name_exchanged_since_the_last_revision_was_committed_is_a_rename(tmp_path: Path) -> None:
    folder = project(tmp_path, MODELS)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "users"]):
        git(folder, *arguments)
    (folder / "models.py").write_text(MODELS.replace(NICK, ALIAS))
    git(folder, "commit", "-qam", "another name, without its migration")
    fixes = [fix["title"] for fix in check(folder).json["findings"][0]["fixes"]]
    assert fixes == ["Generate migration: rename users.nick to alias"]
    (folder / "models.py").write_text(MODELS.replace(NICK, ALIAS.replace("40", "60")))
    assert len(check(folder).json["findings"][0]["fixes"]) == 2


def test_what_can_be_answered_without_typing_is_on_offer_by_itself(tmp_path: Path) -> None:
    folder = project(tmp_path, MODELS.replace("String(40)", 'Enum("new", "settled")').replace("import String", "import Enum"))
    revision = REVISION.replace("sa.String(40)", 'sa.Enum("new", "paid")')
    write(folder, {"specdrift.toml": 'dialect = "mysql"\n', "migrations/versions/0001.py": revision})
    assert [fix["title"] for fix in check(folder).json["findings"][0]["fixes"]] == [
        "Generate migration for model change (asks 1 question)",
        "Generate migration for model change: users.nick.paid renamed to settled",
        "Generate migration for model change: users.nick.paid goes, rows with it stop the upgrade",
    ]
    write(folder, {"specdrift.toml": "", "migrations/versions/0001.py": REVISION, "models.py": MODELS + PHONE})
    titles = [fix["title"] for fix in check(folder).json["findings"][0]["fixes"]]
    assert titles[1:] == ["Generate migration for model change: the upgrade stops if there are rows"]
