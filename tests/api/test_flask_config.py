"""Settings that a program puts into its application: assigned, taken from modules and classes, asked for with defaults."""

from __future__ import annotations

import pytest

from lsp_server.api.frameworks import kinds_of
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import read_module
from lsp_server.python.program import Program
from lsp_server.python.values import Certainty, Event, Value
from lsp_server.unknown import Unknown

SETTINGS = "PREFIX = '/v1'\nDEBUG = False\nlower = 1\nclass Production:\n    PREFIX = '/prod'\nclass Local(Production):\n    LEVEL = 2\n"


def run(body: str) -> tuple[dict[str, Value], list[Event]]:
    files = {"main.py": f"import os\nfrom flask import Flask\nimport settings\napp = Flask(__name__)\n{body}\n", "settings.py": SETTINGS}
    facts = {path: read_module(path, text) for path, text in files.items()}
    execution = Interpreter(Program(files, facts.__getitem__), kinds=kinds_of(("flask",))).run("main.py")
    return execution.scope.names, execution.events


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("app.config['A'] = 1\nx = app.config['A']", 1),
        ("app.config.from_object('settings')\nx = app.config['PREFIX'] + '/x'", "/v1/x"),
        ("app.config.from_object(settings.Local)\nx = (app.config['PREFIX'], app.config.get('LEVEL'))", ("/prod", 2)),
        ("app.config.from_object('settings.Production')\nx = app.config['PREFIX']", "/prod"),
        ("app.config.from_pyfile('settings.py')\nx = app.config['PREFIX']", "/v1"),
        ("app.config.update(A=1, B=2)\napp.config.from_mapping({'A': 3})\nx = (app.config['A'], app.config['B'])", (3, 2)),
        ("x = app.config.get('PREFIX', '/default')", "/default"),
        ("app.config.setdefault('A', 1)\napp.config.setdefault('A', 2)\nx = app.config['A']", 1),
        ("app.config['A'] = 1\nx = 'A' in app.config", True),
    ],
)
def test_settings_that_the_text_states(body: str, expected: Value) -> None:
    assert run(body)[0]["x"] == expected


@pytest.mark.parametrize(
    "body",
    [
        "x = app.config['NOWHERE']",
        "app.config['A'] = 1\nif something:\n    app.config['A'] = 2\nx = app.config['A']",
    ],
)
def test_settings_that_it_does_not_state_are_unknown(body: str) -> None:
    assert isinstance(run(body)[0]["x"], Unknown)


def test_what_hangs_on_a_setting_is_configured() -> None:
    _, events = run("app.config.from_object('settings')\nif app.config['DEBUG']:\n    app.on()\nelse:\n    app.off()")
    assert {event.method: event.certainty for event in events if event.method in ("on", "off")} == {
        "on": Certainty.DORMANT, "off": Certainty.CONFIGURED,
    }  # fmt: skip


def test_an_environment_variable_that_nobody_sets_gives_way_to_a_default() -> None:
    names, _ = run("x = os.getenv('NAME') or 'default'\ny = os.getenv('NAME') or os.getenv('OTHER')\nz = app.config.get('NAME') or '/v1'")
    assert (names["x"], names["z"]) == ("default", "/v1")
    assert isinstance(names["y"], Unknown)
