"""Shadows on MariaDB and MySQL: a database per shadow, its mark a table inside it.

A database is a schema there, so `other.table` leads out of the shadow: proofs of tables with a schema are not made on this kind.
"""

from __future__ import annotations

from typing import Any

from lsp_server.database.migration.catalogue_mysql import MARKER
from lsp_server.database.migration.scratch import NoScratch
from lsp_server.shadow.address import Address, is_local
from lsp_server.shadow.marker import Mark
from lsp_server.shadow.server import renumbered

_PATIENCE = 5  # seconds to wait for a connection
_NO_SUCH_TABLE = 1146


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
        return renumbered(mark, self._made(connection, mark))

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
        """The driver sends one statement at a time, and the server takes no more."""

    def _answers(self, connection: Any, mark: Mark) -> bool:
        from pymysql import ProgrammingError

        try:
            found = _row(connection, f"SELECT token, name FROM `{mark.name}`.`{MARKER}`")
            return found == (mark.token, mark.name) and mark.number in (None, self._made(connection, mark))
        except ProgrammingError as error:
            if error.args[0] == _NO_SUCH_TABLE:
                return False
            raise


    def _made(self, connection: Any, mark: Mark) -> int:
        """When the mark was made, in seconds: a copy of it is younger."""
        query = "SELECT UNIX_TIMESTAMP(CREATE_TIME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"
        (seconds,) = _row(connection, query, mark.name, MARKER)
        return int(seconds)


def _row(connection: Any, query: str, *values: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchone()
