"""How old the bank's data is, and what is wrong with connections: every answer says both."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.agents.caller import Caller
from apps.banking.models import Connection
from apps.banking.pages.bank_names import bank_names
from apps.banking.pages.connection_card import Card, card_of
from apps.banking.pages.freshness import Freshness, oldest
from apps.banking.tools.shapes import compact
from lib.pages import display

State = Connection.State
# No client has as many.
MOST = 100


@dataclass(frozen=True)
class Health:
    """What `Answer` takes: the age of the oldest data, and the warnings."""

    cards: list[Card]
    freshness: dict[str, Any] | None
    warnings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def words(self) -> dict[str, Any]:
        """As keywords of Answer."""
        return {"freshness": self.freshness, "warnings": self.warnings}

    @property
    def names(self) -> dict[int, str]:
        """What to call each connection, by its id."""
        return {card.connection.pk: card.name for card in self.cards}


def health_of(caller: Caller, connections: Iterable[int] | None = None) -> Health:
    """The health of all of the client's live connections, or of some of them."""
    rows = caller.rows(Connection).live().select_related("connector")
    if connections is not None:
        rows = rows.filter(pk__in=set(connections))
    found = list(rows.defer("extra_sealed", "credential_sealed").order_by("-pk")[:MOST])
    names = bank_names(found)
    cards = [card_of(connection, names[connection.pk]) for connection in found]
    age = oldest(found)
    warnings = [warning for card in cards if (warning := _warning(card))]
    return Health(cards, age_of(age) if age else None, warnings)


def age_of(age: Freshness) -> dict[str, Any]:
    """The bank's own time, in ISO 8601 and in words."""
    return {
        "bank_read_at": moment(age.at),
        "ago": display.ago(age.at) or None,
        "is_stale": age.is_stale or age.at is None,
        **compact(next_reading_at=moment(age.next_at)),
    }


def moment(value: datetime | None) -> str | None:
    """A moment as ISO 8601 with its zone."""
    return value.isoformat(timespec="seconds").replace("+00:00", "Z") if value else None


def _warning(card: Card) -> dict[str, Any] | None:
    code = _code(card)
    if not code:
        return None
    said = _("The bank delivered only a part of the data.") if code == "partial" else card.advice.happened
    return {
        "code": code,
        "connection_id": card.connection.pk,
        "bank": card.name,
        "happened": str(said),
        "next": str(card.advice.next),
    }


def _code(card: Card) -> str:
    connection = card.connection
    if connection.paused_at:
        return "paused"
    if connection.state == State.ACTIVE:
        is_partial = connection.execution_status == "PARTIAL_SUCCESS"
        return "stale" if card.freshness.is_stale else "partial" if is_partial else ""
    return str(connection.state)
