"""Pages by keyset: together they are the list, each once, and a cursor that is not ours changes nothing."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.audit.models import Entry
from apps.audit.record import record
from apps.banking.factories import CreditCardBillFactory, TransactionFactory
from apps.banking.models import CreditCardBill, Transaction
from lib.keyset import BadCursor, Keyset

pytestmark = pytest.mark.django_db

NEWEST = Keyset(("-date", "-id"))


def all_pages(keyset, rows, size):
    cursor, pages = "", []
    while True:
        page = keyset.page(rows, cursor, size=size)
        pages.append(page.rows)
        cursor = page.next
        if not cursor:
            return pages


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_the_pages_together_are_the_list(size):
    first = TransactionFactory(date="2026-05-01")
    for day in ("2026-05-03", "2026-05-01", "2026-05-02", "2026-05-01", "2026-05-09", "2026-05-03"):
        TransactionFactory(account=first.account, date=day)
    pages = all_pages(NEWEST, Transaction.objects.all(), size)
    assert [row.pk for page in pages for row in page] == list(
        Transaction.objects.order_by("-date", "-id").values_list("pk", flat=True)
    )
    assert all(len(page) == size for page in pages[:-1])
    assert 1 <= len(pages[-1]) <= size


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=9), st.sampled_from(["action", "-action"]), st.integers(1, 4))
def test_the_columns_of_an_order_may_go_in_different_directions(actions, first, size):
    start = max(Entry.objects.values_list("pk", flat=True), default=0)
    for action in actions:
        record(action)
    rows = Entry.objects.filter(pk__gt=start)
    pages = all_pages(Keyset((first, "id")), rows, size)
    assert [row.pk for page in pages for row in page] == list(rows.order_by(first, "id").values_list("pk", flat=True))


def test_an_empty_list_has_one_empty_page():
    page = NEWEST.page(Transaction.objects.all(), size=3)
    assert (page.rows, page.next) == ([], "")


def encoded(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "%%%",
        "A" * 10_000,
        encoded("text"),
        encoded(["2026-05-01"]),
        encoded(["2026-05-01", "1", "2"]),
        encoded(["yesterday", "1"]),
        encoded(["2026-05-01", "one"]),
        encoded(["2026-05-01", "9" * 30]),
        encoded(["2026-05-01", "\0"]),
        encoded([["2026-05-01"], "1"]),
        encoded({"date": "2026-05-01"}),
        base64.urlsafe_b64encode(b"[" * 200).decode(),
    ],
)
def test_a_cursor_of_another_list_is_refused(cursor):
    with pytest.raises(BadCursor):
        NEWEST.page(Transaction.objects.all(), cursor, size=3)


def test_a_cursor_with_a_text_that_postgresql_cannot_hold_is_refused():
    with pytest.raises(BadCursor):
        Keyset(("action", "id")).page(Entry.objects.all(), encoded(["a\0b", "1"]), size=3)


def test_every_page_reads_no_more_rows_than_it_shows(django_assert_num_queries):
    TransactionFactory.create_batch(4)
    first = NEWEST.page(Transaction.objects.all(), size=2)
    with django_assert_num_queries(1):
        assert len(NEWEST.page(Transaction.objects.all(), first.next, size=2).rows) == 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_rows_without_a_value_come_first_and_each_once(size):
    for day in (None, "2026-05-01", None, "2026-05-03", "2026-05-01"):
        CreditCardBillFactory(due_date=day)
    order = Keyset(("-due_date", "-id"))
    days = [row.due_date for page in all_pages(order, CreditCardBill.objects.all(), size) for row in page]
    assert [str(day) for day in days] == ["None", "None", "2026-05-03", "2026-05-01", "2026-05-01"]
