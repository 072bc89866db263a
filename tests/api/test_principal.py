"""Which applications count as the project's own, from the places they are made in and from what they serve."""

from __future__ import annotations

from typing import Any

import pytest

from lsp_server.api.facts import routes_facts
from lsp_server.api.model import Api, Operation
from lsp_server.api.principal import place_beside, principal
from lsp_server.snapshot import Snapshot
from lsp_server.text import Location, Span


def api(source: str, *paths: str, joined: bool = False, shared: str | None = None) -> Api:
    """An application made in a file, with handlers of its own, or those of another file."""
    operations = tuple(
        Operation("GET", path, Location(source, Span(9, 9)), declaration=Location(shared or source, Span(index, index + 1)))
        for index, path in enumerate(paths)
    )
    return Api(source, operations=operations, joined=joined)


MANY = [f"/{number}" for number in range(100)]


def own(*apis: Api, root: str = "", asked: tuple[str, ...] = ()) -> list[str]:
    chosen, aside = principal(apis, lambda path: root, asked)
    assert len(chosen) + len(aside) == len(apis)
    return [each.source for each in chosen]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("tests/app.py", "tests"),
        ("integration-tests/app.py", "integration-tests"),
        ("docs_src/first/main.py", "docs_src"),
        ("app/conftest.py", "conftest.py"),
        ("app/test_main.py", "test_main.py"),
        ("app/latest/main.py", None),
        ("app/scripting/main.py", None),
        ("main.py", None),
    ],
)
def test_places_of_tests_and_examples(path: str, place: str | None) -> None:
    assert place_beside(path) == place


def test_applications_of_tests_and_examples_stand_beside_the_projects_own() -> None:
    assert own(api("tests/app.py", *MANY), api("app/main.py", "/a"), api("examples/hello/app.py", "/b")) == ["app/main.py"]


def test_where_everything_is_an_example_nothing_is_set_aside() -> None:
    assert own(api("examples/one/app.py", "/a"), api("examples/two/app.py", "/b")) == ["examples/one/app.py", "examples/two/app.py"]


def test_an_example_is_what_counts_for_who_asks_for_it() -> None:
    assert own(api("examples/one/app.py", "/a"), api("examples/one/tests/app.py", "/b"), asked=("examples/one",)) == ["examples/one/app.py"]


def test_services_of_one_repository_all_stay() -> None:
    services = [api("services/users/main.py", *MANY), api("services/mail/main.py", "/send")]
    chosen, _ = principal(services, lambda path: path.rpartition("/")[0])
    assert chosen == services


def test_a_workers_endpoint_in_the_same_package_stands_beside() -> None:
    assert own(api("shop/api.py", *MANY), api("shop/worker/health.py", "/health")) == ["shop/api.py"]
    assert own(api("shop/api.py", *MANY), api("shop/v2.py", "/root", joined=True)) == ["shop/api.py", "shop/v2.py"]


def test_of_two_that_serve_the_same_the_fuller_counts() -> None:
    assert own(api("a.py", *MANY[:40], shared="r.py"), api("b.py", *MANY, shared="r.py")) == ["b.py"]
    assert own(api("a.py", *MANY, shared="r.py"), api("b.py", *MANY, shared="r.py")) == ["a.py"]


PROGRAM = {
    "shop/main.py": "from fastapi import FastAPI\napp = FastAPI()\n\n@app.get('/items')\ndef items(): ...\n",
    "tests/conftest.py": (
        "from fastapi import FastAPI\nfrom shop.main import app\nouter = FastAPI()\nouter.mount('/under', app)\n\n"
        "@outer.get('/boom')\ndef boom(): ...\n"
    ),
}


def test_a_mount_made_by_a_test_moves_nothing() -> None:
    facts = routes_facts(Snapshot.of(PROGRAM).implemented, lambda location: 1)
    assert [route["path"] for route in facts["routes"]] == ["/items"]
    assert [(each["file"], each["routes"]) for each in facts["aside"]] == [("tests/conftest.py", 1)]


def test_loose_routers_count_where_only_tests_make_an_application() -> None:
    router = "from fastapi import APIRouter\nrouter = APIRouter()\n\n@router.get('/items')\ndef items(): ...\n"
    test = "from fastapi import FastAPI\napp = FastAPI()\n\n@app.get('/boom')\ndef boom(): ...\n"
    facts = routes_facts(Snapshot.of({"shop/routes.py": router, "tests/test_it.py": test}).implemented, lambda location: 1)
    assert [(route["path"], route["file"]) for route in facts["routes"]] == [(None, "shop/routes.py")]


def test_routes_that_may_not_exist_are_listed_apart() -> None:
    sure = "from fastapi import FastAPI\nimport other\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n@app.get('/b')\ndef b(): ...\n"
    facts = _facts_of(sure + "if other.licensed():\n    @app.get('/c')\n    def c(): ...\n")
    assert [route["path"] for route in facts["routes"]] == ["/a", "/b"]
    assert [route["path"] for route in facts["maybe"]] == ["/c"]
    assert any("whether `GET /c` exists" in unknown["what"] for unknown in facts["unknowns"])


def test_where_most_hang_on_a_condition_it_is_the_application_that_does() -> None:
    facts = _facts_of("from fastapi import FastAPI\nimport other\nif other.served():\n    app = FastAPI()\n    @app.get('/a')\n    def a(): ...\n")
    assert [route["path"] for route in facts["routes"]] == ["/a"]


def _facts_of(text: str) -> dict[str, Any]:
    snapshot = Snapshot.of({"main.py": text})
    return routes_facts(snapshot.implemented, snapshot.line)
