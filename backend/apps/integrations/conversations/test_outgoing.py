"""What is sent appears in the conversation, with its state; and an opt-out has the last word."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.integrations.conversations import opt_out
from apps.integrations.conversations.conftest import EIGHT, LID, NINE, START
from apps.integrations.conversations.opt_out import is_opted_out
from apps.integrations.conversations.outgoing import has_opted_out, note_send
from apps.integrations.conversations.person import recipient
from apps.integrations.factories import IntegrationFactory
from apps.integrations.models import Contact, Conversation, Message, Send
from apps.integrations.sending.states import change


@pytest.fixture
def send(owner, whatsapp):
    def make(to=NINE, integration=None, action="messages.send_text", **params):
        on = integration or whatsapp
        row = Send(client=owner, integration=on, channel=on.entry.channel, action=action, source="api")
        row.recipient, row.params, row.recipient_index = to, params or {"text": "Olá"}, b"x" * 16
        row.save(force_insert=True)
        return row

    return make


def test_a_send_is_a_message_of_the_persons_conversation_and_waits_for_an_answer(receive, send):
    receive("A1", phone=EIGHT)
    row = send()
    contact = note_send(row)
    row.refresh_from_db()
    conversation = Conversation.objects.get()
    assert contact == row.contact == conversation.contact
    assert (conversation.status, conversation.last_direction) == ("waiting", "out")
    message = row.message
    assert (message.direction, message.state, message.length, message.content) == ("out", "queued", 3, "")
    receive("A2", minute=5)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.last_direction) == ("open", "out")


def test_a_mail_and_a_file_open_conversations_of_their_own_and_keep_their_text_where_it_is_wanted(owner, send):
    mail = IntegrationFactory(client=owner, provider="email_smtp", keeps_content=True)
    first = note_send(send("Ana@Exemplo.com", mail, "messages.send", subject="Assunto", html="<p>Olá</p>"))
    again = note_send(send("ana@exemplo.com ", mail, "messages.send", subject="Assunto", text="Olá"))
    assert (first, first.email) == (again, "ana@exemplo.com")
    assert [row.content for row in Message.objects.order_by("pk")] == ["Assunto", "Olá"]
    note_send(send(action="messages.send_media", kind="image", url="https://example.com/a.png"))
    assert Message.objects.get(kind="image").conversation.channel == "whatsapp"


@pytest.mark.parametrize(
    ("channel", "to", "expected"),
    [
        ("whatsapp", "(11) 98888-7777", {"phone": NINE}),
        ("whatsapp", EIGHT, {"phone": NINE}),
        ("whatsapp", "+999123456", {"phone": "+999123456"}),
        ("whatsapp", LID, {"handle": LID}),
        ("whatsapp", "120363400000000001@g.us", None),
        ("whatsapp", "12", None),
        ("whatsapp", "", None),
        ("email", " Ana@Exemplo.com", {"email": "ana@exemplo.com"}),
        ("email", "ana", None),
        ("slack", "#geral", None),
    ],
)
def test_a_recipient_is_a_person_or_none(channel, to, expected):
    person = recipient(channel, to)
    assert (person and {way: value for way, value in vars(person).items() if value}) == expected


def test_a_send_to_a_group_has_no_contact(send):
    assert note_send(send("120363400000000001@g.us")) is None
    assert not Contact.objects.exists()


def test_a_message_mirrors_its_send_and_swallows_an_echo_that_was_faster(receive, send):
    row = send()
    note_send(row)
    receive("S1", "Olá", from_owner=True)
    assert Message.objects.count() == 2
    now = timezone.now()
    for _ in range(2):
        change(row, "delivered", at=now, vendor_id="S1")
    change(row, "read", at=now + timedelta(seconds=1))
    message = Message.objects.get()
    assert (message.send, message.state, message.vendor_id) == (row, "read", "S1")
    assert (message.delivered_at, message.read_at) == (now, now + timedelta(seconds=1))
    other = send()
    change(other, "sent")
    assert Message.objects.count() == 1


def test_an_opt_out_holds_until_the_person_or_the_client_takes_it_back(receive, owner, told):
    receive("A1", "SAIR", minute=1)
    contact = Contact.objects.get()
    assert is_opted_out(contact)
    assert has_opted_out(owner.pk, ["x@exemplo.com", NINE])
    assert not has_opted_out(owner.pk, ["x@exemplo.com"])
    contact.opted_out_at = None
    assert is_opted_out(contact)
    assert opt_out.opt_in(contact).opted_out_at is None
    assert not is_opted_out(contact)
    # The person had not seen that when they wrote it, but it is what they want.
    receive("A2", "PARAR", minute=2)
    assert is_opted_out(contact)
    receive("A3", "Voltar", minute=3)
    receive("A0", "sair", minute=0)
    assert not is_opted_out(contact)
    opt_out.opt_out(contact)
    opt_out.opt_out(contact)
    assert is_opted_out(contact)
    kinds = [each["by"] for each in told("contact.opted_out")], [each["by"] for each in told("contact.opted_in")]
    assert kinds == (["whatsapp", "whatsapp", "client"], ["client", "whatsapp"])


def test_who_unsubscribes_from_mails_is_opted_out_everywhere(owner, told):
    assert opt_out.unsubscribed(owner.pk, "", at=START) is None
    contact = opt_out.unsubscribed(owner.pk, "Ana@exemplo.com", at=START)
    assert (contact.email, is_opted_out(contact), contact.opted_out_by) == ("ana@exemplo.com", True, "email")
    assert len(told("contact.opted_out")) == 1
