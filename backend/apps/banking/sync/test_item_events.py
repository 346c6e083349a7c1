"""An item's events, from its webhooks to our rows."""

import pytest

from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.factories import PRODUCT_TABLES
from apps.banking.models import (
    Account,
    BalanceSnapshot,
    Connection,
    CreditCardBill,
    Identity,
    Loan,
    SyncRun,
    Transaction,
)
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def payload(kind: str) -> dict:
    return Event.objects.filter(source="ponte", kind=kind).order_by("id").last().data


def versions() -> list:
    return [list(model.objects.order_by("pk").values()) for model in PRODUCT_TABLES]


def test_the_webhooks_of_a_new_item_bring_its_connection_and_all_its_data(
    bank, deliver, work, differences, announced_kinds
):
    member = MembershipFactory()
    item = bank.connect(member)
    deliver(*bank.events(item))
    work()
    connection = Connection.objects.get(vendor_id=item)
    assert (connection.client_id, connection.member) == (member.client_id, member)
    assert (connection.state, connection.action, connection.error_code) == ("active", "", "")
    assert connection.connector.name
    assert connection.last_synced_at
    assert connection.last_updated_at
    truth = bank.state(item)
    assert Transaction.objects.count() == truth["counts"]["transactions"]
    assert CreditCardBill.objects.count() == truth["counts"]["bills"]
    assert BalanceSnapshot.objects.count() == len(truth["accounts"])
    assert differences(item) == {}
    assert not Event.objects.exclude(state="done").exists()
    assert announced_kinds().count("connection.connected") == 1
    assert not SyncRun.objects.exclude(state="done").exists()


def test_a_sync_that_changes_nothing_writes_no_product_row_and_announces_nothing(
    bank, deliver, work, connected, announced_kinds
):
    before, runs = versions(), SyncRun.objects.count()
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/updated", "eventId": "another"})
    work()
    assert versions() == before
    assert announced_kinds() == []
    run = SyncRun.objects.order_by("pk").last()
    assert SyncRun.objects.count() == runs + 1
    assert run.counts["transactions"] == {"created": 0, "changed": 0, "unchanged": 71, "removed": 0}
    assert run.duration is not None


def test_a_day_at_the_bank_is_announced_with_its_counts(bank, connected, sync_after, differences, announced_kinds):
    sync_after(connected, lambda: bank.evolve(connected, new=2, balance=321))
    assert differences(connected) == {}
    created = [event.data["created"] for event in Event.objects.filter(kind="transactions.synced")]
    assert sum(created) == 4
    assert "balance.changed" in announced_kinds()
    assert payload("balance.changed")["balance"] == str(Account.objects.order_by("pk").last().balance)
    assert "connection.updated" in announced_kinds()
    assert "connection.connected" not in announced_kinds()


def test_a_partial_success_reads_the_updated_products_and_tombstones_nothing_else(bank, connected, deliver, work):
    loans, transactions = Loan.objects.count(), Transaction.objects.filter(deleted_at=None).count()
    before = {event["eventId"] for event in bank.events(connected)}
    bank.evolve(connected, delete=3, partial=["transactions", "loans"])
    calls = bank.calls()
    # Only item/updated arrives. The deleted rows belong to a product that did not succeed.
    events = [e for e in bank.events(connected, "item/updated") if e["eventId"] not in before]
    deliver(*events)
    work()
    connection = Connection.objects.get(vendor_id=connected)
    assert connection.state == "active"
    assert (connection.error_code, connection.error_type) == ("PARTIAL_SUCCESS", "product_not_available")
    assert Transaction.objects.filter(deleted_at=None).count() == transactions
    assert Loan.objects.filter(deleted_at=None).count() == loans
    after = bank.calls()
    assert after["GET /v2/transactions"] == calls["GET /v2/transactions"]
    assert after["GET /loans"] == calls["GET /loans"]
    assert after["GET /investments"] > calls["GET /investments"]


@pytest.mark.parametrize(
    ("code", "state", "action", "announced"),
    [
        ("INVALID_CREDENTIALS", "needs_user", "reconnect", ["connection.needs_user"]),
        ("ACCOUNT_LOCKED", "needs_user", "unlock_at_bank", ["connection.needs_user"]),
        ("SITE_NOT_AVAILABLE", "outdated", "wait", []),
        ("UNEXPECTED_ERROR", "outdated", "wait", []),
    ],
)
def test_a_failed_run_says_who_must_act_and_asks_no_user_when_the_bank_failed(
    code, state, action, announced, bank, connected, sync_after, announced_kinds
):
    before = versions()
    connection = sync_after(connected, lambda: bank.fail(connected, code))
    assert (connection.state, connection.action, connection.error_code) == (state, action, code)
    assert connection.error_type
    assert announced_kinds() == announced
    assert versions() == before
    # The same failure is not announced again.
    connection = sync_after(connected, lambda: bank.fail(connected, code))
    assert announced_kinds() == announced
    connection = sync_after(connected, lambda: bank.evolve(connected, new=1))
    assert (connection.state, connection.action, connection.error_code) == ("active", "", "")
    assert announced_kinds().count("connection.recovered") == 1
    assert payload("connection.recovered")["state"] == state


