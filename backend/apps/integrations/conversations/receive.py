"""A message came in: whose it is, which conversation it belongs to, and what is kept of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.events.emit import emit
from apps.events.models import Event
from apps.integrations.conversations import opt_out
from apps.integrations.conversations.contacts import contact_of
from apps.integrations.conversations.person import LONGEST, Person, phone_of
from apps.integrations.conversations.threads import note_message, open_conversation
from apps.integrations.models import Contact, Conversation, Integration, Message, Send
from apps.integrations.models.conversation import Direction
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import from_jid

LONGEST_ID = 200
LONGEST_KIND = 20


@dataclass(frozen=True)
class Arrived:
    """What an event says about a message. `edits` is the id of the message whose text it replaces."""

    id: str
    direction: str
    kind: str
    person: Person
    at: datetime
    text: str = field(repr=False)
    edits: str = ""


def message_received(
    integration: Integration, payload: Mapping[str, Any], occurred_at: datetime | None, event: Event
) -> None:
    """Store the message of one event of the batch, and announce it. Call it inside batch.write() and client_rows.

    Events may come twice and in any order. Another event than a message of one person is left out.
    """
    arrived = read(payload, occurred_at or event.received_at)
    if not arrived.person.is_named or not arrived.id:
        return
    contact = contact_of(integration.client_id, arrived.person)
    if arrived.edits and _edit(integration, arrived):
        _note_choice(contact, integration, arrived, event)
        return
    if _is_known(integration, arrived.id):
        return
    _store(contact, integration, arrived, event)
    _note_choice(contact, integration, arrived, event)


def read(payload: Mapping[str, Any], at: datetime) -> Arrived:
    """The event's payload, which has the fields of the vocabulary's Message; a field may be missing."""
    # A vendor's clock that is ahead must not keep a conversation at the top for ever.
    at = min(at, timezone.now())
    texts = {name: str(payload.get(name) or "") for name in ("id", "kind", "text", "phone", "user", "name", "edits")}
    kind = texts["kind"]
    return Arrived(
        id=vendor_id(texts["id"]),
        direction=Direction.OUT if payload.get("from_owner") else Direction.IN,
        kind=kind if kind.isidentifier() and kind.isascii() and len(kind) <= LONGEST_KIND else "other",
        person=_person(texts, at),
        at=at,
        text=texts["text"],
        edits=vendor_id(texts["edits"]),
    )


def vendor_id(text: str) -> str:
    """A vendor's id as the column holds it: one that is too long, or has signs that it cannot hold, as its digest."""
    if len(text) <= LONGEST_ID and text.isprintable():
        return text
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _person(texts: Mapping[str, str], at: datetime) -> Person:
    user = texts["user"][:LONGEST]
    # A vendor's id of a person may be the number again.
    by_user = from_jid(user)
    phone = phone_of(texts["phone"]) or by_user or ""
    return Person(phone=phone, handle="" if by_user else user, name=texts["name"], named_at=at)


def _is_known(integration: Integration, key: str) -> bool:
    """Whether the message is stored; or it is the echo of one that was sent through Ponte."""
    same = {"integration": integration, "vendor_id": key}
    return Message.objects.filter(**same).exists() or Send.objects.filter(**same).exists()


def _edit(integration: Integration, arrived: Arrived) -> bool:
    """Replace the text of the message that this one edits. False if that one is not stored: this one is, then."""
    row = Message.objects.select_for_update().filter(integration=integration, vendor_id=arrived.edits).first()
    if row is None:
        return False
    if row.edited_at is None or row.edited_at < arrived.at:
        row.edited_at, row.length = arrived.at, len(arrived.text)
        row.content = arrived.text if integration.keeps_content else ""
        row.save(update_fields=["edited_at", "length", "content_sealed"])
    return True


def _store(contact: Contact, integration: Integration, arrived: Arrived, event: Event) -> None:
    conversation = open_conversation(contact, integration, arrived.direction, arrived.at, cause=event)
    incoming = arrived.direction == Direction.IN
    message = Message(
        client_id=integration.client_id,
        conversation=conversation,
        direction=arrived.direction,
        kind=arrived.kind,
        state=Message.State.RECEIVED if incoming else Message.State.SENT,
        integration=integration,
        vendor_id=arrived.id,
        length=len(arrived.text),
        at=arrived.at,
    )
    if integration.keeps_content:
        message.content = arrived.text
    message.save(force_insert=True)
    note_message(conversation, integration, arrived.direction, arrived.at)
    if incoming:
        _announce(contact, conversation, message, event)


def _announce(contact: Contact, conversation: Conversation, message: Message, event: Event) -> None:
    emit(
        "message.received",
        mailbox=opt_out.mailbox(contact),
        client=contact.client_id,
        payload={
            "contact": str(contact.pk),
            "conversation": str(conversation.pk),
            "message": message.pk,
            "integration": str(message.integration_id),
            "channel": conversation.channel,
            "kind": message.kind,
            "length": message.length,
        },
        caused_by=event,
    )


def _note_choice(contact: Contact, integration: Integration, arrived: Arrived, event: Event) -> None:
    choice = opt_out.choice_of(arrived.text) if arrived.direction == Direction.IN else None
    if choice is not None:
        opt_out.wrote(contact, choice, channel=integration.entry.channel, at=arrived.at, cause=event)
