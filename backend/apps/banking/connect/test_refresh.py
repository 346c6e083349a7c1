"""Sync now asks the bank as often as the aggregator allows, and says what came of it and when it may be tried again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from apps.banking.aggregators.verdict import Action
from apps.banking.connect.disconnect import disconnect
from apps.banking.connect.finish import finish
from apps.banking.connect.refresh import PAUSE, Outcome, refresh
from apps.banking.models import Connection
from apps.events.models import Event
from lib.errors import Temporary
from lib.row_security import for_client

pytestmark = pytest.mark.django_db
PATCH = "PATCH /items/{id}"


@pytest.fixture
def connection(bank, member, work):
    made = finish(member, bank.connect(member))
    work()
    made.refresh_from_db()
    return made


def later(connection):
    """As after a minute."""
    Connection.objects.filter(pk=connection.pk).update(refresh_allowed_at=None)


def test_the_bank_is_asked_and_its_data_arrives(bank, connection, work):
    before = bank.item(connection.vendor_id)["lastUpdatedAt"]
    done = refresh(connection)
    assert done.outcome is Outcome.STARTED
    assert timedelta() < done.next_at - timezone.now() <= PAUSE
    bank.settled(connection.vendor_id)
    work()
    assert bank.item(connection.vendor_id)["lastUpdatedAt"] > before


def test_the_item_learns_the_address_of_its_webhooks(bank, connection, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    refresh(connection)
    assert bank.item(connection.vendor_id)["webhookUrl"].startswith("http://127.0.0.1:1/api/banking/webhooks/pluggy/")


def test_a_second_click_makes_no_call(bank, connection):
    first = refresh(connection)
    calls = bank.calls()[PATCH]
    again = refresh(connection)
    assert (again.outcome, again.next_at) == (Outcome.TOO_SOON, first.next_at)
    assert bank.calls()[PATCH] == calls == 1


def test_an_update_in_progress_is_not_an_error(bank, member, work):
    connection = finish(member, bank.connect(member, connector=5))
    work()
    assert refresh(connection).outcome is Outcome.RUNNING


def test_the_plans_frequency_is_kept_and_told(bank, connection, switch):
    switch(min_update_hours=6)
    done = refresh(connection)
    allowed = Connection.objects.get(pk=connection.pk).last_updated_at + timedelta(hours=6)
    assert (done.outcome, done.action) == (Outcome.TOO_SOON, Action.WAIT)
    assert done.code == "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY"
    assert abs(done.next_at - allowed) < timedelta(seconds=5)
    calls = bank.calls()[PATCH]
    assert refresh(connection).next_at == done.next_at
    assert bank.calls()[PATCH] == calls


def test_after_failed_logins_the_person_must_come_back(bank, connection):
    bank.fail(connection.vendor_id, "INVALID_CREDENTIALS")
    done = refresh(connection)
    assert (done.outcome, done.action) == (Outcome.NEEDS_USER, Action.RECONNECT)
    assert done.code == "LAST_EXECUTION_HAD_LOGIN_ERROR"
    bank.fail(connection.vendor_id, "INVALID_CREDENTIALS")
    later(connection)
    body = {
        "code": 400,
        "codeDescription": "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES",
        "message": "Too many",
        "data": {"canRetryAfterDate": (timezone.now() + timedelta(minutes=15)).isoformat()},
    }
    bank.fault("error", PATCH, status=400, body=body)
    done = refresh(connection)
    bank.mend()
    assert (done.outcome, done.code) == (Outcome.NEEDS_USER, "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES")
    assert timedelta(minutes=14) < done.next_at - timezone.now() < timedelta(minutes=16)


def test_what_meu_pluggy_refuses_is_read_again(bank, connection, work):
    body = {"code": 400, "message": "MeuPluggy item cant be updated"}
    bank.fault("error", PATCH, status=400, body=body)
    done = refresh(connection)
    bank.mend()
    assert (done.outcome, done.code) == (Outcome.READ_AGAIN, "MEU_PLUGGY_ITEM")
    assert Event.objects.filter(kind="connection.reconcile", state="pending").count() == 1
    work()


@pytest.mark.parametrize("switches", [{"updates_disabled": True}, {"sandbox_updates_forbidden": True}])
def test_a_plan_without_updates_is_read_again_and_staff_must_act(connection, switch, switches):
    switch(**switches)
    done = refresh(connection)
    assert (done.outcome, done.action) == (Outcome.READ_AGAIN, Action.CHANGE_PLAN)


def test_a_bank_that_is_down_is_told(bank, connection):
    bank.call("POST", "/_sandbox/connectors/2/status", {"status": "OFFLINE", "silent": True})
    done = refresh(connection)
    bank.call("POST", "/_sandbox/connectors/2/status", {"status": "ONLINE", "silent": True})
    assert (done.outcome, done.code) == (Outcome.BANK_DOWN, "CONNECTOR_OFFLINE")


def test_an_item_that_is_gone_is_told_and_retired(bank, connection, work):
    bank.delete(connection.vendor_id)
    assert refresh(connection).outcome is Outcome.GONE
    work()
    connection.refresh_from_db()
    assert connection.state == "deleted"
    assert refresh(connection).outcome is Outcome.GONE


@pytest.mark.parametrize("kind", ["500", "reset"])
def test_an_aggregator_that_is_down_raises(bank, connection, kind):
    bank.fault(kind, PATCH)
    with pytest.raises(Temporary):
        refresh(connection)
    bank.mend()


def test_too_many_calls_are_told_with_a_time(bank, connection):
    bank.fault("429", PATCH, retry_after=90)
    done = refresh(connection)
    bank.mend()
    assert done.outcome is Outcome.TOO_SOON
    assert timedelta(seconds=80) < done.next_at - timezone.now() <= timedelta(seconds=91)


def test_a_connection_that_is_ending_is_not_asked(bank, connection):
    disconnect(connection)
    assert refresh(connection).outcome is Outcome.GONE
    assert PATCH not in bank.calls()


def test_a_connection_that_staff_have_paused_is_not_asked(bank, connection):
    connection.paused_at = timezone.now()
    done = refresh(connection)
    assert (done.outcome, done.code) == (Outcome.REFUSED, "PAUSED")
    assert PATCH not in bank.calls()


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_the_same_time_make_one_call(bank, connection):
    barrier, outcomes = threading.Barrier(5), []

    def click():
        try:
            barrier.wait(10)
            with for_client(connection.client_id):
                outcomes.append(refresh(connection).outcome)
        finally:
            database.close()

    clicks = [threading.Thread(target=click) for _ in range(5)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join(30)
    assert sorted(outcomes) == sorted([Outcome.STARTED] + [Outcome.TOO_SOON] * 4)
    assert bank.calls()[PATCH] == 1