def test_the_user_is_asked_for_a_second_factor_until_it_is_answered(bank, deliver, work, sync_after, announced_kinds):
    member = MembershipFactory()
    item = bank.connect(member, connector=5)
    deliver(*bank.events(item))
    work()
    connection = Connection.objects.get(vendor_id=item)
    assert (connection.state, connection.status, connection.action) == (
        "needs_user",
        "WAITING_USER_INPUT",
        "answer_mfa",
    )
    assert connection.extra["parameter"]["name"]
    assert announced_kinds() == ["connection.needs_user"]
    name = connection.extra["parameter"]["name"]
    connection = sync_after(
        item, lambda: (bank.call("POST", f"/items/{item}/mfa", {name: "123456"}), bank.settled(item))
    )
    assert (connection.state, connection.action) == ("active", "")
    assert connection.extra.get("parameter") is None
    assert "connection.connected" in announced_kinds()


def test_a_product_outside_our_plan_is_recorded_and_stops_no_other_product(bank, deliver, work):
    item = bank.connect(MembershipFactory())
    refusal = {"code": 403, "codeDescription": "LIST_ITEMS_FEATURE_NOT_ENABLED", "message": "not in your plan"}
    bank.fault("error", "GET /identity", status=403, body=refusal)
    deliver(*bank.events(item))
    work()
    connection = Connection.objects.get(vendor_id=item)
    assert connection.state == "active"
    assert connection.last_synced_at
    assert connection.listed_at
    assert Transaction.objects.exists()
    assert not Identity.objects.exists()
    run = SyncRun.objects.get()
    assert (run.state, run.error_type, run.error_code) == (
        "partial",
        "product_not_available",
        "LIST_ITEMS_FEATURE_NOT_ENABLED",
    )
    assert not Event.objects.exclude(state="done").exists()


@pytest.fixture
def half_failed(bank, monkeypatch):
    """A new item whose first run, as Ponte sees it, ended in error after it had brought some products."""
    item = bank.connect(MembershipFactory())
    moment = bank.item(item)["lastUpdatedAt"]
    brought = {"isUpdated": True, "lastUpdatedAt": moment, "warnings": []}
    lost = {"isUpdated": False, "lastUpdatedAt": None, "warnings": []}
    whole = PluggyClient.item

    def in_error(client, item_id):
        detail = dict.fromkeys(("accounts", "transactions"), brought) | {"investments": lost, "loans": lost}
        error = {"status": "OUTDATED", "executionStatus": "PARTIAL_SUCCESS", "statusDetail": detail}
        return {**whole(client, item_id), **error}

    monkeypatch.setattr(PluggyClient, "item", in_error)
    return item


def failed(item: str) -> dict:
    return {"event": "item/error", "eventId": "e1", "itemId": item, "error": {"code": "SITE_NOT_AVAILABLE"}}


@pytest.mark.parametrize("status", ["OUTDATED", "LOGIN_ERROR"])
def test_an_item_in_error_at_the_first_look_has_what_its_bank_brought_read_at_once(
    status, bank, half_failed, deliver, work, monkeypatch
):
    seen = PluggyClient.item
    monkeypatch.setattr(PluggyClient, "item", lambda client, item_id: {**seen(client, item_id), "status": status})
    deliver(failed(half_failed))
    work()
    assert Transaction.objects.exists()
    assert Account.objects.filter(type="BANK").exists()
    assert not Loan.objects.exists()
    assert Connection.objects.get().listed_at is None
    assert not Event.objects.exclude(state="done").exists()


def test_an_item_in_error_that_was_listed_before_only_has_its_status_stored(bank, connected, deliver, work):
    bank.fail(connected, "SITE_NOT_AVAILABLE")
    runs = SyncRun.objects.count()
    deliver(failed(connected))
    work()
    assert SyncRun.objects.count() == runs
    assert Connection.objects.get().state == "outdated"


def test_an_item_whose_bank_never_delivered_anything_is_not_read(bank, deliver, work):
    item = bank.connect(MembershipFactory(), user="user-bad-password")
    deliver(failed(item))
    work()
    assert not SyncRun.objects.exists()
    assert not Event.objects.filter(kind="item.changed").exists()
