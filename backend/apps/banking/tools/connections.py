"""Tools about connections to banks: which there are, and how they fare."""

from typing import Annotated, Any

from django.utils import timezone
from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Answer, Arguments, tool
from apps.banking.models import Connection, SyncRun
from apps.banking.pages.connection_card import Card, card_of
from apps.banking.pages.connections import SHOWN, products_of, run_row
from apps.banking.tools.arguments import Nothing, Reference
from apps.banking.tools.health import age_of, health_of, moment
from apps.banking.tools.shapes import compact, one

LAST_RUNS = 5


class OfOne(Arguments):
    """One connection."""

    connection_id: Annotated[Reference, Field(description="The id of `list_connections`.")]


@tool(title="Connections to banks")
def list_connections(caller: Caller, asked: Nothing) -> Answer:
    """The person's connections to banks: the bank, the state, how old the data is, and who must act.

    Call this first if data seems old or missing. `state` is connecting, active, needs_user or outdated.
    """
    health = health_of(caller)
    rows = [_connection(card) for card in health.cards]
    return Answer({"connections": rows}, rows=len(rows), **health.words)


@tool(title="Status of a connection")
def get_connection_status(caller: Caller, asked: OfOne) -> Answer:
    """How one connection fares: its state in words, what the bank's last run brought, and the last syncs."""
    rows = caller.rows(Connection).select_related("connector").defer("extra_sealed", "credential_sealed")
    connection = one(rows, asked.connection_id, "connection")
    health = health_of(caller, [connection.pk])
    card = health.cards[0] if health.cards else card_of(connection)
    runs = caller.rows(SyncRun).filter(connection=connection, started_at__gte=timezone.now() - SHOWN).order_by("-id")
    return Answer(
        {
            "connection": _connection(card),
            "products": [
                compact(name=each.label, updated=each.is_updated, at=moment(each.at), warnings=list(each.warnings))
                for each in products_of(connection)
            ],
            "last_syncs": [_run(run) for run in runs[:LAST_RUNS]],
        },
        **health.words,
    )


def _connection(card: Card) -> dict[str, Any]:
    connection = card.connection
    return compact(
        id=connection.pk,
        bank=card.name,
        state=str(connection.state),
        state_in_words=card.state,
        happened=str(card.advice.happened),
        next=str(card.advice.next),
        who_must_act=str(card.advice.who) or "nobody",
        freshness=age_of(card.freshness),
        synced_at=moment(connection.last_synced_at),
        consent_ends_at=moment(connection.consent_expires_at),
    )


def _run(run: SyncRun) -> dict[str, Any]:
    row = run_row(run)
    return compact(started_at=moment(run.started_at), state=str(run.state), cause=row.cause, changes=row.counts)
