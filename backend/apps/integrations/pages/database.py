"""What a person sees of a connected database after a test: its tables, and whether its user may do too much."""

from dataclasses import dataclass
from typing import Any

from apps.integrations.models import Integration
from apps.integrations.pages.database_words import warning_words
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.errors import PlugFnError

LIST, CHECK = "tables.list", "access.check"
MOST_COLUMNS = 12


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
