"""Which Alembic trees a workspace holds, and the graph of their revisions."""

from __future__ import annotations

import pytest

from lsp_server.database.alembic import History
from lsp_server.database.revisions import read_revision
from lsp_server.python.module import read_module
from tests.database.histories import ENV, histories, revision, tree

BASE = revision("a1", None)


def only(files: dict[str, str]) -> History:
    found = histories(files)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("files", "folder", "versions"),
    [
        pytest.param({"alembic.ini": "[alembic]\nscript_location = db/alembic\n", "db/alembic/env.py": ENV,
                      "db/alembic/versions/a.py": BASE}, "db/alembic", "db/alembic/versions", id="ini in the root"),
        pytest.param({"back/alembic.ini": "[alembic]\nscript_location = %(here)s/mig\n", "back/mig/env.py": ENV,
                      "back/mig/versions/a.py": BASE}, "back/mig", "back/mig/versions", id="here"),
        pytest.param({"srv/app/alembic.ini": "[alembic]\nscript_location = app:db:mig\n", "srv/app/db/mig/env.py": ENV,
                      "srv/app/db/mig/versions/a.py": BASE}, "srv/app/db/mig", "srv/app/db/mig/versions", id="package"),
        pytest.param({"pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/mig"\n', "mig/env.py": ENV,
                      "mig/versions/a.py": BASE}, "mig", "mig/versions", id="pyproject"),
        pytest.param({"alembic.ini": "[alembic]\nscript_location = mig\nversion_locations = %(here)s/elsewhere\n",
                      "mig/env.py": ENV, "elsewhere/a.py": BASE}, "mig", "elsewhere", id="version_locations"),
        pytest.param({"migrations/alembic.ini": "[loggers]\nkeys = root\n[alembic]\n", "migrations/env.py": ENV,
                      "migrations/versions/a.py": BASE}, "migrations", "migrations/versions", id="Flask-Migrate"),
        pytest.param({"x/env.py": ENV, "x/versions/a.py": BASE}, "x", "x/versions", id="no ini"),
        pytest.param({"plugin/migrations/a.py": BASE}, "plugin/migrations", "plugin/migrations", id="only revision files"),
    ],
)  # fmt: skip
def test_a_tree_is_found_however_it_is_configured(files: dict[str, str], folder: str, versions: str) -> None:
    history = only(files)
    assert (history.folder, history.versions, history.heads) == (folder, (versions,), ("a1",))


def test_several_trees_are_several_histories_the_longest_first() -> None:
    found = histories({
        "one/env.py": ENV, "one/versions/a.py": BASE,
        "two/env.py": ENV, "two/versions/a.py": BASE, "two/versions/b.py": revision("b2", "a1"),
    })  # fmt: skip
    assert [(each.folder, each.heads) for each in found] == [("two", ("b2",)), ("one", ("a1",))]


def test_folders_per_database_are_histories_of_their_own() -> None:
    found = histories({
        "m/env.py": ENV, "m/versions/postgresql/a.py": revision("p1", None), "m/versions/sqlite/a.py": revision("s1", None),
    })  # fmt: skip
    assert {(each.versions, each.dialect) for each in found} == {
        (("m/versions/postgresql",), "postgresql"), (("m/versions/sqlite",), "sqlite")}  # fmt: skip


def test_revisions_that_alembic_does_not_read_are_named() -> None:
    files = {"m/env.py": ENV, "m/versions/a.py": BASE, "m/versions/old/a.py": revision("o1", None), "m/versions/old/b.py": revision("o2", "o1")}
    history = only(files)
    assert (history.versions, history.heads) == (("m/versions",), ("a1",))
    (unread,) = history.unread
    assert unread.what == "2 revisions in m/versions/old, which Alembic does not read: no `version_locations` names the folder"
    named = {**files, "alembic.ini": "[alembic]\nscript_location = m\nversion_locations = m/versions m/versions/old\n"}
    assert only(named).versions == ("m/versions", "m/versions/old")
    recursive = {**files, "alembic.ini": "[alembic]\nscript_location = m\nrecursive_version_locations = true\n"}
    assert [(each.versions, each.unread) for each in histories(recursive)] == [(("m/versions/old",), ()), (("m/versions",), ())]


def test_folders_that_build_on_each_other_are_one_history() -> None:
    history = only({"m/env.py": ENV, "m/versions/a.py": revision("a1", "o1"), "m/versions/old/a.py": revision("o1", None)})
    assert (history.versions, history.unread) == (("m/versions", "m/versions/old"), ())


