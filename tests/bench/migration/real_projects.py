"""Migrations of real projects, made in the editor's way and proved against the projects' real histories.

    .ci/servers python -m tests.bench.migration.real_projects CHECKOUTS --python INTERPRETER [--only NAME …]

CHECKOUTS holds checkouts of public projects by name; INTERPRETER has what they import (see `replay.py`, which runs there). In a copy of
each project a real client of the language server changes a model in a buffer, asks for code actions and resolves one: a column
added, one renamed, a value added to an enumeration, a foreign key changed. The server proves it on a scratch database of its own. Then
it is tried without us: real Alembic has run the project's real revisions on a database of the project's kind, made-up rows are in it, and

  up      runs the new revision,
  schema  finds no difference to the models that was not there before: to our view of them, and to their own `create_all` where they import,
  rows    finds every row as it was, under the new name where a column has one,
  down    leads back to the very same schema and rows; names that only the database gave may differ,
  again   runs the revision once more, with the same schema as the first time,
  quiet   is the server's word that nothing is left to migrate.

Run on demand; the table goes to `docs/benchmarks.md`. Exits 1 where anything failed.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from lsprotocol import types as t

from lsp_server.config import Config
from lsp_server.database.migration.catalogue import Rows, lost_rows, read_rows, read_shapes
from lsp_server.database.migration.metadata import NotSayable
from lsp_server.database.migration.rows import insert_rows
from lsp_server.database.migration.schema import create_schema
from lsp_server.database.migration.shape import Shapes, differences, only_named
from lsp_server.database.migration.trial import names_in
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.database import Drift
from lsp_server.workspace import documents_of, list_files
from tests.bench.migration.users import as_nobody
from tests.lsp import editor as editors
from tests.lsp.editor import VSCODE, Editor, command

ROOT = Path(__file__).resolve().parents[3]
REPLAY = Path(__file__).with_name("replay.py")
LEFT_OUT = shutil.ignore_patterns(".git", "node_modules", "__pycache__", "frontend", "clients", "docs", ".venv")
CHECKS = ("up", "schema", "rows", "down", "again", "quiet")
EVERYTHING = t.Range(start=t.Position(line=0, character=0), end=t.Position(line=99999, character=0))


# What is changed


@dataclass(frozen=True)
class Edit:
    """`replacement` may say `{0}` for the text of the attribute (or, without one, of the class) and `{name}` for its name."""

    file: str
    owner: str
    attribute: str | None
    change: Callable[[str], str]

    def apply(self, text: str) -> str:
        start, end = place_of(text, self.owner, self.attribute)
        return text[:start] + self.change(text[start:end]) + text[end:]


@dataclass(frozen=True)
class Trial:
    """A change of the models. `renamed`: (table, old, new) where rows must move. `first` is applied and migrated before it."""

    what: str
    edits: tuple[Edit, ...]
    renamed: tuple[str, str, str] | None = None
    first: Trial | None = None


@dataclass(frozen=True)
class Project:
    """`imports` is the folder that the project's packages are imported from, `models` "module:expression" of its MetaData."""

    name: str
    dialect: str
    imports: str
    versions: str
    models: str | None
    trials: tuple[Trial, ...]
    first: tuple[str, ...] = ()  # what `env.py` imports
    options: dict[str, str] = field(default_factory=dict)  # what `env.py` gives to `context.configure`
    environment: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()  # that the history makes and the models' own `create_all` does not
    files: dict[str, str] = field(default_factory=dict)  # that the settings ask for and the repository does not hold


