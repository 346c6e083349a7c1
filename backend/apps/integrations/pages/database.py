"""What a person sees of a connected database after a test: its tables, and whether its user may do too much."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.errors import PlugFnError

LIST, CHECK = "tables.list", "access.check"
MOST_COLUMNS = 12
# PlugFn's warnings, and the same in the reader's language.
_WARNINGS: tuple[tuple[re.Pattern[str], Promise], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (
            r"The role is a superuser.*",
            _("The user is a superuser: it may do anything there. Connect with a user who may only read."),
        ),
        (r"The role has privileges that.*", _("The user has rights that reading does not need.")),
        (r"The role may create tables.*", _("The user may create tables. Reading does not need that.")),
        (
            r"The role may write to (?P<n>\d+) of.*",
            _(
                "The user may write to %(n)s of the tables it sees. Ponte only reads, but a user who cannot write is "
                "safer."
            ),
        ),
        (
            r"The role may read (?P<n>\d+) tables that.*",
            _("The user may read %(n)s more tables, which are not in the list of this connection."),
        ),
        (
            r"(?P<n>\d+) of the allowed tables do not exist.*",
            _("%(n)s of the tables in the list do not exist, or may not be read. Check their names."),
        ),
        (
            r"The connection allows no table.*",
            _("The list of tables is empty, so nothing can be read. Add tables to it."),
        ),
        (
            r"The key is .* and may write to every table\.",
            _("This key bypasses row-level security and may write to every table. Use a publishable key."),
        ),
        (
            r"PlugFn does not know this kind of key.*",
            _("This kind of key is not known, so nobody can say what it may do."),
        ),
        (
            r"The key is of the older kind.*",
            _("The key is of the older kind, which Supabase is phasing out. Replace it."),
        ),
    )
)


@dataclass(frozen=True)
class Database:
    """`tables` are names with the names of their columns."""

    tables: list[tuple[str, str]]
    warnings: list[str]


def look_into(integration: Integration) -> Database | None:
    """Ask the database for its tables and its user's rights. None if the integration is no database."""
    if LIST not in integration.entry.definition.actions:
        return None
    try:
        found, access = _run(integration, LIST), _run(integration, CHECK)
    except PlugFnError:
        # The test succeeded a moment ago; what its page adds to that is left out.
        return None
    return Database([_table(table) for table in found.tables], [warning_words(text) for text in access.warnings])


def _run(integration: Integration, action: str) -> Any:
    with acting_for(integration.client_id):
        return plug().run(
            f"{integration.provider}.{action}",
            user_id=str(integration.client_id),
            connection_id=integration.pk.hex,
            params={},
        )


def _table(table: Any) -> tuple[str, str]:
    names = [column.name for column in table.columns]
    return table.name, ", ".join(names[:MOST_COLUMNS]) + (" …" if len(names) > MOST_COLUMNS else "")


def warning_words(text: str) -> str:
    """One of PlugFn's warnings in the reader's language."""
    for pattern, words in _WARNINGS:
        if match := pattern.fullmatch(text):
            return str(words) % match.groupdict()
    return text
