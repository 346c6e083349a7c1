"""A send is a row and an event: one call to the vendor, its intent stored before, its outcome after."""

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from apps.clients.factories import ClientFactory
from apps.events.models import Event
from apps.integrations.conftest import PERSON
from apps.integrations.connect import verbs
from apps.integrations.factories import of_send
from apps.integrations.models import Contact, Integration, Send
from apps.integrations.sending import deliver as delivering
from apps.integrations.sending.news import news
from apps.integrations.sending.recipient import index_of
from apps.integrations.sending.request import repeat, request_send
from apps.integrations.sending.states import is_news
from lib.errors import NeedsUser, Permanent
from lib.row_security import client_rows
from plugfn.errors import InvalidParams

pytestmark = pytest.mark.django_db(transaction=True)
State = Send.State
HELLO = {"to": PERSON, "text": "Olá"}
OTHERS = ("+5511977776666", "+5511966665555")
MAIL = {"to": ["ana@example.com"], "subject": "Oi", "text": "Olá, Ana"}


def ask(integration, params=HELLO, source=Send.Source.PAGE, **more):
    return request_send(integration, params, source=source, **more)[0]


@pytest.fixture
def people(uazapi):
    """Three numbers that are on WhatsApp."""
    for number in OTHERS:
        uazapi.control("POST", "/people", {"number": number.removeprefix("+"), "name": "Bia"})
    return PERSON, *OTHERS


def sent_texts(uazapi):
    return [request["body"] for request in uazapi.requests("/send/text")]


def test_a_whatsapp_message_is_sent_once_and_its_row_says_so(whatsapp, uazapi, run_due):
    send = ask(whatsapp)
    assert of_send(send).state == State.QUEUED
    assert sent_texts(uazapi) == []
    assert run_due() == 1
    now = of_send(send)
    assert (now.state, now.attempts, now.error_code) == (State.SENT, 1, "")
    assert now.vendor_id
    (request,) = sent_texts(uazapi)
    assert send.pk.hex in str(request)
    assert run_due() == 0


def test_an_email_is_sent_with_the_id_of_its_row(mail, smtp, run_due):
    send = ask(mail, MAIL)
    run_due()
    (arrived,) = smtp.control("GET", "/mails")
    assert send.pk.hex in arrived["data"]
    assert of_send(send).state == State.SENT


def test_the_event_carries_the_number_alone_and_the_row_no_plain_text(whatsapp):
    send = ask(whatsapp)
    event = Event.objects.get(kind="send.requested")
    assert event.data == {"send": str(send.pk)}
    assert event.client_id == send.client_id
    assert PERSON.removeprefix("+") not in event.mailbox
    row = of_send(send)
    assert b"988887777" not in bytes(row.params_sealed) + bytes(row.recipient_sealed) + bytes(row.recipient_index)
    assert (row.params["text"], row.recipient) == ("Olá", PERSON)


def test_the_same_key_is_the_same_send_and_another_content_is_a_conflict(whatsapp, uazapi, run_due):
    first, made = request_send(whatsapp, HELLO, source=Send.Source.API, key="order-1")
    again, made_again = request_send(whatsapp, HELLO, source=Send.Source.API, key="order-1")
    assert (first.pk, made, made_again) == (again.pk, True, False)
    with pytest.raises(Permanent) as refused:
        request_send(whatsapp, {**HELLO, "text": "other"}, source=Send.Source.API, key="order-1")
    assert refused.value.code == "idempotency_conflict"
    run_due()
    assert len(sent_texts(uazapi)) == 1


def test_after_a_day_a_key_is_free_again(whatsapp):
    first = ask(whatsapp, key="order-1")
    with client_rows(whatsapp.client_id):
        Send.objects.update(created_at="2026-01-01T00:00Z")
    assert ask(whatsapp, {**HELLO, "text": "other"}, key="order-1").pk != first.pk


@pytest.mark.parametrize(
    "params", [{"to": "not a number", "text": "x"}, {"to": PERSON}, {"to": "+5511", "text": "x"}, {"text": "x"}]
)
def test_wrong_parameters_are_refused_before_anything_is_stored(whatsapp, params):
    with pytest.raises(InvalidParams):
        ask(whatsapp, params)
    assert not Event.objects.filter(kind="send.requested").exists()


def test_headers_cannot_be_injected_into_a_mail(mail):
    with pytest.raises(InvalidParams):
        ask(mail, {**MAIL, "subject": "x\r\nBcc: eve@example.com"})


def test_a_failure_before_anything_was_done_is_retried_on_the_schedule_of_its_kind(whatsapp, uazapi, run_due, later):
    uazapi.fault("POST /send/text", kind="answer", status=429, count=2)
    send = ask(whatsapp)
    for _ in range(3):
        run_due()
        later()
    assert of_send(send).state == State.SENT


