"""What a person answered about a change of the schema: what the texts do not tell, as one value and as JSON.

Reads no file and asks nobody. What may be asked is `questions.py`'s knowledge; the format is told in docs/answers.md.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lsp_server.database.migration.operations import STAYS, Replacements, TableKey
from lsp_server.database.migration.renames import Rename
from lsp_server.database.model import Database, EnumType, key_of_name

RENAME_TABLES, RENAME_COLUMNS, RENAME_VALUES = "rename_tables", "rename_columns", "rename_enum_values"
BACKFILL, FALLBACK, ZONE = "backfill", "enum_fallback", "assume_timezone"
DERIVE, DERIVE_ROWS, RESTORE = "derive_columns", "derive_rows", "restore_columns"
# The keys of the format, with what each name in them stands for.
KEYS: Mapping[str, str] = {
    RENAME_TABLES: "table",
    RENAME_COLUMNS: "table.column",
    RENAME_VALUES: "enum.value",
    BACKFILL: "table.column",
    FALLBACK: "enum.value",
    DERIVE: "table.column",
    RESTORE: "table.column",
    DERIVE_ROWS: "table",
    ZONE: "table.column",
}
AS_ANSWERED = "as answered"  # the evidence of a rename that a person named
RENAMES = frozenset({RENAME_TABLES, RENAME_COLUMNS})


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person knows and the text does not. `renames` None: nobody was asked, only certain ones are taken.

    `values` maps "table.column" to the SQL expression for rows that have none. `declined` holds the questions, by key and
    subject, to which the answer was "none": no rename, no value, nothing to derive.
    """

    renames: tuple[Rename, ...] | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)  # "table.column" -> SQL over the table's other columns
    rows: Mapping[str, str] = field(default_factory=dict)  # new table -> query for its first rows
    enum_renames: Mapping[str, str] = field(default_factory=dict)  # "enum.value" -> new value
    enum_fallbacks: Mapping[str, str] = field(default_factory=dict)  # "enum.value" -> value instead of it
    zones: Mapping[str, str] = field(default_factory=dict)  # "table.column" -> time zone
    restored: Mapping[str, str] = field(default_factory=dict)  # "table.column" -> SQL for its old value on the way back
    declined: frozenset[tuple[str, str]] = frozenset()
    settled: frozenset[str] = RENAMES  # the keys for which `renames` names all there are

    def replacements(self, enum: EnumType, place: str = "") -> Replacements:
        """What is known of an enumeration's values, renames in both directions. `place`: "table.column", for one without a name."""
        pairs: list[tuple[str, str]] = []
        for name, value in self.enum_renames.items():
            if (own := _value_of(name, enum, place)) is not None:
                pairs += [(own, value), (value, own)]
        for name, value in self.enum_fallbacks.items():
            if (own := _value_of(name, enum, place)) is not None:
                pairs.append((own, value))
        return tuple(pairs)

    def has_declined(self, key: str, subject: str) -> bool:
        return (key, subject) in self.declined or (key, subject.partition(".")[2]) in self.declined

    def together(self, others: Answers) -> Answers:
        """These and others, which count where both say something."""
        return Answers(
            others.renames if others.renames is not None else self.renames,
            {**self.values, **others.values},
            {**self.derived, **others.derived},
            {**self.rows, **others.rows},
            {**self.enum_renames, **others.enum_renames},
            {**self.enum_fallbacks, **others.enum_fallbacks},
            {**self.zones, **others.zones},
            {**self.restored, **others.restored},
            self.declined | others.declined,
            others.settled if others.renames is not None else self.settled,
        )


def strangers(answers: Answers, databases: Iterable[Database]) -> tuple[str, ...]:
    """The answers about what none of these schemas has, as "key: subject": most likely misspelled."""
    databases = tuple(databases)
    tables = [table for database in databases for table in database.tables]
    names = {name for table in tables for name in (table.name, table.full_name)}
    columns = {f"{name}.{column.name}" for table in tables for name in (table.name, table.full_name) for column in table.columns}
    enums = [(enum, "") for database in databases for enum in database.enums]
    enums += [(column.type.enum, f"{table.name}.{column.name}") for table in tables for column in table.columns if column.type.enum is not None]
    values = {
        f"{name}.{value}" for enum, place in enums for name in (enum.name, place) if name and isinstance(enum.values, tuple) for value in enum.values
    }
    said = {(RENAME_TABLES if each.column is None else RENAME_COLUMNS, each.subject) for each in answers.renames or ()}
    said |= answers.declined | {(DERIVE_ROWS, name) for name in answers.rows}
    for key, given in (
        (BACKFILL, answers.values), (DERIVE, answers.derived), (RESTORE, answers.restored), (ZONE, answers.zones),
        (RENAME_VALUES, answers.enum_renames), (FALLBACK, answers.enum_fallbacks),
    ):  # fmt: skip
        said |= {(key, subject) for subject in given}
    known = {"table": names, "table.column": columns, "enum.value": values}
    return tuple(sorted(f"{key}: {subject}" for key, subject in said if subject not in known[KEYS[key]]))


