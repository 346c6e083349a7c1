"""The API of contacts and conversations: what it shows, what it changes, and to whom."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.audit.models import Entry
from apps.clients.factories import MembershipFactory
from apps.events.models import Event
from apps.integrations.factories import ContactFactory, ConversationFactory, IntegrationFactory, MessageFactory
from apps.integrations.models import Contact, Conversation
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db
PHONE, EMAIL = "+5511988887777", "ana@exemplo.com"


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def program(caller, member):
    return caller(member)


@pytest.fixture
def contact(member):
    with client_rows(member.client_id):
        return ContactFactory(client=member.client, name="Ana Exemplo", phone=PHONE, email=EMAIL)


@pytest.fixture
def thread(contact):
    with client_rows(contact.client_id):
        integration = IntegrationFactory(client=contact.client)
        return ConversationFactory(contact=contact, integration=integration)


def now(row):
    with client_rows(row.client_id):
        return type(row).objects.get(pk=row.pk)


def details(answer) -> set[str]:
    return set(answer["details"])


def test_contacts_are_masked_unless_one_is_read_with_the_scope_for_it(caller, member, program, contact):
    masked = {"name": "A••• E•••", "phone": "+55 ••• 7777", "email": "a•••@exemplo.com", "is_masked": True}
    rows = caller(member, "read", "identity").get("/api/contacts/")[1]["contacts"]
    assert [row["id"] for row in rows] == [str(contact.pk)]
    assert rows[0].items() >= masked.items()
    assert program.get(f"/api/contacts/{contact.pk}/")[1]["contact"].items() >= masked.items()
    assert not Entry.objects.filter(action="contact.read").exists()
    whole = caller(member, "identity", "read").get(f"/api/contacts/{contact.pk}/")[1]["contact"]
    assert (whole["name"], whole["phone"], whole["email"], whole["is_masked"]) == ("Ana Exemplo", PHONE, EMAIL, False)
    assert Entry.objects.get(action="contact.read").subject.endswith(str(contact.pk))


def test_contacts_are_found_by_the_whole_number_or_address_and_by_their_opt_out(program, contact):
    with client_rows(contact.client_id):
        other = ContactFactory(client=contact.client, phone="+5521977776666", opted_out_at=timezone.now())

    def found(**query):
        return [row["id"] for row in program.get("/api/contacts/", **query)[1]["contacts"]]

    for query in ({"phone": "(11) 8888-7777"}, {"phone": PHONE}, {"email": "ANA@exemplo.com"}, {"opted_out": "false"}):
        assert found(**query) == [str(contact.pk)], query
    assert found(opted_out="true") == [str(other.pk)]
    assert found() == [str(other.pk), str(contact.pk)]
    assert found(phone="+5511988887778") == []
    first = program.get("/api/contacts/", limit=1)[1]
    assert found(limit=1, cursor=first["next_cursor"]) == [str(contact.pk)]
    for wrong in ({"phone": "12"}, {"phone": "ana"}, {"email": PHONE}, {"opted_out": "maybe"}, {"name": "Ana"}):
        status, answer = program.get("/api/contacts/", **wrong)
        assert (status, details(answer)) == (400, set(wrong)), wrong


def test_a_contact_is_edited_and_nobody_gets_anothers_number(program, contact):
    with client_rows(contact.client_id):
        other = ContactFactory(client=contact.client, phone="+5521977776666")
    path = f"/api/contacts/{contact.pk}/"
    assert program.patch(path, {"name": " Ana  Maria ", "phone": "11 8888 6666", "email": ""})[0] == 200
    row = now(contact)
    assert (row.name, row.phone, row.email, row.email_index) == ("Ana Maria", "+5511988886666", "", None)
    status, answer = program.patch(path, {"name": "X", "phone": "21977776666"})
    assert (status, answer["error_code"]) == (409, "CONTACT_EXISTS")
    for wrong in ({"phone": "1"}, {"email": "ana"}, {"phone": ""}, {"opted_out": True}, {"name": 1}):
        status, answer = program.patch(path, wrong)
        assert (status, details(answer)) == (400, set(wrong)), wrong
    assert now(contact).name == "Ana Maria"
    assert now(other).phone == "+5521977776666"
    assert [row.details["fields"] for row in Entry.objects.filter(action="contact.edit")] == [
        ["email", "name", "phone"]
    ]


def test_an_opt_out_is_switched_and_leaves_a_line_in_the_audit(program, contact):
    for verb, is_out in (("opt-out", True), ("opt-out", True), ("opt-in", False)):
        status, answer = program.post(f"/api/contacts/{contact.pk}/{verb}/")
        assert (status, answer["contact"]["opted_out"]) == (200, is_out)
    kinds = list(Event.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["contact.opted_out", "contact.opted_in"]
    assert Entry.objects.filter(action__startswith="contact.opt").count() == 3


def test_conversations_come_by_their_last_message_and_each_filter_leaves_what_fits(program, thread):
    with client_rows(thread.client_id):
        later = timezone.now() + timedelta(minutes=1)
        other = ConversationFactory(
            contact__client=thread.client, channel="email", status="closed", last_message_at=later
        )

    def found(**query):
        return [row["id"] for row in program.get("/api/conversations/", **query)[1]["conversations"]]

    assert found() == [str(other.pk), str(thread.pk)]
    for query in ({"status": "open"}, {"channel": "whatsapp"}, {"contact": str(thread.contact_id)}):
        assert found(**query) == [str(thread.pk)], query
    assert program.get("/api/conversations/", status="busy")[0] == 400


def test_a_conversation_shows_its_messages_by_pages_and_contents_only_where_they_are_kept(program, thread):
    with client_rows(thread.client_id):
        start = timezone.now() - timedelta(hours=1)
        for minute in range(3):
            content = "Olá" if minute == 2 else ""
            MessageFactory(conversation=thread, at=start + timedelta(minutes=minute), content=content)
    path = f"/api/conversations/{thread.pk}/"
    first = program.get(path, limit=2)[1]
    assert first["conversation"]["id"] == str(thread.pk)
    assert [row["content"] for row in first["messages"]] == ["Olá", None]
    second = program.get(path, limit=2, cursor=first["next_cursor"])[1]
    assert (len(second["messages"]), second["next_cursor"]) == (1, None)


def test_a_conversation_is_closed_reopened_and_assigned(program, member, thread):
    path = f"/api/conversations/{thread.pk}"
    assert program.post(f"{path}/close/")[1]["conversation"]["status"] == "closed"
    assert program.post(f"{path}/reopen/")[1]["conversation"]["status"] == "open"
    program.post(f"{path}/close/")
    with client_rows(thread.client_id):
        ConversationFactory(contact=thread.contact)
    status, answer = program.post(f"{path}/reopen/")
    assert (status, answer["error_code"]) == (409, "NEWER_CONVERSATION")
    assert program.post(f"{path}/assign/", {"user": member.user_id})[1]["conversation"]["assigned_to"] == member.user_id
    stranger = MembershipFactory()
    status, answer = program.post(f"{path}/assign/", {"user": stranger.user_id})
    assert (status, answer["error_code"]) == (409, "NO_SUCH_PERSON")
    assert program.post(f"{path}/assign/", {"user": None})[1]["conversation"]["assigned_to"] is None
    assert program.post(f"{path}/assign/", {})[0] == 400
    actions = Entry.objects.filter(action__startswith="conversation.").order_by("id")
    assert [row.action.partition(".")[2] for row in actions] == ["close", "reopen", "close", "assign", "assign"]


def test_an_agent_reports_an_intent(program, thread):
    path = f"/api/conversations/{thread.pk}/intents/"
    assert program.post(path, {"intent": "cancel_order", "confidence": 0.9})[0] == 201
    told = Event.objects.get(kind="intent_detected").data
    assert {**told, "confidence": str(told["confidence"])} == {
        "contact": str(thread.contact_id),
        "conversation": str(thread.pk),
        "channel": "whatsapp",
        "intent": "cancel_order",
        "confidence": "0.9",
        "source": "a program",
    }
    for wrong in (
        {"intent": "Não quero"},
        {"confidence": 2},
        {"confidence": False},
        {"agent": ""},
    ):
        status, answer = program.post(path, {"intent": "ok", "confidence": 1, **wrong})
        assert (status, details(answer)) == (400, set(wrong)), wrong
    assert Event.objects.filter(kind="intent_detected").count() == 1


def test_another_clients_rows_do_not_exist_and_a_viewer_changes_nothing(caller, contact, thread):
    looker = MembershipFactory(client=contact.client)
    stranger, viewer = caller(MembershipFactory()), caller(looker)
    looker.role = "viewer"
    looker.save()
    assert stranger.get("/api/contacts/", phone=PHONE)[1]["contacts"] == []
    assert stranger.get("/api/conversations/")[1]["conversations"] == []
    verbs = {f"/api/contacts/{contact.pk}/": ("opt-out/", "opt-in/")}
    verbs[f"/api/conversations/{thread.pk}/"] = ("close/", "reopen/", "assign/", "intents/")
    for path, names in verbs.items():
        assert stranger.get(path)[0] == 404
        assert viewer.get(path)[0] == 200
        assert stranger.get(path.replace(path.split("/")[3], str(uuid4())))[0] == 404
        for name in names:
            assert stranger.post(path + name, {})[0] == 404, name
            assert viewer.post(path + name, {})[1]["error_code"] == "READ_ONLY_ROLE", name
    assert stranger.patch(f"/api/contacts/{contact.pk}/", {"name": "X"})[0] == 404
    with client_rows(contact.client_id):
        assert (Contact.objects.get().opted_out_at, Conversation.objects.get().status) == (None, "open")
