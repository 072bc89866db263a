"""What is said of tables as a whole, from models and revisions: read, brought into one spelling, compared."""

from __future__ import annotations

import pytest

from lsp_server.database.compare import compare
from lsp_server.database.model import Database, Table
from lsp_server.database.table_options import may_not_hold, option_clauses, options_in_sql, read_options, spoken_options
from lsp_server.unknown import Unknown
from tests.database.histories import chain, replayed

Options = dict[str, object]


def table(**options: object) -> Table:
    return Table("book", options=read_options(options))  # type: ignore[arg-type]


def differs(before: Options, after: Options, dialect: str = "mysql", *, exact: bool = False) -> bool:
    sides = [Database("x", (table(**options),)) for options in (before, after)]
    return any(item.element == "options" for item in compare(*sides, dialect, exact=exact))


def test_only_the_options_of_databases_are_kept() -> None:
    given = {"mysql_engine": "InnoDB", "schema": "other", "comment": "x", "extend_existing": True, "sqlite_autoincrement": True}
    assert read_options(given) == (("mysql_engine", "InnoDB"), ("sqlite_autoincrement", True))  # type: ignore[arg-type]


def test_two_spellings_are_one_and_a_collation_tells_its_character_set() -> None:
    assert spoken_options(read_options({"mysql_default_charset": "utf8"}), "mysql") == {"charset": "utf8mb3"}
    assert spoken_options(read_options({"mysql_collate": "latin1_bin"}), "mysql") == {"charset": "latin1", "collate": "latin1_bin"}
    assert spoken_options(read_options({"mysql_engine": "InnoDB"}), "postgresql") == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"mysql_engine": "MyISAM"}, {"mysql_engine": "InnoDB"}),
        ({"mysql_charset": "latin1"}, {"mysql_charset": "utf8mb4"}),
        ({}, {"mysql_engine": "MyISAM"}),
        ({"mysql_row_format": "COMPACT"}, {"mysql_row_format": "DYNAMIC"}),
    ],
)
def test_what_both_state_differently_and_what_no_server_does_unasked_is_a_difference(before: Options, after: Options) -> None:
    assert differs(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"mysql_engine": "InnoDB"}),
        ({"mysql_engine": "innodb"}, {"mysql_engine": "InnoDB"}),
        ({"mysql_engine": "MyISAM"}, {}),  # the models leave it to the database
        ({}, {"mysql_charset": "utf8mb4"}),
        ({}, {"mysql_charset": "latin1"}),  # on some servers it is so unasked
        ({"mysql_charset": "utf8"}, {"mysql_charset": "utf8mb3"}),
        ({"mysql_engine": "MyISAM"}, {"mysql_engine": Unknown("computed")}),
        ({}, {"mysql_auto_increment": 1000}),
    ],
)
def test_what_the_server_does_anyway_or_nobody_knows_is_none(before: Options, after: Options) -> None:
    assert not differs(before, after)


def test_a_plan_holds_a_table_to_what_its_model_states() -> None:
    assert differs({}, {"mysql_charset": "latin1"}, exact=True)
    assert differs({"mysql_collate": "utf8mb4_bin"}, {"mysql_charset": "utf8mb4"}, exact=True)
    assert not differs({"mysql_collate": "utf8mb4_general_ci"}, {"mysql_charset": "utf8mb4"}, exact=True)
    assert not differs({}, {"mysql_charset": "utf8mb4", "mysql_row_format": "DYNAMIC"}, exact=True)


def test_options_of_another_database_are_no_difference() -> None:
    assert not differs({"mysql_engine": "MyISAM"}, {"mysql_engine": "InnoDB"}, "postgresql", exact=True)


def test_the_way_back_to_what_nobody_stated_asks_for_the_default() -> None:
    options = read_options({"mysql_engine": "MyISAM", "mysql_charset": "latin1", "mysql_row_format": "FIXED"})
    assert option_clauses((), options, "mysql") == ("ENGINE=MyISAM", "ROW_FORMAT=FIXED", "CONVERT TO CHARACTER SET latin1")
    assert option_clauses(options, (), "mysql") == ("ENGINE=InnoDB", "ROW_FORMAT=DEFAULT", "CONVERT TO CHARACTER SET DEFAULT")


def test_an_option_that_no_statement_changes_is_named() -> None:
    assert option_clauses((), read_options({"mysql_partition_by": "HASH(id)"}), "mysql") == "partition_by"
    assert option_clauses((), read_options({"mysql_engine": "InnoDB DATA DIRECTORY='/'"}), "mysql") == "engine"


def test_clauses_of_sql() -> None:
    assert options_in_sql("ENGINE = InnoDB") == (("mysql_engine", "InnoDB"),)
    assert options_in_sql("convert to character set utf8mb4 collate utf8mb4_bin") == (("mysql_charset", "utf8mb4"), ("mysql_collate", "utf8mb4_bin"))
    assert options_in_sql("DEFAULT CHARACTER SET=latin1 COLLATE latin1_bin") == (("mysql_charset", "latin1"), ("mysql_collate", "latin1_bin"))
    assert options_in_sql("ROW_FORMAT=DEFAULT") == (("mysql_row_format", None),)
    assert options_in_sql("ADD COLUMN engine int") is None


def test_a_history_tells_them() -> None:
    made = "op.create_table('book', sa.Column('id', sa.Integer()), mysql_engine='MyISAM', mysql_charset='latin1')"
    (book,) = replayed(chain(made)).database.tables
    assert book.options == (("mysql_engine", "MyISAM"), ("mysql_charset", "latin1"))
    (book,) = replayed(chain(made, "op.execute('ALTER TABLE book ENGINE=InnoDB, CONVERT TO CHARACTER SET utf8mb4')")).database.tables
    assert spoken_options(book.options, "mysql") == {"engine": "innodb", "charset": "utf8mb4"}
    (book,) = replayed(chain("op.execute('CREATE TABLE `book` (`id` int) ENGINE=Aria DEFAULT CHARSET=latin1')")).database.tables
    assert spoken_options(book.options, "mysql") == {"engine": "aria", "charset": "latin1"}


def test_a_smaller_character_set_may_not_hold_what_is_there() -> None:
    sets = {name: read_options({"mysql_charset": name}) for name in ("utf8mb4", "latin1", "ascii")}
    assert may_not_hold(sets["utf8mb4"], sets["latin1"], "mysql")
    assert not may_not_hold(sets["latin1"], sets["utf8mb4"], "mysql")
    assert not may_not_hold(sets["ascii"], sets["latin1"], "mysql")
