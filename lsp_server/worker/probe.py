"""Runs in the project's own interpreter: imports the modules it is told, prints what the applications and models then say.

A script, not a module of ours: it may run under another Python (3.8 and later) that has none of our packages, so it imports the
standard library only. The question comes as JSON on the standard input, the answer goes to the file that the question
names: what the project prints while it is imported disturbs neither.

Importing a project must not reach anybody's data. Connections, other processes, written files and file databases are refused
here: by an audit hook, which cannot be removed; where C code passes the hook by, by replacing its function (drivers' `connect`,
multiprocessing's way to start a program), by the limits of a database in memory, and by a limit on the size of files. A new
folder is let through: many applications make one before they serve it, and nothing is lost by it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import re
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn

REFUSED = "refused: the project is only being read"
EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
          "os.fork", "os.forkpty", "os.startfile", "pty.spawn", "_winapi.CreateProcess", "os.kill", "os.killpg", "os.remove", "os.rmdir",
          "os.rename", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.chflags", "os.utime", "os.setxattr",
          "os.removexattr", "shutil.rmtree", "shutil.move")  # fmt: skip
DRIVERS = ("psycopg", "psycopg2", "MySQLdb", "pyodbc", "oracledb", "cx_Oracle", "duckdb", "mariadb", "pymssql", "ibm_db",
           "pysqlite3.dbapi2", "sqlcipher3.dbapi2")  # fmt: skip
SMALL = 64  # bytes of a file: a semaphore of multiprocessing, no page of a database
ANSWER = 256 * 1024 * 1024  # bytes of the answer


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in EVENTS:
        raise PermissionError(f"{REFUSED} ({event})")
    if event == "sqlite3.connect" and arguments and arguments[0] not in (":memory:", b":memory:", ""):
        raise PermissionError(f"{REFUSED} ({event})")
    if event == "open" and len(arguments) > 2 and isinstance(arguments[2], int):
        writes = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        if writes and arguments[0] not in (os.devnull, "/dev/tty") and not isinstance(arguments[0], int):
            raise PermissionError(f"{REFUSED} ({event})")


def attach_nothing() -> None:
    """Keep a database in memory from attaching files, which `VACUUM INTO` does as well."""
    try:
        import sqlite3
    except ImportError:
        return
    connect: Any = sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> Any:
        connection = connect(*arguments, **options)
        if hasattr(connection, "setlimit"):
            connection.setlimit(getattr(sqlite3, "SQLITE_LIMIT_ATTACHED"), 0)  # noqa: B009 - not in every version
        else:
            deny, allow, attach = sqlite3.SQLITE_DENY, sqlite3.SQLITE_OK, sqlite3.SQLITE_ATTACH
            connection.set_authorizer(lambda action, *details: deny if action == attach else allow)
        return connection

    for module in (sqlite3, sqlite3.dbapi2):
        setattr(module, "connect", connected)  # noqa: B010 - a function to the type checker


def start_nothing() -> None:
    """Multiprocessing starts programs without an event. Its tracker of semaphores runs none of the project's code."""
    try:
        import _posixsubprocess
    except ImportError:
        return
    start: Any = _posixsubprocess.fork_exec

    def refused(arguments: Any, *options: Any) -> Any:
        if any(b"resource_tracker" in os.fsencode(each) for each in arguments):
            return start(arguments, *options)
        raise PermissionError(f"{REFUSED} (another process)")

    setattr(_posixsubprocess, "fork_exec", refused)  # noqa: B010 - a constant to the type checker


class Drivers:
    """Finds drivers written in C before anybody else, so that `connect` is taken from them once they are loaded."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in DRIVERS:
            return None
        for finder in sys.meta_path:
            spec: Any = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = Disarming(spec.loader)
                return spec
        return None


class Disarming:
    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: Any) -> Any:
        return self.loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self.loader.exec_module(module)
        module.connect = no_connection
        connections: tuple[Any, ...] = (getattr(module, "Connection", None), getattr(module, "AsyncConnection", None))
        for cls in connections:
            if isinstance(getattr(cls, "connect", None), types.MethodType):
                cls.connect = no_connection


def no_connection(*arguments: object, **options: object) -> NoReturn:
    raise PermissionError(f"{REFUSED} (a database connection)")


def main() -> None:
    question = json.load(sys.stdin)
    descriptor = os.open(question["answer"], os.O_WRONLY)
    limit(question["megabytes"], question["seconds"])
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [*question["paths"], *(path for path in sys.path if os.path.abspath(path or ".") != own)]
    sys.argv = [question["modules"][0] if question["modules"] else ""]
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, Drivers())
    start_nothing()
    attach_nothing()
    sys.addaudithook(refuse)
    failures: list[dict[str, str]] = []
    for name in question["modules"]:
        attempt(failures, name, importlib.import_module, name)
    for module, function in question["factories"]:
        attempt(failures, f"{module}.{function}()", made_by, module, function)
    everything = gc.get_objects()
    answer = {
        "specifications": specifications(everything, failures),
        "metadata": metadata(everything, failures),
        "created": created(everything, question.get("dialect"), failures),
        "failures": failures,
    }
    unlimit_files()
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        json.dump(answer, output, default=str)
    sys.stdout.flush()
    os._exit(0)  # Threads and exit handlers of the project have nothing to do here.


def limit(megabytes: int, seconds: int) -> None:
    """Bounds on memory (MB), processor time (seconds) and the size of files, where the system has them."""
    try:
        import resource
    except ImportError:
        return
    memory = megabytes * 1024 * 1024
    limits = {"RLIMIT_AS": (memory, memory), "RLIMIT_CPU": (seconds, seconds), "RLIMIT_CORE": (0, 0), "RLIMIT_FSIZE": (SMALL, ANSWER)}
    for name, amounts in limits.items():
        if hasattr(resource, name):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(getattr(resource, name), amounts)


def unlimit_files() -> None:
    """Room for the answer, once nothing of the project runs any more."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.getrlimit(resource.RLIMIT_FSIZE)[1],) * 2)


