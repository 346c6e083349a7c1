"""The toy from end to end: parking, sync, no-op, changes, tombstones, comparison."""

from decimal import Decimal

import pytest

from apps.banking.aggregators.contract import Change
from apps.banking.aggregators.mailboxes import read_mailbox_name
from apps.banking.aggregators.toy.application import ToyDoor
from apps.banking.aggregators.toy.factories import FIRST, alive, connect, link, webhook
from apps.banking.models import Account, BalanceSnapshot, Connection, Mark, SyncRun, Transaction
from apps.banking.sync import reconcile
from apps.banking.sync.adopt import OtherClient, adopt
from apps.banking.sync.dry_run import dry_run
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("how", ["LINK", "MOVED"])
def test_a_wallet_that_returns_gets_its_movements_back(how, connected, work):
    bank = FIRST.bank.links["l1"]
    balance = bank.wallets.pop("w2")
    webhook(at=2)
    work()
    assert alive(Account) == {"w1"}
    bank.wallets["w2"] = balance
    bank.log.append(("w2", "m4", Decimal(4)))
    webhook(how, at=3)
    work()
    assert alive(Account) == {"w1", "w2"}
    assert alive(Transaction) == {"m1", "m2", "m3", "m4"}
    assert Mark.objects.get().text == "4"


def test_movements_reported_before_their_wallet_are_stored_with_it(connected, work):
    bank = FIRST.bank.links["l1"]
    bank.log.append(("w3", "m9", Decimal(9)))
    webhook("MOVED", at=2)
    work()
    assert Mark.objects.get().text == "4"
    bank.wallets["w3"] = Decimal(9)
    webhook(at=3)
    work()
    assert alive(Transaction) == {"m1", "m2", "m3", "m9"}


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


def differences(counts: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The counts without those of unchanged rows."""
    written = {product: {n: c for n, c in by.items() if c and n != "unchanged"} for product, by in counts.items()}
    return {product: by for product, by in written.items() if by}


def test_a_dry_run_of_a_closed_wallet_counts_what_the_comparison_then_writes(connected, work):
    bank = FIRST.bank.links["l1"]
    del bank.wallets["w2"]
    bank.log.remove(("w2", "m3", Decimal(3)))
    expected = {"accounts": {"removed": 1}, "transactions": {"removed": 1}}
    assert differences(dry_run(connected)) == expected
    reconcile.request(connected, full=True)
    work()
    assert differences(SyncRun.objects.latest("pk").counts) == expected


def test_a_dry_run_counts_a_new_wallet_with_movements_once(connected):
    bank = FIRST.bank.links["l1"]
    bank.wallets["w3"] = Decimal(9)
    for n in range(3):
        bank.log += [("w3", f"n{n}", Decimal(1)), ("w1", f"o{n}", Decimal(1))]
    assert differences(dry_run(connected)) == {"accounts": {"created": 1}, "transactions": {"created": 3}}


def test_a_broken_link_needs_its_user_and_loses_no_rows(connected, work):
    FIRST.bank.links["l1"].broken = True
    webhook(at=2)
    work()
    connected.refresh_from_db()
    assert (connected.state, connected.action, connected.error_code) == ("needs_user", "reconnect", "LINK_BROKEN")
    assert alive(Transaction) == {"m1", "m2", "m3"}


def test_a_new_credential_of_the_same_member_replaces_the_old_one(connected, work):
    FIRST.bank.links["l1"].token = "new-token"
    mailbox = read_mailbox_name("toy:item:l1")
    fellow = MembershipFactory(client=connected.client)
    assert adopt(mailbox, fellow, credential="of-another").credential == "token-of-ana"
    with pytest.raises(OtherClient):
        adopt(mailbox, MembershipFactory(), credential="of-a-stranger")
    adopt(mailbox, connected.member, credential="new-token")
    FIRST.bank.links["l1"].log.append(("w1", "m4", Decimal(4)))
    webhook("MOVED", at=2)
    work()
    assert alive(Transaction) == {"m1", "m2", "m3", "m4"}


def test_a_link_that_is_gone_is_retired_with_all_its_rows(connected, work):
    del FIRST.bank.links["l1"]
    webhook(at=2)
    work()
    connected.refresh_from_db()
    assert connected.state == "deleted"
    assert not alive(Account)
    assert not alive(Transaction)


def test_a_webhook_about_movements_of_a_link_that_is_gone_retires_the_link(connected, work, make_all_due):
    del FIRST.bank.links["l1"]
    webhook("MOVED", at=2)
    work()
    assert Event.objects.get(kind="transactions.changed").state == "pending"
    make_all_due()
    work()
    assert Event.objects.get(kind="transactions.changed").outcome == "gone"
    assert Connection.objects.get().state == "deleted"


def test_a_webhook_that_names_movements_reads_only_these(connected, work, monkeypatch):
    monkeypatch.setattr(ToyDoor, "change", lambda door, kind, payload: Change("w1", frozenset({"m1", "m2"})))
    FIRST.bank.links["l1"].log.remove(("w1", "m1", Decimal(-1)))
    webhook("MOVED", at=2)
    work()
    assert alive(Transaction) == {"m2", "m3"}
    assert Mark.objects.get().text == "3"
