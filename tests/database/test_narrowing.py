"""Which values a change of type cuts, and which it refuses."""

from __future__ import annotations

import pytest

from lsp_server.database.model import ColumnType, EnumType
from lsp_server.database.narrowing import is_mere_cast, what_is_cut, what_is_refused


@pytest.mark.parametrize("using", ["plan::text::plan", "CAST(CAST(plan AS TEXT) AS plan)", '"plan"::numeric(10, 2)', "(plan::text)::plan_new"])
def test_a_cast_of_the_column_is_a_mere_cast(using: str) -> None:
    assert is_mere_cast(using)


@pytest.mark.parametrize("using", ["coalesce(plan, '')::plan", "CASE WHEN plan = 'x' THEN 'y' ELSE plan END::plan", "a || b", "?"])
def test_what_changes_values_is_no_mere_cast(using: str) -> None:
    assert not is_mere_cast(using)


@pytest.mark.parametrize(
    ("before", "after", "cut"),
    [
        (ColumnType("NUMERIC", (10, 2)), ColumnType("INTEGER"), "decimal point"),
        (ColumnType("NUMERIC", (10, 4)), ColumnType("NUMERIC", (10, 2)), "beyond 2"),
        (ColumnType("TIMESTAMP WITH TIME ZONE"), ColumnType("DATE"), "time of day"),
        (ColumnType("NUMERIC", (10, 2)), ColumnType("NUMERIC", (12, 2)), None),
        (ColumnType("VARCHAR", (40,)), ColumnType("TEXT"), None),
        (ColumnType("DATE"), ColumnType("TIMESTAMP WITHOUT TIME ZONE"), None),
    ],
)
def test_what_is_cut(before: ColumnType, after: ColumnType, cut: str | None) -> None:
    found = what_is_cut(before, after, "postgresql")
    assert found is None if cut is None else cut in (found or "")
    assert what_is_cut(before, after, "sqlite") is None


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        (ColumnType("VARCHAR", (40,)), ColumnType("VARCHAR", (20,)), "longer than 20"),
        (ColumnType("TEXT"), ColumnType("VARCHAR", (20,)), "longer than 20"),
        (ColumnType("VARCHAR", (20,)), ColumnType("VARCHAR"), None),
        (ColumnType("BIGINT"), ColumnType("INTEGER"), "too large"),
        (ColumnType("INTEGER"), ColumnType("BIGINT"), None),
        (ColumnType("NUMERIC", (10, 2)), ColumnType("NUMERIC", (10, 4)), "too large"),
        (ColumnType("TEXT"), ColumnType("INTEGER"), "no INTEGER"),
        (ColumnType("INTEGER"), ColumnType("TEXT"), None),
        (ColumnType("ENUM", enum=EnumType("e", ("a", "b"))), ColumnType("ENUM", enum=EnumType("e", ("a",))), "'b'"),
        (ColumnType("ENUM", enum=EnumType("e", ("a",))), ColumnType("ENUM", enum=EnumType("e", ("a", "b"))), None),
    ],
)
def test_what_is_refused(before: ColumnType, after: ColumnType, refused: str | None) -> None:
    found = what_is_refused(before, after, "postgresql")
    assert found is None if refused is None else refused in (found or "")


def test_an_explicit_cast_cuts_texts_instead_of_refusing_them() -> None:
    before, after = ColumnType("TEXT"), ColumnType("VARCHAR", (20,))
    assert what_is_cut(before, after, "postgresql", explicit=True) == "characters beyond 20"
    assert what_is_refused(before, after, "postgresql", explicit=True) is None
