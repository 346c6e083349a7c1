"""The toy from end to end: door, parking, sync, no-op, changes, tombstones, comparison, two applications."""

import json
from decimal import Decimal

import pytest
from django.test import Client as Browser

from apps.banking.aggregators.mailboxes import read_mailbox
from apps.banking.aggregators.registry import AGGREGATORS
from apps.banking.aggregators.toy.definition import APPLICATIONS
from apps.banking.aggregators.toy.vendor import Link
from apps.banking.models import Account, BalanceSnapshot, Connection, Mark, SyncRun, Transaction
from apps.banking.sync import directory, discover, reconcile
from apps.banking.sync.adopt import adopt
from apps.banking.sync.dry_run import dry_run
from apps.clients.factories import MembershipFactory
from apps.events.accept import accept_here
from apps.events.models import Event
from apps.events.store import make_row

pytestmark = pytest.mark.django_db

FIRST, SHOP = APPLICATIONS
DOOR = "/api/banking/webhooks/toy/"


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    """Adds the toy's line to the registry, and empties its two banks."""
    monkeypatch.setitem(AGGREGATORS, "toy", "apps.banking.aggregators.toy.definition.TOY")
    for application in APPLICATIONS:
        monkeypatch.setattr(application.bank, "links", {})


def link(name: str = "l1", application=FIRST) -> Link:
    """A link with two wallets and three movements."""
    new = Link("ana", "token-of-ana", {"w1": Decimal(5), "w2": Decimal(7)})
    new.log += [("w1", "m1", Decimal(-1)), ("w1", "m2", Decimal(-2)), ("w2", "m3", Decimal(3))]
    application.bank.links[name] = new
    return new


def webhook(topic: str = "LINK", name: str = "l1", at: int = 1, vendor: str = "toy") -> None:
    """Stores a webhook as the door does, but in the test's own transaction."""
    body = json.dumps({"topic": topic, "link": name, "at": at}).encode()
    notification = FIRST.door.read(body)
    accept_here(make_row(vendor, notification.event_id, notification.kind, f"{vendor}:item:{name}", body))


def connect(name: str = "l1", vendor: str = "toy") -> Connection:
    return adopt(read_mailbox(f"{vendor}:item:{name}"), MembershipFactory(), credential="token-of-ana")


@pytest.fixture
def connected(work) -> Connection:
    """A connection whose first sync is done."""
    link()
    connection = connect()
    webhook()
    work()
    connection.refresh_from_db()
    return connection


