"""An item's life, from its webhooks to our rows."""

from decimal import Decimal

import pytest

from apps.banking.aggregators.pluggy.values import parse
from apps.banking.factories import ConnectionFactory
from apps.banking.models import (
    Account,
    BalanceSnapshot,
    Connection,
    CreditCardBill,
    Identity,
    Investment,
    Loan,
    SyncRun,
    Transaction,
)
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db

PRODUCT_TABLES = [Account, Transaction, CreditCardBill, Investment, Loan, Identity, BalanceSnapshot]


def told(kind: str = "") -> list[str]:
    events = Event.objects.filter(source="ponte").order_by("id")
    return [event.kind for event in events if event.kind.startswith(kind)]


def payload(kind: str) -> dict:
    return Event.objects.filter(source="ponte", kind=kind).order_by("id").last().data


@pytest.fixture
def connected(bank, deliver, work):
    """An item whose first sync is done, and its events forgotten."""
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item))
    work()
    Event.objects.filter(source="ponte").delete()
    return item


@pytest.fixture
def happen(bank, deliver, work):
    """Delivers only what happens inside, then works."""

    def play(item, act):
        before = {event["eventId"] for event in bank.events(item)}
        act()
        deliver(*[event for event in bank.events(item) if event["eventId"] not in before])
        work()
        return Connection.objects.get(vendor_id=item)

    return play


def versions() -> list:
    return [list(model.objects.order_by("pk").values()) for model in PRODUCT_TABLES]


def test_the_webhooks_of_a_new_item_bring_its_connection_and_all_its_data(bank, deliver, work, differences):
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
    assert told().count("connection.connected") == 1
    assert not SyncRun.objects.exclude(state="done").exists()


def test_a_sync_that_changes_nothing_writes_no_product_row_and_announces_nothing(bank, deliver, work, connected):
    before, runs = versions(), SyncRun.objects.count()
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/updated", "eventId": "another"})
    work()
    assert versions() == before
    assert told() == []
    run = SyncRun.objects.order_by("pk").last()
    assert SyncRun.objects.count() == runs + 1
    assert run.counts["transactions"] == {"created": 0, "changed": 0, "unchanged": 59, "removed": 0}
    assert run.duration is not None


def test_a_day_at_the_bank_is_announced_with_its_counts(bank, connected, happen, differences):
    happen(connected, lambda: bank.evolve(connected, new=2, balance=321))
    assert differences(connected) == {}
    created = [event.data["created"] for event in Event.objects.filter(kind="transactions.synced")]
    assert sum(created) == 4
    assert "balance.changed" in told()
    assert payload("balance.changed")["balance"] == str(Account.objects.order_by("pk").last().balance)
    assert "connection.updated" in told()
    assert "connection.connected" not in told()


def test_partial_success_reads_what_is_updated_and_takes_nothing_away_of_the_rest(bank, connected, deliver, work):
    loans, transactions = Loan.objects.count(), Transaction.objects.filter(deleted_at=None).count()
    before = {event["eventId"] for event in bank.events(connected)}
    bank.evolve(connected, delete=3, partial=["transactions", "loans"])
    calls = bank.calls()
    # Only item/updated arrives: the deletions are known to the list of a product that did not succeed.
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
def test_a_failed_run_says_who_must_act_and_prompts_nobody_for_the_banks_trouble(
    code, state, action, announced, bank, connected, happen
):
    before = versions()
    connection = happen(connected, lambda: bank.fail(connected, code))
    assert (connection.state, connection.action, connection.error_code) == (state, action, code)
    assert connection.error_type
    assert told() == announced
    assert versions() == before
    # The same failure again is no news.
    connection = happen(connected, lambda: bank.fail(connected, code))
    assert told() == announced
    connection = happen(connected, lambda: bank.evolve(connected, new=1))
    assert (connection.state, connection.action, connection.error_code) == ("active", "", "")
    assert told().count("connection.recovered") == 1
    assert payload("connection.recovered")["state"] == state


def test_a_second_factor_is_asked_for_and_then_no_more(bank, deliver, work, happen):
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
    assert told() == ["connection.needs_user"]
    name = connection.extra["parameter"]["name"]
    connection = happen(item, lambda: (bank.call("POST", f"/items/{item}/mfa", {name: "123456"}), bank.settled(item)))
    assert (connection.state, connection.action) == ("active", "")
    assert connection.extra.get("parameter") is None
    assert "connection.connected" in told()


def test_an_item_that_is_said_to_be_deleted_is_believed_only_when_it_is_gone(bank, connected, deliver, work):
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/deleted", "eventId": "lie"})
    work()
    assert Connection.objects.get(vendor_id=connected).state == "active"
    bank.delete(connected)
    deliver(*bank.events(connected, "item/deleted"))
    work()
    connection = Connection.objects.get(vendor_id=connected)
    assert connection.state == "deleted"
    assert connection.deleted_at
    for model in (Account, Transaction, CreditCardBill, Investment, Loan, Identity):
        assert model.objects.exists()
        assert not model.objects.filter(deleted_at=None).exists()
    assert told().count("connection.deleted") == 1
    deliver({**event, "event": "item/updated", "eventId": "late"})
    work()
    assert told().count("connection.deleted") == 1


def test_any_event_of_an_item_that_is_gone_tombstones_it(bank, connected, happen, deliver, work):
    bank.delete(connected)
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/updated", "eventId": "late"})
    work()
    assert Connection.objects.get(vendor_id=connected).state == "deleted"