def place_of(text: str, owner: str, attribute: str | None) -> tuple[int, int]:
    """The offsets of a class, or of one assignment in it, decorators aside."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    node: Any = next(each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.ClassDef) and each.name == owner)
    if attribute is not None:
        node = next(each for each in node.body if attribute in names_of(each))
    spans = [starts[line - 1] + column for line, column in ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))]
    start, end = (len(text.encode()[:offset].decode()) for offset in spans)
    return start, end


def names_of(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target] if isinstance(statement, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def added(file: str, owner: str, attribute: str, line: str) -> Edit:
    """A line after an attribute."""
    return Edit(file, owner, attribute, lambda text: f"{text}\n    {line}")


def renamed(file: str, owner: str, attribute: str, new: str) -> Edit:
    return Edit(file, owner, attribute, lambda text: new + text.removeprefix(attribute))


def replaced(file: str, owner: str, attribute: str, pattern: str, new: str) -> Edit:
    return Edit(file, owner, attribute, lambda text: substituted(pattern, new, text))


def substituted(pattern: str, new: str, text: str) -> str:
    made, count = re.subn(pattern, new, text, count=1)
    assert count == 1, f"{pattern} is not in {text}"
    return made


def before(file: str, owner: str, text: str) -> Edit:
    """A text of its own before a class."""
    return Edit(file, owner, None, lambda found: f"{text}\n\n\n{found}")


def with_enum(file: str, owner: str, attribute: str, line: str, value: str) -> Trial:
    """For projects without an enumeration: one is added, migrated, and then gets a value."""
    mood = 'class Mood(enum.Enum):\n    calm = "calm"\n    cross = "cross"'
    first = Trial("column of a new enumeration", (added(file, owner, attribute, line), before(file, owner, f"import enum\n\n\n{mood}")))
    return Trial("enum value", (Edit(file, "Mood", "cross", lambda text: f"{text}\n    {value}"),), first=first)


TEMPLATE, POLAR, CTFD = "backend/app/models.py", "server/polar/models/webhook_delivery.py", "CTFd/models/__init__.py"
CLIENT, USERS, BARBICAN = "fief/models/client.py", "mealie/db/models/users/users.py", "barbican/model/models.py"
PROJECTS = (
    Project(
        "full-stack-fastapi-template", "postgresql", "backend", "backend/app/alembic/versions", "app.models:SQLModel.metadata",
        (
            Trial("column", (added(TEMPLATE, "Item", "created_at", "weight: float | None = Field(default=None)"),)),
            Trial("rename", (renamed(TEMPLATE, "User", "hashed_password", "password_hash"),), ("user", "hashed_password", "password_hash")),
            with_enum(TEMPLATE, "Item", "created_at", "mood: Mood | None = Field(default=None)", 'content = "content"'),
            Trial("foreign key", (replaced(TEMPLATE, "Item", "owner_id", '"CASCADE"', '"RESTRICT"'),)),
        ),
    ),
    Project(
        "polar", "postgresql", "server", "server/migrations/versions", "polar.models:Model.metadata",
        (
            Trial("column", (added(POLAR, "WebhookDelivery", "http_code", "attempts: Mapped[int] = mapped_column(Integer, nullable=False, server_default='0')"),)),
            Trial("rename", (renamed(POLAR, "WebhookDelivery", "http_code", "status_code"),), ("webhook_deliveries", "http_code", "status_code")),
            with_enum(POLAR, "WebhookDelivery", "http_code", "mood: Mapped[Mood | None] = mapped_column()", 'content = "content"'),
            Trial("foreign key", (replaced(POLAR, "WebhookDelivery", "webhook_event_id", '"CASCADE"', '"RESTRICT"'),)),
        ),
        environment={"POLAR_ENV": "testing", "POLAR_JWKS": "{root}/jwks.json", "POLAR_EMAIL_RENDERER_BINARY_PATH": "/bin/true"},
        files={"jwks.json": '{"keys": []}'}, extensions=("citext", "uuid-ossp"),
    ),
    Project(
        "fief", "postgresql", ".", "fief/alembic/versions", "fief.models:Base.metadata",
        (
            Trial("column", (added(CLIENT, "Client", "encrypt_jwk", "logo_url: Mapped[str | None] = mapped_column(String(length=512))"),)),
            Trial("rename", (renamed("fief/models/grant.py", "Grant", "scope", "scopes"),), ("fief_grants", "scope", "scopes")),
            Trial("enum value", (Edit(CLIENT, "ClientType", "CONFIDENTIAL", lambda text: f'{text}\n    NATIVE = "native"'),)),
            Trial("foreign key", (replaced("fief/models/grant.py", "Grant", "client_id", '"CASCADE"', '"RESTRICT"'),)),
        ),
        first=("fief.models",), options={"table_prefix": "fief_"},
        environment=dict.fromkeys(("SECRET", "ENCRYPTION_KEY", "FIEF_CLIENT_ID", "FIEF_CLIENT_SECRET"), "MDAw" * 10 + "MDA="),
    ),
    Project(
        "CTFd", "mysql", ".", "migrations/versions", "CTFd.models:db.metadata",
        (
            Trial("column", (added(CTFD, "Awards", "icon", "colour = db.Column(db.String(16))"),)),
            Trial("rename", (renamed(CTFD, "Comments", "content", "body"),), ("comments", "content", "body")),
            with_enum(CTFD, "Awards", "icon", "mood = db.Column(db.Enum(Mood))", 'content = "content"'),
            Trial("foreign key", (replaced(CTFD, "Comments", "author_id", '"CASCADE"', '"SET NULL"'),)),
        ),
    ),
    Project(
        "mealie", "sqlite", ".", "alembic/versions", "mealie.db.models._all_models:SqlAlchemyBase.metadata",
        (
            Trial("column", (added(USERS, "LongLiveToken", "token", "note: Mapped[str | None] = mapped_column(String)"),)),
            Trial("rename", (renamed(USERS, "LongLiveToken", "name", "label"),), ("long_live_tokens", "name", "label")),
            Trial("enum value", (Edit(USERS, "AuthMethod", "OIDC", lambda text: f'{text}\n    SAML = "SAML"'),)),
            Trial("foreign key", (replaced(USERS, "LongLiveToken", "user_id", r'"users.id"', '"users.id", ondelete="CASCADE"'),)),
        ),
        environment={"PRODUCTION": "false"},
    ),
    Project(
        "barbican", "mysql", ".", "barbican/model/migration/alembic_migrations/versions", "barbican.model.models:BASE.metadata",
        (
            Trial("column", (added(BARBICAN, "Container", "creator_id", "label = sa.Column(sa.String(64))"),)),
            Trial("rename", (renamed(BARBICAN, "Container", "creator_id", "made_by"),), ("containers", "creator_id", "made_by")),
            Trial("enum value", (replaced(BARBICAN, "Container", "type", "'certificate'", "'certificate', 'bundle'"),)),
            Trial("foreign key", (replaced(BARBICAN, "ContainerConsumerMetadatum", "container_id", r"'containers.id'", "'containers.id', ondelete='CASCADE'"),)),
        ),
        first=("barbican.model.models",), environment={"PBR_VERSION": "1.0"},
    ),
)  # fmt: skip


# Databases of ours on the servers that are given


class Server:
    """Databases of one kind, made for this run and gone after it. `url` is SQLAlchemy's, with a user who may make databases."""

    def __init__(self, dialect: str, folder: Path) -> None:
        self.dialect = dialect
        self.folder = folder
        variable = {"postgresql": "SPECDRIFT_TEST_POSTGRESQL", "mysql": "SPECDRIFT_TEST_MARIADB"}.get(dialect)
        given = os.environ.get(variable, "") if variable else "sqlite://"
        if not given:
            raise SystemExit(f"{variable} is not set: run this under .ci/servers")
        self.url = sa.make_url(given)
        if dialect == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.names: list[str] = []

    def make(self, template: sa.URL | None = None) -> sa.URL:
        """An empty database, or a copy; MySQL cannot copy."""
        name = f"real_{secrets.token_hex(6)}"
        if self.dialect == "sqlite":
            path = self.folder / f"{name}.sqlite"
            if template is not None:
                shutil.copy(str(template.database), path)
            return self.url.set(database=str(path))
        options = "CHARACTER SET utf8mb4" if self.dialect == "mysql" else f"TEMPLATE {template.database if template else 'template0'}"
        self._run(f"CREATE DATABASE {name} {options}")
        self.names.append(name)
        return self.url.set(database=name)

    def clear(self) -> None:
        for name in self.names:
            self._run(f"DROP DATABASE {name}")

    def _run(self, statement: str) -> None:
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text(statement))


