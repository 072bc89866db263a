"""Runs in the project's own interpreter: lets Alembic say, statement by statement, what upgrading to a revision would do. Reaches no database.

A script, not a module of ours (see `worker/probe.py`, whose refusals it takes over): the project's Python has Alembic and none of our packages. Only
the revisions are loaded, never `env.py`, which would choose a database by itself.

For a server, Alembic writes SQL offline. For SQLite, whose tables are often copied to be changed, the statements are those that really ran on a copy
of the database in memory, made from the dump that comes with the question.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import Any

AS_IT_IS = {"paramstyle": "named"}  # a style in which no per cent sign is doubled for a driver


def main() -> None:
    question = json.load(sys.stdin)
    descriptor = os.open(question["answer"], os.O_WRONLY)
    spec: Any = importlib.util.spec_from_file_location("specdrift_probe", question["probe"])
    probe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(probe)
    probe.limit(question["megabytes"], question["seconds"])
    sys.path[:] = [*question["paths"], *(path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__)))]
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, probe.Drivers())
    probe.start_nothing()
    probe.attach_nothing()
    sys.addaudithook(probe.refuse)
    failures: list[dict[str, str]] = []
    said = probe.attempt(failures, "the revisions", on_a_copy if question["dump"] is not None else offline, question)
    probe.unlimit_files()
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        json.dump({"statements": said or [], "failures": failures}, output)
    sys.stdout.flush()
    os._exit(0)


def offline(question: dict[str, Any]) -> list[Any]:
    """The statements that Alembic would send, as it writes them: transactions and its own version table included."""
    found: list[Any] = []

    def configure(environment: Any) -> None:
        environment.configure(dialect_name=question["dialect"], output_buffer=Nowhere(), literal_binds=True, dialect_opts=AS_IT_IS,
                              **question["options"])
        environment.get_context().impl.static_output = lambda text: found.append([text.strip().rstrip(";"), None])

    upgrade(question, configure, True)
    return [each for each in found if each[0] and not is_comment(each[0])]


def on_a_copy(question: dict[str, Any]) -> list[Any]:
    """The statements that changed a copy of the database in memory, with their parameters."""
    import sqlalchemy

    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
    found: list[Any] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            return
        for values in parameters if many else [parameters]:
            found.append([statement, plain(values)])

    with engine.connect() as connection:
        connection.connection.executescript(question["dump"])
        sqlalchemy.event.listen(engine, "before_cursor_execute", note)

        def configure(environment: Any) -> None:
            environment.configure(connection=connection, **question["options"])

        upgrade(question, configure, False)
    return found


def upgrade(question: dict[str, Any], configure: Any, as_sql: bool) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(question["scripts"], version_locations=question["versions"])
    config = Config()
    config.set_main_option("script_location", question["scripts"].replace("%", "%%"))

    def steps(revisions: Any, context: Any) -> Any:
        return script._upgrade_revs(question["to"], revisions)

    options: dict[str, Any] = {"as_sql": as_sql, "destination_rev": question["to"]}
    if as_sql:
        options["starting_rev"] = tuple(question["from"]) or None
    with EnvironmentContext(config, script, fn=steps, **options) as environment:
        configure(environment)
        if as_sql:
            tell_no_mode(environment)
        with environment.begin_transaction():
            environment.run_migrations()


def tell_no_mode(environment: Any) -> None:
    """Refuse revisions that ask whether their SQL is only said: what they would leave out then would be lost, and recorded as done."""
    context = environment.get_context()
    alembic = os.path.dirname(os.path.dirname(os.path.abspath(sys.modules[type(context).__module__].__file__ or "")))

    def refuse() -> Any:
        raise RuntimeError("a revision does something else where it is only said as SQL: apply it with alembic")

    def as_sql(self: Any) -> bool:
        return True if sys._getframe(1).f_code.co_filename.startswith(alembic) else refuse()

    environment.is_offline_mode = refuse
    context.__class__ = type("Context", (type(context),), {"as_sql": property(as_sql)})


def plain(values: Any) -> Any:
    """Parameters as JSON has them. Raises where they are of another kind: what cannot be shown exactly is not run."""
    if isinstance(values, dict):
        return {name: plain(value) for name, value in values.items()}
    if isinstance(values, (list, tuple)):
        return [plain(value) for value in values]
    if values is None or isinstance(values, (str, int, float)):
        return values
    raise TypeError(f"a revision writes values of the type {type(values).__name__}, which cannot be shown as SQL")


def is_comment(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("--") for line in text.splitlines())


class Nowhere:
    """Where Alembic prints what was noted already."""

    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


if __name__ == "__main__":
    main()
