"""Generated bodies at work: four operations on one table, written by the repair, served and asked by a client."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lsp_server.check import check
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.verify import build_and_verify
from tests.literate import read_cases

RULE = Path(__file__).parent.parent / "rules" / "operation-not-implemented.md"

DATABASE = '''
from sqlalchemy import StaticPool, create_engine
from sqlalchemy.orm import Session

engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)


def session():
    with Session(engine) as session:
        yield session
'''

ASK = """
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from shop.app import app
from shop.database import engine
from shop.models import Base, User

Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([User(id=1), User(id=2)])
    session.commit()

client = TestClient(app)
one, two = ({"Authorization": f"Bearer {number}"} for number in (1, 2))
assert client.get("/orders").status_code == 401
made = client.post("/orders", json={"number": "A1"}, headers=one)
assert made.status_code == 201, made.text
assert client.post("/orders", json={"number": "A1"}, headers=one).status_code == 409
assert client.post("/orders", json={"number": "A" * 21}, headers=one).status_code == 422
assert client.get("/orders", headers=one).json() == [made.json()]
assert client.get("/orders", headers=two).json() == []
assert client.get("/orders", params={"paid": True}, headers=one).json() == []
assert client.get("/orders", params={"limit": 101}, headers=one).status_code == 422
place = f"/orders/{made.json()['id']}"
assert client.get(place, headers=two).status_code == 404
assert client.get(place, headers=one).json() == made.json()
assert client.delete(place, headers=two).status_code == 404
assert client.delete(place, headers=one).status_code == 204
assert client.get(place, headers=one).status_code == 404
"""


def blocking(text: str) -> str:
    """The example with an ordinary session."""
    for old, new in (("sqlalchemy.ext.asyncio", "sqlalchemy.orm"), ("async def", "def"), ("await ", ""), ("import AsyncSession", "import Session as Database"),
                     ("AsyncSession", "Database")):  # fmt: skip
        text = text.replace(old, new)
    return text


def test_four_operations_on_one_table(tmp_path: Path) -> None:
    case = next(case for case in read_cases(RULE) if case.title.startswith("Rows are read"))
    texts = {path: blocking(text) if path == "shop/app.py" else text for path, text in case.files.items()}
    snapshot = Snapshot.of({**texts, "shop/database.py": DATABASE})
    done = 0
    while True:
        report = check(snapshot, all_rules())
        offered = [(finding, fix) for finding in report.findings for fix in finding.fixes if fix.kind == "implement-endpoint"]
        if not offered:
            break
        verdict = build_and_verify(snapshot, report, *offered[0], all_rules())
        assert verdict.ok and verdict.change is not None, verdict.problem
        snapshot = snapshot.with_change(verdict.change)
        done += 1
    assert done == 4
    for path in snapshot.documents:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(snapshot.documents[path].text)
    (tmp_path / "ask.py").write_text(ASK)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    finished = subprocess.run([sys.executable, "ask.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, snapshot.documents["shop/app.py"].text + finished.stderr
