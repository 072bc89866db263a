"""Branches that the default settings do not take put nothing into the lists that objects hold."""

from __future__ import annotations

from lsp_server.snapshot import Snapshot

PROGRAM = """
from flask import Flask

app = Flask(__name__)
app.config["GITHUB_LOGIN"] = {}


class Services:
    def __init__(self, config):
        self.names = []
        for key in list(config.keys()):
            if key.endswith("_LOGIN"):
                self.names.append(key.lower())


for name in Services(app.config).names:
    def callback(): ...
    app.add_url_rule("/" + name, name, callback)
"""


def test_only_the_entries_that_are_meant_are_there() -> None:
    (api,) = Snapshot.of({"app.py": PROGRAM}).implemented
    assert [operation.path for operation in api.operations] == ["/github_login"]