@contextmanager
def connected(url: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def seen(url: sa.URL) -> tuple[Shapes, Rows]:
    with connected(url) as connection:
        return read_shapes(connection), read_rows(connection)


# One project


class Trouble(Exception):
    """What failed, in words; the first word is the check."""


class Run:
    """One project under trial. `root` is the copy that the editor opens."""

    def __init__(self, project: Project, root: Path, server: Server, interpreter: str, keep: Path | None) -> None:
        self.project = project
        self.root = root
        self.server = server
        self.interpreter = interpreter
        self.keep = keep
        self.versions = root / project.versions

    def alembic(self, url: sa.URL, *orders: tuple[str, str]) -> str | None:
        """What went wrong, if anything did."""
        project = self.project
        asked = {
            "url": url.render_as_string(hide_password=False), "versions": str(self.versions), "imports": str(self.root / project.imports),
            "first": project.first, "options": project.options, "orders": orders, "absent": project.absent,
        }  # fmt: skip
        done = subprocess.run(
            [self.interpreter, "-B", str(REPLAY)], input=json.dumps(asked), text=True, capture_output=True, check=False,
            env={**os.environ, **{name: text.format(root=self.root) for name, text in project.environment.items()}, "PYTHONPATH": ""}, timeout=600,
        )  # fmt: skip
        return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1]

    def drift(self) -> Drift:
        """The project as its files are now, on its own kind of database."""
        config = Config(dialect=self.project.dialect)
        snapshot = Snapshot(documents_of(self.root, list_files(self.root, config), {}), config, now=datetime.now())
        return max(snapshot.drifts, key=lambda each: len(each.replay.history.revisions))

    def wanted(self) -> Wanted:
        """What the models as they are on disk want."""
        mapped, ours = self.drift().mapped, None
        with suppress(NotSayable), connected(self.server.make()) as connection:
            create_schema(connection, mapped, self.project.dialect)
            ours = read_shapes(connection)
        url, own = self.server.make(), None
        if self.project.models is not None:
            with connected(url) as connection:
                for extension in self.project.extensions:
                    connection.execute(sa.text(f'CREATE EXTENSION "{extension}"'))
            trouble = self.alembic(url, ("create_all", self.project.models))
            own = seen(url)[0] if trouble is None else None
            if trouble is not None:
                print(f"{self.project.name}: its own create_all: {trouble}", file=sys.stderr)
        return Wanted(ours, own, names_in(mapped))


