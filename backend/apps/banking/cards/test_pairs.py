"""Pairs are stored by the rules, again and again with one result, and never against what a person said."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.banking.cards.pairs import Paired, pair_movements
from apps.banking.cards.said import (
    NotSaid,
    belong_together,
    is_no_transfer,
    let_the_rules_say,
    may_belong_to,
    pair_of,
    say_kind,
)
from apps.banking.factories import AccountFactory, ConnectionFactory, TransactionFactory
from apps.banking.models import Kind, Transaction, TransferPair
from apps.banking.rows.carried_edits import carry_edits

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 10)


class Home:
    """A client with a current account, savings at another bank, and a card."""

    def __init__(self) -> None:
        first = ConnectionFactory()
        second = ConnectionFactory(member=first.member)
        self.client = first.client
        self.current = AccountFactory(connection=first)
        self.savings = AccountFactory(connection=second, subtype="SAVINGS_ACCOUNT")
        self.card = AccountFactory(connection=first, type="CREDIT", subtype="CREDIT_CARD")

    def row(self, account, amount: str, days: int = 0, kind: str = Kind.TRANSFER, **more) -> Transaction:
        value = Decimal(amount)
        given = {"type": "DEBIT" if value < 0 else "CREDIT", "kind": kind, **more}
        extra = given.pop("extra", None)
        row = TransactionFactory(account=account, amount=value, date=DAY + timedelta(days), **given)
        if extra:
            row.extra = extra
            row.save()
        return row

    def pair(self, since: date | None = None) -> Paired:
        return pair_movements(self.client.pk, since)

    @property
    def pairs(self) -> set[tuple[int, int]]:
        return set(TransferPair.objects.filter(client=self.client).values_list("outgoing_id", "incoming_id"))


@pytest.fixture
def home() -> Home:
    return Home()


def test_a_second_run_changes_nothing(home):
    out, into = home.row(home.current, "-500"), home.row(home.savings, "500", 1)
    paid, on_card = (
        home.row(home.current, "-900", kind=Kind.BILL_PAYMENT),
        home.row(home.card, "900", 2, Kind.BILL_PAYMENT),
    )
    assert home.pair() == Paired(made=2)
    assert home.pairs == {(out.pk, into.pk), (paid.pk, on_card.pk)}
    before = set(TransferPair.objects.values_list("pk", flat=True))
    assert home.pair() == home.pair(since=DAY) == Paired()
    assert set(TransferPair.objects.values_list("pk", flat=True)) == before
    assert set(TransferPair.objects.values_list("kind", flat=True)) == {"own_transfer", "bill_payment"}


def test_a_slip_that_pays_the_card_is_paired(home):
    out = home.row(home.current, "-900", kind=Kind.EXPENSE, payment_method="BOLETO")
    into = home.row(home.card, "900", 1, Kind.BILL_PAYMENT)
    home.pair()
    assert home.pairs == {(out.pk, into.pk)}


@pytest.mark.parametrize(
    "columns",
    [
        {"deleted_at": timezone.now()},
        {"status": "PENDING"},
        {"user_kind": Kind.INCOME},
        {"kind": Kind.INCOME},
        {"currency_code": "USD"},
    ],
)
def test_these_rows_are_not_paired(home, columns):
    home.row(home.current, "-500")
    home.row(home.savings, "500", **columns)
    assert home.pair() == Paired()


def test_rows_of_another_client_are_never_paired(home):
    other = Home()
    home.row(home.current, "-500")
    other.row(other.savings, "500")
    assert home.pair() == other.pair() == Paired()


def payment(payer: str, receiver: str) -> dict:
    return {
        "paymentData": {
            "payer": {"documentNumber": {"type": "CPF", "value": payer}},
            "receiver": {"documentNumber": {"type": "CPF", "value": receiver}},
        }
    }


ME, FRIEND = "123.456.789-01", "98765432100"


def test_a_pix_to_a_friend_and_one_from_another_are_no_transfer(home):
    home.row(home.current, "-80", extra=payment(ME, FRIEND))
    home.row(home.savings, "80")
    assert home.pair() == Paired()


def test_a_pix_to_oneself_is_known_by_the_documents(home):
    out = home.row(home.current, "-80", extra=payment(ME, "12345678901"))
    into = home.row(home.savings, "80", 2)
    home.row(home.savings, "80", 0, extra=payment(FRIEND, ME))
    home.pair()
    assert home.pairs == {(out.pk, into.pk)}


def test_accounts_of_two_people_of_one_client_are_own_accounts(home):
    home.savings.tax_number = FRIEND
    home.savings.save()
    home.row(home.current, "-80", extra=payment(ME, FRIEND))
    home.row(home.savings, "80")
    assert home.pair() == Paired(made=1)


@pytest.mark.parametrize(
    "extra", [{"paymentData": "x"}, {"paymentData": {"receiver": {"documentNumber": {"value": 7}}}}]
)
def test_strange_documents_prove_nothing(home, extra):
    home.row(home.current, "-80", extra=extra)
    home.row(home.savings, "80", extra=payment("***.456.789-**", ME))
    assert home.pair() == Paired(made=1)


def test_a_pair_ends_when_a_row_is_deleted_and_the_new_row_takes_its_place(home):
    out, into = home.row(home.current, "-500"), home.row(home.savings, "500")
    home.pair()
    Transaction.objects.filter(pk=into.pk).update(deleted_at=timezone.now())
    new = home.row(home.savings, "500", 1)
    assert home.pair(since=DAY) == Paired(made=1)
    assert home.pairs == {(out.pk, new.pk)}


def test_a_better_row_that_comes_later_replaces_the_worse_one(home):
    far = home.row(home.current, "-900", -3, Kind.BILL_PAYMENT)
    into = home.row(home.card, "900", 0, Kind.BILL_PAYMENT)
    home.pair()
    assert home.pairs == {(far.pk, into.pk)}
    near = home.row(home.current, "-900", 0, Kind.BILL_PAYMENT)
    assert home.pair(since=DAY) == Paired(made=1, dropped=1)
    assert home.pairs == {(near.pk, into.pk)}


def test_an_old_pair_across_the_window_stays(home):
    out = home.row(home.current, "-500", -31)
    into = home.row(home.savings, "500", -29)
    home.pair()
    assert home.pair(since=DAY) == Paired()
    assert home.pairs == {(out.pk, into.pk)}


def test_what_a_person_called_no_transfer_is_not_paired_again(home):
    out, into = home.row(home.current, "-500"), home.row(home.savings, "500")
    home.pair()
    is_no_transfer(TransferPair.objects.get())
    assert home.pair() == Paired()
    out.refresh_from_db()
    into.refresh_from_db()
    assert (out.user_kind, into.user_kind) == (Kind.EXPENSE, Kind.INCOME)
    assert list(Transaction.objects.spending()) == [out]
    let_the_rules_say(out)
    let_the_rules_say(into)
    assert home.pairs == {(out.pk, into.pk)}


def test_a_card_s_credit_that_is_no_payment_is_a_refund(home):
    home.row(home.current, "-500", kind=Kind.BILL_PAYMENT)
    into = home.row(home.card, "500", kind=Kind.BILL_PAYMENT)
    home.pair()
    is_no_transfer(TransferPair.objects.get())
    into.refresh_from_db()
    assert into.user_kind == Kind.REFUND


def test_a_person_pairs_rows_that_no_rule_pairs(home):
    out = home.row(home.current, "-500", kind=Kind.EXPENSE)
    into = home.row(home.savings, "495", 9, Kind.INCOME)
    made = belong_together(into, out)
    assert (made.outgoing_id, made.incoming_id, made.kind, made.by_person) == (out.pk, into.pk, "own_transfer", True)
    assert home.pair() == Paired()
    assert pair_of(out) == pair_of(into) == made
    assert not Transaction.objects.spending().exists()
    with pytest.raises(NotSaid, match="já está ligada"):
        belong_together(out, home.row(home.savings, "500"))
    let_the_rules_say(into)
    assert not home.pairs
    assert list(Transaction.objects.spending().values_list("amount", flat=True)) == [Decimal(-500)]


def test_pairing_by_hand_ends_the_rules_pairs_of_both_rows(home):
    out, into = home.row(home.current, "-500"), home.row(home.savings, "500")
    home.pair()
    other = home.row(home.card, "500", kind=Kind.BILL_PAYMENT)
    belong_together(out, other)
    assert home.pair() == Paired()
    assert home.pairs == {(out.pk, other.pk)}
    assert TransferPair.objects.get().kind == "bill_payment"
    assert into.user_kind == ""


def test_these_rows_cannot_be_paired_by_hand(home):
    out, into = home.row(home.current, "-500"), home.row(home.savings, "500")
    stranger = Home()
    gone = home.row(home.savings, "500", deleted_at=timezone.now())
    refused = [
        (out, home.row(home.current, "500")),
        (out, home.row(home.savings, "-500")),
        (out, stranger.row(stranger.savings, "500")),
        (out, gone),
        (out, home.row(home.savings, "0")),
    ]
    for one, other in refused:
        with pytest.raises(NotSaid):
            belong_together(one, other)
    with pytest.raises(NotSaid, match="tipo"):
        say_kind(into, "nonsense")
    assert not home.pairs
    assert not Transaction.objects.exclude(user_kind="").exists()


def test_what_a_person_said_follows_both_rows_to_new_ids(home):
    old, into = home.row(home.current, "-500", kind=Kind.EXPENSE), home.row(home.savings, "500", kind=Kind.INCOME)
    belong_together(old, into)
    new = home.row(home.current, "-500", kind=Kind.EXPENSE, description=old.description)
    Transaction.objects.filter(pk=old.pk).update(deleted_at=timezone.now())
    assert carry_edits(home.current.pk) == 1
    home.pair()
    assert home.pairs == {(new.pk, into.pk)}
    new.refresh_from_db()
    assert new.user_kind == Kind.OWN_TRANSFER


def test_saying_a_kind_ends_the_pair(home):
    out, _ = home.row(home.current, "-500"), home.row(home.savings, "500")
    home.pair()
    say_kind(out, Kind.EXPENSE)
    assert home.pair() == Paired()
    assert not home.pairs


def test_a_person_is_offered_the_opposite_amount_in_other_accounts(home):
    out = home.row(home.current, "-500", kind=Kind.EXPENSE)
    fits = [home.row(home.savings, "500", days) for days in (10, -10)]
    home.row(home.savings, "500", 11)
    home.row(home.savings, "501")
    home.row(home.current, "500")
    stranger = Home()
    stranger.row(stranger.savings, "500")
    assert list(may_belong_to(out)) == fits


def test_pairing_takes_the_same_number_of_queries_for_any_number_of_rows(home, django_assert_max_num_queries):
    for n in range(40):
        home.row(home.current, f"-{500 + n}", extra=payment(ME, ME))
        home.row(home.savings, f"{500 + n}", extra=payment(ME, ME))
    with django_assert_max_num_queries(12):
        assert home.pair() == Paired(made=40)
