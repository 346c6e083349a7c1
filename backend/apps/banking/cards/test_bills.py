"""The bills of a card in the database, and the mistakes that other programs made with them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.banking.cards.bills import Bill, bills_of, coming_months, find_bill, lines_of, series_of
from apps.banking.cards.cycles import State
from apps.banking.cards.proof import Cause
from apps.banking.factories import AccountFactory, CreditCardBillFactory, TransactionFactory
from apps.banking.models import CreditCardBill, Kind, Transaction

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 3), date(2026, 11, 3), date(2026, 12, 3)


class Plastic:
    """A card that closes on the third and is due on the tenth. Today is 22 November."""

    def __init__(self) -> None:
        self.account = AccountFactory(
            type="CREDIT", subtype="CREDIT_CARD", balance_close_date=DECEMBER, balance_due_date=date(2026, 12, 10)
        )

    def bank_bill(self, closes: date, total: str, **extra) -> CreditCardBill:
        columns = {"closing_date": closes, "due_date": closes + timedelta(7), "total_amount": Decimal(total)}
        bill = CreditCardBillFactory(account=self.account, vendor_id=f"bill-{closes}", **columns)
        if extra:
            bill.extra = extra
            bill.save()
        return bill

    def row(self, amount: str, day: date, kind: str = Kind.EXPENSE, **columns) -> Transaction:
        value = Decimal(amount)
        given = {"type": "DEBIT" if value < 0 else "CREDIT", "kind": kind, **columns}
        return TransactionFactory(account=self.account, amount=value, date=day, **given)

    def bill(self, key: str) -> Bill:
        found = find_bill(self.account, key, TODAY)
        assert found is not None
        return found[1]

    def rows_of(self, key: str) -> list[Transaction]:
        card, bill = find_bill(self.account, key, TODAY)
        return [line.row for line in lines_of(card, bill).lines]


@pytest.fixture
def card() -> Plastic:
    made = Plastic()
    made.bank_bill(OCTOBER, "50.00")
    made.bank_bill(NOVEMBER, "100.00")
    return made


def test_a_closed_bill_shows_the_banks_total_beside_the_sum_of_its_lines(card):
    card.row("-110", date(2026, 10, 15), bill_id=f"bill-{NOVEMBER}")
    card.row("10", date(2026, 10, 20), Kind.REFUND, bill_id=f"bill-{NOVEMBER}")
    card.row("50", date(2026, 10, 8), Kind.BILL_PAYMENT, bill_id=f"bill-{NOVEMBER}")
    bill = card.bill("2026-11")
    assert (bill.bank_total, bill.sums.owed, bill.sums.refunds, bill.sums.payments) == (100, 100, 10, 50)
    assert (bill.amount, bill.is_estimate, bill.proof.is_exact) == (100, False, True)


def test_the_open_bill_is_an_estimate_without_payments(card):
    card.row("-80", date(2026, 11, 10))
    card.row("-20", date(2026, 11, 21), status="PENDING")
    card.row("5", date(2026, 11, 12), Kind.REFUND)
    card.row("100", date(2026, 11, 9), Kind.BILL_PAYMENT)
    bill = card.bill("2026-12")
    assert (bill.cycle.state, bill.is_estimate, bill.proof) == (State.OPEN, True, None)
    assert (bill.amount, bill.sums.pending, bill.sums.payments) == (95, 20, 100)


def test_the_bank_decides_into_which_bill_a_purchase_falls(card):
    late = card.row("-30", date(2026, 11, 2), bill_id="")
    inside = card.row("-40", date(2026, 11, 2), bill_id=f"bill-{NOVEMBER}")
    after = card.row("-50", date(2026, 11, 4), bill_id=f"bill-{NOVEMBER}")
    assert set(card.rows_of("2026-11")) == {inside, after}
    assert card.rows_of("2026-12") == [late]


def test_the_forecast_month_counts_more_than_the_day(card):
    row = card.row("-30", date(2026, 11, 10), bill_month=date(2027, 1, 1))
    assert card.rows_of("2027-01") == [row]
    assert card.bill("2027-01").cycle.state == State.FUTURE


def test_the_day_of_posting_counts_more_than_the_day_of_purchase(card):
    row = card.row("-30", date(2026, 11, 3), bill_post_date=date(2026, 11, 5))
    assert card.rows_of("2026-12") == [row]


def test_the_day_of_closing_belongs_to_the_bill_that_closes(card):
    on_the_day, next_day = card.row("-30", NOVEMBER), card.row("-40", NOVEMBER + timedelta(1))
    assert card.rows_of("2026-11") == [on_the_day]
    assert card.rows_of("2026-12") == [next_day]


def test_a_bill_that_the_bank_did_not_send_is_decided_by_the_rules(card):
    row = card.row("-30", date(2026, 11, 10), bill_id="unknown")
    assert card.rows_of("2026-12") == [row]


def test_an_instalment_posted_with_the_purchase_counts_in_its_own_month(card):
    rows = [
        card.row(
            "-10", date(2026, 11, 10), installment_number=n, total_installments=3, purchase_date=date(2026, 11, 10)
        )
        for n in (1, 2, 3)
    ]
    assert [card.rows_of(key) for key in ("2026-12", "2027-01", "2027-02")] == [[row] for row in rows]


def test_hidden_rows_count_because_they_count_for_the_bank(card):
    card.row("-100", date(2026, 10, 15), hidden=True)
    assert card.bill("2026-11").proof.is_exact


def test_a_category_or_a_note_changes_no_total(card):
    card.row("-100", date(2026, 10, 15), category="Transfer", category_id="05000000", note="?")
    assert card.bill("2026-11").sums.owed == 100


def test_deleted_rows_do_not_count(card):
    card.row("-100", date(2026, 10, 15), deleted_at=timezone.now())
    assert card.bill("2026-11").sums.owed == 0


def test_a_refund_reduces_the_bill_and_a_payment_does_not(card):
    card.row("-100", date(2026, 11, 10))
    refund = card.row("30", date(2026, 11, 11), Kind.BILL_PAYMENT)
    assert card.bill("2026-12").amount == 100
    Transaction.objects.filter(pk=refund.pk).update(user_kind=Kind.REFUND)
    assert card.bill("2026-12").amount == 70


def test_a_payment_that_the_card_shows_twice_changes_no_bill(card):
    card.row("-100", date(2026, 10, 15))
    for _ in range(2):
        card.row("50", date(2026, 10, 9), Kind.BILL_PAYMENT)
    assert card.bill("2026-11").proof.is_exact


def test_a_purchase_abroad_counts_in_the_cards_currency(card):
    card.row("-10", date(2026, 10, 15), currency_code="USD", amount_in_account_currency=Decimal("-54.30"))
    card.row("-45.70", date(2026, 10, 15))
    assert card.bill("2026-11").proof.is_exact
    card.row("-10", date(2026, 10, 16), currency_code="EUR")
    proof = card.bill("2026-11").proof
    assert (proof.unconverted, proof.is_exact) == (1, True)


def test_charges_and_an_unpaid_bill_explain_a_difference(card):
    card.bank_bill(date(2026, 9, 3), "10.00")
    CreditCardBill.objects.filter(vendor_id=f"bill-{NOVEMBER}").delete()
    charges = [{"type": "IOF", "amount": Decimal("2.50")}, {"amount": 1}, {"amount": "x"}, None]
    card.bank_bill(NOVEMBER, "123.50", financeCharges=charges, payments=[{"amount": Decimal("30.00")}])
    card.row("-100", date(2026, 10, 15))
    proof = card.bill("2026-11").proof
    assert [(part.cause, part.amount) for part in proof.parts] == [
        (Cause.CHARGES, Decimal("3.50")),
        (Cause.CARRIED, Decimal(20)),
    ]
    assert (proof.is_exact, proof.is_explained, proof.difference) == (False, True, Decimal("23.50"))


def test_lines_that_no_bill_id_confirms_are_named(card):
    card.row("-100", date(2026, 10, 15), bill_id=f"bill-{NOVEMBER}")
    card.row("-7", date(2026, 10, 10))
    bill = card.bill("2026-11")
    assert (bill.sums.without_bill, bill.sums.without_bill_count) == (7, 1)
    assert [part.cause for part in bill.proof.parts] == [Cause.UNCONFIRMED]


def test_the_list_of_bills_is_newest_first_and_has_what_lies_ahead(card):
    card.row("-10", date(2026, 11, 10), installment_number=1, total_installments=3, description="LOJA 1/3")
    bills = bills_of(card.account, TODAY)
    assert [(bill.key, bill.amount, bill.is_estimate) for bill in bills] == [
        ("2027-02", 10, True),
        ("2027-01", 10, True),
        ("2026-12", 10, True),
        ("2026-11", 100, False),
        ("2026-10", 50, False),
    ]


def test_a_bill_that_does_not_exist_is_not_found(card):
    assert find_bill(card.account, "2030-01", TODAY) is None
    assert find_bill(card.account, "nonsense", TODAY) is None


def test_the_lines_of_a_bill_are_paged(card):
    rows = {card.row("-1", date(2026, 11, 5 + n % 3)).pk for n in range(25)}
    found, bill = find_bill(card.account, "2026-12", TODAY)
    seen, after = [], ""
    while True:
        page = lines_of(found, bill, after, size=10)
        seen += page.lines
        if not (after := page.next):
            break
    assert [line.row.pk for line in seen] == [line.row.pk for line in lines_of(found, bill, size=100).lines]
    assert {line.row.pk for line in seen} == rows
    assert [line.day for line in seen] == sorted((line.day for line in seen), reverse=True)
    for wrong in ("x", "2026-11-01", "2026-11-01_x", "2026-13-01_1", "_"):
        with pytest.raises(ValueError):
            lines_of(found, bill, wrong)


def test_the_instalments_to_come_are_owed_in_each_month_and_never_twice(card):
    for n in (1, 2):
        card.row("-40", date(2026, 9 + n, 15), installment_number=n, total_installments=4, description="LOJA")
    # The bank has posted the third already.
    card.row(
        "-40", date(2026, 12, 15), status="PENDING", installment_number=3, total_installments=4, description="LOJA"
    )
    card.row("-25", date(2026, 11, 10))
    months = coming_months([card.account], TODAY)
    assert [(m.month, m.posted, m.expected, m.total) for m in months] == [
        (date(2026, 12, 1), 65, 0, 65),
        (date(2027, 1, 1), 40, 0, 40),
        (date(2027, 2, 1), 0, 40, 40),
    ]
    assert months[0].cards == {card.account.pk: 65}


def test_a_closed_bill_is_owed_until_it_is_due_or_paid(card):
    card.bank_bill(date(2026, 11, 20), "300.00")
    first = coming_months([card.account], TODAY)[0]
    assert (first.month, first.to_pay, first.total) == (date(2026, 11, 1), 300, 300)
    card.row("100", date(2026, 11, 21), Kind.BILL_PAYMENT)
    assert coming_months([card.account], TODAY)[0].to_pay == 200
    card.row("200", date(2026, 11, 22), Kind.BILL_PAYMENT)
    assert coming_months([card.account], TODAY) == []


def test_the_months_of_several_cards_are_added(card):
    other = Plastic()
    for plastic in (card, other):
        plastic.row("-25", date(2026, 11, 10))
    months = coming_months([card.account, other.account], TODAY)
    assert [(month.total, len(month.cards)) for month in months] == [(50, 2)]


def test_a_row_knows_its_purchase(card):
    rows = [
        card.row(
            "-10", date(2026, 9 + n, 15), installment_number=n, total_installments=3, description=f"LOJA PARC {n}/3"
        )
        for n in (1, 2)
    ]
    other = card.row("-10", date(2026, 10, 15), installment_number=1, total_installments=3, description="OUTRA 1/3")
    series = series_of(rows[0], TODAY)
    assert [part.id for part in series.parts] == [row.pk for row in rows]
    assert [one.number for one in series.expected] == [3]
    assert [part.id for part in series_of(other, TODAY).parts] == [other.pk]
    assert series_of(card.row("-10", TODAY), TODAY) is None


@pytest.mark.parametrize("number", [0, -1, 2_000_000_000, None])
def test_impossible_instalment_numbers_break_nothing(card, number):
    card.row("-10", TODAY, installment_number=number, total_installments=3, purchase_date=TODAY)
    assert card.bill("2026-12").amount == 10


def test_a_card_without_any_data_has_an_open_bill(card):
    empty = AccountFactory(type="CREDIT")
    bills = bills_of(empty, TODAY)
    assert [(bill.key, bill.amount) for bill in bills] == [("2026-12", 0)]


def test_the_queries_do_not_grow_with_the_rows(card, django_assert_num_queries):
    for rows in (1, 20):
        for n in range(rows):
            card.row("-1", date(2026, 11, 5), installment_number=1, total_installments=3, description=f"LOJA {n}")
        with django_assert_num_queries(4):
            bills_of(card.account, TODAY)
        with django_assert_num_queries(5):
            find_bill(card.account, "2026-11", TODAY)
