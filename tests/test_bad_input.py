"""Bad input through the command line: a clear message with a place, nothing lost elsewhere, the right exit status.

Every case keeps a good pair of files beside the bad one: what is wrong in one file must not silence the others.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_server.text import LineIndex
from tests.command import CODE, DRIFT, SPEC, Outcome, call, check, shop, spawn, write

MODELS = """\
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
"""


def revision(name: str, down: str | None, body: str = "pass", back: str = "pass") -> str:
    return f'''"""{name}"""
from alembic import op
import sqlalchemy as sa

revision = "{name}"
down_revision = {down!r}


def upgrade():
    {body}


def downgrade():
    {back}
'''


BOOKS = 'op.create_table("books", sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.String(80), nullable=False))'
FIRST = revision("first", None, BOOKS, 'op.drop_table("books")')


def library(folder: Path, **revisions: str) -> Path:
    """Models and a migration history that agree, with more revisions (or other texts of `first`)."""
    write(folder, {"models.py": MODELS, "migrations/env.py": "from alembic import context\nfrom models import Base\ntarget_metadata = Base.metadata\n",
                   "alembic.ini": "[alembic]\nscript_location = migrations\n"})  # fmt: skip
    return write(folder, {f"migrations/versions/{name}.py": text for name, text in {"first": FIRST, **revisions}.items()})


def well(outcome: Outcome) -> Outcome:
    """No crash: a report, no failed rule, no traceback."""
    assert outcome.status in (0, 1), outcome
    assert "Traceback" not in outcome.err
    assert outcome.json["failed_rules"] == []
    return outcome


def named(outcome: Outcome, path: str) -> list[tuple[int | None, str]]:
    """What is said about a file, under findings or unknowns: line and words."""
    report = outcome.json
    said = [(each["start"]["line"], each["message"]) for each in report["findings"] if each["path"] == path]
    return said + [(each["start"]["line"], each["what"]) for each in report["unknowns"] if each["path"] == path]


# Text that is not what its name says


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (SPEC + "  /more:\n    get: {responses: {}\n", 17),
        (SPEC + "  /more:\n\tget: x\n", 17),
        (SPEC + "  /more: 'open\n", 16),
        (SPEC + "  /more: *nowhere\n", 16),
        (SPEC + "  /more: !!python/object/apply:os.system [echo]\n", None),
        ('{"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": {"/a": ', 1),
    ],
)
def test_a_broken_spec_is_reported_where_it_breaks(tmp_path: Path, text: str, line: int | None) -> None:
    name = "more.json" if text.startswith('{"') else "more.yaml"
    outcome = well(check(write(shop(tmp_path), {name: text})))
    assert DRIFT[0] in outcome.findings
    if line is not None:
        assert line in [place for place, _ in named(outcome, name)], outcome.out


def test_an_object_in_yaml_is_never_made(tmp_path: Path) -> None:
    bad = SPEC + "x-run: !!python/object/apply:os.mkdir [made]\n"
    well(check(shop(tmp_path, spec=bad)))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (CODE + "\n\n@app.get('/more'\ndef more(): ...\n", 16),
        (CODE + "\n\ndef more(:\n    return 1\n", 16),
        (CODE + "\n\nclass More\n", 16),
        (CODE + "\n\nprint 'two'\n", 16),
        (CODE + "\n\n'''open\n", 16),
        (CODE + "\n\nx = (\n", 16),
    ],
)
def test_broken_code_is_named_and_the_rest_is_still_read(tmp_path: Path, code: str, line: int) -> None:
    other = CODE.replace("/books", "/shelves").replace("listBooks", "listShelves")
    folder = write(shop(tmp_path, code=code), {"shelves/openapi.yaml": SPEC.replace("/books", "/shelves"), "shelves/app.py": other})
    outcome = well(check(folder))
    assert ("shelves/app.py", 7, "error", "parameter-contradicts-spec") in outcome.findings
    assert line in [place for place, _ in named(outcome, "app.py")], outcome.out
    text = call(tmp_path, "--check", "--no-cache")
    assert f"app.py:{line}:" in text.out and "unread" in text.out


@pytest.mark.parametrize("line", ["    id: Mapped[int] = mapped_column(primary_key=True)", "    title: Mapped[str] = mapped_column(String(80))", "class Book(Base):", '    __tablename__ = "books"'])
def test_half_typed_models_bring_no_finding(tmp_path: Path, line: str) -> None:
    """A column that cannot be read is not a column that was dropped."""
    more = "\n\nclass Author(Base):\n    __tablename__ = 'authors'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    authors = 'op.create_table("authors", sa.Column("id", sa.Integer, primary_key=True))'
    second = revision("second", "first", authors, 'op.drop_table("authors")')
    folder = write(library(tmp_path, second=second), {"models.py": MODELS + more})
    before = check(folder).findings
    assert "model-change-without-migration" not in [rule for *_, rule in before]
    write(folder, {"models.py": MODELS.replace(line, line[:-1] + "(") + more})
    outcome = well(check(folder))
    assert outcome.findings == before
    assert "models.py" in outcome.unknowns


def test_half_typed_fields_bring_no_finding(tmp_path: Path) -> None:
    spec = SPEC.replace("responses: {\"200\": {description: The books}}", "requestBody: {content: {application/json: {schema: {type: object, "
                        "properties: {title: {type: string}}, required: [title]}}}}\n      responses: {\"200\": {description: The books}}")
    code = CODE.replace("(limit: int = 50)", "(book: Book, limit: int = 20)").replace("import FastAPI", "import FastAPI\nfrom schemas import Book")
    schemas = "from pydantic import BaseModel\n\n\nclass Book(BaseModel):\n    title: str\n    other: int = 1\n"
    folder = write(shop(tmp_path, spec=spec, code=code), {"schemas.py": schemas})
    assert "request-field-missing" not in check(folder).rules
    write(folder, {"schemas.py": schemas.replace("title: str", "title: str = Field(")})
    assert "request-field-missing" not in well(check(folder)).rules


def test_half_typed_code_brings_no_finding_elsewhere(tmp_path: Path) -> None:
    """While the call of a route is being typed nobody knows whether the route is there."""
    half = CODE.replace('@app.get("/books", operation_id="listBooks")', '@app.get("/books", operation_id="lis')
    outcome = well(check(shop(tmp_path, code=half)))
    assert ("openapi.yaml", 5, "error", "operation-not-implemented") not in outcome.findings


def test_a_broken_revision_is_named_and_the_models_still_read(tmp_path: Path) -> None:
    folder = library(tmp_path, second=revision("second", "first", "op.add_column('books', sa.Column('x', sa.Integer)"))
    outcome = well(check(folder))
    assert named(outcome, "migrations/versions/second.py")
    assert "model-change-without-migration" not in outcome.rules
    assert [table["name"] for table in call(folder, "--facts", "models").json["tables"]] == ["books"]


def test_a_key_written_twice_is_reported_at_the_second(tmp_path: Path) -> None:
    outcome = well(check(shop(tmp_path, spec=SPEC + "  /books:\n    post: {responses: {'200': {description: x}}}\n")))
    assert any(line == 16 and "/books" in said for line, said in named(outcome, "openapi.yaml"))


# Encodings and line breaks


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("more.py", b"# fine\nname = '\xe9'\n", "line 2"),
        ("more.yaml", b"openapi: 3.1.0\ninfo: {title: caf\xe9}\n", "0xe9"),
        ("more.json", b'{"openapi": "3.1.0", "\xff": 1}', "0xff"),
        ("more.py", b"app = 1\n\x00\n", "NUL"),
        ("more.py", b"# -*- coding: klingon -*-\n", "klingon"),
        ("more.py", b"# coding: rot13\n", "rot13"),
        ("more.py", b"# coding: punycode\n\xff", "PUNYCODE"),
        ("more.py", b"# coding: undefined\nx", "undefined"),
        ("more.yaml", b"\xff\xfea", "UTF-16"),
        ("more.json", "{}".encode("utf-16-le"), "NUL"),
        ("alembic.ini", b"[alembic]\nscript_location = \xe9\n", "line 2"),
    ],
)
def test_a_file_that_is_no_text_is_unknown_and_says_why(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    folder = write(shop(tmp_path / "shop"), {name: data})
    outcome = well(check(folder))
    assert outcome.findings == DRIFT
    assert said in outcome.unknowns[name]
    assert f"{name}:1:1: unread" in call(folder, "--check").out
    assert f"{name}:1:1: unread" in call(folder, "--check").out  # from the cache


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    outcome = well(check(shop(tmp_path, spec=SPEC.encode(encoding), code=CODE.encode("utf-8-sig"))))
    assert outcome.findings == DRIFT
    assert outcome.json["unknowns"] == []


def test_a_python_file_in_its_own_encoding_is_read(tmp_path: Path) -> None:
    code = "# coding: latin-1\n" + CODE.replace("return None", "return None  # café")
    outcome = well(check(shop(tmp_path, code=code.encode("latin-1"))))
    assert [(path, rule) for path, _, _, rule in outcome.findings] == [(path, rule) for path, _, _, rule in DRIFT]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_breaks_of_other_systems_count_the_same(tmp_path: Path, newline: str) -> None:
    outcome = well(check(shop(tmp_path, spec=SPEC.replace("\n", newline), code=CODE.replace("\n", newline))))
    assert outcome.findings == DRIFT


def test_an_unusual_line_separator_is_a_character(tmp_path: Path) -> None:
    """Editors do not start a line at U+2028, a form feed or U+0085, so lines are not counted there."""
    code = CODE.replace("app = FastAPI()", 'app = FastAPI(title="a\u2028b\x0cc\x85d")')
    outcome = well(check(shop(tmp_path, spec=SPEC.replace("title: Shop", "title: 'a\u2028b\x85'"), code=code)))
    assert outcome.findings == DRIFT
    assert len(LineIndex(code).starts) == code.count("\n") + 1
    diff = call(tmp_path, "--diff", "--no-cache", "--select", "parameter-contradicts-spec").out
    assert diff.count("\n@@ ") == 1
    write(tmp_path, {"a.patch": diff})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "a.patch"], cwd=tmp_path, check=True)
    assert (tmp_path / "app.py").read_bytes().decode() == code.replace("50", "20")


def test_tabs_and_blanks_at_the_end(tmp_path: Path) -> None:
    code = CODE.replace("    return None", "\treturn None  \t")
    outcome = well(check(shop(tmp_path, code=code)))
    assert outcome.findings == DRIFT


# References that lead astray


@pytest.mark.parametrize(
    "reference",
    [
        "../secret.yaml#/x",
        "/etc/hostname",
        "file:///etc/hostname",
        "%2e%2e/secret.yaml#/x",
        "..%2fsecret.yaml#/x",
        "link.yaml#/x",
        "folder/secret.yaml#/x",
        "https://example.org/schema.json",
        "//example.org/schema.json",
        "C:\\\\secret.yaml",
        "\\\\\\\\server\\\\share\\\\secret.yaml",
        "\u0000",
        "x" * 5000,
        "#/components/schemas/%ZZ",
        "#",
        "",
    ],
)
def test_a_reference_out_of_the_workspace_is_refused_and_said_so(tmp_path: Path, reference: str) -> None:
    write(tmp_path, {"secret.yaml": "x: {type: integer, default: 50}\n"})
    spec = SPEC.replace("schema: {type: integer, default: 20}", f"schema: {{$ref: {json.dumps(reference)}}}")
    folder = shop(tmp_path / "shop", spec=spec)
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "folder").symlink_to(tmp_path)
    outcome = well(check(folder))
    assert "parameter-contradicts-spec" not in outcome.rules
    if reference not in ("#", ""):  # the document itself: no shape, but no fault
        assert [line for line, _ in named(outcome, "openapi.yaml") if line == 8], outcome.out


def test_references_in_a_circle_end(tmp_path: Path) -> None:
    spec = SPEC.replace("schema: {type: integer, default: 20}", "schema: {$ref: '#/components/schemas/A'}") + (
        "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n"
        "    Tree: {type: object, properties: {children: {type: array, items: {$ref: '#/components/schemas/Tree'}}}}\n"
    )
    assert any("A" in said for _, said in named(well(check(shop(tmp_path, spec=spec))), "openapi.yaml"))


# Bombs: bounded time and memory


def limited(folder: Path, *arguments: str, megabytes: int = 1024, seconds: int = 60) -> Outcome:
    """A check as a process that may use only so much processor time and address space."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    return spawn(folder, "--check", "--no-cache", "--format", "json", *arguments, seconds=4 * seconds, preexec_fn=limit)


