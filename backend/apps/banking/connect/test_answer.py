"""Ponte gives the bank the value that it asks for, and forgets it."""

import logging

import pytest

from apps.banking.aggregators.contract import Gone, VendorFailure
from apps.banking.aggregators.verdict import Action
from apps.banking.connect import turns
from apps.banking.connect.answer import answer_mfa
from apps.banking.connect.disconnect import disconnect
from apps.banking.connect.errors import Disconnecting, NothingAsked
from apps.banking.connect.finish import finish
from apps.banking.models import Connection, SyncRun
from apps.events.models import Event
from lib.errors import NeedsUser, Permanent, Throttled

pytestmark = pytest.mark.django_db
QUESTIONS = {"number": ("user-ok", 5), "image": ("user-ok-img", 2), "phone": ("user-ok-phone", 2)}


@pytest.fixture
def asked(bank, member, work):
    """Makes a connection whose bank waits for a value."""

    def make(user="user-ok", connector=5):
        made = finish(member, bank.connect(member, user, connector))
        work()
        made.refresh_from_db()
        assert made.action == "answer_mfa"
        return made

    return make


def after(bank, connection, work):
    bank.settled(connection.vendor_id)
    work()
    connection.refresh_from_db()
    return connection


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_right_value_connects_the_bank(bank, asked, work, question, caplog):
    caplog.set_level(logging.DEBUG)
    connection = asked(*QUESTIONS[question])
    answer_mfa(connection, "123456")
    assert after(bank, connection, work).state == "active"
    assert "123456" not in caplog.text
    assert "123456" not in str(list(Connection.objects.values_list()))
    assert not any("123456" in event.raw_payload.decode() for event in Event.objects.all())


def test_values_cannot_be_tried_without_end(bank, asked, monkeypatch):
    monkeypatch.setattr(turns, "CALLS_A_MINUTE", 1)
    connection = asked()
    calls = bank.calls()["GET /items/{id}"]
    answer_mfa(connection, "123456")
    with pytest.raises(Throttled):
        answer_mfa(connection, "123456")
    assert bank.calls()["GET /items/{id}"] == calls + 1


def test_one_of_the_options_connects_the_bank(bank, asked, work):
    connection = asked("user-ok-select", 2)
    answer_mfa(connection, "sms")
    assert after(bank, connection, work).state == "active"


def test_a_wrong_code_is_told_as_the_bank_tells_it(bank, asked, work):
    connection = asked()
    answer_mfa(connection, "000000")
    assert after(bank, connection, work).action == "new_mfa_code"
    assert not SyncRun.objects.exists()


def test_a_code_that_the_bank_did_not_ask_for_is_sent_nowhere(bank, member, asked, work):
    connection = asked()
    answer_mfa(connection, "123456")
    after(bank, connection, work)
    sent = bank.calls()["POST /items/{id}/mfa"]
    with pytest.raises(NothingAsked):
        answer_mfa(connection, "123456")
    with pytest.raises(NothingAsked):
        answer_mfa(finish(member, bank.connect(member, "user-locked")), "123456")
    assert bank.calls()["POST /items/{id}/mfa"] == sent


@pytest.mark.parametrize("value", ["", "1" * 201])
def test_a_value_that_no_bank_can_want_is_sent_nowhere(bank, asked, value):
    connection = asked()
    with pytest.raises(NothingAsked):
        answer_mfa(connection, value)
    assert "POST /items/{id}/mfa" not in bank.calls()


def test_an_authorisation_is_given_at_the_bank_and_not_here(bank, member, work):
    cpf = {"connectorId": 600, "parameters": {"cpf": "76109277673"}, "clientUserId": str(member.pk)}
    connection = finish(member, bank.settled(bank.call("POST", "/items", cpf)["id"])["id"])
    with pytest.raises(NothingAsked):
        answer_mfa(connection, "123456")


@pytest.mark.parametrize(
    "code", ["ITEM_MFA_EXPIRED", "ITEM_MFA_ALREADY_PROVIDED", "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH"]
)
def test_what_the_bank_refuses_has_its_code_and_what_to_do(bank, asked, code):
    connection = asked()
    body = {"code": 400, "codeDescription": code, "message": "123456 was refused"}
    bank.fault("error", "POST /items/{id}/mfa", status=400, body=body)
    with pytest.raises(NeedsUser) as refusal:
        answer_mfa(connection, "123456")
    bank.mend()
    assert isinstance(refusal.value, VendorFailure)
    assert (refusal.value.code, refusal.value.action) == (code, Action.START_AGAIN)
    assert "123456" not in str(refusal.value)


def test_an_answer_that_was_lost_is_not_sent_twice(bank, asked):
    connection = asked()
    bank.fault("500", "POST /items/{id}/mfa")
    with pytest.raises(Permanent):
        answer_mfa(connection, "123456")
    bank.mend()
    assert bank.calls()["POST /items/{id}/mfa"] == 1


def test_an_item_that_is_gone_or_ending_takes_no_answer(bank, asked, member):
    connection = asked()
    disconnect(connection)
    with pytest.raises(Disconnecting):
        answer_mfa(connection, "123456")
    other = asked("user-ok-img", 2)
    bank.delete(other.vendor_id)
    with pytest.raises((NothingAsked, Gone)):
        answer_mfa(other, "123456")
