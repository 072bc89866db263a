"""A route that anybody may call, in line with the security that the spec demands."""

from tests.bench.agent.case import Case, Finding, Write

HIDDEN = '''
WANTED = {"slug": "poetry", "name": "Poetry"}


def test_only_staff_add_categories(client, reader, staff):
    assert client.post("categories", json=WANTED).status_code == 401
    assert client.post("categories", json=WANTED, headers=reader).status_code == 403
    assert client.post("categories", json=WANTED, headers={"Authorization": "Bearer made-up"}).status_code == 401
    assert client.get("categories").json() == []
    assert client.post("categories", json=WANTED, headers=staff).status_code == 201


def test_reading_stays_open(client, book):
    assert client.get("categories").status_code == 200
    assert client.get(f"categories/{book.categories[0].id}/books").status_code == 200
'''

CASE = Case(
    name="category_security",
    about="bring in line: a route without the protection that the spec promises",
    asks=Finding("security-not-enforced", "POST /categories"),
    hidden=HIDDEN,
    gone=(Finding("security-not-enforced", ""),),
    kept=("openapi.yaml", "migrations/*", "app/models/*", "app/api/dependencies.py"),
    reference=(
        Write("app/api/routes/categories.py", "from fastapi import APIRouter, Depends, HTTPException, status", "from fastapi import APIRouter, HTTPException, status"),
        Write("app/api/routes/categories.py", "import Pagination, SessionDep, require_staff", "import Pagination, SessionDep"),
        Write(
            "app/api/routes/categories.py",
            "    dependencies=[Depends(require_staff)],\n    responses={**STAFF_ONLY, **CONFLICT},\n",
            "    responses={**STAFF_ONLY, **CONFLICT},\n",
        ),
    ),
)
