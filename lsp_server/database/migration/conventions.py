"""How a project writes its revisions: file names, the template of a file, the heads to stand on, batch mode.

Everything comes in as text that somebody else has read. A `script.py.mako` is not executed (a template is a program):
the usual expressions in it are filled in, and a template that needs more makes way for Alembic's own layout.
"""

from __future__ import annotations

import configparser
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

_SLUG = re.compile(r"\w+")
_EXPRESSION = re.compile(r"\$\{(.*?)\}", re.DOTALL)

LAYOUT = '''"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

# revision identifiers, used by Alembic.
revision: str = ${repr(up_revision)}
down_revision: Union[str, Sequence[str], None] = ${repr(down_revision)}
branch_labels: Union[str, Sequence[str], None] = ${repr(branch_labels)}
depends_on: Union[str, Sequence[str], None] = ${repr(depends_on)}


def upgrade() -> None:
    """Upgrade schema."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Downgrade schema."""
    ${downgrades if downgrades else "pass"}
'''


def new_revision_id() -> str:
    return uuid.uuid4().hex[-12:]


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Conventions:
    """`versions` is the folder of the revision files, workspace-relative. `revision_id` and `created` are injectable."""

    versions: str = "migrations/versions"
    heads: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    file_template: str = "%(rev)s_%(slug)s"
    truncate_slug_length: int = 40
    template: str | None = None
    batch: bool = False
    quote: str = '"'
    line_length: int = 88
    revision_id: Callable[[], str] = new_revision_id
    created: Callable[[], datetime] = now
    branch_labels: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    def path(self, revision: str, title: str) -> str:
        """Where the revision's file goes."""
        slug = "_".join(_SLUG.findall(title)).lower()
        if len(slug) > self.truncate_slug_length:
            slug = slug[: self.truncate_slug_length].rsplit("_", 1)[0] + "_"
        created = self.created()
        words: dict[str, object] = {
            "rev": revision,
            "slug": slug,
            "epoch": int(created.timestamp()),
            **{part: getattr(created, part) for part in ("year", "month", "day", "hour", "minute", "second")},
        }
        try:
            name = self.file_template % words
        except (KeyError, ValueError, TypeError):
            name = f"{revision}_{slug}"
        return f"{self.versions}/{name}.py"


def read_conventions(ini: str, *, section: str = "alembic") -> dict[str, str]:
    """The settings of an `alembic.ini` that concern revision files, `%%` and `%(here)s` resolved; empty if unreadable."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(ini)
    except configparser.Error:
        return {}
    if not parser.has_section(section):
        return {}
    return {
        name: value.replace("%(here)s/", "").replace("%(here)s", ".").replace("%%", "%")
        for name, value in parser.items(section)
    }


def conventions_from(
    settings: Mapping[str, str],
    *,
    heads: tuple[str, ...],
    template: str | None = None,
    histories: tuple[str, ...] = (),
    versions: str | None = None,
) -> Conventions:
    """Conventions from settings (`read_conventions`) and the texts of the latest revisions, whose style is followed."""
    location = settings.get("script_location", "migrations").rstrip("/")
    first = re.split(r"[\s:,;]+", settings.get("version_locations", "").strip())[0]
    length = settings.get("truncate_slug_length", "40")
    single = sum(text.count("'") for text in histories)
    double = sum(text.count('"') for text in histories) - 6 * sum(text.count('"""') for text in histories)
    return Conventions(
        versions=versions or first or f"{location}/versions",
        heads=heads,
        file_template=settings.get("file_template", "%(rev)s_%(slug)s"),
        truncate_slug_length=int(length) if length.isdigit() else 40,
        template=template,
        batch=any("batch_alter_table" in text for text in histories),
        quote="'" if single > double else '"',
        settings=settings,
    )


def fill_template(template: str, words: Mapping[str, str]) -> str | None:
    """The template with its expressions filled in; None if it holds more than that. `words` are by expression."""
    if re.search(r"^\s*%(?!%)|<%|\\\n", template, re.MULTILINE):
        return None
    known = {re.sub(r"\s", "", expression): value for expression, value in words.items()}
    missing = False

    def filled(match: re.Match[str]) -> str:
        nonlocal missing
        value = known.get(re.sub(r"\s", "", match.group(1)).replace('"', "'"))
        if value is None:
            missing = True
            return ""
        return value

    lines = [line for line in template.splitlines(keepends=True) if not line.lstrip().startswith("##")]
    text = _EXPRESSION.sub(filled, "".join(lines))
    return None if missing else text