def _laughs(levels: int = 30) -> str:
    lines = ["x0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"x{n}: &x{n} [" + ", ".join([f"*x{n - 1}"] * 9) + "]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def _deep(opening: str, closing: str, depth: int = 100_000) -> str:
    return opening * depth + closing * depth


BOMBS = {
    "laughs.yaml": "openapi: 3.1.0\n" + _laughs() + "paths: *x29\n",
    "merged.yaml": "openapi: 3.1.0\na0: &a0 {k: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: *a{n - 1}}}\n" for n in range(1, 40))
    + "paths: *a39\n",
    "circle.yaml": "openapi: 3.1.0\ninfo: &i {title: A, version: '1', again: *i}\npaths: &p\n  /a: *p\n",
    "schemas.json": json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "A", "version": "1"},
            "paths": {"/a": {"get": {"responses": {"200": {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}}}},
            "components": {
                "schemas": {
                    f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 8, "oneOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 8}
                    for n in range(30)
                }
                | {"S30": {"type": "object"}}
            },
        }
    ),
    "deep.yaml": "openapi: 3.1.0\npaths: " + _deep("[", "]"),
    "deep.json": '{"openapi": "3.1.0", "paths": ' + _deep('{"a":', "}") + "}",
    "deep-block.yaml": "openapi: 3.1.0\npaths:\n" + "".join(" " * depth + "a:\n" for depth in range(1, 3000)),
    "deep.py": "from fastapi import FastAPI\nx = " + _deep("(", ")"),
    "deep-list.py": "from fastapi import FastAPI\napp = FastAPI()\nx = " + _deep("[", "]", 90) + "\ny = " + "-" * 50_000 + "1\n",
    "deep-sum.py": "from fastapi import FastAPI\napp = FastAPI()\nx = " + "1 + " * 20_000 + "1\n",
    "deep-chain.py": "from fastapi import FastAPI\napp = FastAPI()\nx = app" + ".a()" * 20_000 + "\n",
    "power.py": "from fastapi import FastAPI\napp = FastAPI()\nN = 9 ** 9 ** 9\nS = 'x' * 10 ** 12\nL = [0] * 10 ** 12\nB = 1 << 10 ** 12\nF = f'{1:>1000000000000}'\nP = '%1000000000000d' % 1\n@app.get('/' + S)\ndef f(a: int = N): ...\n",
    "loop.py": "from fastapi import FastAPI\napp = FastAPI()\nfor a in range(10 ** 12):\n    app.get(f'/{a}')(print)\n",
    "forever.py": "from fastapi import FastAPI\napp = FastAPI()\nwhile True:\n    app.get('/a')(print)\n",
    "recursion.py": "from fastapi import FastAPI\napp = FastAPI()\ndef prefix(n): return prefix(n + 1)\napp.include_router(app, prefix=prefix(0))\n@app.get(prefix(0))\ndef f(): ...\n",
    "line.py": "from fastapi import FastAPI\napp = FastAPI(); x = '" + "é" * 2_000_000 + "'; app.get('/one')(print)\n",
    "regex.yaml": "openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths: {}\nx: '" + "(a+)+" * 5000 + " " * 200_000 + "'\n",
    "blanks.py": "from fastapi import FastAPI\napp = FastAPI()\n" + "#" + " " * 500_000 + "specdrift:" + " " * 500_000 + "\n",
    "reasons.py": "from fastapi import FastAPI\napp = FastAPI()\n" + "# specdrift: ignore[a] -- " + "x " * 200_000 + " " * 400_000 + "x\n",
    "marks.py": "from fastapi import FastAPI\napp = FastAPI()\n" + "# specdrift: ignore[" * 20_000 + "\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_little_and_silences_nobody(tmp_path: Path, name: str) -> None:
    folder = write(shop(tmp_path), {name: BOMBS[name]})
    outcome = well(limited(folder))
    assert {rule for *_, rule in DRIFT} <= set(outcome.rules), outcome.out[:3000]