@dataclass(frozen=True)
class Wanted:
    """The models' tables on the project's kind of server: from our view of them if it knows all types, as the project makes them if it imports."""

    ours: Shapes | None
    own: Shapes | None
    names: frozenset[str]
    def missed_by(self, found: Shapes) -> set[str]:
        """What a database has otherwise, in words. Names that nobody gave may differ."""
        problems: set[str] = set()
        if self.ours is not None:
            problems = {f"(view) {text}" for text in differences(plain(found), plain(only_named(self.ours, self.names)))}
        if self.own is not None:
            problems |= {f"(create_all) {text}" for text in differences(plain(found), plain(only_named(self.own, self.names)))}
        return problems


# Where a history converts its tables, a new column has its table's character set and `create_all` gives it the database's.
_CHARACTERS = re.compile(r" CHARACTER SET \w+| COLLATE \w+")


def plain(shapes: Shapes) -> Shapes:
    """Columns without their character sets."""

    def part(value: object) -> object:
        return _CHARACTERS.sub("", value) if isinstance(value, str) else value

    return {name: replace(shape, columns=frozenset(tuple(map(part, column)) for column in shape.columns)) for name, shape in shapes.items()}


@dataclass
class Outcome:
    """`checks` by name: None passed, else words. `seconds` is what the action took in the editor."""

    what: str
    seconds: float = 0.0
    proof: str = ""
    judges: tuple[str, ...] = ()
    checks: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Base:
    """A database of the real history, with rows, and what the models want at that point."""

    url: sa.URL
    wanted: Wanted


