"""Reads a delivery of a vendor, once it is proved, into the events that the mailbox stores."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from apps.events.accept import Incoming
from apps.integrations.incoming.address import Place
from lib.crypto import blind_index
from lib.sealed import encode
from plugfn.errors import WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Reply
from plugfn.webhooks.reading import read_delivery

KIND = "integration/event"
LONGEST_ID = 200
# The fields by which payloads name the person at the other end, the best first.
_PERSON = ("phone", "email", "user")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that is proved. `name` is for the log, `account` is whose it is at the vendor, if it says so."""

    name: str
    account: str = ""
    events: tuple[Incoming, ...] = ()
    reply: Reply | None = None


def read(place: Place, inbound: Inbound, keys: Keys, client: UUID | None) -> Delivery:
    """Prove and read it. `client` is the integration's, if the address names one. Raises WebhookRejected.

    The time is proportional to the body's length.
    """
    parsed = read_delivery(place.webhooks, inbound, keys)
    slug = place.entry.slug
    if not parsed.events:
        return Delivery(slug, reply=parsed.reply)
    try:
        events = tuple(_incoming(place, event, client) for event in parsed.events)
    except (ValueError, TypeError, RecursionError):
        raise WebhookRejected("the delivery is malformed", status=400, code="WEBHOOK_MALFORMED") from None
    name = f"{slug} {parsed.events[0].name}" if len(events) == 1 else slug
    return Delivery(name, parsed.events[0].account, events)


def _incoming(place: Place, event: Event, client: UUID | None) -> Incoming:
    owner = None if place.integration is None else place.integration.hex
    document = {
        "provider": event.provider,
        "integration": owner,
        "name": event.name,
        "account": event.account,
        "occurred_at": event.occurred_at.isoformat() if event.occurred_at else None,
        "payload": event.payload,
    }
    slug = place.entry.slug
    return Incoming(
        source=slug if owner is None else f"{slug}:{owner}",
        event_id=_event_id(event.id),
        kind=KIND,
        mailbox=_mailbox(slug, event) if owner is None else _own_mailbox(owner, event.payload),
        payload=encode(document),
        client_id=client,
    )


def _own_mailbox(integration: str, payload: Mapping[str, Any]) -> str:
    """One for each person, so that the events of one keep their order, and those of another do not wait."""
    person = next((text for name in _PERSON if isinstance(text := payload.get(name), str) and text), "")
    return f"from:{integration}:{_blind(person)}" if person else f"from:{integration}"


def _mailbox(slug: str, event: Event) -> str:
    """One for each account, because the integrations of the account are not known yet."""
    return f"from:{slug}:{_blind(event.account)}" if event.account else f"from:{slug}"


@lru_cache(maxsize=10_000)
def _blind(name: str) -> str:
    return blind_index(name.encode("utf-8", "replace").decode(), "integrations.mailbox").hex()


def _event_id(vendor_id: str | None) -> str:
    """The vendor's id, or its digest if the column cannot hold it. Without an id, no event is a duplicate."""
    if vendor_id is None:
        return uuid.uuid4().hex
    if len(vendor_id) <= LONGEST_ID and vendor_id.isascii() and vendor_id.isprintable():
        return vendor_id
    return hashlib.sha256(vendor_id.encode("utf-8", "surrogatepass")).hexdigest()
