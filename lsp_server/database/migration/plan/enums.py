"""Named enumeration types that come, go and take other values.

The columns whose type they are come with them; how a type changes in place or is replaced is said by `sql.py`.
"""

from __future__ import annotations

from lsp_server.database.compare import Difference
from lsp_server.database.equivalence import native_enums
from lsp_server.database.migration.operations import ChangeEnum, CreateEnum, DropEnum
from lsp_server.database.migration.plan.builder import Builder
from lsp_server.database.model import EnumType
from lsp_server.unknown import Unknown


def change_enum(builder: Builder, item: Difference) -> None:
    if isinstance(item.before, EnumType) and isinstance(item.after, EnumType):
        uses = tuple(
            (table.key, column)
            for table in builder.before.tables
            for column in table.columns
            if item.before in native_enums(column.type, builder.dialect)
        )
        builder.order.enums.append(ChangeEnum(item.before, item.after, uses, builder.answers.replacements(item.after)))
    elif isinstance(item.after, EnumType):
        if isinstance(item.after.values, Unknown):
            builder.obstacles.append(f"the values of the type {item.after.name} are not known")
        else:
            builder.order.enums.append(CreateEnum(item.after))
    elif isinstance(item.before, EnumType) and not isinstance(item.before.values, Unknown):
        builder.order.dropped_enums.append(DropEnum(item.before))
