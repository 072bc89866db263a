"""Which of sqlglot's grammars reads and writes the SQL of a database. Nothing is parsed here."""

from __future__ import annotations

_GRAMMARS = {"postgresql": "postgres", "mariadb": "mysql", "mssql": "tsql"}


def grammar_of(dialect: str | None) -> str | None:
    """sqlglot's name of a dialect; None, its own mixture, where nobody knows which database it is."""
    return _GRAMMARS.get(dialect, dialect) if dialect is not None else None