@pytest.mark.parametrize("name", ["laughs.yaml", "circle.yaml", "deep.yaml", "deep.json", "deep.py"])
def test_a_bomb_is_named(tmp_path: Path, name: str) -> None:
    outcome = well(limited(write(shop(tmp_path), {name: BOMBS[name]})))
    assert named(outcome, name), outcome.out[:3000]


def test_a_settings_file_that_is_a_bomb(tmp_path: Path) -> None:
    folder = write(shop(tmp_path), {"pyproject.toml": "x = " + _deep("[", "]")})
    outcome = limited(folder)
    assert outcome.status == 2
    assert "pyproject.toml" in outcome.err and "Traceback" not in outcome.err


# Sizes


def test_empty_files(tmp_path: Path) -> None:
    names = ("a.yaml", "b.json", "c.py", "d.ini", "alembic.ini", "e.toml", "f.md", "g.sql", "migrations/env.py")
    outcome = well(check(write(shop(tmp_path), dict.fromkeys(names, ""))))
    assert outcome.findings == DRIFT
    assert outcome.json["unknowns"] == []


def test_a_spec_of_13_megabytes(tmp_path: Path) -> None:
    paths = {
        f"/things/{number}": {"get": {"operationId": f"op{number}", "description": "x" * 200, "responses": {"200": {"description": "y"}}}}
        for number in range(40_000)
    }
    big = json.dumps({"openapi": "3.1.0", "info": {"title": "Big", "version": "1"}, "paths": paths}, indent=1)
    assert len(big) > 13_000_000
    started = time.monotonic()
    outcome = well(limited(write(shop(tmp_path), {"big.json": big}), megabytes=2048, seconds=120))
    assert DRIFT[0] in outcome.findings
    assert time.monotonic() - started < 240


