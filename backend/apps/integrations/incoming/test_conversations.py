"""From what a vendor posts to a conversation, through the door, the mailbox and the worker."""

import copy
import json

import pytest
from django.db import transaction

from apps.clients.factories import ClientFactory
from apps.events.accept import accept_here
from apps.events.models import Event
from apps.events.store import make_row
from apps.integrations.factories import integration_row
from apps.integrations.incoming.delivery import KIND
from apps.integrations.incoming.factories import example, post
from apps.integrations.models import Contact, Conversation, Message
from apps.integrations.tasks import process_integration_event
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db(transaction=True)


def work_off() -> None:
    for mailbox in set(Event.objects.filter(kind=KIND, state="pending").values_list("mailbox", flat=True)):
        process_integration_event(mailbox)
    assert not Event.objects.filter(kind=KIND, state="pending").exists()


def test_messages_of_a_person_become_one_conversation_and_a_word_opts_out(connect):
    whatsapp, first = connect(), example("whatsapp_uazapi", "message.received")
    stop = copy.deepcopy(first)
    stop["message"] |= {"id": "x:STOP1", "messageid": "STOP1", "text": "Sair!", "content": "Sair!"}
    for body in (stop, first, first, example("whatsapp_uazapi", "message.received_in_group")):
        post(whatsapp.path, body)
    work_off()
    with client_rows(whatsapp.client.pk):
        contact, conversation = Contact.objects.get(), Conversation.objects.get()
        assert (conversation.contact, conversation.status) == (contact, "open")
        assert set(Message.objects.values_list("vendor_id", flat=True)) == {"STOP1", first["message"]["messageid"]}
        assert contact.opted_out_by == "whatsapp"
    kinds = list(Event.objects.filter(mailbox=f"contact:{contact.pk}").order_by("id").values_list("kind", flat=True))
    assert sorted(kinds) == ["contact.opted_out", "conversation.opened", "message.received", "message.received"]


def test_who_unsubscribes_from_mails_is_opted_out():
    client = ClientFactory()
    integration = integration_row(client, "email_sendgrid")
    for name, email in (("email.unsubscribed", "ana@exemplo.com"), ("email.complained", "")):
        document = {"name": name, "payload": {"email": email}, "occurred_at": None, "integration": integration.pk.hex}
        with transaction.atomic():
            raw = json.dumps(document).encode()
            accept_here(make_row("sendgrid:1", name, KIND, "from:1", raw, client_id=client.pk))
    work_off()
    with client_rows(client.pk):
        contact = Contact.objects.get()
    assert (contact.email, contact.opted_out_by) == ("ana@exemplo.com", "email")
    assert list(Event.objects.filter(kind=KIND).values_list("outcome", flat=True)) == ["handled"] * 2