def test_a_refused_number_fails_the_send_and_leaves_no_dead_letter(whatsapp, run_due):
    send = ask(whatsapp, {"to": "+5521977776666", "text": "x"})
    run_due()
    now = of_send(send)
    assert (now.state, now.error_code) == (State.FAILED, "not_on_whatsapp")
    assert Event.objects.get(kind="send.requested").state == Event.State.DONE


def test_a_send_that_died_between_call_and_answer_is_looked_up_and_not_repeated(whatsapp, uazapi, run_due, monkeypatch):
    send = ask(whatsapp)
    finish = delivering._finish

    def die(*_, **__):
        raise SystemExit

    monkeypatch.setattr(delivering, "_finish", die)
    with pytest.raises(SystemExit):
        run_due()
    assert of_send(send).state == State.SENDING
    monkeypatch.setattr(delivering, "_finish", finish)
    _free_mailboxes()
    run_due()
    assert of_send(send).state == State.SENT
    assert len(sent_texts(uazapi)) == 1


def test_messages_to_several_people_are_under_way_at_once_and_each_ends_by_itself(whatsapp, people, run_due, caplog):
    lost = ask(whatsapp, {"to": "+5521977776666", "text": "x"})
    late = ask(whatsapp, {"to": OTHERS[0], "text": "late"}, source=Send.Source.API)
    with client_rows(whatsapp.client_id):
        Contact.objects.filter(phone_index=index_of(OTHERS[0])).update(opted_out_at="2026-11-01T00:00Z")
    fine = [ask(whatsapp, {"to": to, "text": "Olá"}) for to in (PERSON, OTHERS[1])]
    assert run_due() == 4
    assert "Processing send.requested for 4 mailboxes" in caplog.text
    assert "Processing send.requested for send:" not in caplog.text
    assert [of_send(send).state for send in fine] == [State.SENT] * 2
    assert (of_send(lost).state, of_send(lost).error_code) == (State.FAILED, "not_on_whatsapp")
    assert (of_send(late).state, of_send(late).error_code) == (State.FAILED, "opted_out")
    assert all(of_send(send).vendor_id for send in fine)
    assert {event.state for event in Event.objects.filter(kind="send.requested")} == {Event.State.DONE}
    told = [event.data["state"] for event in Event.objects.filter(kind="message.status")]
    assert sorted(told) == ["failed", "failed", "sent", "sent"]


def test_one_of_several_messages_that_is_refused_for_now_is_retried_alone(whatsapp, uazapi, people, run_due, later):
    uazapi.fault("POST /send/text", kind="answer", status=429, count=1)
    sends = [ask(whatsapp, {"to": to, "text": "Olá"}) for to in people]
    run_due()
    assert sorted(of_send(send).state for send in sends) == [State.QUEUED, State.SENT, State.SENT]
    for _ in range(3):
        later()
        run_due()
    assert [of_send(send).state for send in sends] == [State.SENT] * 3
    # The refused one was asked for twice, the others once.
    assert len(sent_texts(uazapi)) == 4


