"""The pages of conversations and contacts: what they show, what they change, and to whom."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import Entry
from apps.clients.factories import MembershipFactory
from apps.integrations.conversations import opt_out
from apps.integrations.factories import ContactFactory, ConversationFactory, IntegrationFactory, MessageFactory
from apps.integrations.models import Contact, Conversation, Integration, Message, Send
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db
PHONE = "+5511988887777"


@pytest.fixture
def membership():
    return MembershipFactory(role="member")


@pytest.fixture
def person(client, membership):
    """A browser in which the member is signed in; it asks for English."""
    client.force_login(membership.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def test_a_conversation_that_ended_with_an_opt_out_waits_for_nobody(person, thread, membership):
    with client_rows(membership.client_id):
        Conversation.objects.update(status="open")
        assert "Waits for an answer" in person.get("/conversations/").content.decode().partition('id="list"')[2]
        Contact.objects.update(opted_out_at=Conversation.objects.get().last_message_at, opted_out_by="whatsapp")
    for page in ("/conversations/", f"/conversations/{thread.pk}/"):
        shown = person.get(page).content.decode()
        assert "Opted out" in shown
        assert 'badge--warn">Waits' not in shown
    with client_rows(membership.client_id):
        Conversation.objects.update(last_message_at=timezone.now() + timedelta(seconds=1))
    assert "Opted out" not in person.get("/conversations/").content.decode()


def test_a_contact_who_opted_out_last_is_not_among_those_who_wait(person, thread, membership):
    def listed(status):
        return "Ana Exemplo" in person.get("/conversations/", {"status": status}).text

    with client_rows(membership.client_id):
        Conversation.objects.update(status="open")
        assert listed("open")
        opt_out.wrote(thread.contact, opt_out.Choice.OUT, channel="whatsapp", at=_last(thread))
    assert (listed("open"), listed("")) == (False, True)
    with client_rows(membership.client_id):
        Conversation.objects.update(status="waiting")
    assert listed("waiting")


@pytest.mark.parametrize("by", ["client", "email"])
def test_a_question_waits_although_messages_were_switched_off_elsewhere(person, thread, membership, by):
    with client_rows(membership.client_id):
        Conversation.objects.update(status="open")
        opt_out.opt_out(thread.contact, by=by)
    (row,) = person.get("/conversations/", {"status": "open"}).context["rows"]
    assert (row.tone, str(row.state)) == ("warn", "Waits for an answer")


def _last(thread):
    return Conversation.objects.get(pk=thread.pk).last_message_at


@pytest.fixture
def thread(membership):
    """A conversation with one message of each side."""
    owner, now = membership.client, timezone.now()
    with client_rows(owner.pk):
        contact = ContactFactory(client=owner, name="Ana Exemplo", phone=PHONE, email="ana@exemplo.com")
        made = ConversationFactory(contact=contact, integration=IntegrationFactory(client=owner))
        MessageFactory(conversation=made, at=now - timedelta(minutes=2), content="Bom dia <b>")
        MessageFactory(conversation=made, at=now - timedelta(minutes=1), direction="out", state="read", length=42)
    return made


def of(row, model, **query):
    with client_rows(row.client_id):
        return list(model.objects.filter(**query))


def told(answer) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_without_a_conversation_the_list_says_how_one_begins(person, membership):
    assert "Connect WhatsApp or e-mail first" in person.get("/conversations/").text
    with client_rows(membership.client_id):
        IntegrationFactory(client=membership.client)
    assert "One begins when somebody writes to you" in person.get("/conversations/").text


def test_the_list_shows_who_wrote_last_and_filters_with_as_many_queries_for_many(person, thread):
    text = person.get("/conversations/").text
    assert "Ana Exemplo" in text
    assert "You: Text, 42 letters" in text
    assert "Ana Exemplo" in person.get("/conversations/", {"status": "open", "channel": "whatsapp"}).text
    assert "Nothing fits" in person.get("/conversations/", {"status": "closed"}).text
    few = _queries(person)
    with client_rows(thread.client_id):
        for _ in range(5):
            MessageFactory(conversation=ConversationFactory(contact__client=thread.contact.client))
    assert _queries(person) == few


def _queries(person) -> int:
    with CaptureQueriesContext(connection) as captured:
        person.get("/conversations/")
    return len(captured)


def test_a_contact_is_found_by_the_whole_number_and_it_stands_in_no_address(person, thread, membership):
    membership.role = "viewer"
    membership.save()
    for text in ("11 8888-7777", PHONE, "ANA@exemplo.com"):
        answer = person.post("/conversations/find/", {"q": text})
        assert answer["Location"] == f"/contacts/{thread.contact_id}/", text
    assert told(person.post("/conversations/find/", {"q": "+5511988887778"})) == [
        "No contact has exactly this number or address."
    ]
    assert "phone number" in told(person.post("/conversations/find/", {"q": "Ana"}))[-1]


def test_a_conversation_is_a_chat_with_contents_where_they_are_kept_and_a_reason_where_not(person, thread):
    text = person.get(f"/conversations/{thread.pk}/").text
    assert "Bom dia &lt;b&gt;" in text
    assert "Text, 42 letters" in text
    assert "The contents are not kept" in text
    assert 'aria-label="read"' in text
    assert text.index("Bom dia") < text.index("Text, 42 letters")
    with client_rows(thread.client_id):
        Integration.objects.update(keeps_content=True)
        Message.objects.filter(direction="out").update(state="unknown")
    text = person.get(f"/conversations/{thread.pk}/").text
    assert "Some contents are not here" in text
    assert "it is not known whether it was sent" in text


def test_earlier_messages_come_on_demand(person, thread):
    with client_rows(thread.client_id):
        for minute in range(45):
            MessageFactory(conversation=thread, content=f"n{minute}.", at=timezone.now() + timedelta(minutes=minute))
    page = person.get(f"/conversations/{thread.pk}/")
    assert ("n44." in page.text, "n4." in page.text) == (True, False)
    assert "n4." in person.get(f"/conversations/{thread.pk}/{page.context['next']}").text
    assert person.get(f"/conversations/{thread.pk}/?after=x").status_code == 404


def test_an_answer_becomes_one_send_even_after_two_clicks(person, thread):
    page = person.get(f"/conversations/{thread.pk}/")
    sent = {"text": "Bom dia, Ana", "key": page.context["answer_form"]["key"].value()}
    for _ in range(2):
        assert person.post(f"/conversations/{thread.pk}/", sent).status_code == 302
    (send,) = of(thread, Send)
    assert (send.recipient, send.params["text"], send.source) == (PHONE, "Bom dia, Ana", "page")
    assert of(thread, Conversation)[0].status == "waiting"
    assert of(thread, Message, send=send)[0].state == "queued"
    refused = person.post(f"/conversations/{thread.pk}/", {"text": " ", "key": "x"})
    assert refused.status_code == 422
    with client_rows(thread.client_id):
        Integration.objects.update(paused_at=timezone.now())
    refused = person.post(f"/conversations/{thread.pk}/", {"text": "Olá", "key": "y"})
    assert (refused.status_code, len(of(thread, Send))) == (422, 1)
    with client_rows(thread.client_id):
        Conversation.objects.update(integration=None)
    assert "There is no way to answer here" in person.get(f"/conversations/{thread.pk}/").text


def test_a_mail_is_answered_with_a_subject(person, membership):
    with client_rows(membership.client_id):
        mail = IntegrationFactory(client=membership.client, provider="email_smtp")
        contact = ContactFactory(client=membership.client, phone="", email="ana@exemplo.com")
        thread = ConversationFactory(contact=contact, integration=mail, channel="email")
    path = f"/conversations/{thread.pk}/"
    assert person.post(path, {"text": "Olá", "key": "x"}).status_code == 422
    assert person.post(path, {"text": "Olá", "subject": "Oi", "key": "x"}).status_code == 302
    assert of(thread, Send)[0].recipient == "ana@exemplo.com"


def test_it_is_closed_reopened_and_assigned_and_the_audit_knows_by_whom(person, thread, membership):
    path = f"/conversations/{thread.pk}"
    person.post(f"{path}/close/")
    assert "Reopen it to answer" in person.get(f"{path}/").text
    person.post(f"{path}/reopen/")
    assert of(thread, Conversation)[0].status == "open"
    person.post(f"{path}/assign/", {"user": membership.user_id})
    assert of(thread, Conversation)[0].assigned_to_id == membership.user_id
    for wrong in (MembershipFactory().user_id, "x", "9" * 30):
        assert told(person.post(f"{path}/assign/", {"user": wrong}))[-1].startswith("This person is no member")
    person.post(f"{path}/assign/", {"user": ""})
    assert of(thread, Conversation)[0].assigned_to_id is None
    person.post(f"{path}/close/")
    with client_rows(thread.client_id):
        ConversationFactory(contact=thread.contact)
    assert "newer conversation" in told(person.post(f"{path}/reopen/"))[-1]
    entries = Entry.objects.filter(action__startswith="conversation.", actor=membership.user_id)
    assert entries.count() == 5


def test_a_contact_is_edited_and_switched_off_and_on(person, thread, membership):
    path = f"/contacts/{thread.contact_id}/"
    assert "allowed" in person.get(path).text
    sent = {"name": "Ana Maria", "phone": PHONE, "email": "ana"}
    assert "This is not an e-mail address." in person.post(path, sent).text
    assert person.post(path, {**sent, "email": ""}).status_code == 302
    assert [(row.name, row.phone, row.email) for row in of(thread, Contact)] == [("Ana Maria", PHONE, "")]
    person.post(f"{path}messages/", {"messages": "off"})
    assert "somebody of this client switched them off" in person.get(path).text
    assert "This contact wants no automatic messages" in person.get(f"/conversations/{thread.pk}/").text
    person.post(f"{path}messages/", {"messages": "on"})
    with client_rows(thread.client_id):
        opt_out.opt_out(thread.contact, by="whatsapp")
    assert "the contact asked for it by WhatsApp" in person.get(path).text
    assert Entry.objects.filter(action__startswith="contact.opt").count() == 2


def test_another_clients_pages_do_not_exist_and_a_viewer_only_looks(client, person, thread, membership):
    paths = [f"/conversations/{thread.pk}/", f"/contacts/{thread.contact_id}/"]
    posts = [*paths, f"{paths[0]}close/", f"{paths[0]}reopen/", f"{paths[0]}assign/", f"{paths[1]}messages/"]
    membership.role = "viewer"
    membership.save()
    for path in paths:
        assert "You may look, but not change anything here." in person.get(path).text
    assert [person.post(path).status_code for path in posts] == [403] * 6
    stranger = MembershipFactory(role="owner")
    client.force_login(stranger.user)
    assert "Ana" not in client.get("/conversations/").text
    assert [client.get(path).status_code for path in paths] == [404, 404]
    assert [client.post(path).status_code for path in posts] == [404] * 6
    assert client.get(f"/conversations/{uuid4()}/").status_code == 404
    client.logout()
    assert [client.get(path).status_code for path in ("/conversations/", *paths)] == [302] * 3