def alive(model) -> set[str]:
    return set(model.objects.filter(deleted_at=None).values_list("vendor_id", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_webhook_is_stored_once_for_the_application_whose_key_it_has():
    body = json.dumps({"topic": "MOVED", "link": "l1", "at": 9})

    def post(key: str, content: str = body):
        answer = Browser().post(DOOR, content, content_type="application/json", HTTP_X_TOY_KEY=key)
        return answer.status_code, answer.json()

    assert post("first-key") == (200, {"status": "accepted"})
    assert post("first-key") == (200, {"status": "duplicate"})
    assert post("second-key") == (200, {"status": "accepted"})
    assert post("third-key")[0] == 401
    assert post("first-key", "[]")[0] == 400
    stored = Event.objects.order_by("id").values_list("source", "kind", "mailbox")
    assert list(stored) == [
        ("toy", "transactions.changed", "toy:item:l1"),
        ("toy@shop", "transactions.changed", "toy@shop:item:l1"),
    ]


def test_an_event_waits_for_the_credential_and_then_everything_is_read(work, announced_kinds):
    link()
    webhook()
    work()
    assert Event.objects.get().outcome == "parked"
    connection = connect()
    work()
    assert alive(Account) == {"w1", "w2"}
    assert alive(Transaction) == {"m1", "m2", "m3"}
    assert BalanceSnapshot.objects.count() == 2
    connection.refresh_from_db()
    assert (connection.state, connection.credential) == ("active", "token-of-ana")
    assert b"token-of-ana" not in bytes(connection.credential_sealed)
    assert "connection.connected" in announced_kinds()


def test_a_second_webhook_that_brings_nothing_reads_from_the_mark_and_writes_no_row(connected, work):
    before = list(Transaction.objects.values().order_by("pk"))
    assert list(Mark.objects.values_list("scope", "text")) == [("", "3")]
    webhook("MOVED", at=2)
    work()
    assert list(Transaction.objects.values().order_by("pk")) == before
    assert SyncRun.objects.latest("pk").counts == {}


def test_new_and_undone_movements_are_read_from_the_cursor_of_the_whole_link(connected, work):
    bank = FIRST.bank.links["l1"]
    bank.log += [("w2", "m4", Decimal(4)), ("w1", "m1", None)]
    webhook("MOVED", at=2)
    work()
    assert alive(Transaction) == {"m2", "m3", "m4"}
    assert Transaction.objects.get(vendor_id="m1").deleted_at
    assert Mark.objects.get().text == "5"


def test_a_movement_of_a_new_wallet_makes_ponte_read_the_wallet(connected, work):
    bank = FIRST.bank.links["l1"]
    bank.wallets["w3"] = Decimal(9)
    bank.log.append(("w3", "m9", Decimal(9)))
    webhook("MOVED", at=2)
    work()
    assert alive(Account) == {"w1", "w2", "w3"}
    assert Transaction.objects.get(vendor_id="m9").account.vendor_id == "w3"


def test_a_comparison_finds_changes_without_a_webhook_and_tombstones_deleted_rows(connected, work):
    bank = FIRST.bank.links["l1"]
    bank.log.remove(("w1", "m1", Decimal(-1)))
    assert dry_run(connected)["transactions"]["removed"] == 1
    assert alive(Transaction) == {"m1", "m2", "m3"}
    del bank.wallets["w2"]
    bank.log.remove(("w2", "m3", Decimal(3)))
    reconcile.request(connected, full=True)
    work()
    assert alive(Account) == {"w1"}
    assert alive(Transaction) == {"m2"}


def test_a_broken_link_needs_its_user_and_loses_no_rows(connected, work):
    FIRST.bank.links["l1"].broken = True
    webhook(at=2)
    work()
    connected.refresh_from_db()
    assert (connected.state, connected.action, connected.error_code) == ("needs_user", "reconnect", "LINK_BROKEN")
    assert alive(Transaction) == {"m1", "m2", "m3"}


def test_a_link_that_is_gone_is_retired_with_all_its_rows(connected, work):
    del FIRST.bank.links["l1"]
    webhook(at=2)
    work()
    connected.refresh_from_db()
    assert connected.state == "deleted"
    assert not alive(Account)
    assert not alive(Transaction)


def test_an_application_reads_only_its_own_links(connected, work):
    # The other application sends a webhook about a link of this name, which it does not have yet.
    webhook(name="l1", vendor="toy@shop", at=5)
    work()
    assert Event.objects.get(mailbox="toy@shop:item:l1").outcome == "parked"
    link("l1", SHOP).wallets = {"s1": Decimal(1)}
    SHOP.bank.links["l1"].log[:] = [("s1", "m1", Decimal(-9))]
    shop = connect("l1", "toy@shop")
    webhook(name="l1", vendor="toy@shop", at=6)
    work()
    shop.refresh_from_db()
    assert (shop.state, shop.application, shop.mailbox) == ("active", "shop", "toy@shop:item:l1")
    assert shop.client != connected.client
    assert set(Account.objects.filter(connection=shop).values_list("vendor_id", flat=True)) == {"s1"}
    assert set(Account.objects.filter(connection=connected).values_list("vendor_id", flat=True)) == {"w1", "w2"}
    assert Transaction.objects.get(account__connection=shop).amount == -9
    assert shop.seal_context("x") != connected.seal_context("x")


def test_discovery_and_refresh_skip_what_the_vendor_does_not_offer(connected, bank):
    assert discover.discover() == 0
    directory.refresh()