async def try_all(run: Run, editor: Editor) -> list[Outcome]:
    head = run.server.make()
    trouble = run.alembic(head, ("upgrade", "head"))
    if trouble is not None:
        return [Outcome("history", checks={"up": f"the real history does not run: {trouble}"})]
    with connected(head) as connection:
        refused = insert_rows(connection, run.drift().replay.database)
    base = Base(head, run.wanted())
    shapes, rows = seen(head)
    print(
        f"{run.project.name}: {len(shapes)} tables and types, {sum(map(len, rows.values()))} rows, {len(refused)} tables without; "
        f"{len(base.wanted.missed_by(shapes))} differences before any change", file=sys.stderr,
    )  # fmt: skip
    return [outcome for trial in run.project.trials for outcome in await try_one(run, editor, trial, base)]


async def try_one(run: Run, editor: Editor, trial: Trial, base: Base) -> list[Outcome]:
    """The outcome of a change, after that of what comes first. Leaves the files as they were."""
    outcomes: list[Outcome] = []
    start = base
    written: list[Path] = []
    texts: dict[str, str] = {}
    for each in (trial.first, trial) if trial.first is not None else (trial,):
        outcome = Outcome(each.what)
        outcomes.append(outcome)
        try:
            written.append(await in_the_editor(run, editor, each, outcome, texts))
            base = attempt(run, each, base, outcome)
            editor.touched(written[-1].relative_to(run.root).as_posix(), t.FileChangeType.Created)
            left = await findings(editor, each.edits[0].file)
            outcome.checks["quiet"] = f"still: {left[0].message}" if left else None
        except Trouble as trouble:
            check, _, words = str(trouble).partition(" ")
            outcome.checks[check] = words
            break
    if base is not start and base.url == start.url:
        run.alembic(base.url, *[("downgrade", "-1")] * len(written))
    for path in written:
        path.unlink()
        editor.touched(path.relative_to(run.root).as_posix(), t.FileChangeType.Deleted)
    for file, text in texts.items():
        editor.replace(file, editor.texts[file], text)
        editor.save(file)
    return outcomes


async def findings(editor: Editor, file: str) -> list[t.Diagnostic]:
    report = await editor.pull(file)
    return [each for each in report.items if each.code == "model-change-without-migration"]


async def in_the_editor(run: Run, editor: Editor, trial: Trial, outcome: Outcome, texts: dict[str, str]) -> Path:
    """Change the buffers, take the action, keep what it makes. The revision's path."""
    for edit in trial.edits:
        if edit.file not in editor.texts:
            editor.open(edit.file)
        texts.setdefault(edit.file, editor.texts[edit.file])
        editor.replace(edit.file, editor.texts[edit.file], edit.apply(editor.texts[edit.file]))
    file = trial.edits[0].file
    if not await findings(editor, file):
        raise Trouble("up the server finds nothing to migrate")
    actions = [each for each in await editor.actions(file, EVERYTHING) if each.title.startswith("Generate migration")]
    if not actions:
        raise Trouble("up no action is offered")
    action = next((each for each in actions if "rename" in each.title), actions[0])
    started = time.perf_counter()
    try:
        resolved = await editor.client.code_action_resolve_async(action)
    except Exception as error:
        raise Trouble(f"up {error}") from None
    outcome.seconds = time.perf_counter() - started
    for each in trial.edits:
        editor.save(each.file)
    made = next(each for each in resolved.edit.document_changes if isinstance(each, t.TextDocumentEdit))
    path = run.root / editor.path(made.text_document.uri)
    text = made.edits[0].new_text
    path.write_text(text)
    proof = re.search(r"^Proof: ((?:.+\n)+)", text, re.MULTILINE)
    outcome.proof = " ".join(proof[1].split()) if proof is not None else "none"
    if run.keep is not None:
        shutil.copy(path, run.keep / f"{run.project.name}-{trial.what.replace(' ', '-')}.py")
    return path


