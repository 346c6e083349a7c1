"""The list of transactions: what it shows, filters, searches and edits."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.forms import ValidationError
from django.urls import reverse
from django.utils import timezone

from apps.banking.factories import AccountFactory, CategoryFactory, ConnectionFactory, TransactionFactory
from apps.banking.models import Transaction
from apps.banking.pages.filters import amount_of, span
from apps.banking.rows.words import index_words

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
LIST = "/transactions/"


def shown(person, **filters) -> list[str]:
    """The descriptions of the booked rows of the list, in its order."""
    days = person.get(LIST, filters).context["rows"]
    return [row.transaction.description for day in days for row in day.rows]


def ago(days: int):
    return TODAY() - timedelta(days=days)


def test_rows_stand_by_day_with_the_sum_of_the_shown_rows(person, account):
    for days, amount, hidden in ((0, "-10", False), (0, "-2.5", False), (1, "4", False), (1, "-99", True)):
        TransactionFactory(account=account, date=ago(days), amount=amount, type="", hidden=hidden)
    TransactionFactory(account=account, date=ago(1), amount=1, type="", currency_code="USD")
    days = person.get(LIST, {"hidden": "all"}).context["rows"]
    assert [(day.date, day.sums) for day in days] == [
        (ago(0), [(Decimal("-12.5"), "BRL")]),
        (ago(1), [(Decimal("4"), "BRL"), (Decimal("1"), "USD")]),
    ]


def test_scheduled_and_pending_rows_stand_apart(person, account):
    TransactionFactory(account=account, description="booked", date=ago(1))
    TransactionFactory(account=account, description="pending", date=ago(1), status="PENDING")
    TransactionFactory(account=account, description="scheduled", date=ago(-5))
    context = person.get(LIST).context
    assert [row.title for day in context["upcoming"] for row in day.rows] == ["pending", "scheduled"]
    assert shown(person) == ["booked"]
    assert shown(person, status="pending") == ["scheduled", "pending"]
    assert person.get(LIST, {"status": "booked"}).context["upcoming"] == []


def test_pages_follow_each_other_without_gap_or_repetition(person, account):
    TransactionFactory.create_batch(120, account=account, date=ago(3))
    seen, address = [], LIST
    while address:
        context = person.get(LIST + address.removeprefix(LIST)).context
        seen += [row.pk for day in context["rows"] for row in day.rows]
        address = context["next"]
    assert seen == list(Transaction.objects.order_by("-id").values_list("pk", flat=True))
    assert person.get(LIST, {"after": "nonsense"}).status_code == 404


def test_tombstones_and_hidden_rows_are_left_out(person, account):
    TransactionFactory(account=account, description="gone", deleted_at=timezone.now())
    TransactionFactory(account=account, description="hidden", hidden=True)
    TransactionFactory(account=account, description="here")
    assert shown(person) == ["here"]
    assert shown(person, hidden="only") == ["hidden"]
    assert set(shown(person, hidden="all")) == {"here", "hidden"}


@pytest.fixture
def varied(account):
    """Rows that each filter tells apart."""
    top = CategoryFactory(vendor_id="08000000", description="Shopping")
    below = CategoryFactory(vendor_id="08010000", description="Clothes", parent_id=top.vendor_id)
    other = AccountFactory(connection=account.connection, name="Poupança")
    elsewhere = AccountFactory(connection=ConnectionFactory(member=account.connection.member))
    rows = {
        "padaria": {"account": account, "amount": "-12.30", "date": ago(0), "category_id": "08010000"},
        "salário": {"account": account, "amount": "5000", "date": ago(20), "type": "CREDIT"},
        "roupa": {"account": other, "amount": "-200", "date": ago(60), "user_category": below},
        "sapato": {"account": elsewhere, "amount": "-50", "date": ago(400), "category_id": "08000000"},
    }
    for description, values in rows.items():
        TransactionFactory(description=description, **values)
    # The person's category counts before the bank's.
    Transaction.objects.filter(description="sapato").update(user_category=CategoryFactory())
    index_words()
    return account, other, elsewhere


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"q": "PADA"}, ["padaria"]),
        ({"q": "sala"}, ["salário"]),
        ({"q": "nada disso"}, []),
        ({"direction": "in"}, ["salário"]),
        ({"direction": "out", "least": "50"}, ["roupa", "sapato"]),
        ({"least": "R$ 12,30", "most": "50"}, ["padaria", "sapato"]),
        ({"least": "1.000,00"}, ["salário"]),
        ({"period": "7"}, ["padaria"]),
        ({"period": "30"}, ["padaria", "salário"]),
        ({"category": "08000000"}, ["padaria", "roupa"]),
        ({"category": "08010000", "direction": "out", "q": "rou"}, ["roupa"]),
    ],
)
def test_filters_choose_rows(person, varied, filters, expected):
    assert shown(person, **filters) == expected


def test_rows_are_chosen_by_account_by_bank_and_by_day(person, varied):
    account, other, elsewhere = varied
    assert shown(person, account=other.pk) == ["roupa"]
    assert shown(person, account=f"c{account.connection_id}") == ["padaria", "salário", "roupa"]
    assert shown(person, account=f"c{elsewhere.connection_id}") == ["sapato"]
    assert shown(person, since=ago(60), until=ago(20)) == ["salário", "roupa"]


@pytest.mark.parametrize(
    "filters",
    [
        {"account": "999999"},
        {"account": "c1;drop"},
        {"category": "none"},
        {"since": "yesterday"},
        {"least": "much"},
        {"period": "99"},
        {"since": "2026-11-02", "until": "2026-11-01"},
        {"q": "a" * 201},
    ],
)
def test_a_filter_with_a_mistake_says_so_and_shows_nothing(person, varied, filters):
    answer = person.get(LIST, filters)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert answer.context["rows"] == []


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("50", "50"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1234.5", "1234.5"),
        ("1.000", "1000"),
        (",5", ".5"),
    ],
)
def test_amounts_are_read_as_people_write_them(text, amount):
    assert amount_of(text) == Decimal(amount)


def test_an_amount_without_digits_is_refused():
    with pytest.raises(ValidationError):
        amount_of("." * 3 + "x")


def test_quick_periods_have_their_days():
    day = timezone.datetime(2026, 3, 31).date()
    assert span("7", day) == (day - timedelta(days=6), None)
    assert [str(each) for each in span("last", day)] == ["2026-02-01", "2026-02-28"]
    assert [str(each) for each in span("year", day)] == ["2026-01-01", "None"]
    assert span("", day) == (None, None)


def test_a_person_edits_a_transaction(person, account):
    row, category = TransactionFactory(account=account), CategoryFactory(vendor_id="01000000")
    address = reverse("banking:transaction", args=[row.pk])
    answer = person.post(address, {"category": "01000000", "note": "reembolsar", "hidden": "on"}, follow=True)
    assert "reembolsar" in answer.content.decode()
    row = Transaction.objects.get(pk=row.pk)
    assert (row.user_category, row.note, row.hidden) == (category, "reembolsar", True)
    person.post(address, {"category": "", "note": ""})
    row = Transaction.objects.get(pk=row.pk)
    assert (row.user_category, row.note, row.hidden) == (None, "", False)


def test_a_row_is_edited_in_its_place(person, account):
    row = TransactionFactory(account=account, description="padaria")
    address = reverse("banking:edit", args=[row.pk])
    assert b"<form" in person.get(address).content
    assert b"<form" not in person.get(address, {"cancel": 1}).content
    answer = person.post(address, {"note": "com a Ana"})
    assert b"com a Ana" in answer.content
    assert b"<html" not in answer.content


def test_an_edit_that_is_refused_is_told_and_changes_nothing(person, account):
    row = TransactionFactory(account=account)
    address = reverse("banking:transaction", args=[row.pk])
    for data in ({"note": "a" * 501}, {"category": "nonsense", "note": "x"}):
        answer = person.post(address, data)
        assert answer.status_code == 422
        assert answer.context["form"].errors
    assert Transaction.objects.get(pk=row.pk).note == ""


def test_a_redirect_after_an_edit_stays_here(person, account):
    row = TransactionFactory(account=account)
    address = reverse("banking:transaction", args=[row.pk])
    assert person.post(address, {"note": "x", "next": "https://evil.example/"})["Location"] == address
    assert person.post(address, {"note": "x", "next": "//evil.example/"})["Location"] == address
    assert person.post(address, {"note": "x", "next": "/transactions/?q=a"})["Location"] == "/transactions/?q=a"


def test_the_banks_words_are_text_and_never_markup(person, account):
    TransactionFactory(account=account, description="<script>alert(1)</script>", note="<b>x</b>")
    content = person.get(LIST).content.decode()
    assert "<script>alert" not in content
    assert "<b>x" not in content
