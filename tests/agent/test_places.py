"""Where the agent's data live, by platform and environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lsp_server.agent.places import data_folder


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, ".local/share/specdrift"),
        ("linux", {"XDG_DATA_HOME": "{home}/elsewhere"}, "elsewhere/specdrift"),
        ("darwin", {}, "Library/Application Support/specdrift"),
        ("win32", {"LOCALAPPDATA": "{home}/AppData"}, "AppData/specdrift/data"),
        ("linux", {"SPECDRIFT_DATA": "{home}/mine", "XDG_DATA_HOME": "{home}/elsewhere"}, "mine"),
    ],
)
def test_data_live_where_the_platform_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("SPECDRIFT_DATA", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(home=tmp_path))
    assert data_folder() == tmp_path / expected