def attempt(run: Run, trial: Trial, base: Base, outcome: Outcome) -> Base:
    """Up, compare, down, compare, up, compare, on a database of the real history; it is then left upgraded."""
    before, rows = seen(base.url)
    url = run.server.make(base.url) if run.server.dialect != "mysql" else base.url
    checks = outcome.checks

    def go(check: str, order: tuple[str, str]) -> None:
        trouble = run.alembic(url, order)
        if trouble is not None:
            raise Trouble(f"{check} {trouble}")

    go("up", ("upgrade", "+1"))
    checks["up"] = None
    up, kept = seen(url)
    wanted = run.wanted()
    outcome.judges = (*(("view",) if wanted.ours is not None else ()), *(("`create_all`",) if wanted.own is not None else ()))
    new = sorted(wanted.missed_by(up) - base.wanted.missed_by(before))
    checks["schema"] = new[0] if new else None
    checks["rows"] = next(iter(lost_rows(worth(under_new_names(rows, trial)), worth(kept), frozenset())), None)
    go("down", ("downgrade", "-1"))
    back, returned = seen(url)
    left = [*differences(back, only_named(before, base.wanted.names)), *lost_rows(rows, returned, frozenset())]
    checks["down"] = left[0] if left else None
    go("again", ("upgrade", "+1"))
    again = differences(seen(url)[0], up)
    checks["again"] = again[0] if again else None
    return Base(url, wanted)


def worth(rows: Rows) -> Rows:
    """The rows with 101.0 as 101: a history's whole numbers may be fractions in the models."""

    def plain_number(value: object) -> object:
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return {table: [{name: plain_number(value) for name, value in row.items()} for row in found] for table, found in rows.items()}


def under_new_names(rows: Rows, trial: Trial) -> Rows:
    if trial.renamed is None:
        return rows
    table, old, new = trial.renamed
    moved = [{new if name == old else name: value for name, value in row.items()} for row in rows[table]]
    assert moved, f"{table} has no row: the rename shows nothing"
    return {**rows, table: moved}


# All of them


async def drive(project: Project, checkouts: Path, folder: Path, interpreter: str, keep: Path | None) -> list[Outcome]:
    root = folder / project.name
    shutil.copytree(checkouts / project.name, root, ignore=LEFT_OUT)
    for path, text in project.files.items():
        (root / path).write_text(text)
    server = Server(project.dialect, folder)
    settings = [f'dialect = "{project.dialect}"']
    if project.dialect == "mysql":
        settings.append(f'shadow = "{server.url.set(database="information_schema").render_as_string(hide_password=False)}"')
    (root / "specdrift.toml").write_text("\n".join(settings) + "\n")
    home = folder / "home"
    home.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(home, "nobody", "nogroup")
    editor = Editor(root, VSCODE)
    program, *arguments = as_nobody(*command())
    variables = {**os.environ, "HOME": str(home), "SPECDRIFT_CACHE": str(home / "cache"), "PYTHONPATH": str(ROOT)}
    await editor.client.start_io(program, *arguments, cwd=str(root), env=variables)
    try:
        await editor.initialize()
        return await try_all(Run(project, root, server, interpreter, keep), editor)
    finally:
        await editor.leave()
        await editor.client.stop()
        server.clear()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--python", action="append", required=True, metavar="[NAME=]INTERPRETER", help="for all, or for one project")
    parser.add_argument("--only", nargs="*", metavar="NAME")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the revisions are copied to, to be read")
    options = parser.parse_args()
    editors.PATIENCE = 300.0  # what else the machine does must not decide
    interpreters = {name: path for name, _, path in (each.rpartition("=") for each in options.python)}
    failed = False
    rows = []
    for project in PROJECTS:
        if options.only and project.name not in options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="specdrift-real-") as folder:
            interpreter = interpreters.get(project.name) or interpreters[""]
            outcomes = asyncio.run(drive(project, options.checkouts.resolve(), Path(folder), interpreter, options.keep))
        for outcome in outcomes:
            marks = ["yes" if outcome.checks.get(check, "") is None else "**no**" if outcome.checks.get(check) else "–" for check in CHECKS]
            judge = " and ".join(outcome.judges)
            rows.append(f"| {project.name} | {project.dialect} | {outcome.what} | {outcome.seconds:.1f} | {' | '.join(marks)} | {judge} |")
            print(f"{rows[-1]}\n  {outcome.proof}", file=sys.stderr)
            for check, words in outcome.checks.items():
                if words is not None:
                    failed = True
                    print(f"  {project.name}, {outcome.what}, {check}: {words}", file=sys.stderr)
    print(f"| project | database | change | action s | {' | '.join(CHECKS)} | judged by |\n|---|---|---|---:|{'---|' * (len(CHECKS) + 1)}")
    print("\n".join(rows))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
