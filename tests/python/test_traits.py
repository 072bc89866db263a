"""What objects of traitlets' classes have before anybody configures them."""

from __future__ import annotations

import pytest

from lsp_server.unknown import Unknown
from tests.python.test_interpret import interpreter

_HUB = """
from traitlets import Bool, Dict, Instance, List, Unicode, default
from traitlets.config import Application

class Prefix(Unicode):
    def validate(self, obj, value):
        text = super().validate(obj, value)
        return text if text.endswith('/') else text + '/'

class Hub(Application):
    base = Prefix('/base', help="...").tag(config=True)
    inner = Prefix()
    debug = Bool()
    names = List(Unicode(), default_value=['a'])
    extra = Dict()
    other = Instance('somewhere.Other')
    log = Unicode("log", config=True)

    @default('inner')
    def _make_inner(self):
        return self.base + 'inner'

    def __init__(self):
        self.names.append('b')

hub = Hub()
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("hub.base", "/base/"), ("hub.inner", "/base/inner/"), ("hub.debug", False), ("hub.names", ["a", "b"]),
        ("Hub().extra", {}), ("hub.log", "log"),
    ],
)  # fmt: skip
def test_defaults(expression: str, expected: object) -> None:
    assert interpreter({"main.py": f"{_HUB}x = {expression}\n"}).member("main.py", "x") == expected


def test_without_a_default_a_trait_is_unknown() -> None:
    assert isinstance(interpreter({"main.py": f"{_HUB}x = hub.other\n"}).member("main.py", "x"), Unknown)


def test_configuration_files_that_agree_say_what_is_set() -> None:
    files = {"main.py": f"{_HUB}x = hub.base\n", "hub_config.py": "c.Hub.base = '/set'\n", "examples/a_config.py": "c.Hub.base = '/no'\n"}
    assert interpreter(files).member("main.py", "x") == "/set/"
    files["deploy/hub_config.py"] = "c.Hub.base = '/other'\n"
    assert isinstance(interpreter(files).member("main.py", "x"), Unknown)
