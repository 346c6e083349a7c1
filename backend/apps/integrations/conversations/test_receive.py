"""Incoming messages: whose they are, what is kept, and that neither their order nor a repetition matters."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.clients.factories import ClientFactory
from apps.events.models import Event
from apps.integrations.conversations import verbs
from apps.integrations.conversations.conftest import EIGHT, LID, NINE, START
from apps.integrations.conversations.contacts import contact_of, find_contact
from apps.integrations.conversations.person import Person
from apps.integrations.conversations.receive import message_received, read
from apps.integrations.factories import ContactFactory, IntegrationFactory
from apps.integrations.models import Contact, Conversation, Message, Send
from lib.row_security import client_rows, system_rows


def test_a_first_message_makes_a_contact_and_a_conversation_and_says_so_without_personal_data(receive, told, owner):
    receive("A1", "Oi, tudo bem?", name="Ana Exemplo")
    contact, conversation, message = Contact.objects.get(), Conversation.objects.get(), Message.objects.get()
    assert (contact.phone, contact.name) == (NINE, "Ana Exemplo")
    assert (conversation.contact, conversation.channel, conversation.status) == (contact, "whatsapp", "open")
    assert (conversation.last_message_at, conversation.last_direction) == (START, "in")
    assert (message.vendor_id, message.length, message.state, message.at) == ("A1", 13, "received", START)
    assert message.content_sealed is None
    key, thread = str(contact.pk), str(conversation.pk)
    assert told("conversation.opened") == [
        {"contact": key, "conversation": thread, "channel": "whatsapp", "direction": "in"}
    ]
    assert told("message.received") == [
        {
            "contact": key,
            "conversation": thread,
            "message": message.pk,
            "integration": str(conversation.integration_id),
            "channel": "whatsapp",
            "kind": "text",
            "length": 13,
        }
    ]
    event = Event.objects.get(kind="message.received")
    assert (event.mailbox, event.client_id, event.depth) == (f"contact:{key}", owner.pk, 1)


def test_content_is_kept_only_where_the_client_wants_it_and_is_sealed(receive, whatsapp):
    whatsapp.keeps_content = True
    receive("A1", "segredo")
    message = Message.objects.get()
    assert message.content == "segredo"
    assert b"segredo" not in bytes(message.content_sealed)


def test_a_message_that_comes_again_changes_nothing(receive, told):
    receive("A1")
    verbs.close(Conversation.objects.get())
    receive("A1", "SAIR")
    assert Conversation.objects.get().status == "closed"
    assert (Message.objects.count(), len(told("message.received")), told("contact.opted_out")) == (1, 1, [])


def test_the_echo_of_a_message_that_was_sent_through_ponte_is_no_second_message(receive, whatsapp, owner):
    Send.objects.create(
        client=owner, integration=whatsapp, channel="whatsapp", source="api", vendor_id="S1", recipient_index=b"x" * 16
    )
    receive("S1", from_owner=True)
    assert not Message.objects.exists()


def test_a_number_with_and_without_the_ninth_digit_is_one_person_and_so_is_a_known_handle(receive):
    receive("A1", phone=EIGHT)
    receive("A2", phone=NINE, user=LID)
    receive("A3", phone=None, user=LID)
    receive("A4", phone=None, user="551188887777@s.whatsapp.net")
    contact = Contact.objects.get()
    assert (contact.phone, contact.handle, Message.objects.count()) == (NINE, LID, 4)


def test_two_contacts_become_one_when_a_message_names_both_and_an_opt_out_of_either_stays(receive, whatsapp, told):
    whatsapp.keeps_content = True
    receive("A1", "SAIR", phone=None, user=LID, minute=1)
    receive("A2", "dois", minute=2)
    assert Contact.objects.count() == 2
    receive("A3", "tres", user=LID, minute=3)
    contact, conversation = Contact.objects.get(), Conversation.objects.get()
    assert (contact.phone, contact.handle, contact.opted_out_by) == (NINE, LID, "whatsapp")
    # What was sealed for the conversation that is gone is readable in the one that stays.
    assert [row.content for row in conversation.messages.order_by("at")] == ["SAIR", "dois", "tres"]
    assert len(told("contact.opted_out")) == 1


def test_two_people_with_numbers_of_their_own_stay_two(receive, owner):
    other = ContactFactory(client=owner, phone="+5521977776666", handle=LID)
    receive("A0")
    receive("A1", user=LID)
    contact = Message.objects.get(vendor_id="A1").conversation.contact
    assert (contact.phone, contact.handle, Contact.objects.count()) == (NINE, "", 2)
    # The same account has a new number now.
    receive("A2", user=LID, phone="+5521966665555")
    other.refresh_from_db()
    assert (other.phone, Contact.objects.count()) == ("+5521966665555", 2)


def test_an_older_message_moves_nothing_back_and_the_owners_own_one_waits_for_an_answer(receive):
    receive("A3", minute=3)
    receive("A1", minute=1)
    conversation = Conversation.objects.get()
    assert conversation.last_message_at == START + timedelta(minutes=3)
    receive("B2", minute=2, from_owner=True)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.last_direction) == ("open", "in")
    receive("B4", minute=4, from_owner=True)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.last_direction) == ("waiting", "out")
    receive("A0", minute=0)
    conversation.refresh_from_db()
    # It is news to the client, although it is old.
    assert (conversation.status, conversation.last_direction) == ("open", "out")
    assert Message.objects.get(vendor_id="B4").state == "sent"


def test_a_closed_conversation_that_gets_a_message_stays_closed_and_a_new_one_opens(receive, told):
    receive("A1")
    first = verbs.close(Conversation.objects.get())
    receive("A2", minute=1)
    assert [row.status for row in Conversation.objects.order_by("opened_at")] == ["closed", "open"]
    assert told("conversation.closed") == [
        {"contact": str(first.contact_id), "conversation": str(first.pk), "channel": "whatsapp"}
    ]


def test_an_edit_replaces_the_text_and_an_older_edit_does_not(receive, whatsapp, told):
    whatsapp.keeps_content = True
    receive("A1", "um")
    receive("E2", "tres", edits="A1", minute=3)
    receive("E1", "dois", edits="A1", minute=2)
    message = Message.objects.get()
    assert (message.content, message.length, message.at) == ("tres", 4, START)
    assert len(told("message.received")) == 1


def test_a_vendors_clock_and_odd_values_do_no_harm(receive, whatsapp):
    receive("x" * 300, minute=60 * 24 * 3650)
    receive("a\0b", kind="te\0xt", minute=1, name="Zé\0\ud800")
    receive("A1", phone=None, user="")
    receive("", minute=2)
    first, second = Message.objects.order_by("pk")
    assert (len(first.vendor_id), len(second.vendor_id), second.kind) == (64, 64, "other")
    assert first.at <= timezone.now()
    assert read({}, START).person.is_named is False


@pytest.mark.parametrize("text", ["SAIR", "sair.", " S a í r ! ", "Stop", "DESCADASTRAR", "PARAR 🙏"])
def test_a_word_opts_out(receive, told, text):
    receive("A1", text)
    contact = Contact.objects.get()
    assert (contact.opted_out_at, contact.opted_out_by) == (START, "whatsapp")
    assert told("contact.opted_out") == [{"contact": str(contact.pk), "by": "whatsapp"}]


@pytest.mark.parametrize("text", ["não quero sair", "parar de que?", "", "🙏", "x" * 5000, "start"])
def test_any_other_text_does_not(receive, text):
    receive("A1", text)
    assert Contact.objects.get().opted_out_at is None


def test_the_owners_own_word_opts_nobody_out(receive):
    receive("A1", "SAIR", from_owner=True)
    assert Contact.objects.get().opted_out_at is None


# Each is (id, minute, text, which of its phone and handle the vendor names).
MESSAGES = [
    ("A1", 1, "Oi", {"phone": EIGHT, "name": "Ana"}),
    ("A2", 2, "SAIR", {"phone": None, "user": LID}),
    ("A3", 3, "voltar", {"phone": NINE, "user": LID, "name": "Ana Exemplo"}),
    ("A3", 3, "voltar", {"phone": NINE, "user": LID, "name": "Ana Exemplo"}),
    ("A4", 4, "sair", {"phone": NINE}),
    ("A4b", 4, "START", {"phone": None, "user": LID}),
    ("A5", 5, "tchau", {"phone": None, "user": LID}),
]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(MESSAGES))
def test_the_final_state_is_the_same_in_whatever_order_messages_come(receive, whatsapp, order):
    whatsapp.keeps_content = True
    for identity, minute, text, who in order:
        receive(identity, text, minute, **who)
    contact, conversation = Contact.objects.get(), Conversation.objects.get()
    assert (contact.phone, contact.handle, contact.name) == (NINE, LID, "Ana Exemplo")
    assert (contact.opted_out_at, contact.opted_out_by) == (START + timedelta(minutes=4), "whatsapp")
    assert (conversation.status, conversation.last_message_at) == ("open", START + timedelta(minutes=5))
    rows = [(row.vendor_id, row.content) for row in conversation.messages.order_by("vendor_id")]
    assert rows == [("A1", "Oi"), ("A2", "SAIR"), ("A3", "voltar"), ("A4", "sair"), ("A4b", "START"), ("A5", "tchau")]
    Contact.objects.all().delete()


def test_another_client_has_a_contact_of_its_own_and_sees_neither_row(receive, whatsapp):
    receive("A1")
    mine, other = Contact.objects.get(), ClientFactory()
    with client_rows(other.pk):
        assert find_contact(other.pk, Person(phone=NINE)) is None
        assert [model.objects.count() for model in (Contact, Conversation, Message)] == [0, 0, 0]
        theirs = contact_of(other.pk, Person(phone=NINE))
    assert theirs.pk != mine.pk
    assert Contact.objects.get() == mine


@pytest.mark.django_db(transaction=True)
def test_workers_that_meet_a_new_person_at_once_agree_on_one_contact_and_one_conversation():
    client = ClientFactory()
    with client_rows(client.pk):
        integration = IntegrationFactory(client=client)
    begin, errors = threading.Barrier(4), []

    def work(number):
        try:
            begin.wait(10)
            for turn in range(5):
                payload = {"id": f"{number}-{turn}", "text": "Oi", "phone": EIGHT if number % 2 else NINE}
                payload |= {"user": LID} if turn == number else {}
                with client_rows(client.pk):
                    event = Event(client_id=client.pk, received_at=START)
                    message_received(integration, payload, START, event)
        except Exception as error:  # noqa: BLE001 - the test shows it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    with system_rows("a test"):
        assert [model.objects.count() for model in (Contact, Conversation, Message)] == [1, 1, 20]
        assert Contact.objects.get().handle == LID