def attempt(failures: list[dict[str, str]], what: str, work: Callable[..., Any], *arguments: object) -> Any:
    try:
        return work(*arguments)
    except BaseException as error:  # A project may do anything, `sys.exit` included.
        failures.append({"what": what, "error": f"{type(error).__name__}: {without_secrets(said(error))[:300]}"})
        return None


def said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def without_secrets(text: str) -> str:
    """What an error says, without passwords of URLs and without the settings that Pydantic repeats."""
    text = re.sub(r"://([^:/@\s]*):\S*@", r"://\1:***@", text)
    return re.sub(r"input_value=.*?(?=, input_type=|$)", "input_value=***", text, flags=re.MULTILINE)


def made_by(module: str, function: str) -> Any:
    return getattr(importlib.import_module(module), function)()


def named(value: object, module: str, name: str) -> bool:
    return any(cls.__name__ == name and cls.__module__ == module for cls in type(value).__mro__)


def specifications(everything: list[Any], failures: list[dict[str, str]]) -> list[Any]:
    found = []
    for each in everything:
        if named(each, "fastapi.applications", "FastAPI"):
            document = attempt(failures, "openapi()", each.openapi)
            if document is not None:
                found.append(document)
    return found


def metadata(everything: list[Any], failures: list[dict[str, str]]) -> list[Any]:
    holders = (each for each in everything if named(each, "sqlalchemy.sql.schema", "MetaData"))
    found = (attempt(failures, "the tables", tables, each, failures) for each in holders)
    return [each for each in found if each is not None]


def tables(holder: Any, failures: list[dict[str, str]]) -> list[dict[str, Any]]:
    dialect: Any = importlib.import_module("sqlalchemy.dialects.postgresql").dialect()

    def compiled(column: Any) -> Any:
        return attempt(failures, f"the type of {column}", column.type.compile, dialect)

    return [
        {
            "schema": table.schema, "name": table.name,
            "columns": [
                {"name": column.name, "type": compiled(column), "enum": enumeration(column.type), "nullable": bool(column.nullable),
                 "primary_key": bool(column.primary_key)}
                for column in table.columns
            ],
        }
        for table in holder.tables.values()
    ]  # fmt: skip


MADE = ("CreateEnumType", "CreateDomainType", "CreateSequence", "CreateTable", "CreateIndex", "AddConstraint", "SetTableComment",
        "SetColumnComment", "SetConstraintComment")  # fmt: skip


def created(everything: list[Any], dialect: str | None, failures: list[dict[str, str]]) -> list[Any]:
    """What `create_all` would say for each MetaData, as text; statements of the project's own wording are left out."""
    mock = getattr(importlib.import_module("sqlalchemy"), "create_mock_engine", None) if dialect and "sqlalchemy" in sys.modules else None
    if mock is None:
        return []
    holders = (each for each in everything if named(each, "sqlalchemy.sql.schema", "MetaData"))
    found = (attempt(failures, "create_all()", statements, each, mock, dialect) for each in holders)
    return [each for each in found if each is not None]


def statements(holder: Any, mock: Any, dialect: str) -> dict[str, Any]:
    texts: list[str] = []

    def note(element: Any, *_: object, **__: object) -> None:
        if type(element).__name__ in MADE:
            text = str(element.compile(dialect=engine.dialect)).strip()
            texts.append(text if dialect == "sqlite" else text.replace("%%", "%"))  # doubled for the driver

    engine: Any = mock(f"{dialect}{'+pymysql' if dialect == 'mysql' else ''}://", note)
    holder.create_all(engine, checkfirst=False)
    return {"tables": [[table.schema, table.name] for table in holder.tables.values()], "statements": texts}


def enumeration(type_: Any) -> dict[str, Any] | None:
    type_ = getattr(type_, "impl", type_)
    if not getattr(type_, "enums", None):
        return None
    return {"name": type_.name, "values": list(type_.enums), "native": bool(type_.native_enum)}


if __name__ == "__main__":
    main()
