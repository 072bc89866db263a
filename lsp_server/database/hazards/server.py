"""Which database a migration meets: its kind and, where the configuration tells, its version."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Server:
    """`version` is the number as far as it is told ("10.6" is (10, 6)); None: one that is still maintained."""

    dialect: str
    version: tuple[int, ...] | None = None

    @classmethod
    def of(cls, dialect: str, version: str | None) -> Server:
        numbers = tuple(int(part) for part in re.findall(r"\d+", version or "")[:3])
        return cls(dialect, numbers or None)

    @property
    def is_mysql(self) -> bool:
        """MySQL or MariaDB, where a fact holds for both."""
        return self.dialect in ("mysql", "mariadb")

    def is_before(self, *version: int) -> bool:
        """Whether the database is known to be older than this version."""
        return self.version is not None and self.version < version