def test_an_item_of_nobody_waits_until_its_connection_appears(bank, deliver, work, wait_out, differences):
    item = bank.connect()
    deliver(*bank.events(item))
    work()
    assert not Connection.objects.exists()
    assert set(Event.objects.values_list("state", "outcome", "attempts")) >= {("pending", "parked", 0)}
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    wait_out()
    work()
    assert differences(item) == {}
    assert Connection.objects.get().client == connection.client
    assert not Event.objects.exclude(state="done").exists()


def test_parked_events_are_due_at_once_when_another_event_makes_the_connection(bank, deliver, work):
    member = MembershipFactory()
    item = bank.connect()
    events = bank.events(item)
    deliver(events[0])
    work()
    assert Event.objects.get(outcome="parked")
    bank.call("PATCH", f"/items/{item}", {"clientUserId": str(member.pk)})
    bank.settled(item)
    deliver(bank.events(item, "item/updated")[-1])
    work()
    assert Connection.objects.get().member == member
    assert not Event.objects.exclude(state="done").exists()


def test_an_item_never_changes_its_client_whatever_its_client_user_id_says(bank, deliver, work, connected):
    owner = Connection.objects.get(vendor_id=connected).client
    stranger = MembershipFactory()
    bank.call("PATCH", f"/items/{connected}", {"clientUserId": str(stranger.pk)})
    bank.settled(connected)
    deliver(*bank.events(connected))
    work()
    connection = Connection.objects.get(vendor_id=connected)
    assert connection.client == owner
    assert connection.client != stranger.client
    for model in PRODUCT_TABLES:
        assert not model.objects.filter(client=stranger.client).exists()


def test_an_event_for_an_item_that_nobody_knows_is_finished(deliver, work, bank):
    deliver({"event": "item/updated", "eventId": "e1", "itemId": "11111111-1111-4111-8111-111111111111"})
    work()
    assert list(Event.objects.values_list("state", "outcome")) == [("done", "unknown item")]
    assert not Connection.objects.exists()


def test_an_item_that_returns_is_read_from_its_beginning(bank, connected, deliver, work, differences):
    from apps.banking.retire import retire
    from apps.banking.visit import Visit
    from apps.events.lease import claim
    from apps.events.work import Batch

    edited = Transaction.objects.order_by("pk").first()
    Transaction.objects.filter(pk=edited.pk).update(note="mine")
    batch = Batch(claim(f"pluggy:item:{connected}"), [Event.objects.first()])
    retire(Visit(batch, None, Connection.objects.get(vendor_id=connected)))
    assert not Transaction.objects.filter(deleted_at=None).exists()
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/updated", "eventId": "again"})
    work()
    assert differences(connected) == {}
    connection = Connection.objects.get(vendor_id=connected)
    assert connection.state == "active"
    assert connection.listed_at
    edited.refresh_from_db()
    assert (edited.note, edited.deleted_at) == ("mine", None)


def test_an_account_the_bank_closed_is_tombstoned_with_what_it_holds_and_its_balance_is_kept(
    bank, deliver, work, connected
):
    stray = Account.objects.order_by("pk").first()
    Account.objects.filter(pk=stray.pk).update(vendor_id="22222222-2222-4222-8222-222222222222")
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/updated", "eventId": "again"})
    work()
    stray.refresh_from_db()
    assert stray.deleted_at
    assert stray.transactions_watermark is None
    assert not Transaction.objects.filter(account=stray, deleted_at=None).exists()
    assert stray.balance != Decimal(0)
    assert BalanceSnapshot.objects.filter(account=stray).exists()
    assert Account.objects.filter(deleted_at=None).count() == 3


def test_an_account_that_reopens_has_its_transactions_again(bank, deliver, work, connected, differences):
    account = Account.objects.exclude(transactions_watermark=None).order_by("pk").first()
    real, other = account.vendor_id, "22222222-2222-4222-8222-222222222222"
    event = {**bank.events(connected, "item/created")[0], "event": "item/updated"}
    Account.objects.filter(pk=account.pk).update(vendor_id=other)
    deliver({**event, "eventId": "closed"})
    work()
    Account.objects.filter(vendor_id=real).delete()
    Account.objects.filter(pk=account.pk).update(vendor_id=real)
    assert not Transaction.objects.filter(account=account, deleted_at=None).exists()
    deliver({**event, "eventId": "reopened"})
    work()
    assert differences(connected) == {}
    assert Transaction.objects.filter(account=account, deleted_at=None).exists()


def test_a_balance_counts_for_the_day_on_which_the_bank_told_it(bank, connected, deliver, work, monkeypatch):
    from apps.banking import accounts

    before = BalanceSnapshot.objects.count()
    monkeypatch.setattr(accounts, "as_of", lambda item: parse("2026-03-05T01:30:00.000Z"))
    deliver({**bank.events(connected, "item/created")[0], "event": "item/updated", "eventId": "old"})
    work()
    # Half past one in the morning in UTC is the evening before in Brazil.
    assert BalanceSnapshot.objects.filter(date="2026-03-04").count() == 3
    assert BalanceSnapshot.objects.count() == before + 3


def test_a_product_that_our_plan_does_not_have_is_noted_and_holds_nothing_up(bank, deliver, work):
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