def for_column(given: Mapping[str, str], table: TableKey, column: str) -> str | None:
    """What was said of a column, with or without its schema."""
    bare = f"{table[1]}.{column}"
    return given.get(f"{table[0]}.{bare}" if table[0] else bare, given.get(bare))


def enum_subject(enum: EnumType, place: str, value: str) -> str:
    """How a value of an enumeration is called in a question."""
    return f"{enum.name or place}.{value}"


def _value_of(name: str, enum: EnumType, place: str) -> str | None:
    """The value that "enum.value" names, None where it is another enumeration's. A bare value counts for all."""
    for prefix in (enum.name, place):
        if prefix and name.startswith(f"{prefix}."):
            return name[len(prefix) + 1 :]
    return name if "." not in name else None


class AnswersError(ValueError):
    """The text does not hold answers; the message is for people."""


def parse_answers(text: str) -> Answers:
    """Raises AnswersError."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnswersError(f"this is not JSON: {error}") from None
    return read_answers(given)


def read_answers(given: object) -> Answers:
    """Answers from what JSON says: an object of objects, see docs/answers.md. Raises AnswersError."""
    if not isinstance(given, Mapping):
        raise AnswersError("an object is expected, with keys such as `rename_columns` and `backfill`")
    said: dict[str, dict[str, str]] = {key: {} for key in KEYS}
    declined: set[tuple[str, str]] = set()
    for key, entries in given.items():
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(KEYS)}"
            raise AnswersError(f"there is no key `{key}`; {hint}")
        if not isinstance(entries, Mapping):
            raise AnswersError(f"`{key}`: an object is expected, with an answer for each {KEYS[key]}")
        for subject, answer in entries.items():
            value = _answer(key, str(subject), answer)
            if value is None:
                declined.add((key, str(subject)))
            else:
                said[key][str(subject)] = value
    renames = tuple(map(_table_rename, said[RENAME_TABLES].items())) + tuple(map(_column_rename, said[RENAME_COLUMNS].items()))
    settled = RENAMES & given.keys()
    answers = Answers(
        renames if settled else None,
        said[BACKFILL],
        said[DERIVE],
        said[DERIVE_ROWS],
        said[RENAME_VALUES],
        said[FALLBACK],
        said[ZONE],
        said[RESTORE],
        frozenset(declined),
    )
    return replace(answers, settled=frozenset(settled)) if settled else answers


def _answer(key: str, subject: str, answer: Any) -> str | None:
    """The answer as text, None for "none". Raises AnswersError."""
    if "." not in subject.strip(".") and KEYS[key] == "table.column":
        raise AnswersError(f"`{key}`: `{subject}`: a name such as `table.column` is expected")
    if answer is None:
        return None
    if key == BACKFILL and isinstance(answer, int | float) and not isinstance(answer, bool):
        return str(answer)
    if not isinstance(answer, str) or not answer.strip():
        raise AnswersError(f"`{key}`: `{subject}`: {_EXPECTED[key]} is expected, or null for none")
    return answer


_EXPECTED = {
    RENAME_TABLES: "the new name, as text,",
    RENAME_COLUMNS: "the new name, as text,",
    RENAME_VALUES: "the new value, as text,",
    BACKFILL: "an SQL expression as text, such as \"'-'\" or \"0\",",
    FALLBACK: "another value of the enumeration, as text,",
    DERIVE: "an SQL expression as text",
    RESTORE: "an SQL expression as text",
    DERIVE_ROWS: "a query as text",
    ZONE: 'a time zone as text, such as "UTC",',
}


def _table_rename(entry: tuple[str, str]) -> Rename:
    old, new = key_of_name(entry[0]), key_of_name(entry[1])
    return Rename(old, None, new[1], True, AS_ANSWERED, STAYS if old[0] == new[0] else new[0])


def _column_rename(entry: tuple[str, str]) -> Rename:
    table, _, column = entry[0].rpartition(".")
    return Rename(key_of_name(table), column, entry[1], True, AS_ANSWERED)
