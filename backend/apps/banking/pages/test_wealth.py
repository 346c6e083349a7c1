"""Investments, loans and identity."""

from datetime import date
from decimal import Decimal

import pytest

from apps.audit.models import Entry
from apps.banking.factories import IdentityFactory, InvestmentFactory, InvestmentTransactionFactory, LoanFactory
from apps.banking.pages import identity as pages
from apps.banking.pages.loans import coming, payments_of

pytestmark = pytest.mark.django_db


def test_positions_stand_by_type_the_largest_first_with_sums_by_currency(person, connection):
    values = [("EQUITY", 10, "BRL"), ("EQUITY", 5, "USD"), ("FIXED_INCOME", 100, "BRL"), ("WORD_OF_TOMORROW", 1, "BRL")]
    for kind, balance, currency in values:
        InvestmentFactory(
            connection=connection, type=kind, balance=balance, currency_code=currency, amount_profit=Decimal("0.5")
        )
    context = person.get("/investments/").context
    assert context["sums"] == [(Decimal(111), "BRL"), (Decimal(5), "USD")]
    assert context["profits"] == [(Decimal("1.5"), "BRL"), (Decimal("0.5"), "USD")]
    assert [(kind.name, len(kind.positions)) for kind in context["kinds"]] == [
        ("Fixed income", 1),
        ("Stocks and property funds", 2),
        ("Other investments", 1),
    ]


def test_movements_of_a_position_are_paged_and_have_their_sign(person, connection):
    investment = InvestmentFactory(connection=connection)
    for number in range(60):
        InvestmentTransactionFactory(
            investment=investment, date=date(2026, 1, 1 + number % 28), amount=Decimal(number), movement_type="DEBIT"
        )
    InvestmentTransactionFactory(investment=investment, date=date(2026, 5, 1), net_amount=Decimal(9), type="INTEREST")
    InvestmentTransactionFactory(date=date(2026, 5, 2))
    address = f"/investments/{investment.pk}/"
    first = person.get(address).context
    assert (first["rows"][0][1], first["rows"][0][2]) == ("Interest", Decimal(9))
    second = person.get(address + first["next"]).context
    assert len(first["rows"]) + len(second["rows"]) == 61
    assert second["rows"][-1][2] <= 0


def test_a_loans_instalments_to_come_are_counted_from_the_first(person, connection):
    loan = LoanFactory(
        connection=connection,
        first_installment_due_date=date(2026, 1, 31),
        installment_periodicity="MONTHLY",
        total_number_of_installments=15,
        paid_installments=1,
    )
    days = coming(loan)
    assert days[:2] == [(2, date(2026, 2, 28)), (3, date(2026, 3, 31))]
    assert len(days) == 12
    loan.installment_periodicity = "OTHERS"
    assert coming(loan) == []
    assert person.get(f"/loans/{loan.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("WEEKLY", ["2026-11-30", "2026-12-07", "2026-12-14"]),
        ("MONTHLY", ["2026-11-30", "2026-12-30", "2027-01-30"]),
        ("QUARTERLY", ["2026-11-30", "2027-02-28", "2027-05-30"]),
        ("YEARLY", ["2026-11-30", "2027-11-30", "2028-11-30"]),
    ],
)
def test_each_period_has_its_days(period, days):
    loan = LoanFactory(
        first_installment_due_date=date(2026, 11, 30),
        installment_periodicity=period,
        total_number_of_installments=3,
    )
    assert [str(day) for _number, day in coming(loan)] == days


@pytest.mark.parametrize("period", ["WEEKLY", "MONTHLY"])
@pytest.mark.parametrize(("first", "paid"), [("9999-12-31", 0), ("2026-11-30", 2_000_000_000), ("2026-11-30", -5)])
def test_impossible_numbers_of_a_loan_break_no_page(person, connection, period, first, paid):
    loan = LoanFactory(
        connection=connection,
        first_installment_due_date=date.fromisoformat(first),
        installment_periodicity=period,
        total_number_of_installments=2_000_000_010,
        paid_installments=paid,
    )
    assert person.get(f"/loans/{loan.pk}/").status_code == 200
    assert all(number > 0 for number, _day in coming(loan))


def test_payments_of_a_loan_that_make_no_sense_are_left_out():
    loan = LoanFactory(currency_code="BRL")
    good = {"paidDate": "2026-10-05T02:00:00.000Z", "paidAmount": 10.5}
    loan.extra = {
        "payments": {"releases": [good, {"paidDate": "x"}, {}, 3, {"paidDate": "2026-11-01", "paidAmount": 1}]}
    }
    assert [(payment.day, payment.amount) for payment in payments_of(loan)] == [
        (date(2026, 11, 1), Decimal(1)),
        (date(2026, 10, 4), Decimal("10.5")),
    ]
    for strange in ({"payments": 3}, {"payments": {"releases": None}}, {}):
        loan.extra = strange
        assert payments_of(loan) == []


@pytest.fixture
def known(connection):
    identity = IdentityFactory(connection=connection, investor_profile="MODERATE")
    identity.full_name, identity.document, identity.birth_date = "Ana Souza Lima", "123.456.789-09", "1990-02-03"
    identity.emails = [{"value": "ana.souza@example.com", "type": "Personal"}, {"value": None}, "x"]
    identity.phone_numbers = [{"value": "+5511987654321"}]
    identity.addresses = [{"city": "São Paulo", "primaryAddress": "Rua das Flores 7"}]
    identity.save()
    return identity


def test_identity_is_masked_until_it_is_asked_for_and_the_asking_is_noted(person, known):
    text = person.get("/identity/").content.decode()
    for secret in ("Souza", "123.456", "ana.souza", "98765", "Flores", "1990"):
        assert secret not in text
    assert "Ana S•••" in text
    assert "a•••@example.com" in text
    answer = person.post("/identity/", {"identity": known.pk})
    for secret in ("Ana Souza Lima", "123.456.789-09", "ana.souza@example.com", "987654321", "Rua das Flores 7"):
        assert secret in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    entry = Entry.objects.get()
    assert (entry.action, entry.subject) == ("identity.reveal", f"banking.identity:{known.pk}")
    assert "Ana" not in str(entry.details)


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 40, "²"])
def test_a_strange_number_reveals_nothing(person, known, number):
    assert person.post("/identity/", {"identity": number}).status_code == 404


@pytest.mark.parametrize(
    ("mask", "text", "masked"),
    [
        (pages.masked_number, "123.456.789-09", "•••.•••.•••-09"),
        (pages.masked_number, "9", "9"),
        (pages.masked_name, "Ana", "Ana"),
        (pages.masked_email, "no address", "•••"),
    ],
)
def test_masks(mask, text, masked):
    assert mask(text) == masked
