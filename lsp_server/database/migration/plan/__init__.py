"""Two schemas -> the operations that lead from the first to the second, in an order that databases accept.

The plan decides what is done and in which order; how it is written is `render.py`'s business, what may go wrong
`hazards.py`'s. It is static: rows are not known, only that there may be some. What a difference becomes is decided in a room
for each kind of object (`tables.py`, `columns.py`, `constraints.py`, `enums.py`, `schemas.py`, `objects.py` for views and
sequences); the order of it all in `order.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lsp_server.database.compare import Difference, compare
from lsp_server.database.migration.answers import RENAME_COLUMNS, RENAME_TABLES, RENAMES, Answers
from lsp_server.database.migration.applying import apply_operations
from lsp_server.database.migration.earlier_names import earlier_names
from lsp_server.database.migration.hazards import Hazard, find_hazards
from lsp_server.database.migration.operations import Operation, TableKey
from lsp_server.database.migration.plan.builder import Builder
from lsp_server.database.migration.plan.columns import add_or_drop_column, alter_column, change_counters
from lsp_server.database.migration.plan.constraints import add_implicit_indexes, change_part, unbind_recoded
from lsp_server.database.migration.plan.enums import change_enum
from lsp_server.database.migration.plan.names import with_kept_names, with_real_names
from lsp_server.database.migration.plan.objects import carried, followed, with_objects
from lsp_server.database.migration.plan.schemas import create_schemas, schemas_of_moves
from lsp_server.database.migration.plan.tables import change_comment, change_options, create_tables, drop_tables
from lsp_server.database.migration.questions import Answered, Question, answered_questions, open_questions
from lsp_server.database.migration.renames import Rename, find_renames, rename_operations
from lsp_server.database.model import Database, key_of_name


@dataclass(frozen=True, slots=True)
class Plan:
    """`obstacles`: what had to be left out and why; a plan with obstacles does not lead all the way.

    `questions` are open, `answered` those whose answers it follows.
    """

    before: Database
    after: Database
    dialect: str | None
    operations: tuple[Operation, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    renames: tuple[Rename, ...] = ()
    obstacles: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    answered: tuple[Answered, ...] = ()

    @property
    def unanswered(self) -> tuple[Question, ...]:
        """The questions without whose answers this is no plan that could be right."""
        return tuple(question for question in self.questions if question.must)

    @property
    def settled_hazards(self) -> tuple[Hazard, ...]:
        """The hazards that do not hang on an open question: values may be lost in a table that one speaks of, or may not."""
        asked = {question.table[1] for question in self.unanswered if question.table is not None}
        return tuple(hazard for hazard in self.hazards if hazard.code != "data_loss_up" or hazard.table not in asked)

    @property
    def title(self) -> str:
        """One line for a list of choices, such as "rename customer.phone to phone_text"."""
        named = [
            f"rename {rename.table[1]}.{rename.column} to {rename.new_name}"
            if rename.column
            else f"rename table {rename.table[1]} to {rename.new_name}"
            for rename in self.renames
        ]
        return ", ".join(named)


def plan(
    before: Database,
    after: Database,
    dialect: str | None,
    answers: Answers | None = None,
    evidence: tuple[Rename, ...] = (),
) -> Plan:
    """The plan for one answer to every question; without answers only certain renames are renames.

    `evidence`: renames that somebody else knows of, an editor or the history of the texts.
    """
    answers = answers or Answers()
    before, after = with_kept_names(before, dialect), with_kept_names(after, dialect)
    names = earlier_names(before, after, dialect)
    before = names.before
    declared, after = after, carried(before, after, dialect)
    certain, unsure = _renames(before, after, dialect, answers, evidence)
    renames = (*(answers.renames or ()), *certain)
    start = with_real_names(before, renames, dialect)
    first = rename_operations(renames, start)
    renamed = apply_operations(start, first)
    after = followed(after, declared, first, dialect)
    builder = Builder(renamed, after, dialect, answers, names.doubtful)
    builder.obstacles += names.obstacles
    differences = compare(renamed, after, dialect, exact=True)
    operations = (*schemas_of_moves(first, start, after), *first, *_build(builder, differences))
    operations = with_objects(operations, before, after, differences, dialect, builder.obstacles)
    hazards = find_hazards(operations, before, dialect)
    questions = open_questions(operations, unsure, answers, dialect)
    answered = answered_questions(operations, answers)
    return Plan(before, after, dialect, operations, hazards, renames, tuple(builder.obstacles), questions, answered)


def _build(builder: Builder, differences: tuple[Difference, ...]) -> tuple[Operation, ...]:
    """The operations for all differences but those of views and sequences, in their order."""
    create_schemas(builder, differences)
    create_tables(builder, [item.after for item in differences if item.element == "table" and item.before is None])
    drop_tables(builder, [item.before for item in differences if item.element == "table" and item.after is None])
    altered: dict[tuple[TableKey, str], list[Difference]] = {}
    for item in differences:
        if item.path[0] == "enum":
            change_enum(builder, item)
        elif item.path[0] in ("view", "sequence"):
            continue  # they stand around all this
        elif item.element == "table":
            continue
        elif item.element == "column":
            add_or_drop_column(builder, item)
        elif item.column is not None:
            altered.setdefault((key_of_name(item.path[1]), item.column), []).append(item)
        elif item.element == "comment":
            change_comment(builder, item)
        elif item.element == "options":
            change_options(builder, item)
        else:
            change_part(builder, item)
    for (key, _name), items in altered.items():
        alter_column(builder, key, items)
    unbind_recoded(builder)
    change_counters(builder)
    add_implicit_indexes(builder)
    return builder.order.operations(builder.dialect)


def alternatives(
    before: Database,
    after: Database,
    dialect: str | None,
    answers: Answers | None = None,
    evidence: tuple[Rename, ...] = (),
) -> tuple[Plan, ...]:
    """One plan, or two where it is not certain whether something was renamed: first the one that loses nothing."""
    answers = answers or Answers()
    certain, unsure = _renames(before, after, dialect, answers, evidence)
    if not unsure:
        return (plan(before, after, dialect, answers, evidence),)
    named = (*(answers.renames or ()), *certain)
    decided = (replace(answers, renames=renames, settled=RENAMES) for renames in ((*named, *unsure), named))
    return tuple(plan(before, after, dialect, each) for each in decided)


def _renames(
    before: Database, after: Database, dialect: str | None, answers: Answers, evidence: tuple[Rename, ...]
) -> tuple[tuple[Rename, ...], tuple[Rename, ...]]:
    """The certain and the unsure renames of the kinds that nobody has answered."""
    settled = answers.settled if answers.renames is not None else frozenset[str]()
    if settled == RENAMES:
        return (), ()
    found = find_renames(compare(before, after, dialect, exact=True), before, after, dialect, evidence)
    open_ = [each for each in found if (RENAME_COLUMNS if each.column is not None else RENAME_TABLES) not in settled]
    return tuple(each for each in open_ if each.certain), tuple(each for each in open_ if not each.certain)
