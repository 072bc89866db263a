"""What the running project told, of both sides: the one view that is not made from texts. Who asked, and how, is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsp_server.api.model import Api
from lsp_server.database.runtime import Tables

if TYPE_CHECKING:
    from lsp_server.database.migration.own_tables import Created


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the running project told: OpenAPI documents (see `api/runtime.py`) and tables (see `database/runtime.py`).

    It speaks only of what the text leaves open. `failures` are words about what could not be asked. `created` holds the CREATE statements
    of its tables, `digests` the texts of their files, by path, as they were when it was asked.
    """

    specifications: tuple[Api, ...] = ()
    metadata: tuple[Tables, ...] = ()
    failures: tuple[str, ...] = ()
    created: tuple[Created, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