def test_several_messages_whose_worker_died_are_looked_up_and_not_repeated(
    whatsapp, uazapi, people, run_due, monkeypatch
):
    sends = [ask(whatsapp, {"to": to, "text": "Olá"}) for to in people]

    def die(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_finish_together", die)
        with pytest.raises(SystemExit):
            run_due()
    assert [of_send(send).state for send in sends] == [State.SENDING] * 3
    _free_mailboxes()
    run_due()
    assert [of_send(send).state for send in sends] == [State.SENT] * 3
    assert len(sent_texts(uazapi)) == 3


def test_what_the_vendor_answered_is_stored_although_the_common_transaction_fails(
    mail, smtp, run_due, monkeypatch, caplog
):
    sends = [ask(mail, {**MAIL, "to": [f"person-{number}@example.com"]}) for number in range(3)]

    def fail(*_, **__):
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(delivering, "change_all", fail)
    run_due()
    assert "3 sends could not be stored together (OperationalError)" in caplog.text
    assert [of_send(send).state for send in sends] == [State.SENT] * 3
    assert len(smtp.control("GET", "/mails")) == 3


def test_an_answer_does_not_take_back_what_was_reported_during_the_call(whatsapp, run_due, monkeypatch):
    send, call = ask(whatsapp), delivering._call

    def answer_late(begun):
        result = call(begun)
        with client_rows(whatsapp.client_id):
            assert news(whatsapp, "message.status", {"tracking": send.pk.hex, "state": "delivered"}, None) == "news"
        return result

    monkeypatch.setattr(delivering, "_call", answer_late)
    run_due()
    now = of_send(send)
    assert now.state == State.DELIVERED
    assert all((now.sent_at, now.delivered_at, now.vendor_id))
    with client_rows(whatsapp.client_id):
        assert (now.message.state, now.message.delivered_at) == (State.DELIVERED, now.delivered_at)
    told = [event.data["state"] for event in Event.objects.filter(kind="message.status")]
    assert told == ["delivered"]


def test_a_mail_whose_outcome_is_unknown_is_shown_so_and_sent_again_by_a_person_alone(mail, smtp, run_due, later):
    smtp.control("POST", "/smtp/faults", {"stage": "accepted", "kind": "drop", "count": 1})
    send = ask(mail, MAIL)
    for _ in range(6):
        run_due()
        later()
    assert (of_send(send).state, of_send(send).error_code) == (State.UNKNOWN, "outcome_unknown")
    repeat(of_send(send))
    run_due()
    assert of_send(send).state == State.SENT
    with pytest.raises(Permanent):
        repeat(of_send(send))


def test_messages_to_one_person_keep_their_order_while_one_waits_for_its_retry(whatsapp, uazapi, run_due, later):
    uazapi.fault("POST /send/text", kind="answer", status=429, count=1)
    sends = [ask(whatsapp, {**HELLO, "text": text}) for text in ("one", "two", "three")]
    run_due()
    assert [of_send(send).state for send in sends] == [State.QUEUED] * 3
    for _ in range(6):
        later()
        run_due()
    assert [of_send(send).state for send in sends] == [State.SENT] * 3
    assert [text for body in sent_texts(uazapi)[1:] for text in ("one", "two", "three") if text in str(body)] == [
        "one",
        "two",
        "three",
    ]


def test_a_paused_integration_sends_when_it_is_resumed(whatsapp, run_due, later):
    send = ask(whatsapp)
    verbs.pause(whatsapp)
    run_due()
    assert of_send(send).state == State.QUEUED
    with client_rows(whatsapp.client_id):
        whatsapp = Integration.objects.get()
    with pytest.raises(NeedsUser):
        ask(whatsapp)
    verbs.resume(whatsapp)
    later()
    run_due()
    assert of_send(send).state == State.SENT


def test_a_send_whose_integration_is_gone_has_failed(whatsapp, run_due):
    send = ask(whatsapp)
    verbs.disconnect(whatsapp)
    run_due()
    assert (of_send(send).state, of_send(send).error_code) == (State.FAILED, "integration_gone")


def test_an_opt_out_has_the_last_word_over_automatic_messages(whatsapp, run_due):
    late = ask(whatsapp, source=Send.Source.API)
    with client_rows(whatsapp.client_id):
        Contact.objects.filter(phone_index=index_of(PERSON)).update(opted_out_at="2026-11-01T00:00Z")
    for source in (Send.Source.API, Send.Source.AGENT, Send.Source.RULE):
        with pytest.raises(Permanent) as refused:
            ask(whatsapp, source=source)
        assert refused.value.code == "opted_out"
    run_due()
    assert (of_send(late).state, of_send(late).error_code) == (State.FAILED, "opted_out")
    ask(whatsapp, source=Send.Source.PAGE)


def test_news_reach_the_row_in_any_order_and_never_go_back(whatsapp, run_due):
    send = ask(whatsapp)
    run_due()
    report = {"id": of_send(send).vendor_id, "tracking": send.pk.hex}

    def tell(state):
        with client_rows(whatsapp.client_id):
            return news(whatsapp, "message.status", {**report, "state": state}, None)

    assert [tell("read"), tell("delivered"), tell("read"), tell("failed")] == ["news", "old", "old", "old"]
    assert of_send(send).state == State.READ
    with client_rows(whatsapp.client_id):
        assert news(whatsapp, "message.status", {"id": "other", "state": "read"}, None) == "unknown send"
        assert news(whatsapp, "email.group_resubscribed", report, None) == "no news"


def test_news_of_another_clients_send_change_nothing(whatsapp, run_due):
    send = ask(whatsapp)
    run_due()
    other = ClientFactory()
    with client_rows(other.pk):
        outcome = news(whatsapp, "message.status", {"tracking": send.pk.hex, "state": "read"}, None)
    assert outcome == "unknown send"
    assert of_send(send).state == State.SENT


@given(st.permutations([State.SENT, State.DELIVERED, State.READ, State.DELIVERED]))
def test_the_furthest_state_wins_in_every_order(states):
    send = Send(state=State.SENDING)
    for state in states:
        if is_news(send, state):
            send.state = state
    assert send.state == State.READ


def _free_mailboxes():
    from apps.events.models import LONG_AGO, Mailbox

    Mailbox.objects.update(lease_until=LONG_AGO, rung_at=LONG_AGO)