def test_an_old_revision_has_its_id_in_its_name() -> None:
    history = only({"m/env.py": ENV, "m/versions/a.py": BASE, "m/versions/1975ea83b712.py": "down_revision = 'a1'\ndef upgrade(): pass\n"})
    assert history.heads == ("1975ea83b712",)


def test_a_file_without_an_id_stops_alembic() -> None:
    history = only({"m/env.py": ENV, "m/versions/a.py": BASE, "m/versions/b_second.py": "down_revision = 'a1'\ndef upgrade(): pass\n",
                    "m/notes.py": "down_revision = 'a1'\n"})  # fmt: skip
    assert [(fault.sort, fault.revision, fault.location.path) for fault in history.faults] == [
        ("nameless", "b_second.py", "m/versions/b_second.py")]  # fmt: skip


def test_the_file_template_is_read_unescaped() -> None:
    history = only({"alembic.ini": "[alembic]\nscript_location = m\nfile_template = %%(year)d_%%(slug)s\n",
                    "m/env.py": ENV, "m/versions/a.py": BASE})  # fmt: skip
    assert history.file_template == "%(year)d_%(slug)s"


def test_revisions_stand_in_the_order_alembic_runs_them() -> None:
    history = only(tree(revision("c", "b"), revision("a", None), revision("m", ("c", "x")), revision("x", "a"), revision("b", "a")))  # type: ignore[arg-type]
    order = [each.id for each in history.revisions]
    assert all(order.index(down) < order.index(each.id) for each in history.revisions for down in each.down)
    assert (history.heads, history.bases) == (("m",), ("a",))


def test_two_heads_are_both_named() -> None:
    assert set(only(tree(BASE, revision("b", "a1"), revision("c", "a1"))).heads) == {"b", "c"}


@pytest.mark.parametrize(
    ("files", "sort", "named"),
    [
        (tree(BASE, revision("b", "gone")), "hole", "gone"),
        (tree(BASE, revision("a1", None)), "duplicate", "a1"),
        (tree(revision("a", "b"), revision("b", "a")), "cycle", "itself"),
    ],
)
def test_faults_of_the_graph(files: dict[str, str], sort: str, named: str) -> None:
    faults = [fault for fault in only(files).faults if fault.sort == sort]
    assert len(faults) == 1 and named in faults[0].message


@pytest.mark.parametrize(
    ("text", "down", "state"),
    [
        ("revision: str = 'a'\ndown_revision: str | None = None\ndef upgrade() -> None: ...\ndef downgrade() -> None: ...", (), "empty"),
        ("revision = 'a'\ndown_revision = 'b'\ndef upgrade(): pass", ("b",), "missing"),
        ("revision = 'a'\ndown_revision = ('b', 'c')\ndef downgrade():\n    raise NotImplementedError", ("b", "c"), "raises"),
        ("B = 'b'\nrevision = 'a'\ndown_revision = B\ndef downgrade():\n    'words'\n    op.drop_table('x')", ("b",), "reverses"),
    ],
)
def test_a_revision_file(text: str, down: tuple[str, ...], state: str) -> None:
    found = read_revision(read_module("a.py", text))
    assert found is not None and (found.id, found.down, found.downgrade_state) == ("a", down, state)


def test_labels_and_dependencies() -> None:
    text = "revision = 'a'\ndown_revision = None\nbranch_labels = ('main',)\ndepends_on = 'z'\n"
    found = read_revision(read_module("a.py", text))
    assert found is not None and (found.branch_labels, found.depends_on) == (("main",), ("z",))


def test_a_broken_file_is_no_exception() -> None:
    files = tree(BASE, "revision = 'b'\ndown_revision = 'a1'\ndef upgrade(:\n  op.")
    assert {each.id for each in only(files).revisions} >= {"a1"}


@pytest.mark.parametrize(
    ("url", "more", "dialect"),
    [
        ("sqlite:///x.db", "", "sqlite"),
        ("sqlite:///x.db", "from sqlalchemy.dialects import postgresql as pg", "postgresql"),
        ("mysql+pymysql://h/d", "", "mysql"),
        ("postgresql+asyncpg://h/d", "", "postgresql"),
        ("driver://user:pass@localhost/dbname", "", "postgresql"),
    ],
)
def test_the_dialect(url: str, more: str, dialect: str) -> None:
    text = f"{more}\nrevision = 'a'\ndown_revision = None\n"
    files = {"alembic.ini": f"[alembic]\nscript_location = m\nsqlalchemy.url = {url}\n", "m/env.py": ENV, "m/versions/a.py": text}
    assert only(files).dialect == dialect
