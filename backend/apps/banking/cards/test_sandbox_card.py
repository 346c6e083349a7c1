"""The sandbox's card, from the bank to the proof: synced over HTTP, through the mailbox."""

from decimal import Decimal

import pytest

from apps.banking.cards.bills import bills_of, coming_months, find_bill, lines_of, series_of
from apps.banking.cards.cycles import State
from apps.banking.cards.proof import Cause
from apps.banking.models import Account, Kind, Transaction, TransferPair

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(connected) -> Account:
    return Account.objects.get(connection__vendor_id=connected, type="CREDIT")


def test_every_closed_bill_of_the_sandbox_is_proved(card):
    closed = [bill for bill in bills_of(card) if bill.cycle.state is State.CLOSED]
    assert len(closed) == 3
    proofs = [find_bill(card, bill.key)[1].proof for bill in closed]
    assert all(proof.is_explained for proof in proofs)
    assert [proof.is_exact for proof in proofs] == [False, True, True]
    assert [part.cause for part in proofs[0].parts] == [Cause.CHARGES]


def test_the_open_bill_has_the_rows_without_a_bill_and_no_payment(card):
    bill = next(bill for bill in bills_of(card) if bill.cycle.state is State.OPEN)
    found = lines_of(*find_bill(card, bill.key)).lines
    assert found
    assert all(line.row.bill_id == "" for line in found)
    counted = sum(line.owed for line in found if not line.is_payment)
    assert bill.sums.owed == counted
    assert bill.is_estimate


def test_both_payments_and_both_own_transfers_are_paired_and_no_spending(card):
    pairs = TransferPair.objects.all()
    assert sorted(pairs.values_list("kind", flat=True)) == ["bill_payment"] * 2 + ["own_transfer"] * 2
    assert {pair.outgoing.amount + pair.incoming.amount for pair in pairs} == {0}
    spending = Transaction.objects.spending()
    assert not spending.filter(kind__in=[Kind.BILL_PAYMENT, Kind.OWN_TRANSFER]).exists()
    assert spending.filter(account=card, kind=Kind.EXPENSE).exists()


def test_the_purchases_in_instalments_are_series_with_what_is_to_come(card):
    ten = Transaction.objects.get(account=card, total_installments=10, installment_number=4)
    series = series_of(ten)
    assert [part.number for part in series.parts] == [1, 2, 3, 4]
    assert [one.number for one in series.expected] == [5, 6, 7, 8, 9, 10]
    said = Transaction.objects.get(account=card, description__endswith="PARC 02/04")
    assert (said.installment_number, said.total_installments) == (2, 4)
    series = series_of(said)
    assert ([part.number for part in series.parts], [one.number for one in series.expected]) == ([1, 2], [3, 4])


def test_what_is_owed_in_coming_months_is_the_sum_of_what_is_known(card):
    months = coming_months([card])
    assert months[0].total > 0
    assert all(month.total == month.posted + month.expected + month.to_pay for month in months)
    assert sum(month.expected for month in months[1:]) > 0
    assert all(isinstance(month.total, Decimal) for month in months)


def test_a_second_sync_writes_no_pair_again(bank, card, sync_after):
    before = set(TransferPair.objects.values_list("pk", flat=True))
    sync_after(card.connection.vendor_id, lambda: bank.evolve(card.connection.vendor_id, new=2))
    assert set(TransferPair.objects.values_list("pk", flat=True)) == before


def test_a_bill_that_closes_is_proved_after_the_sync(bank, card, sync_after):
    item = card.connection.vendor_id
    sync_after(item, lambda: bank.evolve(item, new_bill=True, accountId=card.vendor_id))
    bill = next(bill for bill in bills_of(card) if bill.cycle.state is State.OPEN)
    assert bill.bank_total > 0
    assert bill.sums.count > 0
