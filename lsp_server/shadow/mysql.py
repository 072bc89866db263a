"""Shadows on MariaDB and MySQL: a database per shadow, its mark a table inside it.

A database is a schema there, so `other.table` leads out of the shadow: proofs of tables with a schema are not made on this kind.
"""

from __future__ import annotations

import re
from typing import Any

from lsp_server.database.migration.catalogue_mysql import MARKER
from lsp_server.database.migration.scratch import NoScratch
from lsp_server.shadow.address import Address, is_local
from lsp_server.shadow.marker import Mark
from lsp_server.shadow.server import renumbered

_PATIENCE = 5  # seconds to wait for a connection
_NO_SUCH_TABLE = 1146
_COMMENT = re.compile(r"/\*.*?\*/|--\s[^\n]*|#[^\n]*", re.DOTALL)
_COMMENT_MARK = re.compile(r"/\*M?!\d*|/\*|\*/")
_OUTSIDE = re.compile(
    r"\bENGINE\s*=?\s*['\"`]?(?:MERGE|MRG_MYISAM|FEDERATEDX?|CONNECT|SPIDER|S3)\b"
    r"|\bUNION\s*=?\s*\(|\b(?:DATA|INDEX)\s+DIRECTORY\b|\bINTO\s+(?:OUTFILE|DUMPFILE)\b",
    re.IGNORECASE,
)


class MySQL:
    """One server. `address.database` is not needed: one can look around without."""

    dialect = "mysql"
    engine = "mysql+pymysql"

    def __init__(self, address: Address) -> None:
        self.address = address

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        try:
            import pymysql
        except ImportError:
            return ()
        return (pymysql.MySQLError,)

    def connect(self, database: str | None) -> Any:
        try:
            import pymysql
        except ImportError:
            raise NoScratch("PyMySQL is not installed: `pip install specdrift[mysql]`") from None
        address = self.address
        place: dict[str, Any] = {"host": address.host or "localhost", "port": address.port}
        if address.host is not None and address.host.startswith("/"):
            place = {"unix_socket": address.host}
        options: dict[str, Any] = {name: value for name, value in address.options if name != "charset"}
        connection: Any = pymysql.connect(
            **place, user=address.user, password=address.password or "", database=database, charset="utf8mb4",
            connect_timeout=_PATIENCE, local_infile=False, autocommit=database is None, **options,
        )  # fmt: skip
        if address.loopback_only and "unix_socket" not in place and not is_local(connection._sock.getpeername()[0]):
            connection.close()
            raise NoScratch(f"{address.host} is not this machine")
        return connection

    def title(self, connection: Any) -> str:
        version = connection.get_server_info()
        name = "MariaDB" if "mariadb" in version.lower() else "MySQL"
        return f"{name} {version.removeprefix('5.5.5-').partition('-')[0]}"

    def identity(self, connection: Any) -> str:
        host, port, folder = _row(connection, "SELECT @@hostname, @@port, @@datadir")
        return f"mysql {host}:{port}{folder}"

    def create(self, connection: Any, mark: Mark, template: str | None) -> Mark:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{mark.name}` CHARACTER SET utf8mb4")
            cursor.execute(
                f"CREATE TABLE `{mark.name}`.`{MARKER}` (token CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, "
                f"name VARCHAR(64)) COMMENT 'Scratch database of Specdrift, may be dropped'"
            )
            cursor.execute(f"INSERT INTO `{mark.name}`.`{MARKER}` VALUES (%s, %s)", (mark.token, mark.name))
        made = self._made(connection, mark)
        if made is None:
            raise NoScratch("the server does not say when the mark was made")
        return renumbered(mark, made)

    def holds(self, connection: Any, mark: Mark) -> bool | None:
        if _row(connection, "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", mark.name) is None:
            return None
        return self._answers(connection, mark)

    def is_inside(self, connection: Any, mark: Mark) -> bool:
        return _row(connection, "SELECT DATABASE()") == (mark.name,) and self._answers(connection, mark)

    def drop(self, connection: Any, mark: Mark) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE `{mark.name}`")

    def before_statement(self, connection: Any, statement: str) -> None:
        """One statement is all that the driver sends and the server takes. It may still make a table that stands for another's."""
        if leads_out(statement):
            raise NoScratch("a table is to be kept by an engine or in a place outside the scratch database")

    def _answers(self, connection: Any, mark: Mark) -> bool:
        from pymysql import ProgrammingError

        try:
            found = _row(connection, f"SELECT token, name FROM `{mark.name}`.`{MARKER}`")
            if found != (mark.token, mark.name):
                return False
            made = self._made(connection, mark)
            return made is not None and mark.number in (None, made)
        except ProgrammingError as error:
            if error.args[0] == _NO_SUCH_TABLE:
                return False
            raise

    def _made(self, connection: Any, mark: Mark) -> int | None:
        """When the mark was made, in seconds: a copy of it is younger. None if it is no table."""
        query = "SELECT UNIX_TIMESTAMP(CREATE_TIME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"
        found = _row(connection, query, mark.name, MARKER)
        return None if found is None or found[0] is None else int(found[0])


def leads_out(statement: str) -> bool:
    """Whether a statement names what reaches other tables, servers or files. Comments are read both as there and as not there."""
    return any(_OUTSIDE.search(text) for text in (_COMMENT.sub(" ", statement), _COMMENT_MARK.sub(" ", statement)))


def _row(connection: Any, query: str, *values: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchone()
