"""Charts of spending count each purchase once: no bill payment, no own transfer; refunds reduce the sum."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from apps.banking.factories import AccountFactory, ConnectionFactory, TransactionFactory, TransferPairFactory
from apps.banking.models import Kind, Transaction

pytestmark = pytest.mark.django_db


def spent() -> Decimal:
    return Transaction.objects.shown().spending().aggregate(total=Sum("amount"))["total"] or Decimal(0)


@pytest.mark.parametrize(
    ("kind", "amount", "expected"),
    [
        (Kind.EXPENSE, "-10", "-10"),
        (Kind.FEE, "-10", "-10"),
        (Kind.REFUND, "10", "10"),
        (Kind.TRANSFER, "-10", "-10"),
        (Kind.TRANSFER, "10", "0"),
        (Kind.INCOME, "10", "0"),
        (Kind.OWN_TRANSFER, "-10", "0"),
        (Kind.BILL_PAYMENT, "-10", "0"),
        (Kind.BILL_PAYMENT, "10", "0"),
        (Kind.INVESTMENT, "-10", "0"),
        (Kind.CREDIT, "-10", "0"),
        ("", "-10", "-10"),
        ("", "10", "0"),
    ],
)
def test_the_kinds_that_count_as_spending(kind, amount, expected):
    TransactionFactory(kind=kind, amount=Decimal(amount), type="DEBIT" if amount[0] == "-" else "CREDIT")
    assert spent() == Decimal(expected)


@pytest.fixture
def pair():
    connection = ConnectionFactory()
    out = TransactionFactory(account=AccountFactory(connection=connection), kind=Kind.TRANSFER)
    into = TransactionFactory(
        account=AccountFactory(connection=connection), kind=Kind.TRANSFER, amount=Decimal(10), type="CREDIT"
    )
    return TransferPairFactory(outgoing=out, incoming=into)


def test_a_pair_is_no_spending(pair):
    assert spent() == 0


def test_what_a_person_said_counts_more_than_a_pair_and_than_the_rules(pair):
    Transaction.objects.filter(pk=pair.outgoing_id).update(user_kind=Kind.EXPENSE)
    assert spent() == -10
    Transaction.objects.filter(pk=pair.outgoing_id).update(user_kind=Kind.OWN_TRANSFER, kind=Kind.EXPENSE)
    assert spent() == 0


def test_each_row_is_in_one_pair(pair):
    out, into = TransactionFactory.create_batch(2, account=pair.outgoing.account)
    for side in ("outgoing", "incoming"):
        with pytest.raises(IntegrityError, match="unique"), transaction.atomic():
            type(pair).objects.create(
                **{"outgoing": out, "incoming": into, side: getattr(pair, side)}, client=pair.client, kind=pair.kind
            )


def test_a_pair_goes_with_its_rows(pair):
    pair.incoming.account.delete()
    assert not type(pair).objects.exists()