def test_a_file_too_big_to_be_meant_is_unknown(tmp_path: Path) -> None:
    with (shop(tmp_path) / "huge.json").open("wb") as file:
        file.truncate(3 << 30)
    outcome = well(limited(tmp_path))
    assert outcome.findings == DRIFT
    assert "larger than" in outcome.unknowns["huge.json"]


def test_ten_thousand_small_files(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    for number in range(100):
        write(folder, {f"p{number}/m{other}.py": f"value = {other}\n" for other in range(100)})
    outcome = well(limited(folder))
    assert outcome.findings == DRIFT
    assert outcome.json["summary"]["files"] == 10_002


def test_a_very_long_line_is_shown_around_the_place(tmp_path: Path) -> None:
    code = CODE.replace("(limit: int = 50)", "(" + "".join(f"a{n}: Request, " for n in range(3000)) + "limit: int = 50)")
    out = call(shop(tmp_path, code=code.replace("import FastAPI", "import FastAPI, Request")), "--check", "--no-cache").out
    assert "limit: int = 50" in out
    assert max(len(line) for line in out.splitlines()) < 250


# Files that are not what they seem


def test_symbolic_links_in_a_circle(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    (folder / "again").symlink_to(folder)
    (folder / "self.py").symlink_to(folder / "self.py")
    (folder / "a.yaml").symlink_to(folder / "b.yaml")
    (folder / "b.yaml").symlink_to(folder / "a.yaml")
    (folder / "dangling.py").symlink_to(folder / "nowhere.py")
    (folder / "outside.py").symlink_to("/etc/hostname")
    outcome = well(check(folder))
    assert outcome.findings == DRIFT
    assert outcome.json["summary"]["files"] == 2


def test_a_folder_a_pipe_and_a_device_with_a_file_s_name(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    (folder / "spec" / "openapi.yaml").mkdir(parents=True)
    os.mkfifo(folder / "x.py")
    (folder / "zero.py").symlink_to("/dev/zero")
    outcome = well(spawn(folder, "--check", "--no-cache", "--format", "json", seconds=30))
    assert outcome.findings == DRIFT
    asked = spawn(folder, "--check", "--no-cache", "x.py", seconds=30)
    assert asked.status == 0 and "x.py" in asked.err


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that another user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="specdrift-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_files_and_folders_without_permission(reachable: Path) -> None:
    """An unreadable file is named; an unreadable folder keeps nobody from the rest. Root would be let in: be somebody else."""
    folder = shop(reachable / "shop")
    write(folder, {"locked.py": "x = 1\n", "locked.yaml": SPEC, "closed/app.py": CODE})
    for name in ("locked.py", "locked.yaml", "closed"):
        (folder / name).chmod(0)
    check(shop(reachable / "other"))  # Root's own modules are loaded before it gives its rights away.
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        outcome = check(folder)
    finally:
        if root:
            os.seteuid(0)
        (folder / "closed").chmod(0o755)
    assert well(outcome).findings == DRIFT
    assert {"locked.py", "locked.yaml"} <= set(outcome.unknowns)
    assert "Permission denied" in outcome.unknowns["locked.py"]


def test_a_file_that_vanishes_after_it_was_listed(tmp_path: Path) -> None:
    from lsp_server.check import check as run_rules
    from lsp_server.config import Config
    from lsp_server.rules import all_rules
    from lsp_server.snapshot import Snapshot
    from lsp_server.workspace import documents_of, list_files

    folder = write(shop(tmp_path), {"gone.py": CODE})
    documents = documents_of(folder, list_files(folder, Config()))
    (folder / "gone.py").unlink()
    report = run_rules(Snapshot(documents), all_rules())
    assert not report.failed_rules
    assert [unknown.what for unknown in report.unknowns if unknown.location and unknown.location.path == "gone.py"] == [
        "a file that cannot be read: cannot be read: No such file or directory"
    ]


@pytest.mark.parametrize("name", ["with blank.py", "größe.py", "日本.py", "a\nb.py", "a\x1b[31mb.py", "-x.py", "a'\"b.py", "a;b.py", "%41.py"])
@pytest.mark.parametrize("tracked", [False, True])
def test_file_names_are_only_names(tmp_path: Path, name: str, tracked: bool) -> None:
    folder = write(tmp_path / "shop", {"openapi.yaml": SPEC, name: CODE})
    if tracked:
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    outcome = well(check(folder))
    assert [path for path, *_ in outcome.findings] == sorted(path.replace("app.py", name) for path, *_ in DRIFT)
    text = call(folder, "--check").out
    assert "\x1b" not in text and "a\nb" not in text
    for report in ("sarif", "github"):
        assert call(folder, "--check", "--format", report).status == 1
    assert call(folder, "--fix").status == 0
    assert "limit: int = 20" in (folder / name).read_text()


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    (folder / "app.py").unlink()
    with open(os.fsencode(folder) + b"/caf\xe9.py", "wb") as file:
        file.write(CODE.encode())
    for report in ("json", "text", "sarif", "github", "json:a.json", "sarif:a.sarif"):
        outcome = call(folder, "--check", "--format", report)
        assert outcome.status == 1, outcome.err
    assert call(folder, "--check", "--baseline", "b.json", "--write-baseline").status == 0
    assert check(folder, "--baseline", "b.json").findings == []
    assert call(folder, "--facts", "routes").status == 0


# Projects that contradict themselves


def test_two_routes_on_one_path(tmp_path: Path) -> None:
    twice = CODE + '\n\n@app.get("/books")\ndef list_again() -> None: ...\n'
    outcome = well(check(shop(tmp_path, code=twice)))
    assert "route-duplicated" in outcome.rules


def test_two_heads(tmp_path: Path) -> None:
    outcome = well(check(library(tmp_path, left=revision("left", "first"), right=revision("right", "first"))))
    assert "several-heads" in outcome.rules


@pytest.mark.parametrize(
    "revisions",
    [
        {"third": revision("third", "second")},
        {"third": revision("third", "third")},
        {"a": revision("a", "b"), "b": revision("b", "a")},
        {"again": revision("first", None)},
        {"third": "revision = 'third'\ndown_revision = compute()\n"},
        {"third": "revision = 3\ndown_revision = ['x', 7, None]\n"},
    ],
    ids=["hole", "itself", "circle", "twice", "computed", "types"],
)
def test_a_revision_chain_that_does_not_hold(tmp_path: Path, revisions: dict[str, str]) -> None:
    folder = library(tmp_path, **revisions)
    outcome = well(check(folder))
    assert any(path.startswith("migrations/") for path in [*outcome.unknowns, *(each["path"] for each in outcome.json["findings"])] if path), outcome.out
    facts = call(folder, "--facts", "migrations")
    assert facts.status == 0 and "Traceback" not in facts.err


def test_circular_imports(tmp_path: Path) -> None:
    files = {
        "app.py": "from routes import router\n" + CODE + "\napp.include_router(router)\n",
        "routes.py": "from fastapi import APIRouter\nfrom app import app\nimport routes, other\nfrom other import *\nrouter = APIRouter()\n"
        "@router.get('/more')\ndef more(): ...\n",
        "other.py": "from routes import *\nfrom other import nothing\nfrom . import other\nfrom .. import far\n",
    }
    outcome = well(check(write(shop(tmp_path), files)))
    assert {rule for *_, rule in DRIFT[:2]} <= set(outcome.rules)


def test_models_that_contain_themselves(tmp_path: Path) -> None:
    code = (
        "from __future__ import annotations\nfrom fastapi import FastAPI\nfrom pydantic import BaseModel\n"
        "app = FastAPI()\nclass A(BaseModel):\n    b: B | None = None\n    many: list[A] = []\nclass B(A):\n    a: A\n    b: dict[str, B]\n"
        "class C(C):\n    pass\nclass D(E): ...\nclass E(D): ...\n"
        "Json = dict[str, 'Json'] | list['Json'] | str\n"
        "@app.get('/a')\ndef a(x: D) -> A: ...\n@app.post('/b', response_model=C)\ndef b(a: B, j: Json): ...\n"
    )
    folder = write(shop(tmp_path), {"more.py": code})
    assert {rule for *_, rule in DRIFT} <= set(well(check(folder)).rules)
    assert call(folder, "--facts", "routes").status == 0


# Configuration


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pyproject.toml", '[project]\nname = "x\n', "line 2"),
        ("pyproject.toml", "[tool.specdrift\n", "line 1"),
        ("specdrift.toml", "a = = 1", "line 1"),
        ("specdrift.toml", "exclud = []", "did you mean `exclude`"),
        ("specdrift.toml", "qwertz = 1", "known keys"),
        ("specdrift.toml", "exclude = 'x'", "a list of strings"),
        ("specdrift.toml", "exclude = [1]", "a list of strings"),
        ("specdrift.toml", "leads = 'both'", '"spec" or "code"'),
        ("specdrift.toml", "leads = []", '"spec" or "code"'),
        ("specdrift.toml", "dialect = 'oracle'", "postgresql"),
        ("specdrift.toml", "severity = 'error'", "a table"),
        ("specdrift.toml", "[severity]\nroute-not-in-spec = 'bad'", "warning"),
        ("specdrift.toml", "[severity]\nroute-not-in-spec = ['off']", "warning"),
        ("specdrift.toml", "[ignore-in]\n'a' = 'b'", "ignore-in"),
        ("specdrift.toml", "[types]\n'a' = 1", "types"),
        ("specdrift.toml", "baseline = 7", "a string"),
        ("pyproject.toml", "[tool]\nspecdrift = 3", "must be a table"),
        ("pyproject.toml", "tool = 3", None),
        ("pyproject.toml", b"\xff", "pyproject.toml"),
        ("specdrift.toml", "x = 1979-13-45", "line 1"),
    ],
)
def test_a_configuration_that_cannot_be_used_exits_2(tmp_path: Path, name: str, text: str | bytes, said: str | None) -> None:
    folder = write(shop(tmp_path), {name: text})
    outcome = check(folder)
    if said is None:
        assert outcome.findings == DRIFT
        return
    assert outcome.status == 2
    assert name in outcome.err and said in outcome.err
    assert outcome.err.count("\n") == 1 and not outcome.out
    for command in (["--fix"], ["--facts", "routes"]):
        assert call(folder, *command).status == 2


# The world around


def test_a_full_output_is_an_error_not_agreement(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        outcome = spawn(shop(tmp_path), "--check", "--no-cache", stdout=full)
    assert outcome.status == 2
    assert "standard output cannot be written" in outcome.err


def test_a_closed_output(tmp_path: Path) -> None:
    outcome = spawn(shop(tmp_path), "--check", "--no-cache", preexec_fn=lambda: os.close(1))
    assert outcome.status == 1
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("environment", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}])
def test_a_terminal_without_unicode(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = shop(tmp_path, code=CODE.replace("/health", "/größe"))
    outcome = spawn(folder, "--check", "--no-cache", env=environment)
    assert outcome.status == 1 and "/größe" in outcome.out
    assert spawn(folder, "--explain", "route-not-in-spec", env=environment).status == 0
    assert spawn(folder, "--rules", env=environment).status == 0


def test_what_stands_in_a_file_is_not_obeyed_by_the_terminal(tmp_path: Path) -> None:
    evil = '"/health\x1b]0;owned\x07"'
    out = call(shop(tmp_path, code=CODE.replace('"/health"', evil + ")  # \x1b[2J\u202e evil").replace("evil)", "evil")), "--check", "--no-cache").out
    assert "\x1b" not in out and "\x07" not in out and "\u202e" not in out
    assert "owned" in out


@pytest.mark.parametrize("rubbish", [b"", b"not a database at all, but long enough to be read as one" * 100])
def test_a_broken_cache_is_worked_without(tmp_path: Path, rubbish: bytes) -> None:
    folder = shop(tmp_path / "shop")
    call(folder, "--check")
    (cache,) = (tmp_path / "shop.cache").glob("*.sqlite")
    cache.write_bytes(rubbish)
    assert call(folder, "--check", "--format", "json").findings == DRIFT


def test_a_cache_folder_that_cannot_be_made(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    (tmp_path / "shop.cache").write_text("a file, not a folder")
    assert call(folder, "--check", "--format", "json").findings == DRIFT
