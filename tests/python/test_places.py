"""`__file__` and paths made of it: known below the workspace's folder, unknown outside of it."""

from __future__ import annotations

import pytest

from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import read_module
from lsp_server.python.places import place_of
from lsp_server.python.program import Program
from lsp_server.python.values import Place, Value
from lsp_server.unknown import Unknown


def value_of(expression: str) -> Value:
    """What an expression is worth in `src/shop/main.py`."""
    text = f"import os\nimport os.path\nfrom pathlib import Path\nBASE = os.path.dirname(os.path.abspath(__file__))\nx = {expression}\n"
    program = Program(["src/shop/main.py"], lambda path: read_module(path, text))
    return Interpreter(program).run("src/shop/main.py").scope.names["x"]


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ("__file__", "src/shop/main.py"),
        ("BASE", "src/shop"),
        ("os.path.join(BASE, '..', 'spec', 'api.yaml')", "src/spec/api.yaml"),
        ("BASE + '/api.yaml'", "src/shop/api.yaml"),
        ("f'{BASE}/api.yaml'", "src/shop/api.yaml"),
        ("str(Path(__file__).resolve().parent / 'spec' / 'api.yaml')", "src/shop/spec/api.yaml"),
        ("Path(__file__).parents[1].joinpath('api.yaml').as_posix()", "src/api.yaml"),
        ("Path(__file__).with_name('api.yaml')", "src/shop/api.yaml"),
        ("Path(__file__).parent.parent.parent", ""),
    ],
)
def test_places_below_the_workspace(expression: str, path: str) -> None:
    value = value_of(expression)
    assert isinstance(value, Place)
    assert value.path == path


@pytest.mark.parametrize("expression", ["Path(__file__).parents[2].parent", "os.path.join(BASE, os.environ['X'])", "Path(__file__).parents[3]"])
def test_other_paths_are_unknown(expression: str) -> None:
    value = value_of(expression)
    assert isinstance(value, Unknown)
    assert not isinstance(value, Place)


def test_a_relative_path_object_is_its_text() -> None:
    assert place_of(value_of("Path('openapi') / 'api.yaml'")) == "openapi/api.yaml"
