"""What the worker does with the events that vendors post: each changes rows of the integrations that it concerns."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.events.models import Event
from apps.events.work import Batch
from apps.integrations.conversations.opt_out import unsubscribed
from apps.integrations.conversations.receive import message_received
from apps.integrations.incoming.status import connection_changed
from apps.integrations.models import Integration
from apps.integrations.sending.news import news
from lib import crypto
from lib.row_security import client_rows, system_rows
from plugfn.vault.sealed_connections import account_digests

MESSAGES = ("message.received", "message.sent")
# Who does that wants no more automatic messages.
UNSUBSCRIBED = ("email.unsubscribed", "email.complained")

Document = Mapping[str, Any]
Pairs = list[tuple[Event, Document]]


def handle(batch: Batch) -> str:
    """Apply the events of one mailbox in their order, in one transaction: they are all of one integration or account.

    Returns the outcome: `gone` without the integration, `foreign` for an account that none of our clients connected,
    `stored` if none of the events changes anything.
    """
    pairs: Pairs = [(event, event.data) for event in batch.events]
    event, document = pairs[0]
    if document["integration"] is None:
        integrations, missing = _of_account(document["provider"], document["account"]), "foreign"
    else:
        integrations, missing = _own(event.client_id, UUID(document["integration"])), "gone"
    if not integrations:
        return missing
    outcome = "handled" if any(_is_handled(document["name"]) for _, document in pairs) else "stored"
    with batch.finish(outcome):
        _apply_to_all(integrations, pairs)
    return outcome


def _own(client: UUID | None, number: UUID) -> list[tuple[UUID, UUID]]:
    if client is None:
        return []
    with client_rows(client):
        return list(Integration.objects.filter(pk=number).values_list("client_id", "pk"))


def _of_account(provider: str, account: str) -> list[tuple[UUID, UUID]]:
    """The integrations of all clients at a vendor's account, by client."""
    if not account:
        return []
    with system_rows("integrations of an account"):
        at_account = Integration.objects.filter(
            provider=provider, account__in=account_digests(crypto.ring(), provider, account)
        )
        return list(at_account.order_by("client_id", "pk").values_list("client_id", "pk"))


def _apply_to_all(integrations: Iterable[tuple[UUID, UUID]], pairs: Pairs) -> None:
    for client, number in integrations:
        with client_rows(client):
            # It may have been disconnected in the meantime. One that is paused still notes what comes in.
            if (integration := Integration.objects.filter(pk=number).first()) is not None:
                for event, document in pairs:
                    _apply(integration, event, document)


def _is_handled(name: str) -> bool:
    return name in MESSAGES or _is_news(name) or name == "connection.changed"


def _is_news(name: str) -> bool:
    return name == "message.status" or name.startswith("email.")


def _apply(integration: Integration, event: Event, document: Document) -> None:
    name, payload = document["name"], document["payload"]
    at = datetime.fromisoformat(document["occurred_at"]) if document["occurred_at"] else None
    if name in MESSAGES:
        message_received(integration, payload, at, event)
    elif name in UNSUBSCRIBED:
        unsubscribed(integration.client_id, str(payload.get("email") or ""), at=at or event.received_at, cause=event)
    elif _is_news(name):
        news(integration, name, payload, at)
    elif name == "connection.changed":
        connection_changed(integration, payload, event)
