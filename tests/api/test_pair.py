"""Which spec belongs to which application: by shared operations and nearness, and by too little evidence to none."""

from __future__ import annotations

from dataclasses import replace

from lsp_server.api.model import Api
from lsp_server.api.pair import code_path, pair, unpaired
from tests.api.views import api, code


def paths(*names: str, servers: str = "") -> str:
    head = f"servers: [{{url: {servers}}}]\n" if servers else ""
    return head + "paths:\n" + "".join(f"  {name}:\n    get: {{responses: {{'200': {{description: D}}}}}}\n" for name in names)


def pairs(specs: list[Api], applications: list[Api]) -> list[tuple[str, str, str, str]]:
    return [(each.promised.source, each.implemented.source, each.prefix, each.stripped) for each in pair(specs, applications)]


BOOKS = ("/books", "/books/{id}", "/authors", "/orders/{id}/items")
SHOP = ("/carts", "/carts/{id}", "/checkouts", "/coupons/{code}")


def test_the_servers_path_is_the_codes_prefix() -> None:
    spec = api(paths(*BOOKS, servers="https://example.org/api/v1"))
    assert pairs([spec], [code(paths(*(f"/api/v1{path}" for path in BOOKS)))]) == [("openapi.yaml", "app/main.py", "/api/v1", "")]
    assert pairs([spec], [code(paths(*BOOKS))]) == [("openapi.yaml", "app/main.py", "", "")]


def test_a_prefix_that_only_one_end_has() -> None:
    longer = [f"/api/v1{path}" for path in BOOKS]
    assert pairs([api(paths(*BOOKS))], [code(paths(*longer))]) == [("openapi.yaml", "app/main.py", "/api/v1", "")]
    assert pairs([api(paths(*longer))], [code(paths(*BOOKS))]) == [("openapi.yaml", "app/main.py", "", "/api/v1")]


def test_a_prefix_with_a_parameter() -> None:
    spec = api(paths(*(f"/{{tenant}}{path}" for path in BOOKS)))
    [pairing] = pair([spec], [code(paths(*BOOKS))])
    assert [code_path(operation, pairing) for operation in spec.operations] == list(BOOKS)


def test_somebody_elses_spec_is_not_paired_and_said_so() -> None:
    spec = api(paths(*SHOP, "/health", "/users/{id}"), "vendor.yaml")
    found = pair([spec], [code(paths(*BOOKS, "/health"))])
    assert found == ()
    [unknown] = unpaired([spec], found)
    assert "vendor.yaml" in unknown.what and unknown.location is not None


def test_a_first_operation_beside_the_only_application() -> None:
    assert pairs([api(paths("/users"))], [code(paths("/health"))]) == [("openapi.yaml", "app/main.py", "", "")]
    assert pairs([api(paths(*BOOKS))], [Api("app/main.py")]) == [("openapi.yaml", "app/main.py", "", "")]


def test_a_client_folder_is_no_neighbour() -> None:
    assert pairs([api(paths("/users"), "app/clients/stripe/openapi.yaml")], [code(paths("/health"))]) == []
    assert pairs([api(paths(*BOOKS), "tests/fixtures/openapi.yaml")], [code(paths("/health"))]) == []


def test_the_nearest_of_two_alike() -> None:
    """Two services of one house, with paths that all services have and some of their own."""
    specs = [api(paths("/items", "/items/{id}", *own), f"services/{name}/openapi.yaml") for name, own in (("a", BOOKS), ("b", SHOP))]
    applications = [
        code(paths("/items", "/items/{id}", *own), f"services/{name}/app/main.py") for name, own in (("b", SHOP), ("a", BOOKS))
    ]
    assert [(spec, application) for spec, application, _, _ in pairs(specs, applications)] == [
        ("services/a/openapi.yaml", "services/a/app/main.py"),
        ("services/b/openapi.yaml", "services/b/app/main.py"),
    ]


def test_one_spec_of_several_applications_misses_nothing_twice() -> None:
    spec = api(paths(*BOOKS, *SHOP, "/nowhere/{id}"))
    applications = [code(paths(*BOOKS), "books/main.py"), code(paths(*SHOP), "shop/main.py")]
    found = pair([spec], applications)
    assert {each.implemented.source for each in found} == {"books/main.py", "shop/main.py"}
    assert ("GET", "/carts") in found[0].promises_elsewhere or ("GET", "/books") in found[0].promises_elsewhere
    assert ("GET", "/nowhere/{}") not in found[0].promises_elsewhere
    assert ("GET", "/nowhere/{}") in found[1].promises_elsewhere


def test_an_incomplete_neighbour_may_keep_every_promise() -> None:
    spec = api(paths(*BOOKS, *SHOP, "/nowhere/{id}"))
    applications = [code(paths(*BOOKS), "books/main.py"), code(paths(*SHOP), "shop/main.py")]
    unsure = replace(applications[1], incomplete=unpaired([api(paths("/x"))], ())[0])
    books = next(each for each in pair([spec], [applications[0], unsure]) if each.implemented.source == "books/main.py")
    assert ("GET", "/nowhere/{}") in books.promises_elsewhere


def test_two_specs_of_one_application() -> None:
    public, internal = api(paths(*BOOKS), "public.yaml"), api(paths(*SHOP), "internal.yaml")
    application = code(paths(*BOOKS, *SHOP, "/forgotten/{id}"))
    found = {each.promised.source: each for each in pair([public, internal], [application])}
    assert set(found) == {"public.yaml", "internal.yaml"}
    told = [source for source, each in found.items() if ("GET", "/forgotten/{}") not in each.routes_elsewhere]
    assert len(told) == 1


def test_a_spec_of_a_small_part_proves_nothing_about_the_rest() -> None:
    many = [f"/thing{number}" for number in range(40)]
    [pairing] = pair([api(paths(*BOOKS))], [code(paths(*BOOKS, *many))])
    assert not pairing.covers
