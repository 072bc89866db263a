"""Merges and migrations on several heads: tried on a database of our own, refused with the reason where they do not go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.check import check
from lsp_server.config import Config
from lsp_server.database.migration.branches_proof import BranchEnd, prove_branches
from lsp_server.findings import Finding
from lsp_server.repair.generate_migration import generate_migration
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.verify import build_and_verify
from tests.database.histories import ENV, revision, tree
from tests.shadow.servers import find, server_url

MODELS = """from sqlalchemy import Column, Integer
from sqlalchemy.orm import DeclarativeBase

class Base(DeclarativeBase):
    pass

class Book(Base):
    __tablename__ = "book"
    id = Column(Integer, primary_key=True)
    isbn = Column(Integer)
    pages = Column(Integer)
    year = Column(Integer)
"""
START = "op.create_table('book', sa.Column('id', sa.Integer(), primary_key=True))"
ADD = "op.add_column('book', sa.Column('{}', sa.Integer()))"
DROP = "op.drop_column('book', '{}')"


def project(one: str = "isbn", two: str = "pages", labels: str = "") -> Snapshot:
    files = tree(
        revision("a1", None, START, "op.drop_table('book')"),
        revision("b2", "a1", ADD.format(one), DROP.format(one), labels and f"branch_labels = ('{labels}',)"),
        revision("c3", "a1", ADD.format(two), DROP.format(two)),
    )
    env = ENV.replace("context.run", "import models\ncontext.configure(target_metadata=models.Base.metadata)\ncontext.run")
    return Snapshot.of({**files, "models.py": MODELS, "migrations/env.py": env}, Config(dialect="sqlite"))


def drift_of(snapshot: Snapshot) -> Finding:
    return next(each for each in check(snapshot, all_rules()).findings if each.rule == "model-change-without-migration")


def test_a_migration_on_two_heads_stands_on_their_merge() -> None:
    snapshot = project()
    finding = drift_of(snapshot)
    verdict = build_and_verify(snapshot, check(snapshot, all_rules()), finding, finding.fixes[0], all_rules())
    assert verdict.ok, verdict.problem
    assert verdict.change is not None
    merge, change = verdict.change.new_files.values()
    assert '"b2", "c3"' in merge or "'b2', 'c3'" in merge
    assert "b2 before c3 and c3 before b2 give the same schema" in " ".join(merge.split())
    assert "'year'" in change or '"year"' in change
    (replay,) = snapshot.with_change(verdict.change).histories
    assert len(replay.history.heads) == 1


def test_beside_labelled_branches_it_follows_one_head_and_depends_on_the_others() -> None:
    snapshot = project(labels="stock")
    (drift,) = snapshot.drifts
    (fix, *_), _ = generate_migration(drift, snapshot)
    change = fix.build(snapshot)
    assert change is not None
    (text,) = change.new_files.values()
    flat = text.replace("'", '"')
    assert 'down_revision: Union[str, Sequence[str], None] = "b2"' in flat
    assert 'depends_on: Union[str, Sequence[str], None] = "c3"' in flat


def test_branches_that_do_not_go_together_carry_no_migration() -> None:
    snapshot = project("isbn", "isbn")
    heads = next(each for each in check(snapshot, all_rules()).findings if each.rule == "several-heads")
    assert "both branches add a column named isbn to table book" in heads.message
    assert heads.fixes == ()


def test_a_merge_that_became_impossible_says_why() -> None:
    together, apart = project(), project("isbn", "isbn")
    finding = next(each for each in check(together, all_rules()).findings if each.rule == "several-heads")
    merge = next(fix for fix in finding.fixes if fix.title == "Merge the heads")
    verdict = build_and_verify(apart, check(apart, all_rules()), finding, merge, all_rules())
    assert verdict.problem == "both branches add a column named isbn to table book"


ORDERS = {
    "columns of one table": (START, ADD.format("isbn"), ADD.format("pages"), True),
    "a key and its target": (START, "op.create_table('loan', sa.Column('book_id', sa.Integer(), sa.ForeignKey('book.id')))", ADD.format("pages"), True),
    "the same column": (START, ADD.format("isbn"), ADD.format("isbn"), False),
    "a table renamed under the other": (START, "op.rename_table('book', 'volume')", ADD.format("pages"), False),
}  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize("name", ORDERS)
def test_both_orders_are_run(name: str, dialect: str, tmp_path: Path) -> None:
    start, one, two, together = ORDERS[name]
    databases = [
        Snapshot.of(tree(*(revision(f"r{number}", f"r{number - 1}" if number else None, text) for number, text in enumerate(texts))), Config(dialect=dialect))
        .histories[0].database
        for texts in ((start,), (start, one), (start, two))
    ]  # fmt: skip
    offer = find(server_url(dialect), tmp_path) if dialect != "sqlite" else None
    renames = ()
    if "rename" in one:
        from lsp_server.database.migration.renames import Rename

        renames = (Rename((None, "book"), None, "volume", True, ""),)
    proof = prove_branches(databases[0], (BranchEnd("b", databases[1], renames), BranchEnd("c", databases[2])), dialect, offer)
    assert (proof.failed == ()) == together, proof
    if together:
        assert proof.proved == ("b before c and c before b give the same schema",)
        assert dialect == "sqlite" or proof.where != "SQLite in memory"
