"""Which version a project needs at least."""

from __future__ import annotations

import pytest

from lsp_server.requirements import least_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('dependencies = [\n    "sqlmodel>=0.0.45",\n]', (0, 0, 45)),
        ('dependencies = ["fastapi>=0.100", "sqlmodel~=0.0.46"]', (0, 0, 46)),
        ('dependencies = [\n    "sqlmodel<1.0.0,>=0.0.21",\n]', (0, 0, 21)),
        ('sqlmodel = "^0.0.22"', (0, 0, 22)),
        ('sqlmodel = {version = "^0.0.22", extras = ["x"]}', (0, 0, 22)),
        ('dependencies = [\n    "sqlmodel",\n]', None),
        ('dependencies = [\n    "sqlmodel<2",\n]', None),
        ('dependencies = ["sqlmodel", "fastapi>=9"]', None),
        ('dependencies = ["sqlmodel[x] >= 0.0.45 ; python_version > \'3\'"]', (0, 0, 45)),
        ('dependencies = [\n    "fastapi-sqlmodel-x>=9",\n    # "sqlmodel>=9"\n]', None),
    ],
)
def test_lower_bounds(text: str, version: tuple[int, ...] | None) -> None:
    assert least_version([text], "sqlmodel") == version


def test_the_lowest_of_several_files_counts() -> None:
    assert least_version(['sqlmodel = "^0.0.46"', 'sqlmodel = "^0.0.22"', ""], "sqlmodel") == (0, 0, 22)
    assert least_version(['sqlmodel = "^0.0.46"', 'sqlmodel = "*"'], "sqlmodel") is None
