"""The messages that `scripts/bench pages` seeds: contacts of the large client, conversations, sends and calls."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from uuid import uuid4

from django.db.models import Model
from django.utils import timezone

from apps.clients.models import Client
from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.models import ActionLog, Contact, Conversation, Integration, Message, Send
from apps.integrations.sending.recipient import index_of

BATCH = 2000
# Messages of a conversation, of which every other one is a send. One send of so many has failed.
OF_A_CONVERSATION, FAILED = 10, 50
PROVIDER = "whatsapp_uazapi"


def messages(of: Client, count: int) -> None:
    """So many messages of half a year, half as many sends, and a call for each send."""
    entry = BY_PROVIDER[PROVIDER]
    number = Integration.objects.create(client=of, provider=PROVIDER, type=entry.type, is_sole=True, sealed=b"")
    contacts = [contact(of, place) for place in range(count // OF_A_CONVERSATION)]
    write(iter(contacts))
    conversations = [conversation(number, one, place / len(contacts)) for place, one in enumerate(contacts)]
    write(iter(conversations))
    sends = [send(number, conversations[place % len(conversations)], place) for place in range(count // 2)]
    write(iter(sends))
    write(call(each) for each in sends)
    write(message(conversations[place % len(conversations)], place, sends) for place in range(count))


def write(rows: Iterator[Model]) -> None:
    """Those of one table."""
    while some := list(islice(rows, BATCH)):
        type(some[0])._default_manager.bulk_create(some)


def contact(of: Client, place: int) -> Contact:
    phone = f"+55119{80_000_000 + place}"
    row = Contact(client=of, phone_index=index_of(phone), created_at=timezone.now(), updated_at=timezone.now())
    row.name, row.phone = f"Pessoa {place}", phone
    return row


def conversation(of: Integration, one: Contact, share: float) -> Conversation:
    at = timezone.now() - timedelta(days=180) * share
    status = ("open", "waiting", "closed", "closed")[secrets.randbelow(4)]
    closed = at if status == "closed" else None
    values = {"opened_at": at, "last_message_at": at, "status": status, "closed_at": closed, "channel": "whatsapp"}
    return Conversation(client_id=of.client_id, contact=one, integration=of, **values)


def send(of: Integration, to: Conversation, place: int) -> Send:
    at, failed = to.last_message_at - timedelta(minutes=place % 60), place % FAILED == 0
    row = Send(
        id=uuid4(),
        client_id=of.client_id,
        integration=of,
        contact=to.contact,
        provider=PROVIDER,
        channel="whatsapp",
        action="messages.send_text",
        source=Send.Source.API,
        state=Send.State.FAILED if failed else Send.State.DELIVERED,
        recipient_index=to.contact.phone_index,
        created_at=at,
        sending_at=at,
        sent_at=None if failed else at,
        error_code="not_on_whatsapp" if failed else "",
        failed_at=at if failed else None,
    )
    row.recipient, row.params = to.contact.phone, {"to": to.contact.phone, "text": f"Pedido {place}"}
    return row


def call(of: Send) -> ActionLog:
    return ActionLog(
        client_id=of.client_id,
        call_id=of.pk.hex,
        attempt=1,
        connection_id=of.integration_id.hex if of.integration_id else "",
        provider=PROVIDER,
        action=of.action,
        started_at=of.created_at,
        milliseconds=12.5,
        outcome="ok" if of.sent_at else "failed",
        source="run",
    )


def message(of: Conversation, place: int, sends: list[Send]) -> Message:
    """Those that were sent come first; the others are answers."""
    sent = sends[place] if place < len(sends) else None
    row = Message(
        client_id=of.client_id,
        conversation=of,
        integration_id=of.integration_id,
        send=sent,
        direction="out" if sent else "in",
        state=sent.state if sent else "received",
        vendor_id=f"{place:032x}",
        length=20,
        at=sent.created_at if sent else of.last_message_at,
    )
    row.content = f"Pedido {place}"
    return row
